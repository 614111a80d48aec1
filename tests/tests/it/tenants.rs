//! Tenants that share a lane: one with many jobs does not fill it.

use quire_producer::{
    Submission,
    schemas::{event::Event, job::JobId, names::Tenant, result::JobStatus},
};
use quire_tests::{
    World,
    events::{await_event, finished, listen},
    expect::assert_no_letters,
    jobs::slow_job,
    samples,
};

async fn submit(world: &World, tenant: &str, pages: u32) -> JobId {
    let tenant: Tenant = tenant.parse().expect("a tenant");
    let source = world.upload_for(&tenant, samples::large(pages)).await;
    let submission = Submission { tenant, job: slow_job(source.clone()), ..Submission::new(source) };
    world.quire.submit(&submission).await.expect("the broker takes it")
}

#[tokio::test]
async fn a_tenant_with_many_jobs_leaves_room_for_another_and_has_the_lane_alone_otherwise() {
    let world = World::new().await;
    let mut events = listen(&world).await;
    let worker = world.worker().with("QUIRE_LANES", "normal:4").with("QUIRE_TENANT_JOBS", "1").start().await;
    // Alone, a tenant has every permit.
    let mut many = Vec::new();
    for _ in 0..4 {
        many.push(submit(&world, "many", 6).await);
    }
    for _ in 0..4 {
        await_event(&mut events, "a job begins", begun).await;
    }
    // The other one has sent a job: from here on what is beyond the share waits.
    submit(&world, "few", 1).await;
    for _ in 0..8 {
        many.push(submit(&world, "many", 6).await);
    }
    let few = submit(&world, "few", 1).await;
    let mut ended_before = 0;
    loop {
        let (status, job_id) = await_event(&mut events, "a job ends", ended).await;
        assert_eq!(status, JobStatus::Succeeded);
        if job_id == few {
            break;
        }
        ended_before += 1;
    }
    assert!(ended_before <= many.len() / 2 + 1, "{ended_before} jobs of the other tenant came first");
    for job_id in &many {
        let result = world.await_result_of(&"many".parse().expect("a tenant"), job_id).await;
        assert_eq!(
            (result.status, result.provenance.attempt),
            (JobStatus::Succeeded, Some(1)),
            "waiting is not counted"
        );
    }
    world.await_idle().await;
    assert_no_letters(&world).await;
    let parked = worker.metric("quire_jobs_total{lane=\"normal\",outcome=\"parked\"}").await;
    assert!(parked.is_some_and(|parked| parked > 0), "nothing was beyond a share");
}

fn begun(event: Event) -> Option<()> {
    matches!(event, Event::Started { .. }).then_some(())
}

fn ended(event: Event) -> Option<(JobStatus, JobId)> {
    let job_id = event.subject().map(|subject| subject.job_id)?;
    finished(event).map(|(status, _)| (status, job_id))
}
