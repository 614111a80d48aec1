//! What the writer of pages and the rewriting of elements are told of the document. Pure.

use super::{limits::PassLimits, options::PassOptions, statistics::Statistics, structure::Decisions};

/// What is known of the document before its pages are written.
pub(super) struct OfDocument<'a> {
    pub(super) statistics: &'a Statistics,
    pub(super) decisions: &'a Decisions,
    pub(super) limits: &'a PassLimits,
    pub(super) options: &'a PassOptions,
}
