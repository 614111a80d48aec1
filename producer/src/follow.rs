//! Live events, followed across losses of the connection.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use lapin::{
    Channel, Connection, Consumer, ErrorKind,
    options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use quire_schemas::{event::Event, names::EVENTS_EXCHANGE};
use tokio::time::{sleep, timeout};

use crate::amqp::{ConnectError, Publisher};

const SUBSCRIBING: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Hears events from the moment it subscribed, through an exclusive queue that ends with it. After
/// a loss of the connection it subscribes again; what was announced in between is not heard, so
/// whoever must know the end of a job also looks at its result.
pub struct Follower {
    publisher: Publisher,
    binding_keys: Arc<[String]>,
    link: Link,
}

enum Link {
    Live(Box<Subscription>),
    /// Kept between calls, so that a caller who gives up waiting does not start the pause anew.
    Lost(BoxFuture<'static, Result<Subscription, FollowError>>),
    Refused,
}

/// The channel and connection close when their last handle is dropped.
struct Subscription {
    consumer: Consumer,
    _channel: Channel,
    _connection: Arc<Connection>,
}

/// Why events cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// No broker takes the connection.
    #[error("no connection to follow events on")]
    Connect(#[from] ConnectError),
    /// There is no exchange of events, or this user may not listen to it; waiting does not help.
    #[error("events of exchange {EVENTS_EXCHANGE} cannot be followed")]
    Refused(#[source] lapin::Error),
    /// The broker went away or stayed silent while subscribing; may pass.
    #[error("the broker went away while subscribing to events")]
    Lost(#[source] Option<lapin::Error>),
}

impl Follower {
    /// Subscribes to events by the patterns of their routing keys, such as `job.#` or
    /// `worker.heartbeat.*`. Every event published after it returns is heard. Tried once.
    ///
    /// # Errors
    /// [`FollowError`]
    pub async fn subscribe(publisher: &Publisher, binding_keys: &[&str]) -> Result<Self, FollowError> {
        let binding_keys: Arc<[String]> = binding_keys.iter().map(|key| (*key).to_owned()).collect();
        let subscription = subscribe_once(publisher, &binding_keys).await?;
        Ok(Self { publisher: publisher.clone(), binding_keys, link: Link::Live(Box::new(subscription)) })
    }

    /// Waits for the next event. Reconnects for as long as it takes; `None` once the broker
    /// refuses the subscription. Events of a kind that this version does not know are left out.
    ///
    /// Cancel safe: no event is lost and a reconnection under way continues with the next call.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match &mut self.link {
                Link::Live(subscription) => match subscription.consumer.next().await {
                    Some(Ok(delivery)) => match decode(&delivery.data) {
                        Some(event) => return Some(event),
                        None => continue,
                    },
                    // Also without an error: the broker cancels a consumer whose queue is gone.
                    ended => {
                        let error = ended.and_then(Result::err);
                        tracing::warn!(error = error.as_ref().map(tracing::field::display), "no events, reconnecting");
                        let again = resubscribe(self.publisher.clone(), Arc::clone(&self.binding_keys));
                        self.link = Link::Lost(again.boxed());
                    }
                },
                Link::Lost(resubscription) => match resubscription.await {
                    Ok(subscription) => self.link = Link::Live(Box::new(subscription)),
                    Err(error) => {
                        tracing::error!(error = %error, "events are no longer followed");
                        self.link = Link::Refused;
                    }
                },
                Link::Refused => return None,
            }
        }
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("publisher", &self.publisher)
            .field("binding_keys", &self.binding_keys)
            .finish_non_exhaustive()
    }
}

async fn resubscribe(publisher: Publisher, binding_keys: Arc<[String]>) -> Result<Subscription, FollowError> {
    let mut pause = FIRST_PAUSE;
    loop {
        sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        match subscribe_once(&publisher, &binding_keys).await {
            // A login that worked may be refused for a while as a broker starts.
            Err(error @ (FollowError::Connect(_) | FollowError::Lost(_))) => {
                tracing::debug!(error = %error, "not subscribed");
            }
            settled => return settled,
        }
    }
}

async fn subscribe_once(publisher: &Publisher, binding_keys: &[String]) -> Result<Subscription, FollowError> {
    let subscribing = async {
        let connection = publisher.connection().await?;
        let channel = connection.create_channel().await.map_err(classify)?;
        let consumer = consume(&channel, binding_keys).await.map_err(classify)?;
        Ok::<_, FollowError>(Subscription { consumer, _channel: channel, _connection: connection })
    };
    timeout(SUBSCRIBING, subscribing).await.unwrap_or(Err(FollowError::Lost(None)))
}

async fn consume(channel: &Channel, binding_keys: &[String]) -> Result<Consumer, lapin::Error> {
    let private = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), private, FieldTable::default()).await?;
    for key in binding_keys {
        let options = QueueBindOptions::default();
        let key = key.as_str().into();
        channel.queue_bind(queue.name().clone(), EVENTS_EXCHANGE.into(), key, options, FieldTable::default()).await?;
    }
    // Nothing is acknowledged: on a connection that the broker blocks, acknowledgements would
    // wait, and an event that was not read is worth nothing later.
    let options = BasicConsumeOptions { no_ack: true, exclusive: true, ..BasicConsumeOptions::default() };
    channel.basic_consume(queue.name().clone(), "".into(), options, FieldTable::default()).await
}

fn classify(error: lapin::Error) -> FollowError {
    let code = match error.kind() {
        ErrorKind::ProtocolError(refusal) => refusal.get_id(),
        _ => 0,
    };
    match code {
        403 | 404 => FollowError::Refused(error),
        _ => FollowError::Lost(Some(error)),
    }
}

fn decode(body: &[u8]) -> Option<Event> {
    match serde_json::from_slice(body) {
        Ok(event) => Some(event),
        Err(error) => {
            tracing::debug!(error = %error, "not an event of this version");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_event_is_left_out() {
        let stopped = br#"{"event":"stopped","instance":"w1","at":"2026-11-20T12:00:00Z","new_field":1}"#;
        assert!(matches!(decode(stopped), Some(Event::Stopped { instance, .. }) if instance == "w1"));
        assert_eq!(decode(br#"{"event":"from_a_newer_version"}"#), None);
        assert_eq!(decode(b"\xff"), None);
    }
}
