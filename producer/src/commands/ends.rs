//! How jobs ended, as commands print it.

use std::collections::HashMap;

use quire_schemas::job::JobId;
use serde_json::{Value, json};

use super::text::{note, one_line, or_unknown, say, table};
use crate::summary::{Completeness, JobEnd, Summary};

const HEADINGS: [&str; 10] =
    ["job", "status", "pages", "elements", "errors", "warnings", "parse s", "images s", "saved s", "result"];

/// Prints the ends of jobs in the order of `jobs`: a table and a line for each failure, or JSON lines.
pub(crate) fn say_ends(jobs: &[JobId], ends: &HashMap<JobId, JobEnd>, is_json: bool) -> anyhow::Result<()> {
    let in_order: Vec<(&JobId, &JobEnd)> = jobs.iter().filter_map(|job| ends.get_key_value(job)).collect();
    if is_json {
        return Ok(in_order.iter().try_for_each(|(job, end)| say(&to_json(job, end).to_string()))?);
    }
    if !in_order.is_empty() {
        let rows: Vec<_> = in_order.iter().map(|(job, end)| row(job, end)).collect();
        say(&table(HEADINGS, &rows))?;
    }
    in_order.iter().filter_map(|(job, end)| first_error(job, end)).for_each(|line| note(&line));
    Ok(())
}

/// Returns the line of `--json`.
pub(crate) fn to_json(job: &JobId, end: &JobEnd) -> Value {
    let (status, detail) = match end {
        JobEnd::Result(summary) => (summary.status.as_str(), json!(summary)),
        JobEnd::Dead(burial) => ("dead", json!(burial)),
    };
    let mut line = json!({ "event": "ended", "job_id": job, "status": status });
    if let (Value::Object(line), Value::Object(detail)) = (&mut line, detail) {
        line.extend(detail);
    }
    line
}

fn row(job: &JobId, end: &JobEnd) -> [String; 10] {
    let seconds = |seconds: Option<f64>| or_unknown(seconds.map(|seconds| format!("{seconds:.2}")));
    match end {
        JobEnd::Result(summary) => [
            job.to_string(),
            with_code(summary),
            summary.pages.to_string(),
            summary.elements.to_string(),
            summary.errors.to_string(),
            summary.warnings.to_string(),
            seconds(summary.parse_seconds),
            seconds(summary.images_seconds),
            seconds(summary.saved_seconds),
            summary.result_uri.clone(),
        ],
        JobEnd::Dead(burial) => {
            let mut row = std::array::from_fn(|_| or_unknown::<String>(None));
            (row[0], row[1], row[9]) = (job.to_string(), "dead".to_owned(), one_line(&burial.to_string()));
            row
        }
    }
}

fn with_code(summary: &Summary) -> String {
    match &summary.code {
        Some(code) => format!("{} ({code})", summary.status),
        None => summary.status.to_string(),
    }
}

/// A dead letter's message stands in its row.
fn first_error(job: &JobId, end: &JobEnd) -> Option<String> {
    match end {
        JobEnd::Result(Summary { code: Some(code), message: Some(message), .. })
            if end.completeness() != Completeness::Complete =>
        {
            Some(format!("job {job}: {code}: {}", one_line(message)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quire_schemas::result::JobStatus;

    use super::*;
    use crate::summary::tests::{dead, summary};

    #[test]
    fn a_row_shows_what_is_known() {
        let job: JobId = "0192f0c1-7e5a-7000-8000-000000000001".parse().expect("a uuid");
        let partial = Summary {
            code: Some("page_failed".to_owned()),
            message: Some("it\nbroke".to_owned()),
            errors: 3,
            ..summary(JobStatus::PartialSuccess)
        };
        let partial = JobEnd::Result(partial);
        let expected = ["partial_success (page_failed)", "12", "340", "3", "2", "1.50", "2.25", "-", "s3://bucket/key"];
        assert_eq!(row(&job, &partial)[1..], expected);
        assert_eq!(first_error(&job, &partial), Some(format!("job {job}: page_failed: it broke")));
        assert_eq!(row(&job, &dead())[..3], [job.to_string(), "dead".to_owned(), "-".to_owned()]);
        assert_eq!(to_json(&job, &dead())["routing_key"], "crash.normal");
        assert_eq!(to_json(&job, &JobEnd::Result(summary(JobStatus::Succeeded)))["status"], "succeeded");
    }
}
