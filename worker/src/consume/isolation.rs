//! Keeps a job that may kill its worker away from the other jobs of the worker.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Jobs that run side by side share it; a dangerous job holds it alone.
#[derive(Debug, Default)]
pub(super) struct Isolation(RwLock<()>);

/// The right to run, until it is dropped.
pub(super) enum Turn<'a> {
    Shared { _guard: RwLockReadGuard<'a, ()> },
    Alone { _guard: RwLockWriteGuard<'a, ()> },
}

impl Isolation {
    /// Waits until no dangerous job runs. Cancel safe: only the place in the queue is lost.
    pub(super) async fn beside_others(&self) -> Turn<'_> {
        Turn::Shared { _guard: self.0.read().await }
    }

    /// Waits until no other job runs. Cancel safe, as above.
    pub(super) async fn alone(&self) -> Turn<'_> {
        Turn::Alone { _guard: self.0.write().await }
    }
}
