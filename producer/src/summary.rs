//! How a job ended, in the few values that a line or an answer has room for.

use quire_schemas::result::{JobStatus, ParseResult};
use serde::Serialize;

use crate::dead::Burial;

/// What a result says, without its pages and elements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub status: JobStatus,
    pub pages: usize,
    pub elements: usize,
    pub images: usize,
    pub parse_seconds: Option<f64>,
    pub images_seconds: Option<f64>,
    /// What parsing and drawing side by side saved.
    pub saved_seconds: Option<f64>,
    /// Stable code of the first error.
    pub code: Option<String>,
    /// Message of the first error, for people.
    pub message: Option<String>,
    pub errors: usize,
    pub warnings: usize,
    pub result_uri: String,
}

impl Summary {
    #[must_use]
    pub fn of(result: &ParseResult, uri: &str) -> Self {
        let seconds = |milliseconds: Option<f64>| milliseconds.map(|milliseconds| milliseconds / 1000.0);
        let first = result.errors.first();
        Self {
            status: result.status.clone(),
            pages: result.pages.len(),
            elements: count_elements(result),
            images: result.page_images.len(),
            parse_seconds: seconds(result.timings.parse),
            images_seconds: seconds(result.timings.images),
            saved_seconds: seconds(result.timings.overlap_saved),
            code: first.map(|error| error.code.clone()),
            message: first.map(|error| error.message.clone()),
            errors: result.errors.len(),
            warnings: result.warnings.len(),
            result_uri: uri.to_owned(),
        }
    }
}

/// Elements that are stored in parts are not in the result; its pages still name them.
fn count_elements(result: &ParseResult) -> usize {
    match result.elements.len() {
        0 => result.pages.iter().map(|page| page.element_ids.len()).sum(),
        count => count,
    }
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEnd {
    /// With a result of any status.
    Result(Summary),
    /// With a dead letter and no result.
    Dead(Burial),
}

/// Whether a job produced what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    Complete,
    Partial,
    Failed,
}

impl JobEnd {
    /// A cancelled job counts as failed: what was asked for does not exist.
    #[must_use]
    pub const fn completeness(&self) -> Completeness {
        match self {
            Self::Result(Summary { status: JobStatus::Succeeded, .. }) => Completeness::Complete,
            Self::Result(Summary { status: JobStatus::PartialSuccess, .. }) => Completeness::Partial,
            Self::Result(_) | Self::Dead(_) => Completeness::Failed,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn summary(status: JobStatus) -> Summary {
        Summary {
            status,
            pages: 12,
            elements: 340,
            images: 12,
            parse_seconds: Some(1.5),
            images_seconds: Some(2.25),
            saved_seconds: None,
            code: None,
            message: None,
            errors: 0,
            warnings: 2,
            result_uri: "s3://bucket/key".to_owned(),
        }
    }

    pub(crate) fn dead() -> JobEnd {
        JobEnd::Dead(Burial { routing_key: "crash.normal".to_owned(), code: None, message: None })
    }

    #[test]
    fn every_status_but_complete_and_partial_is_a_failure() {
        assert_eq!(JobEnd::Result(summary(JobStatus::Succeeded)).completeness(), Completeness::Complete);
        assert_eq!(JobEnd::Result(summary(JobStatus::PartialSuccess)).completeness(), Completeness::Partial);
        for status in [JobStatus::Failed, JobStatus::Cancelled, JobStatus::from("from a newer version")] {
            assert_eq!(JobEnd::Result(summary(status)).completeness(), Completeness::Failed);
        }
        assert_eq!(dead().completeness(), Completeness::Failed);
    }
}
