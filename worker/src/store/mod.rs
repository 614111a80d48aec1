//! Where results go: a bucket, or a folder for `process`.

mod fs;

use bytes::Bytes;
use quire_producer::store::{Condition, Head, Metadata, S3Store, StoreError};
use quire_schemas::{
    failure::ErrorCode,
    result::{ObjectRef, Phase},
    sha256::Sha256,
};

pub(crate) use fs::DirectoryStore;

use crate::{breaker::Breaker, job::Fault};

/// The closed set of stores.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// S3-compatible storage.
    S3(Bucket),
    Directory(DirectoryStore),
}

/// A bucket as a worker uses it.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) store: S3Store,
    pub(crate) breaker: Breaker,
    /// Whether the store honours conditional writes, as a probe at the start has shown.
    pub(crate) honours_conditions: bool,
}

/// What became of a write that may be too late.
#[derive(Debug)]
pub(crate) enum Written {
    /// The object is stored.
    Stored(ObjectRef),
    /// Another object has been stored meanwhile, and ours has not.
    Overtaken,
}

/// An object to store.
#[derive(Debug, Clone)]
pub(crate) struct StoredObject {
    /// With the configured prefix.
    pub(crate) key: String,
    pub(crate) body: Bytes,
    pub(crate) media_type: &'static str,
    /// Of the body.
    pub(crate) sha256: Sha256,
    /// Without the sha256, which is added.
    pub(crate) metadata: Metadata,
}

impl StoredObject {
    /// Makes an object without metadata. Hashes the body: not for the async runtime if it is large.
    pub(crate) fn new(key: String, body: Bytes, media_type: &'static str) -> Self {
        let sha256 = Sha256::of(&body);
        Self { key, body, media_type, sha256, metadata: Metadata::new() }
    }

    /// Makes an object without metadata; hashes the body on a blocking thread, because hashing megabytes on the runtime
    /// would delay heartbeats.
    pub(crate) async fn hashed(key: String, body: Bytes, media_type: &'static str) -> Self {
        let hashing = tokio::task::spawn_blocking(move || Self::new(key, body, media_type));
        hashing.await.expect("hashing does not panic")
    }
}

impl Store {
    /// Says whether objects of earlier runs are found and compared. A folder is for one run: who
    /// processes a file again wants what comes out now.
    pub(crate) const fn keeps_history(&self) -> bool {
        match self {
            Self::S3(_) => true,
            Self::Directory(store) => store.keeps_history(),
        }
    }

    /// Says whether objects have metadata.
    pub(crate) const fn keeps_metadata(&self) -> bool {
        matches!(self, Self::S3(_))
    }

    /// Says whether [`Self::put_if`] writes nothing if its condition does not hold.
    pub(crate) const fn honours_conditions(&self) -> bool {
        match self {
            Self::S3(bucket) => bucket.honours_conditions,
            Self::Directory(_) => false,
        }
    }

    /// Writes an object, or overwrites it.
    ///
    /// # Errors
    /// `storage_unavailable`; `storage_denied` if waiting does not help. So do all functions below.
    pub(crate) async fn put(&self, object: &StoredObject, phase: Phase) -> Result<ObjectRef, Fault> {
        match self.put_if(&Condition::Always, object, phase.clone()).await? {
            Written::Stored(object) => Ok(object),
            Written::Overtaken => {
                Err(Fault::new(ErrorCode::StorageUnavailable, phase, "another request writes the object"))
            }
        }
    }

    /// Writes an object under a condition.
    pub(crate) async fn put_if(
        &self,
        condition: &Condition,
        object: &StoredObject,
        phase: Phase,
    ) -> Result<Written, Fault> {
        let mut metadata = object.metadata.clone();
        metadata.insert("sha256".to_owned(), object.sha256.to_string());
        let put = match self {
            Self::S3(Bucket { store, .. }) => {
                store.put_if(condition, (&object.key, object.media_type), object.body.clone(), &metadata).await
            }
            Self::Directory(store) => store.put(&object.key, object.body.clone()).await,
        };
        let stored = match put {
            Err(StoreError::Conflict { .. }) => Ok(false),
            other => other.map(|()| true),
        };
        if !self.note(stored, phase)? {
            return Ok(Written::Overtaken);
        }
        Ok(Written::Stored(ObjectRef {
            bucket: self.bucket(),
            key: object.key.clone(),
            uri: Some(self.uri(&object.key)),
            media_type: object.media_type.to_owned(),
            size_bytes: object.body.len() as u64,
            sha256: object.sha256,
            etag: None,
            url: None,
            url_expires_at: None,
        }))
    }

