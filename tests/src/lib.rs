//! What the tests of the whole system share: a world of its own for each test, in a real broker
//! and a real object store, with real worker processes.

pub mod amqp;
pub mod auditor;
pub mod bombs;
mod broker_control;
pub mod browser;
pub mod cluster;
pub mod corpora;
pub mod documents;
pub mod drawn;
pub mod events;
pub mod expect;
pub mod figures;
pub mod ink;
pub mod jobs;
pub mod parse_api;
pub mod permissions;
mod process;
pub mod processed;
pub mod proxy;
pub mod quire_cli;
mod raster;
pub mod readme;
pub mod replay;
pub mod s3_gateway;
pub mod samples;
pub mod servers;
pub mod session;
pub mod small_disk;
pub mod soak;
mod vhost;
pub mod web;
pub mod wild;
mod world;

pub use process::{Worker, WorkerBuilder, is_running};
pub use quire_cli::quire;
pub use world::{DeadLetter, World, eventually};
