//! What the process says about itself: logs, metrics, health.

pub mod health;
mod log;
mod metrics;

pub use health::Health;
pub use log::{LogError, LogFilter, init};
pub use metrics::{BrokerConnection, Counted, JobOutcome, Metrics, RestartReason, Stage};
