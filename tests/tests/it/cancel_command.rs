//! `quire cancel`: jobs stopped before, during and after their run.

use bytes::Bytes;
use quire_producer::schemas::{
    job::{Job, JobId},
    result::JobStatus,
};
use quire_tests::{
    World, eventually,
    expect::assert_no_letters,
    jobs::{await_generation, await_pages, identified_job, slow_job, without_its_source},
    proxy::Direction,
    quire,
    quire_cli::{json_lines, stdout, succeeds},
    samples,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_job_that_waits_ends_cancelled_when_a_worker_comes_and_stays_so() {
    let world = World::new().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = world.submit(job.clone()).await;
    let lines = json_lines(&succeeds(&world, &["cancel", &job_id.to_string(), "--json"]).await);
    assert_eq!(lines, [line(&job_id, "asked", None)]);
    assert!(world.object(&world.keys(&job_id).cancel()).await.is_some());

    let _worker = world.worker().start().await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Cancelled);
    let result = world.object(&world.keys(&job_id).result()).await;
    world.submit(job).await;
    world.await_idle().await;
    assert_eq!(world.object(&world.keys(&job_id).result()).await, result);
    assert_eq!(world.store.list(&world.keys(&job_id).pages()).await.expect("the store answers"), Vec::<String>::new());
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_running_job_is_stopped_and_its_end_awaited() {
    let world = World::new().await;
    let _worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    let lines = json_lines(&succeeds(&world, &["cancel", &job_id.to_string(), "--wait", "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["status"].as_str())).collect();
    let ended_at_once = [(Some("cancel"), Some("cancelled"))];
    let ended_later = [(Some("cancel"), None), (Some("ended"), Some("cancelled"))];
    assert!(told == ended_at_once || told == ended_later, "{told:?}");
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Cancelled);
    world.await_idle().await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_replay_that_waits_ends_cancelled_though_the_job_had_failed_before() {
    let world = World::new().await;
    let mut worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(&world, Job::new).await;
    worker.kill().await;
    world.put(&key, samples::report()).await;
    let id = job_id.to_string();
    succeeds(&world, &["dead", "replay", &id]).await;
    let lines = json_lines(&succeeds(&world, &["cancel", &id, "--json"]).await);
    assert_eq!(lines, [line(&job_id, "asked", Some("failed"))]);

    let _worker = world.worker().start().await;
    assert_eq!(await_generation(&world, &job_id, 1).await.status, JobStatus::Cancelled);
    world.await_idle().await;
    world.assert_nothing_astray(&job_id).await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_running_replay_is_stopped_and_its_end_awaited() {
    let world = World::new().await;
    let settings = world.worker().with("QUIRE_RENDERERS", "1");
    let _worker = settings.with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(&world, slow_job).await;
    world.put(&key, samples::large(60)).await;
    let id = job_id.to_string();
    succeeds(&world, &["dead", "replay", &id]).await;
    await_pages(&world, &job_id, 1).await;
    let lines = json_lines(&succeeds(&world, &["cancel", &id, "--wait", "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["status"].as_str())).collect();
    let ended_at_once = [(Some("cancel"), Some("cancelled"))];
    let ended_later = [(Some("cancel"), Some("failed")), (Some("ended"), Some("cancelled"))];
    assert!(told == ended_at_once || told == ended_later, "{told:?}");
    assert_eq!(await_generation(&world, &job_id, 1).await.status, JobStatus::Cancelled);
    world.await_idle().await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_job_that_has_failed_and_is_not_replayed_keeps_its_end() {
    let world = World::new().await;
    let job_id = JobId::generate();
    let result = Bytes::from(a_result(&job_id, "failed").to_string());
    world.put(&world.keys(&job_id).result(), result.to_vec()).await;
    let lines = json_lines(&succeeds(&world, &["cancel", &job_id.to_string(), "--wait", "--json"]).await);
    let told: Vec<_> = lines.iter().map(|line| (line["event"].as_str(), line["status"].as_str())).collect();
    assert_eq!(told, [(Some("cancel"), Some("failed")), (Some("ended"), Some("failed"))]);
    assert_eq!(world.object(&world.keys(&job_id).result()).await, Some(result));
    assert!(
        world.object(&world.keys(&job_id).cancel()).await.is_some(),
        "a replay may be queued for all that is known"
    );
}

#[tokio::test]
async fn a_job_that_has_succeeded_is_left_alone() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job_id = world.submit_document(samples::rotated()).await;
    world.await_result(&job_id).await;
    let output = succeeds(&world, &["cancel", &job_id.to_string(), "--wait"]).await;
    assert_eq!(stdout(&output), format!("{job_id}\talready succeeded\n"));
    assert_eq!(world.object(&world.keys(&job_id).cancel()).await, None);
}

#[tokio::test]
async fn a_job_that_ends_while_it_is_cancelled_keeps_its_end_and_no_marker() {
    let (world, broker) = World::new().await.through_proxy("QUIRE_AMQP_URL").await;
    let (world, store) = world.through_proxy("QUIRE_S3_ENDPOINT").await;
    store.stall(Direction::ToServer);
    let job_id = JobId::generate();
    let id = job_id.to_string();
    let arguments = ["cancel", id.as_str(), "--json"];
    let marker = world.keys(&job_id).cancel();
    let ends = async {
        // By the first look at the result the broker is connected; what is confirmed then is the
        // control message, and the second look comes after it.
        eventually("storage is asked", || async { (store.connections() > 0).then_some(()) }).await;
        broker.stall(Direction::ToClient);
        store.heal();
        eventually("the marker is written", || async { world.object(&marker).await.map(drop) }).await;
        world.put(&world.keys(&job_id).result(), a_result(&job_id, "succeeded").to_string().into_bytes()).await;
        broker.heal();
    };
    let (output, ()) = tokio::join!(succeeds(&world, &arguments), ends);
    assert_eq!(json_lines(&output), [line(&job_id, "ended_meanwhile", Some("succeeded"))]);
    assert_eq!(world.object(&marker).await, None);
}

#[tokio::test]
async fn without_a_broker_nothing_is_written() {
    let world = World::new().await.with_setting("QUIRE_AMQP_URL", "amqp://127.0.0.1:1/%2f");
    let output = quire(&world, &["cancel", &JobId::generate().to_string()]).await;
    assert_eq!((output.status.code(), output.stdout.len()), (Some(69), 0), "{output:?}");
    assert_eq!(world.store.list(&world.prefix).await.expect("the store answers"), Vec::<String>::new());
}

fn line(job_id: &JobId, outcome: &str, status: Option<&str>) -> Value {
    json!({ "event": "cancel", "job_id": job_id, "outcome": outcome, "status": status })
}

/// The least that a result may be.
fn a_result(job_id: &JobId, status: &str) -> Value {
    json!({
        "schema_version": "1.0",
        "job_id": job_id,
        "status": status,
        "source": {},
        "branches": { "parse": { "status": "skipped" }, "images": { "status": "succeeded" } },
        "pages": [],
        "elements": [],
        "page_images": {},
        "errors": [],
        "provenance": { "worker": "w1", "worker_version": "0.1.0" },
    })
}
