//! What went wrong for single jobs while a command goes through several.

use std::{ops::ControlFlow, process::ExitCode};

use super::{
    exit::{FAILED, exit_code},
    text::note,
};

/// Holds the exit code of the first failure.
#[derive(Debug, Default)]
pub(crate) struct Failures(Option<u8>);

impl Failures {
    /// The job stays as it is, and the command has printed why.
    pub(crate) fn refused(&mut self) {
        self.0.get_or_insert(FAILED);
    }

    /// Prints what went wrong for a job. Breaks if the next job would meet the same outage.
    pub(crate) fn add(&mut self, error: &anyhow::Error) -> ControlFlow<()> {
        note(&format!("{error:#}"));
        let code = exit_code(error);
        self.0.get_or_insert(code);
        if code == FAILED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Returns the code of what went wrong first.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.0.unwrap_or(0))
    }
}
