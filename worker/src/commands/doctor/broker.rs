//! The broker: what a worker sees of it over AMQP, then what only its management API tells.

use std::time::Duration;

use quire_producer::amqp::{
    ConnectError, Connector, Publisher,
    topology::{self, Mode, TopologyError},
};

use super::{
    finding::{Finding, Outcome},
    management,
};
use crate::config::Amqp;

const PATIENCE: Duration = Duration::from_secs(60);
const NO_BROKER: &str = "no job comes in";

pub(super) async fn examine(amqp: &Amqp, lease: Duration) -> Vec<Finding> {
    let (seen, told) = tokio::join!(over_amqp(amqp), management::examine(amqp, lease));
    [seen, told].concat()
}

async fn over_amqp(amqp: &Amqp) -> Vec<Finding> {
    let Ok(connector) = Connector::new(amqp.url.reveal(), "quire-worker doctor") else {
        return vec![Finding::failed("broker", "not an AMQP URL", NO_BROKER, "correct QUIRE_AMQP_URL")];
    };
    let addresses = connector.display_addresses();
    let publisher = Publisher::new(connector);
    let login = log_in(&publisher, &addresses).await;
    let mut findings = vec![login];
    if findings.iter().all(|finding| finding.outcome == Outcome::Ok) {
        findings.push(verify_topology(&publisher, amqp.topology).await);
    }
    publisher.close().await;
    findings
}

async fn log_in(publisher: &Publisher, addresses: &str) -> Finding {
    let check = "broker";
    let error = match tokio::time::timeout(PATIENCE, publisher.connection()).await {
        Ok(Ok(_)) => return Finding::ok(check, format!("logged in at {addresses}")),
        Ok(Err(error)) => error,
        Err(_) => {
            let what = format!("no login at {addresses} within {} s", PATIENCE.as_secs());
            return Finding::failed(check, what, NO_BROKER, "check that this machine may reach the broker");
        }
    };
    let remedy = match &error {
        ConnectError::Address { .. } => "correct QUIRE_AMQP_URL",
        ConnectError::Refused { .. } => "check user, password and virtual host in QUIRE_AMQP_URL",
        ConnectError::Unreachable { .. } => {
            "check that the broker runs, its address, and that this machine may reach it"
        }
        ConnectError::Silent { .. } => "check that the port is AMQP's, and amqp or amqps as the broker expects",
    };
    Finding::failed(check, chain(error), NO_BROKER, remedy)
}

async fn verify_topology(publisher: &Publisher, mode: Mode) -> Finding {
    let check = "topology";
    let error = match tokio::time::timeout(PATIENCE, topology::ensure(publisher, Mode::Passive)).await {
        Ok(Ok(())) => return Finding::ok(check, "every exchange and queue is there"),
        Ok(Err(error)) => error,
        Err(_) => {
            let what = format!("no answer within {} s", PATIENCE.as_secs());
            return Finding::failed(check, what, NO_BROKER, "look at the broker's alarms and logs");
        }
    };
    let lost = "jobs, retries or dead letters have nowhere to go";
    match error {
        TopologyError::Missing { .. } if mode == Mode::Declare => Finding::warning(
            check,
            chain(error),
            "nobody can publish before a worker has started once",
            "start a worker, or run `quire topology declare`",
        ),
        TopologyError::Missing { .. } => {
            Finding::failed(check, chain(error), lost, "run `quire topology declare`, or set QUIRE_TOPOLOGY to declare")
        }
        TopologyError::Different { .. } => Finding::failed(
            check,
            chain(error),
            lost,
            "drain it, delete it and declare it again: what it was declared with cannot be changed",
        ),
        TopologyError::Denied { .. } => {
            Finding::failed(check, chain(error), lost, "give this user what docs/permissions.md lists for a worker")
        }
        TopologyError::Broker { .. } => Finding::failed(check, chain(error), NO_BROKER, "look at the broker's logs"),
    }
}

/// Writes an error with everything that caused it.
pub(super) fn chain(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
