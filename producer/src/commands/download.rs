//! Downloads everything that a result names.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::result::{ObjectRef, ParseResult};
use sha2::{Digest, Sha256};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    time::timeout,
};

use super::Storage;
use crate::store::Download;

const AT_ONCE: usize = 8;
/// A transfer that brings nothing for this long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// Downloads the objects of a result into a folder, laid out as they are below the job's own
/// folder in the bucket, and returns how many there are. What does not hash to what the result
/// says is no part of the result, and is not kept.
pub(crate) async fn objects(
    storage: &Storage,
    job_folder: &str,
    result: &ParseResult,
    directory: &Path,
) -> anyhow::Result<usize> {
    let named = named_objects(result);
    let downloads = named.values().map(|object| async move {
        let place = place_below(job_folder, &object.key)
            .with_context(|| format!("{} does not lie in the job's folder {job_folder}", object.key))?;
        let downloaded = download(storage, object, &directory.join(place)).await;
        downloaded.with_context(|| format!("downloading {}", object.key))
    });
    stream::iter(downloads).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(named.len())
}

/// Lists each object once, by its key.
fn named_objects(result: &ParseResult) -> BTreeMap<&str, &ObjectRef> {
    let images = result.page_images.values().chain(result.thumbnails.values()).map(|image| &image.object);
    let artifacts = result.artifacts.iter().map(|artifact| &artifact.object);
    let attachments =
        result.document.iter().flat_map(|document| &document.attachments).map(|artifact| &artifact.object);
    let pictures = result.elements.iter().filter_map(|element| element.image.as_ref()?.object.as_ref());
    let all = images.chain(artifacts).chain(attachments).chain(pictures);
    all.map(|object| (object.key.as_str(), object)).collect()
}

/// Returns the path below the job's folder; `None` for a key that would lead out of it.
fn place_below(job_folder: &str, key: &str) -> Option<PathBuf> {
    let place = PathBuf::from(key.strip_prefix(job_folder)?);
    let is_inside = place.components().all(|part| matches!(part, Component::Normal(_)));
    (is_inside && place.file_name().is_some()).then_some(place)
}

async fn download(storage: &Storage, object: &ObjectRef, path: &Path) -> anyhow::Result<()> {
    let bucket = object.bucket.as_deref().unwrap_or(storage.store.bucket());
    let body = timeout(STALLED, storage.store.open(bucket, &object.key)).await.context("storage does not answer")??;
    fs::create_dir_all(path.parent().context("the path has no folder")?).await?;
    let partial = partial_path(path);
    let written = write(body, &partial).await.and_then(|sha256| {
        ensure!(sha256 == object.sha256, "its sha256 is {sha256}, the result says {}", object.sha256);
        Ok(())
    });
    match written {
        Ok(()) => Ok(fs::rename(&partial, path).await?),
        Err(error) => {
            // What is left of it is worth less than the reason.
            let _ = fs::remove_file(&partial).await;
            Err(error)
        }
    }
}

/// Returns the hex sha256 of what was written.
async fn write(mut body: Download, path: &Path) -> anyhow::Result<String> {
    let mut file = File::create(path).await?;
    let mut sha256 = Sha256::new();
    while let Some(chunk) = timeout(STALLED, body.next_chunk()).await.context("the transfer stalled")?? {
        sha256.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(hex::encode(sha256.finalize()))
}

/// Only a whole file has the name that somebody looks for.
fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Writes the result itself, last: a folder that has it is complete.
pub(crate) async fn result(bytes: &[u8], directory: &Path) -> anyhow::Result<()> {
    let path = directory.join("result.json");
    let written = async {
        fs::create_dir_all(directory).await?;
        fs::write(&path, bytes).await
    };
    written.await.with_context(|| format!("cannot write {}", path.display()))
}

/// Refuses a folder that cannot be one before anything is downloaded.
pub(crate) fn check_directory(directory: &Path) -> anyhow::Result<()> {
    if directory.exists() && !directory.is_dir() {
        bail!("{} is not a folder", directory.display());
    }
    Ok(())
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
}
