//! `renderer`, hidden: what a child of the worker runs.
#![expect(clippy::print_stderr, reason = "the parent keeps the last lines of a child's stderr")]

use std::{path::PathBuf, process::ExitCode};

use crate::render::{ChildLimits, library_candidates, serve};

#[derive(Debug, clap::Args)]
pub(crate) struct RendererArgs {
    /// Address space in bytes
    #[arg(long)]
    memory_bytes: u64,
    /// CPU time of a page in seconds
    #[arg(long)]
    page_cpu_seconds: u64,
    /// Where libpdfium is
    #[arg(long)]
    library: Option<PathBuf>,
}

/// Renders until the parent closes the pipe.
pub(crate) fn run(arguments: &RendererArgs) -> ExitCode {
    let limits = ChildLimits { memory_bytes: arguments.memory_bytes, page_cpu_seconds: arguments.page_cpu_seconds };
    match serve::serve(&library_candidates(arguments.library.as_deref()), limits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
