//! Jobs that somebody no longer wants: a cancelled result, and no dead letter.

use lapin::{BasicProperties, options::BasicPublishOptions};
use quire_producer::schemas::{
    job::JobId,
    names::CONTROL_EXCHANGE,
    result::{BranchStatus, JobStatus, ParseResult},
};
use quire_tests::{World, samples};
use serde_json::json;

use crate::{
    events::{await_event, finished, listen},
    redelivery::{await_pages, identified_job, slow_job},
};

#[tokio::test]
async fn a_job_with_a_cancellation_marker_is_not_begun() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let job_id = job.job_id.expect("given above");
    world.put(&world.keys(&job_id).cancel(), b"{}".to_vec()).await;
    world.submit(job).await;
    assert_cancelled(&world.await_result(&job_id).await);
    assert_eq!(world.store.list(&world.keys(&job_id).pages()).await.expect("the store answers"), Vec::<String>::new());
    world.await_idle().await;
    assert_eq!(world.dead_letters().await.len(), 0);
}

#[tokio::test]
async fn a_running_job_stops_when_a_control_message_says_so() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let _worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    tell_workers_to_cancel(&world, &job_id).await;
    assert_cancelled(&world.await_result(&job_id).await);
    let (status, _) = await_event(&mut events, "the end is announced", finished).await;
    assert_eq!(status, JobStatus::Cancelled);
    world.await_idle().await;
    assert_eq!(world.dead_letters().await.len(), 0);
}

pub(crate) async fn tell_workers_to_cancel(world: &World, job_id: &JobId) {
    let control = json!({ "control": "cancel", "job_id": job_id, "tenant": "default" }).to_string();
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    let channel = world.channel().await;
    let sent = channel.basic_publish(CONTROL_EXCHANGE.into(), "".into(), options, control.as_bytes(), properties).await;
    sent.expect("the broker answers").await.expect("nothing is confirmed, so nothing fails");
    channel.close(200, "told".into()).await.expect("the channel closes");
}

fn assert_cancelled(result: &ParseResult) {
    let codes: Vec<&str> = result.errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!((&result.status, codes), (&JobStatus::Cancelled, vec!["cancelled"]));
    let branches = [&result.branches.parse.status, &result.branches.images.status];
    assert_eq!(branches, [&BranchStatus::Cancelled; 2]);
}
