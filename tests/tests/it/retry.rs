//! A fault that may pass: the job waits in a tier and comes again.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_producer::schemas::{
    job::{Job, JobId},
    names::{JOB_TYPE, Tier},
};
use quire_tests::{
    World,
    events::{listen, next_message},
    eventually,
    expect::{assert_no_letters, assert_succeeded_at, await_retry},
    jobs::late_source,
    samples,
};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

#[tokio::test]
async fn a_source_that_comes_late_is_fetched_by_the_second_attempt() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let _worker = world.worker().start().await;
    let (key, source) = late_source(&world);
    let job_id = world.submit(Job::new(source)).await;
    assert_eq!(await_retry(&mut events).await.terms(), ("source_not_found", true, 1));
    world.put(&key, samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_succeeded_at(&result, 2, 4);
    world.await_idle().await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_message_that_is_retried_keeps_who_it_is_and_drops_what_the_broker_wrote() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let (job_id, (_, source)) = (JobId::generate(), late_source(&world));
    let body = serde_json::to_vec(&Job::new(source)).expect("a job is plain data");
    world.publish_raw(&body, properties(&job_id)).await;

    // By then it has been through the first tier, and has come from there with death records.
    let (channel, tier) = (world.channel().await, Tier::S30.queue());
    let message = eventually("the second retry", || next_message(&channel, &tier)).await;
    let kept = [message.properties.message_id(), message.properties.correlation_id(), message.properties.kind()];
    let kept = kept.map(|property| property.as_ref().map(|text| text.as_str().to_owned()));
    assert_eq!(kept, [job_id.to_string(), "order-17".to_owned(), JOB_TYPE.to_owned()].map(Some));
    assert_eq!((message.routing_key.as_str(), message.data), ("job.normal.default", body));
    assert_eq!(header(&message.properties, "quire-attempt"), Some(AMQPValue::LongLongInt(3)));
    for (name, value) in [
        ("traceparent", TRACE),
        ("quire-error-code", "source_not_found"),
        ("quire-lane", "normal"),
        ("quire-tenant", "default"),
    ] {
        assert_eq!(header(&message.properties, name), Some(AMQPValue::LongString(value.into())), "{name}");
    }
    assert_eq!(death_records(&message.properties), Vec::<String>::new());
}

fn properties(job_id: &JobId) -> BasicProperties {
    let mut headers = FieldTable::default();
    headers.insert("traceparent".into(), AMQPValue::LongString(TRACE.into()));
    BasicProperties::default()
        .with_message_id(job_id.to_string().into())
        .with_correlation_id("order-17".into())
        .with_type(JOB_TYPE.into())
        .with_headers(headers)
}

fn header(properties: &BasicProperties, name: &str) -> Option<AMQPValue> {
    properties.headers().as_ref()?.inner().get(name).cloned()
}

fn death_records(properties: &BasicProperties) -> Vec<String> {
    let names = properties.headers().iter().flat_map(|headers| headers.inner().keys());
    names.map(ToString::to_string).filter(|name| name.starts_with("x-") && name.contains("death")).collect()
}
