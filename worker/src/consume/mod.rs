//! From the broker's queues to settled jobs.

mod admission;
mod broker;
mod control;
mod ending;
mod inbox;
mod jobs;
mod lane;
mod message;
mod registry;
mod settle;
mod watchdog;

pub use broker::{ServedLane, SessionError, Supervisor};
pub use jobs::{JobRules, Jobs};
pub use message::Message;
pub use registry::Registry;
pub use settle::{End, Settler, Unsettled};
