//! Exchanges, queues and bindings: declared idempotently, or only verified.

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_schemas::names::{
    CONTROL_EXCHANGE, DEAD_EXCHANGE, DEAD_QUEUE, DeadKind, EVENT_LOG, EVENTS_EXCHANGE, JOBS_EXCHANGE, Lane,
    RETRY_EXCHANGE, Tier, header,
};
use serde_json::{Map, Value, json};

use super::{Publisher, headers::long_string, publisher::Interruption};

/// What to do about the topology at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Create what is missing; refuse what is there with other arguments.
    #[default]
    Declare,
    /// Only check that everything exists.
    Passive,
    /// Do nothing.
    Off,
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "declare" => Ok(Self::Declare),
            "passive" => Ok(Self::Passive),
            "off" => Ok(Self::Off),
            other => Err(format!("{other:?} is not one of declare, passive, off")),
        }
    }
}

/// An exchange of the topology.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub name: &'static str,
    /// `topic`, `headers` or `fanout`.
    pub kind: ExchangeKind,
}

/// A queue of the topology with its binding.
#[derive(Debug, Clone)]
pub struct Queue {
    pub name: String,
    pub arguments: FieldTable,
    /// The exchange it is bound to.
    pub exchange: &'static str,
    pub binding_key: String,
    pub binding_arguments: FieldTable,
}

impl Queue {
    /// Names every argument that differs from those that the management API tells of the queue.
    #[must_use]
    pub fn differences(&self, found: &Map<String, Value>) -> Vec<String> {
        let expected: Vec<(String, Option<Value>)> = entries(&self.arguments).collect();
        let wrong = expected.iter().filter_map(|(name, expected)| match (expected, found.get(name)) {
            (None, _) => Some(format!("{name} is of a type that cannot be compared")),
            (Some(expected), Some(found)) if found == expected => None,
            (Some(expected), Some(found)) => Some(format!("{name} is {found}, must be {expected}")),
            (Some(expected), None) => Some(format!("{name} is not set, must be {expected}")),
        });
        let added = found.iter().filter(|(name, _)| expected.iter().all(|(expected, _)| expected != *name));
        let added = added.map(|(name, found)| format!("{name} is {found}, must not be set"));
        wrong.chain(added).map(|what| format!("queue {}: {what}", self.name)).collect()
    }
}

/// Converts arguments into the JSON that the broker's definitions use.
///
/// Leaves out a value of a type that the topology does not use.
#[must_use]
pub fn arguments_to_json(arguments: &FieldTable) -> Map<String, Value> {
    entries(arguments).filter_map(|(name, value)| Some((name, value?))).collect()
}

fn entries(arguments: &FieldTable) -> impl Iterator<Item = (String, Option<Value>)> {
    arguments.inner().iter().map(|(name, value)| (name.to_string(), to_json(value)))
}

fn to_json(argument: &AMQPValue) -> Option<Value> {
    match argument {
        AMQPValue::Boolean(flag) => Some(json!(flag)),
        AMQPValue::LongInt(number) => Some(json!(number)),
        AMQPValue::LongLongInt(number) => Some(json!(number)),
        AMQPValue::ShortString(text) => Some(json!(text.as_str())),
        AMQPValue::LongString(text) => Some(json!(text.to_string())),
        _ => None,
    }
}

/// Why the topology is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// A queue or exchange exists with other arguments; only deleting it changes that.
    #[error("{what} exists with other arguments")]
    Different {
        /// Such as `queue quire.dead`.
        what: String,
        /// Names the argument.
        #[source]
        cause: lapin::Error,
    },
    /// A queue or exchange does not exist, and the mode is passive.
    #[error("{what} does not exist")]
    Missing {
        what: String,
        #[source]
        cause: lapin::Error,
    },
    /// This user may not declare or inspect it.
    #[error("this user may not declare or inspect {what}")]
    Denied {
        what: String,
        #[source]
        cause: lapin::Error,
    },
    /// The connection was lost, or there was none.
    #[error("the connection was lost while declaring {what}")]
    Broker {
        what: String,
        #[source]
        cause: Interruption,
    },
}

