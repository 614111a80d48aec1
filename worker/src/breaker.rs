//! Stops asking a dependency that is down: for everybody, at once, until it answers again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::telemetry::{Dependency, Metrics};

/// Failures in a row after which a dependency counts as down. Each of them has been tried again
/// inside its call already.
const FAILURES: u32 = 3;
/// How long a dependency that cannot be probed is left alone before one job tries it.
const COOL_DOWN: Duration = Duration::from_secs(30);
const SHORTEST_PROBE: Duration = Duration::from_secs(1);
const LONGEST_PROBE: Duration = Duration::from_secs(10);

/// Counts how a dependency fares. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Breaker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dependency: Dependency,
    state: Mutex<State>,
    open: watch::Sender<bool>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when nobody asks; absent while the dependency is thought to be up.
    open_until: Option<Instant>,
    /// Whether one job is trying it.
    on_trial: bool,
}

/// Permission to ask the dependency. Dropped without a word, it says nothing of how that went.
#[derive(Debug)]
pub struct Trial {
    breaker: Breaker,
    alone: bool,
}

impl Breaker {
    /// Makes the breaker of a dependency that is thought to be up.
    #[must_use]
    pub fn new(dependency: Dependency, metrics: Metrics) -> Self {
        let shared = Shared { dependency, state: Mutex::default(), open: watch::Sender::new(false), metrics };
        Self { shared: Arc::new(shared) }
    }

    /// Notes that the dependency answered.
    pub fn succeeded(&self) {
        let mut state = self.state();
        let was_open = state.open_until.is_some();
        *state = State::default();
        // Under the lock: whoever waits for the word must not hear an older one last.
        self.shared.open.send_replace(false);
        drop(state);
        if was_open {
            self.tell(false);
        }
    }

    /// Notes that the dependency takes work again, which it has not brought to an end yet: it counts as up
    /// until the next failure.
    pub fn takes_work(&self) {
        let mut state = self.state();
        if state.open_until.take().is_none() {
            return;
        }
        (state.failures, state.on_trial) = (FAILURES - 1, false);
        self.shared.open.send_replace(false);
        drop(state);
        self.tell(false);
    }

    /// Notes that it did not.
    pub fn failed(&self) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures < FAILURES {
            return;
        }
        let was_open = state.open_until.replace(Instant::now() + COOL_DOWN).is_some();
        self.shared.open.send_replace(true);
        drop(state);
        if !was_open {
            self.tell(true);
        }
    }

    /// Says whether the dependency counts as down.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.shared.open.borrow()
    }

    /// Returns what tells whether the dependency counts as down, now and later.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.shared.open.subscribe()
    }

    /// Asks for permission to ask the dependency. While it counts as down, one job at a time gets
    /// it, and only after a pause.
    ///
    /// # Errors
    /// How long to wait.
    pub fn admit(&self) -> Result<Trial, Duration> {
        let mut state = self.state();
        let alone = match state.open_until {
            None => false,
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(left);
                }
                if state.on_trial {
                    // However that trial ends, it takes a while.
                    return Err(COOL_DOWN);
                }
                state.on_trial = true;
                true
            }
        };
        drop(state);
        Ok(Trial { breaker: self.clone(), alone })
    }

    /// Probes the dependency while it counts as down, until `end`.
    pub async fn keep_probing<F>(self, mut probe: impl FnMut() -> F, end: CancellationToken)
    where
        F: Future<Output = bool>,
    {
        let mut open = self.watch();
        loop {
            // Cancel safe: both only wait.
            tokio::select! {
                changed = open.wait_for(|open| *open) => if changed.is_err() { return },
                () = end.cancelled() => return,
            }
            let mut pause = SHORTEST_PROBE;
            while self.is_open() {
                // A probe that is dropped has asked a question nobody waits for.
                tokio::select! {
                    up = async { sleep(pause).await; probe().await } => if up { self.succeeded() },
                    () = end.cancelled() => return,
                }
                pause = (pause * 2).min(LONGEST_PROBE);
            }
        }
    }

    fn tell(&self, open: bool) {
        let dependency = self.shared.dependency;
        if open {
            tracing::error!(
                dependency = dependency.as_str(),
                "a dependency counts as down; nothing is asked of it until it answers again"
            );
        } else {
            tracing::info!(dependency = dependency.as_str(), "a dependency answers again");
        }
        self.shared.metrics.breaker_is(dependency, open);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trial {
    /// Says whether the dependency counts as down, and this is to find out whether it is back.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.alone
    }

    /// Notes that the dependency answered.
    pub fn succeeded(self) {
        self.breaker.succeeded();
    }

    /// Notes that it did not; says whether it counts as down now.
    #[must_use]
    pub fn failed(self) -> bool {
        self.breaker.failed();
        self.breaker.is_open()
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if self.alone {
            self.breaker.state().on_trial = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(Dependency::ObjectStore, Metrics::new())
    }

    fn fail(breaker: &Breaker, times: u32) {
        (0..times).for_each(|_| breaker.failed());
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_single_ones_do_not() {
        let breaker = breaker();
        fail(&breaker, FAILURES - 1);
        breaker.succeeded();
        fail(&breaker, FAILURES - 1);
        assert!(!breaker.is_open() && breaker.admit().is_ok());
        breaker.failed();
        assert!(breaker.is_open());
        assert_eq!(breaker.admit().err(), Some(COOL_DOWN));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_one_at_a_time_tries_it() {
        let breaker = breaker();
        fail(&breaker, FAILURES);
        sleep(COOL_DOWN).await;
        let trial = breaker.admit().expect("the pause is over");
        assert!(breaker.admit().is_err(), "two try it at once");
        assert!(trial.failed(), "it counts as up");
        assert!(breaker.admit().is_err(), "a failed trial begins a new pause");
        sleep(COOL_DOWN).await;
        // Interrupted: nothing is known, and the next one may try.
        drop(breaker.admit().expect("the pause is over"));
        breaker.admit().expect("the trial before was interrupted").succeeded();
        assert!(!breaker.is_open() && breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_work_again_counts_as_up_until_the_next_failure() {
        let breaker = breaker();
        breaker.takes_work();
        fail(&breaker, FAILURES);
        sleep(COOL_DOWN).await;
        let trial = breaker.admit().expect("the pause is over");
        breaker.takes_work();
        assert!(!breaker.is_open() && breaker.admit().is_ok(), "the others wait for the end of the trial");
        assert!(trial.failed(), "it counts as up");
        assert_eq!(breaker.admit().err(), Some(COOL_DOWN));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_answered_closes_it() {
        let (breaker, end) = (breaker(), CancellationToken::new());
        let mut answers = [false, false, true].into_iter();
        let probing =
            breaker.clone().keep_probing(|| std::future::ready(answers.next().expect("asked once more")), end.clone());
        let outage = async {
            fail(&breaker, FAILURES);
            let mut open = breaker.watch();
            open.wait_for(|open| !open).await.expect("the breaker is alive");
            end.cancel();
        };
        tokio::join!(probing, outage);
        assert_eq!(answers.next(), None);
    }
}
