//! Object storage without space: it answers every question and takes no object.

use std::collections::BTreeMap;

use quire_producer::schemas::{event::Event, job::Job};
use quire_tests::{
    World,
    events::{Retry, await_event, listen, retrying},
    expect::{PARKED, assert_failed, assert_nothing_left, assert_settled, assert_succeeded, await_parked},
    jobs::{await_pages, slow_job},
    samples,
    servers::PrivateStore,
    small_disk::SmallDisk,
};

/// Enough for every document and result here.
const ROOM_BYTES: u64 = 64 << 20;

#[tokio::test]
async fn jobs_that_meet_a_full_store_wait_uncounted_until_there_is_room() {
    let disk = SmallDisk::mount(ROOM_BYTES);
    let store = PrivateStore::start_on(disk.path()).await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::report()).await;
    disk.fill();
    // Of one of them there is nothing to be stored before its end.
    let mut jobs = vec![world.submit(Job { images: None, ..Job::new(source.clone()) }).await];
    for _ in 0..3 {
        jobs.push(world.submit(Job::new(source.clone())).await);
    }
    let mut waits = BTreeMap::new();
    while waits.len() < jobs.len() {
        let retry = await_event(&mut events, "every job waits", retried_before_any_end).await;
        waits.insert(retry.job_id, retry);
    }
    assert!(waits.values().all(|retry| retry.terms() == PARKED), "{waits:?}");
    for job_id in &jobs {
        assert_eq!(world.result(job_id).await, None);
    }
    assert_eq!(worker.ask("/livez").await.0, 200);

    disk.make_room();
    for (job_id, pages) in jobs.iter().zip([0, 4, 4, 4]) {
        let result = world.await_result(job_id).await;
        assert_succeeded(&result, pages);
    }
    assert_nothing_left(&world, &mut worker, &jobs).await;
}

#[tokio::test]
async fn a_job_whose_store_fills_up_between_two_pages_goes_on_from_there_when_there_is_room() {
    let disk = SmallDisk::mount(ROOM_BYTES);
    let store = PrivateStore::start_on(disk.path()).await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().with("QUIRE_RENDERERS", "1").start().await;
    let source = world.upload(samples::large(20)).await;
    let job_id = world.submit(slow_job(source)).await;
    await_pages(&world, &job_id, 3).await;
    disk.fill();
    await_parked(&mut events).await;
    assert_eq!(world.result(&job_id).await, None, "everything was stored too soon to show anything");

    disk.make_room();
    let result = world.await_result(&job_id).await;
    assert_succeeded(&result, 20);
    assert_eq!(result.branches.images.cache_hit, Some(true));
    assert_nothing_left(&world, &mut worker, &[job_id]).await;
}

#[tokio::test]
async fn a_job_that_fails_while_the_store_is_full_has_one_letter_and_its_result_later() {
    let disk = SmallDisk::mount(ROOM_BYTES);
    let store = PrivateStore::start_on(disk.path()).await;
    let world = World::on(None, Some(&store)).await;
    let mut events = listen(&world).await;
    let mut worker = world.worker().start().await;
    let source = world.upload(samples::encrypted()).await;
    disk.fill();
    let job_id = world.submit(Job::new(source)).await;
    await_parked(&mut events).await;
    assert_eq!(world.result(&job_id).await, None);

    disk.make_room();
    let result = world.await_result(&job_id).await;
    assert_failed(&result, &["password_required"]);
    assert_settled(&world, &mut worker).await;
    world.assert_nothing_astray(&job_id).await;
    let letters = world.dead_letters().await.into_iter();
    let told: Vec<_> = letters.map(|letter| (letter.message_id.clone(), letter.code().to_owned())).collect();
    assert_eq!(told, [(Some(job_id.to_string()), "password_required".to_owned())]);
}

fn retried_before_any_end(event: Event) -> Option<Retry> {
    match event {
        Event::Finished { subject, status, .. } => panic!("{} has ended: {status}", subject.job_id),
        other => retrying(other),
    }
}
