//! The seam between the loop and the broker: where deliveries come from, and how one is
//! acknowledged.

use super::message::Message;

/// A stream of deliveries.
pub trait Inbox: Send {
    /// What acknowledges one of them.
    type Receipt: Receipt;

    /// Waits for the next delivery; `None` when there will be no more: cancelled by us or by the
    /// broker, or the connection is lost. It stays at that until resumed. Cancel safe.
    fn next(&mut self) -> impl Future<Output = Option<(Message, Self::Receipt)>> + Send;

    /// Asks the broker for no more. What it has sent already still comes out of [`Self::next`].
    fn cancel(&mut self) -> impl Future<Output = ()> + Send;

    /// Asks for deliveries again after [`Self::cancel`]; `false` if there will be none.
    fn resume(&mut self) -> impl Future<Output = bool> + Send;
}

/// Acknowledges one delivery. Dropped, it does nothing: the message comes again.
pub trait Receipt: Send + Sync + 'static {
    /// Acknowledges; `false` if it is known not to have reached the broker.
    fn acknowledge(self) -> impl Future<Output = bool> + Send;

    /// Says whether the delivery is still ours. One of a lost session may come out late.
    fn is_ours(&self) -> bool;
}
