//! Finds objects of earlier runs that are what this run would store.

use std::{collections::BTreeSet, fs, path::Path};

use quire_producer::store::Metadata;
use quire_schemas::{
    result::{ObjectRef, Phase},
    sha256::Sha256,
};

use super::{
    image_place::{ImagePlace, StoredImage},
    run::Run,
};
use crate::{
    job::Fault,
    render::{FONT_FOLDERS, ImageSpec, LibraryInfo},
    store::Store,
};

/// Identifies a document as it is read. One that was opened without what libpdfium does not tell may have other pages,
/// other sizes and other texts: what such a run stores is not for runs that read all of it, nor the other way round.
pub(super) fn identity_as_read(source_sha256: Sha256, facts_left_out: bool) -> Sha256 {
    match facts_left_out {
        true => Sha256::of(format!("{source_sha256}\nwithout file facts").as_bytes()),
        false => source_sha256,
    }
}

/// What decides how a page of a document looks, beside the document and the specification.
#[derive(Debug, Clone)]
pub(crate) struct RendererBuild {
    /// Shown in results, such as `pdfium 8149`.
    pub(crate) name: String,
    identity: String,
}

impl RendererBuild {
    /// Identifies a renderer by its library and by the fonts of this machine. Blocking.
    pub(crate) fn identify(library: &LibraryInfo) -> Self {
        let build = library.build.map_or_else(|| "unknown".to_owned(), |build| build.to_string());
        let bytes = fs::read(&library.path).unwrap_or_default();
        let mut fonts = Vec::new();
        FONT_FOLDERS.into_iter().for_each(|folder| list_fonts(Path::new(folder), 0, &mut fonts));
        fonts.sort();
        let identity = format!("{}\n{}", Sha256::of(&bytes), fonts.join("\n"));
        Self { name: format!("pdfium {build}"), identity }
    }

    /// Returns the fingerprint that a stored page must have to be reused.
    pub(crate) fn fingerprint(&self, as_read: Sha256, spec: &ImageSpec) -> String {
        let spec = serde_json::to_string(spec).expect("a specification is plain data");
        Sha256::of(format!("1\n{as_read}\n{spec}\n{}", self.identity).as_bytes()).to_string()
    }
}

fn list_fonts(folder: &Path, depth: u32, found: &mut Vec<String>) {
    const DEEPEST: u32 = 8;
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.metadata() {
            Ok(data) if data.is_dir() && depth < DEEPEST => list_fonts(&entry.path(), depth + 1, found),
            Ok(data) if data.is_file() => found.push(format!("{} {}", entry.path().display(), data.len())),
            _ => {}
        }
    }
}

/// The objects that earlier runs have stored in a folder of the job.
pub(super) struct Stored<'a> {
    store: &'a Store,
    keys: BTreeSet<&'a str>,
}

impl<'a> Stored<'a> {
    pub(super) fn in_folder(store: &'a Store, run: &'a Run, folder: &str) -> Self {
        let keys = run.existing.iter().map(String::as_str).filter(|key| key.starts_with(folder)).collect();
        Self { store, keys }
    }

    /// Returns the image that is stored in a place, if it is the one that would be made now.
    pub(super) async fn find(&self, place: &ImagePlace<'_>) -> Result<Option<StoredImage>, Fault> {
        let media_type = place.spec.format.media_type();
        let found = self.object(&place.key, media_type, place.fingerprint).await?;
        let Some((object, metadata)) = found else { return Ok(None) };
        let number = |name: &str| metadata.get(name).and_then(|value| value.parse().ok());
        let scale = metadata.get("scale").and_then(|value| value.parse::<f64>().ok());
        let (Some(width_px), Some(height_px), Some(scale)) = (number("width"), number("height"), scale) else {
            return Ok(None);
        };
        Ok(Some(StoredImage { object, width_px, height_px, scale }))
    }

    /// Returns the object of a key and its metadata, if it is the one of this fingerprint.
    pub(super) async fn object(
        &self,
        key: &str,
        media_type: &str,
        fingerprint: &str,
    ) -> Result<Option<(ObjectRef, Metadata)>, Fault> {
        if !self.keys.contains(key) {
            return Ok(None);
        }
        let Some(head) = self.store.head(key, Phase::Upload).await? else { return Ok(None) };
        let sha256 = head.metadata.get("sha256").and_then(|value| value.parse().ok());
        let matches = head.metadata.get("fingerprint").is_some_and(|found| found == fingerprint);
        let Some(sha256) = sha256.filter(|_| matches) else { return Ok(None) };
        let object = ObjectRef {
            bucket: self.store.bucket(),
            key: key.to_owned(),
            uri: Some(self.store.uri(key)),
            media_type: media_type.to_owned(),
            size_bytes: head.size_bytes,
            sha256,
            etag: None,
            url: None,
            url_expires_at: None,
        };
        Ok(Some((object, head.metadata)))
    }
}
