//! Retries inside one external call. The only file that names the `backoff` crate, which is no
//! longer maintained: see docs/adr/0003-backoff.md.

use std::time::Duration;

use backoff::{ExponentialBackoffBuilder, future::retry_notify};

use crate::job::{Budget, Fault};

/// How an attempt inside a call ended.
#[derive(Debug)]
pub enum Attempt {
    /// Asking again cannot help.
    Final(Fault),
    /// Asking again may help, after this long if the other side said so.
    Again(Fault, Option<Duration>),
}

/// Calls until it succeeds, fails for good, or `patience` or the job's budget is used up; the
/// last fault is returned then. Waits 0.5 s, doubling up to 8 s, with jitter. A requested delay
/// that does not fit is not waited for: the queue can wait without holding a permit.
///
/// # Errors
/// The fault of the last attempt.
pub async fn retry_in_call<T, F>(budget: &Budget, patience: Duration, mut call: impl FnMut() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Attempt>>,
{
    let patience = budget.at_most(patience);
    let policy = ExponentialBackoffBuilder::new()
        .with_initial_interval(Duration::from_millis(500))
        .with_multiplier(2.0)
        .with_max_interval(Duration::from_secs(8))
        .with_max_elapsed_time(Some(patience))
        .build();
    let operation = || {
        let attempt = call();
        async {
            attempt.await.map_err(|attempt| match attempt {
                Attempt::Final(fault) => backoff::Error::permanent(fault),
                Attempt::Again(fault, Some(delay)) if delay >= patience => {
                    backoff::Error::permanent(fault.after(Some(delay)))
                }
                Attempt::Again(fault, retry_after) => backoff::Error::Transient { err: fault, retry_after },
            })
        }
    };
    retry_notify(policy, operation, |fault: Fault, delay: Duration| {
        tracing::debug!(code = %fault.code, delay_ms = delay.as_millis(), "trying the call again: {}", fault.chain());
    })
    .await
}
