//! What a world announces, as a test listens to it.

use std::time::Duration;

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

/// What is not announced by then never will be.
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

/// Says why a job waits, whether that counts, and which attempt this was.
#[must_use]
pub fn retrying(event: Event) -> Option<(String, bool, u32)> {
    match event {
        Event::Retrying { subject, code, counted, .. } => Some((code, counted, subject.attempt)),
        _ => None,
    }
}

/// Takes the next message of a queue; it is given back when the channel ends.
pub async fn next_message(channel: &Channel, queue: &str) -> Option<Delivery> {
    let got = channel.basic_get(queue.into(), BasicGetOptions::default()).await.expect("the queue is there");
    got.map(|message| message.delivery)
}

/// Returns what [`retrying`] makes of a first attempt that storage keeps waiting.
#[must_use]
pub fn parked() -> (String, bool, u32) {
    ("storage_unavailable".to_owned(), false, 1)
}
