//! What happens between a worker and a broker that itself is well: lost acknowledgements, silence,
//! resets, and queues that are deleted.

use std::time::Duration;

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use quire_producer::{
    amqp::topology,
    schemas::{
        event::Event,
        job::JobId,
        names::Lane,
        result::{JobStatus, ParseResult},
    },
};
use quire_tests::{
    Worker, World,
    amqp::ACK,
    events::{await_event, listen},
    eventually,
    expect::{assert_nothing_left, assert_nothing_lost, assert_settled},
    jobs::{assert_work_is_left, await_pages, jobs_under_way},
    parse_api::{ParseApi, Scenario, llamaparse_job},
    proxy::{Direction, Proxy},
    samples,
    session::{await_loss, await_session, quick_to_notice},
};
use tokio::time::Instant;

const BROKER: &str = "QUIRE_AMQP_URL";
const SUCCEEDED: &str = "quire_jobs_total{lane=\"normal\",outcome=\"succeeded\"}";
const REPEATED: &str = "quire_jobs_total{lane=\"normal\",outcome=\"repeated\"}";
const IN_FLIGHT: &str = "quire_jobs_in_flight{lane=\"normal\"}";

#[tokio::test]
async fn a_job_whose_ack_is_lost_comes_again_and_is_only_announced_again() {
    let (world, proxy) = World::new().await.through_proxy(BROKER).await;
    let api = ParseApi::start(4, Scenario::prompt()).await;
    let mut worker = api.worker(&world).start().await;
    let mut events = listen(&world).await;
    proxy.cut_before(Direction::ToServer, &ACK);
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    proxy.await_cut().await;
    let (lost, key) = (Instant::now(), world.keys(&job_id).result());
    let result = world.object(&key).await.expect("it is there before the ack");

    let (mut starts, mut ends) = (0, Vec::new());
    while ends.len() < 2 {
        match await_event(&mut events, "the job is announced twice", Some).await {
            Event::Started { .. } => starts += 1,
            Event::Finished { status, result, .. } => ends.push((status, result)),
            _ => {}
        }
    }
    let took = lost.elapsed();
    assert_eq!((starts, &ends[0]), (1, &ends[1]), "announced again {took:?} after the ack was lost");
    assert_eq!(ends[0].0, JobStatus::Succeeded);
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    eventually("the job is found done", || async { (worker.metric(REPEATED).await == Some(1)).then_some(()) }).await;
    assert_settled(&world, &mut worker).await;
    assert_eq!(world.object(&key).await, Some(result), "the result was written again");
}

