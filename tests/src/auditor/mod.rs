//! An outside auditor: it reads the broker, the bucket and what was announced, it knows what was
//! published, and it says where a promise was not kept. It asks no worker anything.

mod announcements;
mod attempts;
mod case;
mod ends;
mod evidence;
mod objects;
mod report;
pub(crate) mod secrets;
mod uploads;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use lapin::{
    options::{QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use quire_producer::schemas::{failure::ErrorCode, job::JobId, names::EVENTS_EXCHANGE};

pub use report::Report;

use crate::World;
use case::Case;
use evidence::Evidence;

/// Outside of Quire's own names, so that no check of the topology meets it.
const EVENTS: &str = "audit.events";

/// What the publisher knows.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Every job whose publish was confirmed.
    pub accepted: Vec<Accepted>,
    /// Counted attempts that a worker may make.
    pub max_attempts: u32,
    /// Every time that a worker that went on living was cut off from the broker.
    pub cut_off: Vec<CutOff>,
    /// Every time that one was cut off from the store, or the store from everybody.
    pub cut_off_from_store: Vec<CutOff>,
    /// Secrets: they may stand nowhere. Bodies of dead letters keep addresses whole, for a replay.
    pub secrets: Vec<String>,
    /// Those of them that not even the body of a dead letter may hold.
    pub passwords: Vec<String>,
}

/// A worker that was cut off and went on living. From the broker: what it had in hand then may have been worked
/// on twice at once. From the store: what it had sent may be carried out later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOff {
    /// The worker's name, as it is announced.
    pub worker: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A job that the broker took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The job.
    pub job_id: JobId,
    /// How it should end.
    pub expected: Expected,
    /// How many messages of it may have got into the queue.
    pub messages: u32,
    /// Whether its cancellation was requested.
    pub cancelled: bool,
}

/// How a job should end, unless it is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Succeeded.
    Success,
    /// Failed, with this code.
    Failure(ErrorCode),
}

/// Keeps every event of a world from the moment it began, so that nothing is missed while the
/// broker or a subscriber is away.
#[derive(Debug)]
pub struct Auditor(());

impl Auditor {
    /// Begins to keep the events of a world; to be called before the first job is published.
    pub async fn begin(world: &World) -> Self {
        let channel = world.channel().await;
        let (durable, bind, none) =
            (QueueDeclareOptions::durable(), QueueBindOptions::default(), FieldTable::default());
        channel.queue_declare(EVENTS.into(), durable, none.clone()).await.expect("every user may declare a queue here");
        let bound = channel.queue_bind(EVENTS.into(), EVENTS_EXCHANGE.into(), "#".into(), bind, none).await;
        bound.expect("the exchange of events is there");
        Self(())
    }

    /// Reads everything and compares it with what was promised. Nothing is to be under way any
    /// more; what is, is reported as lost.
    pub async fn audit(self, world: &World, ledger: &Ledger) -> Report {
        judge(ledger, &Evidence::gather(world, ledger).await)
    }
}

/// Every check; no I/O.
fn judge(ledger: &Ledger, evidence: &Evidence) -> Report {
    let mut report = Report::default();
    let case = Case::new(ledger, evidence, &mut report);
    ends::check(&case, &mut report);
    announcements::check(&case, &mut report);
    attempts::check(&case, &mut report);
    objects::check(&case, &mut report);
    secrets::check(&case, &mut report);
    for (queue, messages) in evidence.waiting.iter().filter(|(_, messages)| **messages > 0) {
        report.find(format!("{messages} messages are left in {queue}"));
    }
    report
}
