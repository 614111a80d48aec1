//! S3-compatible storage, for publishers that upload their documents first and for the worker.

mod s3;

pub use s3::{Download, Head, Metadata, S3Settings, S3Store, StoreError};
