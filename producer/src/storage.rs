//! What storage holds of jobs: results and states, read where workers write them.

use std::time::Duration;

use bytes::Bytes;
use quire_schemas::{
    job::JobId,
    keys::JobKeys,
    names::Tenant,
    result::{MAX_RESULT_BYTES, ParseResult},
    state::{JobState, MAX_STATE_BYTES},
};
use tokio::time::sleep;

use crate::store::{S3Store, StoreError};

/// The bucket, and the prefix of Quire's keys in it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    store: S3Store,
    prefix: String,
}

/// A `result.json`: the stored bytes, and what they say.
#[derive(Debug, Clone)]
pub struct StoredResult {
    pub bytes: Bytes,
    pub result: ParseResult,
    /// `s3://bucket/key`.
    pub uri: String,
}

/// Why a result cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Storage does not answer, or refuses; or the object is damaged or too large.
    #[error("cannot read the result")]
    Store(#[from] StoreError),
    /// A newer major version wrote it, or something else than Quire.
    #[error("{uri} is not a result of version 1")]
    NotAResult {
        uri: String,
        #[source]
        cause: serde_json::Error,
    },
}

impl StorageError {
    /// Says whether a later attempt may succeed.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Store(error) => error.is_outage(),
            Self::NotAResult { .. } => false,
        }
    }

    /// Says whether there are no credentials to ask storage with.
    #[must_use]
    pub const fn is_without_credentials(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_without_credentials())
    }

    /// Says whether only this object is unusable; otherwise reading another one would fail too.
    #[must_use]
    pub const fn is_about_one_object(&self) -> bool {
        match self {
            Self::Store(error) => is_about_one_object(error),
            Self::NotAResult { .. } => true,
        }
    }
}

impl Storage {
    /// `prefix` may have slashes at either end.
    #[must_use]
    pub fn new(store: S3Store, prefix: &str) -> Self {
        Self { store, prefix: prefix.trim_matches('/').to_owned() }
    }

    #[must_use]
    pub const fn store(&self) -> &S3Store {
        &self.store
    }

    /// Without slashes at either end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    #[must_use]
    pub fn keys(&self, tenant: &Tenant, job: &JobId) -> JobKeys {
        JobKeys::new(&self.prefix, tenant, job)
    }

    /// Returns the address that a job's result has or will have.
    #[must_use]
    pub fn result_uri(&self, tenant: &Tenant, job: &JobId) -> String {
        self.store.uri(&self.keys(tenant, job).result())
    }

    /// Reads a job's result; `None` if there is none yet.
    pub async fn result(&self, tenant: &Tenant, job: &JobId) -> Result<Option<StoredResult>, StorageError> {
        // Some stores write an object before its checksum, so a fresh one may look damaged.
        const CHECKSUM_DELAY: Duration = Duration::from_millis(200);
        let key = self.keys(tenant, job).result();
        let read = match self.store.get(&key, MAX_RESULT_BYTES).await {
            Err(StoreError::Damaged { .. }) => {
                sleep(CHECKSUM_DELAY).await;
                self.store.get(&key, MAX_RESULT_BYTES).await
            }
            read => read,
        };
        let Some(bytes) = read? else { return Ok(None) };
        let uri = self.store.uri(&key);
        match serde_json::from_slice(&bytes) {
            Ok(result) => Ok(Some(StoredResult { bytes, result, uri })),
            Err(cause) => Err(StorageError::NotAResult { uri, cause }),
        }
    }

    /// Returns the generation of the last run that wrote `state.json`; `None` without a readable one, as a
    /// worker takes it.
    pub async fn open_generation(&self, tenant: &Tenant, job: &JobId) -> Result<Option<u32>, StoreError> {
        let json = match self.store.get(&self.keys(tenant, job).state(), MAX_STATE_BYTES).await {
            Err(error) if is_about_one_object(&error) => None,
            read => read?,
        };
        let state = json.and_then(|json| serde_json::from_slice::<JobState>(&json).ok());
        Ok(state.map(|state| state.generation))
    }
}

const fn is_about_one_object(error: &StoreError) -> bool {
    matches!(error, StoreError::Damaged { .. } | StoreError::TooLarge { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_or_foreign_object_says_nothing_about_others() {
        let what = || "get s3://b/k".to_owned();
        let cause = serde_json::from_str::<ParseResult>("{}").expect_err("not a result");
        assert!(StorageError::NotAResult { uri: what(), cause }.is_about_one_object());
        assert!(StorageError::from(StoreError::TooLarge { what: what(), limit: 1 }).is_about_one_object());
        let outage = StoreError::Unavailable { what: what(), detail: String::new() };
        assert!(!StorageError::from(outage).is_about_one_object());
    }
}
