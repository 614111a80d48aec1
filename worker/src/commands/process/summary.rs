//! What `process` prints: a table, errors and warnings of each document, totals; or one JSON
//! document.

use std::{path::PathBuf, time::Duration};

use quire_schemas::result::{JobError, JobStatus, Warning};
use serde_json::{Value, json};

use super::super::text::table;
use crate::{job::Fault, pipeline::Committed};

/// Errors and warnings of one document that are printed; `result.json` has all of them.
const MAX_ISSUES: usize = 20;

/// One document that was processed.
pub(super) struct Done {
    pub(super) file: PathBuf,
    pub(super) folder: String,
    pub(super) seconds: f64,
    /// Those of the stored result; without one, those of the run.
    pub(super) issues: Issues,
    pub(super) committed: Result<Committed, Fault>,
}

/// What a result says of errors and warnings.
#[derive(Debug, Default)]
pub(super) struct Issues {
    pub(super) errors: Vec<JobError>,
    pub(super) warnings: Vec<Warning>,
}

impl Issues {
    pub(super) fn of(committed: &Committed) -> Self {
        Self { errors: committed.errors.clone(), warnings: committed.warnings.clone() }
    }

    fn lines(&self) -> Vec<String> {
        let errors = self.errors.iter().map(|error| line("error", &error.code, error.page_number, &error.message));
        let warnings = self.warnings.iter();
        let warnings = warnings.map(|warning| line("warning", &warning.code, warning.page_number, &warning.message));
        let mut lines: Vec<String> = errors.chain(warnings).collect();
        if lines.len() > MAX_ISSUES {
            let more = lines.len() - MAX_ISSUES;
            lines.truncate(MAX_ISSUES);
            lines.push(format!("{more} more errors and warnings are in result.json"));
        }
        lines
    }
}

fn line(kind: &str, code: &str, page: Option<u32>, message: &str) -> String {
    let page = page.map(|page| format!(" on page {page}")).unwrap_or_default();
    format!("{kind} {code}{page}: {message}")
}

impl Done {
    /// `strict` counts a partial result as failed.
    pub(super) fn has_failed(&self, strict: bool) -> bool {
        match self.committed.as_ref().map(|committed| &committed.status) {
            Ok(JobStatus::Succeeded) => false,
            Ok(JobStatus::PartialSuccess) => strict,
            _ => true,
        }
    }

    fn status(&self) -> String {
        match &self.committed {
            Ok(committed) => match committed.errors.first() {
                Some(JobError { code, .. }) if committed.status != JobStatus::Succeeded => {
                    format!("{} ({code})", committed.status)
                }
                _ => committed.status.to_string(),
            },
            Err(fault) => format!("failed ({})", fault.code),
        }
    }

    fn code(&self) -> Option<String> {
        match &self.committed {
            Ok(committed) => committed.errors.first().map(|error| error.code.clone()),
            Err(fault) => Some(fault.code.as_str().to_owned()),
        }
    }

    /// Counts pages, elements and images.
    fn counts(&self) -> (usize, usize, usize) {
        self.committed.as_ref().map_or((0, 0, 0), |found| (found.pages, found.elements, found.images))
    }

    fn cells(&self) -> [String; 7] {
        let (pages, elements, images) = self.counts();
        [
            self.file.display().to_string(),
            self.status(),
            pages.to_string(),
            elements.to_string(),
            images.to_string(),
            self.issues.warnings.len().to_string(),
            format!("{:.2}", self.seconds),
        ]
    }

    /// Writes where the result lies, or why there is none, and every error and warning.
    fn details(&self) -> String {
        let file = self.file.display();
        let outcome = match &self.committed {
            Ok(committed) => committed.uri.clone(),
            Err(fault) => fault.chain(),
        };
        let lines = std::iter::once(outcome).chain(self.issues.lines());
        lines.map(|line| format!("{file}: {line}\n")).collect()
    }

    fn to_json(&self) -> Value {
        let (pages, elements, images) = self.counts();
        json!({
            "file": self.file.display().to_string(),
            "folder": self.folder,
            "status": self.committed.as_ref().map_or("failed", |committed| committed.status.as_str()),
            "code": self.code(),
            "pages": pages,
            "elements": elements,
            "images": images,
            "seconds": self.seconds,
            "errors": self.issues.errors,
            "warnings": self.issues.warnings,
        })
    }
}

