//! `quire dead`: letters looked at, replayed and dropped, as a shell sees it.

use std::{collections::BTreeSet, process::Output, time::Duration};

use chrono::{TimeDelta, Utc};
use lapin::options::BasicRejectOptions;
use quire_producer::{
    Submission,
    amqp::{BasicProperties, FieldTable, Outgoing, Value as Header},
    schemas::{
        job::{Engine, Job, JobId, ParseOptions, Password, Source},
        names::{DEAD_EXCHANGE, DEAD_QUEUE, Lane, header},
        result::{JobStatus, ParseResult},
    },
};
use quire_tests::{World, eventually, quire, samples};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{events::next_message, redelivery::identified_job};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_letter_is_listed_and_shown_with_all_that_is_known_and_no_secret() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let url = "https://127.0.0.1:1/a.pdf?signature=canary".to_owned();
    let job = Job { password: Some(Password::new("canary")), ..Job::new(Source::Url { url }) };
    let job_id = world.submit(job).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);

    let id = job_id.to_string();
    let letter = listed(&world, &[], 1).await.remove(0);
    let told = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((told("job_id"), told("code")), (id.clone(), "source_blocked".to_owned()));
    assert_eq!((told("kind"), told("lane"), told("tenant")), ("failed".into(), "normal".into(), "default".into()));
    assert_eq!((told("worker"), told("redacted")), (worker.instance.clone(), "password".to_owned()));

    let shown = json_lines(&found(&world, &["dead", "show", &id, "--json"]).await).remove(0);
    assert_eq!(shown["version"], env!("CARGO_PKG_VERSION"));
    assert!(shown["memory_peak_bytes"].as_u64().is_some_and(|peak| peak > 0), "{shown}");
    assert_eq!(shown["body"]["source"]["url"], "https://127.0.0.1:1/a.pdf");
    assert_eq!((&shown["result"]["status"], &shown["result"]["generation"]), (&json!("failed"), &json!(0)));

    for arguments in [
        &["dead", "list"][..],
        &["dead", "list", "--json"],
        &["dead", "list", "--group"],
        &["dead", "list", "--group", "--json"],
        &["dead", "show", &id],
        &["dead", "show", &id, "--json"],
        &["dead", "replay", "--all", "--dry-run"],
        &["dead", "drop", "--all", "--dry-run"],
    ] {
        let output = eventually("the letter is back", || async {
            Some(quire(&world, arguments).await).filter(|output| stdout(output).contains("source_blocked"))
        })
        .await;
        assert_says_nothing_of("canary", &output);
    }
}

#[tokio::test]
async fn letters_are_chosen_by_what_they_say_and_counted_by_code() {
    let world = World::new().await;
    let hours_ago = |hours| (Utc::now() - TimeDelta::hours(hours)).to_rfc3339();
    let [old, new, crashed] = [
        bury(&world, "failed.normal", &[(header::ERROR_CODE, "not_a_pdf"), (header::FIRST_SEEN, &hours_ago(5))]).await,
        bury(&world, "failed.bulk", &[(header::ERROR_CODE, "not_a_pdf"), (header::FIRST_SEEN, &hours_ago(1))]).await,
        bury(&world, "crash.bulk", &[(header::TENANT, "acme"), (header::FIRST_SEEN, &hours_ago(3))]).await,
    ];
    let named = new.to_string();
    let cases: [(&[&str], Vec<JobId>); 9] = [
        (&[], vec![old, new, crashed]),
        (&["--code", "not_a_pdf"], vec![old, new]),
        (&["--code", "not_a_pdf", "--code", "expired", "--lane", "bulk"], vec![new]),
        (&["--lane", "bulk"], vec![new, crashed]),
        (&["--tenant", "acme"], vec![crashed]),
        (&["--kind", "crash"], vec![crashed]),
        (&["--older-than", "2h"], vec![old, crashed]),
        (&["--newer-than", "4h", "--older-than", "2h"], vec![crashed]),
        (&[named.as_str()], vec![new]),
    ];
    for (arguments, expected) in cases {
        let letters = listed(&world, arguments, expected.len()).await;
        assert_eq!(ids(&letters), expected.into_iter().collect::<BTreeSet<_>>(), "{arguments:?}");
    }
    assert_eq!(listed(&world, &["--limit", "2"], 2).await.len(), 2);

    let groups = eventually("every letter is counted", || async {
        let groups = listed(&world, &["--group"], 2).await;
        let counted: u64 = groups.iter().filter_map(|group| group["count"].as_u64()).sum();
        (counted == 3).then_some(groups)
    })
    .await;
    let told: Vec<_> = groups.iter().map(|group| (group["code"].as_str(), group["count"].as_u64())).collect();
    assert_eq!(told, [(Some("not_a_pdf"), Some(2)), (None, Some(1))]);
    assert_eq!(groups[1]["example"], crashed.to_string());
    assert!(groups[0]["oldest"].as_str() < groups[0]["newest"].as_str(), "{groups:?}");
}

