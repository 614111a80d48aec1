//! What the process says about itself: logs, metrics, health.

pub(crate) mod health;
mod labels;
mod log;
mod memory;
mod metrics;
mod recent;

pub use metrics::Metrics;

pub(crate) use health::Health;
pub(crate) use labels::{BrokerConnection, Dependency, JobOutcome, RestartReason, SandboxLevel, Stage};
pub(crate) use log::{LogFilter, init};
pub(crate) use memory::{peak_resident_bytes, resident_bytes};
pub(crate) use recent::last_lines;
