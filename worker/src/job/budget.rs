use std::time::Duration;

use tokio::time::Instant;

/// The time a run may still take. Every external call draws its deadline from here, so that no
/// chain of calls outlives the job.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    end: Instant,
}

impl Budget {
    /// Starts a budget that ends after `total`.
    #[must_use]
    pub fn lasting(total: Duration) -> Self {
        Self { end: Instant::now() + total }
    }

    /// Returns how much is left; zero when it is used up.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Returns the smaller of what is left and what one call may take.
    #[must_use]
    pub fn at_most(&self, call: Duration) -> Duration {
        self.remaining().min(call)
    }

    /// Says whether nothing is left.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.remaining().is_zero()
    }

    /// Returns the instant it ends.
    #[must_use]
    pub const fn end(&self) -> Instant {
        self.end
    }
}
