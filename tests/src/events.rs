//! What a world announces, as a test listens to it.

use std::time::Duration;

use chrono::TimeDelta;
use lapin::{Channel, message::Delivery, options::BasicGetOptions};
use quire_producer::{
    follow::Follower,
    schemas::{
        event::{Event, ResultLocation},
        job::JobId,
        result::JobStatus,
    },
};
use tokio::time::timeout;

use crate::World;

/// How long an event is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

/// Listens to everything that is announced in a world from now on.
pub async fn listen(world: &World) -> Follower {
    Follower::subscribe(world.quire.publisher(), &["#"]).await.expect("the exchange of events is there")
}

/// Waits for the next event that `wanted` makes something of.
///
/// # Panics
/// If there is none in a minute and a half.
pub async fn await_event<T>(events: &mut Follower, what: &str, wanted: impl Fn(Event) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = events.next().await.expect("the broker lets everybody listen");
            if let Some(found) = wanted(event) {
                break found;
            }
        }
    };
    timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
}

/// Says which job has begun.
#[must_use]
pub fn started(event: Event) -> Option<JobId> {
    match event {
        Event::Started { subject, .. } => Some(subject.job_id),
        _ => None,
    }
}

/// Says how a job ended, and where its result lies.
#[must_use]
pub fn finished(event: Event) -> Option<(JobStatus, Option<ResultLocation>)> {
    match event {
        Event::Finished { status, result, .. } => Some((status, result)),
        _ => None,
    }
}

/// Says what generation of a job ended, and where its result lies.
#[must_use]
pub fn finished_generation(event: Event) -> Option<(u32, Option<ResultLocation>)> {
    match event {
        Event::Finished { subject, result, .. } => Some((subject.generation, result)),
        _ => None,
    }
}

/// A retry as it was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The job that waits.
    pub job_id: JobId,
    /// The attempt that ended.
    pub attempt: u32,
    /// Why.
    pub code: String,
    /// Whether it costs an attempt.
    pub counted: bool,
    /// What happened, in words.
    pub message: String,
    /// From the event until the job comes again.
    pub wait: TimeDelta,
}

impl Retry {
    /// Returns the code, whether it counts, and the attempt.
    #[must_use]
    pub fn terms(&self) -> (&str, bool, u32) {
        (&self.code, self.counted, self.attempt)
    }
}

/// Returns the retry that an event announces.
#[must_use]
pub fn retrying(event: Event) -> Option<Retry> {
    match event {
        Event::Retrying { subject, not_before, code, counted, message, .. } => Some(Retry {
            job_id: subject.job_id,
            attempt: subject.attempt,
            code,
            counted,
            message,
            wait: not_before - subject.at,
        }),
        _ => None,
    }
}

/// Takes the next message of a queue; it is given back when the channel ends.
pub async fn next_message(channel: &Channel, queue: &str) -> Option<Delivery> {
    let got = channel.basic_get(queue.into(), BasicGetOptions::default()).await.expect("the queue is there");
    got.map(|message| message.delivery)
}
