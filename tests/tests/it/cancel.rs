//! Jobs that are cancelled: a cancelled result, and no dead letter.

use std::time::Duration;

use quire_producer::{
    amqp::{FieldTable, Outgoing},
    schemas::{
        event::Control,
        job::JobId,
        names::{CONTROL_EXCHANGE, Tenant},
        result::{BranchStatus, JobStatus, ParseResult},
    },
};
use quire_tests::{
    Worker, World,
    events::{await_event, finished, listen},
    eventually,
    expect::{assert_ended, assert_no_letters},
    jobs::{await_pages, identified_job, slow_job, tell_workers_to_cancel},
    samples,
};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// What a worker logs when it is told to log differently.
const MARK: &str = "the log filter was changed";

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
    assert_no_letters(&world).await;
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
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_running_job_begins_at_most_one_more_page_for_each_renderer_once_its_worker_is_told() {
    let (renderers, pages) = (2_usize, 40);
    let world = World::new().await;
    let worker = world.worker().with("QUIRE_RENDERERS", &renderers.to_string()).start().await;
    let source = world.upload(samples::large(pages)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    tell_to_cancel_and_to_leave_a_mark(&world, job_id).await;
    assert_cancelled(&world.await_result(&job_id).await);
    world.await_idle().await;

    let (log, told) = eventually("the mark is in the log", || async {
        let log = messages(&worker);
        let told = log.iter().position(|message| message == MARK)?;
        Some((log, told))
    })
    .await;
    let begun = |log: &[String]| log.iter().filter(|message| *message == "page begun").count();
    let (before, after) = (begun(&log[..told]), begun(&log[told..]));
    assert!(after <= renderers, "{after} pages were begun behind the mark");
    assert!(before + 2 * renderers < pages as usize, "{before} pages were begun before it: too few were left");
    world.assert_nothing_astray(&job_id).await;
    assert_no_letters(&world).await;
}

/// Has every worker stop a job, and then write a line into its log: what is logged behind that was done by
/// a worker that knew of the cancellation.
async fn tell_to_cancel_and_to_leave_a_mark(world: &World, job_id: JobId) {
    let cancel = Control::Cancel { job_id, tenant: Tenant::default() };
    let mark = Control::Log { filter: "info,quire_worker=debug".to_owned() };
    for control in [cancel, mark] {
        let body = serde_json::to_vec(&control).expect("plain data");
        let told = Outgoing::json(CONTROL_EXCHANGE, String::new(), body, FieldTable::default());
        world.quire.publisher().publish(&told, CONFIRM_WITHIN).await.expect("a worker listens");
    }
}

/// What a worker has logged, oldest first.
fn messages(worker: &Worker) -> Vec<String> {
    let log = worker.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter_map(|line| line["message"].as_str().map(str::to_owned)).collect()
}

fn assert_cancelled(result: &ParseResult) {
    assert_ended(result, &JobStatus::Cancelled, &["cancelled"]);
    let branches = [&result.branches.parse.status, &result.branches.images.status];
    assert_eq!(branches, [&BranchStatus::Cancelled; 2]);
}
