//! What probes and scrapers are told.

use nix::sys::signal::Signal;
use quire_producer::schemas::{
    job::{ImageFormat, ImageOptions, Job, JobId},
    result::JobStatus,
};
use quire_tests::{World, eventually, expect::await_ready, samples};

async fn await_first_page(world: &World, job_id: &JobId) {
    let pages = world.keys(job_id).pages();
    eventually("a page is stored", || async {
        let stored = world.store.list(&pages).await.expect("the store answers");
        (!stored.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_consumes_is_alive_and_ready() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    assert_eq!(worker.ask("/livez").await, (200, String::new()));
    await_ready(&worker).await;
    assert_eq!(worker.ask("/elsewhere").await.0, 404);
}

#[tokio::test]
async fn metrics_count_jobs_and_end_as_the_format_wants() {
    let world = World::new().await;
    let worker = world.worker().start().await;
    let (_, before) = worker.ask("/metrics").await;
    let counted = |number: u32| format!("quire_jobs_total{{lane=\"normal\",outcome=\"succeeded\"}} {number}\n");
    assert!(before.contains(&counted(0)) && before.ends_with("# EOF\n"), "{before}");
    let job_id = world.submit_document(samples::rotated()).await;
    assert_eq!(world.await_result(&job_id).await.status, JobStatus::Succeeded);
    eventually("the job is counted", || async { worker.ask("/metrics").await.1.contains(&counted(1)).then_some(()) })
        .await;
}

#[tokio::test]
async fn a_worker_that_drains_is_alive_and_not_ready_and_finishes_its_work() {
    let world = World::new().await;
    let mut worker = world.worker().with("QUIRE_SHUTDOWN_GRACE", "120s").start().await;
    let source = world.upload(samples::large(20)).await;
    let images = Some(ImageOptions { format: ImageFormat::Webp, dpi: 200, ..ImageOptions::default() });
    let job_id = world.submit(Job { images, ..Job::new(source) }).await;
    await_first_page(&world, &job_id).await;
    worker.signal(Signal::SIGTERM);
    eventually("the log says that it drains", || async { worker.log().contains("draining").then_some(()) }).await;
    let (status, body) = worker.ask("/readyz").await;
    assert!(status == 503 && body.contains("\"draining\""), "{status} {body}");
    assert_eq!(worker.ask("/livez").await.0, 200);
    assert!(worker.exit().await.success(), "{}", worker.log());
    let result = world.await_result(&job_id).await;
    assert_eq!((result.status, result.page_images.len()), (JobStatus::Succeeded, 20));
    assert_eq!(world.ready("quire.jobs.normal").await, 0);
}
