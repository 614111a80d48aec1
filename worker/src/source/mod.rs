//! Fetches a job's document into a temporary file: bounded, hashed and sniffed while it streams.

mod decoder;
mod inline;
mod s3;
mod sink;
mod url;

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Arc,
};

use quire_producer::store::S3Store;
use quire_schemas::{failure::ErrorCode, job::Source, names::Tenant, result::Phase, sha256::Sha256};

pub(crate) use s3::OwnBucket;
pub(crate) use sink::Sink;
pub(crate) use url::WebSource;

use crate::job::{Budget, Fault};

/// A document on disk.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Open for reading: a temporary file without a name, which is gone with its last descriptor, however the worker ends;
    /// or a file of the user.
    pub(crate) file: Arc<File>,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256,
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

/// Opens an open file again, for reading and with a position of its own.
///
/// # Errors
/// The descriptor is not shown in /proc.
pub(crate) fn reopen(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

fn fault(code: ErrorCode, message: impl Into<String>) -> Fault {
    Fault::new(code, Phase::Fetch, message)
}

/// Opens, measures, hashes and sniffs a file of the user that is processed where it lies.
///
/// # Errors
/// `source_not_found`, `source_denied`, `source_unavailable`, `source_too_large`, `not_a_pdf`.
pub(crate) async fn open_local_file(path: &Path, max_bytes: u64) -> Result<Fetched, Fault> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || sink::read_local_file(&path, max_bytes)).await;
    read.expect("reading a file does not panic")
}
