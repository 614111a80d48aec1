//! Downloads a result with everything it names into a folder.

use std::{
    collections::BTreeMap,
    io,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::{
    element::Element,
    result::{ObjectRef, ParseResult},
    sha256::{Hasher, Sha256},
};
use tokio::{
    fs::{self, File},
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use crate::{
    storage::Storage,
    store::{Download, StoreError},
};

const AT_ONCE: usize = 8;
/// A transfer that brings no byte for this long fails.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Kind of the artifacts that hold elements, one a line, when they are too many for the result.
const PARTS_KIND: &str = "elements";

/// Why a result is not downloaded whole.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// Following the key would write outside the target folder.
    #[error("{key} does not lie in the job's folder {folder}")]
    Outside { key: String, folder: String },
    #[error("downloading {key}")]
    Transfer {
        key: String,
        #[source]
        cause: TransferError,
    },
    #[error("cannot read the elements in {}", .path.display())]
    Elements {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot write {}", .path.display())]
    Unwritten {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

/// Why one object is not downloaded.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("storage sent nothing for {} s", STALL_TIMEOUT.as_secs())]
    Stalled,
    #[error("cannot read the object")]
    Store(#[from] StoreError),
    #[error("cannot write the file")]
    File(#[from] io::Error),
    /// Another run may be replacing it: try again.
    #[error("its sha256 is {found}, the result says {expected}")]
    Different { found: Sha256, expected: Sha256 },
}

/// Downloads into one folder what results of one job's folder name.
#[derive(Debug)]
pub struct Downloader<'a> {
    pub storage: &'a Storage,
    /// The job's folder in the bucket, with a trailing slash.
    pub job_folder: &'a str,
    /// Laid out as the job's folder.
    pub directory: &'a Path,
}

impl Downloader<'_> {
    /// Refuses a path that is no folder; one that does not exist yet is created later.
    pub fn check_directory(&self) -> Result<(), DownloadError> {
        match self.directory.exists() && !self.directory.is_dir() {
            true => Err(DownloadError::NotAFolder(self.directory.to_owned())),
            false => Ok(()),
        }
    }

    /// Downloads every object that a result names, pictures of elements in parts included, and returns how
    /// many there are. Keeps no object whose sha256 is not the one in the result.
    pub async fn objects(&self, result: &ParseResult) -> Result<usize, DownloadError> {
        let named: BTreeMap<&str, &ObjectRef> = result.objects().map(|object| (object.key.as_str(), object)).collect();
        self.all(named.values().copied()).await?;
        let mut pictures = BTreeMap::new();
        for part in result.artifacts.iter().filter(|artifact| artifact.kind == PARTS_KIND) {
            let path = self.path_of(&part.object.key)?;
            let found = pictures_in(&path).await.map_err(|cause| DownloadError::Elements { path, cause })?;
            let others = found.into_iter().filter(|object| !named.contains_key(object.key.as_str()));
            pictures.extend(others.map(|object| (object.key.clone(), object)));
        }
        self.all(pictures.values()).await?;
        Ok(named.len() + pictures.len())
    }

    /// Writes the result itself. Call it last: a folder that has it is complete.
    pub async fn result(&self, bytes: &[u8]) -> Result<(), DownloadError> {
        let path = self.directory.join("result.json");
        let written = async {
            fs::create_dir_all(self.directory).await?;
            fs::write(&path, bytes).await
        };
        written.await.map_err(|cause| DownloadError::Unwritten { path, cause })
    }

    async fn all<'o>(&self, objects: impl Iterator<Item = &'o ObjectRef>) -> Result<(), DownloadError> {
        let downloads = objects.map(|object| async move {
            let path = self.path_of(&object.key)?;
            let downloaded = self.one(object, &path).await;
            downloaded.map_err(|cause| DownloadError::Transfer { key: object.key.clone(), cause })
        });
        stream::iter(downloads).buffer_unordered(AT_ONCE).try_collect().await
    }

    fn path_of(&self, key: &str) -> Result<PathBuf, DownloadError> {
        let outside = || DownloadError::Outside { key: key.to_owned(), folder: self.job_folder.to_owned() };
        Ok(self.directory.join(place_below(self.job_folder, key).ok_or_else(outside)?))
    }

    async fn one(&self, object: &ObjectRef, path: &Path) -> Result<(), TransferError> {
        let store = self.storage.store();
        let bucket = object.bucket.as_deref().unwrap_or(store.bucket());
        let body = timeout(STALL_TIMEOUT, store.open(bucket, &object.key)).await;
        let body = body.map_err(|_| TransferError::Stalled)??;
        fs::create_dir_all(path.parent().unwrap_or(self.directory)).await?;
        let partial = partial_path(path);
        let written = write(body, &partial).await.and_then(|found| match found == object.sha256 {
            true => Ok(()),
            false => Err(TransferError::Different { found, expected: object.sha256 }),
        });
        match written {
            Ok(()) => Ok(fs::rename(&partial, path).await?),
            Err(error) => {
                // A failure to remove the rest must not hide the reason.
                let _ = fs::remove_file(&partial).await;
                Err(error)
            }
        }
    }
}

/// Lists the pictures that the elements in a downloaded part name.
async fn pictures_in(part: &Path) -> io::Result<Vec<ObjectRef>> {
    let mut lines = BufReader::new(File::open(part).await?).lines();
    let mut pictures = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if let Some(picture) = picture_in(&line)? {
            pictures.push(picture);
        }
    }
    Ok(pictures)
}

fn picture_in(line: &str) -> io::Result<Option<ObjectRef>> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let element: Element = serde_json::from_str(line)?;
    Ok(element.picture().cloned())
}

/// Returns the path below the job's folder; `None` for a key that would lead out of it.
fn place_below(job_folder: &str, key: &str) -> Option<PathBuf> {
    let place = PathBuf::from(key.strip_prefix(job_folder)?);
    let is_inside = place.components().all(|part| matches!(part, Component::Normal(_)));
    (is_inside && place.file_name().is_some()).then_some(place)
}

/// Returns the digest of what was written.
async fn write(mut body: Download, path: &Path) -> Result<Sha256, TransferError> {
    let mut file = File::create(path).await?;
    let mut hasher = Hasher::default();
    loop {
        let chunk = timeout(STALL_TIMEOUT, body.next_chunk()).await.map_err(|_| TransferError::Stalled)??;
        let Some(chunk) = chunk else { break };
        hasher.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(hasher.finish())
}

/// Only a whole file has its final name.
fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_lands_where_it_lies_below_the_job() {
        let place = |key| place_below("quire/acme/job/", key);
        assert_eq!(place("quire/acme/job/pages/0001.png"), Some(PathBuf::from("pages/0001.png")));
        assert_eq!(place("quire/acme/job/parse/pdfium.json"), Some(PathBuf::from("parse/pdfium.json")));
    }

    #[test]
    fn no_key_leads_out_of_the_folder() {
        for key in ["quire/acme/job/../../x", "quire/acme/job//etc/passwd", "quire/acme/other/x", "quire/acme/job/"] {
            assert_eq!(place_below("quire/acme/job/", key), None, "{key}");
        }
    }

    #[test]
    fn a_file_that_is_not_whole_has_another_name() {
        assert_eq!(partial_path(Path::new("out/pages/0001.png")), PathBuf::from("out/pages/0001.png.part"));
    }

    #[test]
    fn a_line_that_is_no_element_is_an_error_and_an_empty_one_is_not() {
        assert_eq!(picture_in(" ").expect("nothing to read"), None);
        assert!(picture_in("{").is_err());
    }
}
