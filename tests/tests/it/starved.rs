//! A consumer in name only: connection and channel are alive, and the broker sends it nothing.

use quire_producer::schemas::{event::Event, names::Lane, result::JobStatus};
use quire_tests::{
    World,
    events::{await_event, listen},
    eventually,
    expect::assert_nothing_left,
    samples,
    servers::PrivateBroker,
    session::await_session,
};

#[tokio::test]
async fn a_consumer_that_its_queue_has_forgotten_is_given_up_and_the_job_that_waits_runs_once() {
    let broker = PrivateBroker::start().await;
    let world = World::on(Some(&broker), None).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let queue = Lane::Normal.queue();
    forget_consumers(&broker, &queue).await;
    eventually("the queue has no consumer", || async { (world.consumers(&queue).await == 0).then_some(()) }).await;

    let job_id = world.submit_document(samples::report()).await;
    let noticed = await_session(&worker, 2).await;
    let lost = worker.logged("the session is lost; its jobs are fenced");
    let reasons: Vec<_> = lost.iter().map(|line| line["reason"].as_str().unwrap_or_default()).collect();
    assert_eq!(reasons, ["the broker has 1 jobs for lane normal and sends none"], "after {noticed:?}");

    let (mut starts, mut end) = (0, None);
    while end.is_none() {
        match await_event(&mut events, "the job ends", Some).await {
            Event::Started { .. } => starts += 1,
            Event::Finished { subject, status, .. } => end = Some((subject.job_id, subject.attempt, status)),
            _ => {}
        }
    }
    assert_eq!((starts, end), (1, Some((job_id, 1, JobStatus::Succeeded))));
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

/// Takes every consumer of a queue out of the state of the queue, and tells neither their channels nor their
/// clients: it is what a broker that loses one does by mistake. No command of RabbitMQ does it.
async fn forget_consumers(broker: &PrivateBroker, queue: &str) {
    let forget = format!(
        "[{{ok, _, _}} = ra:process_command(amqqueue:get_pid(Queue), \
             rabbit_fifo:make_checkout({{Tag, Channel}}, cancel, #{{}})) \
         || Row <- ets:tab2list(consumer_created), {{Name, Channel, Tag}} <- [element(1, Row)], \
         element(4, Name) =:= <<\"{queue}\">>, {{ok, Queue}} <- [rabbit_amqqueue:lookup(Name)]]."
    );
    broker.rabbitmqctl(&["eval", &forget]).await;
}
