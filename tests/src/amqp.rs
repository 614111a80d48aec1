//! What tests see of the broker's own protocol.

use lapin::{
    Channel,
    message::Delivery,
    options::{BasicGetOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use quire_producer::schemas::names::{JOBS_EXCHANGE, header};

use crate::World;

/// How a `basic.ack` goes on behind its type and channel: 13 bytes of payload, class 60, method 80. Class
/// and method alone may stand in any payload.
pub const ACK: [u8; 8] = [0, 0, 0, 13, 0, 60, 0, 80];

/// A queue that gets a copy of every message for the job queues.
#[derive(Debug)]
pub struct Copies {
    channel: Channel,
    queue: String,
}

impl Copies {
    /// Keeps copies from now on.
    pub async fn of(world: &World) -> Self {
        let channel = world.channel().await;
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        let queue = channel
            .queue_declare("".into(), options, FieldTable::default())
            .await
            .expect("every user may declare a queue here");
        let queue = queue.name().to_string();
        let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
        let bound = channel.queue_bind(queue.as_str().into(), JOBS_EXCHANGE.into(), "job.#".into(), options, arguments);
        bound.await.expect("the exchange is there");
        Self { channel, queue }
    }

    /// Takes every copy, oldest first.
    pub async fn take(&self) -> Vec<Delivery> {
        let mut messages = Vec::new();
        loop {
            let got = self.channel.basic_get(self.queue.as_str().into(), BasicGetOptions::default()).await;
            let Some(message) = got.expect("the queue is there") else { return messages };
            messages.push(message.delivery);
        }
    }
}

/// Says whether a job came by these messages without any attempt being counted: a worker that requeues a job
/// uncounted leaves its attempt as it was, and a message that is new has failed nowhere.
#[must_use]
pub fn is_uncounted(messages: &[Delivery]) -> bool {
    messages.iter().skip(1).all(|message| {
        let first = Some(AMQPValue::LongLongInt(1));
        header_of(message, header::ATTEMPT) == first && header_of(message, header::DELIVERY_COUNT).is_none()
    })
}

fn header_of(message: &Delivery, name: &str) -> Option<AMQPValue> {
    message.properties.headers().as_ref()?.inner().get(name).cloned()
}
