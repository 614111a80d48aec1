//! Jobs that are published again as a later generation.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_producer::schemas::{
    job::{Job, JobId},
    names::header,
};

use crate::{World, eventually, quire};

/// Has the operator's command replay the only letter of a job. The broker requeues a letter only some
/// time after a test has looked at it.
pub async fn replay(world: &World, job_id: &JobId) {
    let id = job_id.to_string();
    eventually("the letter is replayed", || async {
        let output = quire(world, &["dead", "replay", &id]).await;
        (output.status.code() == Some(0)).then_some(())
    })
    .await;
}

/// Publishes a job as any publisher may that wants it to run again.
pub async fn publish_generation(world: &World, job: &Job, generation: u32) {
    publish_with(world, job, &[(header::GENERATION, generation)]).await;
}

/// Publishes a job as if it came from a worker, or again from the broker.
pub async fn publish_with(world: &World, job: &Job, numbers: &[(&str, u32)]) {
    let mut headers = FieldTable::default();
    for (name, number) in numbers {
        headers.insert((*name).into(), AMQPValue::LongLongInt((*number).into()));
    }
    let body = serde_json::to_vec(job).expect("a job is plain data");
    world.publish_raw(&body, BasicProperties::default().with_headers(headers)).await;
}
