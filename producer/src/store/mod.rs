//! S3-compatible storage, for publishers that upload their documents and for the worker.

mod error;
mod s3;

pub use error::StoreError;
pub use s3::{Condition, Download, Head, Metadata, S3Settings, S3Store};
