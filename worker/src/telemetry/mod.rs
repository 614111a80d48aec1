//! What the process says about itself: logs, metrics, health.

pub mod health;
mod log;
mod memory;
mod metrics;
mod recent;

pub use health::Health;
pub use log::{LogError, LogFilter, init};
pub use memory::{peak_resident_bytes, resident_bytes};
pub use metrics::{BrokerConnection, Counted, Dependency, JobOutcome, Metrics, RestartReason, Stage};
pub use recent::last_lines;
