//! The options of an upload, and the mark by which it is found again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use quire_schemas::{page_ranges::PageRanges, result::EngineReport, sha256::Sha256};
use serde_json::{Map, Value, json};

use super::{ENGINE, Settings, wire::RemoteJob};
use crate::parse::ParseRequest;

const JOB: &str = "quire_job";
const SUBMISSION: &str = "quire_submission";

/// The `configuration` part of an upload.
#[derive(Debug)]
pub(super) struct Configuration {
    /// What decides how the document is parsed, without what only marks whose parse it is.
    fields: Map<String, Value>,
    mark: Mark,
}

impl Configuration {
    /// Puts the job's options over our defaults. Which pages are wanted and whose parse it is are
    /// not options.
    pub(super) fn new(settings: &Settings, request: &ParseRequest<'_>, submitted_at: DateTime<Utc>) -> Self {
        let mut fields = object(json!({
            "tier": settings.tier,
            "version": settings.version,
            "output_options": { "extract_printed_page_number": true },
            // By default the service gives up the whole document when more than a twentieth of its
            // pages fail. A failed page is reported as one, and the others are wanted.
            "processing_control": { "job_failure_conditions": { "allowed_page_failure_ratio": 1.0 } },
        }));
        merge(&mut fields, request.options);
        if let Some(pages) = target_pages(request) {
            merge(&mut fields, &object(json!({ "page_ranges": { "target_pages": pages.to_string() } })));
        }
        let mark = Mark { job: request.job_key.to_owned(), submission: submitted_at.timestamp_micros().to_string() };
        Self { fields, mark }
    }

    pub(super) fn to_json(&self) -> String {
        let mut fields = self.fields.clone();
        let mark = json!({ JOB: self.mark.job, SUBMISSION: self.mark.submission });
        merge(&mut fields, &object(json!({ "user_metadata": mark })));
        Value::Object(fields).to_string()
    }

    pub(super) fn mark(&self) -> &Mark {
        &self.mark
    }

    pub(super) fn engine(&self) -> EngineReport {
        let text = |key: &str| self.fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let canonical = Value::Object(self.fields.clone()).to_string();
        EngineReport {
            version: text("version"),
            mode: text("tier"),
            config_sha256: Some(Sha256::of(canonical.as_bytes()).to_string()),
            ..EngineReport::of(ENGINE.as_str())
        }
    }
}

/// Tells our uploads from others: whose document, and which submission of it. A parse that failed
/// or was lost must not be found again by the run that replaces it, hence the second part.
#[derive(Debug)]
pub(super) struct Mark {
    job: String,
    submission: String,
}

impl Mark {
    /// Says whether a parse was started by this submission.
    pub(super) fn is_on(&self, job: &RemoteJob) -> bool {
        let submission = job.user_metadata(SUBMISSION);
        job.user_metadata(JOB) == Some(self.job.as_str()) && submission.is_none_or(|found| found == self.submission)
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Lays `over` on `base`: objects are joined, everything else is replaced.
fn merge(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Names the wanted pages; `None` if they are all there are. The service refuses a page that is named twice.
fn target_pages(request: &ParseRequest<'_>) -> Option<PageRanges> {
    let pages: BTreeSet<u32> = request.pages.iter().copied().collect();
    (pages.len() != request.page_sizes.len()).then(|| PageRanges::of_pages(pages))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use quire_schemas::job::Password;
    use url::Url;

    use super::*;

    fn configuration(pages: &[u32], options: Value) -> Value {
        let settings = Settings {
            base_url: Url::parse("https://api.example").expect("a valid address"),
            api_key: Password::new("llx-secret"),
            tier: "agentic".into(),
            version: "latest".into(),
        };
        let request = ParseRequest {
            file: &File::open("/dev/null").expect("every Linux has it"),
            filename: "a.pdf",
            size_bytes: 1,
            sha256: Sha256::of(b"a.pdf"),
            page_sizes: &[(612.0, 792.0); 9],
            pages,
            options: &object(options),
            job_key: "acme/0192",
            resume: None,
        };
        let json = Configuration::new(&settings, &request, DateTime::<Utc>::UNIX_EPOCH).to_json();
        serde_json::from_str(&json).expect("JSON was written")
    }

    #[test]
    fn options_go_over_the_defaults_and_not_over_pages_and_owner() {
        let options = json!({
            "tier": "fast",
            "output_options": { "spatial_text": {} },
            "page_ranges": { "target_pages": "9", "max_pages": 5 },
            "user_metadata": { "quire_job": "other/job", "mine": "kept" },
        });
        let written = configuration(&[8, 1, 2, 3, 3, 5], options);

        assert_eq!(written["tier"], "fast");
        assert_eq!(written["version"], "latest");
        assert_eq!(written["output_options"], json!({ "extract_printed_page_number": true, "spatial_text": {} }));
        assert_eq!(written["page_ranges"], json!({ "target_pages": "1-3,5,8", "max_pages": 5 }));
        let owner = json!({ "quire_job": "acme/0192", "quire_submission": "0", "mine": "kept" });
        assert_eq!(written["user_metadata"], owner);
    }

    #[test]
    fn a_whole_document_names_no_pages() {
        assert_eq!(configuration(&[1, 2, 3, 4, 5, 6, 7, 8, 9], json!({})).get("page_ranges"), None);
    }

    #[test]
    fn a_parse_of_another_submission_is_not_taken_for_this_one() {
        let mark = Mark { job: "acme/1".into(), submission: "7".into() };
        let job = |metadata: Value| {
            let json = json!({ "id": "pjb-1", "status": "RUNNING", "user_metadata": metadata }).to_string();
            RemoteJob::decode(json.as_bytes()).expect("a job")
        };
        assert!(mark.is_on(&job(json!({ "quire_job": "acme/1", "quire_submission": "7" }))));
        assert!(mark.is_on(&job(json!({ "quire_job": "acme/1" }))));
        assert!(!mark.is_on(&job(json!({ "quire_job": "acme/1", "quire_submission": "6" }))));
        assert!(!mark.is_on(&job(json!({ "quire_job": "acme/2" }))));
        assert!(!mark.is_on(&job(json!(null))));
    }
}
