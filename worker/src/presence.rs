//! What a live worker says about itself, every ten seconds, for as long as it lives.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use quire_producer::amqp::Publisher;
use quire_schemas::{
    event::{Event, Heartbeat, LaneLoad},
    names::Lane,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    consume::{Registry, Settler},
    render::Pool,
    store::Store,
    telemetry::{BrokerConnection, Health, resident_bytes},
};

/// How often.
pub const EVERY: Duration = Duration::from_secs(10);

/// Everything a heartbeat looks at.
#[derive(Debug)]
pub struct Presence {
    /// Tells it.
    pub settler: Settler,
    /// What is running.
    pub registry: Arc<Registry>,
    /// How many jobs each lane may run at once.
    pub lanes: Vec<(Lane, u32)>,
    /// The renderers.
    pub pool: Pool,
    /// Where results go.
    pub store: Store,
    /// What probes ask.
    pub health: Health,
    /// Whether it takes no more jobs.
    pub drain: CancellationToken,
}

/// Tells health, until `end`, whether the broker takes what is published.
pub async fn watch_alarms(publisher: Publisher, health: Health, end: CancellationToken) {
    const GLANCE: Duration = Duration::from_secs(1);
    loop {
        health.publishing_is_blocked(publisher.is_blocked().await);
        // Cancel safe: both only wait.
        tokio::select! {
            () = tokio::time::sleep(GLANCE) => {}
            () = end.cancelled() => return,
        }
    }
}

impl Presence {
    /// Tells until `end` is cancelled, and says goodbye then.
    pub async fn run(self, end: CancellationToken) {
        let mut last = (Instant::now(), self.pool.pages_done());
        loop {
            self.look_around().await;
            let now = (Instant::now(), self.pool.pages_done());
            let seconds = (now.0 - last.0).as_secs_f64().max(0.001);
            self.beat((now.1 - last.1) as f64 / seconds).await;
            last = now;
            // Cancel safe: both only wait.
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = end.cancelled() => break,
            }
        }
        let instance = self.settler.worker.clone();
        self.settler.tell(&Event::Stopped { instance, at: Utc::now() }).await;
    }

    async fn look_around(&self) {
        let publisher: &Publisher = &self.settler.publisher;
        self.health.broker_is(BrokerConnection::Publish, publisher.connection().await.is_ok());
        if let Store::S3(store, _) = &self.store {
            let checked = tokio::time::timeout(EVERY, store.check()).await;
            self.health.store_is(match checked {
                Ok(answer) => answer.map_err(|error| error.to_string()),
                Err(_) => Err("no answer".to_owned()),
            });
        }
    }

    async fn beat(&self, pages_per_second: f64) {
        let load = |(lane, permits): &(Lane, u32)| LaneLoad {
            lane: *lane,
            permits: *permits,
            in_flight: self.registry.in_flight(*lane),
        };
        let heartbeat = Heartbeat {
            instance: self.settler.worker.clone(),
            at: Utc::now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lanes: self.lanes.iter().map(load).collect(),
            jobs: self.registry.jobs(),
            pages_per_second,
            resident_bytes: resident_bytes(),
            draining: self.drain.is_cancelled(),
        };
        self.settler.tell(&Event::Heartbeat(heartbeat)).await;
    }
}
