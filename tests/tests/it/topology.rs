//! Exchanges and queues: declared twice, checked, refused when they differ; what a retry tier
//! gives back.

use std::time::Duration;

use lapin::options::{BasicGetOptions, QueueDeclareOptions, QueueDeleteOptions};
use quire_producer::{
    amqp::{
        BasicProperties, FieldTable, Outgoing, PublishError, Value,
        topology::{self, Mode, TopologyError},
    },
    schemas::{job::Job, result::JobStatus},
};
use quire_tests::{World, eventually, expect::assert_settled, jobs::late_source, samples};

#[tokio::test]
async fn declaring_what_is_there_already_changes_nothing() {
    let world = World::new().await;
    topology::ensure(world.quire.publisher(), Mode::Declare).await.expect("the second time too");
    topology::ensure(world.quire.publisher(), Mode::Passive).await.expect("everything is there");
    let queues = world.management.queues().await.expect("the management API answers");
    let mut names: Vec<_> = queues.into_iter().map(|queue| queue.name).collect();
    let mut expected: Vec<_> = topology::queues().into_iter().map(|queue| queue.name).collect();
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn checking_an_empty_virtual_host_names_what_is_missing_and_creates_nothing() {
    let world = World::bare().await;
    match topology::ensure(world.quire.publisher(), Mode::Passive).await {
        Err(TopologyError::Missing { what, .. }) => assert_eq!(what, "exchange quire.jobs"),
        other => panic!("something else than a missing exchange: {other:?}"),
    }
    topology::ensure(world.quire.publisher(), Mode::Off).await.expect("nothing is asked");
    let queues = world.management.queues().await.expect("the management API answers");
    assert!(queues.is_empty(), "{queues:?}");
}

#[tokio::test]
async fn a_queue_that_was_declared_otherwise_is_named() {
    let world = World::bare().await;
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), Value::LongString("quorum".into()));
    arguments.insert("x-delivery-limit".into(), Value::LongLongInt(5));
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    let declared = world.channel().await.queue_declare("quire.dead".into(), options, arguments).await;
    declared.expect("a fresh virtual host");
    match topology::ensure(world.quire.publisher(), Mode::Declare).await {
        Err(TopologyError::Different { what, .. }) => assert_eq!(what, "queue quire.dead"),
        other => panic!("something else than a difference: {other:?}"),
    }
}

fn to_tier(tier: &str) -> Outgoing {
    let mut headers = FieldTable::default();
    headers.insert("quire-retry-tier".into(), Value::LongString(tier.into()));
    Outgoing {
        exchange: "quire.retry".to_owned(),
        routing_key: "job.bulk.acme".to_owned(),
        properties: BasicProperties::default().with_headers(headers),
        body: b"a job".to_vec(),
        mandatory: true,
    }
}

#[tokio::test]
async fn a_retry_tier_gives_a_message_back_under_its_own_key() {
    let world = World::new().await;
    let published = world.quire.publisher().publish(&to_tier("5s"), Duration::from_secs(30)).await;
    published.expect("the tier takes it");
    assert_eq!(world.ready("quire.jobs.bulk").await, 0);
    let channel = world.channel().await;
    let message = eventually("the tier gives it back", || async {
        channel.basic_get("quire.jobs.bulk".into(), BasicGetOptions::default()).await.expect("the queue is there")
    })
    .await;
    assert_eq!(message.delivery.routing_key.as_str(), "job.bulk.acme");
    assert_eq!(message.delivery.data, b"a job");
}

#[tokio::test]
async fn a_tier_that_does_not_exist_takes_nothing_and_says_so() {
    let world = World::new().await;
    let published = world.quire.publisher().publish(&to_tier("7s"), Duration::from_secs(30)).await;
    assert!(matches!(published, Err(PublishError::Unroutable { .. })), "{published:?}");
}

#[tokio::test]
async fn a_tier_that_is_deleted_under_a_worker_is_declared_again_by_the_job_that_needs_it() {
    let world = World::new().await;
    let mut worker = world.worker().start().await;
    let deleted = world.channel().await.queue_delete("quire.retry.5s".into(), QueueDeleteOptions::default()).await;
    deleted.expect("the tier was there");
    let (key, source) = late_source(&world);
    let job_id = world.submit(Job::new(source)).await;
    eventually("the tier is there and has the job", || async {
        let queues = world.management.queues().await.ok()?;
        queues.iter().find(|queue| queue.name == "quire.retry.5s" && queue.messages == Some(1)).map(drop)
    })
    .await;
    world.put(&key, samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_eq!(result.status, JobStatus::Succeeded);
    assert_settled(&world, &mut worker).await;
}
