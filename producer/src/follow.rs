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

use crate::{
    amqp::{ConnectError, Publisher},
    pause::Pause,
};

const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Receives events published after it subscribed, through an exclusive queue that ends with it. After
/// a lost connection it subscribes again; events published in between are missed, so a caller that
/// must know the end of a job also looks at its result.
pub struct Follower {
    publisher: Publisher,
    binding_keys: Arc<[String]>,
    state: SubscriptionState,
}

enum SubscriptionState {
    Live(Box<Subscription>),
    /// Kept between calls, so that a cancelled `next` does not begin the pauses anew.
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
    #[error("no connection to follow events on")]
    Connect(#[from] ConnectError),
    /// The exchange of events is missing, or this user may not read it; trying again does not help.
    #[error("events of exchange {EVENTS_EXCHANGE} cannot be followed")]
    Refused(#[source] lapin::Error),
    /// The broker closed the connection or did not answer; trying again may help.
    #[error("the connection was lost while subscribing to events")]
    Lost(#[source] Option<lapin::Error>),
}

impl Follower {
    /// Subscribes to events by the patterns of their routing keys, such as `job.#` or
    /// `worker.heartbeat.*`. Receives every event published after it returns. Tries once.
    pub async fn subscribe(publisher: &Publisher, binding_keys: &[&str]) -> Result<Self, FollowError> {
        let binding_keys: Arc<[String]> = binding_keys.iter().map(|key| (*key).to_owned()).collect();
        let subscription = subscribe_once(publisher, &binding_keys).await?;
        Ok(Self { publisher: publisher.clone(), binding_keys, state: SubscriptionState::Live(Box::new(subscription)) })
    }

    /// Waits for the next event. Reconnects without limit; returns `None` once the broker refuses the
    /// subscription. Skips events of kinds that this version does not know.
    ///
    /// Cancel safe: no event is lost, and a reconnection under way continues with the next call.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match &mut self.state {
                SubscriptionState::Live(subscription) => match subscription.consumer.next().await {
                    Some(Ok(delivery)) => match decode(&delivery.data) {
                        Some(event) => return Some(event),
                        None => continue,
                    },
                    // Also without an error: the broker cancels a consumer whose queue is gone.
                    ended => {
                        let error = ended.and_then(Result::err);
                        tracing::warn!(
                            error = error.as_ref().map(tracing::field::display),
                            "the subscription to events ended; subscribing again"
                        );
                        let again = resubscribe(self.publisher.clone(), Arc::clone(&self.binding_keys));
                        self.state = SubscriptionState::Lost(again.boxed());
                    }
                },
                SubscriptionState::Lost(resubscription) => match resubscription.await {
                    Ok(subscription) => self.state = SubscriptionState::Live(Box::new(subscription)),
                    Err(error) => {
                        tracing::error!(error = %error, "the broker refuses the subscription to events; giving up");
                        self.state = SubscriptionState::Refused;
                    }
                },
                SubscriptionState::Refused => return None,
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
    let mut pause = Pause::between(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        sleep(pause.next_pause().mul_f64(rand::random_range(0.5..1.0))).await;
        match subscribe_once(&publisher, &binding_keys).await {
            // A starting broker may refuse a login that worked before.
            Err(error @ (FollowError::Connect(_) | FollowError::Lost(_))) => {
                tracing::debug!(error = %error, "cannot subscribe to events yet");
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
    timeout(SUBSCRIBE_TIMEOUT, subscribing).await.unwrap_or(Err(FollowError::Lost(None)))
}

async fn consume(channel: &Channel, binding_keys: &[String]) -> Result<Consumer, lapin::Error> {
    let private = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare("".into(), private, FieldTable::default()).await?;
    for key in binding_keys {
        let options = QueueBindOptions::default();
        let key = key.as_str().into();
        channel.queue_bind(queue.name().clone(), EVENTS_EXCHANGE.into(), key, options, FieldTable::default()).await?;
    }
    // Without acknowledgements: on a connection that the broker blocks they would wait, and an event
    // that was not read in time has no use later.
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
            tracing::debug!(error = %error, "skipped an event that this version does not know");
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
