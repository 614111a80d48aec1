//! The reports that `process` writes beside its results.

use std::path::Path;

use quire_producer::report::{self, PageImages};
use tokio::task::spawn_blocking;

use super::summary::Done;

/// Writes the report of every document that has a result, and says on stderr which could not be written. Returns
/// whether all are there.
#[expect(clippy::print_stderr, reason = "a report that is missing must not keep the summary from being printed")]
pub(super) async fn write_all(out: &Path, done: &[Done], images: PageImages) -> anyhow::Result<bool> {
    let mut has_all = true;
    for done in done.iter().filter(|done| done.committed.is_ok()) {
        let folder = out.join(&done.folder);
        let title = done.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Err(error) = spawn_blocking(move || report::write(&folder, &title, images)).await? {
            has_all = false;
            eprintln!("{}: no report: {:#}", done.file.display(), anyhow::Error::from(error));
        }
    }
    Ok(has_all)
}
