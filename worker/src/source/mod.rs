//! From a job's source to a temporary file: bounded, hashed and sniffed while it streams.

mod inline;
mod s3;
mod sink;
mod url;

use std::path::{Path, PathBuf};

use quire_producer::store::S3Store;
use quire_schemas::{failure::ErrorCode, job::Source, result::Phase};
use tempfile::TempPath;

pub use sink::{Sink, remove_leftovers};
pub use url::WebSource;

use crate::job::{Budget, Fault};

/// A document on disk. The file goes when this does.
#[derive(Debug)]
pub struct Fetched {
    /// Where it lies.
    pub file: Location,
    /// Its size.
    pub size_bytes: u64,
    /// Its hex sha256.
    pub sha256: String,
}

/// A temporary file of ours, or a file of the user's that is left alone.
#[derive(Debug)]
pub enum Location {
    /// Deleted when dropped.
    Temporary(TempPath),
    /// Left where it is.
    Borrowed(PathBuf),
}

impl Fetched {
    /// Returns the document's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.file {
            Location::Temporary(path) => path,
            Location::Borrowed(path) => path,
        }
    }
}

/// What sources may be used, and how much of them.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest document in bytes.
    pub max_bytes: u64,
    /// Where temporary files go.
    pub temp_dir: PathBuf,
}

/// Fetches documents. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetcher {
    /// For objects; `None` where there is no bucket.
    pub objects: Option<S3Store>,
    /// Buckets that may be read beside our own; `*` for any.
    pub buckets: Vec<String>,
    /// For addresses on the web.
    pub web: WebSource,
    /// Bounds.
    pub limits: Limits,
}

impl Fetcher {
    /// Fetches a document within the job's budget.
    ///
    /// # Errors
    /// One of the `source_*` codes, `storage_unavailable`, `not_a_pdf`, or `internal` if it cannot be written down.
    pub async fn fetch(&self, source: &Source, budget: &Budget) -> Result<Fetched, Fault> {
        let fetching = async {
            let mut sink = Sink::create(&self.limits).await?;
            match source {
                Source::S3 { bucket, key } => s3::fetch(self, bucket, key, &mut sink).await?,
                Source::Url { url } => self.web.fetch(url, &mut sink).await?,
                Source::Inline { .. } => inline::fetch(source, &mut sink).await?,
            }
            sink.finish().await
        };
        let slow = || fault(ErrorCode::SourceUnavailable, "the source was too slow for the job's time");
        tokio::time::timeout(budget.remaining(), fetching).await.unwrap_or_else(|_| Err(slow()))
    }
}

pub(crate) fn fault(code: ErrorCode, message: impl Into<String>) -> Fault {
    Fault::new(code, Phase::Fetch, message)
}

/// Measures, hashes and sniffs a file of the user's that is processed where it lies.
///
/// # Errors
/// `source_not_found`, `source_denied`, `source_too_large`, `not_a_pdf`.
pub async fn hash_local_file(path: PathBuf, max_bytes: u64) -> Result<(u64, String), Fault> {
    let read = tokio::task::spawn_blocking(move || sink::read_local_file(&path, max_bytes)).await;
    read.expect("reading a file does not panic")
}
