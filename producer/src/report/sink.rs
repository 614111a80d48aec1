//! The file that a page is written to, piece by piece.

use std::{io::Write, path::PathBuf};

use super::error::ReportError;

/// Where a page goes; its errors name the report.
#[derive(Debug)]
pub(super) struct Sink<W> {
    to: W,
    path: PathBuf,
}

impl<W: Write> Sink<W> {
    pub(super) const fn new(to: W, path: PathBuf) -> Self {
        Self { to, path }
    }

    pub(super) fn put(&mut self, text: &str) -> Result<(), ReportError> {
        let written = self.to.write_all(text.as_bytes());
        written.map_err(|cause| ReportError::Unwritten { path: self.path.clone(), cause })
    }

    /// Writes what is left, and returns what was written to.
    pub(super) fn finish(mut self) -> Result<W, ReportError> {
        self.to.flush().map_err(|cause| ReportError::Unwritten { path: self.path.clone(), cause })?;
        Ok(self.to)
    }
}
