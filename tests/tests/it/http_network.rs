//! The network before a parse service and before a web source: answers that break off, and servers
//! that fall silent. Nothing is paid for twice.

use std::time::Duration;

use quire_producer::schemas::{
    job::{Job, JobId, Source},
    result::{JobStatus, ParseResult},
    sha256::Sha256,
};
use quire_tests::{
    Worker, WorkerBuilder, World,
    events::listen,
    eventually,
    expect::{assert_nothing_left, assert_settled, assert_succeeded_at, await_end_without_retry, await_retry},
    parse_api::{ParseApi, Scenario, llamaparse_job},
    proxy::{Direction, Proxy},
    samples,
    web::{Answer, Web},
};

/// With what an answer about one parse begins.
const ABOUT_A_PARSE: &[u8] = b"{\"job\":{";
/// What every parse is known by.
const PARSE_ID: &[u8] = b"pjb-";

#[tokio::test]
async fn an_answer_to_a_poll_that_breaks_off_is_asked_for_again_at_once() {
    let (world, api) = service(Scenario::Ok { polls: 4, delay: Duration::ZERO }).await;
    let proxy = Proxy::before(&api.base_url).await;
    let mut events = listen(&world).await;
    let mut worker = worker_behind(&proxy, &api, &world).start().await;
    let job_id = submit(&world).await;
    eventually("the worker polls", || async { (!api.polls().is_empty()).then_some(()) }).await;
    // In the middle of its head.
    proxy.reset_after(Direction::ToClient, 20);
    proxy.await_cut().await;
    proxy.heal();
    await_end_without_retry(&mut events).await;
    assert_parsed_once(&world, &mut worker, &api, &job_id, 1).await;
}

#[tokio::test]
async fn a_result_that_breaks_off_in_its_middle_is_fetched_again_at_once() {
    let (world, api) = service(Scenario::prompt()).await;
    let proxy = Proxy::before(&api.base_url).await;
    let mut events = listen(&world).await;
    let mut worker = worker_behind(&proxy, &api, &world).start().await;
    // More than the answers before it have together, and less than the result has.
    proxy.reset_after(Direction::ToClient, 4000);
    let job_id = submit(&world).await;
    proxy.await_cut().await;
    proxy.heal();
    await_end_without_retry(&mut events).await;
    assert!(api.results().len() > 1, "something else broke off");
    assert_parsed_once(&world, &mut worker, &api, &job_id, 1).await;
}

#[tokio::test]
async fn a_service_that_still_works_on_what_it_took_before_an_outage_counts_as_back() {
    let (world, api) = service(Scenario::Stuck).await;
    let proxy = Proxy::before(&api.base_url).await;
    let worker = worker_behind(&proxy, &api, &world).start().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(submit(&world).await);
    }
    eventually("the worker polls", || async { (api.jobs().len() == 3 && api.polls().len() > 3).then_some(()) }).await;
    proxy.refuse();
    await_breaker(&worker, 1).await;

    proxy.heal();
    await_breaker(&worker, 0).await;
    assert_eq!(api.jobs().len(), 3, "another document closed the breaker");
    for job_id in &jobs {
        assert_eq!(world.result(job_id).await, None, "its end closed the breaker");
    }
}

