//! Bounds of the pass, and the warning that names one.

use quire_schemas::{
    failure::WarningCode,
    result::{BranchName, Phase, Warning},
};

/// Most bytes in JSON of a text without Markdown that `document.md` shows: to escape a longer one takes too much
/// memory. Pages of the local engine have less.
pub(super) const MOST_TEXT_BYTES: usize = 4 << 20;

/// Bounds of what the pass writes. What is left out stands in the elements or in the stored answer of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PassLimits {
    /// Most bytes of text, Markdown, further fields and errors that all page rows carry together: the rows stand in
    /// `result.json` even if the elements do not.
    pub(super) row_bytes: u64,
    /// Largest `document.md`, which is uploaded from memory.
    pub(super) markdown_bytes: u64,
    /// Most cut-out pictures, which are held until the result is stored.
    pub(super) pictures: u32,
}

impl PassLimits {
    /// Returns the bounds for a `result.json` of at most so many bytes.
    pub(crate) const fn for_result(max_result_bytes: u64) -> Self {
        Self {
            // The rest is for everything else that the result says of pages and images.
            row_bytes: max_result_bytes / 4 * 3,
            markdown_bytes: 64 << 20,
            pictures: 20_000,
        }
    }
}

/// Makes the warning that something is left out because of a limit, which the message names.
pub(super) fn limit_reached(message: String) -> Warning {
    Warning::of(WarningCode::LimitReached, message).in_branch(BranchName::Parse).in_phase(Phase::Assemble)
}
