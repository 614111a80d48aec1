//! The worker: takes document jobs from RabbitMQ, parses and renders each PDF at the same time,
//! stores the page images and one result, and acknowledges.
//!
//! Public is what the program and the tests of the whole system use, and nothing else.

mod breaker;
pub mod cli;
mod commands;
mod config;
mod consume;
mod fail_point;
mod in_call;
#[doc(hidden)]
pub mod internals;
mod job;
mod lifecycle;
mod lock;
mod parse;
mod pipeline;
mod presence;
pub mod render;
mod retry_after;
mod source;
mod store;
pub mod telemetry;
