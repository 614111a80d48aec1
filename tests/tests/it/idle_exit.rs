//! A worker that is started for what there is to do, and ends when it is done.

use std::time::Duration;

use quire_producer::schemas::result::JobStatus;
use quire_tests::{
    World,
    parse_api::{ParseApi, Scenario, llamaparse_job},
    samples,
};

#[tokio::test]
async fn a_worker_that_may_end_when_idle_does_every_queued_job_first() {
    let world = World::new().await;
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(world.submit_document(samples::report()).await);
    }
    let mut worker = world.worker().arguments(&["--exit-when-idle", "2s"]).launch();
    assert_eq!(worker.exit().await.code(), Some(0));
    for job_id in &jobs {
        let result = world.result(job_id).await.expect("done before the worker ended");
        assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 4));
    }
    assert_eq!(world.waiting().await, 0);
}

#[tokio::test]
async fn a_worker_whose_job_outlasts_the_idle_time_does_not_end_before_it() {
    let parse = Scenario::Ok { polls: 1, delay: Duration::from_secs(5) };
    let (world, api) = (World::new().await, ParseApi::start(4, parse).await);
    let source = world.upload(samples::report()).await;
    let job_id = world.submit(llamaparse_job(source, &[])).await;
    let mut worker = api.worker(&world).with("QUIRE_EXIT_WHEN_IDLE", "1s").launch();
    assert_eq!(worker.exit().await.code(), Some(0));
    let result = world.result(&job_id).await.expect("done before the worker ended");
    assert_eq!((result.status, api.jobs().len()), (JobStatus::Succeeded, 1));
    assert_eq!(world.waiting().await, 0);
}
