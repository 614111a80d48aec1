//! `run`: start, consume until the worker is to end, drain, stop.

mod start;

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use quire_producer::amqp::Publisher;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::exit;
use crate::{
    config::Config,
    consume::Registry,
    lifecycle::{self, Lifecycle},
    render::{self, Pool},
    telemetry::{Health, LogFilter},
};
use start::WorkerStartError;

/// Part of the grace period that is kept for giving jobs back: a publish takes milliseconds, with a
/// busy broker seconds.
const RELEASE_RESERVE: Duration = Duration::from_secs(10);
/// How long each of the last messages to the broker may take after the drain.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long tasks may still run after everything that they wait for has ended. One of them closes the consuming
/// connection: a broker that is too busy to answer has perhaps not read the last acknowledgements, and would deliver
/// those jobs once more.
const TASKS_TIMEOUT: Duration = Duration::from_secs(6);
const IDLE_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Consumes until SIGTERM, SIGINT, a drain by control message, or the idle time. Exits with 69 if
/// a dependency is out of reach at start.
pub(crate) async fn run(config: &Config, log: LogFilter) -> anyhow::Result<ExitCode> {
    #[cfg(debug_assertions)]
    if let Some(point) = config.process.fail_point.clone() {
        crate::fail_point::arm(point);
    }
    render::forbid_dumping().context("the memory of this process cannot be closed to other processes")?;
    let mut signals = Signals::listen()?;
    // Cancel safe: a start that is dropped has taken no delivery.
    let started = tokio::select! {
        started = Worker::start(config, log) => started,
        () = signals.next() => {
            tracing::info!("stopped before the start was complete");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut worker = match started {
        Ok(worker) => worker,
        Err(WorkerStartError::Unavailable(error)) => {
            tracing::error!("{error:#}");
            return Ok(ExitCode::from(exit::UNAVAILABLE));
        }
        Err(WorkerStartError::Other(error)) => return Err(error),
    };
    let code = match worker.consume(&mut signals).await {
        Ended::ToDrain => {
            worker.drain(&mut signals).await;
            ExitCode::SUCCESS
        }
        Ended::Drained => ExitCode::SUCCESS,
        Ended::ByDefect => {
            tracing::error!("the worker stopped consuming because of a defect");
            ExitCode::FAILURE
        }
    };
    worker.stop().await;
    Ok(code)
}

/// A worker that consumes.
struct Worker {
    consuming: JoinHandle<()>,
    presence: JoinHandle<()>,
    registry: Arc<Registry>,
    lifecycle: Lifecycle,
    health: Health,
    log: LogFilter,
    publisher: Publisher,
    pool: Pool,
    grace: Duration,
    exit_when_idle: Option<Duration>,
    /// Cancelled after the drain.
    end: CancellationToken,
}

/// Why a worker no longer consumes as before.
enum Ended {
    /// It is to take no more jobs and still has some.
    ToDrain,
    /// A control message drained it, and its jobs have ended.
    Drained,
    /// The task that consumes ended by itself.
    ByDefect,
}

impl Worker {
    async fn consume(&mut self, signals: &mut Signals) -> Ended {
        let idle = until_idle(self.exit_when_idle, &self.registry, &self.health);
        // Cancel safe: a task by reference, signals, a token, a look at counters.
        tokio::select! {
            _ = &mut self.consuming => {
                if self.lifecycle.drain.is_cancelled() { Ended::Drained } else { Ended::ByDefect }
            }
            () = signals.next() => Ended::ToDrain,
            () = idle => {
                tracing::info!("no job for the time of QUIRE_EXIT_WHEN_IDLE");
                Ended::ToDrain
            }
            () = self.lifecycle.drain.cancelled() => Ended::ToDrain,
        }
    }

    /// Lets jobs finish. Gives them back near the end of the grace period, or at a second signal.
    async fn drain(&mut self, signals: &mut Signals) {
        let started = Instant::now();
        let give_back_at = started + self.grace.saturating_sub(RELEASE_RESERVE.min(self.grace / 2));
        self.log.silence_amqp_client();
        self.health.start_draining();
        self.lifecycle.drain.cancel();
        tracing::info!(grace_seconds = self.grace.as_secs(), "draining");
        tokio::select! {
            _ = &mut self.consuming => return,
            () = sleep_until(give_back_at) => tracing::info!("the grace period ends: jobs go back to their queues"),
            () = signals.next() => tracing::info!("a second signal: jobs go back to their queues"),
        }
        self.lifecycle.stop.cancel();
        tokio::select! {
            _ = &mut self.consuming => {}
            () = sleep_until(started + self.grace) => {
                tracing::error!("some jobs did not stop within the grace period; the broker delivers them again");
            }
            () = signals.next() => {
                tracing::error!("a third signal: the worker ends at once; the broker delivers its jobs again");
            }
        }
    }

    async fn stop(mut self) {
        self.log.silence_amqp_client();
        self.end.cancel();
        if timeout(CLOSE_TIMEOUT, &mut self.presence).await.is_err() {
            self.presence.abort();
        }
        self.pool.stop();
        // While the broker does not answer, other tasks may wait for a connection before this one.
        let _ = timeout(CLOSE_TIMEOUT, self.publisher.close()).await;
        let _ = timeout(TASKS_TIMEOUT, lifecycle::all_tasks_ended()).await;
        tracing::info!("stopped");
    }
}

/// Waits until the worker has consumed for `limit` without a job; for ever without a limit.
async fn until_idle(limit: Option<Duration>, registry: &Registry, health: &Health) {
    let Some(limit) = limit else { return std::future::pending().await };
    let (mut idle_since, mut begun) = (Instant::now(), registry.begun());
    while idle_since.elapsed() < limit {
        sleep(IDLE_POLL_INTERVAL).await;
        let now = registry.begun();
        if now != begun || !registry.jobs().is_empty() || health.ready().is_err() {
            (idle_since, begun) = (Instant::now(), now);
        }
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be handled");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next signal. Cancel safe.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