#[tokio::test]
async fn a_parse_whose_id_got_lost_on_the_way_is_looked_up_and_not_bought_again() {
    let (world, api) = service(Scenario::prompt()).await;
    let proxy = Proxy::before(&api.base_url).await;
    let mut events = listen(&world).await;
    let mut worker = worker_behind(&proxy, &api, &world).start().await;
    proxy.cut_before(Direction::ToClient, PARSE_ID);
    let job_id = submit(&world).await;
    proxy.await_cut().await;
    await_end_without_retry(&mut events).await;
    assert_eq!(api.lists().len(), 1);
    assert_parsed_once(&world, &mut worker, &api, &job_id, 1).await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_in_its_middle_is_made_again_at_once_and_paid_for_once() {
    let (world, api) = service(Scenario::prompt()).await;
    let proxy = Proxy::before(&api.base_url).await;
    let mut events = listen(&world).await;
    let mut worker = worker_behind(&proxy, &api, &world).start().await;
    // The document alone has more.
    proxy.reset_after(Direction::ToServer, 4000);
    let job_id = submit(&world).await;
    proxy.await_cut().await;
    assert_eq!(api.jobs().len(), 0, "half an upload started a parse");
    proxy.heal();
    await_end_without_retry(&mut events).await;
    assert!(!api.lists().is_empty(), "it was not looked up before it was repeated");
    assert_eq!(api.jobs()[0].file, samples::report());
    assert_succeeded_with_one_parse(&world, &api, &job_id, 1).await;
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_parse_service_that_is_silent_and_comes_back_holds_up_one_job_and_costs_no_attempt() {
    let (world, api) = service(Scenario::prompt()).await;
    let proxy = Proxy::before(&api.base_url).await;
    let mut events = listen(&world).await;
    let mut worker = worker_behind(&proxy, &api, &world).start().await;
    fall_silent_at_a_poll(&proxy);
    let job_id = submit(&world).await;
    await_silence(&proxy).await;
    let meanwhile = world.submit_document(samples::report()).await;
    assert_eq!(world.await_result(&meanwhile).await.status, JobStatus::Succeeded);
    assert_eq!(world.result(&job_id).await, None, "it did not wait for the service");

    proxy.heal();
    for _ in 0..2 {
        await_end_without_retry(&mut events).await;
    }
    assert_parsed_once(&world, &mut worker, &api, &job_id, 1).await;
}

#[tokio::test]
async fn a_parse_service_that_is_silent_for_a_whole_attempt_is_asked_by_the_next_one_for_the_same_parse() {
    let (world, api) = service(Scenario::prompt()).await;
    let proxy = Proxy::before(&api.base_url).await;
    let mut events = listen(&world).await;
    let settings = worker_behind(&proxy, &api, &world).with("QUIRE_JOB_TIMEOUT", "20s");
    let mut worker = settings.start().await;
    fall_silent_at_a_poll(&proxy);
    let job_id = submit(&world).await;
    await_silence(&proxy).await;
    assert_eq!(await_retry(&mut events).await.terms(), ("parser_timeout", true, 1));

    proxy.heal();
    let result = assert_parsed_once(&world, &mut worker, &api, &job_id, 2).await;
    assert_eq!(result.branches.images.cache_hit, Some(true), "the images were made again");
}

#[tokio::test]
async fn a_web_source_that_breaks_off_is_fetched_again_whole_by_the_next_attempt() {
    let document = samples::scanned();
    let (world, web) = (World::new().await, Web::start([("/a.pdf", Answer::Document(document.clone()))]).await);
    let proxy = Proxy::to(&web.address.to_string()).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_SOURCE_HOSTS", &proxy.address().to_string()).start().await;
    let half = u64::try_from(document.len() / 2).expect("a small document");
    proxy.reset_after(Direction::ToClient, half);
    let url = proxy.in_place_of(&web.url("/a.pdf"));
    let job_id = world.submit(Job::new(Source::Url { url })).await;
    proxy.await_cut().await;
    proxy.heal();
    assert_eq!(await_retry(&mut events).await.terms(), ("source_unavailable", true, 1));
    let result = world.await_result(&job_id).await;
    assert_succeeded_at(&result, 2, 2);
    assert_eq!(result.source.sha256, Some(Sha256::of(&document).to_string()));
    assert_eq!(web.requests(), ["/a.pdf"; 2]);
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

/// Makes a world, and a service to which its documents have four pages.
async fn service(scenario: Scenario) -> (World, ParseApi) {
    (World::new().await, ParseApi::start(4, scenario).await)
}

/// Makes a worker that reaches the service through a proxy only.
fn worker_behind(proxy: &Proxy, api: &ParseApi, world: &World) -> WorkerBuilder {
    api.worker(world).with("LLAMA_CLOUD_BASE_URL", &proxy.in_place_of(&api.base_url))
}

async fn await_breaker(worker: &Worker, open: u64) {
    eventually(if open == 1 { "the breaker opens" } else { "the breaker closes" }, || async {
        (worker.metric("quire_breaker_open{dependency=\"llamaparse\",engine=\"llamaparse\"}").await == Some(open))
            .then_some(())
    })
    .await;
}

async fn submit(world: &World) -> JobId {
    let source = world.upload(samples::report()).await;
    world.submit(llamaparse_job(source, &[])).await
}

/// Lets the answer to the first poll be the last thing that sets out.
fn fall_silent_at_a_poll(proxy: &Proxy) {
    proxy.stall_before(Direction::ToClient, ABOUT_A_PARSE);
}

/// Waits for that, and drops everything from then on, new connections included.
async fn await_silence(proxy: &Proxy) {
    proxy.await_cut().await;
    proxy.black_hole();
}

/// Asserts that a job has succeeded at this attempt with the one parse that was bought for it.
async fn assert_succeeded_with_one_parse(world: &World, api: &ParseApi, job_id: &JobId, attempt: u32) -> ParseResult {
    let result = world.await_result(job_id).await;
    assert_succeeded_at(&result, attempt, 4);
    assert_eq!((result.branches.parse.external_job_id.as_deref(), api.jobs().len()), (Some("pjb-0001"), 1));
    result
}

/// Asserts the same, and that the document was uploaded once and nothing is left behind.
async fn assert_parsed_once(
    world: &World,
    worker: &mut Worker,
    api: &ParseApi,
    job_id: &JobId,
    attempt: u32,
) -> ParseResult {
    let result = assert_succeeded_with_one_parse(world, api, job_id, attempt).await;
    assert_eq!(api.uploads().len(), 1);
    assert_nothing_left(world, worker, &[*job_id]).await;
    result
}
