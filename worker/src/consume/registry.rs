//! The jobs that run in this process: each once, and each can be cancelled.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use quire_schemas::{
    job::JobId,
    names::{Lane, Tenant},
};
use tokio_util::sync::CancellationToken;

use crate::lock::lock;

type Key = (Tenant, JobId);

#[derive(Debug, Default)]
pub(crate) struct Registry {
    running: Mutex<BTreeMap<Key, Tokens>>,
    begun: AtomicU64,
}

#[derive(Debug, Clone, Default)]
struct Tokens {
    lane: Lane,
    cancel: CancellationToken,
    ended: CancellationToken,
}

/// A job that runs here until this is dropped; no other delivery may run it meanwhile.
#[derive(Debug)]
pub(super) struct Running {
    registry: Arc<Registry>,
    key: Key,
    tokens: Tokens,
}

impl Registry {
    /// Claims a job for a delivery.
    ///
    /// # Errors
    /// Another delivery runs it: the token is cancelled when that one ends.
    pub(super) fn claim(
        self: &Arc<Self>,
        tenant: &Tenant,
        job_id: JobId,
        lane: Lane,
    ) -> Result<Running, CancellationToken> {
        let key = (tenant.clone(), job_id);
        let mut running = lock(&self.running);
        if let Some(tokens) = running.get(&key) {
            return Err(tokens.ended.clone());
        }
        let tokens = Tokens { lane, ..Tokens::default() };
        running.insert(key.clone(), tokens.clone());
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(Running { registry: Arc::clone(self), key, tokens })
    }

    /// Cancels a job if it is running here.
    pub(super) fn cancel(&self, tenant: &Tenant, job_id: JobId) {
        if let Some(tokens) = lock(&self.running).get(&(tenant.clone(), job_id)) {
            tokens.cancel.cancel();
        }
    }

    /// Counts the jobs that were begun here since the start of the process.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn jobs(&self) -> Vec<JobId> {
        lock(&self.running).keys().map(|(_, job_id)| *job_id).collect()
    }

    pub(crate) fn in_flight(&self, lane: Lane) -> u32 {
        let count = lock(&self.running).values().filter(|tokens| tokens.lane == lane).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Running {
    pub(super) async fn cancelled(&self) {
        self.tokens.cancel.cancelled().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.registry.running).remove(&self.key);
        self.tokens.ended.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_runs_once_at_a_time_and_can_be_claimed_again() {
        let registry = Arc::new(Registry::default());
        let (tenant, job_id) = (Tenant::default(), JobId::generate());
        let running = registry.claim(&tenant, job_id, Lane::High).expect("it is free");
        let ended = registry.claim(&tenant, job_id, Lane::High).expect_err("claimed twice");
        assert_eq!(registry.jobs(), [job_id]);
        assert_eq!((registry.in_flight(Lane::High), registry.in_flight(Lane::Bulk)), (1, 0));
        registry.cancel(&tenant, job_id);
        running.cancelled().await;
        assert!(!ended.is_cancelled());
        drop(running);
        assert!(ended.is_cancelled() && registry.claim(&tenant, job_id, Lane::High).is_ok());
    }
}
