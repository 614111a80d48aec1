//! `quire workers`: prints which workers are alive, and their load.

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::Args;
use quire_schemas::event::{Event, Heartbeat, LaneLoad};
use tokio::time::{Instant, timeout_at};

use super::{
    endpoints::Endpoints,
    text::{note, say, say_json, table},
};
use crate::follow::Follower;

#[derive(Debug, Args)]
pub(crate) struct WorkersArgs {
    /// How long to listen; workers announce themselves every 10 s
    #[arg(long = "for", value_name = "DURATION", default_value = "11s", value_parser = humantime::parse_duration)]
    listen: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &WorkersArgs) -> anyhow::Result<ExitCode> {
    let publisher = endpoints.publisher()?;
    let keys = ["worker.heartbeat.#", "worker.stopped.#"];
    let follower = Follower::subscribe(&publisher, &keys).await?;
    let alive = listen(follower, arguments.listen).await?;
    publisher.close().await;
    if arguments.json {
        say_json(&alive.values().collect::<Vec<_>>())?;
    } else {
        let now = Utc::now();
        let rows: Vec<_> = alive.values().map(|heartbeat| row(heartbeat, now)).collect();
        let headings = ["instance", "version", "jobs", "lanes", "pages/s", "memory MiB", "draining", "age s"];
        say(&table(headings, &rows))?;
    }
    if alive.is_empty() {
        note(&format!("no worker announced itself within {}", humantime::format_duration(arguments.listen)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the last heartbeat of each worker that has not announced its stop.
async fn listen(mut follower: Follower, listen_for: Duration) -> anyhow::Result<BTreeMap<String, Heartbeat>> {
    let mut alive = BTreeMap::new();
    let until = Instant::now() + listen_for;
    while let Ok(event) = timeout_at(until, follower.next()).await {
        match event {
            Some(event) => take(&mut alive, event),
            None => bail!("the broker refuses this user the events"),
        }
    }
    Ok(alive)
}

fn take(alive: &mut BTreeMap<String, Heartbeat>, event: Event) {
    match event {
        Event::Heartbeat(heartbeat) => {
            alive.insert(heartbeat.instance.clone(), heartbeat);
        }
        Event::Stopped { instance, .. } => {
            alive.remove(&instance);
        }
        _ => {}
    }
}

fn row(heartbeat: &Heartbeat, now: DateTime<Utc>) -> [String; 8] {
    // Clocks differ: a heartbeat from the future counts as now.
    let age = (now - heartbeat.at).num_seconds().max(0);
    [
        heartbeat.instance.clone(),
        heartbeat.version.clone(),
        heartbeat.jobs.len().to_string(),
        heartbeat.lanes.iter().map(lane).collect::<Vec<_>>().join(" "),
        format!("{:.1}", heartbeat.pages_per_second),
        (heartbeat.resident_bytes / (1024 * 1024)).to_string(),
        if heartbeat.draining { "yes" } else { "no" }.to_owned(),
        age.to_string(),
    ]
}

fn lane(load: &LaneLoad) -> String {
    format!("{} {}/{}", load.lane, load.in_flight, load.permits)
}

#[cfg(test)]
mod tests {
    use quire_schemas::{job::JobId, names::Lane};

    use super::*;

    fn heartbeat(at: DateTime<Utc>) -> Heartbeat {
        Heartbeat {
            instance: "w1".to_owned(),
            at,
            version: "0.1.0".to_owned(),
            lanes: vec![
                LaneLoad { lane: Lane::High, permits: 4, in_flight: 0 },
                LaneLoad { lane: Lane::Normal, permits: 8, in_flight: 1 },
            ],
            jobs: vec![JobId::generate()],
            pages_per_second: 12.345,
            resident_bytes: 300 * 1024 * 1024,
            draining: false,
        }
    }

    #[test]
    fn a_worker_is_one_row() {
        let now = Utc::now();
        let expected = ["w1", "0.1.0", "1", "high 0/4 normal 1/8", "12.3", "300", "no", "0"];
        assert_eq!(row(&heartbeat(now + chrono::TimeDelta::seconds(5)), now), expected);
    }

    #[test]
    fn a_worker_that_stopped_is_not_alive() {
        let mut alive = BTreeMap::new();
        let at = Utc::now();
        take(&mut alive, Event::Heartbeat(heartbeat(at)));
        assert_eq!(alive.len(), 1);
        take(&mut alive, Event::Stopped { instance: "w1".to_owned(), at });
        assert!(alive.is_empty());
    }
}
