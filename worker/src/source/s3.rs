use quire_producer::store::StoreError;
use quire_schemas::failure::ErrorCode;

use super::{Fetcher, Sink, fault};
use crate::job::Fault;

/// Reads an object of our own bucket or of one that the operator lists.
pub(super) async fn fetch(fetcher: &Fetcher, bucket: &str, key: &str, sink: &mut Sink) -> Result<(), Fault> {
    let allowed = |store: &&quire_producer::store::S3Store| {
        store.bucket() == bucket || fetcher.buckets.iter().any(|listed| listed == "*" || listed == bucket)
    };
    let blocked = || fault(ErrorCode::SourceBlocked, format!("bucket {bucket} is not among QUIRE_SOURCE_BUCKETS"));
    let store = fetcher.objects.as_ref().filter(allowed).ok_or_else(blocked)?;
    // Results go to the same bucket: that it is away is no fault of the source.
    let unavailable = match store.bucket() == bucket {
        true => ErrorCode::StorageUnavailable,
        false => ErrorCode::SourceUnavailable,
    };
    let classify = |error| classify(error, unavailable);
    let mut download = store.open(bucket, key).await.map_err(classify)?;
    sink.expect(download.size_bytes)?;
    while let Some(chunk) = download.next_chunk().await.map_err(classify)? {
        sink.write(&chunk).await?;
    }
    Ok(())
}

fn classify(error: StoreError, unavailable: ErrorCode) -> Fault {
    let (code, message) = match &error {
        StoreError::NotFound { .. } => (ErrorCode::SourceNotFound, "there is no such object"),
        StoreError::Denied { .. } => (ErrorCode::SourceDenied, "the source object may not be read"),
        StoreError::Unavailable { .. } => (unavailable, "the source's storage is unavailable"),
        // No fault of the storage that everybody shares: it would hold nobody else up.
        StoreError::Damaged { .. } => (ErrorCode::SourceUnavailable, "the source object is damaged"),
        StoreError::TooLarge { .. } => (ErrorCode::SourceTooLarge, "the source is too large"),
    };
    fault(code, message).because(error)
}
