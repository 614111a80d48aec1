use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use quire_producer::store::StoreError;

/// A folder as a store, for `process`.
#[derive(Debug, Clone)]
pub struct DirectoryStore {
    root: PathBuf,
}

impl DirectoryStore {
    /// Uses a folder, which is made when the first object is written.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the path of a key.
    #[must_use]
    pub fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    pub(super) fn uri(&self, key: &str) -> String {
        format!("file://{}", self.path(key).display())
    }

    pub(super) async fn put(&self, key: &str, body: Bytes) -> Result<(), StoreError> {
        let path = self.path(key);
        write(&path, &body).await.map_err(|error| failed("write", &path, &error))
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(key);
        match tokio::fs::read(&path).await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, &error)),
        }
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key);
        match tokio::fs::remove_file(&path).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("delete", &path, &error)),
        }
    }
}

/// Writes beside and renames, so that nobody reads half a file.
async fn write(path: &Path, body: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    tokio::fs::write(&partial, body).await?;
    tokio::fs::rename(&partial, path).await
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> StoreError {
    let what = format!("{verb} {}", path.display());
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::Denied { what, detail: error.to_string() }
        }
        _ => StoreError::Unavailable { what, detail: error.to_string() },
    }
}
