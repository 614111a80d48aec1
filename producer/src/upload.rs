//! Puts a local document into the bucket, so that a job can name it as its source.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use quire_schemas::{job::Source, keys, names::Tenant, sha256::Sha256};

use crate::{
    storage::Storage,
    store::{Metadata, StoreError},
};

/// Why a document is not in the bucket.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("cannot read the file")]
    File(#[from] io::Error),
    #[error("cannot store the document")]
    Store(#[from] StoreError),
}

/// Uploads a document under a key made of its hash, so that one document is stored once however often
/// it is submitted. Holds the whole document in memory.
pub async fn upload(storage: &Storage, tenant: &Tenant, path: &Path) -> Result<Source, UploadError> {
    let (body, sha256) = read(path.to_owned()).await?;
    let key = keys::upload(storage.prefix(), tenant, sha256);
    let metadata = Metadata::from([("sha256".to_owned(), sha256.to_string())]);
    storage.store().put(&key, body, "application/pdf", &metadata).await?;
    Ok(Source::S3 { bucket: storage.store().bucket().to_owned(), key })
}

/// Reads and hashes off the runtime: a large document takes the better part of a second.
async fn read(path: PathBuf) -> io::Result<(Bytes, Sha256)> {
    let reading = tokio::task::spawn_blocking(move || {
        let body = std::fs::read(path)?;
        let sha256 = Sha256::of(&body);
        Ok::<_, io::Error>((Bytes::from(body), sha256))
    });
    reading.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
