//! Why a message is not a job.

use crate::names::MAX_MESSAGE_BYTES;

/// Why a message is not a job. None of these passes with time.
#[derive(Debug, thiserror::Error)]
pub enum InvalidJob {
    /// Larger than [`MAX_MESSAGE_BYTES`].
    #[error("the message has {0} bytes, more than {MAX_MESSAGE_BYTES}")]
    TooLarge(usize),
    /// Not JSON, or JSON that no job is, such as a field that stands twice. The parser's own words quote values,
    /// which may be secrets, so only the place is told.
    #[error("the body is not a job: {kind} at line {line}, column {column}")]
    Body {
        /// `not JSON`, `JSON that is cut off`, or `a value that does not fit` where the field cannot be told.
        kind: &'static str,
        /// From 1.
        line: usize,
        /// From 1; 0 at the start of a line.
        column: usize,
    },
    /// No usable id.
    #[error("{0}")]
    Id(String),
    /// A field holds a value that does not fit. The value itself is never told.
    #[error("{field}: {reason}")]
    Field {
        /// The path of the field, such as `images.dpi` or `parse.fallback[0]`.
        field: String,
        /// What it should be, and what kind of thing it is.
        reason: String,
    },
}

impl From<serde_json::Error> for InvalidJob {
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Data => "a value that does not fit",
            serde_json::error::Category::Eof => "JSON that is cut off",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
        };
        Self::Body { kind, line: error.line(), column: error.column() }
    }
}

pub(super) fn refuse(field: impl Into<String>, reason: impl Into<String>) -> InvalidJob {
    InvalidJob::Field { field: field.into(), reason: reason.into() }
}
