//! How long the end of a job waits for the queues that programs have bound to the events. The broker confirms an event
//! when every bound queue has taken it; one that is full, or has lost its nodes, must not stop all work.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use quire_schemas::names::Tenant;
use tokio::time::Instant;

use crate::lock::lock;

/// How long the queues of a tenant's listeners may take no event: longer than a queue is without a leader when a node
/// dies.
const PATIENCE: Duration = Duration::from_secs(30);
/// What an event gets where they have taken none for longer: they may take it again.
const LEAST: Duration = Duration::from_secs(1);

/// Since when the listeners of each tenant take no events. A queue for the events of one tenant costs no other tenant
/// any time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listeners {
    silent_since: Arc<Mutex<HashMap<Tenant, Instant>>>,
}

impl Listeners {
    /// Returns how long an event of a tenant may wait to be taken.
    pub(super) fn patience(&self, tenant: &Tenant) -> Duration {
        let since = lock(&self.silent_since).get(tenant).copied();
        since.map_or(PATIENCE, |since| PATIENCE.saturating_sub(since.elapsed()).max(LEAST))
    }

    /// Notes that an event was taken.
    pub(super) fn took(&self, tenant: &Tenant) {
        lock(&self.silent_since).remove(tenant);
    }

    /// Notes that an event was not taken since `began`. Returns whether the time is over.
    pub(super) fn refused(&self, tenant: &Tenant, began: Instant) -> bool {
        let mut silent = lock(&self.silent_since);
        silent.entry(tenant.clone()).or_insert(began).elapsed() >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn listeners_that_take_nothing_are_waited_for_once_and_those_of_others_not_at_all() {
        let (listeners, acme, other) = (Listeners::default(), "acme".parse().expect("a tenant"), Tenant::default());
        let began = Instant::now();
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(!listeners.refused(&acme, began));
        assert_eq!(
            (listeners.patience(&acme), listeners.patience(&other)),
            (PATIENCE - Duration::from_secs(10), PATIENCE)
        );
        tokio::time::advance(Duration::from_secs(25)).await;
        assert!(listeners.refused(&acme, Instant::now()));
        assert_eq!(listeners.patience(&acme), LEAST);
        listeners.took(&acme);
        assert_eq!(listeners.patience(&acme), PATIENCE);
    }
}
