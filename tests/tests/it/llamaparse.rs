//! The engine `llamaparse`, against a double of its service that speaks the documented contract.

use std::time::Duration;

use quire_producer::{
    follow::Follower,
    schemas::{
        element::ElementType,
        event::Event,
        job::{Engine, JobId},
        result::{BranchStatus, JobStatus, PageStatus, ParseResult, Warning},
        sha256::Sha256,
    },
};
use quire_tests::{
    Worker, World, eventually,
    expect::{assert_ended, assert_failed},
    parse_api::{KEY, ParseApi, Scenario, llamaparse_job},
    samples,
};
use serde_json::json;

async fn submit(world: &World, document: Vec<u8>) -> JobId {
    let source = world.upload(document).await;
    world.submit(llamaparse_job(source, &[])).await
}

fn assert_secret_is_kept(worker: &Worker, result: &ParseResult) {
    let json = serde_json::to_string(result).expect("a result is JSON");
    assert!(!json.contains(KEY), "the key is in the result");
    assert!(!worker.log().contains(KEY), "the key is in the log");
}

#[tokio::test]
async fn an_answer_becomes_elements_and_is_kept_untouched() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::prompt()).await);
    let worker = api.worker(&world).start().await;
    let job_id = submit(&world, samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_eq!((result.status.clone(), result.page_images.len()), (JobStatus::Succeeded, 4));
    let parse = &result.branches.parse;
    assert_eq!(parse.engine.as_ref().map(|engine| engine.name.as_str()), Some("llamaparse"));
    assert_eq!((parse.external_job_id.as_deref(), parse.pages_succeeded), (Some("pjb-0001"), Some(4)));
    let title = &result.elements[0];
    assert_eq!((&title.kind, title.page_number, title.text.as_str()), (&ElementType::Title, 1, "Quarterly report"));
    for page in 1..=4 {
        let said = format!("Page {page} says what it has to say.");
        assert!(result.elements.iter().any(|element| element.page_number == page && element.text == said), "{said}");
    }
    let raw = result.artifacts.iter().find(|artifact| artifact.kind == "raw_result").expect("the answer is kept");
    assert_eq!(raw.object.key, world.keys(&job_id).raw_parse(Engine::Llamaparse));
    let stored = world.object(&raw.object.key).await.expect("named, so stored");
    assert_eq!(Sha256::of(&stored), raw.object.sha256);
    let answer: serde_json::Value = serde_json::from_slice(&stored).expect("the answer is JSON");
    assert_eq!(answer["items"]["pages"].as_array().map(Vec::len), Some(4));
    assert_eq!(api.jobs()[0].file, samples::report());
    assert_eq!(api.uploads()[0].header("authorization"), Some("Bearer llx-canary"));
    assert_secret_is_kept(&worker, &result);
}

#[tokio::test]
async fn quires_own_options_stay_here_and_a_parse_below_the_bar_of_the_job_is_partial() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::prompt()).await);
    let _worker = api.worker(&world).start().await;
    let mut job = llamaparse_job(world.upload(samples::report()).await, &[]);
    let options = json!({ "tier": "cost_effective", "min_recall": 0.99, "markdown": { "html_tables": true } });
    job.parse.options = options.as_object().cloned().expect("an object").into();
    let job_id = world.submit(job).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::PartialSuccess);
    assert_eq!(result.branches.parse.status, BranchStatus::PartialSuccess);
    let is_told = |warning: &Warning| warning.code == "low_text_recall" && warning.page_number.is_none();
    assert!(result.warnings.iter().any(is_told), "{:?}", result.warnings);
    let jobs = api.jobs();
    let is_sent = ["tier", "min_recall", "markdown"].map(|key| jobs[0].configuration.get(key).is_some());
    assert_eq!(is_sent, [true, false, false]);
}

#[tokio::test]
async fn no_event_of_a_job_tells_the_key() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::Unauthorized).await);
    let worker = api.worker(&world).start().await;
    let mut events = Follower::subscribe(world.quire.publisher(), &["#"]).await.expect("the topology is there");
    let job_id = submit(&world, samples::report()).await;
    loop {
        let event = events.next().await.expect("the broker stays");
        assert!(!serde_json::to_string(&event).expect("an event is JSON").contains(KEY), "{event:?}");
        if matches!(&event, Event::Finished { subject, .. } if subject.job_id == job_id) {
            break;
        }
    }
    assert_secret_is_kept(&worker, &world.await_result(&job_id).await);
}

