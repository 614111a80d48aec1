//! Publishes with confirm over a connection that never consumes.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::FieldTable,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout_at},
};

use super::{ConnectError, Connector};
use crate::pause::Pause;

/// With several publishes outstanding on one channel the client attaches a returned message to
/// the wrong confirm, so each channel carries one at a time and there are a few of them.
const CHANNELS: usize = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub exchange: String,
    /// At most 255 bytes.
    pub routing_key: String,
    /// Delivery mode 2 is set if none is.
    pub properties: BasicProperties,
    pub body: Vec<u8>,
    /// Whether it is an error if no queue takes the message; true for everything but events.
    pub mandatory: bool,
}

/// The broker's reply code when this user lacks a permission; trying again does not help.
const ACCESS_REFUSED: u16 = 403;
/// The broker's reply code when it lacks a resource, such as the leader of a stream; it may recover.
const RESOURCE_ERROR: u16 = 506;

/// Why a message is not known to be in a queue. Publishing it again is safe: consumers recognise
/// a message by its id.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No queue is bound for the key: declaring the topology cures it.
    #[error("no queue takes {routing_key} from exchange {exchange}")]
    Unroutable { exchange: String, routing_key: String },
    /// The broker refused it until the time given was over: a queue is full, has no leader, or is a stream
    /// that the broker has lost.
    #[error("the broker refuses {routing_key}: a queue is full, or has lost its leader")]
    Refused { routing_key: String },
    /// This user may not publish there.
    #[error("this user may not publish {routing_key} to exchange {exchange}")]
    Denied {
        exchange: String,
        routing_key: String,
        #[source]
        cause: Box<lapin::Error>,
    },
    /// The time given was over before the broker confirmed it.
    #[error("not confirmed within {} s", .within.as_secs_f32())]
    Unconfirmed {
        within: Duration,
        /// What interrupted the last attempt, if that is known.
        #[source]
        cause: Option<Interruption>,
    },
}

/// What interrupted a publish.
#[derive(Debug, thiserror::Error)]
pub enum Interruption {
    /// There was no connection to publish on.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection or channel failed under it.
    #[error(transparent)]
    Broker(#[from] lapin::Error),
}

/// Publishes with confirm over a connection of its own. Cheap to clone.
///
/// It never consumes: the broker stops reading from a connection that publishes while it is short
/// of memory, and acknowledgements on the same connection would stop with it.
#[derive(Clone)]
pub struct Publisher {
    shared: Arc<ChannelPool>,
}

struct ChannelPool {
    connector: Connector,
    connection: tokio::sync::Mutex<Option<Arc<Connection>>>,
    idle: Mutex<Vec<Channel>>,
    turns: Semaphore,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("connector", &self.shared.connector).finish_non_exhaustive()
    }
}

impl Publisher {
    /// Makes a publisher that connects when it is first needed, and again when it has to.
    #[must_use]
    pub fn new(connector: Connector) -> Self {
        Self {
            shared: Arc::new(ChannelPool {
                connector,
                connection: tokio::sync::Mutex::new(None),
                idle: Mutex::new(Vec::new()),
                turns: Semaphore::new(CHANNELS),
            }),
        }
    }

    /// Publishes and waits for the broker's confirm. Publishes again after a lost connection until the
    /// time given is over, so the message may be published more than once. Only after `Ok` may the
    /// caller forget the message.
    pub async fn publish(&self, message: &Outgoing, within: Duration) -> Result<(), PublishError> {
        let deadline = Instant::now() + within;
        let mut pause = Pause::between(FIRST_PAUSE, LONGEST_PAUSE);
        let mut last = PublishError::Unconfirmed { within, cause: None };
        loop {
            match timeout_at(deadline, self.publish_once(message)).await {
                Err(_) => return Err(last),
                Ok(Ok(Ok(()))) => return Ok(()),
                // A queue that has lost its leader refuses too, until it has another one.
                Ok(Ok(Err(refused @ PublishError::Refused { .. }))) => last = refused,
                Ok(Ok(Err(error))) => return Err(error),
                Ok(Err(Interruption::Broker(cause))) if is_answer(&cause, ACCESS_REFUSED) => {
                    let (exchange, routing_key) = (message.exchange.clone(), message.routing_key.clone());
                    return Err(PublishError::Denied { exchange, routing_key, cause: Box::new(cause) });
                }
                // A broker that has lost a stream closes the connection that publishes to it.
                Ok(Err(Interruption::Broker(cause))) if is_answer(&cause, RESOURCE_ERROR) => {
                    last = PublishError::Refused { routing_key: message.routing_key.clone() };
                }
                Ok(Err(interruption)) => {
                    tracing::debug!(error = %interruption, "publish interrupted");
                    last = PublishError::Unconfirmed { within, cause: Some(interruption) };
                }
            }
            let next = Instant::now() + pause.next_pause().mul_f64(rand::random_range(0.5..1.0));
            if next >= deadline {
                return Err(last);
            }
            sleep_until(next).await;
        }
    }

