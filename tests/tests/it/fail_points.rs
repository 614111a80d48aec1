//! A worker that dies between two steps of a job: the next one finishes it, and repeats no step
//! whose outcome is safe already.

use std::time::Duration;

use nix::sys::signal::Signal;
use quire_producer::schemas::{
    event::ResultLocation,
    failure::ErrorCode,
    job::{Job, JobId},
    names::header,
    result::JobStatus,
    sha256::Sha256,
};
use quire_tests::{
    Worker, WorkerBuilder, World,
    events::{await_event, finished, listen},
    eventually,
    expect::{assert_settled, assert_succeeded},
    jobs::{assert_killed, late_source},
    parse_api::{ParseApi, Scenario, llamaparse_job},
    samples,
};

const REPEATED: &str = "quire_jobs_total{lane=\"normal\",outcome=\"repeated\"}";

/// Of a document of four pages.
#[derive(Debug, PartialEq, Eq)]
struct Pages {
    /// What lay in storage as a whole when the first worker was dead.
    stored: u64,
    /// What the second took as it was.
    reused: u64,
    /// What the second made.
    rendered: u64,
}

#[tokio::test]
async fn after_a_death_before_the_first_page_every_page_is_made_by_the_next_worker() {
    let pages = finish_after_a_death_at("fetched").await;
    assert_eq!(pages, Pages { stored: 0, reused: 0, rendered: 4 });
}

#[tokio::test]
async fn after_a_death_between_two_pages_no_stored_page_is_rendered_again() {
    for (point, at_least) in [("page_started=3", 0), ("page_rendered=3", 0), ("page_uploaded=3", 1)] {
        let pages = finish_after_a_death_at(point).await;
        assert!(pages.stored >= at_least, "{point}: {pages:?}");
        // More than were stored then: storage may have had the whole of one that it had not
        // written yet.
        assert!(pages.reused >= pages.stored && pages.reused + pages.rendered == 4, "{point}: {pages:?}");
    }
}

#[tokio::test]
async fn after_a_death_behind_the_last_page_no_page_is_rendered_again() {
    for point in ["assembled", "artifacts_stored"] {
        assert_eq!(finish_after_a_death_at(point).await, Pages { stored: 4, reused: 4, rendered: 0 }, "{point}");
    }
}

#[tokio::test]
async fn after_a_death_behind_the_result_it_is_announced_and_nothing_is_done_again() {
    for point in ["result_stored", "finished_published"] {
        let world = World::new().await;
        let job_id = world.submit_document(samples::report()).await;
        die_at(point, world.worker()).await;
        let key = world.keys(&job_id).result();
        let result = world.object(&key).await.unwrap_or_else(|| panic!("{point}: there is no result"));

        let mut events = listen(&world).await;
        let mut second = world.worker().start().await;
        let announced = await_event(&mut events, "the job is announced again", finished).await;
        let location = ResultLocation { uri: world.store.uri(&key), sha256: Sha256::of(&result).to_string() };
        assert_eq!(announced, (JobStatus::Succeeded, Some(location)), "{point}");
        await_repeated(&second, 1).await;
        assert_eq!(second.metric("quire_pages_rendered_total").await, Some(0), "{point}");
        assert_settled(&world, &mut second).await;
        assert_eq!(world.object(&key).await, Some(result), "{point}: the result was written again");
        assert_ended_well(&world, &job_id).await;
    }
}

#[tokio::test]
async fn a_death_right_behind_the_acknowledgement_changes_nothing() {
    let world = World::new().await;
    let job_id = world.submit_document(samples::report()).await;
    die_at("acked", world.worker()).await;
    let key = world.keys(&job_id).result();
    let result = world.object(&key).await;
    assert!(result.is_some(), "acknowledged before there was a result");
    // Whether the acknowledgement got out is open: the job comes again, or it does not.
    let mut second = world.worker().start().await;
    assert_settled(&world, &mut second).await;
    assert_eq!(world.object(&key).await, result);
    assert_ended_well(&world, &job_id).await;
}

#[tokio::test]
async fn a_retry_that_is_with_the_broker_twice_ends_in_one_result() {
    let world = World::new().await;
    let (key, source) = late_source(&world);
    let job_id = world.submit(Job::new(source)).await;
    die_at("retry_published", world.worker()).await;
    world.put(&key, samples::report()).await;

    let mut second = world.worker().start().await;
    world.await_result(&job_id).await;
    let result = world.object(&world.keys(&job_id).result()).await;
    await_repeated(&second, 1).await;
    assert_settled(&world, &mut second).await;
    assert_eq!(world.object(&world.keys(&job_id).result()).await, result);
    assert_ended_well(&world, &job_id).await;
}

#[tokio::test]
async fn a_job_that_is_given_back_twice_ends_in_one_result_and_one_parse() {
    let parse = Scenario::Ok { polls: 1, delay: Duration::from_secs(8) };
    let (world, api) = (World::new().await, ParseApi::start(4, parse).await);
    let settings = api.worker(&world).with("QUIRE_SHUTDOWN_GRACE", "2s");
    let mut first = settings.with("QUIRE_FAIL_POINT", "released").start().await;
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    eventually("the worker polls", || async { (!api.polls().is_empty()).then_some(()) }).await;
    first.signal(Signal::SIGTERM);
    assert_killed(&mut first, "released").await;

    let mut second = api.worker(&world).start().await;
    world.await_result(&job_id).await;
    assert_settled(&world, &mut second).await;
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_ended_well(&world, &job_id).await;
}

