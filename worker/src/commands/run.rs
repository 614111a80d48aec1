//! `run`: consume until told to stop.

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use quire_producer::{
    amqp::{Connector, Publisher, topology},
    store::S3Store,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{RwLock, Semaphore},
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::services;
use crate::{
    breaker::Breaker,
    config::Config,
    consume::{JobRules, Jobs, Registry, ServedLane, Settler, Supervisor},
    lifecycle::{self, Lifecycle},
    pipeline::Context,
    presence::{self, Presence},
    source,
    store::Store,
    telemetry::{Dependency, Health, LogFilter, Metrics, health::Server},
};

/// A dependency is out of reach at start-up.
const UNAVAILABLE: u8 = 69;
/// A broker that is short of memory answers no declaration.
const START: Duration = Duration::from_secs(30);
/// Of the grace period, kept for giving back what is not done: publishing takes milliseconds, and
/// a broker that is busy seconds.
const FOR_GIVING_BACK: Duration = Duration::from_secs(10);

/// Consumes until SIGTERM or SIGINT, or until told to drain.
///
/// # Errors
/// What keeps the worker from starting and is not a dependency that is out of reach; for those
/// the exit code is 69.
pub async fn run(config: Config, log: LogFilter) -> anyhow::Result<ExitCode> {
    #[cfg(debug_assertions)]
    if let Some(point) = config.process.fail_point.clone() {
        crate::fail_point::arm(point);
    }
    let mut signals = Signals::listen()?;
    // Dropped half way, a start has taken nothing from anybody.
    let started = tokio::select! {
        started = Worker::start(config, log) => started,
        _ = signals.next() => {
            tracing::info!("told to stop before the start was over");
            return Ok(ExitCode::SUCCESS);
        }
    };
    match started {
        Ok(worker) => Ok(worker.until_stopped(signals).await),
        Err(StartError::Unavailable(error)) => {
            tracing::error!("{error:#}");
            Ok(ExitCode::from(UNAVAILABLE))
        }
        Err(StartError::Other(error)) => Err(error),
    }
}

enum StartError {
    Unavailable(anyhow::Error),
    Other(anyhow::Error),
}

fn unavailable(error: impl Into<anyhow::Error>) -> StartError {
    StartError::Unavailable(error.into())
}

/// How long the last word to a broker may take when everything else has ended.
const FAREWELL: Duration = Duration::from_secs(3);

struct Worker {
    supervisor: Supervisor,
    presence: Presence,
    lifecycle: Lifecycle,
    health: Health,
    publisher: Publisher,
    context: Arc<Context>,
    grace: Duration,
    exit_when_idle: Option<Duration>,
    /// Cancelled when everything else has ended.
    end: CancellationToken,
}

impl Worker {
    async fn start(config: Config, log: LogFilter) -> Result<Self, StartError> {
        let service = config.service().clone();
        let instance = config.process.instance.clone();
        let connector =
            |purpose: &str| Connector::new(service.amqp.url.reveal(), &format!("quire-worker {instance} {purpose}"));
        let publisher = Publisher::new(connector("publish").map_err(|error| StartError::Other(error.into()))?);
        publisher.connection().await.context("the broker is out of reach").map_err(unavailable)?;
        timeout(START, topology::ensure(&publisher, service.amqp.topology))
            .await
            .context("the broker does not answer")
            .and_then(|ensured| ensured.context("the topology is not usable"))
            .map_err(unavailable)?;
        let bucket = S3Store::new(&service.storage.s3).await;
        bucket.check().await.context("object storage is out of reach").map_err(unavailable)?;

        let metrics = Metrics::new();
        let health = Health::new(service.amqp.lanes.iter().map(|(lane, _)| *lane)).counted_by(metrics.clone());
        let lifecycle = Lifecycle::default();
        let end = CancellationToken::new();
        if let Some(address) = config.process.http_addr {
            let server = Server::bind(address).await.map_err(|error| StartError::Other(error.into()))?;
            tracing::info!(address = %server.address(), "health and metrics");
            lifecycle::spawn(server.serve(health.clone(), metrics.clone(), end.clone()));
        }
        source::remove_leftovers(&config.process.temp_dir, config.job.timeout);
        let breaker = Breaker::new(Dependency::ObjectStore, metrics.clone());
        let outage = breaker.watch();
        lifecycle::spawn(probe_storage(breaker.clone(), bucket.clone(), health.clone(), end.clone()));
        let store = Store::S3(bucket.clone(), breaker);
        let context =
            services::context(&config, store.clone(), Some(bucket), service.storage.max_result_bytes, metrics.clone())
                .await;
        let context = Arc::new(context.map_err(StartError::Other)?);
        let settler = Settler {
            publisher: publisher.clone(),
            topology: service.amqp.topology,
            worker: instance.clone(),
            stop: lifecycle.stop.clone(),
            metrics: metrics.clone(),
        };
        let registry = Arc::new(Registry::default());
        let company = Arc::new(RwLock::new(()));
        let rules = JobRules {
            timeout: config.job.timeout,
            lease: config.job.lease,
            max_attempts: config.job.max_attempts,
            max_age: config.job.max_age,
            prefix: service.storage.prefix.clone(),
        };
        let served = |(lane, size): &(quire_schemas::names::Lane, u32)| ServedLane {
            jobs: Arc::new(Jobs {
                lane: *lane,
                context: Arc::clone(&context),
                settler: settler.clone(),
                registry: Arc::clone(&registry),
                company: Arc::clone(&company),
                rules: rules.clone(),
                lifecycle: lifecycle.clone(),
                metrics: metrics.clone(),
            }),
            permits: Arc::new(Semaphore::new(*size as usize)),
            size: u16::try_from(*size).unwrap_or(u16::MAX),
        };
        let lanes: Vec<ServedLane> = service.amqp.lanes.iter().map(served).collect();
        let presence = Presence {
            settler,
            registry,
            lanes: service.amqp.lanes.clone(),
            pool: context.pool.clone(),
            store,
            health: health.clone(),
            drain: lifecycle.drain.clone(),
        };
        let supervisor = Supervisor {
            connector: connector("consume").map_err(|error| StartError::Other(error.into()))?,
            lanes,
            topology: service.amqp.topology,
            health: health.clone(),
            instance,
            log,
            outage,
            at_work: TaskTracker::new(),
        };
        lifecycle::spawn(presence::watch_alarms(publisher.clone(), health.clone(), end.clone()));
        let (grace, exit_when_idle) = (config.process.shutdown_grace, config.process.exit_when_idle);
        Ok(Self { supervisor, presence, lifecycle, health, publisher, context, grace, exit_when_idle, end })
    }

    async fn until_stopped(self, mut signals: Signals) -> ExitCode {
        let Self { supervisor, presence, lifecycle, health, publisher, context, grace, exit_when_idle, end } = self;
        let idle = until_idle(exit_when_idle, Arc::clone(&presence.registry), health.clone());
        let mut presence = lifecycle::spawn(presence.run(end.clone()));
        let mut consuming = lifecycle::spawn(async move { supervisor.run().await });
        // Cancel safe: a task by reference, signals, a token, a look now and then.
        let ended = tokio::select! {
            _ = &mut consuming => true,
            () = signals.next() => false,
            () = idle => {
                tracing::info!("no job for long enough");
                false
            }
            () = lifecycle.drain.cancelled() => false,
        };
        // Undrained it ends only by a defect.
        let defect = ended && !lifecycle.drain.is_cancelled();
        let code = if defect { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        if !ended {
            health.start_draining();
            lifecycle.drain.cancel();
            tracing::info!(grace_seconds = grace.as_secs(), "draining");
            drain(&lifecycle, &mut consuming, &mut signals, grace).await;
        }
        end.cancel();
        if timeout(FAREWELL, &mut presence).await.is_err() {
            presence.abort();
        }
        context.pool.stop();
        // A broker that does not answer may have others wait for a connection before us.
        let _ = timeout(FAREWELL, publisher.close()).await;
        // Every task that is left waits for something that has ended; none may keep us.
        let _ = timeout(Duration::from_secs(2), lifecycle::all_tasks_ended()).await;
        tracing::info!("stopped");
        code
    }
}

/// Asks object storage, while it counts as down, whether it is back.
async fn probe_storage(breaker: Breaker, bucket: S3Store, health: Health, end: CancellationToken) {
    const ANSWER: Duration = Duration::from_secs(10);
    let probe = || async {
        health.store_is(Err("does not answer; no jobs are taken until it does".to_owned()));
        let up = matches!(timeout(ANSWER, bucket.check()).await, Ok(Ok(())));
        if up {
            health.store_is(Ok(()));
        }
        up
    };
    breaker.keep_probing(probe, end).await;
}

/// Waits until no job has been in hand for some time while jobs could be had; for ever without a
/// time.
async fn until_idle(limit: Option<Duration>, registry: Arc<Registry>, health: Health) {
    const GLANCE: Duration = Duration::from_millis(100);
    let Some(limit) = limit else { return std::future::pending().await };
    let (mut idle_since, mut begun) = (Instant::now(), registry.begun());
    while idle_since.elapsed() < limit {
        sleep(GLANCE).await;
        let now = registry.begun();
        if now != begun || !registry.jobs().is_empty() || health.ready().is_err() {
            (idle_since, begun) = (Instant::now(), now);
        }
    }
}

/// Lets jobs finish; near the end of the grace period, or at a second signal, has them given back.
async fn drain(
    lifecycle: &Lifecycle,
    consuming: &mut tokio::task::JoinHandle<()>,
    signals: &mut Signals,
    grace: Duration,
) {
    let started = Instant::now();
    let give_back_at = started + grace.saturating_sub(FOR_GIVING_BACK.min(grace / 2));
    tokio::select! {
        _ = &mut *consuming => return,
        () = sleep_until(give_back_at) => tracing::warn!("the grace period ends: jobs are given back"),
        () = signals.next() => tracing::warn!("a second signal: jobs are given back"),
    }
    lifecycle.stop.cancel();
    tokio::select! {
        _ = &mut *consuming => {}
        () = sleep_until(started + grace) => tracing::error!("some jobs did not let go in time; the broker will give them back"),
        () = signals.next() => tracing::error!("a third signal"),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be handled");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
