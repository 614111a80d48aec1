//! The hidden subcommand that a renderer child runs.
#![expect(clippy::print_stderr, reason = "the parent keeps a child's last words")]

use std::{path::PathBuf, process::ExitCode};

use crate::render::{library_candidates, serve};

/// What the parent tells a child.
#[derive(Debug, clap::Args)]
pub struct RendererArgs {
    /// Address space in bytes
    #[arg(long)]
    pub memory_bytes: u64,
    /// CPU time of a page in seconds
    #[arg(long)]
    pub page_cpu_seconds: u64,
    /// Where libpdfium is
    #[arg(long)]
    pub library: Option<PathBuf>,
}

/// Renders until the parent hangs up.
#[must_use]
pub fn run(arguments: &RendererArgs) -> ExitCode {
    let limits = serve::Limits { memory_bytes: arguments.memory_bytes, page_cpu_seconds: arguments.page_cpu_seconds };
    match serve::serve(&library_candidates(arguments.library.as_deref()), limits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
