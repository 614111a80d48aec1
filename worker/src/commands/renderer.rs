//! `renderer`, hidden: what a child of the worker runs.
#![expect(clippy::print_stderr, reason = "the parent keeps the last lines of a child's stderr")]

use std::{path::PathBuf, process::ExitCode};

use nix::unistd::Pid;

use crate::render::{
    ChildLimits, SandboxMode, library_candidates,
    serve::{self, ServeSettings},
};

#[derive(Debug, clap::Args)]
pub(crate) struct RendererArgs {
    /// Address space in bytes
    #[arg(long)]
    memory_bytes: u64,
    /// CPU time of a page in seconds
    #[arg(long)]
    page_cpu_seconds: u64,
    /// How much of the cell must close
    #[arg(long)]
    sandbox: SandboxMode,
    /// The process with which this one ends
    #[arg(long)]
    parent: i32,
    /// Where libpdfium is
    #[arg(long)]
    library: Option<PathBuf>,
}

/// Renders until the parent closes the pipe.
pub(crate) fn run(arguments: &RendererArgs) -> ExitCode {
    let limits = ChildLimits { memory_bytes: arguments.memory_bytes, page_cpu_seconds: arguments.page_cpu_seconds };
    let settings = ServeSettings { limits, sandbox: arguments.sandbox, parent: Pid::from_raw(arguments.parent) };
    match serve::serve(&library_candidates(arguments.library.as_deref()), settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
