//! Where results go: a bucket, or a folder for `process`.

mod fs;

use bytes::Bytes;
use quire_producer::store::{Head, Metadata, S3Store, StoreError};
use quire_schemas::{
    failure::ErrorCode,
    result::{ObjectRef, Phase},
};
use sha2::{Digest, Sha256};

pub use fs::DirectoryStore;

use crate::{breaker::Breaker, job::Fault};

/// The closed set of stores.
#[derive(Debug, Clone)]
pub enum Store {
    /// S3-compatible storage, and how it fares.
    S3(S3Store, Breaker),
    /// A local folder.
    Directory(DirectoryStore),
}

/// Something to store.
#[derive(Debug, Clone)]
pub struct Object {
    /// The key, with the configured prefix.
    pub key: String,
    /// The content.
    pub body: Bytes,
    /// Its media type.
    pub media_type: &'static str,
    /// Its sha256; see [`digest`].
    pub sha256: String,
    /// Metadata beside the sha256.
    pub metadata: Metadata,
}

impl Object {
    /// Makes an object with no metadata of its own. Hashes the body: not for the async runtime if
    /// it is large.
    #[must_use]
    pub fn new(key: String, body: Bytes, media_type: &'static str) -> Self {
        let sha256 = digest(&body);
        Self { key, body, media_type, sha256, metadata: Metadata::new() }
    }
}

/// Returns the hex sha256 of some bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Store {
    /// Writes an object, overwriting what is there.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn put(&self, object: &Object, phase: Phase) -> Result<ObjectRef, Fault> {
        let mut metadata = object.metadata.clone();
        metadata.insert("sha256".to_owned(), object.sha256.clone());
        let put = match self {
            Self::S3(store, _) => store.put(&object.key, object.body.clone(), object.media_type, &metadata).await,
            Self::Directory(store) => store.put(&object.key, object.body.clone()).await,
        };
        self.note(put, phase)?;
        Ok(ObjectRef {
            bucket: self.bucket(),
            key: object.key.clone(),
            uri: Some(self.uri(&object.key)),
            media_type: object.media_type.to_owned(),
            size_bytes: object.body.len() as u64,
            sha256: object.sha256.clone(),
            etag: None,
            url: None,
            url_expires_at: None,
        })
    }

    /// Reads an object of at most `limit` bytes; `None` if there is none, or none that is what was once
    /// written: it would be the same at every attempt, and whoever needs it can make it again.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn get(&self, key: &str, limit: usize, phase: Phase) -> Result<Option<Bytes>, Fault> {
        let got = match self {
            Self::S3(store, _) => store.get(key, limit).await,
            Self::Directory(store) => store.get(key).await,
        };
        let got = got.or_else(|error| match error {
            StoreError::Damaged { .. } => {
                tracing::warn!(key, "taken for absent: {error}");
                Ok(None)
            }
            other => Err(other),
        });
        self.note(got, phase)
    }

    /// Asks for an object's size and metadata. A folder keeps no metadata, so nothing in it is
    /// ever taken for an earlier run's work.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn head(&self, key: &str, phase: Phase) -> Result<Option<Head>, Fault> {
        match self {
            Self::S3(store, _) => self.note(store.head(key).await, phase),
            Self::Directory(_) => Ok(None),
        }
    }

    /// Lists every key of a job.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn list(&self, prefix: &str, phase: Phase) -> Result<Vec<String>, Fault> {
        match self {
            Self::S3(store, _) => self.note(store.list(prefix).await, phase),
            Self::Directory(_) => Ok(Vec::new()),
        }
    }

    /// Deletes an object; one that is not there is no error.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn delete(&self, key: &str, phase: Phase) -> Result<(), Fault> {
        let deleted = match self {
            Self::S3(store, _) => store.delete(key).await,
            Self::Directory(store) => store.delete(key).await,
        };
        self.note(deleted, phase)
    }

    /// Tells the breaker how a request went. A refusal counts too: with the wrong credentials every
    /// job would be buried, one after the other.
    fn note<T>(&self, answer: Result<T, StoreError>, phase: Phase) -> Result<T, Fault> {
        if let Self::S3(_, breaker) = self {
            match &answer {
                Ok(_) | Err(StoreError::TooLarge { .. }) => breaker.succeeded(),
                Err(_) => breaker.failed(),
            }
        }
        answer.map_err(|error| storage_fault(error, phase))
    }

    /// Returns the address of a key.
    #[must_use]
    pub fn uri(&self, key: &str) -> String {
        match self {
            Self::S3(store, _) => store.uri(key),
            Self::Directory(store) => store.uri(key),
        }
    }

    /// Returns the bucket, if there is one.
    #[must_use]
    pub fn bucket(&self) -> Option<String> {
        match self {
            Self::S3(store, _) => Some(store.bucket().to_owned()),
            Self::Directory(_) => None,
        }
    }
}

fn storage_fault(error: StoreError, phase: Phase) -> Fault {
    let code = match &error {
        // A bucket that is missing is as much the operator's business as one that is closed.
        StoreError::Denied { .. } | StoreError::NotFound { .. } => ErrorCode::StorageDenied,
        StoreError::TooLarge { .. } | StoreError::Damaged { .. } => ErrorCode::Internal,
        StoreError::Unavailable { .. } => ErrorCode::StorageUnavailable,
    };
    Fault::new(code, phase, "object storage did not do its part").because(error)
}
