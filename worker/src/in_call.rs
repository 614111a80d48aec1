//! Retries inside one external call. The only file that names the `backoff` crate, which is no
//! longer maintained: see docs/adr/0003-backoff.md.

use std::time::Duration;

use backoff::{ExponentialBackoffBuilder, future::retry_notify};
use tokio::time::Instant;

use crate::job::{Budget, Fault};

/// How an attempt inside a call failed.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Asking again cannot help.
    Final(Fault),
    /// Asking again may help, after the fault's `retry_after` if the other side asked for that.
    Again(Fault),
}

/// Calls until it succeeds, fails for good, or `patience` or the job's budget is used up; the
/// last fault is returned then. Waits 0.5 s, doubling up to 8 s, with jitter. A requested delay
/// that ends later than `patience` is not waited for: in the queue the job waits without a permit.
///
/// # Errors
/// The fault of the last attempt.
pub(crate) async fn retry_in_call<T, F>(
    budget: &Budget,
    patience: Duration,
    mut call: impl FnMut() -> F,
) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Attempt>>,
{
    let patience = budget.at_most(patience);
    let started = Instant::now();
    let policy = ExponentialBackoffBuilder::new()
        .with_initial_interval(Duration::from_millis(500))
        .with_multiplier(2.0)
        .with_max_interval(Duration::from_secs(8))
        .with_max_elapsed_time(Some(patience))
        .build();
    let operation = || {
        let attempt = call();
        async move {
            attempt.await.map_err(|attempt| match attempt {
                Attempt::Final(fault) => backoff::Error::permanent(fault),
                // The crate checks the time only where it chooses the delay itself.
                Attempt::Again(fault) => match fault.retry_after {
                    Some(delay) if started.elapsed() + delay >= patience => backoff::Error::permanent(fault),
                    retry_after => backoff::Error::Transient { err: fault, retry_after },
                },
            })
        }
    };
    retry_notify(policy, operation, |fault: Fault, delay: Duration| {
        tracing::debug!(code = %fault.code, delay_ms = delay.as_millis(), "trying the call again: {}", fault.chain());
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use quire_schemas::{failure::ErrorCode, result::Phase};

    use super::*;

    #[tokio::test]
    async fn a_delay_that_is_asked_for_without_end_does_not_outlast_the_call() {
        let (budget, calls) = (Budget::lasting(Duration::from_secs(60)), Cell::new(0));
        let patience = Duration::from_millis(60);
        let ended: Result<(), Fault> = retry_in_call(&budget, patience, || {
            calls.set(calls.get() + 1);
            let fault = Fault::new(ErrorCode::ParserThrottled, Phase::Parse, "later");
            async { Err(Attempt::Again(fault.after(Some(Duration::from_millis(20))))) }
        })
        .await;
        assert_eq!(ended.map_err(|fault| fault.code), Err(ErrorCode::ParserThrottled));
        assert!((1..=3).contains(&calls.get()), "{} calls", calls.get());
    }

    #[tokio::test]
    async fn a_request_to_wait_longer_than_the_call_is_left_to_the_queue() {
        let (budget, calls) = (Budget::lasting(Duration::from_secs(600)), Cell::new(0));
        let ended: Result<(), Fault> = retry_in_call(&budget, Duration::from_secs(20), || {
            calls.set(calls.get() + 1);
            let fault = Fault::new(ErrorCode::ParserThrottled, Phase::Parse, "later");
            async { Err(Attempt::Again(fault.after(Some(Duration::from_secs(60))))) }
        })
        .await;
        let fault = ended.expect_err("it never succeeds");
        assert_eq!((fault.retry_after, calls.get()), (Some(Duration::from_secs(60)), 1));
    }

    #[tokio::test]
    async fn no_attempt_follows_once_the_time_is_used_up() {
        let (budget, calls) = (Budget::lasting(Duration::ZERO), Cell::new(0));
        let ended: Result<(), Fault> = retry_in_call(&budget, Duration::from_secs(20), || {
            calls.set(calls.get() + 1);
            let fault = Fault::new(ErrorCode::ParserUnavailable, Phase::Parse, "asking");
            async { Err(Attempt::Again(fault)) }
        })
        .await;
        assert!(ended.is_err());
        assert_eq!(calls.get(), 1);
    }
}
