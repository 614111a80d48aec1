//! The cell: what a renderer forbids itself before it reads a document. Limits and the signal that ends it with its
//! parent are set at its start; the rules of files and networks (Landlock) and the filter of system calls (seccomp)
//! close when it gets its first document, which comes as a descriptor.

mod attempts;
mod calls;
mod files;
mod limits;
mod mode;

pub(super) use attempts::{Attempt, attempt_all};
pub(crate) use limits::{ChildLimits, forbid_dumping};
pub(super) use limits::{
    close_other_descriptors, cpu_micros, end_with, grant_page_cpu, settle_in, widen_pipe, within_cpu,
};
pub use mode::{CellLevel, SandboxMode};

/// What could be closed of the cell, and the kernel's answer where it could not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cell {
    pub(crate) level: CellLevel,
    /// What is missing, each with the kernel's answer.
    pub(crate) missing: Vec<String>,
}

/// Closes the cell around this process, which has one thread. From here on it can read, write and compute, and nothing
/// else.
pub(super) fn close(mode: SandboxMode) -> Cell {
    if mode == SandboxMode::Off {
        return Cell { level: CellLevel::None, missing: vec!["switched off by QUIRE_SANDBOX=off".to_owned()] };
    }
    // The rules first: the filter forbids the calls that set them.
    let (files, calls) = (files::close(), calls::close());
    let level = match (&calls, &files) {
        (Ok(()), Ok(())) => CellLevel::Full,
        (Ok(()), Err(_)) => CellLevel::Partial,
        (Err(_), _) => CellLevel::None,
    };
    Cell { level, missing: [files.err(), calls.err()].into_iter().flatten().collect() }
}
