//! A dependency that is down for everybody: it is left alone, jobs wait, and none pays for it.

use quire_producer::{
    follow::Follower,
    schemas::{
        event::Event,
        job::{Job, JobId},
        names::Lane,
        result::JobStatus,
    },
};
use quire_tests::{
    World,
    events::{await_event, listen, retrying},
    eventually,
    expect::{assert_no_letters, assert_settled},
    parse_api::{ParseApi, Scenario, llamaparse_job},
    samples,
    servers::PrivateStore,
};

/// Three times what a worker of these tests has in hand.
const JOBS: u32 = 12;

#[tokio::test]
async fn while_the_store_is_away_jobs_stay_in_their_queue() {
    let store = PrivateStore::start().await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    store.stop().await;
    let mut jobs = Vec::new();
    for _ in 0..JOBS {
        jobs.push(world.submit(Job::new(source.clone())).await);
    }
    let queue = Lane::Normal.queue();
    eventually("nothing is consumed", || async { (world.consumers(&queue).await == 0).then_some(()) }).await;
    assert_eq!(worker.metric("quire_breaker_open{dependency=\"object_store\"}").await, Some(1));
    let left = world.ready(&queue).await;
    assert!(left > 0, "every job was taken out of the queue");

    store.start_again().await;
    let waits = count_waits(&mut events, jobs.len()).await;
    assert!(waits <= JOBS - left, "{waits} times a job was put off, {left} were never touched");
    for job_id in &jobs {
        assert_succeeded_within(&world, job_id, 1).await;
    }
    assert_eq!(worker.metric("quire_breaker_open{dependency=\"object_store\"}").await, Some(0));
    assert_settled(&world, &mut worker).await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn while_the_parse_service_is_away_jobs_wait_uncounted_and_those_without_it_go_on() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::Unavailable { times: u32::MAX }).await);
    let mut events = listen(&world).await;
    let mut worker = api.worker(&world).start().await;
    let mut parsed_elsewhere = Vec::new();
    for _ in 0..4 {
        let source = world.upload(samples::report()).await;
        parsed_elsewhere.push(world.submit(llamaparse_job(source, &[])).await);
    }
    let waits_uncounted = |event: Event| retrying(event).filter(|retry| !retry.counted);
    let retry = await_event(&mut events, "a job waits uncounted", waits_uncounted).await;
    assert_eq!(retry.code, "parser_unavailable");
    assert_eq!(worker.metric("quire_breaker_open{dependency=\"llamaparse\",engine=\"llamaparse\"}").await, Some(1));

    let parsed_here = world.submit_document(samples::report()).await;
    assert_succeeded_within(&world, &parsed_here, 1).await;
    assert_eq!(api.jobs().len(), 0, "the service was back before the others went on");
    api.change(Scenario::prompt());
    for job_id in &parsed_elsewhere {
        // One attempt is what it may cost to find out.
        assert_succeeded_within(&world, job_id, 2).await;
    }
    assert_eq!(api.jobs().len(), parsed_elsewhere.len());
    assert_settled(&world, &mut worker).await;
    assert_no_letters(&world).await;
}

async fn assert_succeeded_within(world: &World, job_id: &JobId, attempts: u32) {
    let result = world.await_result(job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded, "{:?}", result.errors);
    let attempt = result.provenance.attempt.expect("every result of a run has one");
    assert!((1..=attempts).contains(&attempt), "attempt {attempt}");
    assert_eq!(result.page_images.len(), 4);
}

/// Counts how often a job was put off until so many have ended.
async fn count_waits(events: &mut Follower, jobs: usize) -> u32 {
    let (mut waits, mut ended) = (0, 0);
    let about_a_job = |event: Event| event.subject().is_some().then_some(event);
    while ended < jobs {
        match await_event(events, "every job ends", about_a_job).await {
            Event::Retrying { .. } => waits += 1,
            Event::Finished { .. } => ended += 1,
            _ => {}
        }
    }
    waits
}