/// Writes what happened for a person.
pub(super) fn summary(done: &[Done], wall: Duration) -> String {
    let head = ["document", "status", "pages", "elements", "images", "warnings", "seconds"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(done.iter().map(Done::cells)).collect();
    let details: String = done.iter().map(Done::details).collect();
    let (pages, rate) = totals(done, wall);
    let seconds = wall.as_secs_f64();
    table(&rows) + &details + &format!("{} documents, {pages} pages, {seconds:.2} s, {rate:.1} pages/s\n", done.len())
}

/// Writes what happened for a program.
pub(super) fn summary_json(done: &[Done], wall: Duration) -> Value {
    let (pages, rate) = totals(done, wall);
    json!({
        "documents": done.iter().map(Done::to_json).collect::<Vec<_>>(),
        "pages": pages,
        "seconds": wall.as_secs_f64(),
        "pages_per_second": rate,
    })
}

/// Returns the pages of all documents, and how many there were a second.
fn totals(done: &[Done], wall: Duration) -> (usize, f64) {
    let pages: usize = done.iter().map(|one| one.counts().0).sum();
    (pages, pages as f64 / wall.as_secs_f64().max(0.001))
}

#[cfg(test)]
mod tests {
    use quire_schemas::{
        failure::{ErrorCode, WarningCode},
        result::Phase,
        sha256::Sha256,
    };

    use super::*;

    fn committed(status: JobStatus, error: Option<JobError>) -> Committed {
        Committed {
            generation: 0,
            status,
            uri: "file:///out/a/result.json".to_owned(),
            sha256: Sha256::of(b"{}"),
            errors: error.into_iter().collect(),
            warnings: Vec::new(),
            pages: 3,
            elements: 12,
            images: 2,
        }
    }

    fn done(issues: Issues, committed: Result<Committed, Fault>) -> Done {
        Done { file: "a.pdf".into(), folder: "a".to_owned(), seconds: 0.5, issues, committed }
    }

    #[test]
    fn errors_and_warnings_are_printed_below_the_table() {
        let fault = Fault::new(ErrorCode::PageFailed, Phase::Render, "the page cannot be drawn").on_page(2);
        let warnings = vec![Warning::of(WarningCode::OcrRequired, "no text").on_page(3)];
        let stored = committed(JobStatus::PartialSuccess, Some(fault.to_job_error(None)));
        let stored = Committed { warnings, ..stored };
        let partial = done(Issues::of(&stored), Ok(stored));
        let expected = "\
document  status                         pages  elements  images  warnings  seconds
a.pdf     partial_success (page_failed)  3      12        2       1         0.50
a.pdf: file:///out/a/result.json
a.pdf: error page_failed on page 2: the page cannot be drawn
a.pdf: warning ocr_required on page 3: no text
1 documents, 3 pages, 2.00 s, 1.5 pages/s
";
        assert_eq!(summary(&[partial], Duration::from_secs(2)), expected);
    }

    #[test]
    fn a_document_with_thousands_of_warnings_prints_a_few() {
        let warnings = (1..=2000).map(|page| Warning::of(WarningCode::OcrRequired, "no text").on_page(page)).collect();
        let lines = Issues { errors: Vec::new(), warnings }.lines();
        assert_eq!(lines.len(), MAX_ISSUES + 1);
        assert_eq!(lines[MAX_ISSUES], "1980 more errors and warnings are in result.json");
    }

    #[test]
    fn a_partial_result_fails_only_if_the_command_is_strict() {
        let with = |status| done(Issues::default(), Ok(committed(status, None)));
        let failed = |status: JobStatus| (with(status.clone()).has_failed(false), with(status).has_failed(true));
        assert_eq!(failed(JobStatus::Succeeded), (false, false));
        assert_eq!(failed(JobStatus::PartialSuccess), (false, true));
        assert_eq!(failed(JobStatus::Failed), (true, true));
        let fault = Fault::new(ErrorCode::StorageDenied, Phase::Commit, "the folder is read-only");
        assert!(done(Issues::default(), Err(fault)).has_failed(false));
    }

    #[test]
    fn a_program_reads_every_error_and_warning() {
        let warnings = vec![Warning::of(WarningCode::OcrRequired, "no text").on_page(3)];
        let one = done(Issues { errors: Vec::new(), warnings }, Ok(committed(JobStatus::Succeeded, None)));
        let json = summary_json(&[one], Duration::from_secs(1));
        assert_eq!(json["documents"][0]["warnings"][0]["page_number"], 3);
        assert_eq!((&json["pages"], &json["documents"][0]["folder"]), (&json!(3), &json!("a")));
    }
}
