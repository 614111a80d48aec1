//! A job that takes longer than one delivery may be kept: it travels on from worker to worker, and
//! pays for nothing twice.

use std::time::Duration;

use lapin::{
    Channel,
    message::Delivery,
    options::{QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_producer::{
    follow::Follower,
    schemas::{
        event::Event,
        job::JobId,
        names::{JOBS_EXCHANGE, header},
        result::JobStatus,
    },
};
use quire_tests::{
    Worker, World,
    parse_api::{ParseApi, Scenario},
    samples,
};

use crate::{
    events::{await_event, listen, next_message},
    fail_points::assert_settled,
    llamaparse,
    redelivery::slow_job,
};

const PAGES: u32 = 30;

#[tokio::test]
async fn a_job_longer_than_a_lease_is_done_in_several_deliveries_and_every_page_once() {
    let world = World::new().await;
    let copies = Copies::of(&world).await;
    let mut events = listen(&world).await;
    let worker = || world.worker().with("QUIRE_LEASE", "2s").with("QUIRE_RENDERERS", "1");
    let mut workers = [worker().start().await, worker().start().await];
    let source = world.upload(samples::large(PAGES)).await;
    let job_id = world.submit(slow_job(source)).await;

    let deliveries = count_deliveries(&mut events, job_id).await;
    assert!(deliveries >= 2, "it fitted into one lease");
    let result = world.await_result(&job_id).await;
    let came_to = (result.status, result.provenance.attempt, result.page_images.len());
    assert_eq!(came_to, (JobStatus::Succeeded, Some(1), PAGES as usize), "{:?}", result.errors);
    assert_eq!(pages_stored(&workers), (1..=PAGES).map(u64::from).collect::<Vec<_>>());
    for worker in &mut workers {
        assert_settled(&world, worker).await;
    }
    copies.assert_each_was_delivered_once(deliveries).await;
    world.assert_nothing_astray(&job_id).await;
}

#[tokio::test]
async fn a_parse_longer_than_a_lease_is_bought_once_and_waited_for_in_several_deliveries() {
    let parse = Scenario::Ok { polls: 1, delay: Duration::from_secs(7) };
    let (world, api) = (World::new().await, ParseApi::start(4, parse).await);
    let copies = Copies::of(&world).await;
    let mut events = listen(&world).await;
    let mut worker = llamaparse::worker(&world, &api).with("QUIRE_LEASE", "2s").start().await;
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse::job(source, &[])).await;

    let deliveries = count_deliveries(&mut events, job_id).await;
    assert!(deliveries >= 2, "it fitted into one lease");
    let result = world.await_result(&job_id).await;
    let came_to = (result.status, result.provenance.attempt, result.page_images.len());
    assert_eq!(came_to, (JobStatus::Succeeded, Some(1), 4), "{:?}", result.errors);
    assert_eq!((api.uploads().len(), api.jobs().len()), (1, 1));
    assert_eq!(pages_stored(std::slice::from_ref(&worker)), [1, 2, 3, 4]);
    assert_settled(&world, &mut worker).await;
    copies.assert_each_was_delivered_once(deliveries).await;
    world.assert_nothing_astray(&job_id).await;
}

/// Counts how often a job was begun until it ended.
async fn count_deliveries(events: &mut Follower, job_id: JobId) -> usize {
    let mut deliveries = 0;
    loop {
        let about_it = |event: Event| event.subject().is_some_and(|subject| subject.job_id == job_id).then_some(event);
        match await_event(events, "the job ends", about_it).await {
            Event::Started { .. } => deliveries += 1,
            Event::Finished { .. } => return deliveries,
            _ => {}
        }
    }
}

/// Which page images these workers have stored, ascending; one that was stored twice is there
/// twice.
fn pages_stored(workers: &[Worker]) -> Vec<u64> {
    let lines = workers.iter().flat_map(|worker| worker.logged("page stored"));
    let mut pages: Vec<u64> = lines.map(|line| line["page"].as_u64().expect("it names the page")).collect();
    pages.sort_unstable();
    pages
}

/// A queue that gets a copy of every message for the job queues.
struct Copies {
    channel: Channel,
    queue: String,
}

impl Copies {
    async fn of(world: &World) -> Self {
        let channel = world.channel().await;
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare("".into(), options, FieldTable::default()).await.expect("anybody may");
        let queue = queue.name().to_string();
        let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
        let bound = channel.queue_bind(queue.as_str().into(), JOBS_EXCHANGE.into(), "job.#".into(), options, arguments);
        bound.await.expect("the exchange is there");
        Self { channel, queue }
    }

    /// A message that is delivered a second time counts as failed once. As many messages as
    /// deliveries: none was. And whoever gives a job back uncounted leaves its attempt as it was.
    async fn assert_each_was_delivered_once(&self, deliveries: usize) {
        let mut messages = Vec::new();
        while let Some(message) = next_message(&self.channel, &self.queue).await {
            messages.push(message);
        }
        assert_eq!(messages.len(), deliveries);
        for message in &messages[1..] {
            assert_eq!(header_of(message, header::ATTEMPT), Some(AMQPValue::LongLongInt(1)));
            assert_eq!(header_of(message, header::DELIVERY_COUNT), None);
        }
    }
}

fn header_of(message: &Delivery, name: &str) -> Option<AMQPValue> {
    message.properties.headers().as_ref()?.inner().get(name).cloned()
}
