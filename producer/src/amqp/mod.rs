//! The broker, seen from one process: connect, declare or verify the topology, publish with
//! confirm, read headers, ask the management API.

mod connect;
pub mod headers;
#[cfg(feature = "management")]
pub mod management;
mod onward;
mod publisher;
pub mod topology;

pub use connect::{ConnectError, Connector};
pub use lapin::{
    BasicProperties,
    types::{AMQPValue as Value, FieldTable},
};
pub use onward::onward_properties;
pub use publisher::{Interruption, Outgoing, PublishError, Publisher};
