//! What is known of the worker's fitness: connections, lanes, object storage, drain.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use quire_schemas::names::Lane;

use crate::{
    lock::lock,
    telemetry::{BrokerConnection, Metrics},
};

/// Cheap to clone; each part of the worker records what it knows.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    shared: Arc<Mutex<Fitness>>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Fitness {
    consuming: BTreeMap<Lane, bool>,
    connected: BTreeMap<BrokerConnection, bool>,
    store: Result<(), String>,
    blocked: bool,
    draining: bool,
    beyond_repair: Option<String>,
}

impl Health {
    /// Makes the health of a worker that will consume these lanes and does not yet.
    pub(crate) fn new(lanes: impl IntoIterator<Item = Lane>) -> Self {
        let fitness = Fitness {
            consuming: lanes.into_iter().map(|lane| (lane, false)).collect(),
            connected: BrokerConnection::ALL.iter().map(|connection| (*connection, false)).collect(),
            store: Err("not checked yet".to_owned()),
            blocked: false,
            draining: false,
            beyond_repair: None,
        };
        Self { shared: Arc::new(Mutex::new(fitness)), metrics: Metrics::new() }
    }

    /// Records the connections to the broker in these metrics too.
    pub(crate) fn counted_by(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    pub(crate) fn lane_is(&self, lane: Lane, consuming: bool) {
        self.fitness().consuming.insert(lane, consuming);
    }

    pub(crate) fn broker_is(&self, connection: BrokerConnection, connected: bool) {
        self.metrics.broker_is(connection, connected);
        self.fitness().connected.insert(connection, connected);
    }

    /// Records the outcome of the last check of object storage.
    pub(crate) fn store_is(&self, state: Result<(), String>) {
        self.fitness().store = state;
    }

    /// A broker that is short of memory or disk takes no messages.
    pub(crate) fn publishing_is_blocked(&self, blocked: bool) {
        self.fitness().blocked = blocked;
    }

    pub(crate) fn start_draining(&self) {
        self.fitness().draining = true;
    }

    /// Records that only a restart helps.
    pub(crate) fn beyond_repair(&self, reason: impl Into<String>) {
        self.fitness().beyond_repair = Some(reason.into());
    }

    /// The error says why only a restart helps. An outage of broker or storage is no reason to
    /// restart: every replica would restart at once, and the outage would go on.
    pub(crate) fn live(&self) -> Result<(), String> {
        match &self.fitness().beyond_repair {
            Some(reason) => Err(reason.clone()),
            None => Ok(()),
        }
    }

    /// The error lists every reason why the worker takes no jobs.
    pub(crate) fn ready(&self) -> Result<(), Vec<String>> {
        let fitness = self.fitness();
        let mut reasons = Vec::new();
        reasons.extend(fitness.beyond_repair.clone());
        if fitness.draining {
            reasons.push("draining".to_owned());
        }
        let down = fitness.connected.iter().filter(|(_, connected)| !**connected);
        reasons.extend(down.map(|(connection, _)| format!("broker: no connection to {}", connection.as_str())));
        if fitness.blocked {
            reasons.push("broker: publishing is blocked, it is short of memory or disk".to_owned());
        }
        let idle = fitness.consuming.iter().filter(|(_, consuming)| !**consuming);
        reasons.extend(idle.map(|(lane, _)| format!("lane {lane}: not consumed")));
        if let Err(reason) = &fitness.store {
            reasons.push(format!("storage: {reason}"));
        }
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    fn fitness(&self) -> MutexGuard<'_, Fitness> {
        lock(&self.shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Health {
        /// Makes the health of a worker that consumes lane high.
        pub(in crate::telemetry::health) fn fit() -> Self {
            let health = Self::new([Lane::High]);
            health.lane_is(Lane::High, true);
            health.store_is(Ok(()));
            for connection in BrokerConnection::ALL {
                health.broker_is(*connection, true);
            }
            health
        }
    }

    #[test]
    fn a_worker_that_has_not_begun_is_alive_and_says_what_it_lacks() {
        let health = Health::new([Lane::Bulk, Lane::High]);
        assert_eq!(health.live(), Ok(()));
        let reasons = [
            "broker: no connection to consume",
            "broker: no connection to publish",
            "lane high: not consumed",
            "lane bulk: not consumed",
            "storage: not checked yet",
        ];
        assert_eq!(health.ready(), Err(reasons.map(str::to_owned).to_vec()));
    }

    #[test]
    fn a_worker_that_drains_is_alive_and_not_ready() {
        let health = Health::fit();
        assert_eq!(health.ready(), Ok(()));
        health.start_draining();
        assert_eq!((health.live(), health.ready()), (Ok(()), Err(vec!["draining".to_owned()])));
    }
}
