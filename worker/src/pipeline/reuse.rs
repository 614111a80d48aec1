//! Page images of earlier runs: which may be taken as they are.

use std::{collections::BTreeSet, fs, path::Path};

use quire_producer::store::Metadata;
use quire_schemas::result::{ImageRole, ObjectRef, PageImage, Phase};
use sha2::{Digest, Sha256};

use super::Run;
use crate::{
    job::Fault,
    render::{ImageSpec, LibraryInfo},
    store::Store,
};

/// What decides how the same page of the same document looks.
#[derive(Debug, Clone)]
pub struct RendererBuild {
    /// Shown in results, such as `pdfium 8149`.
    pub name: String,
    identity: String,
}

impl RendererBuild {
    /// Identifies a renderer by its library and by the fonts of this machine. Blocking.
    #[must_use]
    pub fn identify(library: &LibraryInfo) -> Self {
        let build = library.build.map_or_else(|| "unknown".to_owned(), |build| build.to_string());
        let bytes = fs::read(&library.path).unwrap_or_default();
        let mut fonts = Vec::new();
        list_fonts(Path::new("/usr/share/fonts"), 0, &mut fonts);
        fonts.sort();
        let identity = format!("{}\n{}", hex::encode(Sha256::digest(bytes)), fonts.join("\n"));
        Self { name: format!("pdfium {build}"), identity }
    }

    /// Returns what a stored page must carry to be taken as it is.
    #[must_use]
    pub fn fingerprint(&self, source_sha256: &str, spec: &ImageSpec) -> String {
        let spec = serde_json::to_string(spec).expect("a specification is plain data");
        hex::encode(Sha256::digest(format!("1\n{source_sha256}\n{spec}\n{}", self.identity)))
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

/// Metadata of a page image.
pub(super) fn metadata(fingerprint: &str, image: &crate::render::RenderedImage) -> Metadata {
    Metadata::from([
        ("fingerprint".to_owned(), fingerprint.to_owned()),
        ("width".to_owned(), image.head.width_px.to_string()),
        ("height".to_owned(), image.head.height_px.to_string()),
        ("scale".to_owned(), image.head.scale.to_string()),
    ])
}

/// Looks for pages that an earlier run stored.
pub(super) struct Stored<'a> {
    store: &'a Store,
    fingerprint: &'a str,
    keys: BTreeSet<&'a str>,
}

impl<'a> Stored<'a> {
    pub(super) fn new(store: &'a Store, run: &'a Run, fingerprint: &'a str) -> Self {
        let folder = run.identity.keys.pages();
        let keys = run.existing.iter().map(String::as_str).filter(|key| key.starts_with(&folder)).collect();
        Self { store, fingerprint, keys }
    }

    /// Returns a page as it is stored, if it is what would be made now.
    pub(super) async fn find(
        &self,
        page: u32,
        key: &str,
        media_type: &str,
        template: &PageImage,
    ) -> Result<Option<PageImage>, Fault> {
        if !self.keys.contains(key) {
            return Ok(None);
        }
        let Some(head) = self.store.head(key, Phase::Upload).await? else { return Ok(None) };
        let number = |name: &str| head.metadata.get(name).and_then(|value| value.parse().ok());
        let scale = head.metadata.get("scale").and_then(|value| value.parse::<f64>().ok());
        let matches = head.metadata.get("fingerprint").is_some_and(|found| found == self.fingerprint);
        let (Some(sha256), Some(width_px), Some(height_px), Some(scale), true) =
            (head.metadata.get("sha256"), number("width"), number("height"), scale, matches)
        else {
            return Ok(None);
        };
        let object = ObjectRef {
            bucket: self.store.bucket(),
            key: key.to_owned(),
            uri: Some(self.store.uri(key)),
            media_type: media_type.to_owned(),
            size_bytes: head.size_bytes,
            sha256: sha256.clone(),
            etag: None,
            url: None,
            url_expires_at: None,
        };
        let role = Some(ImageRole::Page);
        Ok(Some(PageImage {
            page_number: page,
            object,
            width_px,
            height_px,
            scale,
            role,
            dpi: Some(scale * 72.0),
            ..template.clone()
        }))
    }
}