/// Lists the durable exchanges.
#[must_use]
pub fn exchanges() -> Vec<Exchange> {
    vec![
        Exchange { name: JOBS_EXCHANGE, kind: ExchangeKind::Topic },
        Exchange { name: RETRY_EXCHANGE, kind: ExchangeKind::Headers },
        Exchange { name: DEAD_EXCHANGE, kind: ExchangeKind::Topic },
        Exchange { name: EVENTS_EXCHANGE, kind: ExchangeKind::Topic },
        Exchange { name: CONTROL_EXCHANGE, kind: ExchangeKind::Fanout },
    ]
}

/// Lists the durable queues with their bindings.
#[must_use]
pub fn queues() -> Vec<Queue> {
    let mut queues: Vec<Queue> = Lane::ALL.into_iter().map(job_queue).collect();
    queues.extend(Tier::ALL.into_iter().map(retry_queue));
    queues.push(Queue {
        name: DEAD_QUEUE.to_owned(),
        // Reading dead letters requeues them, which counts as a delivery. The default of 4.x (20) would
        // drop letters that were read often, and -1 drops them at the first reading on 3.10.
        arguments: table([
            ("x-queue-type", long_string("quorum")),
            ("x-delivery-limit", AMQPValue::LongLongInt(1_000_000)),
        ]),
        exchange: DEAD_EXCHANGE,
        binding_key: "#".to_owned(),
        binding_arguments: FieldTable::default(),
    });
    queues.push(Queue {
        name: EVENT_LOG.to_owned(),
        arguments: table([
            ("x-queue-type", long_string("stream")),
            ("x-max-age", long_string("7D")),
            ("x-max-length-bytes", AMQPValue::LongLongInt(2_000_000_000)),
            ("x-stream-max-segment-size-bytes", AMQPValue::LongLongInt(50_000_000)),
        ]),
        exchange: EVENTS_EXCHANGE,
        binding_key: "#".to_owned(),
        binding_arguments: FieldTable::default(),
    });
    queues
}

fn job_queue(lane: Lane) -> Queue {
    Queue {
        name: lane.queue(),
        arguments: table([
            ("x-queue-type", long_string("quorum")),
            // Against jobs that kill workers; attempts are counted in a header.
            ("x-delivery-limit", AMQPValue::LongLongInt(20)),
            ("x-dead-letter-exchange", long_string(DEAD_EXCHANGE)),
            ("x-dead-letter-routing-key", long_string(&DeadKind::Crash.routing_key(lane))),
            ("x-dead-letter-strategy", long_string("at-least-once")),
            ("x-overflow", long_string("reject-publish")),
        ]),
        exchange: JOBS_EXCHANGE,
        binding_key: format!("job.{lane}.#"),
        binding_arguments: FieldTable::default(),
    }
}

fn retry_queue(tier: Tier) -> Queue {
    let delay_ms = i64::try_from(tier.delay().as_millis()).expect("an hour fits");
    Queue {
        name: tier.queue(),
        arguments: table([
            ("x-queue-type", long_string("quorum")),
            ("x-message-ttl", AMQPValue::LongLongInt(delay_ms)),
            // No dead-letter routing key: the message comes back under its own.
            ("x-dead-letter-exchange", long_string(JOBS_EXCHANGE)),
            ("x-dead-letter-strategy", long_string("at-least-once")),
            ("x-overflow", long_string("reject-publish")),
        ]),
        exchange: RETRY_EXCHANGE,
        binding_key: String::new(),
        binding_arguments: table([("x-match", long_string("all")), (header::RETRY_TIER, long_string(tier.as_str()))]),
    }
}

fn table<const N: usize>(entries: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert(key.into(), value);
    }
    table
}

