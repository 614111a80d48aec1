//! The worker: takes document jobs from RabbitMQ, parses and renders each PDF at the same time,
//! stores the page images and one result, and acknowledges.

pub mod breaker;
pub mod cli;
pub mod commands;
pub mod config;
pub mod consume;
pub mod fail_point;
pub mod in_call;
pub mod job;
pub mod lifecycle;
pub mod parse;
pub mod pipeline;
pub mod presence;
pub mod render;
mod retry_after;
pub mod source;
pub mod store;
pub mod telemetry;
