//! A finished job that comes again: how soon it is acknowledged, and whether anything is bought twice.

use std::time::Duration;

use chrono::Utc;
use nix::sys::signal::Signal;
use quire_producer::schemas::{
    event::Event,
    job::{Engine, Job, JobId, ParseOptions, Source},
};
use tokio::time::Instant;

use super::{
    Figure, Times,
    probe::{IN_FLIGHT, Metrics, REPEATED, between, lines, listen, next_event},
    shown,
};
use crate::{
    Worker, WorkerBuilder, World,
    amqp::ACK,
    parse_api::{ParseApi, Scenario},
    proxy::Direction,
    samples,
};

const PUBLISHED_AGAIN: u32 = 50;
const ACKS_CUT: u32 = 5;
const BAR: Duration = Duration::from_secs(1);
const PAGES: u32 = 4;

pub(super) async fn measure(runs: Option<u32>) -> Vec<Figure> {
    vec![published_again(runs.unwrap_or(PUBLISHED_AGAIN)).await, acks_cut(runs.unwrap_or(ACKS_CUT)).await]
}

/// One job, published again and again: from the publish to behind its event and its acknowledgement.
async fn published_again(runs: u32) -> Figure {
    let (world, api) = (World::new().await, ParseApi::start(PAGES, Scenario::prompt()).await);
    let worker = paying(&world, &api).start().await;
    let metrics = Metrics::of(&worker);
    let job = paid_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    world.await_result(&job_id).await;
    metrics.until("the job is settled", &[(IN_FLIGHT, 0)]).await;
    let mut events = listen(&world).await;
    let mut times = Vec::new();
    for run in 1..=u64::from(runs) {
        let published = Instant::now();
        world.submit(job.clone()).await;
        while !matches!(next_event(&mut events).await, Event::Finished { subject, .. } if subject.job_id == job_id) {}
        metrics.until("it is settled again", &[(REPEATED, run), (IN_FLIGHT, 0)]).await;
        times.push(published.elapsed());
    }
    let (times, left, bought) = (Times::of(times), left_behind(&world, worker).await, api.uploads().len());
    let [p50, p99, max] = [times.percentile(50), times.percentile(99), times.max()].map(shown);
    Figure {
        name: "a finished job comes again".to_owned(),
        measured: format!(
            "published to announced and acknowledged: p50 {p50}, p99 {p99}, max {max} of {runs} runs; {bought} parse \
             uploaded; {left} left in the queue"
        ),
        bar: format!("max < {} s; 1; 0", BAR.as_secs()),
        is_met: times.max() < BAR && (bought, left) == (1, 0),
    }
}

/// Several jobs, each with its first acknowledgement lost on the way: from the worker's next session to
/// behind the second one.
async fn acks_cut(runs: u32) -> Figure {
    let (world, proxy) = World::new().await.through_proxy("QUIRE_AMQP_URL").await;
    let api = ParseApi::start(PAGES, Scenario::prompt()).await;
    let worker = paying(&world, &api).start().await;
    let metrics = Metrics::of(&worker);
    let source = world.upload(samples::report()).await;
    let mut times = Vec::new();
    for run in 1..=u64::from(runs) {
        let sessions = lines(&worker, &["consuming"]).len();
        proxy.cut_before(Direction::ToServer, &ACK);
        let job_id = world.submit(paid_job(source.clone())).await;
        proxy.await_cut().await;
        assert!(world.result(&job_id).await.is_some(), "acknowledged before there was a result");
        metrics.until("the job is settled", &[(REPEATED, run), (IN_FLIGHT, 0)]).await;
        let settled = Utc::now();
        let again = lines(&worker, &["consuming"]).into_iter().nth(sessions).expect("it came in another session");
        times.push(between(again.at, settled));
    }
    let (times, left, bought) = (Times::of(times), left_behind(&world, worker).await, api.uploads().len());
    Figure {
        name: "redelivery after an acknowledgement that was cut".to_owned(),
        measured: format!(
            "consuming again to acknowledged: max {} of {runs} runs; {bought} parses uploaded; {left} left in the \
             queue",
            shown(times.max())
        ),
        bar: format!("max < {} s; {runs}; 0", BAR.as_secs()),
        is_met: times.max() < BAR && (bought, left) == (runs as usize, 0),
    }
}

/// Ends the worker, which requeues what it still held, and counts what is in the queues then.
async fn left_behind(world: &World, mut worker: Worker) -> u32 {
    worker.signal(Signal::SIGTERM);
    worker.exit().await;
    world.waiting().await
}

fn paying(world: &World, api: &ParseApi) -> WorkerBuilder {
    world.worker().with("LLAMA_CLOUD_API_KEY", "llx-figures").with("LLAMA_CLOUD_BASE_URL", &api.base_url)
}

fn paid_job(source: Source) -> Job {
    let parse = ParseOptions { engine: Engine::Llamaparse, ..ParseOptions::default() };
    Job { job_id: Some(JobId::generate()), parse, ..Job::new(source) }
}
