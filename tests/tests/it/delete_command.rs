//! `quire delete`: what is stored of a job, gone, and nothing else.

use std::collections::BTreeSet;

use quire_producer::schemas::job::JobId;
use quire_tests::{
    World, quire,
    quire_cli::{json_lines, stdout, succeeds},
    samples,
};
use serde_json::json;

#[tokio::test]
async fn everything_of_a_job_is_deleted_but_the_document_that_was_uploaded() {
    let world = World::new().await;
    let _worker = world.worker().start().await;
    let file = samples::path("report.pdf").display().to_string();
    let submitted = json_lines(&succeeds(&world, &["submit", &file, "--wait", "--json"]).await);
    let job_id: JobId = submitted[0]["job_id"].as_str().expect("an id").parse().expect("a job id");
    let other = world.submit_document(samples::rotated()).await;
    world.await_result(&other).await;
    world.await_idle().await;

    let before = stored(&world).await;
    let folder = world.keys(&job_id).folder().to_owned();
    let (of_the_job, others): (BTreeSet<_>, BTreeSet<_>) = before.into_iter().partition(|key| key.starts_with(&folder));
    assert_eq!(of_the_job.len(), 6, "a result, four pages and the Markdown: {of_the_job:?}");
    assert!(others.iter().any(|key| key.contains("/uploads/")), "{others:?}");

    let lines = json_lines(&succeeds(&world, &["delete", &job_id.to_string(), "--json"]).await);
    assert_eq!(lines, [json!({ "event": "deleted", "job_id": job_id, "objects": 6 })]);
    assert_eq!(stored(&world).await, others);
}

#[tokio::test]
async fn a_job_without_a_result_is_deleted_only_by_force() {
    let world = World::new().await;
    let (waiting, unknown) = (JobId::generate(), JobId::generate());
    world.put(&world.keys(&waiting).state(), b"{}".to_vec()).await;
    let before = stored(&world).await;
    let (waiting, unknown) = (waiting.to_string(), unknown.to_string());
    let output = quire(&world, &["delete", &waiting, &unknown]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(stdout(&output).matches("stays: it has no result").count(), 2, "{output:?}");
    assert_eq!(stored(&world).await, before);

    let output = succeeds(&world, &["delete", &waiting, &unknown, "--force"]).await;
    assert_eq!(stdout(&output), format!("{waiting}\tdeleted, 1 objects\n{unknown}\tdeleted, 0 objects\n"));
    assert_eq!(stored(&world).await, BTreeSet::new());
}

#[tokio::test]
async fn a_job_that_may_be_replayed_is_deleted_only_by_force() {
    let world = World::new().await;
    let (running, cancelled) = (JobId::generate(), JobId::generate());
    for (job_id, sign) in [(&running, world.keys(&running).state()), (&cancelled, world.keys(&cancelled).cancel())] {
        world.put(&world.keys(job_id).result(), b"{}".to_vec()).await;
        world.put(&sign, b"{}".to_vec()).await;
    }
    let before = stored(&world).await;
    let (running, cancelled) = (running.to_string(), cancelled.to_string());
    let output = quire(&world, &["delete", &running, &cancelled]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(stdout(&output).matches("it may be replayed now").count(), 2, "{output:?}");
    assert_eq!(stored(&world).await, before);

    let output = succeeds(&world, &["delete", &running, &cancelled, "--force"]).await;
    assert_eq!(stdout(&output), format!("{running}\tdeleted, 2 objects\n{cancelled}\tdeleted, 2 objects\n"));
    assert_eq!(stored(&world).await, BTreeSet::new());
}

async fn stored(world: &World) -> BTreeSet<String> {
    world.store.list(&world.prefix).await.expect("the store answers").into_iter().collect()
}