#[tokio::test]
async fn parse_and_images_take_no_longer_than_the_longer_of_the_two() {
    let scenario = Scenario::Ok { polls: 1, delay: Duration::from_secs(3) };
    let (world, api) = (World::new().await, ParseApi::start(12, scenario).await);
    let _worker = api.worker(&world).start().await;
    let job_id = submit(&world, samples::large(12)).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded, "{:?}", result.errors);
    let timings = &result.timings;
    let parse = timings.parse.expect("it parsed");
    let images = timings.images.expect("it drew");
    let gather = timings.gather.expect("it did both");
    assert!(parse >= 3000.0, "the service takes three seconds: {timings:?}");
    assert!(gather <= 1.05 * parse.max(images) + 300.0, "{timings:?}");
    assert!(timings.overlap_saved.is_some_and(|saved| saved > 0.0), "{timings:?}");
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_polls_leaves_the_parse_to_the_next() {
    let scenario = Scenario::Ok { polls: 3, delay: Duration::from_secs(4) };
    let (world, api) = (World::new().await, ParseApi::start(4, scenario).await);
    let mut first = api.worker(&world).start().await;
    let job_id = submit(&world, samples::report()).await;
    eventually("the worker polls", || async { (!api.polls().is_empty()).then_some(()) }).await;
    first.kill().await;
    let _second = api.worker(&world).start().await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded, "{:?}", result.errors);
    assert_eq!(result.branches.parse.external_job_id.as_deref(), Some("pjb-0001"));
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    let state = world.keys(&job_id).state();
    eventually("the state is cleared away", || async { world.object(&state).await.is_none().then_some(()) }).await;
}

#[tokio::test]
async fn a_refused_key_buries_the_job_with_the_images_that_were_made() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::Unauthorized).await);
    let worker = api.worker(&world).start().await;
    let job_id = submit(&world, samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["parser_auth"]);
    let branches = (&result.branches.parse.status, &result.branches.images.status);
    assert_eq!(branches, (&BranchStatus::Failed, &BranchStatus::Succeeded));
    assert_eq!(result.page_images.len(), 4);
    for image in result.page_images.values() {
        assert!(world.object(&image.object.key).await.is_some(), "{} is named and not there", image.object.key);
    }
    let letters = world.await_dead_letters(1).await;
    assert_eq!(letters[0].routing_key, "failed.normal");
    assert_eq!(letters[0].code(), "parser_auth");
    assert!(letters[0].headers.values().all(|value| !value.contains(KEY)), "{:?}", letters[0].headers);
    assert_secret_is_kept(&worker, &result);
}

#[tokio::test]
async fn the_local_engine_takes_over_where_the_job_says_so() {
    let broken = Scenario::Failed { code: None, message: "the service has trouble of its own".to_owned() };
    for scenario in [Scenario::Rejected422, broken] {
        let (world, api) = (World::new().await, ParseApi::start(4, scenario.clone()).await);
        let _worker = api.worker(&world).start().await;
        let source = world.upload(samples::report()).await;
        let job_id = world.submit(llamaparse_job(source, &[Engine::Pdfium])).await;
        let result = world.await_result(&job_id).await;
        assert_ended(&result, &JobStatus::Succeeded, &[]);
        let parse = &result.branches.parse;
        assert_eq!(parse.fallback_from.as_deref(), Some("llamaparse"));
        assert_eq!(parse.engine.as_ref().map(|engine| engine.name.as_str()), Some("pdfium"));
        let warnings: Vec<_> = result.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(warnings, ["fallback_used"], "{scenario:?}");
        assert!(result.elements.iter().any(|element| element.text == "Folding the sheet"), "{scenario:?}");
        assert_eq!(result.page_images.len(), 4);
    }
}

#[tokio::test]
async fn a_page_that_the_service_cannot_parse_is_listed() {
    let (world, api) = (World::new().await, ParseApi::start(4, Scenario::PagesFailed(vec![2])).await);
    let _worker = api.worker(&world).start().await;
    let job_id = submit(&world, samples::report()).await;
    let result = world.await_result(&job_id).await;
    let parse = &result.branches.parse;
    assert_eq!((&result.status, &parse.status), (&JobStatus::PartialSuccess, &BranchStatus::PartialSuccess));
    assert_eq!((&parse.pages_failed, parse.pages_succeeded), (&vec![2], Some(3)));
    let page = &result.pages[1];
    assert_eq!((page.page_number, &page.status), (2, &PageStatus::PartialSuccess), "it has an image and no text");
    let errors: Vec<_> = page.errors.iter().map(|error| (error.code.as_str(), error.page_number)).collect();
    assert_eq!(errors, [("page_failed", Some(2))]);
    assert_eq!(result.page_images.len(), 4);
}

#[tokio::test]
async fn without_a_key_the_engine_is_not_configured() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job_id = submit(&world, samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["parser_not_configured"]);
    let letters = world.await_dead_letters(1).await;
    assert_eq!(letters[0].code(), "parser_not_configured");
}
