//! A job that comes again continues; one that has ended is only announced again.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use quire_producer::{
    schemas::{
        event::ResultLocation,
        job::{ImageFormat, Job, JobId},
        names::header,
        result::{JobStatus, ParseResult},
        sha256::Sha256,
    },
    store::Metadata,
};
use quire_tests::{
    World,
    events::{await_event, finished, listen},
    jobs::{await_pages, identified_job, slow_job},
    samples,
};

#[tokio::test]
async fn after_a_kill_between_two_pages_no_stored_page_is_written_again() {
    let world = World::new().await;
    let mut first = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 6).await;
    first.kill().await;
    assert_eq!(world.result(&job_id).await, None, "killed too late to show anything");
    let marked = mark_pages(&world, &job_id).await;
    assert!(marked.len() >= 5, "{marked:?}");

    let second = world.worker().start().await;
    let result = world.await_result(&job_id).await;
    let end = (&result.status, result.page_images.len(), result.branches.images.cache_hit);
    assert_eq!(end, (&JobStatus::Succeeded, 30, Some(true)));
    assert_eq!(marked_pages(&world, &job_id).await, marked);
    let reused = second.metric("quire_pages_reused_total").await.unwrap_or_default();
    assert!(reused >= marked.len() as u64, "{reused} of {}", marked.len());
}

#[tokio::test]
async fn a_finished_job_that_comes_again_is_announced_again_and_not_worked_on() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    await_event(&mut events, "the job ends", finished).await;
    let key = world.keys(&job_id).result();
    let result = world.object(&key).await.expect("announced, so stored");

    world.submit(job).await;
    let again = await_event(&mut events, "the job is announced again", finished).await;
    let location = ResultLocation { uri: world.store.uri(&key), sha256: Sha256::of(&result).to_string() };
    assert_eq!(again, (JobStatus::Succeeded, Some(location)));
    world.await_idle().await;
    assert_eq!(world.object(&key).await, Some(result));
    assert_eq!(worker.metric("quire_jobs_total{lane=\"normal\",outcome=\"repeated\"}").await, Some(1));
    assert_eq!(worker.metric("quire_jobs_total{lane=\"normal\",outcome=\"succeeded\"}").await, Some(1));
}

#[tokio::test]
async fn page_images_of_an_earlier_run_are_counted_as_reused() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    await_event(&mut events, "the job ends", finished).await;
    world.store.delete(&world.keys(&job_id).result()).await.expect("the store answers");
    world.submit(job).await;
    let result = world.await_result(&job_id).await;
    assert_eq!((result.page_images.len(), result.branches.images.cache_hit), (4, Some(true)));
    assert_eq!(worker.metric("quire_pages_reused_total").await, Some(4));
}

#[tokio::test]
async fn a_stored_page_with_another_fingerprint_is_rendered_again() {
    let world = World::new().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = job.job_id.expect("given above");
    let (key, stale) = (world.keys(&job_id).page(1, ImageFormat::Png), Bytes::from_static(b"of another renderer"));
    let metadata = page_metadata(&stale);
    world.store.put(&key, stale.clone(), "image/png", &metadata).await.expect("the store takes it");

    let _worker = world.worker().start().await;
    world.submit(job).await;
    let result = world.await_result(&job_id).await;
    assert_eq!((&result.status, result.branches.images.cache_hit), (&JobStatus::Succeeded, None));
    assert_ne!(world.object(&key).await, Some(stale));
    assert_eq!(stored_hashes(&world, &result).await, named_hashes(&result));
}

#[tokio::test]
async fn two_runs_of_one_document_make_the_same_bytes_of_every_page() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    let [first, second] = [world.submit(Job::new(source.clone())).await, world.submit(Job::new(source)).await];
    let [first, second] = [world.await_result(&first).await, world.await_result(&second).await];
    let hashes = stored_hashes(&world, &first).await;
    assert_eq!(hashes.len(), 4);
    assert_eq!(hashes, stored_hashes(&world, &second).await);
}

#[tokio::test]
async fn another_body_under_a_finished_jobs_id_is_a_dead_letter_and_changes_nothing() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    world.await_result(&job_id).await;
    let key = world.keys(&job_id).result();
    let result = world.object(&key).await;

    let source = world.upload(samples::scanned()).await;
    world.submit(Job { source, ..job }).await;
    let letter = world.await_dead_letters(1).await.remove(0);
    let code = letter.headers.get(header::ERROR_CODE).map(String::as_str);
    assert_eq!((letter.routing_key.as_str(), code), ("invalid.normal", Some("invalid_job")));
    assert_eq!(letter.message_id, Some(job_id.to_string()));
    world.await_idle().await;
    assert_eq!(world.object(&key).await, result);
}

async fn pages(world: &World, job_id: &JobId) -> Vec<String> {
    world.store.list(&world.keys(job_id).pages()).await.expect("the store answers")
}

/// Marks every page image that is stored as a whole: writing it again removes the mark.
async fn mark_pages(world: &World, job_id: &JobId) -> BTreeSet<String> {
    let mut marked = BTreeSet::new();
    for key in pages(world, job_id).await {
        let head = world.store.head(&key).await.expect("the store answers").expect("just listed");
        let body = world.object(&key).await.expect("just listed");
        // A server may list an object whose metadata was not written any more.
        if head.metadata.contains_key("fingerprint") {
            let mut metadata = head.metadata;
            metadata.insert("mark".to_owned(), "kept".to_owned());
            world.store.put(&key, body, "image/png", &metadata).await.expect("the store takes it");
            marked.insert(key);
        }
    }
    marked
}

async fn marked_pages(world: &World, job_id: &JobId) -> BTreeSet<String> {
    let mut marked = BTreeSet::new();
    for key in pages(world, job_id).await {
        let head = world.store.head(&key).await.expect("the store answers").expect("just listed");
        if head.metadata.contains_key("mark") {
            marked.insert(key);
        }
    }
    marked
}

/// What a page image carries, but for a fingerprint that no renderer makes.
fn page_metadata(body: &[u8]) -> Metadata {
    let sha256 = Sha256::of(body).to_string();
    let known = [("sha256", sha256.as_str()), ("width", "1"), ("height", "1"), ("scale", "1")];
    let entries = known.into_iter().chain([("fingerprint", "another")]);
    entries.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn stored_hashes(world: &World, result: &ParseResult) -> BTreeMap<u32, Sha256> {
    let mut hashes = BTreeMap::new();
    for (page, image) in &result.page_images {
        let stored = world.object(&image.object.key).await.expect("named, so stored");
        hashes.insert(*page, Sha256::of(&stored));
    }
    hashes
}

fn named_hashes(result: &ParseResult) -> BTreeMap<u32, Sha256> {
    result.page_images.iter().map(|(page, image)| (*page, image.object.sha256)).collect()
}