#[tokio::test]
async fn listing_thirty_times_loses_no_letter() {
    let world = World::new().await;
    for _ in 0..3 {
        bury(&world, "failed.normal", &[]).await;
    }
    for _ in 0..30 {
        listed(&world, &[], 3).await;
    }
    assert_eq!(world.await_dead_letters(3).await.len(), 3);
}

#[tokio::test]
async fn a_replayed_job_that_succeeds_supersedes_its_failed_result() {
    let world = World::new().await;
    let _worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(&world).await;
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    world.put(&key, samples::report()).await;

    let lines = json_lines(&succeeds(&world, &["dead", "replay", &job_id.to_string(), "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["generation"].as_u64())).collect();
    assert_eq!(told, [(Some("replayed"), Some(1)), (Some("summary"), None)]);
    let result = await_generation(&world, &job_id, 1).await;
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 4));
    world.await_idle().await;
    assert_eq!(world.dead_letters().await.len(), 0);
    assert_eq!(world.object(&world.keys(&job_id).cancel()).await, None);
}

#[tokio::test]
async fn a_succeeded_result_is_superseded_only_by_force() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
    let key = world.keys(&job_id).result();
    let succeeded = world.object(&key).await;
    let source = world.upload(samples::rotated()).await;
    world.submit(Job { source, ..job }).await;
    world.await_dead_letters(1).await;

    let output = found(&world, &["dead", "replay", &job_id.to_string()]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("stays: it has succeeded"), "{output:?}");
    world.await_dead_letters(1).await;
    assert_eq!(world.object(&key).await, succeeded);

    found(&world, &["dead", "replay", &job_id.to_string(), "--force"]).await;
    let result = await_generation(&world, &job_id, 1).await;
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 3));
    world.await_idle().await;
    assert_eq!(world.dead_letters().await.len(), 0);
}

#[tokio::test]
async fn a_replay_may_ask_for_another_engine() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let parse = ParseOptions { engine: Engine::Llamaparse, ..ParseOptions::default() };
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(Job { parse, ..Job::new(source) }).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);

    let replay = ["dead", "replay", "--code", "parser_not_configured", "--set", "parse.engine=pdfium"];
    let output = succeeds(&world, &replay).await;
    assert!(stdout(&output).contains("replayed as generation 1, with another parse.engine"), "{output:?}");
    let result = await_generation(&world, &job_id, 1).await;
    let engine = result.branches.parse.engine.map(|engine| engine.name);
    assert_eq!((result.status, engine.as_deref()), (JobStatus::Succeeded, Some("pdfium")));
}

#[tokio::test]
async fn a_replay_may_leave_pages_out() {
    let world = World::new().await;
    let _worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(&world).await;
    world.put(&key, samples::report()).await;
    succeeds(&world, &["dead", "replay", &job_id.to_string(), "--skip-page", "2", "--skip-page", "4"]).await;
    let result = await_generation(&world, &job_id, 1).await;
    let pages: Vec<_> = result.pages.iter().map(|page| page.page_number).collect();
    let images: Vec<_> = result.page_images.keys().copied().collect();
    assert_eq!((result.status, pages, images), (JobStatus::Succeeded, vec![1, 3], vec![1, 3]));
}

