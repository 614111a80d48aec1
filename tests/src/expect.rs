//! What several tests expect of jobs: of their results, their retries, their dead letters, and of what they
//! leave behind. A failed assertion prints what was there instead.

use std::path::PathBuf;

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use quire_producer::{
    follow::Follower,
    schemas::{
        event::{Event, ResultLocation},
        job::JobId,
        result::{JobError, JobStatus, ParseResult},
    },
};

use crate::{
    Worker, World,
    events::{Retry, await_event, finished, retrying},
    eventually, samples,
};

/// The terms of a first attempt that storage keeps waiting: code, whether it counts, attempt.
pub const PARKED: (&str, bool, u32) = ("storage_unavailable", false, 1);

/// Returns the codes of errors, in the order of a result.
#[must_use]
pub fn codes(errors: &[JobError]) -> Vec<&str> {
    errors.iter().map(|error| error.code.as_str()).collect()
}

/// Asserts that a job ended with this status, and with errors of these codes in this order.
#[track_caller]
pub fn assert_ended(result: &ParseResult, status: &JobStatus, expected: &[&str]) {
    assert_eq!((&result.status, codes(&result.errors).as_slice()), (status, expected), "{:?}", result.errors);
}

/// Asserts that a job failed with errors of these codes in this order.
#[track_caller]
pub fn assert_failed(result: &ParseResult, expected: &[&str]) {
    assert_ended(result, &JobStatus::Failed, expected);
}

/// Asserts that a job succeeded at its first attempt with so many page images.
#[track_caller]
pub fn assert_succeeded(result: &ParseResult, pages: usize) {
    assert_succeeded_at(result, 1, pages);
}

/// Asserts that a job succeeded at this attempt with so many page images.
#[track_caller]
pub fn assert_succeeded_at(result: &ParseResult, attempt: u32, pages: usize) {
    let ended = (&result.status, result.provenance.attempt, result.page_images.len());
    assert_eq!(ended, (&JobStatus::Succeeded, Some(attempt), pages), "{:?}", result.errors);
}

/// Waits for the next retry that is announced.
pub async fn await_retry(events: &mut Follower) -> Retry {
    await_event(events, "a job is retried", retrying).await
}

/// Waits for the next retry, and asserts that storage is its reason and that it costs the job no attempt.
pub async fn await_parked(events: &mut Follower) {
    let retry = await_retry(events).await;
    assert_eq!(retry.terms(), PARKED, "{}", retry.message);
}

/// Waits for the next retry, and asserts that it is the one that a first refusal of storage leads to, which costs the
/// job no attempt.
pub async fn await_first_refusal(events: &mut Follower) {
    let retry = await_retry(events).await;
    assert_eq!(retry.terms(), ("storage_denied", false, 1), "{}", retry.message);
}

/// Waits for the next end of a job; returns its status and where its result lies.
///
/// # Panics
/// If a retry is announced first.
pub async fn await_end_without_retry(events: &mut Follower) -> (JobStatus, Option<ResultLocation>) {
    let ended = |event: Event| match event {
        Event::Retrying { message, .. } => panic!("a job was retried: {message}"),
        other => finished(other),
    };
    await_event(events, "a job ends", ended).await
}

/// Waits until a worker reports that it is ready.
pub async fn await_ready(worker: &Worker) {
    eventually("the worker is ready", || async { (worker.ask("/readyz").await.0 == 200).then_some(()) }).await;
}

/// Waits until a worker reports that it is not ready, with this among its reasons.
pub async fn await_unready(worker: &Worker, reason: &str) {
    eventually("the worker is not ready", || async {
        let (status, body) = worker.ask("/readyz").await;
        (status == 503 && body.contains(reason)).then_some(())
    })
    .await;
}

/// Asserts that no job of this world is in the dead queue.
pub async fn assert_no_letters(world: &World) {
    let letters = world.dead_letters().await;
    assert!(letters.is_empty(), "{letters:?}");
}

/// Waits until no job waits, ends the worker, and asserts that it requeued nothing and left no temporary file.
pub async fn assert_settled(world: &World, worker: &mut Worker) {
    eventually("no job waits", || async { (world.waiting().await == 0).then_some(()) }).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0));
    assert_eq!(world.waiting().await, 0, "a job was requeued");
    assert_eq!(worker.temporary_files(), Vec::<PathBuf>::new());
}

/// Asserts [`assert_settled`], that every object of these jobs is named by their results, and that there is no
/// dead letter.
pub async fn assert_nothing_left(world: &World, worker: &mut Worker, jobs: &[JobId]) {
    assert_settled(world, worker).await;
    for job_id in jobs {
        world.assert_nothing_astray(job_id).await;
    }
    assert_no_letters(world).await;
}

/// Asserts that these jobs, and one more, succeed at their first attempt and leave nothing behind.
/// `context` is printed if they do not.
pub async fn assert_nothing_lost(world: &World, worker: &Worker, mut jobs: Vec<JobId>, context: &str) {
    jobs.push(world.submit_document(samples::report()).await);
    let results = join_all(jobs.iter().map(|job_id| world.await_result(job_id))).await;
    let ends: Vec<_> = results.into_iter().map(|result| (result.status, result.provenance.attempt)).collect();
    assert_eq!(ends, vec![(JobStatus::Succeeded, Some(1)); jobs.len()], "{context}");
    world.await_idle().await;
    for job_id in &jobs {
        world.assert_nothing_astray(job_id).await;
    }
    assert_eq!(world.dead_letters().await.len(), 0, "{context}");
    assert_eq!(worker.ask("/livez").await.0, 200, "{context}");
}
