//! `quire topology`: declares or checks exchanges and queues, or exports them as definitions.

use std::process::ExitCode;

use clap::Subcommand;
use lapin::ExchangeKind;
use serde_json::{Value, json};

use super::{
    endpoints::Endpoints,
    exit::FAILED,
    text::{note, say},
};
use crate::amqp::{
    management::Management,
    topology::{self, Mode, Queue, arguments_to_json},
};

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum TopologyCommand {
    /// Create what is missing; refuse what exists with other arguments
    Declare,
    /// Check that everything exists and, with a management API, was declared with the right arguments
    Check,
    /// Print definitions that RabbitMQ can import
    Export,
}

pub(crate) async fn run(endpoints: &Endpoints, command: TopologyCommand) -> anyhow::Result<ExitCode> {
    match command {
        TopologyCommand::Declare => declare(endpoints).await,
        TopologyCommand::Check => check(endpoints).await,
        TopologyCommand::Export => {
            say(&format!("{:#}", definitions(&endpoints.vhost())))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn declare(endpoints: &Endpoints) -> anyhow::Result<ExitCode> {
    ensure(endpoints, Mode::Declare).await?;
    say(&format!("declared {}", count()))?;
    Ok(ExitCode::SUCCESS)
}

async fn check(endpoints: &Endpoints) -> anyhow::Result<ExitCode> {
    ensure(endpoints, Mode::Passive).await?;
    let Some(management) = endpoints.management()? else {
        say(&format!("{} exist", count()))?;
        note("the arguments of the queues were not compared: give --management-url");
        return Ok(ExitCode::SUCCESS);
    };
    let differences = differences(&management).await?;
    for difference in &differences {
        say(difference)?;
    }
    if !differences.is_empty() {
        note("a queue keeps the arguments it was declared with: empty it, delete it and declare it again");
        return Ok(ExitCode::from(FAILED));
    }
    say(&format!("{} exist with the right arguments", count()))?;
    Ok(ExitCode::SUCCESS)
}

async fn ensure(endpoints: &Endpoints, mode: Mode) -> anyhow::Result<()> {
    let publisher = endpoints.publisher()?;
    topology::ensure(&publisher, mode).await?;
    publisher.close().await;
    Ok(())
}

fn count() -> String {
    format!("{} exchanges and {} queues", topology::exchanges().len(), topology::queues().len())
}

/// A passive declaration does not compare arguments, so the management API is asked for them.
async fn differences(management: &Management) -> anyhow::Result<Vec<String>> {
    let mut differences = Vec::new();
    for queue in topology::queues() {
        match management.queue(&queue.name).await? {
            Some(found) => differences.extend(queue.differences(&found.arguments)),
            None => differences.push(format!("queue {} does not exist", queue.name)),
        }
    }
    Ok(differences)
}

/// Returns the topology as definitions that RabbitMQ imports.
fn definitions(vhost: &str) -> Value {
    let exchanges: Vec<Value> = topology::exchanges()
        .iter()
        .map(|exchange| {
            json!({
                "name": exchange.name, "vhost": vhost, "type": kind(&exchange.kind),
                "durable": true, "auto_delete": false, "internal": false, "arguments": {},
            })
        })
        .collect();
    let queues = topology::queues();
    let bindings: Vec<Value> = queues.iter().map(|queue| binding(queue, vhost)).collect();
    let queues: Vec<Value> = queues.iter().map(|queue| definition(queue, vhost)).collect();
    json!({ "exchanges": exchanges, "queues": queues, "bindings": bindings })
}

fn definition(queue: &Queue, vhost: &str) -> Value {
    json!({
        "name": queue.name, "vhost": vhost, "durable": true, "auto_delete": false,
        "arguments": arguments_to_json(&queue.arguments),
    })
}

fn binding(queue: &Queue, vhost: &str) -> Value {
    json!({
        "source": queue.exchange, "vhost": vhost, "destination": queue.name, "destination_type": "queue",
        "routing_key": queue.binding_key, "arguments": arguments_to_json(&queue.binding_arguments),
    })
}

fn kind(kind: &ExchangeKind) -> &str {
    match kind {
        ExchangeKind::Custom(name) => name,
        ExchangeKind::Direct => "direct",
        ExchangeKind::Fanout => "fanout",
        ExchangeKind::Headers => "headers",
        ExchangeKind::Topic => "topic",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_export_binds_every_queue_to_an_exchange_that_it_defines() {
        let definitions = definitions("team");
        let names = |of: &str, field: &str| -> Vec<String> {
            let entries = definitions[of].as_array().expect("a list");
            entries.iter().map(|entry| entry[field].as_str().expect("a text").to_owned()).collect()
        };
        assert_eq!(names("bindings", "destination"), names("queues", "name"));
        let exchanges = names("exchanges", "name");
        assert!(names("bindings", "source").iter().all(|source| exchanges.contains(source)));
        assert!(names("queues", "vhost").iter().all(|vhost| vhost == "team"));
        assert_eq!(definitions["queues"][0]["arguments"]["x-delivery-limit"], 20);
    }
}
