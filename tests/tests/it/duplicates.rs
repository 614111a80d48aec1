//! One job, published more than once.

use futures_util::future::join_all;
use quire_producer::schemas::{event::Event, result::JobStatus};
use quire_tests::{
    World,
    events::{await_event, listen},
    jobs::identified_job,
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
    assert_eq!(world.dead_letters().await.len(), 0);
}