#[tokio::test]
async fn a_connection_that_breaks_behind_an_ack_costs_nothing() {
    let (world, proxy) = World::new().await.through_proxy(BROKER).await;
    let api = ParseApi::start(4, Scenario::prompt()).await;
    let mut worker = api.worker(&world).start().await;
    proxy.cut_after(Direction::ToServer, &ACK);
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    proxy.await_cut().await;
    let key = world.keys(&job_id).result();
    let result = world.object(&key).await.expect("it is there before the ack");
    await_session(&worker, 2).await;
    // Whether the broker heard of the ack is its secret: either way nothing is left to do.
    world.await_idle().await;
    assert_settled(&world, &mut worker).await;
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_eq!(world.object(&key).await, Some(result), "the result was written again");
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_noticed_and_its_job_goes_on_from_where_it_was() {
    let (world, proxy) = World::new().await.through_proxy(BROKER).await;
    let world = quick_to_notice(world);
    // Longer than it takes to notice.
    let scenario = Scenario::Ok { polls: 1, delay: Duration::from_secs(15) };
    let api = ParseApi::start(4, scenario).await;
    let mut worker = api.worker(&world).start().await;
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    await_pages(&world, &job_id, 4).await;
    eventually("the worker polls", || async { (!api.polls().is_empty()).then_some(()) }).await;

    proxy.black_hole();
    let noticed = await_loss(&worker).await;
    assert_eq!(world.result(&job_id).await, None, "done before the loss was noticed, after {noticed:?}");
    proxy.heal();
    let back = await_session(&worker, 2).await;
    let result = await_result_of_one_run_at_a_time(&world, &worker, &job_id).await;
    let end = (&result.status, result.provenance.attempt, result.branches.images.cache_hit);
    let expected = (&JobStatus::Succeeded, Some(1), Some(true));
    assert_eq!(end, expected, "noticed after {noticed:?}, consuming {back:?} after it was back");
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    eventually("the job is done", || async { (worker.metric(SUCCEEDED).await == Some(1)).then_some(()) }).await;
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn jobs_outlive_connections_that_are_reset_again_and_again() {
    let (world, proxy) = World::new().await.through_proxy(BROKER).await;
    let worker = world.worker().start().await;
    let jobs = jobs_under_way(&world).await;
    let mut back = Vec::new();
    for session in 2..=4 {
        proxy.cut();
        assert_work_is_left(&world, &jobs).await;
        back.push(await_session(&worker, session).await);
    }
    assert_nothing_lost(&world, &worker, jobs, &format!("consuming {back:?} after the resets")).await;
}

#[tokio::test]
async fn a_worker_finds_whichever_of_two_addresses_answers() {
    let world = World::new().await;
    let [first, second] = [Proxy::before(&world.amqp_url).await, Proxy::before(&world.amqp_url).await];
    let both = [&first, &second].map(|proxy| proxy.in_place_of(&world.amqp_url)).join(",");
    first.refuse();
    let mut worker = world.worker().with(BROKER, &both).start().await;
    assert_does_a_job(&world).await;
    first.heal();
    second.refuse();
    await_session(&worker, 2).await;
    assert_does_a_job(&world).await;
    assert_settled(&world, &mut worker).await;
}

#[tokio::test]
async fn a_worker_whose_queue_is_deleted_declares_it_again_and_goes_on() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let deleted = world.channel().await.queue_delete(Lane::Normal.queue().into(), QueueDeleteOptions::default()).await;
    deleted.expect("it is there");
    await_session(&worker, 2).await;
    assert_does_a_job(&world).await;
    assert_settled(&world, &mut worker).await;
}

#[tokio::test]
async fn a_worker_whose_whole_topology_is_gone_declares_it_again_and_goes_on() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    delete_topology(&world).await;
    await_session(&worker, 2).await;
    let checked = topology::ensure(world.quire.publisher(), topology::Mode::Passive).await;
    checked.expect("everything is there again");
    assert_does_a_job(&world).await;
    assert_settled(&world, &mut worker).await;
}

/// Waits for a job's result; meanwhile the worker must never be seen with two runs of it.
async fn await_result_of_one_run_at_a_time(world: &World, worker: &Worker, job_id: &JobId) -> ParseResult {
    eventually("the job has a result", || async {
        let in_flight = worker.metric(IN_FLIGHT).await.expect("it is always told");
        assert!(in_flight <= 1, "{in_flight} runs at once");
        world.result(job_id).await
    })
    .await
}

async fn assert_does_a_job(world: &World) {
    let mut events = listen(world).await;
    let job_id = world.submit_document(samples::report()).await;
    let about_it = |event: Event| match event {
        Event::Finished { subject, status, .. } => (subject.job_id == job_id).then_some(status),
        _ => None,
    };
    let status = await_event(&mut events, "the job's end is announced", about_it).await;
    assert_eq!(status, JobStatus::Succeeded);
    let result = world.result(&job_id).await.expect("announced, so stored");
    assert_eq!((result.provenance.attempt, result.page_images.len()), (Some(1), 4));
}

async fn delete_topology(world: &World) {
    let channel = world.channel().await;
    for exchange in topology::exchanges() {
        let deleted = channel.exchange_delete(exchange.name.into(), ExchangeDeleteOptions::default()).await;
        deleted.expect("it is there");
    }
    // A worker begins again when the queue that it consumes goes. That one comes last: what is
    // declared then must not be deleted behind it.
    let mut queues: Vec<String> = topology::queues().into_iter().map(|queue| queue.name).collect();
    queues.sort_by_key(|queue| *queue == Lane::Normal.queue());
    for queue in queues {
        let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await;
        deleted.expect("it is there");
    }
}
