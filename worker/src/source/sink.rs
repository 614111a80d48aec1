//! Takes a document's bytes into a temporary file: counts, hashes and sniffs them on the way.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use quire_schemas::{failure::ErrorCode, sha256::Hasher};
use tokio::io::AsyncWriteExt;

use super::{FetchLimits, Fetched, fault, reopen};
use crate::job::Fault;

/// The marker may stand behind so many other bytes; readers accept that, so real files have them.
const SNIFF_BYTES: usize = 1024;
/// Without the dash that belongs there: pdfium opens files that lack it, and such files exist.
const MARKER: &[u8] = b"%PDF";

/// Takes a document chunk by chunk.
#[derive(Debug)]
pub(crate) struct Sink {
    file: tokio::fs::File,
    /// The same file, open for reading only: what renderers get cannot be written through it.
    for_reading: File,
    hasher: Hasher,
    beginning: Vec<u8>,
    size_bytes: u64,
    max_bytes: u64,
}

impl Sink {
    /// Makes an empty temporary file without a name.
    ///
    /// # Errors
    /// `internal` if the temporary folder has no room.
    pub(crate) async fn create(limits: &FetchLimits) -> Result<Self, Fault> {
        let folder = limits.temp_dir.clone();
        let created = tokio::task::spawn_blocking(move || create_unnamed(&folder)).await;
        let (file, for_reading) = created.map_err(io::Error::other).and_then(|files| files).map_err(unwritable)?;
        Ok(Self {
            file: tokio::fs::File::from_std(file),
            for_reading,
            hasher: Hasher::default(),
            beginning: Vec::with_capacity(SNIFF_BYTES),
            size_bytes: 0,
            max_bytes: limits.max_bytes,
        })
    }

    /// Refuses a document whose announced size is too large, before it is transferred.
    pub(super) fn expect(&self, announced_bytes: Option<u64>) -> Result<(), Fault> {
        match announced_bytes {
            Some(size) if size > self.max_bytes => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.size_bytes == 0
    }

    /// Takes the next part.
    ///
    /// # Errors
    /// `source_too_large`, `not_a_pdf` as soon as the beginning shows it, `internal` if the temporary
    /// folder has no room.
    pub(super) async fn write(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        self.size_bytes += chunk.len() as u64;
        if self.size_bytes > self.max_bytes {
            return Err(self.too_large());
        }
        if self.beginning.len() < SNIFF_BYTES {
            let missing = SNIFF_BYTES - self.beginning.len();
            self.beginning.extend_from_slice(&chunk[..missing.min(chunk.len())]);
            if self.beginning.len() == SNIFF_BYTES {
                self.sniff()?;
            }
        }
        self.hasher.update(chunk);
        self.file.write_all(chunk).await.map_err(unwritable)
    }

    /// Ends the document.
    ///
    /// # Errors
    /// `not_a_pdf`, or `internal` if the temporary folder has no room.
    pub(super) async fn finish(mut self) -> Result<Fetched, Fault> {
        self.sniff()?;
        self.file.flush().await.map_err(unwritable)?;
        let file = Arc::new(self.for_reading);
        Ok(Fetched { file, size_bytes: self.size_bytes, sha256: self.hasher.finish() })
    }

    fn sniff(&self) -> Result<(), Fault> {
        sniff(&self.beginning)
    }

    fn too_large(&self) -> Fault {
        too_large(self.max_bytes)
    }
}

/// Makes a file that no folder names, and opens it for reading too.
fn create_unnamed(folder: &Path) -> io::Result<(File, File)> {
    let file = tempfile::tempfile_in(folder)?;
    let for_reading = reopen(&file)?;
    Ok((file, for_reading))
}

fn sniff(beginning: &[u8]) -> Result<(), Fault> {
    let found = beginning.windows(MARKER.len()).any(|window| window == MARKER);
    if found { Ok(()) } else { Err(fault(ErrorCode::NotAPdf, "the source does not begin like a PDF")) }
}

fn too_large(max_bytes: u64) -> Fault {
    fault(ErrorCode::SourceTooLarge, format!("the source has more than {max_bytes} bytes"))
}

/// Does to a file that is on disk already what a [`Sink`] does to one that arrives.
pub(super) fn read_local_file(path: &Path, max_bytes: u64) -> Result<Fetched, Fault> {
    let unreadable = |error: io::Error| {
        let code = match error.kind() {
            io::ErrorKind::NotFound => ErrorCode::SourceNotFound,
            io::ErrorKind::PermissionDenied => ErrorCode::SourceDenied,
            _ => ErrorCode::SourceUnavailable,
        };
        fault(code, format!("{} cannot be read", path.display())).because(error)
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hasher = Hasher::default();
    let mut size_bytes = 0;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut buffer).map_err(unreadable)?;
        if size_bytes == 0 {
            sniff(&buffer[..count.min(SNIFF_BYTES)])?;
        }
        if count == 0 {
            return Ok(Fetched { file: Arc::new(file), size_bytes, sha256: hasher.finish() });
        }
        size_bytes += count as u64;
        if size_bytes > max_bytes {
            return Err(too_large(max_bytes));
        }
        hasher.update(&buffer[..count]);
    }
}

fn unwritable(error: io::Error) -> Fault {
    fault(ErrorCode::Internal, "the document cannot be written to the temporary folder").because(error)
}
