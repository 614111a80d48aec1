//! What operators do, with exactly their rights.

use std::process::Output;

use quire_producer::{
    Submission,
    schemas::{
        job::{Job, JobId},
        names::Lane,
        result::JobStatus,
    },
};
use quire_tests::{
    World, eventually,
    permissions::{Role, User},
    samples,
};
use serde_json::Value;

#[tokio::test]
async fn an_operator_with_exactly_its_rights_declares_looks_replays_drops_cancels_and_deletes() {
    let world = World::bare().await;
    let operator = User::of(&world, Role::Operator).await;
    succeeds(&operator, &["topology", "declare"]).await;
    succeeds(&operator, &["topology", "check"]).await;
    let worker = world.worker().with("QUIRE_TOPOLOGY", "passive").start().await;

    let replayed = buried(&world).await;
    let dropped = buried(&world).await;
    let queues = succeeds(&operator, &["queues", "--json"]).await;
    assert_eq!(lines(&queues)[0]["source"], "management");
    let workers = succeeds(&operator, &["workers", "--for", "11s", "--json"]).await;
    assert_eq!(lines(&workers)[0][0]["instance"], worker.instance.as_str());
    assert_eq!(lines(&succeeds(&operator, &["dead", "list", "--json"]).await).len(), 2);
    succeeds(&operator, &["result", &replayed.to_string()]).await;
    succeeds(&operator, &["watch", &replayed.to_string()]).await;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let password = folder.path().join("password");
    std::fs::write(&password, "quire").expect("a fresh folder");
    let password = password.display().to_string();
    succeeds(&operator, &["dead", "replay", &replayed.to_string(), "--password-file", &password]).await;
    eventually("the replayed job succeeds", || async {
        world.result(&replayed).await.filter(|result| result.status == JobStatus::Succeeded)
    })
    .await;
    succeeds(&operator, &["dead", "drop", &dropped.to_string()]).await;
    world.await_dead_letters(0).await;

    let waiting = waiting(&world).await;
    succeeds(&operator, &["cancel", &waiting.to_string()]).await;
    assert!(world.object(&world.keys(&waiting).cancel()).await.is_some());
    succeeds(&operator, &["delete", &replayed.to_string()]).await;
    let left = world.store.list(world.keys(&replayed).folder()).await.expect("the store answers");
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(operator.store_refusals(), Vec::<String>::new());
}

#[tokio::test]
async fn a_monitor_reads_the_depths_of_queues() {
    let world = World::new().await;
    let monitor = User::of(&world, Role::Monitor).await;
    let told = lines(&succeeds(&monitor, &["queues", "--json"]).await);
    let queues = told[0]["queues"].as_array().expect("a list");
    assert_eq!((&told[0]["source"], queues.len()), (&Value::from("management"), 9));
    assert!(queues.iter().all(|queue| queue["exists"] == true), "{told:?}");
}

/// Returns a job that lies in the dead queue and has a failed result.
async fn buried(world: &World) -> JobId {
    let job_id = world.submit_document(samples::encrypted()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Failed);
    job_id
}

/// Returns a job of a lane that no worker serves.
async fn waiting(world: &World) -> JobId {
    let job = Job::new(world.upload(samples::report()).await);
    let submission = Submission { job, lane: Lane::Bulk, ..Submission::of_s3("b", "k") };
    world.quire.submit(&submission).await.expect("the broker takes it")
}

async fn succeeds(user: &User, arguments: &[&str]) -> Output {
    let output = user.quire(arguments).await;
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    output
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}