#[tokio::test]
async fn after_a_death_behind_a_failed_result_there_is_no_second_dead_letter() {
    for point in ["result_stored", "finished_published"] {
        let world = World::new().await;
        let job_id = world.submit_document(samples::encrypted()).await;
        die_at(point, world.worker()).await;
        let mut second = world.worker().start().await;
        await_repeated(&second, 1).await;
        assert_settled(&world, &mut second).await;
        assert_eq!(letters(&world).await, [buried(&job_id)], "{point}");
        assert_eq!(world.result(&job_id).await.map(|result| result.status), Some(JobStatus::Failed), "{point}");
        world.assert_nothing_astray(&job_id).await;
    }
}

#[tokio::test]
async fn after_a_death_right_behind_the_dead_letter_the_job_gets_its_failed_result() {
    let world = World::new().await;
    let job_id = world.submit_document(samples::encrypted()).await;
    die_at("dead_letter_published", world.worker()).await;
    assert_eq!(letters(&world).await, [buried(&job_id)]);
    assert_eq!(world.result(&job_id).await, None);

    let mut second = world.worker().start().await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);
    assert_settled(&world, &mut second).await;
    // The broker cannot be asked whether the first letter is there: it may be written twice, word
    // for word.
    let mut letters = letters(&world).await;
    letters.dedup();
    assert_eq!(letters, [buried(&job_id)]);
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_death_beside_an_upload_to_the_parse_service_buys_no_second_parse() {
    // Noted that there will be an upload; noted which parse it has become.
    for point in ["external_recorded", "external_recorded:2"] {
        let (world, api) = (World::new().await, ParseApi::start(4, Scenario::prompt()).await);
        let source = world.upload(samples::report()).await;
        let job_id = world.submit(llamaparse_job(source, &[])).await;
        die_at(point, api.worker(&world)).await;
        let mut second = api.worker(&world).start().await;
        let result = world.await_result(&job_id).await;
        assert_eq!(result.branches.parse.external_job_id.as_deref(), Some("pjb-0001"), "{point}");
        assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1), "{point}");
        assert_settled(&world, &mut second).await;
        assert_ended_well(&world, &job_id).await;
    }
}

/// Has one worker die on a document of four pages, and a second one finish it.
async fn finish_after_a_death_at(point: &str) -> Pages {
    let world = World::new().await;
    let job_id = world.submit_document(samples::report()).await;
    die_at(point, world.worker().with("QUIRE_RENDERERS", "1")).await;
    let stored = count_whole_pages(&world, &job_id).await;
    assert_eq!(world.result(&job_id).await, None, "{point} comes before the result");
    let mut second = world.worker().start().await;
    world.await_result(&job_id).await;
    let reused = second.metric("quire_pages_reused_total").await.unwrap_or_default();
    let rendered = second.metric("quire_pages_rendered_total").await.unwrap_or_default();
    assert_settled(&world, &mut second).await;
    assert_ended_well(&world, &job_id).await;
    Pages { stored, reused, rendered }
}

/// Starts a worker that kills itself at this place, and waits until it has.
async fn die_at(point: &str, worker: WorkerBuilder) {
    let mut worker = worker.with("QUIRE_FAIL_POINT", point).launch();
    assert_killed(&mut worker, point).await;
}

/// Counts the page images that are stored together with what makes them usable again.
async fn count_whole_pages(world: &World, job_id: &JobId) -> u64 {
    let mut whole = 0;
    for key in world.store.list(&world.keys(job_id).pages()).await.expect("the store answers") {
        let head = world.store.head(&key).await.expect("the store answers");
        whole += u64::from(head.is_some_and(|head| head.metadata.contains_key("fingerprint")));
    }
    whole
}

async fn await_repeated(worker: &Worker, times: u64) {
    eventually("the job is found done", || async { (worker.metric(REPEATED).await == Some(times)).then_some(()) })
        .await;
}

/// Asserts that a document of four pages has come out whole, at the first attempt.
async fn assert_ended_well(world: &World, job_id: &JobId) {
    let result = world.result(job_id).await.expect("the job has ended");
    assert_succeeded(&result, 4);
    world.assert_nothing_astray(job_id).await;
    assert_eq!(letters(world).await.len(), 0);
}

/// Whose the dead letters are, and why they were written.
async fn letters(world: &World) -> Vec<(Option<String>, Option<String>)> {
    let letters = world.dead_letters().await.into_iter();
    letters.map(|mut letter| (letter.message_id, letter.headers.remove(header::ERROR_CODE))).collect()
}

fn buried(job_id: &JobId) -> (Option<String>, Option<String>) {
    (Some(job_id.to_string()), Some(ErrorCode::PasswordRequired.as_str().to_owned()))
}
