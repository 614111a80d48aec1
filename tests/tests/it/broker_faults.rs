//! A broker that goes away, freezes, runs short of memory or takes jobs back while there is work.

use std::time::Duration;

use futures_util::future::join_all;
use quire_tests::{
    World, eventually,
    expect::{assert_nothing_left, assert_nothing_lost, assert_succeeded, await_ready, await_unready},
    jobs::{assert_work_is_left, jobs_under_way},
    parse_api::{ParseApi, Scenario, llamaparse_job},
    samples,
    servers::PrivateBroker,
    session::{await_loss, await_session, quick_to_notice},
};

#[tokio::test]
async fn jobs_and_worker_outlive_a_broker_that_is_restarted() {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    let worker = world.worker().start().await;
    let jobs = jobs_under_way(&world).await;
    broker.stop().await;
    assert_work_is_left(&world, &jobs).await;
    broker.start_again().await;
    assert_nothing_lost(&world, &worker, jobs, "after the restart").await;
}

#[tokio::test]
async fn jobs_and_worker_outlive_a_broker_that_is_killed() {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    let worker = world.worker().start().await;
    let jobs = jobs_under_way(&world).await;
    broker.kill().await;
    assert_work_is_left(&world, &jobs).await;
    broker.start_again().await;
    assert_nothing_lost(&world, &worker, jobs, "after the kill").await;
}

#[tokio::test]
async fn jobs_and_worker_outlive_a_broker_that_freezes_and_thaws() {
    let broker = PrivateBroker::start().await;
    let world = quick_to_notice(World::on(Some(&broker), None).await);
    let worker = world.worker().start().await;
    let jobs = jobs_under_way(&world).await;
    broker.pause().await;
    assert_work_is_left(&world, &jobs).await;
    let noticed = await_loss(&worker).await;
    broker.resume().await;
    let back = await_session(&worker, 2).await;
    let context = format!("noticed after {noticed:?}, consuming {back:?} after it was back");
    assert_nothing_lost(&world, &worker, jobs, &context).await;
}

#[tokio::test]
async fn while_the_broker_is_short_of_memory_work_goes_on_and_waits_to_be_settled() {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    let worker = world.worker().start().await;
    let jobs = jobs_under_way(&world).await;
    broker.raise_memory_alarm().await;
    await_unready(&worker, "blocked").await;
    let name = |purpose: &str| format!("quire-worker {} {purpose}", worker.instance);
    let consuming = eventually("its connections know of the alarm", || async {
        let states = broker.connection_states().await;
        // Each connection tells of itself when it comes to it.
        let consuming = states.get(&name("consume")).filter(|state| *state != "running")?;
        (states.get(&name("publish"))? == "blocked").then(|| consuming.clone())
    })
    .await;
    // Of a blocked one nothing is read: acknowledgements would wait like everything else.
    assert_eq!(consuming, "blocking");
    eventually("a job has its result nevertheless", || async {
        let results = join_all(jobs.iter().map(|job_id| world.result(job_id))).await;
        results.into_iter().flatten().next()
    })
    .await;

    broker.lift_memory_alarm().await;
    await_ready(&worker).await;
    assert_nothing_lost(&world, &worker, jobs, "after the alarm").await;
    assert_eq!(worker.logged("consuming").len(), 1, "the session was given up");
}

#[tokio::test]
async fn a_parse_that_outlives_the_consumer_timeout_is_bought_once() {
    let broker = PrivateBroker::start_impatient(Duration::from_secs(5)).await;
    let world = World::on(Some(&broker), None).await;
    // More than one delivery may take, and less than two.
    let scenario = Scenario::Ok { polls: 1, delay: Duration::from_secs(8) };
    let api = ParseApi::start(4, scenario).await;
    let mut worker = api.worker(&world).start().await;
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    await_session(&worker, 2).await;
    assert_eq!(world.result(&job_id).await, None, "done before the broker took it back");
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 4);
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_worker_that_finds_no_broker_at_its_start_says_so_and_exits_69() {
    // Nothing listens on port 1.
    let world = World::bare().await.with_setting("QUIRE_AMQP_URL", "amqp://guest:guest@127.0.0.1:1/%2f");
    let mut worker = world.worker().launch();
    assert_eq!(worker.exit().await.code(), Some(69), "{}", worker.log());
    assert!(worker.log().contains("the broker is out of reach"), "{}", worker.log());
}