    async fn publish_once(&self, message: &Outgoing) -> Result<Result<(), PublishError>, Interruption> {
        let turn = self.shared.turns.acquire().await.expect("the semaphore is never closed");
        let lease = ChannelLease { channel: self.channel().await?, shared: &self.shared, _turn: turn };
        let properties = match message.properties.delivery_mode() {
            Some(_) => message.properties.clone(),
            None => message.properties.clone().with_delivery_mode(2),
        };
        let options = BasicPublishOptions { mandatory: message.mandatory, ..BasicPublishOptions::default() };
        let confirm = lease
            .channel
            .basic_publish(
                message.exchange.as_str().into(),
                message.routing_key.as_str().into(),
                options,
                &message.body,
                properties,
            )
            .await?
            .await?;
        // RabbitMQ 3.10 may go on refusing on a channel on which a publish met the death of a queue's leader,
        // although it serves other channels again.
        if !matches!(confirm, Confirmation::Nack(None)) {
            lease.give_back();
        }
        let routing_key = || message.routing_key.clone();
        Ok(match confirm {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => {
                Err(PublishError::Unroutable { exchange: message.exchange.clone(), routing_key: routing_key() })
            }
            Confirmation::Nack(None) | Confirmation::NotRequested => {
                Err(PublishError::Refused { routing_key: routing_key() })
            }
        })
    }

    async fn channel(&self) -> Result<Channel, Interruption> {
        while let Some(channel) = self.pop_idle() {
            if channel.status().connected() {
                return Ok(channel);
            }
        }
        let channel = self.connection().await?.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(channel)
    }

    fn pop_idle(&self) -> Option<Channel> {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Returns the live connection, or makes one.
    pub async fn connection(&self) -> Result<Arc<Connection>, ConnectError> {
        let mut slot = self.shared.connection.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| connection.status().connected()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(self.shared.connector.connect().await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// Says whether the broker blocks this connection because it is short of memory or disk.
    pub async fn is_blocked(&self) -> bool {
        let slot = self.shared.connection.lock().await;
        slot.as_ref().is_some_and(|connection| connection.status().blocked())
    }

    /// Opens a channel of its own, for declarations.
    pub async fn open_channel(&self) -> Result<Channel, Interruption> {
        Ok(self.connection().await?.create_channel().await?)
    }

    /// Closes the connection in order; publishes under way fail.
    pub async fn close(&self) {
        let connection = self.shared.connection.lock().await.take();
        if let Some(connection) = connection {
            // A broker that does not answer the close must not keep the process alive.
            let closing = connection.close(200, "bye".into());
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
        }
    }
}

/// Says whether the broker closed a channel or connection with this reply code.
fn is_answer(error: &lapin::Error, code: u16) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(answer) if answer.get_id() == code)
}

/// A channel during one publish. A lease that is dropped before its confirm came does not give the
/// channel back: a later confirm on it could be taken for another message's.
struct ChannelLease<'a> {
    channel: Channel,
    shared: &'a ChannelPool,
    _turn: SemaphorePermit<'a>,
}

impl ChannelLease<'_> {
    fn give_back(self) {
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.channel.clone());
    }
}

impl Outgoing {
    /// Makes a mandatory JSON message.
    #[must_use]
    pub fn json(exchange: &str, routing_key: String, body: Vec<u8>, headers: FieldTable) -> Self {
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(2)
            .with_headers(headers);
        Self { exchange: exchange.to_owned(), routing_key, properties, body, mandatory: true }
    }
}
