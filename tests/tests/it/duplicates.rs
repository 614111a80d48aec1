//! One job, published more than once.

use futures_util::future::join_all;
use quire_producer::schemas::{
    event::Event,
    job::{ImageFormat, ImageOptions, Job},
    result::JobStatus,
};
use quire_tests::{
    World,
    events::{await_event, listen, started},
    expect::{assert_no_letters, assert_settled, assert_succeeded},
    jobs::{identified_job, slow_job},
    samples,
};

#[tokio::test]
async fn ten_messages_of_one_job_share_one_run_and_are_all_settled() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let worker = world.worker().start().await;
    let job = identified_job(world.upload(samples::report()).await);
    let ids = join_all((0..10).map(|_| world.submit(job.clone()))).await;

    let (mut starts, mut ends) = (0, Vec::new());
    while ends.len() < 10 {
        match await_event(&mut events, "every message is announced", Some).await {
            Event::Started { .. } => starts += 1,
            Event::Finished { result, .. } => ends.push(result),
            _ => {}
        }
    }
    assert_eq!(starts, 1);
    ends.dedup();
    assert_eq!(ends.len(), 1, "more than one result was announced: {ends:?}");
    let result = world.result(&ids[0]).await.expect("announced, so stored");
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 4));
    world.await_idle().await;
    assert_eq!(worker.metric("quire_jobs_total{lane=\"normal\",outcome=\"succeeded\"}").await, Some(1));
    assert_eq!(worker.metric("quire_jobs_total{lane=\"normal\",outcome=\"repeated\"}").await, Some(9));
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn of_two_bodies_under_one_id_the_first_result_stays_and_the_other_body_is_buried() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_LANES", "normal:1").with("QUIRE_RENDERERS", "1").start().await;
    let job = identified_job(world.upload(samples::report()).await);
    // Of another format, so that its images have names of their own.
    let images = slow_job(job.source.clone()).images.map(|images| ImageOptions { format: ImageFormat::Webp, ..images });
    let slow = Job { job_id: job.job_id, images, ..Job::new(world.upload(samples::large(6)).await) };
    let job_id = world.submit(slow).await;
    await_event(&mut events, "the slow one begins", started).await;
    let mut other = world.worker().start().await;
    world.submit(job).await;
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 4);

    let letters = world.await_dead_letters(1).await;
    let code = letters[0].code();
    assert_eq!((letters[0].routing_key.as_str(), code), ("invalid.normal", "invalid_job"));
    assert_settled(&world, &mut other).await;
    assert_settled(&world, &mut worker).await;
    assert_eq!(world.result(&job_id).await, Some(result));
    world.assert_nothing_astray(&job_id).await;
}
