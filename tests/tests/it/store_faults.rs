//! Object storage that goes away while there is work: the jobs wait, and it costs them nothing.

use quire_producer::schemas::{job::Job, names::Tier, result::JobStatus};
use quire_tests::{World, eventually, samples, servers::PrivateStore};

use crate::{
    events::{await_event, listen, retrying},
    redelivery::{await_pages, slow_job},
};

#[tokio::test]
async fn jobs_that_come_while_the_store_is_away_wait_uncounted_until_it_is_back() {
    let store = PrivateStore::start().await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let _worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    store.stop().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(world.submit(Job::new(source.clone())).await);
    }
    for _ in &jobs {
        assert_eq!(await_event(&mut events, "a job is parked", retrying).await, parked());
    }
    let tier = Tier::S30.queue();
    eventually("the parked jobs are in their tier", || async { (world.ready(&tier).await == 3).then_some(()) }).await;

    store.start_again().await;
    for job_id in jobs {
        let result = world.await_result(&job_id).await;
        assert_eq!((result.status, result.provenance.attempt), (JobStatus::Succeeded, Some(1)));
    }
    world.await_idle().await;
    assert_eq!(world.dead_letters().await.len(), 0);
}

#[tokio::test]
async fn a_job_that_loses_the_store_between_two_pages_waits_uncounted_and_goes_on_from_there() {
    let store = PrivateStore::start().await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let _worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 3).await;
    store.kill().await;
    assert_eq!(await_event(&mut events, "the job is parked", retrying).await, parked());

    store.start_again().await;
    let result = world.await_result(&job_id).await;
    let came_to = (result.status, result.provenance.attempt, result.page_images.len());
    assert_eq!(came_to, (JobStatus::Succeeded, Some(1), 30));
    assert_eq!(result.branches.images.cache_hit, Some(true));
}

#[tokio::test]
async fn a_worker_that_finds_no_store_at_its_start_says_so_and_exits_69() {
    // Nobody listens on port 1.
    let world = World::bare().await.with_setting("QUIRE_S3_ENDPOINT", "http://127.0.0.1:1");
    let mut worker = world.worker().launch();
    assert_eq!(worker.exit().await.code(), Some(69), "{}", worker.log());
    assert!(worker.log().contains("object storage is out of reach"), "{}", worker.log());
}

/// Why a job waits, whether that counts, and which attempt this was.
fn parked() -> (String, bool, u32) {
    ("storage_unavailable".to_owned(), false, 1)
}
