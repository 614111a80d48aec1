//! The documents of `tests/wild` through `quire-worker process`, and whether their results are as `expected.jsonl`
//! says. Nothing here knows a single document; what the checks mean stands in `tests/wild/README.md`.

mod case;
mod check;
mod document;
#[cfg(test)]
mod examples;
mod image;
mod outcome;
mod page;
mod run;
mod text;
mod verdict;

use std::path::{Path, PathBuf};

pub use self::{
    case::{Case, cases},
    verdict::{Known, assert_right},
};

/// Returns where the documents and their expectations lie.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("wild")
}
