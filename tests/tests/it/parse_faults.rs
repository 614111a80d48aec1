//! A parse service that misbehaves: page images are delivered whatever it does, its bill has one
//! line, and its trouble is not held against the job.

use std::time::Duration;

use futures_util::future::join_all;
use quire_producer::schemas::{
    job::{Engine, Job, JobId},
    result::{BranchStatus, JobStatus, ParseResult},
};
use quire_tests::{
    World,
    events::{await_event, finished, listen},
    eventually,
    expect::{
        assert_failed, assert_no_letters, assert_nothing_left, assert_settled, assert_succeeded, assert_succeeded_at,
        await_retry,
    },
    jobs::tell_workers_to_cancel,
    parse_api::{ParseApi, RetryAfter, Scenario, Step, llamaparse_job},
    samples,
};

#[tokio::test]
async fn a_fault_that_passes_within_a_call_costs_no_attempt_and_no_second_parse() {
    let throttled = |retry_after| Scenario::Throttled { times: 1, retry_after };
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::prompt()).await);
    let _worker = api.worker(&world).start().await;
    for (step, scenario) in [
        (Step::Upload, throttled(None)),
        (Step::Upload, Scenario::Unavailable { times: 2 }),
        (Step::Upload, Scenario::Html502 { times: 1 }),
        (Step::Upload, Scenario::DropAfterUpload),
        (Step::Poll, throttled(Some(RetryAfter::Milliseconds(700)))),
        (Step::Poll, Scenario::Unavailable { times: 1 }),
        (Step::Result, Scenario::Html502 { times: 2 }),
        (Step::Result, Scenario::DropMidBody),
    ] {
        let parses = api.jobs().len();
        api.change(scenario.clone());
        api.strike_at(step);
        let job_id = submit(&world, &[]).await;
        let result = world.await_result(&job_id).await;
        let end = (&result.status, result.provenance.attempt, result.page_images.len());
        assert_eq!(end, (&JobStatus::Succeeded, Some(1), 4), "{step:?} {scenario:?}: {:?}", result.errors);
        assert_eq!(api.jobs().len(), parses + 1, "{step:?} {scenario:?}");
    }
}

#[tokio::test]
async fn a_request_to_come_back_later_is_honoured_in_every_form() {
    const PAUSE: Duration = Duration::from_secs(2);
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::prompt()).await);
    let _worker = api.worker(&world).start().await;
    // A date has whole seconds: the moment that it names may be up to one earlier.
    let forms = [RetryAfter::Seconds(2), RetryAfter::Milliseconds(2000), RetryAfter::Date(Duration::from_secs(3))];
    for form in forms {
        let before = api.uploads().len();
        api.change(Scenario::Throttled { times: 1, retry_after: Some(form) });
        let job_id = submit(&world, &[]).await;
        assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
        let uploads = api.uploads();
        let [refused, taken] = &uploads[before..] else { panic!("not two uploads: {form:?}") };
        // Clocks of different kinds are compared: what the date is made from, and what sleeps.
        assert!(taken.at - refused.at > PAUSE.mul_f64(0.98), "{form:?}: {:?}", taken.at - refused.at);
    }
}

#[tokio::test]
async fn a_request_to_come_back_much_later_parks_the_job_uncounted() {
    const PAUSE: Duration = Duration::from_secs(25);
    let throttled = Scenario::Throttled { times: 1, retry_after: Some(RetryAfter::Seconds(25)) };
    let (world, api) = (World::new().await, ParseApi::start(4, throttled).await);
    let mut events = listen(&world).await;
    let mut worker = api.worker(&world).start().await;
    let job_id = submit(&world, &[]).await;
    assert_eq!(await_retry(&mut events).await.terms(), ("parser_throttled", false, 1));
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 4);
    assert_eq!(result.branches.images.cache_hit, Some(true), "the images were made again");
    let uploads = api.uploads();
    let [refused, taken] = uploads.as_slice() else { panic!("not two uploads") };
    assert!(taken.at - refused.at > PAUSE, "{:?}", taken.at - refused.at);
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_service_that_never_comes_to_an_end_is_replaced_in_time() {
    for (step, scenario, parses) in
        [(Step::Upload, Scenario::Silent, 0), (Step::Poll, Scenario::Silent, 1), (Step::Poll, Scenario::Stuck, 1)]
    {
        let (world, api) = (World::new().await, ParseApi::start(4, scenario.clone()).await);
        api.strike_at(step);
        let mut worker = api.worker(&world).with("QUIRE_JOB_TIMEOUT", "13s").start().await;
        let job_id = submit(&world, &[Engine::Pdfium]).await;
        assert_replaced(&world.await_result(&job_id).await);
        assert_eq!((api.uploads().len(), api.jobs().len()), (1, parses), "{step:?} {scenario:?}");
        assert_settled(&world, &mut worker).await;
    }
}

#[tokio::test]
async fn a_service_that_loses_the_parse_or_talks_nonsense_is_replaced() {
    for scenario in [Scenario::LostOnPoll, Scenario::Cancelled, Scenario::GarbageJson] {
        let (world, api) = (World::new().await, ParseApi::start(4, scenario.clone()).await);
        let mut worker = api.worker(&world).start().await;
        let job_id = submit(&world, &[Engine::Pdfium]).await;
        assert_replaced(&world.await_result(&job_id).await);
        assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1), "{scenario:?}");
        assert_settled(&world, &mut worker).await;
    }
}

