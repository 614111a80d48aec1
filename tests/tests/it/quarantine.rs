//! A document that takes its worker with it: its page is found, and left out.

use std::collections::BTreeSet;

use quire_producer::schemas::{
    failure::ErrorCode,
    job::JobId,
    result::{JobStatus, ParseResult},
};
use quire_tests::{
    Worker, World, eventually,
    jobs::{assert_killed, assert_settled},
    samples,
};

/// Far fewer than the ten deliveries after which a job is given up.
const MOST_DEATHS: u32 = 8;

#[tokio::test]
async fn a_page_that_kills_its_worker_is_left_out_and_no_other_job_pays_for_it() {
    let world = World::new().await;
    let killer = world.submit_document(samples::report()).await;
    let mut innocent = Vec::new();
    for _ in 0..3 {
        innocent.push(world.submit_document(samples::scanned()).await);
    }
    let (mut survivor, result) = outlive(&world, &killer, "page_rendered=3").await;

    let came_to = (result.status, result.provenance.attempt);
    assert_eq!(came_to, (JobStatus::PartialSuccess, Some(1)), "{:?}", result.errors);
    let faults: BTreeSet<_> = result.errors.iter().map(|error| (error.code.as_str(), error.page_number)).collect();
    assert_eq!(faults, BTreeSet::from([(ErrorCode::PageFailed.as_str(), Some(3))]));
    assert_eq!(result.page_images.keys().copied().collect::<Vec<_>>(), [1, 2, 4]);
    let parsed: BTreeSet<u32> = result.elements.iter().map(|element| element.page_number).collect();
    assert_eq!(parsed, BTreeSet::from([1, 2, 4]));

    for job_id in &innocent {
        let result = world.await_result(job_id).await;
        let came_to = (result.status, result.provenance.attempt, result.page_images.len());
        assert_eq!(came_to, (JobStatus::Succeeded, Some(1), 2), "{:?}", result.errors);
    }
    let state = world.keys(&killer).state();
    eventually("the state is cleared away", || async { world.object(&state).await.is_none().then_some(()) }).await;
    assert_settled(&world, &mut survivor).await;
    for job_id in innocent.iter().chain([&killer]) {
        world.assert_nothing_astray(job_id).await;
    }
    assert_eq!(world.dead_letters().await.len(), 0);
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
