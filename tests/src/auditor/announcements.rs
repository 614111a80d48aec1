//! Every end is announced, as what lies in storage; and what has ended is not begun again.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use quire_producer::schemas::{job::JobId, result::ParseResult};
use sha2::{Digest, Sha256};

use super::{
    Accepted, Report,
    case::{Case, End, Told},
};

/// How long after a worker was cut off its work may still meet that of another one: until both
/// sides have noticed, and the run has come to its end.
const RACE: TimeDelta = TimeDelta::minutes(2);

pub(super) fn check(case: &Case<'_>, report: &mut Report) {
    for (job, result) in case.ended() {
        let Some(told) = case.told.get(&job.job_id) else { continue };
        check_last(&job.job_id, result, &case.evidence.results[&job.job_id], told, report);
    }
    for job in &case.ledger.accepted {
        if let Some(told) = case.told.get(&job.job_id) {
            check_once(case, job, told, report);
        }
    }
}

fn check_last(job_id: &JobId, result: &ParseResult, json: &[u8], told: &Told, report: &mut Report) {
    let stored = (result.status.to_string(), hex::encode(Sha256::digest(json)));
    let announced: BTreeSet<_> =
        told.ended.iter().filter(|end| end.generation == result.generation).map(announcement).collect();
    if announced.is_empty() {
        report.find(format!("job {job_id}: its end was never announced"));
    } else if !announced.contains(&stored) {
        report.find(format!("job {job_id}: stored is {stored:?}, announced was {announced:?}"));
    }
}

/// A second run, or a second end, is one too many unless two workers may have had the job at once: it
/// was published twice, or one of those that worked on it was cut off shortly before.
fn check_once(case: &Case<'_>, job: &Accepted, told: &Told, report: &mut Report) {
    let generations: BTreeSet<u32> = told.ended.iter().map(|end| end.generation).collect();
    for generation in generations {
        let mut ended: Vec<&End> = told.ended.iter().filter(|end| end.generation == generation).collect();
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
        let workers = workers(case, job, told, generation);
        let was_cut_off = case
            .ledger
            .cut_off
            .iter()
            .any(|cut| workers.contains(cut.worker.as_str()) && cut.at <= last_seen && last_seen - cut.at <= RACE);
        if job.messages > 1 || was_cut_off {
            report.races += 1;
        } else {
            report.duplicates += 1;
            report.find(format!("job {}: {what}", job.job_id));
        }
    }
}

/// Who worked on a job in one generation. A beginning that is told of while the broker is away may be
/// heard by nobody; who wrote the result is written in it, too.
fn workers<'a>(case: &'a Case<'_>, job: &Accepted, told: &'a Told, generation: u32) -> BTreeSet<&'a str> {
    let begun = told.begun.iter().filter(|begun| begun.generation == generation).map(|begun| begun.worker.as_str());
    let result = case.results.get(&job.job_id).filter(|result| result.generation == generation);
    begun.chain(result.map(|result| result.provenance.worker.as_str())).collect()
}

/// What is told of an end: how, and the sha256 of the result.
fn announcement(end: &End) -> (String, String) {
    let sha256 = end.result.as_ref().map(|location| location.sha256.clone()).unwrap_or_default();
    (end.status.to_string(), sha256)
}
