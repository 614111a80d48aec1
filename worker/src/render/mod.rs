//! Page images and page text, made in child processes: pdfium never reads a document in the worker's
//! own memory.

mod bounds;
mod cell;
mod child;
mod encode;
mod file_facts;
mod geometry;
mod launcher;
mod pool;
pub(crate) mod protocol;
mod recovery;
mod renderer;
mod schedule;
pub(crate) mod serve;
mod shared;
mod slot;
mod verify;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use cell::{Cell, ChildLimits, forbid_dumping};
pub use cell::{CellLevel, SandboxMode};
pub(crate) use child::ChildFault;
pub use child::ChildSettings;
pub use pool::{OpenedDocument, Pool};
pub(crate) use protocol::decode_response;
pub use protocol::{
    AttachmentRefusal, DocumentCut, DocumentInfo, ImageHead, ImageSpec, PageWork, RefusedAttachment, TextDetail,
};
pub(crate) use renderer::FONT_FOLDERS;
pub use shared::{PageJson, PageOutcome, PoolSettings, RenderedImage};

/// Reads everything that a file says beside libpdfium, of the document and of its first pages. Returns how many pages
/// it has.
pub(crate) fn read_file_facts(file: Vec<u8>) -> Option<usize> {
    const PAGES: u32 = 8;
    let facts = file_facts::read(&Arc::new(file), None).facts?;
    for index in 0..PAGES {
        facts.page_area(index);
        facts.hidden_objects(index);
        facts.tagged_content(index);
        facts.glyph_names(index);
        facts.composite_fonts(index);
    }
    facts.needs_appearances();
    for place in 0..facts.attachments().files.len().min(4) {
        let _ = facts.attachment_bytes(place, 1 << 16);
    }
    Some(facts.page_count())
}

/// The libpdfium that renderers would load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LibraryInfo {
    /// Where it lies; empty if the system's loader found it.
    pub(crate) path: PathBuf,
    /// Its build number, if a `version.json` lies beside it.
    pub(crate) build: Option<u32>,
}

/// Lists where libpdfium is looked for, in order: the configured path, beside the executable, the
/// usual library folders, and last the system's loader (an empty path).
pub(crate) fn library_candidates(configured: Option<&Path>) -> Vec<PathBuf> {
    const NAME: &str = "libpdfium.so";
    if let Some(path) = configured {
        return vec![path.to_owned()];
    }
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join(NAME)));
    let triplet = if cfg!(target_arch = "aarch64") { "aarch64-linux-gnu" } else { "x86_64-linux-gnu" };
    let folders = ["/usr/local/lib".to_owned(), format!("/usr/lib/{triplet}"), "/usr/lib".to_owned()];
    beside
        .into_iter()
        .chain(folders.into_iter().map(|folder| Path::new(&folder).join(NAME)))
        .filter(|path| path.exists())
        .chain([PathBuf::new()])
        .collect()
}

/// What a renderer finds on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) library: LibraryInfo,
    pub(crate) cell: Cell,
}

/// Starts a renderer to see whether it finds a libpdfium that it can use, and how far its cell closes.
pub(crate) async fn probe(settings: &ChildSettings) -> Result<Probe, ChildFault> {
    let (ready, cell) = child::Child::probe(settings).await?;
    let path = PathBuf::from(ready.library);
    let build = path.parent().and_then(build_beside);
    Ok(Probe { library: LibraryInfo { path, build }, cell })
}

/// Reads the build number out of the `version.json` that the pinned wheel carries.
fn build_beside(folder: &Path) -> Option<u32> {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("version.json")).ok()?).ok()?;
    u32::try_from(json.get("build")?.as_u64()?).ok()
}
