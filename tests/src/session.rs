//! A worker that loses its broker and finds it again.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Worker, World, eventually};

const BROKER: &str = "QUIRE_AMQP_URL";

/// Has the workers notice a silent broker after four seconds.
#[must_use]
pub fn quick_to_notice(world: World) -> World {
    let url = format!("{}?heartbeat=2", world.setting(BROKER));
    world.with_setting(BROKER, &url)
}

/// Waits until a worker knows that it has lost the broker; says how long that took.
pub async fn await_loss(worker: &Worker) -> Duration {
    let began = Instant::now();
    eventually("the worker notices", || async {
        worker.ask("/readyz").await.1.contains("no connection to consume").then_some(())
    })
    .await;
    began.elapsed()
}

/// Waits until a worker consumes for the so manieth time; says how long that took.
pub async fn await_session(worker: &Worker, number: usize) -> Duration {
    let began = Instant::now();
    eventually("the worker consumes again", || async { (worker.logged("consuming").len() >= number).then_some(()) })
        .await;
    began.elapsed()
}
