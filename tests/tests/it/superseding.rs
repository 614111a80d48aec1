//! Results that a later generation of their job replaces, and results that stay.

use quire_producer::schemas::{
    event::ResultLocation,
    job::{Branch, Engine, ImageFormat, ImageOptions, Job, JobId, ParseOptions, Source},
    result::{JobStatus, ParseResult, Phase},
    sha256::Sha256,
    state::JobState,
};
use quire_tests::{
    Worker, World,
    events::{await_event, finished_generation, listen},
    eventually,
    expect::{assert_nothing_left, assert_settled, assert_succeeded},
    jobs::{await_generation, await_pages, identified_job, slow_job},
    replay::{publish_generation, replay},
    samples,
};

const REPEATED: &str = "quire_jobs_total{lane=\"normal\",outcome=\"repeated\"}";

#[tokio::test]
async fn a_partial_result_stays_until_a_replay_ends_and_nothing_of_it_after_that() {
    let world = World::new().await;
    let mut worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let job = partial_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    let partial = world.await_result(&job_id).await;
    assert_eq!((&partial.status, partial.page_images.len()), (&JobStatus::PartialSuccess, 4), "{:?}", partial.errors);
    world.await_idle().await;
    assert_eq!(world.dead_letters().await.len(), 0, "a partial result has a letter");

    // What an operator can replay is the letter of another body under the id of a job that has ended.
    let source = world.upload(samples::large(24)).await;
    let images = Some(ImageOptions { format: ImageFormat::Webp, dpi: 200, ..ImageOptions::default() });
    world.submit(Job { job_id: Some(job_id), images, ..Job::new(source) }).await;
    world.await_dead_letters(1).await;
    replay(&world, &job_id).await;
    await_an_image_of(&world, &job_id, ".webp").await;
    for image in partial.page_images.values() {
        let stored = world.object(&image.object.key).await.expect("the result names it still");
        assert_eq!(Sha256::of(&stored), image.object.sha256, "{}", image.object.key);
    }
    assert_eq!(world.result(&job_id).await.as_ref(), Some(&partial), "replaced before the replay had ended");

    let result = await_generation(&world, &job_id, 1).await;
    assert_succeeded(&result, 24);
    world.await_idle().await;
    assert_stays(&world, &worker, &job_id, &[(job, 0)]).await;
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_cancelled_result_is_superseded_by_a_later_generation_and_by_no_message_of_its_own() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = job.job_id.expect("given above");
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    world.submit(job.clone()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Cancelled);
    world.await_idle().await;
    assert_stays(&world, &worker, &job_id, &[(job.clone(), 0)]).await;

    publish_generation(&world, &job, 1).await;
    let result = await_generation(&world, &job_id, 1).await;
    assert_succeeded(&result, 4);
    world.await_idle().await;
    assert_stays(&world, &worker, &job_id, &[(job.clone(), 0), (job, 1)]).await;
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_succeeded_result_stays_when_a_later_generation_comes_that_is_not_forced() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
    world.await_idle().await;
    // As if the job had succeeded while its replay was in the queue.
    let other = Job { source: world.upload(samples::rotated()).await, ..job.clone() };
    assert_stays(&world, &worker, &job_id, &[(job, 1), (other, 2)]).await;
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn the_end_of_an_earlier_generation_deletes_nothing_that_a_later_one_has_stored() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::large(8)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    // What a replay on another worker leaves meanwhile.
    let keys = world.keys(&job_id);
    let (state, page) = (keys.state(), format!("{}0001.webp", keys.pages()));
    let noted = JobState::of_run(2, 1, Phase::Render);
    world.put(&state, serde_json::to_vec(&noted).expect("plain data")).await;
    world.put(&page, b"an image".to_vec()).await;

    assert_succeeded(&world.await_result(&job_id).await, 8);
    assert_settled(&world, &mut worker).await;
    assert!(world.object(&state).await.is_some(), "the replay does not know what it has paid for");
    assert!(world.object(&page).await.is_some(), "the replay's result names nothing");
}

/// A job that nobody parses, which it does not require.
fn partial_job(source: Source) -> Job {
    let parse = ParseOptions { engine: Engine::Llamaparse, ..ParseOptions::default() };
    Job { parse, require: Some(vec![Branch::Images]), ..identified_job(source) }
}

async fn await_an_image_of(world: &World, job_id: &JobId, extension: &str) {
    let pages = world.keys(job_id).pages();
    eventually("an image is stored", || async {
        let stored = world.store.list(&pages).await.expect("the store answers");
        stored.iter().any(|key| key.ends_with(extension)).then_some(())
    })
    .await;
}

/// Asserts that a result is announced to each of these messages, and written by none of them.
async fn assert_stays(world: &World, worker: &Worker, job_id: &JobId, messages: &[(Job, u32)]) {
    let (key, before) = (world.keys(job_id).result(), worker.metric(REPEATED).await.unwrap_or_default());
    let json = world.object(&key).await.expect("the job has ended");
    let result: ParseResult = serde_json::from_slice(&json).expect("a result");
    let location = ResultLocation { uri: world.store.uri(&key), sha256: Sha256::of(&json).to_string() };
    let mut events = listen(world).await;
    for (count, (job, generation)) in (before + 1..).zip(messages) {
        publish_generation(world, job, *generation).await;
        eventually("the job is found done", || async { (worker.metric(REPEATED).await == Some(count)).then_some(()) })
            .await;
        let announced = await_event(&mut events, "the result is announced", finished_generation).await;
        assert_eq!(announced, (result.generation, Some(location.clone())), "to a message of generation {generation}");
        assert_eq!(
            world.object(&key).await.as_ref(),
            Some(&json),
            "generation {generation} has written another result"
        );
    }
}
