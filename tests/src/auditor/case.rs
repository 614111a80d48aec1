//! The evidence of an audit, sorted by job.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use quire_producer::schemas::{
    event::{Event, ResultLocation, Subject},
    job::JobId,
    keys::JobKeys,
    names::{DeadKind, Lane, Tenant, header},
    result::{JobStatus, ParseResult},
};

use super::{Accepted, CutOff, Ledger, Report, evidence::Evidence};
use crate::DeadLetter;

/// How long after a worker was cut off its work may still meet that of another one: until both
/// sides have noticed, and the run has come to its end.
const RACE: TimeDelta = TimeDelta::minutes(2);

/// The evidence, read and sorted by job.
pub(super) struct Case<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) evidence: &'a Evidence,
    pub(super) results: BTreeMap<JobId, ParseResult>,
    pub(super) told: BTreeMap<JobId, Told>,
    letters: BTreeMap<JobId, Vec<&'a DeadLetter>>,
}

/// What was announced of a job.
#[derive(Default)]
pub(super) struct Told {
    /// Every beginning.
    pub(super) begun: Vec<Beginning>,
    /// Every end.
    pub(super) ended: Vec<AnnouncedEnd>,
    /// The highest counted attempt that was told of.
    pub(super) attempt: u32,
}

pub(super) struct Beginning {
    pub(super) generation: u32,
    pub(super) at: DateTime<Utc>,
    pub(super) worker: String,
}

pub(super) struct AnnouncedEnd {
    pub(super) generation: u32,
    pub(super) at: DateTime<Utc>,
    pub(super) status: JobStatus,
    pub(super) result: Option<ResultLocation>,
}

impl<'a> Case<'a> {
    /// What cannot be read, or is about a job that was not published, is a finding.
    pub(super) fn new(ledger: &'a Ledger, evidence: &'a Evidence, report: &mut Report) -> Self {
        let mut case = Self {
            ledger,
            evidence,
            results: BTreeMap::new(),
            told: ledger.accepted.iter().map(|job| (job.job_id, Told::default())).collect(),
            letters: BTreeMap::new(),
        };
        for (job_id, json) in &evidence.results {
            match serde_json::from_slice::<ParseResult>(json) {
                Ok(result) if result.job_id == job_id.to_string() => drop(case.results.insert(*job_id, result)),
                Ok(result) => report.find(format!("job {job_id}: its result is that of {}", result.job_id)),
                Err(error) => report.find(format!("job {job_id}: its result cannot be read: {error}")),
            }
        }
        for body in &evidence.events {
            match serde_json::from_slice::<Event>(body) {
                Ok(event) => case.listen(event, report),
                Err(error) => report.find(format!("an event cannot be read: {error}")),
            }
        }
        for letter in &evidence.letters {
            match letter.message_id.as_deref().and_then(|id| id.parse::<JobId>().ok()) {
                Some(job_id) if case.told.contains_key(&job_id) => case.letters.entry(job_id).or_default().push(letter),
                _ => report.find(format!("a dead letter {} is of a job that was not published", letter.routing_key)),
            }
        }
        case
    }

    fn listen(&mut self, event: Event, report: &mut Report) {
        let Some(Subject { job_id, attempt, generation, at, .. }) = event.subject().cloned() else { return };
        let Some(told) = self.told.get_mut(&job_id) else {
            return report.find(format!("job {job_id}: it is announced and was not published"));
        };
        told.attempt = told.attempt.max(attempt);
        match event {
            Event::Started { worker, .. } => told.begun.push(Beginning { generation, at, worker }),
            Event::Finished { status, result, .. } => told.ended.push(AnnouncedEnd { generation, at, status, result }),
            _ => {}
        }
    }

    /// Says whether two workers may have had a job at once: it was published twice, or one of those that
    /// worked on it was cut off from the broker shortly before.
    pub(super) fn had_company(&self, job: &Accepted, generation: u32, until: DateTime<Utc>) -> bool {
        job.messages > 1 || self.was_cut_off(&self.ledger.cut_off, job, generation, until)
    }

    /// Says whether a worker of a job may have sent the store something that arrived late: it was cut off from
    /// the store, or lost the job to another one, shortly before.
    pub(super) fn may_write_late(&self, job: &Accepted, generation: u32, until: DateTime<Utc>) -> bool {
        self.had_company(job, generation, until)
            || self.was_cut_off(&self.ledger.cut_off_from_store, job, generation, until)
    }

    fn was_cut_off(&self, from: &[CutOff], job: &Accepted, generation: u32, until: DateTime<Utc>) -> bool {
        let workers = self.workers(job, generation);
        let is_near = |cut: &&CutOff| cut.at <= until && until - cut.at <= RACE;
        from.iter().filter(is_near).any(|cut| workers.contains(cut.worker.as_str()))
    }

    /// Who worked on a job in one generation. A beginning that is told of while the broker is away may be
    /// lost; the result also names the worker that wrote it.
    fn workers(&self, job: &Accepted, generation: u32) -> BTreeSet<&str> {
        let begun = self.told.get(&job.job_id).map_or(&[][..], |told| &told.begun);
        let begun = begun.iter().filter(|begun| begun.generation == generation).map(|begun| begun.worker.as_str());
        let result = self.results.get(&job.job_id).filter(|result| result.generation == generation);
        begun.chain(result.map(|result| result.provenance.worker.as_str())).collect()
    }

    pub(super) fn letters(&self, job_id: &JobId) -> &[&'a DeadLetter] {
        self.letters.get(job_id).map_or(&[], Vec::as_slice)
    }

    /// Jobs that have a result, with it.
    pub(super) fn ended(&self) -> impl Iterator<Item = (&'a Accepted, &ParseResult)> {
        self.ledger.accepted.iter().filter_map(move |job| Some((job, self.results.get(&job.job_id)?)))
    }

    pub(super) fn keys(&self, job_id: &JobId) -> JobKeys {
        JobKeys::new(&self.evidence.prefix, &Tenant::default(), job_id)
    }

    /// How often a job was begun in one generation.
    pub(super) fn times_begun(&self, job_id: &JobId, generation: u32) -> usize {
        self.told.get(job_id).map_or(0, |told| told.begun.iter().filter(|begun| begun.generation == generation).count())
    }
}

/// Says whether only the broker's fuse wrote a letter.
pub(super) fn is_crash(letter: &DeadLetter) -> bool {
    Lane::ALL.into_iter().any(|lane| letter.routing_key == DeadKind::Crash.routing_key(lane))
}

/// Why a letter was written.
pub(super) fn code(letter: &DeadLetter) -> &str {
    if is_crash(letter) { "crash" } else { letter.headers.get(header::ERROR_CODE).map_or("no cause", String::as_str) }
}
