//! SIGTERM: jobs in flight are finished, or requeued when the grace period is over.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lapin::types::AMQPValue;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use quire_producer::schemas::{
    event::Event,
    job::Job,
    names::{Lane, header},
    result::JobStatus,
};
use quire_tests::{
    Worker, World,
    events::{await_event, listen, next_message, started},
    eventually,
    expect::{assert_settled, assert_succeeded},
    is_running,
    jobs::{await_pages, slow_job},
    samples,
};
use tokio::time::Instant;

#[tokio::test]
async fn work_in_flight_is_finished_before_a_worker_ends() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_SHUTDOWN_GRACE", "60s").start().await;
    let job_id = world.submit_document(samples::large(12)).await;
    await_event(&mut events, "the job begins", started).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0), "{}", worker.log());
    let result = world.result(&job_id).await.expect("the worker finished it");
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 12));
    assert_eq!(await_event(&mut events, "the worker announces its end", stopped).await, worker.instance);
    assert_eq!(worker.temporary_files(), Vec::<std::path::PathBuf>::new());
    world.await_idle().await;
}

#[tokio::test]
async fn a_job_that_outlives_the_grace_period_is_given_back_uncounted_and_finished_elsewhere() {
    let world = World::new().await;
    let settings = world.worker().with("QUIRE_SHUTDOWN_GRACE", "2s").with("QUIRE_RENDERERS", "1");
    let mut worker = settings.start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0), "{}", worker.log());
    assert_eq!(worker.temporary_files(), Vec::<std::path::PathBuf>::new());
    assert_eq!(world.result(&job_id).await, None, "it was done before the grace period was over");

    let (channel, queue) = (world.channel().await, Lane::Normal.queue());
    let message = eventually("the job is in its queue again", || next_message(&channel, &queue)).await;
    let headers = message.properties.headers().as_ref().expect("the worker that requeued it wrote some");
    assert_eq!(headers.inner().get(header::ATTEMPT), Some(&AMQPValue::LongLongInt(1)));
    assert_eq!(message.properties.message_id().as_ref().map(ToString::to_string), Some(job_id.to_string()));
    channel.close(200, "looked".into()).await.expect("the channel closes");

    let _another = world.worker().start().await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 40);
    assert_eq!(result.branches.images.cache_hit, Some(true));
}

#[tokio::test]
async fn under_load_no_job_is_begun_after_the_signal_and_every_job_ends() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let mut first = world.worker().with("QUIRE_SHUTDOWN_GRACE", "120s").start().await;
    let (large, small) = (world.upload(samples::large(20)).await, world.upload(samples::report()).await);
    let mut jobs = Vec::new();
    for source in [vec![large; 4], vec![small; 6]].concat() {
        jobs.push(world.submit(Job::new(source)).await);
    }
    let mut begun = Vec::new();
    while begun.len() < 4 {
        begun.push(await_event(&mut events, "as many jobs begin as there are permits", begun_at).await);
    }
    first.signal(Signal::SIGTERM);
    assert_eq!(first.exit().await.code(), Some(0));
    loop {
        match await_event(&mut events, "the worker announces its end", Some).await {
            Event::Started { subject, .. } => begun.push(subject.at),
            Event::Stopped { .. } => break,
            _ => {}
        }
    }
    let draining = draining_since(&first);
    assert!(begun.iter().all(|at| *at <= draining), "draining since {draining}, begun: {begun:?}");
    assert_eq!(world.waiting().await as usize, jobs.len() - begun.len(), "what was not begun is not in the queue");

    let mut second = world.worker().start().await;
    for job_id in &jobs {
        let result = world.await_result(job_id).await;
        assert_eq!((result.status, result.provenance.attempt), (JobStatus::Succeeded, Some(1)));
    }
    assert_settled(&world, &mut second).await;
}

#[tokio::test]
async fn an_orderly_end_logs_nothing_above_info() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::large(12)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0));
    assert!(worker.log().contains("consuming"), "logs have another format");
    assert_eq!(worker.logged_above_info(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn a_second_signal_has_jobs_given_back_at_once() {
    let world = World::new().await;
    let settings = world.worker().with("QUIRE_SHUTDOWN_GRACE", "10m").with("QUIRE_RENDERERS", "1");
    let mut worker = settings.start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    worker.signal(Signal::SIGTERM);
    eventually("it drains", || async { (!worker.logged("draining").is_empty()).then_some(()) }).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0));
    assert_eq!(world.result(&job_id).await, None, "it was done before the second signal");
    assert_eq!(world.waiting().await, 1);
}

#[tokio::test]
async fn a_job_that_does_not_move_does_not_outlast_the_grace_period() {
    let world = World::new().await;
    let settings = world.worker().with("QUIRE_SHUTDOWN_GRACE", "4s").with("QUIRE_RENDERERS", "1");
    let mut worker = settings.with("QUIRE_PAGE_TIMEOUT", "10m").start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    let renderers = worker.renderers();
    for pid in &renderers {
        kill(Pid::from_raw(*pid), Signal::SIGSTOP).expect("a child of our worker");
    }
    let told = Instant::now();
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0));
    // After the grace period come only the last event and the closing of connections, which are short.
    assert!(told.elapsed() < Duration::from_secs(15), "it took {:?}", told.elapsed());
    assert_eq!(world.result(&job_id).await, None, "it did move");
    assert_eq!(world.waiting().await, 1);
    eventually("no renderer is left", || async { (!renderers.iter().any(|pid| is_running(*pid))).then_some(()) }).await;
}

fn begun_at(event: Event) -> Option<DateTime<Utc>> {
    match event {
        Event::Started { subject, .. } => Some(subject.at),
        _ => None,
    }
}

/// When a worker was told to take nothing new, by its own log.
fn draining_since(worker: &Worker) -> DateTime<Utc> {
    let lines = worker.logged("draining");
    let told = lines.first().and_then(|line| line["timestamp"].as_str()).expect("it logs that it drains, and when");
    told.parse().expect("a time")
}

fn stopped(event: Event) -> Option<String> {
    match event {
        Event::Stopped { instance, .. } => Some(instance),
        _ => None,
    }
}
