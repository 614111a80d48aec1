//! How a job ended, in the few numbers that fit a line.

use quire_schemas::{
    job::JobId,
    result::{JobStatus, ParseResult},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{dead::DeadLetter, or_unknown};

/// What a result says, without what it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) status: JobStatus,
    pub(crate) pages: usize,
    pub(crate) elements: usize,
    pub(crate) images: usize,
    pub(crate) parse_seconds: Option<f64>,
    pub(crate) images_seconds: Option<f64>,
    /// What doing both at the same time saved.
    pub(crate) saved_seconds: Option<f64>,
    /// Stable code of the first error.
    pub(crate) code: Option<String>,
    pub(crate) warnings: usize,
    pub(crate) result_uri: String,
}

impl Summary {
    pub(crate) fn of(result: &ParseResult, uri: &str) -> Self {
        let seconds = |milliseconds: Option<f64>| milliseconds.map(|milliseconds| milliseconds / 1000.0);
        Self {
            status: result.status.clone(),
            pages: result.pages.len(),
            elements: count_elements(result),
            images: result.page_images.len(),
            parse_seconds: seconds(result.timings.parse),
            images_seconds: seconds(result.timings.images),
            saved_seconds: seconds(result.timings.overlap_saved),
            code: result.errors.first().map(|error| error.code.clone()),
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
pub(crate) enum End {
    /// With a result, whatever it says.
    Result(Summary),
    /// Without one.
    Dead(DeadLetter),
}

/// What an end is worth to whoever waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Complete,
    Partial,
    Failed,
}

impl End {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Result(Summary { status: JobStatus::Succeeded, .. }) => Verdict::Complete,
            Self::Result(Summary { status: JobStatus::PartialSuccess, .. }) => Verdict::Partial,
            // Cancelled too: what was asked for is not there.
            Self::Result(_) | Self::Dead(_) => Verdict::Failed,
        }
    }

    /// Headings of the table that [`End::row`] is a row of.
    pub(crate) const HEADINGS: [&str; 8] =
        ["job", "status", "pages", "elements", "parse s", "images s", "saved s", "result"];

    pub(crate) fn row(&self, job: &JobId) -> [String; 8] {
        let seconds = |seconds: Option<f64>| or_unknown(seconds.map(|seconds| format!("{seconds:.2}")));
        match self {
            Self::Result(summary) => [
                job.to_string(),
                with_code(summary),
                summary.pages.to_string(),
                summary.elements.to_string(),
                seconds(summary.parse_seconds),
                seconds(summary.images_seconds),
                seconds(summary.saved_seconds),
                summary.result_uri.clone(),
            ],
            Self::Dead(letter) => {
                let unknown = || seconds(None);
                let status = "dead".to_owned();
                let why = letter.explain();
                [job.to_string(), status, unknown(), unknown(), unknown(), unknown(), unknown(), why]
            }
        }
    }

    /// Returns the line of `--json`.
    pub(crate) fn to_json(&self, job: &JobId) -> Value {
        let (status, detail) = match self {
            Self::Result(summary) => (summary.status.as_str(), json!(summary)),
            Self::Dead(letter) => ("dead", json!(letter)),
        };
        let mut line = json!({ "event": "ended", "job_id": job, "status": status });
        if let (Value::Object(line), Value::Object(detail)) = (&mut line, detail) {
            line.extend(detail);
        }
        line
    }
}

fn with_code(summary: &Summary) -> String {
    match &summary.code {
        Some(code) => format!("{} ({code})", summary.status),
        None => summary.status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(status: JobStatus) -> Summary {
        Summary {
            status,
            pages: 12,
            elements: 340,
            images: 12,
            parse_seconds: Some(1.5),
            images_seconds: Some(2.25),
            saved_seconds: None,
            code: None,
            warnings: 0,
            result_uri: "s3://bucket/key".to_owned(),
        }
    }

    fn dead() -> End {
        End::Dead(DeadLetter { routing_key: "crash.normal".to_owned(), code: None, message: None })
    }

    #[test]
    fn only_a_complete_or_partial_result_is_no_failure() {
        assert_eq!(End::Result(summary(JobStatus::Succeeded)).verdict(), Verdict::Complete);
        assert_eq!(End::Result(summary(JobStatus::PartialSuccess)).verdict(), Verdict::Partial);
        for status in [JobStatus::Failed, JobStatus::Cancelled, JobStatus::from("from a newer version")] {
            assert_eq!(End::Result(summary(status)).verdict(), Verdict::Failed);
        }
        assert_eq!(dead().verdict(), Verdict::Failed);
    }

    #[test]
    fn a_row_tells_what_is_known() {
        let job: JobId = "0192f0c1-7e5a-7000-8000-000000000001".parse().expect("a uuid");
        let partial = Summary { code: Some("page_failed".to_owned()), ..summary(JobStatus::PartialSuccess) };
        let row = End::Result(partial).row(&job);
        assert_eq!(row[1..], ["partial_success (page_failed)", "12", "340", "1.50", "2.25", "-", "s3://bucket/key"]);
        assert_eq!(dead().row(&job)[1], "dead");
        assert_eq!(dead().to_json(&job)["routing_key"], "crash.normal");
        assert_eq!(End::Result(summary(JobStatus::Succeeded)).to_json(&job)["status"], "succeeded");
    }
}
