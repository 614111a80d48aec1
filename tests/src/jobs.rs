//! Jobs that faults are tried on, and waits for their progress.

use std::os::unix::process::ExitStatusExt;

use futures_util::future::join_all;
use lapin::{BasicProperties, options::BasicPublishOptions};
use nix::sys::signal::Signal;
use quire_producer::schemas::{
    job::{ImageOptions, Job, JobId, Source},
    names::CONTROL_EXCHANGE,
    result::{JobStatus, ParseResult},
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

/// Returns the key of a document that is not stored yet, and the source that names it.
#[must_use]
pub fn late_source(world: &World) -> (String, Source) {
    let key = format!("{}late.pdf", world.inbox());
    (key.clone(), Source::S3 { bucket: world.store.bucket().to_owned(), key })
}

/// Submits a job whose document is not stored yet; returns where it is looked for once it is buried,
/// by a worker that attempts it only once.
pub async fn without_its_source(world: &World, of: impl Fn(Source) -> Job) -> (String, JobId) {
    let (key, source) = late_source(world);
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
