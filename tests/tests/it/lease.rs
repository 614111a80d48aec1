//! A job that takes longer than one delivery may be kept: it travels on from worker to worker, and
//! pays for nothing twice.

use std::time::Duration;

use quire_producer::{
    follow::Follower,
    schemas::{event::Event, job::JobId},
};
use quire_tests::{
    Worker, World,
    amqp::{Copies, is_uncounted},
    events::{await_event, listen},
    expect::{assert_settled, assert_succeeded},
    jobs::slow_job,
    parse_api::{ParseApi, Scenario, llamaparse_job},
    samples,
};

const PAGES: u32 = 30;

#[tokio::test]
async fn a_job_longer_than_a_lease_is_done_in_several_deliveries_and_every_page_once() {
    let world = World::new().await;
    let copies = Copies::of(&world).await;
    let mut events = listen(&world).await;
    let worker = || world.worker().with("QUIRE_LEASE", "2s").with("QUIRE_RENDERERS", "1");
    let mut workers = [worker().start().await, worker().start().await];
    let source = world.upload(samples::large(PAGES)).await;
    let job_id = world.submit(slow_job(source)).await;

    let deliveries = count_deliveries(&mut events, job_id).await;
    assert!(deliveries >= 2, "it fitted into one lease");
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, PAGES as usize);
    assert_eq!(pages_stored(&workers), (1..=PAGES).map(u64::from).collect::<Vec<_>>());
    for worker in &mut workers {
        assert_settled(&world, worker).await;
    }
    assert_each_was_delivered_once(&copies, deliveries).await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_parse_longer_than_a_lease_is_bought_once_and_waited_for_in_several_deliveries() {
    let parse = Scenario::Ok { polls: 1, delay: Duration::from_secs(7) };
    let (world, api) = (World::new().await, ParseApi::start(4, parse).await);
    let copies = Copies::of(&world).await;
    let mut events = listen(&world).await;
    let mut worker = api.worker(&world).with("QUIRE_LEASE", "2s").start().await;
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;

    let deliveries = count_deliveries(&mut events, job_id).await;
    assert!(deliveries >= 2, "it fitted into one lease");
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 4);
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_eq!(pages_stored(std::slice::from_ref(&worker)), [1, 2, 3, 4]);
    assert_settled(&world, &mut worker).await;
    assert_each_was_delivered_once(&copies, deliveries).await;
    world.assert_nothing_astray(&job_id).await;
}

/// Counts how often a job was begun until it ended.
async fn count_deliveries(events: &mut Follower, job_id: JobId) -> usize {
    let mut deliveries = 0;
    loop {
        let about_it = |event: Event| event.subject().is_some_and(|subject| subject.job_id == job_id).then_some(event);
        match await_event(events, "the job ends", about_it).await {
            Event::Started { .. } => deliveries += 1,
            Event::Finished { .. } => return deliveries,
            _ => {}
        }
    }
}

/// Which page images these workers have stored, ascending; one that was stored twice is there
/// twice.
fn pages_stored(workers: &[Worker]) -> Vec<u64> {
    let lines = workers.iter().flat_map(|worker| worker.logged("page stored"));
    let mut pages: Vec<u64> = lines.map(|line| line["page"].as_u64().expect("it names the page")).collect();
    pages.sort_unstable();
    pages
}

/// A message that is delivered a second time counts as failed once. As many messages as deliveries:
/// none was.
async fn assert_each_was_delivered_once(copies: &Copies, deliveries: usize) {
    let messages = copies.take().await;
    assert_eq!(messages.len(), deliveries);
    assert!(is_uncounted(&messages), "{messages:?}");
}
