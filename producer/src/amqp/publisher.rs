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

/// With several publishes outstanding on one channel the client attaches a returned message to
/// the wrong confirm, so each channel carries one at a time and there are a few of them.
const CHANNELS: usize = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub exchange: String,
    /// Under which key, at most 255 bytes.
    pub routing_key: String,
    /// Properties; delivery mode 2 is set if none is.
    pub properties: BasicProperties,
    /// The body.
    pub body: Vec<u8>,
    /// Whether a message that no queue takes is an error. Everything but events is.
    pub mandatory: bool,
}

/// The broker's answer to whoever may not do something, every time.
const ACCESS_REFUSED: u16 = 403;
/// Its answer to whoever needs something that it does not have.
const RESOURCE_ERROR: u16 = 506;

/// Why a message is not known to be in a queue. Publishing it again is safe: consumers recognise
/// a message by its id.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No queue takes it: the topology is not what it should be.
    #[error("no queue takes {routing_key} from exchange {exchange}")]
    Unroutable {
        /// The exchange.
        exchange: String,
        /// The routing key.
        routing_key: String,
    },
    /// The broker refused it until the time given was over: a queue is full, has no leader, or is a stream
    /// that the broker has lost.
    #[error("the broker refuses {routing_key}: a queue is full, or has lost its leader")]
    Refused {
        /// The routing key.
        routing_key: String,
    },
    /// This user may not publish there.
    #[error("this user may not publish {routing_key} to exchange {exchange}")]
    Denied {
        /// The exchange.
        exchange: String,
        /// The routing key.
        routing_key: String,
        /// The broker's words.
        #[source]
        cause: Box<lapin::Error>,
    },
    /// The time given was over before the broker confirmed it.
    #[error("not confirmed within {} s", .within.as_secs_f32())]
    Unconfirmed {
        /// The time given.
        within: Duration,
        /// What kept it from being confirmed, if that is known.
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
    shared: Arc<Shared>,
}

struct Shared {
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
            shared: Arc::new(Shared {
                connector,
                connection: tokio::sync::Mutex::new(None),
                idle: Mutex::new(Vec::new()),
                turns: Semaphore::new(CHANNELS),
            }),
        }
    }

    /// Publishes and waits until the broker has the message safe. Connection losses are ridden
    /// out within the time given, so the message may be published more than once.
    ///
    /// # Errors
    /// [`PublishError`]; only after `Ok` may the caller forget the message.
    pub async fn publish(&self, message: &Outgoing, within: Duration) -> Result<(), PublishError> {
        let deadline = Instant::now() + within;
        let mut pause = FIRST_PAUSE;
        let mut last = PublishError::Unconfirmed { within, cause: None };
        loop {
            match timeout_at(deadline, self.publish_once(message)).await {
                Err(_) => return Err(last),
                Ok(Ok(Ok(()))) => return Ok(()),
                // A queue that has lost its leader refuses too, until it has another one.
                Ok(Ok(Err(refused @ PublishError::Refused { .. }))) => last = refused,
                Ok(Ok(Err(final_word))) => return Err(final_word),
                Ok(Err(Interruption::Broker(cause))) if is_answer(&cause, ACCESS_REFUSED) => {
                    let (exchange, routing_key) = (message.exchange.clone(), message.routing_key.clone());
                    return Err(PublishError::Denied { exchange, routing_key, cause: Box::new(cause) });
                }
                // A stream that a broker has lost: it closes the connection on whoever publishes to it.
                Ok(Err(Interruption::Broker(cause))) if is_answer(&cause, RESOURCE_ERROR) => {
                    last = PublishError::Refused { routing_key: message.routing_key.clone() };
                }
                Ok(Err(interruption)) => {
                    tracing::debug!(error = %interruption, "publish interrupted");
                    last = PublishError::Unconfirmed { within, cause: Some(interruption) };
                }
            }
            let next = Instant::now() + pause.mul_f64(rand::random_range(0.5..1.0));
            if next >= deadline {
                return Err(last);
            }
            sleep_until(next).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
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
        // RabbitMQ 3.10 may go on refusing on the channel of a publish that met the death of a queue's leader,
        // when another channel is served long since.
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
    ///
    /// # Errors
    /// [`ConnectError`] if no broker address answers.
    pub async fn connection(&self) -> Result<Arc<Connection>, ConnectError> {
        let mut slot = self.shared.connection.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| connection.status().connected()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(self.shared.connector.connect().await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// Says whether the broker takes nothing at the moment because it is short of memory or disk.
    pub async fn is_blocked(&self) -> bool {
        let slot = self.shared.connection.lock().await;
        slot.as_ref().is_some_and(|connection| connection.status().blocked())
    }

    /// Opens a channel of its own, for declaring and for short-lived consumers such as `watch`.
    ///
    /// # Errors
    /// [`Interruption`] if no broker answers or it refuses the channel.
    pub async fn open_channel(&self) -> Result<Channel, Interruption> {
        Ok(self.connection().await?.create_channel().await?)
    }

    /// Closes the connection in order; what is under way fails.
    pub async fn close(&self) {
        let connection = self.shared.connection.lock().await.take();
        if let Some(connection) = connection {
            // A broker that does not answer the farewell must not keep the process alive.
            let farewell = connection.close(200, "bye".into());
            let _ = tokio::time::timeout(Duration::from_secs(2), farewell).await;
        }
    }
}

/// Says whether this is how the broker closed a channel or connection.
fn is_answer(error: &lapin::Error, code: u16) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(answer) if answer.get_id() == code)
}

/// A channel on its way through one publish. Dropped before its confirm came, it is not given
/// back: a later confirm on it could be taken for another message's.
struct ChannelLease<'a> {
    channel: Channel,
    shared: &'a Shared,
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
