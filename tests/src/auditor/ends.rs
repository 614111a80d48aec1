//! Every accepted job has one end, and it is the one it should have.

use quire_producer::schemas::{
    failure::ErrorCode,
    job::JobId,
    result::{JobStatus, ParseResult},
};

use super::{
    Accepted, Expected, Report,
    case::{Case, code, is_crash},
};
use crate::DeadLetter;

/// A page is left out when the job was begun a fourth time at the earliest: a second and a third
/// run died at one place, and the fourth, alone, on that page.
const BEGUN_BEFORE_A_PAGE_IS_LEFT_OUT: usize = 4;
/// A message is given up at its tenth delivery without an end; of a beginning that is cut short at
/// once may be lost.
const BEGUN_BEFORE_GIVING_UP: usize = 8;

pub(super) fn check(case: &Case<'_>, report: &mut Report) {
    report.jobs = case.ledger.accepted.len();
    for letter in &case.evidence.letters {
        *report.letters.entry(code(letter).to_owned()).or_default() += 1;
    }
    for job in &case.ledger.accepted {
        let letters = case.letters(&job.job_id);
        match case.results.get(&job.job_id) {
            Some(result) => {
                *report.results.entry(result.status.to_string()).or_default() += 1;
                check_letters(job, result, letters, report);
                check_status(case, job, result, report);
            }
            // Told as unreadable already.
            None if case.evidence.results.contains_key(&job.job_id) => {}
            None => check_without_result(&job.job_id, letters, report),
        }
    }
}

fn check_without_result(job_id: &JobId, letters: &[&DeadLetter], report: &mut Report) {
    if letters.is_empty() {
        report.losses += 1;
        report.find(format!("job {job_id}: it was accepted and ended nowhere"));
    } else if letters.iter().all(|letter| is_crash(letter)) {
        *report.results.entry("letter only".to_owned()).or_default() += 1;
    } else {
        report.find(format!("job {job_id}: it has a dead letter ({}) and no result", codes(letters)));
    }
}

fn check_letters(job: &Accepted, result: &ParseResult, letters: &[&DeadLetter], report: &mut Report) {
    let job_id = &job.job_id;
    let first = result.errors.first().map(|error| error.code.as_str()).unwrap_or_default();
    if result.status != JobStatus::Failed {
        if !letters.is_empty() && !was_cancelled_behind_its_letter(job, result, letters) {
            report.find(format!("job {job_id}: it {} and has a dead letter ({})", result.status, codes(letters)));
        }
    } else if !letters.iter().any(|letter| !is_crash(letter)) {
        report.find(format!("job {job_id}: it failed ({first}) and no dead letter says why"));
    } else if !letters.iter().any(|letter| code(letter) == first) {
        report.find(format!("job {job_id}: its result says {first}, its dead letter {}", codes(letters)));
    }
}

/// The letter comes before the result: a worker that dies between the two leaves a job that can still be
/// cancelled, with the letter that it deserves.
fn was_cancelled_behind_its_letter(job: &Accepted, result: &ParseResult, letters: &[&DeadLetter]) -> bool {
    let Expected::Failure(deserved) = job.expected else { return false };
    let is_deserved = letters.iter().all(|letter| code(letter) == deserved.as_str());
    job.cancelled && result.status == JobStatus::Cancelled && is_deserved
}

fn check_status(case: &Case<'_>, job: &Accepted, result: &ParseResult, report: &mut Report) {
    let (job_id, first) = (&job.job_id, result.errors.first().map(|error| error.code.as_str()).unwrap_or_default());
    let begun = case.times_begun(job_id, result.generation);
    let as_expected = match (&result.status, job.expected) {
        (JobStatus::Cancelled, _) => job.cancelled,
        (JobStatus::Succeeded, expected) => expected == Expected::Success,
        (JobStatus::PartialSuccess, Expected::Success) => begun >= BEGUN_BEFORE_A_PAGE_IS_LEFT_OUT,
        (JobStatus::Failed, Expected::Failure(expected)) if first == expected.as_str() => true,
        (JobStatus::Failed, _) if first == ErrorCode::AttemptsExhausted.as_str() => begun >= BEGUN_BEFORE_GIVING_UP,
        _ => false,
    };
    if !as_expected {
        let expected = match job.expected {
            Expected::Success => "succeeded".to_owned(),
            Expected::Failure(code) => format!("failed ({code})"),
        };
        let status = result.status.to_string();
        report.find(format!("job {job_id}: {status} ({first}) and not {expected}; it was begun {begun} times"));
    }
}

fn codes(letters: &[&DeadLetter]) -> String {
    letters.iter().map(|letter| code(letter)).collect::<Vec<_>>().join(", ")
}