/// Declares or verifies the whole topology, as `mode` says.
pub async fn ensure(publisher: &Publisher, mode: Mode) -> Result<(), TopologyError> {
    if mode == Mode::Off {
        return Ok(());
    }
    let passive = mode == Mode::Passive;
    let mut channel = None;
    for exchange in exchanges() {
        let what = format!("exchange {}", exchange.name);
        let channel = open(publisher, &mut channel, &what).await?;
        let options = ExchangeDeclareOptions { durable: true, passive, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(exchange.name.into(), exchange.kind, options, FieldTable::default())
            .await
            .map_err(|cause| classify(what, cause))?;
    }
    for queue in queues() {
        let what = format!("queue {}", queue.name);
        let channel = open(publisher, &mut channel, &what).await?;
        let options = QueueDeclareOptions { durable: true, passive, ..QueueDeclareOptions::default() };
        let declared = channel.queue_declare(queue.name.as_str().into(), options, queue.arguments).await;
        if queue.name == EVENT_LOG
            && let Err(cause) = &declared
            && has_no_leader(cause)
        {
            // After a node lost its power the stream may exist without a leader. Jobs do not need it. It is
            // the last queue, so that nothing needs the channel that this error closed.
            tracing::warn!(error = %cause, "the event log has no leader; events are not kept until it has one");
            return Ok(());
        }
        declared.map_err(|cause| classify(what.clone(), cause))?;
        if !passive {
            let bound = channel.queue_bind(
                queue.name.as_str().into(),
                queue.exchange.into(),
                queue.binding_key.as_str().into(),
                QueueBindOptions::default(),
                queue.binding_arguments,
            );
            bound.await.map_err(|cause| classify(what, cause))?;
        }
    }
    Ok(())
}

async fn open<'a>(
    publisher: &Publisher,
    channel: &'a mut Option<Channel>,
    what: &str,
) -> Result<&'a Channel, TopologyError> {
    if channel.is_none() {
        let opened = publisher.open_channel().await;
        *channel = Some(opened.map_err(|cause| TopologyError::Broker { what: what.to_owned(), cause })?);
    }
    Ok(channel.as_ref().expect("opened above"))
}

/// Says whether a queue exists on nodes that do not answer.
fn has_no_leader(error: &lapin::Error) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(answer)
        if answer.get_id() == 404 && answer.get_message().as_str().contains("down or inaccessible"))
}

fn classify(what: String, cause: lapin::Error) -> TopologyError {
    let code = match cause.kind() {
        lapin::ErrorKind::ProtocolError(error) => error.get_id(),
        _ => 0,
    };
    match code {
        406 => TopologyError::Different { what, cause },
        404 => TopologyError::Missing { what, cause },
        403 => TopologyError::Denied { what, cause },
        _ => TopologyError::Broker { what, cause: cause.into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_retry_tier_rewrites_the_routing_key() {
        for tier in Tier::ALL {
            let queue = retry_queue(tier);
            assert!(!queue.arguments.inner().contains_key("x-dead-letter-routing-key"), "{}", queue.name);
        }
    }

    fn dead_queue() -> Queue {
        queues().into_iter().find(|queue| queue.name == DEAD_QUEUE).expect("there is one")
    }

    #[test]
    fn the_dead_queue_keeps_letters_that_are_read_often() {
        assert_eq!(dead_queue().arguments.inner().get("x-delivery-limit"), Some(&AMQPValue::LongLongInt(1_000_000)));
    }

    #[test]
    fn a_queue_declared_as_it_should_be_differs_in_nothing() {
        for queue in queues() {
            let found = serde_json::to_string(&arguments_to_json(&queue.arguments)).expect("json");
            let found: Map<String, Value> = serde_json::from_str(&found).expect("json");
            assert_eq!(queue.differences(&found), Vec::<String>::new());
        }
    }

    #[test]
    fn every_difference_names_its_queue_and_argument() {
        let found = json!({ "x-queue-type": "classic", "x-max-length": 5 });
        let found = found.as_object().expect("an object");
        let expected = [
            "queue quire.dead: x-delivery-limit is not set, must be 1000000",
            "queue quire.dead: x-queue-type is \"classic\", must be \"quorum\"",
            "queue quire.dead: x-max-length is 5, must not be set",
        ];
        assert_eq!(dead_queue().differences(found), expected);
    }

    #[test]
    fn an_argument_of_another_type_is_a_difference() {
        let queue = Queue { arguments: table([("x-other", AMQPValue::Void)]), ..dead_queue() };
        let differences = queue.differences(&Map::new());
        assert_eq!(differences, ["queue quire.dead: x-other is of a type that cannot be compared"]);
    }
}
