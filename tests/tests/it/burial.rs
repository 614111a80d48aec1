//! Jobs that are given up: a dead letter that says why, and a failed result.

use chrono::{TimeDelta, Utc};
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_producer::schemas::{
    job::{Job, JobId, Password},
    names::header,
};
use quire_tests::{DeadLetter, World, expect::assert_failed, jobs::late_source, samples};

#[tokio::test]
async fn an_encrypted_document_without_a_password_is_buried_with_a_failed_result() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job_id = world.submit_document(samples::encrypted()).await;
    let result = world.await_result(&job_id).await;
    let letter = the_only_letter(&world).await;
    assert_failed(&result, &["password_required"]);
    assert_eq!(address(&letter), ("failed.normal", "password_required"));
    assert_eq!(letter.message_id, Some(job_id.to_string()));
    assert_eq!(letter.headers.get(header::REDACTED), None);
    world.await_idle().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_shown_nowhere() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let password = Some(Password::new("canary-7f3a"));
    let source = world.upload(samples::encrypted()).await;
    let job_id = world.submit(Job { password, ..Job::new(source) }).await;
    let result = world.await_result(&job_id).await;
    let letter = the_only_letter(&world).await;
    assert_failed(&result, &["password_wrong"]);
    assert_eq!(address(&letter), ("failed.normal", "password_wrong"));
    assert_eq!(letter.headers.get(header::REDACTED).map(String::as_str), Some("password"));
    let body: serde_json::Value = serde_json::from_slice(&letter.body).expect("it was JSON before");
    assert_eq!(body["password"], serde_json::Value::Null);
    let stored = world.object(&world.keys(&job_id).result()).await.expect("awaited above");
    let shown = [String::from_utf8_lossy(&letter.body).into_owned(), String::from_utf8_lossy(&stored).into_owned()];
    assert!(!shown.concat().contains("canary"), "{shown:?}");
    assert!(!worker.log().contains("canary"), "{}", worker.log());
}

#[tokio::test]
async fn a_job_without_attempts_left_names_the_last_fault_and_then_that_there_were_no_more() {
    let world = World::new().await;
    let _worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let job_id = world.submit(Job::new(late_source(&world).1)).await;
    let result = world.await_result(&job_id).await;
    let letter = the_only_letter(&world).await;
    assert_failed(&result, &["source_not_found", "attempts_exhausted"]);
    assert_eq!(address(&letter), ("failed.normal", "source_not_found"));
}

#[tokio::test]
async fn a_job_whose_deadline_has_passed_is_buried_without_work() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let deadline = Some(Utc::now() - TimeDelta::minutes(1));
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(Job { deadline, ..Job::new(source) }).await;
    let result = world.await_result(&job_id).await;
    let letter = the_only_letter(&world).await;
    assert_failed(&result, &["expired"]);
    assert_eq!(address(&letter), ("expired.normal", "expired"));
    assert_eq!(world.store.list(&world.keys(&job_id).pages()).await.expect("the store answers"), Vec::<String>::new());
}

#[tokio::test]
async fn a_job_whose_next_attempt_would_come_after_its_deadline_is_buried_at_once() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    // The third attempt of a missing source is followed by two minutes of waiting.
    let (job_id, deadline) = (JobId::generate(), Some(Utc::now() + TimeDelta::seconds(90)));
    let job = Job { deadline, ..Job::new(late_source(&world).1) };
    let mut headers = FieldTable::default();
    headers.insert(header::ATTEMPT.into(), AMQPValue::LongLongInt(3));
    let properties = BasicProperties::default().with_message_id(job_id.to_string().into()).with_headers(headers);
    world.publish_raw(&serde_json::to_vec(&job).expect("a job is plain data"), properties).await;
    let result = world.await_result(&job_id).await;
    let letter = the_only_letter(&world).await;
    assert_failed(&result, &["expired", "source_not_found"]);
    assert_eq!(address(&letter), ("expired.normal", "expired"));
}

#[tokio::test]
async fn dead_letters_survive_being_looked_at_fifty_times() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    for body in ["not a job", "{}", "[1]"] {
        world.publish_raw(body.as_bytes(), BasicProperties::default()).await;
    }
    let first = sorted_bodies(world.await_dead_letters(3).await);
    assert_eq!(first, [b"[1]".to_vec(), b"not a job".to_vec(), b"{}".to_vec()]);
    for _ in 0..50 {
        // Waits, because the broker requeues only some time later what was looked at.
        assert_eq!(sorted_bodies(world.await_dead_letters(3).await), first);
    }
}

async fn the_only_letter(world: &World) -> DeadLetter {
    world.await_dead_letters(1).await.remove(0)
}

/// Where a letter was sent, and why.
fn address(letter: &DeadLetter) -> (&str, &str) {
    (letter.routing_key.as_str(), letter.code())
}

fn sorted_bodies(letters: Vec<DeadLetter>) -> Vec<Vec<u8>> {
    let mut bodies: Vec<_> = letters.into_iter().map(|letter| letter.body).collect();
    bodies.sort();
    bodies
}
