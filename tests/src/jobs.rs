//! Jobs that faults are tried on, and what is to be seen of them.

use std::{os::unix::process::ExitStatusExt, path::PathBuf};

use futures_util::future::join_all;
use lapin::{BasicProperties, options::BasicPublishOptions};
use nix::sys::signal::Signal;
use quire_producer::schemas::{
    job::{ImageOptions, Job, JobId, Source},
    names::CONTROL_EXCHANGE,
    result::{JobError, JobStatus, ParseResult},
};
use serde_json::json;

use crate::{
    Worker, World,
    events::{await_event, listen, started},
    eventually, samples,
};

/// Makes a job whose pages take long enough to be caught at.
#[must_use]
pub fn slow_job(source: Source) -> Job {
    Job { images: Some(ImageOptions { dpi: 300, ..ImageOptions::default() }), ..Job::new(source) }
}

/// Makes a job that can be published twice.
#[must_use]
pub fn identified_job(source: Source) -> Job {
    Job { job_id: Some(JobId::generate()), ..Job::new(source) }
}

/// Publishes six jobs, of which four fit into the worker and take it seconds, and waits until the first
/// has begun.
pub async fn jobs_under_way(world: &World) -> Vec<JobId> {
    let mut events = listen(world).await;
    let source = world.upload(samples::large(8)).await;
    let jobs = join_all((0..6).map(|_| world.submit(slow_job(source.clone())))).await;
    await_event(&mut events, "a job begins", started).await;
    jobs
}

/// Submits a job whose document is not there yet; returns where it is looked for once it is buried,
/// by a worker that attempts it only once.
pub async fn without_its_source(world: &World, of: impl Fn(Source) -> Job) -> (String, JobId) {
    let key = format!("{}/inbox/late.pdf", world.prefix);
    let source = Source::S3 { bucket: world.store.bucket().to_owned(), key: key.clone() };
    let job_id = world.submit(of(source)).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);
    world.await_idle().await;
    (key, job_id)
}

/// Tells every worker to cancel a job, and leaves no marker in storage.
pub async fn tell_workers_to_cancel(world: &World, job_id: &JobId) {
    let control = json!({ "control": "cancel", "job_id": job_id, "tenant": "default" }).to_string();
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let channel = world.channel().await;
    let sent = channel.basic_publish(CONTROL_EXCHANGE.into(), "".into(), options, control.as_bytes(), properties).await;
    sent.expect("the broker answers").await.expect("nothing is confirmed, so nothing fails");
    channel.close(200, "told".into()).await.expect("the channel closes");
}

/// Waits until so many page images are stored.
pub async fn await_pages(world: &World, job_id: &JobId, count: usize) {
    let pages = world.keys(job_id).pages();
    eventually("pages are stored", || async {
        let stored = world.store.list(&pages).await.expect("the store answers");
        (stored.len() >= count).then_some(())
    })
    .await;
}

/// Waits for the result of a replay, by its generation.
pub async fn await_generation(world: &World, job_id: &JobId, generation: u32) -> ParseResult {
    eventually("the result of the replay", || async {
        world.result(job_id).await.filter(|result| result.generation == generation)
    })
    .await
}

/// Asserts that a fault has come before everything was done, and so has met work in hand.
pub async fn assert_work_is_left(world: &World, jobs: &[JobId]) {
    let results = join_all(jobs.iter().map(|job_id| world.result(job_id))).await;
    assert!(results.iter().any(Option::is_none), "everything was done too soon to show anything");
}

/// Waits for a worker to end, and asserts that it was by its own hand.
pub async fn assert_killed(worker: &mut Worker, point: &str) {
    let status = worker.exit().await;
    assert_eq!(status.signal(), Some(Signal::SIGKILL as i32), "{point}: {status}");
}

/// Waits until no job waits, ends the worker, and asserts that it gave nothing back and left
/// nothing behind.
pub async fn assert_settled(world: &World, worker: &mut Worker) {
    eventually("no job waits", || async { (world.waiting().await == 0).then_some(()) }).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0));
    assert_eq!(world.waiting().await, 0, "a job was given back");
    assert_eq!(worker.temporary_files(), Vec::<PathBuf>::new());
}

/// Asserts that these jobs, and one more, succeed at the first attempt and leave nothing behind.
/// `context` is shown if they do not.
pub async fn assert_nothing_lost(world: &World, worker: &Worker, mut jobs: Vec<JobId>, context: &str) {
    jobs.push(world.submit_document(samples::report()).await);
    let results = join_all(jobs.iter().map(|job_id| world.await_result(job_id))).await;
    let came_to: Vec<_> = results.into_iter().map(|result| (result.status, result.provenance.attempt)).collect();
    assert_eq!(came_to, vec![(JobStatus::Succeeded, Some(1)); jobs.len()], "{context}");
    world.await_idle().await;
    for job_id in &jobs {
        world.assert_nothing_astray(job_id).await;
    }
    assert_eq!(world.dead_letters().await.len(), 0, "{context}");
    assert_eq!(worker.ask("/livez").await.0, 200, "{context}");
}

/// Returns the codes of what went wrong, in the order of a result.
#[must_use]
pub fn codes(errors: &[JobError]) -> Vec<&str> {
    errors.iter().map(|error| error.code.as_str()).collect()
}

/// Asserts that a job has succeeded at its first attempt with so many page images.
pub fn assert_succeeded(result: &ParseResult, pages: usize) {
    let came_to = (&result.status, result.provenance.attempt, result.page_images.len());
    assert_eq!(came_to, (&JobStatus::Succeeded, Some(1), pages), "{:?}", result.errors);
}

/// Waits until everything is settled, ends the worker, and asserts that these jobs left nothing astray and
/// nobody a letter.
pub async fn assert_nothing_left(world: &World, worker: &mut Worker, jobs: &[JobId]) {
    assert_settled(world, worker).await;
    for job_id in jobs {
        world.assert_nothing_astray(job_id).await;
    }
    assert_eq!(world.dead_letters().await.len(), 0);
}
