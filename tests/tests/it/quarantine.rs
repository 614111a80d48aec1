//! A document that takes its worker with it: its page is found, and left out.

use std::collections::BTreeSet;

use quire_producer::schemas::{
    failure::ErrorCode,
    job::{Job, JobId},
    names::header,
    result::{JobStatus, ParseResult, Phase},
    state::{JobState, Suspect},
};
use quire_tests::{
    Worker, World, eventually,
    expect::{assert_failed, assert_no_letters, assert_nothing_left, assert_settled, assert_succeeded},
    jobs::{assert_killed, identified_job},
    replay::publish_with,
    samples,
};

/// Far fewer than the ten deliveries after which a job is given up.
const MOST_DEATHS: u32 = 8;
const RUNS_ALONE: &str = "runs alone: workers died in its last runs";

#[tokio::test]
async fn a_page_that_kills_its_worker_is_left_out_and_no_other_job_pays_for_it() {
    let world = World::new().await;
    let killer = world.submit_document(samples::report()).await;
    let mut innocent = Vec::new();
    for _ in 0..3 {
        innocent.push(world.submit_document(samples::scanned()).await);
    }
    let (mut survivor, result) = outlive(&world, &killer, "page_rendered=3").await;

    let end = (result.status, result.provenance.attempt);
    assert_eq!(end, (JobStatus::PartialSuccess, Some(1)), "{:?}", result.errors);
    let faults: BTreeSet<_> = result.errors.iter().map(|error| (error.code.as_str(), error.page_number)).collect();
    assert_eq!(faults, BTreeSet::from([(ErrorCode::PageFailed.as_str(), Some(3))]));
    assert_eq!(result.page_images.keys().copied().collect::<Vec<_>>(), [1, 2, 4]);
    let parsed: BTreeSet<u32> = result.elements.iter().map(|element| element.page_number).collect();
    assert_eq!(parsed, BTreeSet::from([1, 2, 4]));

    for job_id in &innocent {
        let result = world.await_result(job_id).await;
        assert_succeeded(&result, 2);
    }
    let state = world.keys(&killer).state();
    eventually("the state is cleared away", || async { world.object(&state).await.is_none().then_some(()) }).await;
    assert_settled(&world, &mut survivor).await;
    for job_id in innocent.iter().chain([&killer]) {
        world.assert_nothing_astray(job_id).await;
    }
    assert_no_letters(&world).await;
}

/// A delivery that was given back or put off before it began is published again, and brings the word of the
/// broker along; a message that was never delivered before ends the suspicion.
#[tokio::test]
async fn a_suspect_stays_one_until_a_run_of_it_ends_in_order() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    let mut jobs = Vec::new();
    let headers: [&[_]; 3] = [&[(header::DELIVERY_COUNT, 1)], &[(header::REDELIVERED, 1)], &[]];
    for (headers, runs_alone) in headers.into_iter().zip([1, 2, 2]) {
        let job = identified_job(source.clone());
        let job_id = died_before(&world, &job, 1).await;
        publish_with(&world, &job, headers).await;
        assert_succeeded(&world.await_result(&job_id).await, 4);
        assert_eq!(worker.logged(RUNS_ALONE).len(), runs_alone, "{headers:?}");
        jobs.push(job_id);
    }
    assert_nothing_left(&world, &mut worker, &jobs).await;
}

#[tokio::test]
async fn a_job_that_is_charged_with_the_deaths_of_others_is_not_given_up() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    let mut jobs = Vec::new();
    for deliveries in [5, 10, 19] {
        let job = identified_job(source.clone());
        let job_id = died_before(&world, &job, 2).await;
        publish_with(&world, &job, &[(header::DELIVERY_COUNT, deliveries)]).await;
        assert_succeeded(&world.await_result(&job_id).await, 4);
        jobs.push(job_id);
    }
    assert_eq!(worker.logged("requeued with delivery count reset: workers died before they began this job").len(), 3);
    assert_nothing_left(&world, &mut worker, &jobs).await;
}

#[tokio::test]
async fn a_job_that_was_begun_at_ten_deliveries_and_never_ended_is_given_up() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = died_before(&world, &job, 8).await;
    publish_with(&world, &job, &[(header::DELIVERY_COUNT, 10)]).await;
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["attempts_exhausted"]);
    assert_eq!(world.await_dead_letters(1).await[0].routing_key, "failed.normal");
}

/// Leaves what runs leave that die one after the other while they render: so many before the third, and the
/// third.
async fn died_before(world: &World, job: &Job, deaths: u32) -> JobId {
    let job_id = job.job_id.expect("it can be published twice");
    let suspect = Some(Suspect { phase: Phase::Render, page: None, deaths });
    let state = JobState { deaths, suspect, ..JobState::of_run(3, 0, Phase::Render) };
    world.put(&world.keys(&job_id).state(), serde_json::to_vec(&state).expect("plain data")).await;
    job_id
}

/// Starts one worker after the other, each of which dies at this place, until one lives to see the
/// job's result.
async fn outlive(world: &World, job_id: &JobId, point: &str) -> (Worker, ParseResult) {
    for _ in 0..=MOST_DEATHS {
        let mut worker = world.worker().with("QUIRE_FAIL_POINT", point).launch();
        // Cancel safe: both only wait.
        let result = tokio::select! {
            () = assert_killed(&mut worker, point) => continue,
            result = world.await_result(job_id) => result,
        };
        return (worker, result);
    }
    panic!("more than {MOST_DEATHS} workers died")
}
