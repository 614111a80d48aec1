//! Exchanges, queues and bindings: declared idempotently, or only verified.

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_schemas::names::{
    CONTROL_EXCHANGE, DEAD_EXCHANGE, DEAD_QUEUE, EVENT_LOG, EVENTS_EXCHANGE, JOBS_EXCHANGE, Lane, RETRY_EXCHANGE, Tier,
    header,
};

use super::{Publisher, publisher::Interruption};

/// What to do about the topology at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Create what is missing; refuse what is there with other arguments.
    #[default]
    Declare,
    /// Only check that everything exists; somebody else declares it.
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
    /// Its name.
    pub name: &'static str,
    /// `topic`, `headers` or `fanout`.
    pub kind: ExchangeKind,
}

/// A queue of the topology with its binding.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: FieldTable,
    /// The exchange it is bound to.
    pub exchange: &'static str,
    /// The binding's routing key.
    pub binding_key: String,
    /// The binding's arguments.
    pub binding_arguments: FieldTable,
}

/// Why the topology is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// A queue or exchange exists with other arguments; only deleting it changes that.
    #[error("{what} exists with other arguments")]
    Different {
        /// Which queue or exchange.
        what: String,
        /// The broker's words, which name the argument.
        #[source]
        cause: lapin::Error,
    },
    /// A queue or exchange is not there, and this process is not to create it.
    #[error("{what} does not exist")]
    Missing {
        /// Which queue or exchange.
        what: String,
        /// The broker's words.
        #[source]
        cause: lapin::Error,
    },
    /// This user may not declare or inspect it.
    #[error("this user may not declare or inspect {what}")]
    Denied {
        /// Which queue or exchange.
        what: String,
        /// The broker's words.
        #[source]
        cause: lapin::Error,
    },
    /// The broker went away meanwhile.
    #[error("the broker went away while {what} was declared")]
    Broker {
        /// Which queue or exchange.
        what: String,
        /// What happened.
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
        // Looking at dead letters requeues them, which counts. The default of 4.x (20) would drop
        // letters that were looked at often, and -1 drops at the first look on 3.10.
        arguments: table([("x-queue-type", text("quorum")), ("x-delivery-limit", AMQPValue::LongLongInt(1_000_000))]),
        exchange: DEAD_EXCHANGE,
        binding_key: "#".to_owned(),
        binding_arguments: FieldTable::default(),
    });
    queues.push(Queue {
        name: EVENT_LOG.to_owned(),
        arguments: table([
            ("x-queue-type", text("stream")),
            ("x-max-age", text("7D")),
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
            ("x-queue-type", text("quorum")),
            // A fuse against jobs that kill workers, not the attempt counter.
            ("x-delivery-limit", AMQPValue::LongLongInt(20)),
            ("x-dead-letter-exchange", text(DEAD_EXCHANGE)),
            ("x-dead-letter-routing-key", text(&format!("crash.{lane}"))),
            ("x-dead-letter-strategy", text("at-least-once")),
            ("x-overflow", text("reject-publish")),
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
            ("x-queue-type", text("quorum")),
            ("x-message-ttl", AMQPValue::LongLongInt(delay_ms)),
            // No dead-letter routing key: the message comes back under its own.
            ("x-dead-letter-exchange", text(JOBS_EXCHANGE)),
            ("x-dead-letter-strategy", text("at-least-once")),
            ("x-overflow", text("reject-publish")),
        ]),
        exchange: RETRY_EXCHANGE,
        binding_key: String::new(),
        binding_arguments: table([("x-match", text("all")), (header::RETRY_TIER, text(tier.as_str()))]),
    }
}

fn table<const N: usize>(entries: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (key, value) in entries {
        table.insert(key.into(), value);
    }
    table
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Declares or verifies the whole topology, as `mode` says.
///
/// # Errors
/// [`TopologyError`], naming the queue or exchange.
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
            && is_out_of_reach(cause)
        {
            // Seen after a node lost its power: for a while the stream is there and has no leader. Jobs
            // do not need it. It is the last queue, so that the channel this has closed is not missed.
            tracing::warn!(error = %cause, "the event log is out of reach; events are not kept meanwhile");
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
fn is_out_of_reach(error: &lapin::Error) -> bool {
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

    #[test]
    fn the_dead_queue_survives_being_looked_at() {
        let dead = queues().into_iter().find(|queue| queue.name == DEAD_QUEUE).expect("there is one");
        assert_eq!(dead.arguments.inner().get("x-delivery-limit"), Some(&AMQPValue::LongLongInt(1_000_000)));
    }
}