#[tokio::test]
async fn a_password_that_a_burial_took_out_has_to_be_given_again() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let source = world.upload(samples::encrypted()).await;
    let job_id = world.submit(Job { password: Some(Password::new("canary")), ..Job::new(source) }).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);

    let output = found(&world, &["dead", "replay", "--all"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("--password-file"), "{output:?}");
    world.await_dead_letters(1).await;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("password");
    std::fs::write(&file, "quire\n").expect("a fresh folder");
    let output = found(&world, &["dead", "replay", "--all", "--password-file", &file.display().to_string()]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(await_generation(&world, &job_id, 1).await.status, JobStatus::Succeeded);
}

#[tokio::test]
async fn a_deadline_that_has_passed_does_not_expire_a_replay() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let deadline = Some(Utc::now() - TimeDelta::minutes(1));
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(Job { deadline, ..Job::new(source) }).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);
    let output = succeeds(&world, &["dead", "replay", "--kind", "expired"]).await;
    assert!(stdout(&output).contains("without the deadline that passed"), "{output:?}");
    assert_eq!(await_generation(&world, &job_id, 1).await.status, JobStatus::Succeeded);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let world = World::new().await;
    let job_id = bury(&world, "failed.normal", &[(header::ERROR_CODE, "not_a_pdf")]).await;
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    let letters = letters(&world, 1).await;
    let stored = world.store.list(&world.prefix).await.expect("the store answers");
    let cases: [(&[&str], &str); 2] = [
        (&["dead", "replay", "--all", "--dry-run", "--skip-page", "1"], "would be replayed as generation 1"),
        (&["dead", "drop", "--all", "--dry-run"], "would be dropped"),
    ];
    for (arguments, told) in cases {
        let output = found(&world, arguments).await;
        assert!(stdout(&output).contains(told), "{output:?}");
        assert_eq!(self::letters(&world, 1).await, letters, "{arguments:?}");
    }
    assert_eq!(world.store.list(&world.prefix).await.expect("the store answers"), stored);
    assert_eq!(world.ready(&Lane::Normal.queue()).await, 0);
}

