//! Publish document jobs to Quire and follow them.
//!
//! ```no_run
//! use quire_producer::{Quire, Submission};
//! # async fn submit() -> Result<(), Box<dyn std::error::Error>> {
//! let quire = Quire::new("amqp://guest:guest@127.0.0.1:5672/%2f", "billing-service")?;
//! let job_id = quire.submit(&Submission::of_s3("inbox", "invoices/17.pdf")).await?;
//! println!("{job_id} is safe with the broker");
//! # Ok(()) }
//! ```

pub mod amqp;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
mod commands;
#[cfg(feature = "cli")]
pub mod follow;
#[cfg(feature = "s3")]
pub mod store;
mod submit;

pub use quire_schemas as schemas;
pub use submit::{Quire, Submission, SubmitError};
