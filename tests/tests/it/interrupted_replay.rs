//! `quire dead replay` that is killed, or loses the broker, around the moment at which a letter becomes a job:
//! letter or job is there, and however often it is replayed, the job runs once.

use quire_producer::schemas::{
    event::Event,
    job::{Job, JobId},
    names::{DEAD_QUEUE, Lane},
    result::JobStatus,
};
use quire_tests::{
    World,
    amqp::ACK,
    events::{await_event, listen},
    eventually,
    expect::{assert_nothing_left, assert_settled, assert_succeeded},
    jobs::{await_generation, without_its_source},
    proxy::Direction,
    quire,
    quire_cli::stdout,
    replay::replay,
    samples,
};

const BROKER: &str = "QUIRE_AMQP_URL";
const STORE: &str = "QUIRE_S3_ENDPOINT";

#[tokio::test]
async fn a_replay_that_is_killed_before_it_publishes_leaves_the_letter_and_no_job() {
    let world = World::new().await;
    let job_id = a_letter(&world).await;
    let (world, store) = world.through_proxy(STORE).await;
    store.stall(Direction::ToServer);
    let asks = eventually("it holds the letter and asks for the job's result", || async {
        (store.connections() > 0 && world.ready(DEAD_QUEUE).await == 0).then_some(())
    });
    kill_replay_when(&world, &job_id, asks).await;
    world.await_dead_letters(1).await;
    assert_eq!(world.waiting().await, 0);

    store.heal();
    replay(&world, &job_id).await;
    assert_one_run(&world, &job_id, 1).await;
}

#[tokio::test]
async fn a_replay_that_is_killed_between_job_and_letter_leaves_both_and_the_job_runs_once() {
    let world = World::new().await;
    let job_id = a_letter(&world).await;
    let (world, broker) = world.through_proxy(BROKER).await;
    broker.stall_before(Direction::ToServer, &ACK);
    kill_replay_when(&world, &job_id, broker.await_cut()).await;
    // What is stalled hides its end from the broker, and would pass if it were healed first.
    broker.cut();
    broker.heal();
    world.await_dead_letters(1).await;
    await_jobs(&world, 1).await;

    replay(&world, &job_id).await;
    assert_one_run(&world, &job_id, 2).await;
}

#[tokio::test]
async fn a_replay_whose_confirm_is_lost_publishes_again_and_the_job_runs_once() {
    let world = World::new().await;
    let job_id = a_letter(&world).await;
    let (world, broker) = world.through_proxy(BROKER).await;
    broker.cut_before(Direction::ToClient, &ACK);
    replay(&world, &job_id).await;
    broker.await_cut().await;
    assert_one_run(&world, &job_id, 2).await;
}

#[tokio::test]
async fn a_letter_that_outlives_its_replay_is_reported_and_does_not_supersede_the_result_of_the_replay() {
    let world = World::new().await;
    let mut worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(&world, Job::new).await;
    world.put(&key, samples::report()).await;
    let (world, broker) = world.through_proxy(BROKER).await;
    broker.cut_before(Direction::ToServer, &ACK);
    let (id, result) = (job_id.to_string(), world.keys(&job_id).result());
    let output = quire(&world, &["dead", "replay", &id]).await;
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("replayed as generation 1"), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("letter"), "{output:?}");
    broker.await_cut().await;
    assert_eq!(await_generation(&world, &job_id, 1).await.status, JobStatus::Succeeded);
    let stored = world.object(&result).await;

    let output = eventually("the letter is back", || async {
        let output = quire(&world, &["dead", "replay", &id]).await;
        stdout(&output).contains("stays").then_some(output)
    })
    .await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("stays: it has succeeded"), "{output:?}");
    assert_settled(&world, &mut worker).await;
    world.await_dead_letters(1).await;
    assert_eq!(world.object(&result).await, stored, "the result was written again");
    world.assert_nothing_astray(&job_id).await;
}

/// Has a job of four pages buried because its document was late, and its worker end.
async fn a_letter(world: &World) -> JobId {
    let mut worker = world.worker().with("QUIRE_MAX_ATTEMPTS", "1").start().await;
    let (key, job_id) = without_its_source(world, Job::new).await;
    world.put(&key, samples::report()).await;
    assert_settled(world, &mut worker).await;
    job_id
}

/// Kills a replay as soon as something is so, which has to be before its own end.
async fn kill_replay_when(world: &World, job_id: &JobId, condition: impl Future<Output = ()>) {
    let id = job_id.to_string();
    // Not cancel safe, on purpose: a command that is no longer waited for is killed.
    let arguments = ["dead", "replay", &id];
    tokio::select! {
        output = quire(world, &arguments) => panic!("it has ended: {output:?}"),
        () = condition => {}
    }
}

async fn await_jobs(world: &World, count: u32) {
    let queue = Lane::Normal.queue();
    eventually("jobs are in their queue", || async { (world.ready(&queue).await == count).then_some(()) }).await;
}

/// Asserts that so many messages of a job wait, and that they come to one run and one result, of the first
/// later generation, and leave no letter.
async fn assert_one_run(world: &World, job_id: &JobId, messages: u32) {
    await_jobs(world, messages).await;
    let mut events = listen(world).await;
    let mut worker = world.worker().start().await;
    let (mut starts, mut ends) = (Vec::new(), Vec::new());
    while ends.len() < messages as usize {
        match await_event(&mut events, "every message is announced", Some).await {
            Event::Started { subject, .. } => starts.push(subject.generation),
            Event::Finished { subject, status, result, .. } => ends.push((subject.generation, status, result)),
            _ => {}
        }
    }
    assert_eq!(starts, [1], "{ends:?}");
    ends.dedup();
    assert_eq!(ends.len(), 1, "more than one end was announced: {ends:?}");
    let result = world.result(job_id).await.expect("announced, so stored");
    assert_eq!(result.generation, 1);
    assert_succeeded(&result, 4);
    assert_nothing_left(world, &mut worker, &[*job_id]).await;
}
