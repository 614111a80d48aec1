//! Object storage that is slow, breaks off, falls silent or goes away while there is work: the
//! jobs wait, and it costs them nothing.

use std::{path::Path, time::Duration};

use quire_producer::{
    schemas::{
        job::{Job, Source},
        result::Phase,
        state::JobState,
    },
    store::StoreError,
};
use quire_tests::{
    World,
    events::listen,
    expect::{
        assert_failed, assert_nothing_left, assert_succeeded, await_end_without_retry, await_parked, await_ready,
        await_unready,
    },
    jobs::{await_pages, identified_job, slow_job},
    proxy::Direction,
    samples,
    servers::PrivateStore,
};

const STORE: &str = "QUIRE_S3_ENDPOINT";

#[tokio::test]
async fn jobs_that_come_while_the_store_is_away_wait_uncounted_until_it_is_back() {
    let store = PrivateStore::start().await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    store.stop().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(world.submit(Job::new(source.clone())).await);
    }
    await_parked(&mut events).await;
    await_unready(&worker, "storage").await;

    store.start_again().await;
    for job_id in &jobs {
        assert_succeeded(&world.await_result(job_id).await, 4);
    }
    await_ready(&worker).await;
    assert_nothing_left(&world, &mut worker, &jobs).await;
}

#[tokio::test]
async fn a_job_that_loses_the_store_between_two_pages_waits_uncounted_and_goes_on_from_there() {
    let store = PrivateStore::start().await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 3).await;
    store.kill().await;
    await_parked(&mut events).await;

    store.start_again().await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 30);
    assert_eq!(result.branches.images.cache_hit, Some(true));
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

/// A store that is not atomic leaves such an object when its writer is killed over it.
#[tokio::test]
async fn a_state_with_a_wrong_checksum_does_not_hold_up_its_job() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = PrivateStore::start_on(folder.path()).await;
    let world = World::on(None, Some(&store)).await;
    let job = identified_job(world.upload(samples::report()).await);
    let key = world.keys(&job.job_id.expect("just given")).state();
    let state = JobState::of_run(2, 0, Phase::Render);
    world.put(&key, serde_json::to_vec(&state).expect("plain data")).await;
    tear(folder.path(), &key);
    assert!(matches!(world.store.get(&key, 1 << 20).await, Err(StoreError::Damaged { .. })));

    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let job_id = world.submit(job).await;
    await_end_without_retry(&mut events).await;
    assert_succeeded(&world.await_result(&job_id).await, 4);
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_document_with_a_wrong_checksum_fails_its_own_job_only() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = PrivateStore::start_on(folder.path()).await;
    let world = World::on(None, Some(&store)).await;
    let worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let source = world.upload(samples::report()).await;
    let Source::S3 { key, .. } = &source else { panic!("uploaded to the store") };
    tear(folder.path(), key);
    let result = world.await_result(&world.submit(Job::new(source)).await).await;
    assert_failed(&result, &["source_unavailable", "attempts_exhausted"]);
    assert_eq!(worker.ask("/readyz").await.0, 200);
}

#[tokio::test]
async fn a_slow_store_makes_a_job_slow_and_nothing_else() {
    let (world, proxy) = World::new().await.through_proxy(STORE).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    proxy.delay(Duration::from_millis(200));
    proxy.limit(200_000);
    let job_id = world.submit_document(samples::report()).await;
    await_end_without_retry(&mut events).await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 4);
    // The source, a page and the result are three requests, one after the other.
    assert!(result.timings.total.is_some_and(|total| total >= 1200.0), "{:?}", result.timings);
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_once_is_sent_again_at_once() {
    let (world, proxy) = World::new().await.through_proxy(STORE).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    // What every PNG file has in its body.
    proxy.cut_before(Direction::ToServer, b"IDAT");
    let job_id = world.submit_document(samples::report()).await;
    proxy.await_cut().await;
    await_end_without_retry(&mut events).await;
    assert_succeeded(&world.await_result(&job_id).await, 4);
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_job_whose_uploads_break_off_again_and_again_waits_uncounted_and_leaves_no_halves() {
    let (world, proxy) = World::new().await.through_proxy(STORE).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    // Less than any page image of the document has.
    proxy.reset_after(Direction::ToServer, 50_000);
    let job_id = world.submit_document(samples::report()).await;
    proxy.await_cut().await;
    await_parked(&mut events).await;
    proxy.heal();
    assert_succeeded(&world.await_result(&job_id).await, 4);
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_store_that_falls_silent_and_comes_back_costs_no_attempt() {
    let (world, proxy) = World::new().await.through_proxy(STORE).await;
    let mut worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let under_way = world.submit(slow_job(source)).await;
    await_pages(&world, &under_way, 3).await;
    proxy.black_hole();
    let meanwhile = world.submit_document(samples::report()).await;
    await_unready(&worker, "storage").await;
    assert_eq!(world.result(&under_way).await, None, "it was done before the store fell silent");

    proxy.heal();
    assert_succeeded(&world.await_result(&under_way).await, 30);
    assert_succeeded(&world.await_result(&meanwhile).await, 4);
    await_ready(&worker).await;
    assert_nothing_left(&world, &mut worker, &[under_way, meanwhile]).await;
}

#[tokio::test]
async fn a_worker_that_finds_no_store_at_its_start_says_so_and_exits_69() {
    // Nothing listens on port 1.
    let world = World::bare().await.with_setting(STORE, "http://127.0.0.1:1");
    let mut worker = world.worker().launch();
    assert_eq!(worker.exit().await.code(), Some(69), "{}", worker.log());
    assert!(worker.log().contains("object storage is out of reach"), "{}", worker.log());
}

#[tokio::test]
async fn a_worker_whose_credentials_are_wrong_says_so_at_its_start_and_exits_69() {
    let world = World::bare().await.with_setting("AWS_SECRET_ACCESS_KEY", "canary-9d1c");
    let mut worker = world.worker().launch();
    assert_eq!(worker.exit().await.code(), Some(69), "{}", worker.log());
    assert!(worker.log().contains("denied") && !worker.log().contains("canary"), "{}", worker.log());
}

/// Changes an object behind the server's back.
fn tear(folder: &Path, key: &str) {
    let file = folder.join("quire").join(key);
    let mut body = std::fs::read(&file).expect("stored before");
    body.push(b' ');
    std::fs::write(&file, body).expect("our own folder");
}
