//! What a live worker announces about itself: a heartbeat every ten seconds, and its end.

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
    consume::{Announcer, Registry},
    render::Pool,
    store::{Bucket, Store},
    telemetry::{BrokerConnection, Health, resident_bytes},
};

const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(10);
const ALARM_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Everything that a heartbeat reports on.
#[derive(Debug)]
pub(crate) struct Presence {
    pub(crate) announcer: Announcer,
    pub(crate) registry: Arc<Registry>,
    /// How many jobs each lane may run at once.
    pub(crate) lanes: Vec<(Lane, u32)>,
    pub(crate) pool: Pool,
    /// Where results go.
    pub(crate) store: Store,
    pub(crate) health: Health,
    /// Cancelled when the worker takes no more jobs.
    pub(crate) drain: CancellationToken,
}

/// Tells health, until `end`, whether the broker takes what is published.
pub(crate) async fn watch_alarms(publisher: Publisher, health: Health, end: CancellationToken) {
    loop {
        health.publishing_is_blocked(publisher.is_blocked().await);
        // Cancel safe: both only wait.
        tokio::select! {
            () = tokio::time::sleep(ALARM_POLL_INTERVAL) => {}
            () = end.cancelled() => return,
        }
    }
}

impl Presence {
    /// Sends heartbeats until `end` is cancelled, and announces the worker's end then.
    pub(crate) async fn run(self, end: CancellationToken) {
        let mut last = (Instant::now(), self.pool.pages_done());
        loop {
            self.check_dependencies().await;
            let now = (Instant::now(), self.pool.pages_done());
            let seconds = (now.0 - last.0).as_secs_f64().max(0.001);
            self.beat((now.1 - last.1) as f64 / seconds).await;
            last = now;
            // Cancel safe: both only wait.
            tokio::select! {
                () = tokio::time::sleep(HEARTBEAT_INTERVAL) => {}
                () = end.cancelled() => break,
            }
        }
        let instance = self.announcer.worker.clone();
        self.announcer.tell(&Event::Stopped { instance, at: Utc::now() }).await;
    }

    async fn check_dependencies(&self) {
        let connected = self.announcer.publisher.connection().await.is_ok();
        self.health.broker_is(BrokerConnection::Publish, connected);
        if let Store::S3(Bucket { store, .. }) = &self.store {
            let checked = tokio::time::timeout(HEARTBEAT_INTERVAL, store.check()).await;
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
            instance: self.announcer.worker.clone(),
            at: Utc::now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lanes: self.lanes.iter().map(load).collect(),
            jobs: self.registry.jobs(),
            pages_per_second,
            resident_bytes: resident_bytes(),
            draining: self.drain.is_cancelled(),
        };
        self.announcer.tell(&Event::Heartbeat(heartbeat)).await;
    }
}
