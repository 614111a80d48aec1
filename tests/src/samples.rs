//! The documents that the repository carries; `tests/samples/generate.py` makes them.

use std::path::{Path, PathBuf};

/// Four pages with headings, a list, a table, links, an outline and page labels.
#[must_use]
pub fn report() -> Vec<u8> {
    read("report.pdf")
}

/// Three pages, turned, cropped and with an offset origin.
#[must_use]
pub fn rotated() -> Vec<u8> {
    read("rotated.pdf")
}

/// Two pages that are pictures.
#[must_use]
pub fn scanned() -> Vec<u8> {
    read("scanned.pdf")
}

/// One page that the password `quire` opens.
#[must_use]
pub fn encrypted() -> Vec<u8> {
    read("encrypted.pdf")
}

/// Returns where a sample lies.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).expect("the samples are part of the repository")
}

/// Makes a document of many pages with text, drawings and photographs mixed.
///
/// # Panics
/// If the generator fails.
#[must_use]
pub fn large(pages: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("large.pdf");
    let mut command = std::process::Command::new("python3");
    command.arg(path("generate.py")).arg("--large").arg(pages.to_string()).arg(&file);
    let status = command.status().expect("python3 is there");
    assert!(status.success(), "the generator failed");
    std::fs::read(file).expect("the generator wrote it")
}
