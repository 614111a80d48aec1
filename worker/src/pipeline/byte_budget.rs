//! Memory that all results together may take while they are read or put together.

use std::time::Duration;

use quire_schemas::{failure::ErrorCode, result::Phase};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::job::Fault;

/// What is counted, in bytes.
const UNIT: u64 = 64 << 10;
/// How long a charge waits for those before it, which take seconds unless storage does not answer.
const TURN_TIMEOUT: Duration = Duration::from_secs(300);

/// Bytes that may be in memory at once. A charge above all of them waits until it is alone.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    units: Semaphore,
    all: u32,
}

/// Bytes that are in memory, until it is dropped.
#[derive(Debug)]
#[must_use = "the bytes are charged until it is dropped"]
pub(crate) struct Charge<'a>(#[expect(dead_code, reason = "it is held")] SemaphorePermit<'a>);

impl ByteBudget {
    pub(crate) fn new(bytes: u64) -> Self {
        let all = units(bytes);
        Self { units: Semaphore::new(all as usize), all }
    }

    /// Waits until there is room for so many bytes.
    ///
    /// # Errors
    /// `storage_unavailable` if those before it do not end.
    pub(crate) async fn charge(&self, bytes: u64, phase: Phase) -> Result<Charge<'_>, Fault> {
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.units.acquire_many(units(bytes).min(self.all))).await;
        match turn {
            Ok(permit) => Ok(Charge(permit.expect("the semaphore is never closed"))),
            Err(_) => {
                let message = "results before this one do not get into storage";
                Err(Fault::new(ErrorCode::StorageUnavailable, phase, message))
            }
        }
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn small_charges_pass_together_and_a_larger_one_than_all_goes_alone() {
        let budget = ByteBudget::new(4 * UNIT);
        let charge = |bytes| budget.charge(bytes, Phase::Commit);
        let (first, second) = (charge(1).await.expect("room"), charge(2 * UNIT).await.expect("room"));
        assert!(charge(100 * UNIT).now_or_never().is_none());
        drop((first, second));
        let alone = charge(100 * UNIT).await.expect("it is alone");
        assert!(charge(1).now_or_never().is_none());
        drop(alone);
        assert!(charge(1).now_or_never().is_some());
    }
}
