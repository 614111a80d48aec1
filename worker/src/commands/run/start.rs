//! Start-up of `run`: everything that can fail comes before the first delivery is taken.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use quire_producer::{
    amqp::{Connector, Publisher, topology},
    store::S3Store,
};
use quire_schemas::names::Lane;
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{super::services, Worker};
use crate::{
    breaker::Breaker,
    config::{Config, ServiceConfig},
    consume::{Announcer, Jobs, Listeners, Registry, ServedLane, Settler, Shares, Supervisor},
    lifecycle::{self, Lifecycle},
    presence::{self, Presence},
    store::{Bucket, Store},
    telemetry::{Dependency, Health, LogFilter, Metrics, health::Server},
};

/// A broker that is short of memory answers no declaration.
const TOPOLOGY_TIMEOUT: Duration = Duration::from_secs(30);
const STORAGE_CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a worker did not start.
pub(super) enum WorkerStartError {
    /// A dependency is out of reach.
    Unavailable(anyhow::Error),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for WorkerStartError {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl Worker {
    pub(super) async fn start(config: &Config, log: LogFilter) -> Result<Self, WorkerStartError> {
        let service = config.service();
        let publisher = Publisher::new(connector(service, &config.process.instance, "publish")?);
        check_broker(&publisher, service.amqp.topology).await.map_err(WorkerStartError::Unavailable)?;
        let bucket = S3Store::new(&service.storage.s3).await;
        let checked = bucket.check().await.context("object storage is out of reach");
        checked.map_err(WorkerStartError::Unavailable)?;

        let metrics = Metrics::new();
        let lanes = &service.amqp.lanes;
        let health = Health::new(lanes.iter().map(|(lane, _)| *lane)).counted_by(metrics.clone());
        let lifecycle = Lifecycle::default();
        let end = CancellationToken::new();
        if let Some(address) = config.process.http_addr {
            serve_health(address, &health, &metrics, &end).await?;
        }
        let breaker = Breaker::new(Dependency::ObjectStore, metrics.clone());
        let outage = breaker.watch();
        lifecycle::spawn(probe_storage(breaker.clone(), bucket.clone(), health.clone(), end.clone()));
        let honours_conditions = probe_conditions(&bucket, &service.storage.prefix, &config.process.instance).await;
        let store = Store::S3(Bucket { store: bucket.clone(), breaker, honours_conditions });
        let max_result_bytes = service.storage.max_result_bytes;
        let context = services::context(config, store.clone(), Some(bucket), max_result_bytes, metrics.clone()).await?;
        let context = Arc::new(context);

        let worker = config.process.instance.clone();
        let announcer = Announcer { publisher: publisher.clone(), worker, metrics };
        let (topology, stop) = (service.amqp.topology, lifecycle.stop.clone());
        let settler = Settler { announcer: announcer.clone(), topology, listeners: Listeners::default(), stop };
        let registry = Arc::new(Registry::default());
        let rules = config.job.clone();
        let shares = Shares::new(lanes.iter().map(|(lane, size)| (*lane, service.amqp.jobs_of_a_tenant(*size))));
        let rules = (rules, shares);
        let jobs = Jobs::new(Arc::clone(&context), settler, Arc::clone(&registry), rules, lifecycle.clone());
        let served = |(lane, size): &(Lane, u32)| ServedLane {
            lane: *lane,
            permits: Arc::new(Semaphore::new(*size as usize)),
            size: u16::try_from(*size).unwrap_or(u16::MAX),
        };
        let supervisor = Supervisor {
            connector: connector(service, &config.process.instance, "consume")?,
            publisher: publisher.clone(),
            jobs: Arc::new(jobs),
            lanes: lanes.iter().map(served).collect(),
            topology,
            health: health.clone(),
            instance: config.process.instance.clone(),
            log: log.clone(),
            outage,
            lane_tasks: TaskTracker::new(),
        };
        let presence = Presence {
            announcer,
            registry: Arc::clone(&registry),
            lanes: lanes.clone(),
            pool: context.pool.clone(),
            store,
            health: health.clone(),
            drain: lifecycle.drain.clone(),
        };
        lifecycle::spawn(presence::watch_alarms(publisher.clone(), health.clone(), end.clone()));
        Ok(Self {
            consuming: lifecycle::spawn(async move { supervisor.run().await }),
            presence: lifecycle::spawn(presence.run(end.clone())),
            registry,
            lifecycle,
            health,
            log,
            publisher,
            pool: context.pool.clone(),
            grace: config.process.shutdown_grace,
            exit_when_idle: config.process.exit_when_idle,
            end,
        })
    }
}

/// `purpose` names the connection in the broker's list of connections.
fn connector(service: &ServiceConfig, instance: &str, purpose: &str) -> anyhow::Result<Connector> {
    Ok(Connector::new(service.amqp.url.reveal(), &format!("quire-worker {instance} {purpose}"))?)
}

async fn check_broker(publisher: &Publisher, mode: topology::Mode) -> anyhow::Result<()> {
    publisher.connection().await.context("the broker is out of reach")?;
    let ensured = timeout(TOPOLOGY_TIMEOUT, topology::ensure(publisher, mode)).await;
    ensured.context("the broker does not answer")?.context("the topology is not usable")
}

async fn serve_health(
    address: SocketAddr,
    health: &Health,
    metrics: &Metrics,
    end: &CancellationToken,
) -> anyhow::Result<()> {
    let server = Server::bind(address).await?;
    tracing::info!(address = %server.address(), "health and metrics");
    lifecycle::spawn(server.serve(health.clone(), metrics.clone(), end.clone()));
    Ok(())
}

/// Finds out whether the store honours conditional writes. Where it does not, or does not say, a commit reads back what
/// it has written.
async fn probe_conditions(bucket: &S3Store, prefix: &str, instance: &str) -> bool {
    let root = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    // Begins with a dot, unlike every tenant.
    let probe = async { bucket.honours_conditions(&format!("{root}.quire-probe/{instance}")).await };
    match timeout(STORAGE_CHECK_TIMEOUT, probe).await {
        Ok(Ok(honoured)) => {
            tracing::info!(honoured, "conditional writes of the object store");
            honoured
        }
        Ok(Err(error)) => {
            tracing::warn!("whether the object store honours conditional writes is not known: {error}");
            false
        }
        Err(_) => {
            tracing::warn!("whether the object store honours conditional writes is not known: it answers too late");
            false
        }
    }
}

/// While object storage counts as down, checks whether it answers again.
async fn probe_storage(breaker: Breaker, bucket: S3Store, health: Health, end: CancellationToken) {
    let probe = || async {
        health.store_is(Err("does not answer; no jobs are taken until it does".to_owned()));
        let up = matches!(timeout(STORAGE_CHECK_TIMEOUT, bucket.check()).await, Ok(Ok(())));
        if up {
            health.store_is(Ok(()));
        }
        up
    };
    breaker.keep_probing(probe, end).await;
}
