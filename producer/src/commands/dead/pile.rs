//! The dead queue, gone through letter by letter. The only file of this crate that takes a letter
//! out of it.

use std::time::Duration;

use anyhow::{Context, ensure};
use lapin::{
    Acker, BasicProperties, Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicGetOptions},
};
use quire_schemas::names::DEAD_QUEUE;
use tokio::time::{Instant, timeout};

use super::letter::Letter;
use crate::{amqp::Publisher, commands::note};

const ANSWER: Duration = Duration::from_secs(10);
const FAREWELL: Duration = Duration::from_secs(5);

/// How far a look goes. Every letter that was looked at stays with us until the look is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    letters: usize,
    within: Duration,
}

impl Reach {
    /// For somebody who waits for other things too.
    pub(super) const GLANCE: Self = Self { letters: 20_000, within: Duration::from_secs(30) };
    /// For an operator. Well below the half hour for which a broker lets anybody hold a message.
    pub(super) const SEARCH: Self = Self { letters: 100_000, within: Duration::from_secs(600) };
}

/// The letters that lie in the dead queue now. Each is taken, and put back by [`Pile::close`] or
/// the end of the connection unless it was taken out for good. That raises its delivery count;
/// the queue's limit is a million, so this is not to be done in a tight loop. Letters that somebody
/// else looks at at the same moment are not seen.
pub(super) struct Pile {
    channel: Channel,
    reach: Reach,
    taken: usize,
    opened: Instant,
    is_cut_short: bool,
}

/// A letter in our hands.
pub(super) struct Taken {
    pub(super) letter: Letter,
    pub(super) properties: BasicProperties,
    pub(super) body: Vec<u8>,
    pub(super) receipt: Receipt,
}

/// Takes one letter out of the dead queue for good. Dropped, it does nothing.
pub(super) struct Receipt(Acker);

impl Pile {
    pub(super) async fn open(publisher: &Publisher, reach: Reach) -> anyhow::Result<Self> {
        let channel = publisher.connection().await?.create_channel().await?;
        Ok(Self { channel, reach, taken: 0, opened: Instant::now(), is_cut_short: false })
    }

    /// Takes the next letter; `None` if there is none or this look does not go further.
    pub(super) async fn take(&mut self) -> anyhow::Result<Option<Taken>> {
        if self.taken == self.reach.letters || self.opened.elapsed() >= self.reach.within {
            self.cut_short();
            return Ok(None);
        }
        let asked = timeout(ANSWER, self.channel.basic_get(DEAD_QUEUE.into(), BasicGetOptions::default())).await;
        let got = asked.context("the broker does not answer")?.context("cannot read the dead queue")?;
        let Some(message) = got else { return Ok(None) };
        self.taken += 1;
        Ok(Some(message.delivery.into()))
    }

    /// Ends the look before the end of the queue, and tells the person.
    pub(super) fn cut_short(&mut self) {
        self.is_cut_short = true;
        note(&format!("only the first {} letters of the dead queue were looked at", self.taken));
    }

    /// Says whether there may be letters that this look did not come to.
    pub(super) const fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// Puts back what was not taken out, and waits until the broker has what was.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        let closed = timeout(FAREWELL, self.channel.close(200, "looked".into())).await;
        // Without the channel everything is put back as well; only what was taken out may be, too.
        closed.context("the broker does not answer")?.context("the connection is lost")
    }

    /// Closes where nothing was taken out, so that it does not matter whether that arrives.
    pub(super) async fn put_back(self) {
        if let Err(error) = self.close().await {
            tracing::debug!(error = format!("{error:#}"), "the letters go back with the connection");
        }
    }
}

impl From<Delivery> for Taken {
    fn from(delivery: Delivery) -> Self {
        Self {
            letter: Letter::read(delivery.routing_key.as_str(), &delivery.properties, &delivery.data),
            properties: delivery.properties,
            body: delivery.data,
            receipt: Receipt(delivery.acker),
        }
    }
}

impl Receipt {
    /// Says whether the letter is still ours: it goes back as soon as the connection is lost.
    pub(super) fn is_ours(&self) -> bool {
        self.0.usable()
    }

    /// Takes the letter out of the dead queue.
    #[expect(clippy::disallowed_methods, reason = "no worker consumes the dead queue: its letters end here")]
    pub(super) async fn take_out(self) -> anyhow::Result<()> {
        let acked = timeout(ANSWER, self.0.ack(BasicAckOptions::default())).await;
        let is_out = acked.context("the broker does not answer")?.context("the connection is lost")?;
        ensure!(is_out, "the letter has gone back to the dead queue");
        Ok(())
    }
}
