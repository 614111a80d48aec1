//! Three nodes that lose the one that leads the job queue while there is work: how soon it goes on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use quire_producer::{
    follow::Follower,
    schemas::{
        event::Event,
        job::{Job, JobId},
        names::Lane,
        result::JobStatus,
    },
};
use tokio::time::{Instant, sleep};

use super::{
    Figure, Times,
    probe::{between, listen, next_event},
    shown,
};
use crate::{World, cluster::PrivateCluster, samples};

const RUNS: u32 = 3;
/// More than fit into the worker, so that some lie in the queue and some are in hand.
const JOBS: usize = 40;
const PAGES: u32 = 10;
/// A job without a stored end by then is lost.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);

pub(super) async fn measure(runs: Option<u32>) -> Figure {
    let cluster = PrivateCluster::start().await;
    let world = World::at(&cluster.amqp_url, &cluster.management_url).await;
    let _worker = world.worker().start().await;
    let (mut times, mut lost, mut published) = (Vec::new(), 0, 0);
    for _ in 0..runs.unwrap_or(RUNS) {
        let jobs = until_next_end(&cluster, &world, &mut times).await;
        published += jobs.len();
        lost += jobs.len() - count_succeeded(&world, &jobs).await;
    }
    let left = world.waiting().await;
    let times = Times::of(times);
    let (max, min, runs) = (shown(times.max()), shown(times.min()), times.runs());
    Figure {
        name: "three nodes, the leader of the queue killed under load".to_owned(),
        measured: format!(
            "next job taken from the queue ended {max} after the kill (max of {runs} runs, min {min}); {lost} of \
             {published} jobs lost; {left} left in the queue"
        ),
        bar: "–; 0; 0".to_owned(),
        is_met: (lost, left) == (0, 0),
    }
}

/// Kills the leader while a worker is at work. The clock runs from there to the first end of a job that
/// was begun behind it: what the worker had in hand may end without any broker. Returns the jobs.
async fn until_next_end(cluster: &PrivateCluster, world: &World, times: &mut Vec<Duration>) -> Vec<JobId> {
    let source = world.upload(samples::large(PAGES)).await;
    let leader = cluster.leader_of(world, &Lane::Normal.queue()).await;
    let mut events = listen(world).await;
    let jobs = join_all((0..JOBS).map(|_| world.submit(Job::new(source.clone())))).await;
    await_beginning(&mut events).await;
    let killed = Utc::now();
    cluster.kill_node(leader).await;
    assert!(count_succeeded_by_now(world, &jobs).await < JOBS, "everything was done before the kill");
    times.push(between(killed, next_end(world, &jobs, killed).await));
    cluster.start_node(leader).await;
    cluster.await_replicas(world).await;
    jobs
}

async fn await_beginning(events: &mut Follower) {
    while !matches!(next_event(events).await, Event::Started { .. }) {}
}

/// Reads the time of the first end from the results themselves: a subscriber has lost the node, too.
async fn next_end(world: &World, jobs: &[JobId], killed: DateTime<Utc>) -> DateTime<Utc> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let results = join_all(jobs.iter().map(|job_id| world.result(job_id))).await;
        let begun_behind = results.into_iter().flatten().filter(|result| result.created_at >= Some(killed));
        if let Some(ended) = begun_behind.filter_map(|result| result.completed_at).min() {
            return ended;
        }
        assert!(Instant::now() < deadline, "no job has ended since the kill");
        sleep(POLL).await;
    }
}

/// Counts the jobs that have succeeded, once that is all of them, or when the wait is over.
async fn count_succeeded(world: &World, jobs: &[JobId]) -> usize {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let succeeded = count_succeeded_by_now(world, jobs).await;
        if succeeded == jobs.len() || Instant::now() >= deadline {
            return succeeded;
        }
        sleep(POLL).await;
    }
}

async fn count_succeeded_by_now(world: &World, jobs: &[JobId]) -> usize {
    let results = join_all(jobs.iter().map(|job_id| world.result(job_id))).await;
    results.into_iter().flatten().filter(|result| result.status == JobStatus::Succeeded).count()
}
