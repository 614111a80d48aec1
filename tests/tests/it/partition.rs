//! A worker that the broker takes for dead while it lives: its job is given to another one.

use std::time::Duration;

use quire_producer::schemas::{event::Event, job::JobId, result::JobStatus};
use quire_tests::{
    World,
    events::{await_event, finished, listen},
    eventually,
    expect::{assert_no_letters, assert_settled, assert_succeeded},
    jobs::{await_pages, slow_job},
    parse_api::{ParseApi, Scenario, llamaparse_job},
    proxy::{Direction, Proxy},
    samples,
    session::{await_loss, await_session},
};

const IN_FLIGHT: &str = "quire_jobs_in_flight{lane=\"normal\"}";

#[tokio::test]
async fn two_workers_that_work_on_one_job_at_once_converge_on_one_result() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let proxy = Proxy::before(&world.amqp_url).await;
    // It learns nothing of the partition before it is done.
    let behind = format!("{}?heartbeat=60", proxy.in_place_of(&world.amqp_url));
    let one_renderer = || world.worker().with("QUIRE_RENDERERS", "1");
    let mut cut_off = one_renderer().with("QUIRE_AMQP_URL", &behind).start().await;
    // Done before its watchdog asks a question that stays without an answer for long.
    let source = world.upload(samples::large(10)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 2).await;
    proxy.half_open();
    let mut other = one_renderer().start().await;
    await_event(&mut events, "the other one begins", |event| begun_by(&other.instance, event)).await;
    assert_eq!(world.result(&job_id).await, None, "the first one was done too soon to show anything");
    for worker in [&cut_off, &other] {
        eventually("each comes to a result", || async { (!worker.logged("done").is_empty()).then_some(()) }).await;
    }
    let key = world.keys(&job_id).result();
    let result = world.object(&key).await;

    proxy.heal();
    await_session(&cut_off, 2).await;
    for worker in [&mut cut_off, &mut other] {
        eventually("it lets go of the job", || async { (worker.metric(IN_FLIGHT).await == Some(0)).then_some(()) })
            .await;
        assert_settled(&world, worker).await;
    }
    assert!(world.object(&key).await == result, "the result was written again");
    let result = world.result(&job_id).await.expect("each has come to one");
    assert_succeeded(&result, 10);
    world.assert_nothing_astray(&job_id).await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_success_that_is_written_after_a_cancellation_leaves_one_end_whose_every_object_exists() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let broker = Proxy::before(&world.amqp_url).await;
    let behind = format!("{}?heartbeat=60", broker.in_place_of(&world.amqp_url));
    let endpoint = world.setting("QUIRE_S3_ENDPOINT");
    let store = Proxy::before(&endpoint).await;
    let late = world.worker().with("QUIRE_AMQP_URL", &behind).with("QUIRE_S3_ENDPOINT", &store.in_place_of(&endpoint));
    let late = late.start().await;
    // Everything is stored but the result, and the worker has seen that there is none.
    store.stall_before(Direction::ToServer, b"/result.json?x-id=PutObject");
    let source = world.upload(samples::large(4)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 4).await;
    let markdown = world.keys(&job_id).markdown();
    eventually("its text is stored", || async { world.store.head(&markdown).await.expect("the store answers") }).await;
    broker.half_open();
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    let other = world.worker().start().await;
    let (status, _) = await_event(&mut events, "the other one cancels the job", finished).await;
    assert_eq!(status, JobStatus::Cancelled);
    let stored = world.object(&world.keys(&job_id).result()).await;

    store.heal();
    eventually("the late one has compared its end", || async {
        let log = late.log();
        (log.contains("another run has stored a result") || log.contains("is gone: another run")).then_some(())
    })
    .await;
    broker.heal();
    eventually("nothing is in hand", || async { (late.metric(IN_FLIGHT).await == Some(0)).then_some(()) }).await;
    assert!(world.object(&world.keys(&job_id).result()).await == stored, "the end that was announced has changed");
    world.await_idle().await;
    world.assert_nothing_astray(&job_id).await;
    drop(other);
}

#[tokio::test]
async fn a_worker_that_loses_the_broker_stops_its_job_and_the_next_one_pays_for_nothing_again() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let proxy = Proxy::before(&world.amqp_url).await;
    let behind = format!("{}?heartbeat=2", proxy.in_place_of(&world.amqp_url));
    // Longer than it takes to notice.
    let scenario = Scenario::Ok { polls: 1, delay: Duration::from_secs(15) };
    let api = ParseApi::start(4, scenario).await;
    let mut cut_off = api.worker(&world).with("QUIRE_AMQP_URL", &behind).start().await;
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    await_pages(&world, &job_id, 4).await;
    eventually("the worker polls", || async { (!api.polls().is_empty()).then_some(()) }).await;
    proxy.half_open();
    let mut other = api.worker(&world).start().await;
    await_event(&mut events, "the other one begins", |event| begun_by(&other.instance, event)).await;
    let noticed = await_loss(&cut_off).await;
    assert_eq!(cut_off.metric(IN_FLIGHT).await, Some(0), "noticed after {noticed:?}");

    let result = world.await_result(&job_id).await;
    assert_eq!(result.provenance.worker, other.instance, "noticed after {noticed:?}");
    let end = (result.status, result.provenance.attempt, result.branches.images.cache_hit);
    assert_eq!(end, (JobStatus::Succeeded, Some(1), Some(true)));
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    proxy.heal();
    await_session(&cut_off, 2).await;
    for worker in [&mut cut_off, &mut other] {
        assert_settled(&world, worker).await;
    }
    assert_eq!(cut_off.logged("done").len(), 0, "it came to a result of its own");
    world.assert_nothing_astray(&job_id).await;
    assert_no_letters(&world).await;
}

fn begun_by(worker: &str, event: Event) -> Option<JobId> {
    match event {
        Event::Started { subject, worker: name } if name == worker => Some(subject.job_id),
        _ => None,
    }
}
