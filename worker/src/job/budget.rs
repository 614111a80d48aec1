//! The time that a run may still take.

use std::time::Duration;

use tokio::time::Instant;

/// The time a run may still take. Every external call draws its deadline from here, so that no chain of calls
/// outlives the job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    end: Instant,
}

impl Budget {
    /// Starts a budget that ends after `total`.
    pub(crate) fn lasting(total: Duration) -> Self {
        Self { end: Instant::now() + total }
    }

    /// Returns how much is left; zero when it is used up.
    pub(crate) fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Returns the smaller of the time left and the time that one call may take.
    pub(crate) fn at_most(&self, call: Duration) -> Duration {
        self.remaining().min(call)
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.remaining().is_zero()
    }
}
