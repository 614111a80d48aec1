//! `quire topology`: exchanges and queues, declared, checked or written down for somebody else to
//! declare.

use std::process::ExitCode;

use lapin::{
    ExchangeKind,
    types::{AMQPValue, FieldTable},
};
use serde_json::{Map, Value, json};

use super::{note, say};
use crate::{
    amqp::{
        management::Management,
        topology::{self, Mode, Queue},
    },
    cli::{Endpoints, FAILED, TopologyCommand},
};

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
            Some(found) => differences.extend(compare(&queue, &found.arguments)),
            None => differences.push(format!("queue {} does not exist", queue.name)),
        }
    }
    Ok(differences)
}

/// Names every argument that is not as it should be.
fn compare(queue: &Queue, found: &Map<String, Value>) -> Vec<String> {
    let expected = arguments(&queue.arguments);
    let wrong = expected.iter().filter_map(|(name, expected)| match found.get(name) {
        Some(found) if found == expected => None,
        Some(found) => Some(format!("{name} is {found}, not {expected}")),
        None => Some(format!("{name} is not set, must be {expected}")),
    });
    let added = found.iter().filter(|(name, _)| !expected.contains_key(*name));
    let added = added.map(|(name, found)| format!("{name} is {found}, must not be set"));
    wrong.chain(added).map(|what| format!("queue {}: {what}", queue.name)).collect()
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
        "arguments": arguments(&queue.arguments),
    })
}

fn binding(queue: &Queue, vhost: &str) -> Value {
    json!({
        "source": queue.exchange, "vhost": vhost, "destination": queue.name, "destination_type": "queue",
        "routing_key": queue.binding_key, "arguments": arguments(&queue.binding_arguments),
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

fn arguments(table: &FieldTable) -> Map<String, Value> {
    table.into_iter().map(|(name, value)| (name.to_string(), argument(value))).collect()
}

fn argument(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(flag) => json!(flag),
        AMQPValue::LongInt(number) => json!(number),
        AMQPValue::LongLongInt(number) => json!(number),
        AMQPValue::ShortString(text) => json!(text.as_str()),
        AMQPValue::LongString(text) => json!(text.to_string()),
        other => unreachable!("the topology declares no {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use quire_schemas::names::DEAD_QUEUE;

    use super::*;

    fn dead_queue() -> Queue {
        topology::queues().into_iter().find(|queue| queue.name == DEAD_QUEUE).expect("there is one")
    }

    #[test]
    fn a_queue_declared_as_it_should_be_differs_in_nothing() {
        for queue in topology::queues() {
            let found = serde_json::to_string(&arguments(&queue.arguments)).expect("json");
            let found: Map<String, Value> = serde_json::from_str(&found).expect("json");
            assert_eq!(compare(&queue, &found), Vec::<String>::new());
        }
    }

    #[test]
    fn every_difference_names_its_queue_and_argument() {
        let found = json!({ "x-queue-type": "classic", "x-max-length": 5 });
        let found = found.as_object().expect("an object");
        let expected = [
            "queue quire.dead: x-delivery-limit is not set, must be 1000000",
            "queue quire.dead: x-queue-type is \"classic\", not \"quorum\"",
            "queue quire.dead: x-max-length is 5, must not be set",
        ];
        assert_eq!(compare(&dead_queue(), found), expected);
    }

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
