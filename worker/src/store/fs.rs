//! A folder as a store, for `process`: objects are files, without metadata.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use quire_producer::store::StoreError;

#[derive(Debug, Clone)]
pub(crate) struct DirectoryStore {
    root: PathBuf,
    #[cfg(test)]
    keeps_history: bool,
}

impl DirectoryStore {
    /// Uses a folder, which the first write creates.
    pub(crate) const fn new(root: PathBuf) -> Self {
        Self {
            root,
            #[cfg(test)]
            keeps_history: false,
        }
    }

    fn path(&self, key: &str) -> PathBuf {
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

    pub(super) async fn delete_all(&self, keys: &[String]) -> (Vec<String>, Option<StoreError>) {
        let (mut left, mut reason) = (Vec::new(), None);
        for key in keys {
            let path = self.path(key);
            match tokio::fs::remove_file(&path).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    left.push(key.clone());
                    reason = Some(failed("delete", &path, &error));
                }
            }
        }
        (left, reason)
    }
}

#[cfg(not(test))]
impl DirectoryStore {
    pub(super) const fn keeps_history(&self) -> bool {
        false
    }

    pub(super) const fn list(&self, _prefix: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Unit tests have a folder that behaves as a bucket does.
#[cfg(test)]
impl DirectoryStore {
    /// Uses a folder whose objects later runs find and compare.
    pub(crate) const fn with_history(root: PathBuf) -> Self {
        Self { root, keeps_history: true }
    }

    pub(super) const fn keeps_history(&self) -> bool {
        self.keeps_history
    }

    pub(super) fn list(&self, prefix: &str) -> Vec<String> {
        let mut open = if self.keeps_history { vec![self.root.clone()] } else { Vec::new() };
        let mut keys = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a readable folder") {
                let path = entry.expect("a readable folder").path();
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let key = path.strip_prefix(&self.root).expect("it lies below").to_str().expect("keys are text");
                keys.extend(key.starts_with(prefix).then(|| key.to_owned()));
            }
        }
        keys
    }
}

/// Writes a file beside the target and renames it, so that no reader sees half an object.
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
