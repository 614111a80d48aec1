//! The seam between the loop and the broker: where deliveries come from, and how one is
//! acknowledged.

use super::message::Message;

/// A stream of deliveries.
pub(super) trait Inbox: Send {
    type Receipt: Receipt;

    /// Waits for the next delivery; `None` when there will be no more: cancelled by us or by the broker, or the
    /// connection is lost. From then on it is `None` until [`Self::resume`]. Cancel safe.
    fn next(&mut self) -> impl Future<Output = Option<(Message, Self::Receipt)>> + Send;

    /// Asks the broker for no more. Deliveries that it has sent already still come out of [`Self::next`].
    fn cancel(&mut self) -> impl Future<Output = ()> + Send;

    /// Asks for deliveries again after [`Self::cancel`]; `false` if the broker sends none.
    fn resume(&mut self) -> impl Future<Output = bool> + Send;
}

/// Acknowledges one delivery. Dropping it does nothing: the broker delivers the message again.
pub(crate) trait Receipt: Send + Sync + 'static {
    /// Acknowledges; `false` if the acknowledgement is known not to have reached the broker.
    fn acknowledge(self) -> impl Future<Output = bool> + Send;

    /// Says whether the delivery's session still lives: a delivery of a lost session may come out late.
    fn is_ours(&self) -> bool;
}
