//! More jobs than a worker has permits for.

use std::cell::Cell;

use quire_producer::schemas::{job::Job, names::Lane};
use quire_tests::{World, eventually, samples};

#[tokio::test]
async fn a_saturated_lane_never_holds_more_deliveries_than_it_has_permits() {
    let world = World::new().await;
    let source = world.upload(samples::large(20)).await;
    for _ in 0..8 {
        world.submit(Job::new(source.clone())).await;
    }
    let _worker = world.worker().with("QUIRE_LANES", "normal:2").start().await;
    let (queue, most) = (Lane::Normal.queue(), Cell::new(0));
    eventually("every job has a result", || async {
        let found = world.management.queue(&queue).await.ok()??;
        let unacknowledged = found.unacknowledged.unwrap_or_default();
        assert!(unacknowledged <= 2, "{found:?}");
        most.set(most.get().max(unacknowledged));
        (results(&world).await == 8).then_some(())
    })
    .await;
    assert_eq!(most.get(), 2, "it was never seen at work");
    world.await_idle().await;
}

async fn results(world: &World) -> usize {
    let keys = world.store.list(&format!("{}/default/", world.prefix)).await.expect("the store answers");
    keys.iter().filter(|key| key.ends_with("/result.json")).count()
}
