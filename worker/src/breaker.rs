//! Stops all requests to a dependency that is down until it answers again.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use quire_producer::pause::Pause;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    lock::lock,
    telemetry::{Dependency, Metrics},
};

/// Failures in a row after which a dependency counts as down. Each of them has been tried again
/// inside its call already.
const FAILURES: u32 = 3;
/// How long a dependency that cannot be probed is left alone before one job tries it.
const COOL_DOWN: Duration = Duration::from_secs(30);
const PROBE_PAUSE: Pause = Pause::between(Duration::from_secs(1), Duration::from_secs(10));

/// Counts the failures of one dependency. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Breaker {
    circuit: Arc<Circuit>,
}

#[derive(Debug)]
struct Circuit {
    dependency: Dependency,
    state: Mutex<State>,
    open: watch::Sender<bool>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when no job asks; absent while the dependency counts as up.
    open_until: Option<Instant>,
    /// Whether one job is trying it.
    on_trial: bool,
}

/// Permission to ask the dependency. Dropping it without `succeeded` or `failed` reports nothing.
#[derive(Debug)]
pub(crate) struct Trial {
    breaker: Breaker,
    alone: bool,
}

impl Breaker {
    /// Makes the breaker of a dependency that counts as up.
    pub(crate) fn new(dependency: Dependency, metrics: Metrics) -> Self {
        metrics.breaker_is(dependency, false);
        let circuit = Circuit { dependency, state: Mutex::default(), open: watch::Sender::new(false), metrics };
        Self { circuit: Arc::new(circuit) }
    }

    /// Notes that the dependency answered.
    pub(crate) fn succeeded(&self) {
        let mut state = self.state();
        let was_open = state.open_until.is_some();
        *state = State::default();
        // Under the lock, so that watchers see the changes in their order.
        self.circuit.open.send_replace(false);
        drop(state);
        if was_open {
            self.tell(false);
        }
    }

    /// Notes that the dependency accepts work again and has not finished it yet: it counts as up
    /// until the next failure.
    pub(crate) fn accepts_work(&self) {
        let mut state = self.state();
        if state.open_until.take().is_none() {
            return;
        }
        (state.failures, state.on_trial) = (FAILURES - 1, false);
        self.circuit.open.send_replace(false);
        drop(state);
        self.tell(false);
    }

    /// Notes that the dependency did not answer.
    pub(crate) fn failed(&self) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures < FAILURES {
            return;
        }
        let was_open = state.open_until.replace(Instant::now() + COOL_DOWN).is_some();
        self.circuit.open.send_replace(true);
        drop(state);
        if !was_open {
            self.tell(true);
        }
    }

    /// Says whether the dependency counts as down.
    pub(crate) fn is_open(&self) -> bool {
        *self.circuit.open.borrow()
    }

    /// Returns a channel that holds whether the dependency counts as down.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.circuit.open.subscribe()
    }

    /// Asks for permission to use the dependency. While it counts as down, one job at a time gets
    /// it, and only after a pause. The error is how long to wait.
    pub(crate) fn admit(&self) -> Result<Trial, Duration> {
        let mut state = self.state();
        let alone = match state.open_until {
            None => false,
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(left);
                }
                if state.on_trial {
                    // The trial that is under way decides; it takes about as long as a pause.
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
    pub(crate) async fn keep_probing<F>(self, mut probe: impl FnMut() -> F, end: CancellationToken)
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
            let mut pause = PROBE_PAUSE;
            while self.is_open() {
                let next = pause.next_pause();
                // A probe may be dropped: its answer is not needed any more.
                tokio::select! {
                    up = async { sleep(next).await; probe().await } => if up { self.succeeded() },
                    () = end.cancelled() => return,
                }
            }
        }
    }

    fn tell(&self, open: bool) {
        let dependency = self.circuit.dependency;
        if open {
            tracing::error!(
                dependency = dependency.as_str(),
                "a dependency is down; the worker sends it only probes until it answers again"
            );
        } else {
            tracing::info!(dependency = dependency.as_str(), "a dependency answers again");
        }
        self.circuit.metrics.breaker_is(dependency, open);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.circuit.state)
    }
}

impl Trial {
    /// Says whether the dependency counts as down and this job alone tries whether it is back.
    pub(crate) const fn is_alone(&self) -> bool {
        self.alone
    }

    /// Notes that the dependency answered.
    pub(crate) fn succeeded(self) {
        self.breaker.succeeded();
    }

    /// Notes that the dependency did not answer; says whether it counts as down now.
    #[must_use]
    pub(crate) fn failed(self) -> bool {
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
    async fn a_dependency_that_accepts_work_again_counts_as_up_until_the_next_failure() {
        let breaker = breaker();
        breaker.accepts_work();
        fail(&breaker, FAILURES);
        sleep(COOL_DOWN).await;
        let trial = breaker.admit().expect("the pause is over");
        breaker.accepts_work();
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
