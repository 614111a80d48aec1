//! What workers, publishers and operators need at the broker and at the store: users who may do
//! exactly what `deploy/permissions` says do their work, and are refused the rest.

mod broker;
mod operator;
mod store;

use std::process::Output;

use lapin::{
    BasicProperties, Channel,
    options::{BasicGetOptions, BasicPublishOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_producer::{
    Quire, Submission,
    schemas::{
        event::{Control, Event},
        job::JobId,
        names::{CONTROL_EXCHANGE, Lane, Tenant},
        result::{JobStatus, ParseResult},
    },
};
use quire_tests::{
    World,
    events::{await_event, finished, listen, next_message},
    eventually,
    expect::{assert_succeeded_at, await_retry},
    jobs::{await_pages, late_source, slow_job},
    permissions::{Role, User},
    samples,
};
use serde_json::Value;

use self::broker::{is_allowed, publish};

/// Shows what the publisher tries again, so that a refusal cannot hide in a retry.
const LOG: &str = "info,quire_worker=debug,quire_producer=debug";

#[tokio::test]
async fn a_worker_with_exactly_its_rights_retries_buries_and_answers_and_is_refused_nothing() {
    let world = World::new().await;
    let user = User::of(&world, Role::Worker).await;
    let (caller, reply_to) = queue_of_a_caller(&world).await;
    let mut events = listen(&world).await;
    let worker = user.worker(&world).with("QUIRE_TOPOLOGY", "passive").with("QUIRE_LOG", LOG).start().await;

    let (key, source) = late_source(&world);
    let submission = Submission { reply_to: Some(reply_to.clone()), ..Submission::new(source) };
    let job_id = world.quire.submit(&submission).await.expect("the broker takes it");
    assert_eq!(await_retry(&mut events).await.terms(), ("source_not_found", true, 1));
    world.put(&key, samples::report()).await;
    let result = world.await_result(&job_id).await;
    assert_succeeded_at(&result, 2, 4);
    let (status, location) = await_event(&mut events, "the end is announced", finished).await;
    let reply = eventually("the caller has an answer", || next_message(&caller, &reply_to)).await;
    let answer: Event = serde_json::from_slice(&reply.data).expect("an event");
    assert_eq!(finished(answer), Some((status, location)));

    let job_id = world.submit_document(samples::encrypted()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);
    assert_eq!(world.await_dead_letters(1).await[0].routing_key, "failed.normal");
    world.await_idle().await;
    assert_eq!(user.store_refusals(), Vec::<String>::new());
    assert!(!worker.log().contains("ACCESS_REFUSED"), "{}", worker.log());
}

#[tokio::test]
async fn a_worker_with_exactly_its_rights_obeys_an_operator_and_gives_back_what_it_cannot_finish() {
    let world = World::new().await;
    let (user, operator) = (User::of(&world, Role::Worker).await, User::of(&world, Role::Operator).await);
    let settings = user.worker(&world).with("QUIRE_TOPOLOGY", "passive").with("QUIRE_LOG", LOG);
    let mut worker = settings.with("QUIRE_SHUTDOWN_GRACE", "2s").with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    tell(&operator, &Control::Drain { instance: worker.instance.clone() }).await;
    assert_eq!(worker.exit().await.code(), Some(0), "{}", worker.log());
    let queue = Lane::Normal.queue();
    // Twice if the broker was too busy to read the acknowledgement before the worker ended.
    eventually("the job is in its queue again", || async { (world.ready(&queue).await >= 1).then_some(()) }).await;
    assert_eq!(user.store_refusals(), Vec::<String>::new());
    assert!(!worker.log().contains("ACCESS_REFUSED"), "{}", worker.log());
}

#[tokio::test]
async fn a_worker_that_is_to_declare_needs_the_right_to() {
    let world = World::bare().await;
    let least = User::of(&world, Role::Worker).await;
    let mut worker = least.worker(&world).with("QUIRE_TOPOLOGY", "declare").launch();
    assert_eq!(worker.exit().await.code(), Some(69));
    assert!(worker.log().contains("may not declare or inspect exchange quire.jobs"), "{}", worker.log());

    let user = User::of(&world, Role::DeclaringWorker).await;
    let _worker = user.worker(&world).with("QUIRE_TOPOLOGY", "declare").start().await;
    let job_id = world.submit_document(samples::report()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
    assert_eq!(user.store_refusals(), Vec::<String>::new());
}

#[tokio::test]
async fn a_publisher_submits_what_it_uploaded_and_cannot_read_the_result() {
    let world = World::new().await;
    let publisher = User::of(&world, Role::Publisher).await;
    let _worker = world.worker().start().await;
    let file = samples::path("report.pdf").display().to_string();
    let job_id = submitted(&publisher.quire(&["submit", &file, "--json"]).await);
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);

    let quire = Quire::new(&publisher.amqp_url, "test").expect("a URL");
    let submission = Submission::new(world.upload(samples::report()).await);
    let job_id = quire.submit(&submission).await.expect("mandatory and confirmed");
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);

    let output = publisher.quire(&["result", &job_id.to_string()]).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    let key = world.keys(&job_id).result();
    let refusals = publisher.store_refusals();
    assert!(
        matches!(refusals.as_slice(), [only] if only.starts_with("s3:GetObject") && only.contains(&key)),
        "{refusals:?}"
    );
}

#[tokio::test]
async fn a_follower_waits_for_its_jobs_and_reads_their_results_and_no_others() {
    let world = World::new().await;
    let acme: Tenant = "acme".parse().expect("valid");
    let follower = User::of_tenant(&world, Role::Follower, &acme).await;
    let _worker = world.worker().start().await;
    let file = samples::path("report.pdf").display().to_string();
    let output = follower.quire(&["submit", &file, "--tenant", "acme", "--wait", "--json"]).await;
    let job_id = submitted(&output);
    let read = follower.quire(&["result", &job_id.to_string(), "--tenant", "acme", "--json"]).await;
    assert_eq!(read.status.code(), Some(0), "{read:?}");
    let result: ParseResult = serde_json::from_slice(&read.stdout).expect("`--json` prints the result");
    assert_eq!(result.status, JobStatus::Succeeded);
    let unknown = JobId::generate().to_string();
    let codes = [
        follower.quire(&["result", &unknown, "--tenant", "acme"]).await.status.code(),
        follower.quire(&["result", &unknown, "--tenant", "other"]).await.status.code(),
        follower.quire(&["submit", &file, "--tenant", "other"]).await.status.code(),
        follower.quire(&["workers", "--for", "1s"]).await.status.code(),
    ];
    assert_eq!(codes, [Some(75), Some(1), Some(1), Some(1)]);
    assert_eq!(follower.store_refusals().len(), 2, "{:?}", follower.store_refusals());
}

#[tokio::test]
async fn a_publisher_of_one_tenant_has_no_way_to_another() {
    let world = World::new().await;
    let acme: Tenant = "acme".parse().expect("valid");
    let publisher = User::of_tenant(&world, Role::Publisher, &acme).await;
    let connection = publisher.connection().await;
    for (key, expected) in [
        ("job.normal.acme", true),
        ("job.normal.other", false),
        ("job.normal.acme2", false),
        ("job.normal.acme.other", false),
        ("job.fast.acme", false),
        ("job.normal", false),
    ] {
        let channel = connection.create_channel().await.expect("a channel");
        let published = publish(&channel, "quire.jobs", key, FieldTable::default()).await;
        assert_eq!(is_allowed(published, &key), expected, "{key}");
    }
    // RabbitMQ before 4 does not look at the keys of copies. There a copy comes under the key that
    // was looked at, and that is the one that tells the tenant.
    let channel = connection.create_channel().await.expect("a channel");
    let mut headers = FieldTable::default();
    let keys = vec![AMQPValue::LongString("job.bulk.other".into())];
    headers.insert("CC".into(), AMQPValue::FieldArray(keys.into()));
    if is_allowed(publish(&channel, "quire.jobs", "job.normal.acme", headers).await, &"a copy") {
        let copy = world.channel().await.basic_get(Lane::Bulk.queue().into(), BasicGetOptions::default()).await;
        let copy = copy.expect("the queue is there").expect("confirmed, so it is in the queue");
        assert_eq!(copy.delivery.routing_key.as_str(), "job.normal.acme");
    }
}

/// Declares a queue that lives as long as the channel.
async fn queue_of_a_caller(world: &World) -> (Channel, String) {
    let channel = world.channel().await;
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), options, FieldTable::default()).await.expect("the owner may");
    let name = queue.name().to_string();
    (channel, name)
}

/// Tells every worker something.
async fn tell(user: &User, control: &Control) {
    let message = serde_json::to_vec(control).expect("plain data");
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let channel = user.channel().await;
    let sent = channel.basic_publish(CONTROL_EXCHANGE.into(), "".into(), options, &message, properties).await;
    sent.expect("the broker answers").await.expect("nothing is confirmed, so nothing fails");
    channel.close(200, "told".into()).await.expect("the channel closes");
}

/// Returns the job of a `submit --json` that has to succeed.
fn submitted(output: &Output) -> JobId {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let line = output.stdout.split(|byte| *byte == b'\n').next().expect("even nothing is one piece");
    let told: Value = serde_json::from_slice(line).expect("`--json` prints JSON");
    told["job_id"].as_str().expect("an id").parse().expect("a job id")
}
