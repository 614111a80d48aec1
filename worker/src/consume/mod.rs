//! From the broker's queues to settled jobs.

mod admission;
mod announcer;
mod broker;
mod control;
mod delivered;
mod ending;
mod headers;
mod inbox;
mod isolation;
mod jobs;
mod lane;
mod letter;
mod listeners;
mod message;
mod registry;
mod settle;
mod shares;
mod watchdog;

pub(crate) use announcer::Announcer;
pub(crate) use broker::{ServedLane, Supervisor};
pub(crate) use delivered::JobRules;
pub(crate) use jobs::Jobs;
pub(crate) use listeners::Listeners;
pub(crate) use message::Message;
pub(crate) use registry::Registry;
pub(crate) use settle::Settler;
pub(crate) use shares::Shares;