#[tokio::test]
async fn what_is_replayed_is_the_job_without_its_earlier_life() {
    let world = World::new().await;
    let headers = [
        (header::TENANT, "acme"),
        (header::ERROR_CODE, "internal"),
        (header::ERROR_MESSAGE, "it broke"),
        (header::BURIED, "w1"),
        (header::FIRST_SEEN, "2026-01-01T00:00:00Z"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    let job_id = bury(&world, "failed.bulk", &headers).await;
    let letter = letters(&world, 1).await.remove(0);
    found(&world, &["dead", "replay", &job_id.to_string()]).await;

    let (channel, queue) = (world.channel().await, Lane::Bulk.queue());
    let message = eventually("the job is back", || next_message(&channel, &queue)).await;
    assert_eq!((message.routing_key.as_str(), &message.data), ("job.bulk.acme", &letter.1));
    let text = |text: &str| Header::LongString(text.into());
    let kept = message.properties.headers().iter().flat_map(|headers| headers.inner());
    // What the queue itself writes is not what was published.
    let kept = kept.filter(|(name, _)| !name.as_str().starts_with("x-"));
    let kept: Vec<_> = kept.map(|(name, value)| (name.to_string(), value.clone())).collect();
    let expected = [
        (header::GENERATION, Header::LongLongInt(1)),
        (header::LANE, text("bulk")),
        (header::TENANT, text("acme")),
        ("traceparent", text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")),
    ];
    assert_eq!(kept, expected.map(|(name, value)| (name.to_owned(), value)));
    let properties = &message.properties;
    let texts = [properties.message_id(), properties.correlation_id(), properties.reply_to(), properties.expiration()];
    let texts = texts.map(|text| text.as_ref().map(|text| text.as_str().to_owned()));
    assert_eq!(texts, [Some(job_id.to_string()), Some("order-17".to_owned()), Some("answers".to_owned()), None]);
    let published = properties.timestamp().expect("a replay is published now");
    assert!(i64::try_from(published).is_ok_and(|published| (Utc::now().timestamp() - published).abs() < 60));
}

#[tokio::test]
async fn a_letter_of_the_brokers_own_fuse_goes_back_to_its_tenant() {
    let world = World::new().await;
    let (lane, tenant) = (Lane::Bulk, "acme".parse().expect("valid"));
    let submission = Submission { lane, tenant, ..Submission::of_s3("inbox", "a.pdf") };
    let job_id = world.quire.submit(&submission).await.expect("the broker takes it");
    blow_the_fuse(&world, lane).await;

    let letter = listed(&world, &["--kind", "crash"], 1).await.remove(0);
    let told = (letter["job_id"].as_str(), letter["tenant"].as_str(), letter["lane"].as_str());
    assert_eq!(told, (Some(job_id.to_string().as_str()), Some("acme"), Some("bulk")));
    found(&world, &["dead", "replay", "--kind", "crash"]).await;
    let (channel, queue) = (world.channel().await, lane.queue());
    let message = eventually("the job is back", || next_message(&channel, &queue)).await;
    assert_eq!(message.routing_key.as_str(), "job.bulk.acme");
    let headers = message.properties.headers().clone().unwrap_or_default();
    let deaths: Vec<_> = headers.inner().keys().filter(|name| name.as_str().contains("death")).collect();
    assert_eq!((deaths.len(), headers.inner().get(header::GENERATION)), (0, Some(&Header::LongLongInt(1))));
}

#[tokio::test]
async fn as_many_letters_are_replayed_as_asked_for_and_no_faster() {
    let world = World::new().await;
    for _ in 0..5 {
        bury(&world, "failed.normal", &[]).await;
    }
    let began = Instant::now();
    let output = succeeds(&world, &["dead", "replay", "--all", "--limit", "3", "--rate", "2/s", "--json"]).await;
    assert!(began.elapsed() >= Duration::from_secs(1), "the third turn comes a second after the first");
    let summary = json!({ "event": "summary", "done": 3, "refused": 0, "left": 2, "dry_run": false });
    assert_eq!(json_lines(&output).last(), Some(&summary));
    world.await_dead_letters(2).await;
    eventually("three jobs are back", || async { (world.ready(&Lane::Normal.queue()).await == 3).then_some(()) }).await;
}

#[tokio::test]
async fn changes_that_make_no_job_of_a_letter_replay_none_of_them() {
    let world = World::new().await;
    for _ in 0..2 {
        bury(&world, "failed.normal", &[]).await;
    }
    let before = letters(&world, 2).await;
    for change in ["parse.engine=magic", "parse.engin=none", "password=canary", "job_id=7"] {
        let replay = ["dead", "replay", "--all", "--set", change];
        let output = eventually("the letters are back", || async {
            // Of no letters, there is nothing wrong to be made.
            Some(quire(&world, &replay).await).filter(|output| output.status.code() != Some(0))
        })
        .await;
        assert_eq!(output.status.code(), Some(2), "{change}: {output:?}");
        assert_says_nothing_of("canary", &output);
        assert_eq!(letters(&world, 2).await, before, "{change}");
    }
    assert_eq!(world.ready(&Lane::Normal.queue()).await, 0);
}

#[tokio::test]
async fn nothing_is_replayed_or_dropped_without_a_choice_or_without_storage_to_ask() {
    let world = World::new().await;
    bury(&world, "failed.normal", &[]).await;
    for arguments in [
        &["dead", "replay"][..],
        &["dead", "replay", "--limit", "1"],
        &["dead", "drop"],
        &["dead", "replay", "--all", "--rate", "fast"],
        &["dead", "replay", "--all", "--skip-page", "0"],
    ] {
        assert_eq!(quire(&world, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
    let world = world.with_setting("QUIRE_S3_BUCKET", "");
    let output = quire(&world, &["dead", "replay", "--all"]).await;
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    world.await_dead_letters(1).await;
}

#[tokio::test]
async fn a_job_that_is_named_and_has_no_letter_is_a_failure() {
    let world = World::new().await;
    let nobody = JobId::generate().to_string();
    for command in ["show", "replay", "drop"] {
        let output = quire(&world, &["dead", command, &nobody]).await;
        assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
    }
    let output = succeeds(&world, &["dead", "list", &nobody, "--json"]).await;
    assert_eq!(json_lines(&output), Vec::<Value>::new());
}

#[tokio::test]
async fn only_the_letters_asked_for_are_dropped() {
    let world = World::new().await;
    let kept = bury(&world, "failed.normal", &[(header::ERROR_CODE, "not_a_pdf")]).await;
    let dropped = bury(&world, "expired.normal", &[(header::ERROR_CODE, "expired")]).await;
    let lines = json_lines(&succeeds(&world, &["dead", "drop", "--code", "expired", "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["job_id"].as_str())).collect();
    assert_eq!(told, [(Some("dropped"), Some(dropped.to_string().as_str())), (Some("summary"), None)]);
    let left = listed(&world, &[], 1).await;
    assert_eq!(ids(&left), BTreeSet::from([kept]));
    assert_eq!(world.ready(&Lane::Normal.queue()).await, 0);
}

/// Runs a command that has to succeed.
pub(crate) async fn succeeds(world: &World, arguments: &[&str]) -> Output {
    let output = quire(world, arguments).await;
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    output
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("commands print text")
}

pub(crate) fn json_lines(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

fn assert_says_nothing_of(secret: &str, output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(stream).contains(secret), "{secret} is shown");
    }
}

/// Runs a command until it finds a letter: the broker takes a moment to give back what was looked
/// at.
async fn found(world: &World, arguments: &[&str]) -> Output {
    eventually("the letter is back", || async {
        let output = quire(world, arguments).await;
        let about_letters = stdout(&output).lines().any(|line| !line.contains(r#""event":"summary""#));
        about_letters.then_some(output)
    })
    .await
}

/// Waits until `quire dead list` tells of so many.
async fn listed(world: &World, arguments: &[&str], count: usize) -> Vec<Value> {
    let arguments = [&["dead", "list", "--json"][..], arguments].concat();
    eventually("the letters are listed", || async {
        let output = succeeds(world, &arguments).await;
        Some(json_lines(&output)).filter(|lines| lines.len() == count)
    })
    .await
}

fn ids(letters: &[Value]) -> BTreeSet<JobId> {
    let texts = letters.iter().filter_map(|letter| letter["job_id"].as_str());
    texts.map(|id| id.parse().expect("a job id")).collect()
}

/// Waits for so many letters; returns the id and the body of each, and how many headers it has.
async fn letters(world: &World, count: usize) -> Vec<(Option<String>, Vec<u8>, usize)> {
    let mut letters: Vec<_> = world
        .await_dead_letters(count)
        .await
        .into_iter()
        // The queue counts how often a letter was looked at.
        .map(|mut letter| {
            letter.headers.retain(|name, _| !name.starts_with("x-"));
            (letter.message_id, letter.body, letter.headers.len())
        })
        .collect();
    letters.sort();
    letters
}

async fn await_generation(world: &World, job_id: &JobId, generation: u32) -> ParseResult {
    eventually("the result of the replay", || async {
        world.result(job_id).await.filter(|result| result.generation == generation)
    })
    .await
}

/// Writes a letter as a worker does, where it does not matter how the job came to it.
async fn bury(world: &World, routing_key: &str, headers: &[(&str, &str)]) -> JobId {
    let job_id = JobId::generate();
    let mut table = FieldTable::default();
    for (name, value) in headers {
        table.insert((*name).into(), Header::LongString((*value).into()));
    }
    let properties = BasicProperties::default()
        .with_headers(table)
        .with_message_id(job_id.to_string().into())
        .with_correlation_id("order-17".into())
        .with_reply_to("answers".into())
        .with_type("quire.job.v1".into());
    let body = json!({ "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" }, "unknown": true });
    let letter = Outgoing {
        exchange: DEAD_EXCHANGE.to_owned(),
        routing_key: routing_key.to_owned(),
        properties,
        body: body.to_string().into_bytes(),
        mandatory: true,
    };
    world.quire.publisher().publish(&letter, CONFIRM_WITHIN).await.expect("the dead queue takes it");
    job_id
}

/// Submits a job whose document is not there yet; returns where it is looked for once it is buried.
async fn without_its_source(world: &World) -> (String, JobId) {
    let key = format!("{}/inbox/late.pdf", world.prefix);
    let source = Source::S3 { bucket: world.store.bucket().to_owned(), key: key.clone() };
    let job_id = world.submit(Job::new(source)).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);
    world.await_idle().await;
    (key, job_id)
}

/// Puts the only job of a lane back until the broker has had enough of it.
#[expect(clippy::disallowed_methods, reason = "what the broker does about a job that nobody settles is the point")]
async fn blow_the_fuse(world: &World, lane: Lane) {
    let (channel, queue) = (world.channel().await, lane.queue());
    eventually("the broker buries the job", || async {
        if let Some(delivery) = next_message(&channel, &queue).await {
            delivery.acker.reject(BasicRejectOptions { requeue: true }).await.expect("it was ours");
        }
        (world.ready(DEAD_QUEUE).await == 1).then_some(())
    })
    .await;
}
