//! The broker as a worker reaches it over AMQP: login and topology.

use std::time::Duration;

use quire_producer::amqp::{
    BasicProperties, ConnectError, Connector, Outgoing, Publisher,
    topology::{self, Mode, TopologyError},
};

use super::finding::{CheckStatus, Finding};
use crate::{config::Amqp, job::chain};

const CHECK_TIMEOUT: Duration = Duration::from_secs(60);
/// What `max_message_size` should be: twice what a job may have.
const LARGEST_MESSAGE_BYTES: usize = 4 << 20;
const SIZE_TIMEOUT: Duration = Duration::from_secs(5);
const NO_BROKER: &str = "the worker receives no job";

pub(super) async fn examine(amqp: &Amqp) -> Vec<Finding> {
    let Ok(connector) = Connector::new(amqp.url.reveal(), "quire-worker doctor") else {
        return vec![Finding::failed("broker", "not an AMQP URL", NO_BROKER, "correct QUIRE_AMQP_URL")];
    };
    let addresses = connector.display_addresses();
    let publisher = Publisher::new(connector);
    let login = log_in(&publisher, &addresses).await;
    let logged_in = login.status == CheckStatus::Ok;
    let mut findings = vec![login];
    if logged_in {
        findings.push(verify_topology(&publisher, amqp.topology).await);
        findings.push(message_size(&publisher).await);
    }
    publisher.close().await;
    findings
}

async fn log_in(publisher: &Publisher, addresses: &str) -> Finding {
    let check = "broker";
    let error = match tokio::time::timeout(CHECK_TIMEOUT, publisher.connection()).await {
        Ok(Ok(_)) => return Finding::ok(check, format!("logged in at {addresses}")),
        Ok(Err(error)) => error,
        Err(_) => {
            let what = format!("no login at {addresses} within {} s", CHECK_TIMEOUT.as_secs());
            return Finding::failed(check, what, NO_BROKER, "check that this machine may reach the broker");
        }
    };
    let remedy = match &error {
        ConnectError::Address { .. } => "correct QUIRE_AMQP_URL",
        ConnectError::Refused { .. } => "check user, password and virtual host in QUIRE_AMQP_URL",
        ConnectError::Unreachable { .. } => {
            "check that the broker runs, that its address is right, and that this machine may reach it"
        }
        ConnectError::Silent { .. } => {
            "check that the port is the broker's AMQP port, and that the scheme (amqp or amqps) is the one it expects"
        }
    };
    Finding::failed(check, chain(&error), NO_BROKER, remedy)
}

/// Finds out whether the broker takes messages that are much larger than a job: it holds them in memory, and so does a
/// worker before it can bury them.
async fn message_size(publisher: &Publisher) -> Finding {
    let check = "message_size";
    let sent = Outgoing {
        exchange: String::new(),
        // There is no queue of this name: the broker confirms the message and drops it.
        routing_key: "quire.nobody".to_owned(),
        properties: BasicProperties::default(),
        body: vec![0; LARGEST_MESSAGE_BYTES + 1],
        mandatory: false,
    };
    match publisher.publish(&sent, SIZE_TIMEOUT).await {
        Ok(()) => Finding::warning(
            check,
            format!("the broker takes messages of more than {} MiB", LARGEST_MESSAGE_BYTES >> 20),
            "a job has at most 2 MiB; broker and worker hold a larger message in memory before it is buried",
            "set max_message_size = 4194304 in rabbitmq.conf",
        ),
        Err(_) => {
            Finding::ok(check, format!("the broker takes messages of at most {} MiB", LARGEST_MESSAGE_BYTES >> 20))
        }
    }
}

async fn verify_topology(publisher: &Publisher, mode: Mode) -> Finding {
    let check = "topology";
    let error = match tokio::time::timeout(CHECK_TIMEOUT, topology::ensure(publisher, Mode::Passive)).await {
        Ok(Ok(())) => return Finding::ok(check, "every exchange and queue exists"),
        Ok(Err(error)) => error,
        Err(_) => {
            let what = format!("no answer within {} s", CHECK_TIMEOUT.as_secs());
            return Finding::failed(check, what, NO_BROKER, "read the alarms and the logs of the broker");
        }
    };
    let lost = "the broker cannot route jobs, retries or dead letters";
    match error {
        TopologyError::Missing { .. } if mode == Mode::Declare => Finding::warning(
            check,
            chain(&error),
            "publishing fails until a worker has started once",
            "start a worker, or run `quire topology declare`",
        ),
        TopologyError::Missing { .. } => Finding::failed(
            check,
            chain(&error),
            lost,
            "run `quire topology declare`, or set QUIRE_TOPOLOGY to declare",
        ),
        TopologyError::Different { .. } => Finding::failed(
            check,
            chain(&error),
            lost,
            "drain it, delete it and declare it again: a queue or exchange keeps the arguments it was declared with",
        ),
        TopologyError::Denied { .. } => Finding::failed(
            check,
            chain(&error),
            lost,
            "give this user the permissions that docs/permissions.md lists for a worker",
        ),
        TopologyError::Broker { .. } => Finding::failed(check, chain(&error), NO_BROKER, "read the logs of the broker"),
    }
}
