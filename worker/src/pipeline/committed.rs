//! A result that is in storage, as it is announced and summed up.

use quire_schemas::{
    result::{JobError, JobStatus, ParseResult, Warning},
    sha256::Sha256,
};

/// A result that is in storage.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Committed {
    pub(crate) generation: u32,
    pub(crate) status: JobStatus,
    pub(crate) uri: String,
    /// Of `result.json`.
    pub(crate) sha256: Sha256,
    /// The first one decided.
    pub(crate) errors: Vec<JobError>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) pages: usize,
    /// Elements in parts included.
    pub(crate) elements: usize,
    pub(crate) images: usize,
}

impl Committed {
    /// Describes a result whose pages and elements are all in it.
    pub(super) fn of(result: &ParseResult, uri: String, sha256: Sha256) -> Self {
        Self {
            generation: result.generation,
            status: result.status.clone(),
            uri,
            sha256,
            errors: result.errors.clone(),
            warnings: result.warnings.clone(),
            pages: result.pages.len(),
            elements: count_elements(result),
            images: result.page_images.len(),
        }
    }
}

/// Elements in parts are not in the result; its pages name them.
pub(super) fn count_elements(result: &ParseResult) -> usize {
    match result.elements.len() {
        0 => result.pages.iter().map(|page| page.element_ids.len()).sum(),
        count => count,
    }
}
