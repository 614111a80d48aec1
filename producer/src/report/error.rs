//! Why a report is not written.

use std::{io, path::PathBuf};

use quire_schemas::result::MAX_RESULT_BYTES;

/// Why a report is not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file that the report is made of is missing or unreadable.
    #[error("cannot read {}", .path.display())]
    Unread {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// No browser would open such a report.
    #[error(
        "{} has {size_bytes} bytes, and a report shows at most {}: process fewer pages at a time",
        .path.display(), MAX_RESULT_BYTES
    )]
    TooLarge { path: PathBuf, size_bytes: u64 },
    #[error("{} is not the JSON of a result", .path.display())]
    NotJson {
        path: PathBuf,
        #[source]
        cause: serde_json::Error,
    },
    #[error("cannot write {}", .path.display())]
    Unwritten {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}