#[tokio::test]
async fn a_result_that_comes_after_its_parse_is_completed_is_waited_for_and_bought_once() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::LateResult { times: 3 }).await);
    let mut worker = api.worker(&world).start().await;
    let job_id = submit(&world, &[]).await;
    assert_succeeded(&world.await_result(&job_id).await, 4);
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_settled(&world, &mut worker).await;
}

#[tokio::test]
async fn a_lost_parse_is_bought_again_by_the_next_attempt() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::LostOnPoll).await);
    let mut events = listen(&world).await;
    let mut worker = api.worker(&world).start().await;
    let job_id = submit(&world, &[]).await;
    assert_eq!(await_retry(&mut events).await.terms(), ("parser_job_lost", true, 1));
    api.change(Scenario::prompt());
    let result = world.await_result(&job_id).await;
    assert_succeeded_at(&result, 2, 4);
    let parse = &result.branches.parse;
    assert_eq!((parse.external_job_id.as_deref(), api.jobs().len()), (Some("pjb-0002"), 2));
    assert_eq!(result.branches.images.cache_hit, Some(true), "the images were made again");
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_parse_that_is_never_done_fails_the_job_with_the_images_that_were_made() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::Stuck).await);
    let settings = api.worker(&world).with("QUIRE_JOB_TIMEOUT", "13s");
    let mut worker = settings.with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let job_id = submit(&world, &[]).await;
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["parser_timeout", "attempts_exhausted"]);
    let branches = (&result.branches.parse.status, &result.branches.images.status);
    assert_eq!(branches, (&BranchStatus::Failed, &BranchStatus::Succeeded));
    assert_eq!((result.page_images.len(), api.uploads().len()), (4, 1));
    let letters = world.await_dead_letters(1).await;
    assert_eq!(letters[0].code(), "parser_timeout");
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_service_that_sees_other_pages_than_there_are_changes_none_that_are_there() {
    for (scenario, status, missing) in [
        (Scenario::MorePages, JobStatus::Succeeded, vec![]),
        (Scenario::FewerPages, JobStatus::PartialSuccess, vec![4]),
    ] {
        let (world, api) = (World::new().await, ParseApi::start(4, scenario.clone()).await);
        let _worker = api.worker(&world).start().await;
        let job_id = submit(&world, &[]).await;
        let result = world.await_result(&job_id).await;
        assert_eq!((&result.status, &result.branches.parse.pages_failed), (&status, &missing), "{scenario:?}");
        let pages: Vec<u32> = result.pages.iter().map(|page| page.page_number).collect();
        assert_eq!((pages, result.page_images.len()), (vec![1, 2, 3, 4], 4), "{scenario:?}");
        assert!(result.elements.iter().all(|element| element.page_number <= 4), "{scenario:?}");
        assert!(warnings(&result).contains(&"page_count_mismatch"), "{scenario:?}: {:?}", result.warnings);
    }
}

#[tokio::test]
async fn the_service_is_told_when_a_job_is_cancelled_that_it_works_on() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::Stuck).await);
    let mut events = listen(&world).await;
    let mut worker = api.worker(&world).start().await;
    let job_id = submit(&world, &[]).await;
    eventually("the worker polls", || async { (!api.polls().is_empty()).then_some(()) }).await;
    tell_workers_to_cancel(&world, &job_id).await;
    let (status, _) = await_event(&mut events, "the end is announced", finished).await;
    assert_eq!(status, JobStatus::Cancelled);
    eventually("the service is told", || async { (!api.cancellations().is_empty()).then_some(()) }).await;
    assert_eq!(api.cancellations(), ["pjb-0001"]);
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn ten_messages_of_one_job_come_to_one_result_and_one_paid_parse() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::prompt()).await);
    let mut events = listen(&world).await;
    let mut worker = api.worker(&world).start().await;
    let source = world.upload(samples::report()).await;
    let job = Job { job_id: Some(JobId::generate()), ..llamaparse_job(source, &[]) };
    let ids = join_all((0..10).map(|_| world.submit(job.clone()))).await;
    let mut ends = Vec::new();
    while ends.len() < 10 {
        ends.push(await_event(&mut events, "every message is announced", finished).await);
    }
    ends.dedup();
    assert_eq!(ends.len(), 1, "more than one result was announced: {ends:?}");
    let result = world.result(&ids[0]).await.expect("announced, so stored");
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 4));
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&ids[0]).await;
    assert_no_letters(&world).await;
}

/// Submits a document of four pages.
async fn submit(world: &World, fallback: &[Engine]) -> JobId {
    let source = world.upload(samples::report()).await;
    world.submit(llamaparse_job(source, fallback)).await
}

/// Asserts that the local engine has parsed at the first attempt, that this is told, and that the
/// images are there.
fn assert_replaced(result: &ParseResult) {
    assert_succeeded(result, 4);
    let parse = &result.branches.parse;
    assert_eq!(parse.fallback_from.as_deref(), Some("llamaparse"));
    assert_eq!(parse.engine.as_ref().map(|engine| engine.name.as_str()), Some("pdfium"));
    assert_eq!(warnings(result), ["fallback_used"]);
    assert!(result.elements.iter().any(|element| element.text == "Folding the sheet"), "{:?}", result.elements);
}

fn warnings(result: &ParseResult) -> Vec<&str> {
    result.warnings.iter().map(|warning| warning.code.as_str()).collect()
}
