//! What the tests of the whole system share: a world of its own for each test, in a real broker
//! and a real object store, with real worker processes.

pub mod corpora;
pub mod parse_api;
mod process;
pub mod samples;
pub mod servers;
pub mod web;
mod world;

pub use process::{Worker, WorkerBuilder};
pub use world::{DeadLetter, World, eventually};
