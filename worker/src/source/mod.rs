//! Fetches a job's document into a temporary file: bounded, hashed and sniffed while it streams.

mod inline;
mod s3;
mod sink;
mod url;

use std::path::{Path, PathBuf};

use quire_producer::store::S3Store;
use quire_schemas::{failure::ErrorCode, job::Source, names::Tenant, result::Phase, sha256::Sha256};
use tempfile::TempPath;

pub(crate) use s3::OwnBucket;
pub(crate) use sink::{Sink, remove_leftovers};
pub(crate) use url::WebSource;

use crate::job::{Budget, Fault};

/// A document on disk. A temporary file is deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) file: Location,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256,
}

/// A temporary file of the worker, or a file of the user that is left alone.
#[derive(Debug)]
pub(crate) enum Location {
    Temporary(TempPath),
    Borrowed(PathBuf),
}

impl Fetched {
    pub(crate) fn path(&self) -> &Path {
        match &self.file {
            Location::Temporary(path) => path,
            Location::Borrowed(path) => path,
        }
    }
}

/// Bounds of every document.
#[derive(Debug, Clone)]
pub(crate) struct FetchLimits {
    pub(crate) max_bytes: u64,
    /// Where temporary files go.
    pub(crate) temp_dir: PathBuf,
}

/// Fetches documents. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    /// For objects; `None` where there is no bucket.
    pub(crate) objects: Option<S3Store>,
    pub(crate) own_bucket: OwnBucket,
    /// Operator's prefix of every key in the own bucket; empty for none.
    pub(crate) prefix: String,
    /// Other buckets that may be read; `*` for any.
    pub(crate) buckets: Vec<String>,
    pub(crate) web: WebSource,
    pub(crate) limits: FetchLimits,
}

impl Fetcher {
    /// Fetches the document of a job of `tenant` within the job's budget.
    ///
    /// # Errors
    /// One of the `source_*` codes, `storage_unavailable`, `not_a_pdf`, or `internal` if the temporary
    /// folder has no room.
    pub(crate) async fn fetch(&self, source: &Source, tenant: &Tenant, budget: &Budget) -> Result<Fetched, Fault> {
        let fetching = async {
            let mut sink = Sink::create(&self.limits).await?;
            match source {
                Source::S3 { bucket, key } => s3::fetch(self, (bucket, key), tenant, &mut sink).await?,
                Source::Url { url } => self.web.fetch(url, &mut sink).await?,
                Source::Inline { .. } => inline::fetch(source, &mut sink).await?,
            }
            sink.finish().await
        };
        let slow = || fault(ErrorCode::SourceUnavailable, "the source was too slow for the job's time");
        tokio::time::timeout(budget.remaining(), fetching).await.unwrap_or_else(|_| Err(slow()))
    }
}

fn fault(code: ErrorCode, message: impl Into<String>) -> Fault {
    Fault::new(code, Phase::Fetch, message)
}

/// Measures, hashes and sniffs a file of the user that is processed where it lies.
///
/// # Errors
/// `source_not_found`, `source_denied`, `source_unavailable`, `source_too_large`, `not_a_pdf`.
pub(crate) async fn hash_local_file(path: PathBuf, max_bytes: u64) -> Result<(u64, Sha256), Fault> {
    let read = tokio::task::spawn_blocking(move || sink::read_local_file(&path, max_bytes)).await;
    read.expect("reading a file does not panic")
}
