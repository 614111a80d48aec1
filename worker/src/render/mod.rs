//! Page images and page text, made in child processes: no document touches the worker's own
//! memory with pdfium in it.

mod child;
mod encode;
mod geometry;
mod pool;
pub mod protocol;
mod renderer;
mod sandbox;
mod schedule;
pub mod serve;
mod slot;

pub use child::{ChildFault, ChildSettings};
pub use geometry::{ImageSize, Transform, image_size};
pub use pool::{OpenedDocument, PageOutcome, Pool, PoolSettings};
pub use protocol::{DocumentInfo, ImageSpec, PageWork, RenderedImage};

use std::path::{Path, PathBuf};

/// The libpdfium that renderers would load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LibraryInfo {
    /// Where it lies; empty if the system's loader found it.
    pub path: PathBuf,
    /// Its build number, if a `version.json` lies beside it.
    pub build: Option<u32>,
}

/// Lists where libpdfium is looked for, in order: the configured path, beside the executable, the
/// usual library folders, and last the system's loader (an empty path).
#[must_use]
pub fn library_candidates(configured: Option<&Path>) -> Vec<PathBuf> {
    const NAME: &str = "libpdfium.so";
    if let Some(path) = configured {
        return vec![path.to_owned()];
    }
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join(NAME)));
    let triplet = concat_triplet();
    let folders = ["/usr/local/lib".to_owned(), format!("/usr/lib/{triplet}"), "/usr/lib".to_owned()];
    beside
        .into_iter()
        .chain(folders.into_iter().map(|folder| Path::new(&folder).join(NAME)))
        .filter(|path| path.exists())
        .chain([PathBuf::new()])
        .collect()
}

const fn concat_triplet() -> &'static str {
    if cfg!(target_arch = "aarch64") { "aarch64-linux-gnu" } else { "x86_64-linux-gnu" }
}

/// Starts a renderer to see whether it finds a libpdfium that it can use.
///
/// # Errors
/// What is wrong, in words for an operator.
pub async fn probe_library(configured: Option<&Path>) -> Result<LibraryInfo, String> {
    let settings = ChildSettings::for_probe(configured);
    let ready = child::Child::spawn(&settings).await.map_err(|fault| fault.to_string())?.into_ready();
    let path = PathBuf::from(ready.library);
    let build = path.parent().and_then(build_beside);
    Ok(LibraryInfo { path, build })
}

/// Reads the build number out of the `version.json` that the pinned wheel carries.
fn build_beside(folder: &Path) -> Option<u32> {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("version.json")).ok()?).ok()?;
    u32::try_from(json.get("build")?.as_u64()?).ok()
}
