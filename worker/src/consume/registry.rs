//! What is running in this process: each job once, and each can be cancelled.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use quire_schemas::{
    job::JobId,
    names::{Lane, Tenant},
};
use tokio_util::sync::CancellationToken;

type Key = (Tenant, JobId);

/// Jobs that are running.
#[derive(Debug, Default)]
pub struct Registry {
    running: Mutex<BTreeMap<Key, Tokens>>,
    begun: AtomicU64,
}

#[derive(Debug, Clone, Default)]
struct Tokens {
    lane: Lane,
    cancel: CancellationToken,
    ended: CancellationToken,
}

/// Whether a job is ours to run.
#[derive(Debug)]
pub enum Claim {
    /// It is; until this is dropped it is nobody else's.
    Ours(Running),
    /// Somebody runs it; the token is cancelled when they are done.
    Theirs(CancellationToken),
}

/// A job that is being worked on. Dropped, it counts as ended.
#[derive(Debug)]
pub struct Running {
    registry: Arc<Registry>,
    key: Key,
    tokens: Tokens,
}

impl Registry {
    /// Claims a job.
    #[must_use]
    pub fn claim(self: &Arc<Self>, tenant: &Tenant, job_id: JobId, lane: Lane) -> Claim {
        let key = (tenant.clone(), job_id);
        let mut running = self.lock();
        if let Some(tokens) = running.get(&key) {
            return Claim::Theirs(tokens.ended.clone());
        }
        let tokens = Tokens { lane, ..Tokens::default() };
        running.insert(key.clone(), tokens.clone());
        self.begun.fetch_add(1, Ordering::Relaxed);
        Claim::Ours(Running { registry: Arc::clone(self), key, tokens })
    }

    /// Cancels a job if it is running here.
    pub fn cancel(&self, tenant: &Tenant, job_id: JobId) {
        if let Some(tokens) = self.lock().get(&(tenant.clone(), job_id)) {
            tokens.cancel.cancel();
        }
    }

    /// Counts the jobs that were ever begun here.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Lists what is running.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobId> {
        self.lock().keys().map(|(_, job_id)| *job_id).collect()
    }

    /// Counts what is running of a lane.
    #[must_use]
    pub fn in_flight(&self, lane: Lane) -> u32 {
        let count = self.lock().values().filter(|tokens| tokens.lane == lane).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Tokens>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Waits until somebody cancels the job.
    pub async fn cancelled(&self) {
        self.tokens.cancel.cancelled().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.key);
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
        let Claim::Ours(running) = registry.claim(&tenant, job_id, Lane::High) else { panic!("nobody has it") };
        let Claim::Theirs(ended) = registry.claim(&tenant, job_id, Lane::High) else { panic!("claimed twice") };
        assert_eq!(registry.jobs(), [job_id]);
        assert_eq!((registry.in_flight(Lane::High), registry.in_flight(Lane::Bulk)), (1, 0));
        registry.cancel(&tenant, job_id);
        running.cancelled().await;
        assert!(!ended.is_cancelled());
        drop(running);
        ended.cancelled().await;
        assert!(matches!(registry.claim(&tenant, job_id, Lane::High), Claim::Ours(_)));
    }
}
