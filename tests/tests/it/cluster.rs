//! Three brokers that share the queues and lose one of them while there is work.

use futures_util::future::join_all;
use lapin::{
    options::{QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_producer::{
    Submission,
    schemas::{
        job::{Job, JobId},
        names::{EVENTS_EXCHANGE, Lane},
        result::{JobStatus, ParseResult},
    },
};
use quire_tests::{
    World,
    cluster::{NODES, PrivateCluster},
    events::{await_event, listen, started},
    eventually,
    expect::assert_no_letters,
    jobs::{assert_work_is_left, slow_job},
    samples,
};

/// More than fit into the worker, so that some lie in the queue and some are in hand.
const JOBS: usize = 12;

#[tokio::test]
async fn jobs_outlive_the_death_of_the_node_that_leads_their_queue() {
    let cluster = PrivateCluster::start().await;
    let world = World::at(&cluster.amqp_url, &cluster.management_url).await;
    let mut events = listen(&world).await;
    let worker = world.worker().start().await;
    let source = world.upload(samples::large(5)).await;
    let leader = cluster.leader_of(&world, &Lane::Normal.queue()).await;
    let mut jobs = join_all((0..JOBS).map(|_| world.submit(slow_job(source.clone())))).await;
    await_event(&mut events, "a job begins", started).await;
    cluster.kill_node(leader).await;
    assert_work_is_left(&world, &jobs).await;

    // Its end proves that jobs are taken and given out by the two that are left.
    jobs.push(submit_until_taken(&world).await);
    let results = results(&world, &jobs).await;

    cluster.start_node(leader).await;
    cluster.await_replicas(&world).await;
    assert_each_ended_once(&world, &jobs, results).await;
    assert_eq!(worker.ask("/livez").await.0, 200);
}

#[tokio::test]
async fn a_rolling_restart_of_all_three_nodes_loses_no_job_and_no_worker() {
    let cluster = PrivateCluster::start().await;
    let world = World::at(&cluster.amqp_url, &cluster.management_url).await;
    let worker = world.worker().start().await;
    let source = world.upload(samples::large(10)).await;
    let mut jobs = Vec::new();
    // One of the three leads the queue, and one has the worker's connection.
    for node in 1..=NODES {
        jobs.extend(join_all((0..JOBS / NODES).map(|_| world.submit(Job::new(source.clone())))).await);
        cluster.stop_node(node).await;
        let meanwhile = world.submit_document(samples::report()).await;
        assert_eq!(world.await_result(&meanwhile).await.status, JobStatus::Succeeded);
        jobs.push(meanwhile);
        cluster.start_node(node).await;
        cluster.await_replicas(&world).await;
    }
    let results = results(&world, &jobs).await;
    assert_each_ended_once(&world, &jobs, results).await;
    assert_eq!(worker.ask("/livez").await.0, 200);
}

#[tokio::test]
async fn a_listener_whose_queue_lies_on_a_silent_node_only_does_not_keep_jobs_from_ending() {
    let cluster = PrivateCluster::start().await;
    let world = World::at(&cluster.amqp_url, &cluster.management_url).await;
    let (channel, listener) = (world.channel().await, "listener");
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-quorum-initial-group-size".into(), 1.into());
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(listener.into(), durable, arguments).await.expect("declared");
    let bind = QueueBindOptions::default();
    let bound = channel.queue_bind(listener.into(), EVENTS_EXCHANGE.into(), "#".into(), bind, FieldTable::default());
    bound.await.expect("the exchange of events is there");
    let only = cluster.leader_of(&world, listener).await;
    let worker = world.worker().with("QUIRE_LANES", "normal:2").start().await;

    cluster.pause_node(only).await;
    let mut jobs = Vec::new();
    // More than it has permits: the first two must not keep them.
    for _ in 0..4 {
        jobs.push(submit_until_taken(&world).await);
    }
    for job_id in &jobs {
        assert_eq!(world.await_result(job_id).await.status, JobStatus::Succeeded);
    }
    eventually("the worker has given every job up to its end", || async {
        let left = worker.metric("quire_jobs_total{lane=\"normal\",outcome=\"succeeded\"}").await?;
        (left >= jobs.len() as u64).then_some(())
    })
    .await;
    assert!(!worker.logged("event not accepted by a subscriber's queue (full, or its node is down)").is_empty());
    cluster.resume_node(only).await;
}

/// A queue refuses until it has another leader, on 3.10 for longer than a publish is tried.
async fn submit_until_taken(world: &World) -> JobId {
    let source = world.upload(samples::report()).await;
    let submission = Submission { job: Job::new(source), ..Submission::of_s3("b", "k") };
    eventually("the queue takes a job", || async { world.quire.submit(&submission).await.ok() }).await
}

/// Waits for one after the other: each may take its time, and all of them together more.
async fn results(world: &World, jobs: &[JobId]) -> Vec<ParseResult> {
    let mut results = Vec::new();
    for job_id in jobs {
        results.push(world.await_result(job_id).await);
    }
    results
}

/// Waits until nothing is left to do, and looks whether a second run has replaced a result since it
/// was read, or has left anything else behind.
async fn assert_each_ended_once(world: &World, jobs: &[JobId], results: Vec<ParseResult>) {
    world.await_idle().await;
    let statuses: Vec<_> = results.iter().map(|result| &result.status).collect();
    assert_eq!(statuses, vec![&JobStatus::Succeeded; jobs.len()]);
    for (job_id, result) in jobs.iter().zip(results) {
        assert_eq!(world.result(job_id).await, Some(result));
        world.assert_nothing_astray(job_id).await;
    }
    assert_no_letters(world).await;
}