    /// Reads an object of at most `limit` bytes; `None` if it is absent, or if its checksum is wrong: it
    /// would be wrong at every attempt, and the caller can make it again.
    pub(crate) async fn get(&self, key: &str, limit: usize, phase: Phase) -> Result<Option<Bytes>, Fault> {
        let got = match self {
            Self::S3(Bucket { store, .. }) => store.get(key, limit).await,
            Self::Directory(store) => store.get(key).await,
        };
        let got = got.or_else(|error| match error {
            StoreError::Damaged { .. } => {
                tracing::warn!(key, "a damaged object is taken for absent: {error}");
                Ok(None)
            }
            other => Err(other),
        });
        self.note(got, phase)
    }

    /// Returns an object's size and metadata; `None` if it is absent. A folder keeps no metadata, so no
    /// object in it is reused.
    pub(crate) async fn head(&self, key: &str, phase: Phase) -> Result<Option<Head>, Fault> {
        match self {
            Self::S3(Bucket { store, .. }) => self.note(store.head(key).await, phase),
            Self::Directory(_) => Ok(None),
        }
    }

    /// Lists every key that starts with `prefix`; none of a folder, which keeps no history.
    pub(crate) async fn list(&self, prefix: &str, phase: Phase) -> Result<Vec<String>, Fault> {
        match self {
            Self::S3(Bucket { store, .. }) => self.note(store.list(prefix).await, phase),
            Self::Directory(store) => Ok(store.list(prefix)),
        }
    }

    /// Deletes objects, absent ones too. Returns the keys of those that stay, and logs why.
    pub(crate) async fn delete_all(&self, keys: &[String]) -> Vec<String> {
        let (left, reason) = match self {
            Self::S3(Bucket { store, .. }) => store.delete_all(keys).await,
            Self::Directory(store) => store.delete_all(keys).await,
        };
        if let Some(reason) = reason {
            tracing::warn!(objects = left.len(), "objects of earlier runs stay: {reason}");
        }
        left
    }

    /// Tells the breaker how a request went. A refusal counts as a failure: with wrong credentials every
    /// job would be buried, one after the other.
    fn note<T>(&self, answer: Result<T, StoreError>, phase: Phase) -> Result<T, Fault> {
        if let Self::S3(Bucket { breaker, .. }) = self {
            match &answer {
                Ok(_) | Err(StoreError::TooLarge { .. }) => breaker.succeeded(),
                Err(_) => breaker.failed(),
            }
        }
        answer.map_err(|error| storage_fault(error, phase))
    }

    pub(crate) fn uri(&self, key: &str) -> String {
        match self {
            Self::S3(Bucket { store, .. }) => store.uri(key),
            Self::Directory(store) => store.uri(key),
        }
    }

    pub(crate) fn bucket(&self) -> Option<String> {
        match self {
            Self::S3(Bucket { store, .. }) => Some(store.bucket().to_owned()),
            Self::Directory(_) => None,
        }
    }
}

fn storage_fault(error: StoreError, phase: Phase) -> Fault {
    let code = match &error {
        // A missing bucket needs the operator as much as a closed one.
        StoreError::Denied { .. } | StoreError::NotFound { .. } => ErrorCode::StorageDenied,
        StoreError::TooLarge { .. } | StoreError::Damaged { .. } => ErrorCode::Internal,
        // The server that hands out credentials may be down: an outage, not a refusal.
        StoreError::Unavailable { .. } | StoreError::NoCredentials { .. } | StoreError::Conflict { .. } => {
            ErrorCode::StorageUnavailable
        }
    };
    Fault::new(code, phase, "the request to object storage failed").because(error)
}
