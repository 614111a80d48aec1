//! Whose job a message is and which: its routing key, its `message_id` and its body.

use lapin::BasicProperties;
use quire_producer::schemas::{
    event::Event,
    job::{Job, JobId, Source},
    keys::JobKeys,
    names::{Tenant, header},
    result::JobStatus,
};
use quire_tests::{
    World,
    events::{await_event, listen},
    eventually,
    expect::{assert_failed, assert_no_letters, assert_settled, assert_succeeded},
    jobs::identified_job,
    quire, samples,
};
use serde_json::json;

#[tokio::test]
async fn a_job_whose_routing_key_names_no_usable_tenant_is_buried_with_the_key_and_replayed_for_a_tenant() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let acme: Tenant = "acme".parse().expect("valid");
    let key = format!("{}/acme/uploads/a.pdf", world.prefix);
    world.put(&key, samples::report()).await;
    for routing_key in ["job.normal.No Tenant", "job.normal.acme.invoices"] {
        let job = identified_job(Source::S3 { bucket: world.store.bucket().to_owned(), key: key.clone() });
        let job_id = job.job_id.expect("just given");
        publish_under(&world, routing_key, &job, Some(&job_id.to_string())).await;
        let letter = world.await_dead_letters(1).await.remove(0);
        assert_eq!((letter.routing_key.as_str(), letter.code()), ("invalid.normal", "invalid_job"), "{routing_key}");
        assert_eq!(letter.headers.get(header::ROUTING_KEY).map(String::as_str), Some(routing_key));
        assert_eq!(objects_of(&world, &job_id).await, Vec::<String>::new(), "{routing_key}");

        replay_for(&world, &job_id, &acme).await;
        let end = await_event(&mut events, "the job ends", |event| end_of(event, job_id)).await;
        assert_eq!(end, (acme.clone(), JobStatus::Succeeded), "{routing_key}");
        let result = JobKeys::new(&world.prefix, &acme, &job_id).result();
        assert!(world.object(&result).await.is_some(), "{routing_key}");
        assert_no_letters(&world).await;
    }
    assert_settled(&world, &mut worker).await;
}

#[tokio::test]
async fn a_routing_key_without_a_tenant_is_for_the_default_one() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    publish_under(&world, "job.normal", &job, None).await;
    assert_succeeded(&world.await_result(&job.job_id.expect("just given")).await, 4);
}

#[tokio::test]
async fn a_message_id_that_is_no_uuid_is_ignored_with_a_warning_where_the_body_names_the_job() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    publish_under(&world, "job.normal.default", &job, Some("order-17")).await;
    let result = world.await_result(&job.job_id.expect("just given")).await;
    assert_succeeded(&result, 4);
    let warnings: Vec<&str> = result.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(warnings, ["message_id_ignored"]);
}

#[tokio::test]
async fn the_error_of_a_wrong_body_names_the_field_in_result_letter_and_event_and_never_the_value() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let _worker = world.worker().start().await;
    let job_id = JobId::generate();
    let source = json!({ "kind": "s3", "bucket": "inbox", "key": "a.pdf" });
    let body = json!({ "source": source, "images": { "dpi": "canary" } }).to_string();
    let properties = BasicProperties::default().with_message_id(job_id.to_string().into());
    world.publish_raw(body.as_bytes(), properties).await;
    let announced = await_event(&mut events, "the job ends", |event| match event {
        Event::Finished { subject, message, .. } if subject.job_id == job_id => Some(message),
        _ => None,
    });
    let announced = announced.await.expect("the end of a failed job has the message of its first error");
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["invalid_job"]);
    let letter = world.await_dead_letters(1).await.remove(0);
    for told in [&announced, &result.errors[0].message, &letter.headers[header::ERROR_MESSAGE]] {
        assert!(told.contains("images.dpi: a whole number from 10 to 1200, not a text"), "{told}");
        assert!(!told.contains("canary"), "{told}");
    }
    assert_eq!(announced, result.errors[0].message);
}

async fn publish_under(world: &World, routing_key: &str, job: &Job, message_id: Option<&str>) {
    let body = serde_json::to_vec(job).expect("a job is plain data");
    let properties =
        message_id.map_or_else(BasicProperties::default, |id| BasicProperties::default().with_message_id(id.into()));
    world.publish_under(routing_key, &body, properties).await;
}

async fn objects_of(world: &World, job_id: &JobId) -> Vec<String> {
    let keys = world.store.list(&world.prefix).await.expect("the store answers");
    keys.into_iter().filter(|key| key.contains(&job_id.to_string())).collect()
}

/// The broker gives a letter back only some time after a test has looked at it.
async fn replay_for(world: &World, job_id: &JobId, tenant: &Tenant) {
    let id = job_id.to_string();
    let arguments = ["dead", "replay", &id, "--tenant", tenant.as_str()];
    eventually("the letter is replayed", || async {
        (quire(world, &arguments).await.status.code() == Some(0)).then_some(())
    })
    .await;
}

fn end_of(event: Event, job_id: JobId) -> Option<(Tenant, JobStatus)> {
    match event {
        Event::Finished { subject, status, .. } if subject.job_id == job_id => Some((subject.tenant, status)),
        _ => None,
    }
}
