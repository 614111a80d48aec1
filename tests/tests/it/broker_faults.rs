//! A broker that goes away while there is work, and comes back with its queues.

use futures_util::future::join_all;
use quire_producer::schemas::{
    job::{Job, JobId},
    result::JobStatus,
};
use quire_tests::{World, samples, servers::PrivateBroker};

use crate::events::{await_event, listen, started};

#[tokio::test]
async fn jobs_and_worker_outlive_a_restart_of_the_broker() {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    let worker = world.worker().start().await;
    let mut jobs = jobs_under_way(&world).await;
    broker.stop().await;
    broker.start_again().await;
    jobs.push(world.submit_document(samples::report()).await);
    assert_eq!(outcomes(&world, &jobs).await, vec![JobStatus::Succeeded; 9]);
    world.await_idle().await;
    assert_eq!(worker.ask("/livez").await.0, 200);
}

#[tokio::test]
async fn jobs_and_worker_outlive_a_broker_that_is_killed() {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    let worker = world.worker().start().await;
    let mut jobs = jobs_under_way(&world).await;
    broker.kill().await;
    broker.start_again().await;
    jobs.push(world.submit_document(samples::report()).await);
    assert_eq!(outcomes(&world, &jobs).await, vec![JobStatus::Succeeded; 9]);
    world.await_idle().await;
    assert_eq!(worker.ask("/livez").await.0, 200);
}

#[tokio::test]
async fn a_worker_that_finds_no_broker_at_its_start_says_so_and_exits_69() {
    // Nobody listens on port 1.
    let world = World::bare().await.with_setting("QUIRE_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/%2f");
    let mut worker = world.worker().launch();
    assert_eq!(worker.exit().await.code(), Some(69), "{}", worker.log());
    assert!(worker.log().contains("the broker is out of reach"), "{}", worker.log());
}

/// Publishes eight jobs, of which four fit into the worker, and waits until the first has begun.
async fn jobs_under_way(world: &World) -> Vec<JobId> {
    let mut events = listen(world).await;
    let source = world.upload(samples::large(10)).await;
    let jobs = join_all((0..8).map(|_| world.submit(Job::new(source.clone())))).await;
    await_event(&mut events, "a job begins", started).await;
    jobs
}

async fn outcomes(world: &World, jobs: &[JobId]) -> Vec<JobStatus> {
    let results = join_all(jobs.iter().map(|job_id| world.await_result(job_id))).await;
    results.into_iter().map(|result| result.status).collect()
}
