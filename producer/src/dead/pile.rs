//! Reads the dead queue letter by letter. The only file of this crate that takes a letter out of it.

use std::{fmt, time::Duration};

use lapin::{
    Acker, BasicProperties, Channel,
    message::Delivery,
    options::{BasicAckOptions, BasicGetOptions},
};
use quire_schemas::names::DEAD_QUEUE;
use tokio::time::{Instant, timeout};

use super::letter::Letter;
use crate::{
    amqp::{ConnectError, Publisher},
    chain::chain,
};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How far a reading goes. It holds every letter that it has read until it ends.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    letters: usize,
    within: Duration,
}

impl Reach {
    /// For a caller that waits for other things too.
    pub const WAIT: Self = Self { letters: 20_000, within: Duration::from_secs(30) };
    /// For an operator. Ends well before the half hour after which a broker takes unacknowledged messages back.
    pub const OPERATOR: Self = Self { letters: 100_000, within: Duration::from_secs(600) };
}

/// The letters that lie in the dead queue now.
///
/// Each letter is taken, and goes back with [`Pile::close`] or with the connection unless it was taken out
/// for good. That raises its delivery count; the queue's limit is a million, so do not read it in a tight
/// loop. Letters that another reader holds are not seen.
#[derive(Debug)]
pub struct Pile {
    channel: Channel,
    reach: Reach,
    opened: Instant,
    extent: Extent,
}

/// How far a reading got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    pub letters_read: usize,
    /// Whether there may be letters that were not read.
    pub is_cut_short: bool,
}

/// Letters that a reading found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    pub letters: Vec<T>,
    pub extent: Extent,
}

/// A letter that this process holds, with its secrets.
pub struct Taken {
    pub letter: Letter,
    pub properties: BasicProperties,
    pub body: Vec<u8>,
    pub receipt: LetterReceipt,
}

/// Takes one letter out of the dead queue for good. Dropping it leaves the letter there.
#[derive(Debug)]
pub struct LetterReceipt(Acker);

/// Why the dead queue cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum PileError {
    #[error("no connection to read the dead queue on")]
    Connect(#[from] ConnectError),
    #[error("the broker does not answer")]
    Silent,
    /// The queue is missing, or this user may not read it.
    #[error("cannot read the dead queue")]
    Unreadable(#[source] lapin::Error),
    #[error("the connection is lost")]
    Lost(#[source] lapin::Error),
    /// The connection was lost, so the broker has put the letter back.
    #[error("the letter is back in the dead queue")]
    PutBack,
}

impl Pile {
    pub async fn open(publisher: &Publisher, reach: Reach) -> Result<Self, PileError> {
        let connection = publisher.connection().await?;
        let channel = connection.create_channel().await.map_err(PileError::Lost)?;
        Ok(Self { channel, reach, opened: Instant::now(), extent: Extent::default() })
    }

    /// Takes the next letter; `None` at the end of the queue or of the reach.
    pub async fn take(&mut self) -> Result<Option<Taken>, PileError> {
        if self.extent.letters_read == self.reach.letters || self.opened.elapsed() >= self.reach.within {
            self.cut_short();
            return Ok(None);
        }
        let asked = timeout(ANSWER_TIMEOUT, self.channel.basic_get(DEAD_QUEUE.into(), BasicGetOptions::default()));
        let got = asked.await.map_err(|_| PileError::Silent)?.map_err(PileError::Unreadable)?;
        let Some(message) = got else { return Ok(None) };
        self.extent.letters_read += 1;
        Ok(Some(message.delivery.into()))
    }

    /// Takes letters until one is chosen.
    pub async fn take_chosen(&mut self, is_chosen: impl Fn(&Letter) -> bool) -> Result<Option<Taken>, PileError> {
        while let Some(taken) = self.take().await? {
            if is_chosen(&taken.letter) {
                return Ok(Some(taken));
            }
        }
        Ok(None)
    }

    /// Records that the reading ends before the queue does.
    pub const fn cut_short(&mut self) {
        self.extent.is_cut_short = true;
    }

    #[must_use]
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// Puts back every letter that was not taken out, and waits until the broker has closed the channel.
    pub async fn close(self) -> Result<(), PileError> {
        // If the channel dies instead, the broker puts every letter back, perhaps also those whose
        // acknowledgement it has not read yet.
        let closed = timeout(CLOSE_TIMEOUT, self.channel.close(200, "read".into())).await;
        closed.map_err(|_| PileError::Silent)?.map_err(PileError::Lost)
    }

    /// Closes after a reading that took no letter out, so that a failure changes nothing.
    pub async fn put_back(self) {
        if let Err(error) = self.close().await {
            tracing::debug!(error = chain(&error), "the letters go back when the connection ends");
        }
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken").field("letter", &self.letter).finish_non_exhaustive()
    }
}

impl From<Delivery> for Taken {
    fn from(delivery: Delivery) -> Self {
        Self {
            letter: Letter::read(delivery.routing_key.as_str(), &delivery.properties, &delivery.data),
            properties: delivery.properties,
            body: delivery.data,
            receipt: LetterReceipt(delivery.acker),
        }
    }
}

impl LetterReceipt {
    /// Says whether this process still holds the letter: it goes back as soon as the connection is lost.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.usable()
    }

    /// Takes the letter out of the dead queue.
    #[expect(clippy::disallowed_methods, reason = "no worker consumes the dead queue: its letters end here")]
    pub async fn take_out(self) -> Result<(), PileError> {
        let acked = timeout(ANSWER_TIMEOUT, self.0.ack(BasicAckOptions::default())).await;
        let is_out = acked.map_err(|_| PileError::Silent)?.map_err(PileError::Lost)?;
        if is_out { Ok(()) } else { Err(PileError::PutBack) }
    }
}
