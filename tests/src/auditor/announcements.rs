//! Every end is announced, as what lies in storage; and what has ended is not begun again.

use std::collections::BTreeSet;

use quire_producer::schemas::{result::ParseResult, sha256::Sha256};

use super::{
    Accepted, Report,
    case::{AnnouncedEnd, Case, Told},
};

pub(super) fn check(case: &Case<'_>, report: &mut Report) {
    for (job, result) in case.ended() {
        let Some(told) = case.told.get(&job.job_id) else { continue };
        check_last(case, job, result, told, report);
    }
    for job in &case.ledger.accepted {
        if let Some(told) = case.told.get(&job.job_id) {
            check_once(case, job, told, report);
        }
    }
}

/// Two commits in the same milliseconds may both find nothing there. The later one stays, and the worker that
/// made it may be killed before it announces it; whose message it was has announced its own.
fn check_last(case: &Case<'_>, job: &Accepted, result: &ParseResult, told: &Told, report: &mut Report) {
    let stored = (result.status.to_string(), Sha256::of(&case.evidence.results[&job.job_id]).to_string());
    let announced: BTreeSet<_> =
        told.ended.iter().filter(|end| end.generation == result.generation).map(announcement).collect();
    if announced.contains(&stored) {
        return;
    }
    if announced.is_empty() {
        report.find(format!("job {}: its end was never announced", job.job_id));
    } else if case.had_company(job, result.generation, result.completed_at.unwrap_or_default()) {
        report.races += 1;
    } else {
        report.find(format!("job {}: stored is {stored:?}, announced was {announced:?}", job.job_id));
    }
}

/// A second run, or a second end, is one too many unless two workers may have had the job at once: it
/// was published twice, or one of those that worked on it was cut off shortly before.
fn check_once(case: &Case<'_>, job: &Accepted, told: &Told, report: &mut Report) {
    let generations: BTreeSet<u32> = told.ended.iter().map(|end| end.generation).collect();
    for generation in generations {
        let mut ended: Vec<&AnnouncedEnd> = told.ended.iter().filter(|end| end.generation == generation).collect();
        ended.sort_by_key(|end| end.at);
        let (Some(first), Some(last)) = (ended.first(), ended.last()) else { continue };
        let different: BTreeSet<_> = ended.iter().map(|end| announcement(end)).collect();
        let again = told.begun.iter().find(|begun| begun.generation == generation && begun.at > first.at);
        let what = match again {
            _ if different.len() > 1 => format!("it ended in different ways, {different:?}"),
            Some(begun) => {
                let late = (begun.at - first.at).num_milliseconds();
                format!("it was begun again {late} ms after its end was announced")
            }
            None => continue,
        };
        let last_seen = again.map_or(last.at, |begun| last.at.max(begun.at));
        if case.had_company(job, generation, last_seen) {
            report.races += 1;
        } else {
            report.duplicates += 1;
            report.find(format!("job {}: {what}", job.job_id));
        }
    }
}

/// What is told of an end: how, and the sha256 of the result.
fn announcement(end: &AnnouncedEnd) -> (String, String) {
    let sha256 = end.result.as_ref().map(|location| location.sha256.clone()).unwrap_or_default();
    (end.status.to_string(), sha256)
}
