//! Publish document jobs to Quire, follow them, read their results, and decide about dead letters.
//!
//! ```no_run
//! use quire_producer::{Quire, Submission};
//! # async fn submit() -> Result<(), Box<dyn std::error::Error>> {
//! let quire = Quire::new("amqp://guest:guest@127.0.0.1:5672/%2f", "billing-service")?;
//! let job_id = quire.submit(&Submission::of_s3("inbox", "invoices/17.pdf")).await?;
//! println!("{job_id} is safe with the broker");
//! # Ok(()) }
//! ```
//!
//! A service that publishes, as above, needs no feature: it depends on this crate with `default-features = false`.
//!
//! Everything that `quire` does is a function here that returns values. Features choose the parts: `follow`
//! (events), `management` (the broker's HTTP API), `s3` (storage, results), `dead` (dead letters, waiting for jobs and
//! cancelling them), `report` (a result as an HTML page); `cli`, the default, is all of them and the command itself.

pub mod amqp;
#[cfg(feature = "dead")]
pub mod cancel;
#[cfg(feature = "dead")]
mod chain;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
mod commands;
#[cfg(feature = "dead")]
pub mod dead;
#[cfg(feature = "s3")]
pub mod delete;
#[cfg(feature = "s3")]
pub mod download;
#[cfg(feature = "follow")]
pub mod follow;
pub mod parse_option;
pub mod password;
pub mod pause;
#[cfg(feature = "report")]
pub mod report;
#[cfg(feature = "s3")]
pub mod storage;
#[cfg(feature = "s3")]
pub mod store;
mod submit;
#[cfg(feature = "dead")]
pub mod summary;
#[cfg(feature = "s3")]
pub mod upload;
#[cfg(feature = "dead")]
pub mod wait;

pub use quire_schemas as schemas;
pub use submit::{Quire, Submission, SubmitError};
