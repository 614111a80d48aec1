//! Documents that are objects: which of them a job may name, and how they are read.

use std::str::FromStr;

use quire_producer::store::{S3Store, StoreError};
use quire_schemas::{failure::ErrorCode, keys, names::Tenant};

use super::{Fetcher, Sink, decoder::Decoder, fault};
use crate::job::Fault;

/// Which objects of the worker's own bucket a job may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OwnBucket {
    /// Those below `<prefix>/<tenant>/`.
    #[default]
    Tenant,
    Any,
}

impl FromStr for OwnBucket {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tenant" => Ok(Self::Tenant),
            "any" => Ok(Self::Any),
            _ => Err(()),
        }
    }
}

impl OwnBucket {
    fn allows(self, folder: &str, key: &str) -> bool {
        // A server may keep objects as files and resolve such a segment.
        let climbs = key.split('/').any(|segment| matches!(segment, "." | ".."));
        match self {
            Self::Tenant => key.starts_with(folder) && !climbs,
            Self::Any => true,
        }
    }
}

/// Reads an object that a job of `tenant` may name.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    (bucket, key): (&str, &str),
    tenant: &Tenant,
    sink: &mut Sink,
) -> Result<(), Fault> {
    let store = allowed(fetcher, (bucket, key), tenant)?;
    // Results go to the own bucket: its outage is not the source's.
    let unavailable = match store.bucket() == bucket {
        true => ErrorCode::StorageUnavailable,
        false => ErrorCode::SourceUnavailable,
    };
    let classify = |error| classify(error, unavailable);
    let mut download = store.open(bucket, key).await.map_err(classify)?;
    sink.expect(download.size_bytes)?;
    let mut decoder = Decoder::of(download.encoding.as_deref())?;
    while let Some(chunk) = download.next_chunk().await.map_err(classify)? {
        decoder.write(&chunk, sink).await?;
    }
    decoder.finish(sink).await
}

fn allowed<'a>(fetcher: &'a Fetcher, (bucket, key): (&str, &str), tenant: &Tenant) -> Result<&'a S3Store, Fault> {
    let not_listed = || fault(ErrorCode::SourceBlocked, format!("bucket {bucket} is not among QUIRE_SOURCE_BUCKETS"));
    let store = fetcher.objects.as_ref().ok_or_else(not_listed)?;
    if store.bucket() != bucket {
        let is_listed = fetcher.buckets.iter().any(|listed| listed == "*" || listed == bucket);
        return if is_listed { Ok(store) } else { Err(not_listed()) };
    }
    let folder = keys::tenant_folder(&fetcher.prefix, tenant);
    if fetcher.own_bucket.allows(&folder, key) {
        return Ok(store);
    }
    let message = format!(
        "key {key} is not below {folder}, the tenant's part of bucket {bucket}: put the document there or set \
         QUIRE_SOURCE_OWN_BUCKET=any"
    );
    Err(fault(ErrorCode::SourceBlocked, message))
}

fn classify(error: StoreError, unavailable: ErrorCode) -> Fault {
    let (code, message) = match &error {
        StoreError::NotFound { .. } => (ErrorCode::SourceNotFound, "the source object does not exist"),
        StoreError::Denied { .. } => (ErrorCode::SourceDenied, "the source object may not be read"),
        // The worker's own: without them no job can be stored either.
        StoreError::NoCredentials { .. } => (ErrorCode::StorageUnavailable, "the worker has no storage credentials"),
        StoreError::Unavailable { .. } | StoreError::Conflict { .. } => {
            (unavailable, "the source's storage is unavailable")
        }
        // Not the storage's fault: other jobs can go on.
        StoreError::Damaged { .. } => (ErrorCode::SourceUnavailable, "the source object is damaged"),
        StoreError::TooLarge { .. } => (ErrorCode::SourceTooLarge, "the source is too large"),
    };
    fault(code, message).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_reads_only_below_its_folder_unless_the_whole_bucket_is_allowed() {
        let folder = "quire/acme/";
        for (key, is_own) in [
            ("quire/acme/uploads/a.pdf", true),
            ("quire/acme2/uploads/a.pdf", false),
            ("quire/other/a.pdf", false),
            ("a.pdf", false),
            ("quire/acme/../other/a.pdf", false),
        ] {
            assert_eq!(OwnBucket::Tenant.allows(folder, key), is_own, "{key}");
            assert!(OwnBucket::Any.allows(folder, key), "{key}");
        }
    }

    #[test]
    fn missing_credentials_are_an_outage_of_storage_whatever_the_bucket() {
        let missing = || StoreError::NoCredentials { what: "get s3://b/k".to_owned(), detail: String::new() };
        assert_eq!(classify(missing(), ErrorCode::SourceUnavailable).code, ErrorCode::StorageUnavailable);
    }
}
