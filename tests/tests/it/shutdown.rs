//! SIGTERM: what is in hand is finished, or given back when the time for that is over.

use lapin::types::AMQPValue;
use nix::sys::signal::Signal;
use quire_producer::schemas::{
    event::Event,
    names::{Lane, header},
    result::JobStatus,
};
use quire_tests::{World, eventually, samples};

use crate::{
    events::{await_event, listen, next_message, started},
    redelivery::{await_pages, slow_job},
};

#[tokio::test]
async fn work_in_flight_is_finished_before_a_worker_ends() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_SHUTDOWN_GRACE", "60s").start().await;
    let job_id = world.submit_document(samples::large(12)).await;
    await_event(&mut events, "the job begins", started).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0), "{}", worker.log());
    let result = world.result(&job_id).await.expect("the worker finished it");
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 12));
    assert_eq!(await_event(&mut events, "the worker says goodbye", stopped).await, worker.instance);
    assert_eq!(worker.temporary_files(), Vec::<std::path::PathBuf>::new());
    world.await_idle().await;
}

#[tokio::test]
async fn a_job_that_outlives_the_grace_period_is_given_back_uncounted_and_finished_elsewhere() {
    let world = World::new().await;
    let settings = world.worker().with("QUIRE_SHUTDOWN_GRACE", "2s").with("QUIRE_RENDERERS", "1");
    let mut worker = settings.start().await;
    let source = world.upload(samples::large(40)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 1).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.exit().await.code(), Some(0), "{}", worker.log());
    assert_eq!(worker.temporary_files(), Vec::<std::path::PathBuf>::new());
    assert_eq!(world.result(&job_id).await, None, "it was done before the grace period was over");

    let (channel, queue) = (world.channel().await, Lane::Normal.queue());
    let message = eventually("the job is in its queue again", || next_message(&channel, &queue)).await;
    let headers = message.properties.headers().as_ref().expect("whoever gave it back wrote some");
    assert_eq!(headers.inner().get(header::ATTEMPT), Some(&AMQPValue::LongLongInt(1)));
    assert_eq!(message.properties.message_id().as_ref().map(ToString::to_string), Some(job_id.to_string()));
    channel.close(200, "looked".into()).await.expect("the channel closes");

    let _another = world.worker().start().await;
    let result = world.await_result(&job_id).await;
    let came_to = (result.status, result.provenance.attempt, result.page_images.len());
    assert_eq!(came_to, (JobStatus::Succeeded, Some(1), 40));
    assert_eq!(result.branches.images.cache_hit, Some(true));
}

fn stopped(event: Event) -> Option<String> {
    match event {
        Event::Stopped { instance, .. } => Some(instance),
        _ => None,
    }
}
