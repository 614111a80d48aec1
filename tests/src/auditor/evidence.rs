//! What an audit judges, read from storage, the broker and the events once all work is done.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use lapin::options::BasicGetOptions;
use quire_producer::schemas::{job::JobId, names::Tenant, result::ParseResult, sha256::Sha256};
use tokio::time::{Instant, sleep};

use super::{EVENTS, Ledger, secrets, uploads};
use crate::{DeadLetter, World};

/// Requests to the store at once.
const AT_ONCE: usize = 16;
/// The broker's counts are some seconds old.
const STATISTICS: Duration = Duration::from_secs(15);

/// What an audit judges.
#[derive(Debug, Clone, Default)]
pub(super) struct Evidence {
    /// What every key begins with.
    pub(super) prefix: String,
    /// Every key of the tenant.
    pub(super) keys: BTreeSet<String>,
    /// `result.json` of every accepted job that has one.
    pub(super) results: BTreeMap<JobId, Bytes>,
    /// Every object that a result names and that is there.
    pub(super) objects: BTreeMap<String, Stored>,
    /// Keys of unfinished uploads.
    pub(super) uploads: Vec<String>,
    /// Every event, as it was published.
    pub(super) events: Vec<Vec<u8>>,
    /// Every dead letter.
    pub(super) letters: Vec<DeadLetter>,
    /// Messages of every queue that should be empty.
    pub(super) waiting: BTreeMap<String, u64>,
}

/// What an object is when it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) sha256: Sha256,
    pub(super) size_bytes: u64,
    /// Which secrets stand in it, by their numbers.
    pub(super) shows: Vec<usize>,
}

impl Evidence {
    pub(super) async fn gather(world: &World, ledger: &Ledger) -> Self {
        let folder = format!("{}/{}/", world.prefix, Tenant::default());
        let mut keys = world.store.list(&folder).await.expect("the store answers");
        // The documents are the publisher's, and no worker's.
        keys.retain(|key| !key.starts_with(&world.inbox()));
        let results = results(world, ledger).await;
        Self {
            prefix: world.prefix.clone(),
            keys: keys.into_iter().collect(),
            objects: objects(world, &results, &ledger.secrets).await,
            results,
            uploads: uploads::unfinished(world, &folder).await,
            events: events(world).await,
            letters: world.dead_letters().await,
            waiting: waiting(world).await,
        }
    }
}

async fn results(world: &World, ledger: &Ledger) -> BTreeMap<JobId, Bytes> {
    let reading = stream::iter(ledger.accepted.iter().map(|job| job.job_id))
        .map(|job_id| async move { Some((job_id, world.object(&world.keys(&job_id).result()).await?)) });
    reading.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

async fn objects(world: &World, results: &BTreeMap<JobId, Bytes>, secrets: &[String]) -> BTreeMap<String, Stored> {
    let mut keys = BTreeSet::new();
    for json in results.values() {
        // One that cannot be read is reported where results are looked at.
        if let Ok(result) = serde_json::from_slice::<ParseResult>(json) {
            keys.extend(result.objects().map(|object| object.key.clone()));
        }
    }
    let reading = stream::iter(keys).map(|key| async move {
        let body = world.object(&key).await?;
        let (sha256, shows) = (Sha256::of(&body), secrets::shown_by(&body, secrets));
        Some((key, Stored { sha256, size_bytes: body.len() as u64, shows }))
    });
    reading.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

async fn events(world: &World) -> Vec<Vec<u8>> {
    let (channel, taken_at_once) = (world.channel().await, BasicGetOptions { no_ack: true });
    let mut events = Vec::new();
    while let Some(message) = channel.basic_get(EVENTS.into(), taken_at_once).await.expect("the queue is ours") {
        events.push(message.delivery.data);
    }
    events
}

/// Counts the messages in the queues once there are none, or when the wait is over.
async fn waiting(world: &World) -> BTreeMap<String, u64> {
    let deadline = Instant::now() + STATISTICS;
    loop {
        let queues = world.management.queues().await.expect("the management API answers");
        let is_work = |name: &str| name.starts_with("quire.jobs.") || name.starts_with("quire.retry.");
        let work = queues.into_iter().filter(|queue| is_work(&queue.name));
        let counted: Option<BTreeMap<String, u64>> = work.map(|queue| Some((queue.name, queue.messages?))).collect();
        let late = Instant::now() >= deadline;
        match counted {
            Some(waiting) if late || waiting.values().all(|messages| *messages == 0) => return waiting,
            None if late => panic!("the broker does not say how many messages its queues hold"),
            _ => sleep(Duration::from_millis(200)).await,
        }
    }
}
