//! A temporary folder that takes no more.

use quire_producer::schemas::result::{JobStatus, ParseResult};
use quire_tests::{
    Worker, World,
    events::{await_event, finished, listen},
    expect::{assert_failed, assert_no_letters, assert_settled, assert_succeeded_at, await_retry},
    samples,
    small_disk::SmallDisk,
};

/// Too little for the document; enough for the document, and too little for what is parsed.
const TOO_LITTLE: [(u64, &str); 2] = [
    (4 << 10, "the document cannot be written to the temporary folder"),
    (12 << 10, "the temporary folder does not hold the parsed pages"),
];

#[tokio::test]
async fn a_job_that_meets_a_full_disk_is_tried_again_and_succeeds_when_there_is_room() {
    let disk = SmallDisk::mount(1 << 20);
    let world = World::new().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_TEMP_DIR", &disk.path().display().to_string()).start().await;
    for (free, reason) in TOO_LITTLE {
        disk.fill_up_to(free);
        let job_id = world.submit_document(samples::report()).await;
        let retry = await_retry(&mut events).await;
        assert_eq!(retry.terms(), ("internal", true, 1), "{}", retry.message);
        assert!(retry.message.contains(reason), "{}", retry.message);
        assert_eq!(worker.temporary_files(), [disk.filler()], "{reason}");
        disk.make_room();
        await_event(&mut events, "the job ends", finished).await;
        let result = world.result(&job_id).await.expect("announced, so stored");
        assert_succeeded_at(&result, 2, 4);
        world.assert_nothing_astray(&job_id).await;
    }
    assert_settled(&world, &mut worker).await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_job_that_never_finds_room_fails_with_the_reason_and_the_worker_goes_on() {
    let disk = SmallDisk::mount(1 << 20);
    let world = World::new().await;
    let settings =
        world.worker().with("QUIRE_TEMP_DIR", &disk.path().display().to_string()).with("QUIRE_MAX_ATTEMPTS", "1");
    let mut worker = settings.start().await;
    for (free, reason) in TOO_LITTLE {
        disk.fill_up_to(free);
        let job_id = world.submit_document(samples::report()).await;
        assert_exhausted(&world.await_result(&job_id).await, reason);
        assert_goes_on(&worker, &disk).await;
    }
    for letter in world.await_dead_letters(TOO_LITTLE.len()).await {
        assert_eq!(letter.code(), "internal");
    }
    disk.make_room();
    let job_id = world.submit_document(samples::report()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
    assert_settled(&world, &mut worker).await;
}

fn assert_exhausted(result: &ParseResult, reason: &str) {
    assert_failed(result, &["internal", "attempts_exhausted"]);
    assert!(result.errors[0].message.contains(reason), "{}", result.errors[0].message);
}

async fn assert_goes_on(worker: &Worker, disk: &SmallDisk) {
    assert_eq!(worker.ask("/livez").await.0, 200);
    assert_eq!(worker.temporary_files(), [disk.filler()]);
}
