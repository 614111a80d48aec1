//! What a worker says of itself, read closely enough to take the time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quire_producer::{follow::Follower, schemas::event::Event};
use reqwest::Client;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::{Worker, World};

/// Jobs of the normal lane that hold a permit: from their delivery until behind their acknowledgement.
pub(super) const IN_FLIGHT: &str = "quire_jobs_in_flight{lane=\"normal\"}";
/// Deliveries of the normal lane that were found finished.
pub(super) const REPEATED: &str = "quire_jobs_total{lane=\"normal\",outcome=\"repeated\"}";

/// Adds less to what is measured than the machine's own noise does.
const GLANCE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(90);

/// A line of a worker's log.
pub(super) struct Line {
    /// When it was written. Worker and test share one clock.
    pub(super) at: DateTime<Utc>,
    /// All of it.
    pub(super) fields: Value,
}

/// Returns the lines of a worker's log that begin with one of these, oldest first.
pub(super) fn lines(worker: &Worker, beginnings: &[&str]) -> Vec<Line> {
    let log = worker.log();
    let parsed = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let wanted = parsed.filter_map(|fields| {
        let message = fields["message"].as_str()?;
        let is_wanted = beginnings.iter().any(|beginning| message.starts_with(*beginning));
        let at = fields["timestamp"].as_str()?.parse().ok()?;
        is_wanted.then_some(Line { at, fields })
    });
    wanted.collect()
}

/// Returns the time between two moments; none if the second was first.
pub(super) fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

/// A worker's metrics, asked for over a connection that is kept: opening one takes longer than some
/// of what is measured.
pub(super) struct Metrics {
    client: Client,
    address: String,
}

impl Metrics {
    pub(super) fn of(worker: &Worker) -> Self {
        let served = lines(worker, &["health and metrics"]);
        let address = served.first().and_then(|line| line.fields["address"].as_str()).expect("it tells the address");
        let client = Client::builder().no_proxy().build().expect("nothing unusual is asked for");
        Self { client, address: format!("http://{address}/metrics") }
    }

    /// Waits until these have these values, all at once.
    pub(super) async fn until(&self, what: &str, wanted: &[(&str, u64)]) {
        let deadline = Instant::now() + PATIENCE;
        while !self.are(wanted).await {
            assert!(Instant::now() < deadline, "waited in vain: {what}");
            sleep(GLANCE).await;
        }
    }

    async fn are(&self, wanted: &[(&str, u64)]) -> bool {
        let answer = self.client.get(&self.address).send().await.expect("it answers");
        let text = answer.text().await.expect("it answers text");
        let is = |name: &str, value: u64| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|found| found.parse().ok()) == Some(value)
        };
        wanted.iter().all(|(name, value)| is(name, *value))
    }
}

/// Listens to everything that is announced in a world from now on.
pub(super) async fn listen(world: &World) -> Follower {
    Follower::subscribe(world.quire.publisher(), &["#"]).await.expect("the exchange of events is there")
}

/// Waits for the next event.
pub(super) async fn next_event(events: &mut Follower) -> Event {
    let next = timeout(PATIENCE, events.next()).await.expect("a live worker is heard of every ten seconds");
    next.expect("the broker lets everybody listen")
}
