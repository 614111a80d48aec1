//! `quire dead replay`: jobs that were given up, tried again as a later generation.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use lapin::options::BasicRejectOptions;
use quire_producer::{
    Submission,
    amqp::Value as Header,
    schemas::{
        job::{Engine, Job, ParseOptions, Password},
        names::{DEAD_QUEUE, Lane, header},
        result::JobStatus,
    },
};
use quire_tests::{
    World,
    events::next_message,
    eventually,
    expect::assert_no_letters,
    jobs::{await_generation, identified_job, without_its_source},
    quire,
    quire_cli::{json_lines, stdout, succeeds},
    samples,
};
use serde_json::json;
use tokio::time::Instant;

use super::{assert_says_nothing_of, bury, found, letters, listed};

#[tokio::test]
async fn a_replayed_job_that_succeeds_supersedes_its_failed_result() {
    let world = World::new().await;
    let _worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(&world, Job::new).await;
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    world.put(&key, samples::report()).await;

    let lines = json_lines(&succeeds(&world, &["dead", "replay", &job_id.to_string(), "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["generation"].as_u64())).collect();
    assert_eq!(told, [(Some("replayed"), Some(1)), (Some("summary"), None)]);
    let result = await_generation(&world, &job_id, 1).await;
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 4));
    world.await_idle().await;
    assert_no_letters(&world).await;
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
    assert_no_letters(&world).await;
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
    let (key, job_id) = without_its_source(&world, Job::new).await;
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
    let output = succeeds(&world, &["dead", "replay", "--all", "--limit", "3", "--rate", "1/s", "--json"]).await;
    assert!(began.elapsed() >= Duration::from_secs(2), "the third turn comes two seconds after the first");
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

/// Puts the only job of a lane back until the broker has had enough of it.
#[expect(clippy::disallowed_methods, reason = "what the broker does about a job that is not settled is the point")]
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
