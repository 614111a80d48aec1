//! Object storage that answers and refuses: for want of rights, which buries what meets it, or
//! because it is asked too often, which costs no attempt.

use std::collections::BTreeMap;

use quire_producer::schemas::{
    job::{Job, JobId},
    names::{Lane, Tier},
    result::JobStatus,
};
use quire_tests::{
    World,
    documents::Poison,
    events::listen,
    eventually,
    expect::{
        assert_no_letters, assert_nothing_left, assert_settled, assert_succeeded, await_end_without_retry,
        await_first_refusal, await_parked, await_ready, await_unready,
    },
    jobs::{await_generation, await_pages, slow_job},
    replay::replay,
    s3_gateway::{Calls, Refusal},
    samples,
};

const WRITING: Calls = Calls::Of("s3:PutObject");
/// Three times what a worker of these tests has in hand.
const JOBS: u32 = 12;

#[tokio::test]
async fn a_job_that_may_write_no_more_has_a_letter_and_no_result_and_its_replay_goes_on_from_there() {
    let (world, gateway) = World::new().await.through_gateway().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let job_id = world.submit(slow_job(source)).await;
    let keys = world.keys(&job_id);
    await_pages(&world, &job_id, 3).await;
    gateway.refuse(WRITING, Refusal::AccessDenied);
    await_first_refusal(&mut events).await;
    assert_eq!(await_end_without_retry(&mut events).await, (JobStatus::Failed, None));
    assert_eq!(await_letters(&world, 1).await, BTreeMap::from([letter(&job_id, "storage_denied")]));
    let stored = world.store.list(keys.folder()).await.expect("the store answers");
    assert!(stored.iter().all(|key| key.starts_with(&keys.pages())), "not only pages: {stored:?}");
    await_ready(&worker).await;

    gateway.heal();
    replay(&world, &job_id).await;
    let result = await_generation(&world, &job_id, 1).await;
    assert_succeeded(&result, 30);
    assert_eq!(result.branches.images.cache_hit, Some(true), "the images were made again");
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn while_nothing_may_be_written_each_job_has_one_letter_and_its_result_comes_with_a_replay() {
    let (world, gateway) = World::new().await.through_gateway().await;
    let mut events = listen(&world).await;
    // One at a time: what the store does answer comes between any two refusals then.
    let mut worker = world.worker().with("QUIRE_LANES", "normal:1").start().await;
    gateway.refuse(WRITING, Refusal::AccessDenied);
    let mut jobs = Vec::new();
    for (document, code, status) in [
        (samples::report(), "storage_denied", JobStatus::Succeeded),
        (Poison::NotAPdf.document(), "not_a_pdf", JobStatus::Failed),
        (samples::rotated(), "storage_denied", JobStatus::Succeeded),
    ] {
        let job_id = world.submit_document(document).await;
        await_first_refusal(&mut events).await;
        assert_eq!(await_end_without_retry(&mut events).await, (JobStatus::Failed, None), "{code}");
        assert_eq!(world.result(&job_id).await, None, "{code}");
        jobs.push((job_id, code, status));
    }
    let expected: BTreeMap<_, _> = jobs.iter().map(|(job_id, code, _)| letter(job_id, code)).collect();
    assert_eq!(await_letters(&world, jobs.len()).await, expected);
    await_ready(&worker).await;
    let opened = worker.logged("a dependency is down; the worker sends it only probes until it answers again");
    assert_eq!(opened.len(), 0, "{opened:?}");

    gateway.heal();
    for (job_id, code, status) in jobs {
        replay(&world, &job_id).await;
        let result = await_generation(&world, &job_id, 1).await;
        assert_eq!(result.status, status, "{code}: {:?}", result.errors);
        world.await_idle().await;
        world.assert_nothing_astray(&job_id).await;
    }
    assert_eq!(await_letters(&world, 1).await.into_values().collect::<Vec<_>>(), ["not_a_pdf"]);
    assert_settled(&world, &mut worker).await;
}

#[tokio::test]
async fn while_everything_is_refused_no_job_is_buried_and_all_succeed_once_it_is_allowed_again() {
    let (world, gateway) = World::new().await.through_gateway().await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    gateway.refuse(Calls::All, Refusal::AccessDenied);
    let mut jobs = Vec::new();
    for _ in 0..JOBS {
        jobs.push(world.submit(Job::new(source.clone())).await);
    }
    let queue = Lane::Normal.queue();
    eventually("nothing is consumed", || async { (world.consumers(&queue).await == 0).then_some(()) }).await;
    let left = eventually("every job waits", || async {
        let (put_off, left) = (world.ready(&Tier::S30.queue()).await, world.ready(&queue).await);
        (put_off + left == JOBS).then_some(left)
    })
    .await;
    assert!(left >= JOBS / 2, "{left} of {JOBS} jobs were left in their queue");
    await_unready(&worker, "storage").await;
    assert_eq!(worker.ask("/livez").await.0, 200);
    assert_eq!(worker.metric("quire_breaker_open{dependency=\"object_store\"}").await, Some(1));

    gateway.heal();
    for job_id in &jobs {
        assert_succeeded(&world.await_result(job_id).await, 4);
    }
    await_ready(&worker).await;
    assert_settled(&world, &mut worker).await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_store_that_throttles_three_times_costs_a_job_no_attempt() {
    let (world, gateway) = World::new().await.through_gateway().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let mut refused = 0;
    for action in ["s3:ListBucket", "s3:GetObject", "s3:PutObject"] {
        gateway.refuse_next(3, Calls::Of(action), Refusal::SlowDown);
        let job_id = world.submit_document(samples::report()).await;
        let (status, _) = await_end_without_retry(&mut events).await;
        assert_eq!(status, JobStatus::Succeeded, "{action}");
        assert_succeeded(&world.await_result(&job_id).await, 4);
        refused += 3;
        assert_eq!(gateway.refusals().len(), refused, "{action}");
        world.await_idle().await;
        world.assert_nothing_astray(&job_id).await;
    }
    assert_settled(&world, &mut worker).await;
    assert_no_letters(&world).await;
}

#[tokio::test]
async fn a_job_whose_store_throttles_without_end_waits_uncounted_and_goes_on_from_there() {
    let (world, gateway) = World::new().await.through_gateway().await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(30)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 3).await;
    gateway.refuse(Calls::All, Refusal::SlowDown);
    await_parked(&mut events).await;
    assert_eq!(world.result(&job_id).await, None, "everything was stored too soon to show anything");
    assert_eq!(worker.ask("/livez").await.0, 200);

    gateway.heal();
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 30);
    assert_eq!(result.branches.images.cache_hit, Some(true), "the images were made again");
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

/// Waits for exactly so many letters; returns their codes by their jobs, which must have one each.
async fn await_letters(world: &World, count: usize) -> BTreeMap<String, String> {
    let letters = world.await_dead_letters(count).await.into_iter();
    let codes: BTreeMap<String, String> = letters
        .map(|letter| (letter.message_id.clone().expect("known by its job"), letter.code().to_owned()))
        .collect();
    assert_eq!(codes.len(), count, "a job has two letters: {codes:?}");
    codes
}

fn letter(job_id: &JobId, code: &str) -> (String, String) {
    (job_id.to_string(), code.to_owned())
}
