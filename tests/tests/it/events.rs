//! What jobs and workers say about themselves while they live.

use std::time::Duration;

use lapin::{
    Channel,
    options::{QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_producer::{
    Submission,
    follow::Follower,
    schemas::{
        event::{Event, Heartbeat, LaneLoad, ResultLocation},
        job::JobId,
        names::{EVENTS_EXCHANGE, Lane},
        result::{JobStatus, Phase},
        sha256::Sha256,
    },
};
use quire_tests::{
    World,
    events::{await_event, listen, next_message},
    eventually,
    expect::assert_settled,
    samples,
};
use tokio::time::timeout;

#[tokio::test]
async fn a_job_tells_its_start_its_progress_and_its_end_in_this_order_and_answers_its_caller() {
    let world = World::new().await;
    let (channel, queue) = queue_of_the_caller(&world).await;
    let mut events = listen(&world).await;
    let worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let (reply_to, correlation_id) = (Some(queue.clone()), Some("order-17".to_owned()));
    let submission = Submission { reply_to, correlation_id, ..Submission::new(source) };
    let job_id = world.quire.submit(&submission).await.expect("the broker takes it");

    let heard = until_finished(&mut events, job_id).await;
    let [Event::Started { worker: name, .. }, between @ .., Event::Finished { status, result, code, .. }] =
        heard.as_slice()
    else {
        panic!("not a start and an end: {heard:?}")
    };
    assert_eq!(*name, worker.instance);
    let progress: Vec<_> = between.iter().map(progress).collect();
    assert!(progress.iter().all(|(_, done, total)| done <= total), "{progress:?}");
    assert!(progress.is_sorted_by_key(|(_, done, _)| *done), "{progress:?}");
    assert!(progress.iter().any(|(phase, _, total)| *phase == Phase::Render && *total == 30), "{progress:?}");
    let key = world.keys(&job_id).result();
    let json = world.object(&key).await.expect("announced, so stored");
    let location = ResultLocation { uri: world.store.uri(&key), sha256: Sha256::of(&json).to_string() };
    assert_eq!((status, result, code), (&JobStatus::Succeeded, &Some(location), &None));

    let reply = eventually("the caller has an answer", || next_message(&channel, &queue)).await;
    let answer: Event = serde_json::from_slice(&reply.data).expect("an event");
    assert_eq!(heard.last(), Some(&answer));
    assert_eq!(reply.properties.correlation_id().as_ref().map(|id| id.as_str()), Some("order-17"));
}

#[tokio::test]
async fn a_live_worker_is_heard_of_within_twelve_seconds() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let mut events = listen(&world).await;
    let beat = await_event(&mut events, "a heartbeat", heartbeat);
    let beat = timeout(Duration::from_secs(12), beat).await.expect("there is one every ten seconds");
    let idle = LaneLoad { lane: Lane::Normal, permits: 4, in_flight: 0 };
    assert_eq!(beat.instance, worker.instance);
    assert_eq!((beat.lanes, beat.jobs, beat.draining), (vec![idle], Vec::new(), false));
}

/// Every user may subscribe, and no subscriber's queue may stop all work.
#[tokio::test]
async fn a_queue_that_refuses_events_does_not_keep_a_job_from_ending() {
    let world = World::new().await;
    let channel = world.channel().await;
    let mut arguments = FieldTable::default();
    // The job's beginning fills it.
    arguments.insert("x-max-length".into(), 1.into());
    arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
    let queue = channel.queue_declare("".into(), QueueDeclareOptions::default(), arguments).await.expect("declared");
    let (name, bind) = (queue.name().clone(), QueueBindOptions::default());
    let bound = channel.queue_bind(name, EVENTS_EXCHANGE.into(), "#".into(), bind, FieldTable::default()).await;
    bound.expect("the exchange of events is there");
    let mut worker = world.worker().start().await;
    let job_id = world.submit_document(samples::report()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
    world.await_idle().await;
    assert_eq!(worker.logged("event not accepted by a subscriber's queue (full, or its node is down)").len(), 1);
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&job_id).await;
}

fn heartbeat(event: Event) -> Option<Heartbeat> {
    match event {
        Event::Heartbeat(beat) => Some(beat),
        _ => None,
    }
}

fn progress(event: &Event) -> (Phase, u32, u32) {
    match event {
        Event::Progress { phase, pages_done, pages_total, .. } => (phase.clone(), *pages_done, *pages_total),
        other => panic!("neither the start nor the end, and no progress: {other:?}"),
    }
}

/// Collects a job's events, its end included.
async fn until_finished(events: &mut Follower, job_id: JobId) -> Vec<Event> {
    let about_it = |event: Event| event.subject().is_some_and(|subject| subject.job_id == job_id).then_some(event);
    let mut heard = Vec::new();
    while !matches!(heard.last(), Some(Event::Finished { .. })) {
        heard.push(await_event(events, "the job's next event", about_it).await);
    }
    heard
}

/// Declares a queue that lives as long as the channel.
async fn queue_of_the_caller(world: &World) -> (Channel, String) {
    let channel = world.channel().await;
    let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    let queue = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await
        .expect("every user may declare a queue here");
    let name = queue.name().to_string();
    (channel, name)
}
