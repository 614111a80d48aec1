//! `quire queues`: prints how many jobs wait in each queue.

use std::{collections::HashMap, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::Args;
use lapin::{Connection, ErrorKind, options::QueueDeclareOptions, types::FieldTable};
use quire_schemas::names::{DEAD_QUEUE, Lane, Tier};
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use super::{
    endpoints::Endpoints,
    text::{note, or_unknown, say, table},
};
use crate::amqp::{
    Publisher,
    management::{Management, QueueInfo},
};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct QueuesArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How full a queue is; `None` where that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Depth {
    queue: String,
    exists: bool,
    ready: Option<u64>,
    unacknowledged: Option<u64>,
    messages: Option<u64>,
    consumers: Option<u64>,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &QueuesArgs) -> anyhow::Result<ExitCode> {
    let management = endpoints.management()?;
    let (source, depths) = match &management {
        Some(management) => ("management", ask_management(management).await?),
        None => ("amqp", ask_broker(&endpoints.publisher()?).await?),
    };
    if arguments.json {
        say(&json!({ "source": source, "queues": depths }).to_string())?;
    } else {
        let rows: Vec<_> = depths.iter().map(Depth::row).collect();
        say(&table(["queue", "ready", "unacked", "total", "consumers"], &rows))?;
    }
    if let Some(caveat) = caveat(management.is_some().then_some(depths.as_slice())) {
        note(caveat);
    }
    Ok(ExitCode::SUCCESS)
}

fn names() -> Vec<String> {
    let lanes = Lane::ALL.into_iter().map(Lane::queue);
    let tiers = Tier::ALL.into_iter().map(Tier::queue);
    lanes.chain(tiers).chain([DEAD_QUEUE.to_owned()]).collect()
}

impl Depth {
    fn missing(queue: String) -> Self {
        Self { queue, exists: false, ready: None, unacknowledged: None, messages: None, consumers: None }
    }

    fn of(info: QueueInfo) -> Self {
        let QueueInfo { name, messages, ready, unacknowledged, consumers, .. } = info;
        Self { queue: name, exists: true, ready, unacknowledged, messages, consumers }
    }

    fn row(&self) -> [String; 5] {
        let name = if self.exists { self.queue.clone() } else { format!("{} (missing)", self.queue) };
        [
            name,
            or_unknown(self.ready),
            or_unknown(self.unacknowledged),
            or_unknown(self.messages),
            or_unknown(self.consumers),
        ]
    }
}

/// Says what the numbers leave out. `managed` are depths that the management API told.
fn caveat(managed: Option<&[Depth]>) -> Option<&'static str> {
    let Some(depths) = managed else {
        return Some("unacknowledged jobs are not counted: give --management-url to see them");
    };
    let without_statistics = depths.iter().any(|depth| depth.exists && depth.messages.is_none());
    without_statistics
        .then_some("the broker has no statistics of some queues: they are only seconds old, or it collects none")
}

async fn ask_management(management: &Management) -> anyhow::Result<Vec<Depth>> {
    let infos = management.queues().await?;
    let mut infos: HashMap<String, QueueInfo> = infos.into_iter().map(|info| (info.name.clone(), info)).collect();
    let depth = |name: String| match infos.remove(&name) {
        Some(info) => Depth::of(info),
        None => Depth::missing(name),
    };
    Ok(names().into_iter().map(depth).collect())
}

async fn ask_broker(publisher: &Publisher) -> anyhow::Result<Vec<Depth>> {
    let connection = publisher.connection().await?;
    let mut depths = Vec::new();
    for name in names() {
        let asked = timeout(ANSWER_TIMEOUT, ask_queue(&connection, name)).await;
        depths.push(asked.context("the broker does not answer")??);
    }
    publisher.close().await;
    Ok(depths)
}

/// On a channel of its own: the broker closes the channel if the queue does not exist.
async fn ask_queue(connection: &Connection, name: String) -> Result<Depth, lapin::Error> {
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions::durable().passive();
    match channel.queue_declare(name.as_str().into(), options, FieldTable::default()).await {
        Ok(queue) => Ok(Depth {
            ready: Some(u64::from(queue.message_count())),
            consumers: Some(u64::from(queue.consumer_count())),
            exists: true,
            ..Depth::missing(name)
        }),
        Err(error) if is_missing(&error) => Ok(Depth::missing(name)),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(refusal) if refusal.get_id() == 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_tier_and_the_dead_are_listed() {
        let names = names();
        assert_eq!(names.len(), 9);
        assert_eq!((names[0].as_str(), names[8].as_str()), ("quire.jobs.high", "quire.dead"));
    }

    #[test]
    fn an_unknown_depth_is_not_shown_as_zero() {
        let queue = "quire.dead".to_owned();
        assert_eq!(Depth::missing(queue.clone()).row(), ["quire.dead (missing)", "-", "-", "-", "-"]);
        let without_statistics = Depth { exists: true, consumers: Some(0), ..Depth::missing(queue) };
        assert_eq!(without_statistics.row(), ["quire.dead", "-", "-", "-", "0"]);
        assert!(caveat(Some(std::slice::from_ref(&without_statistics))).is_some());
        assert_eq!(caveat(Some(&[Depth { messages: Some(3), ..without_statistics }])), None);
        assert!(caveat(None).is_some());
    }
}
