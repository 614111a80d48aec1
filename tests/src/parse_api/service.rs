//! The service behind the double: its parses and its answers, without a socket.

use std::collections::HashMap;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    RecordedRequest, answer,
    multipart::Upload,
    scenario::{Plan, RetryAfter, Scenario, Step},
};

/// What may be asked for with a result.
const SECTIONS: &[&str] = &["text", "markdown", "items", "metadata", "forms", "job_metadata"];

/// The state of the service.
#[derive(Debug)]
pub(super) struct Service {
    /// For documents without a plan of their own.
    pub(super) plan: Plan,
    plans: HashMap<String, Plan>,
    /// How often a document of this name has met its fault.
    struck: HashMap<String, u32>,
    pub(super) jobs: Vec<ParseJob>,
}

impl Service {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, plans: HashMap::new(), struck: HashMap::new(), jobs: Vec::new() }
    }

    pub(super) fn set_plan(&mut self, filename: &str, plan: Plan) {
        self.struck.remove(filename);
        self.plans.insert(filename.to_owned(), plan);
    }

    pub(super) fn change(&mut self, scenario: Scenario) {
        self.struck.clear();
        self.plan.scenario = scenario;
    }

    pub(super) fn answer(&mut self, request: &RecordedRequest, upload: Result<Upload, String>) -> Reply {
        let key = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if key.is_none_or(str::is_empty) {
            return Reply::refuse(401, "Not authenticated");
        }
        if self.plan.scenario == Scenario::Unauthorized {
            return Reply::refuse(401, "Invalid API Key. Please check your region and your key.");
        }
        let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["api", "v2", "parse", "upload"]) => self.upload(upload),
            ("GET", ["api", "v2", "parse"]) => self.list(request),
            ("GET", ["api", "v2", "parse", id]) => self.get(id, request),
            ("POST", ["api", "v2", "parse", id, "cancel"]) => self.cancel(id),
            ("DELETE", ["api", "v2", "parse", id]) => self.delete(id),
            _ => Reply::refuse(404, "Not Found"),
        }
    }

    fn upload(&mut self, upload: Result<Upload, String>) -> Reply {
        let upload = match upload {
            Ok(upload) => upload,
            Err(message) => return Reply::invalid(&message),
        };
        let plan = self.plans.get(&upload.filename).unwrap_or(&self.plan).clone();
        if let Some(reply) = self.strike(&plan, Step::Upload, &upload.filename) {
            return reply;
        }
        match plan.scenario {
            Scenario::Unauthorized => return Reply::refuse(401, "Invalid API Key. Please check your region."),
            Scenario::OutOfCredit => return Reply::refuse(402, "You have no credits left."),
            Scenario::Rejected422 => return Reply::invalid("Input should be a valid tier"),
            _ => {}
        }
        let drops =
            plan.scenario == Scenario::DropAfterUpload && !self.jobs.iter().any(|job| job.filename == upload.filename);
        let job = ParseJob {
            id: format!("pjb-{:04}", self.jobs.len() + 1),
            filename: upload.filename,
            configuration: upload.configuration,
            file: upload.file,
            created_at: Utc::now(),
            started: Instant::now(),
            polls: 0,
            results: 0,
            cancelled: false,
            plan,
        };
        let answer = job.describe();
        self.jobs.push(job);
        if drops { Reply::HangUp } else { Reply::json(200, &answer) }
    }

    fn list(&mut self, request: &RecordedRequest) -> Reply {
        let plan = self.plan.clone();
        if let Some(reply) = self.strike(&plan, Step::List, "") {
            return reply;
        }
        let value = |name: &str| request.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let since = value("created_at_on_or_after").and_then(|since| DateTime::parse_from_rfc3339(since).ok());
        let matching: Vec<Value> = self
            .jobs
            .iter()
            .filter(|job| since.is_none_or(|since| job.created_at >= since))
            .map(ParseJob::describe)
            .collect();
        let number = |name: &str| value(name).and_then(|text| text.parse::<usize>().ok());
        let (from, size) = (number("page_token").unwrap_or(0), number("page_size").unwrap_or(50).clamp(1, 100));
        let next = (from + size < matching.len()).then(|| (from + size).to_string());
        let page: Vec<&Value> = matching.iter().skip(from).take(size).collect();
        Reply::json(200, &json!({ "items": page, "next_page_token": next, "total_size": matching.len() }))
    }

    fn get(&mut self, id: &str, request: &RecordedRequest) -> Reply {
        let Some(index) = self.jobs.iter().position(|job| job.id == id) else { return not_found(id) };
        let (plan, filename) = (self.jobs[index].plan.clone(), self.jobs[index].filename.clone());
        let expand = request.expand();
        let step = if expand.is_empty() { Step::Poll } else { Step::Result };
        // By the plan of now: a test may strike at a step that the upload did not know of.
        let plan_of_now = self.plans.get(&filename).unwrap_or(&self.plan).clone();
        if let Some(reply) = self.strike(&plan_of_now, step, &filename) {
            return reply;
        }
        if plan.scenario == Scenario::LostOnPoll {
            return not_found(id);
        }
        if let Some(unknown) = expand.iter().find(|section| !SECTIONS.contains(section)) {
            return Reply::invalid(&format!("unknown expand value {unknown}"));
        }
        let job = &mut self.jobs[index];
        if expand.is_empty() {
            job.polls += 1;
        }
        let mut body = json!({ "job": job.describe() });
        if expand.is_empty() || job.status() != "COMPLETED" {
            return Reply::json(200, &body);
        }
        if let Scenario::LateResult { times } = plan.scenario {
            job.results += 1;
            if job.results <= times {
                return not_found(id);
            }
        }
        for section in expand {
            body[section] = answer::section(section, job);
        }
        match plan.scenario {
            Scenario::GarbageJson => Reply::text(200, "application/json", "{\"job\": {\"id\": oops".to_owned()),
            Scenario::DropMidBody if self.count(&filename) == 1 => Reply::CutShort(Bytes::from(body.to_string())),
            _ => Reply::json(200, &body),
        }
    }

    fn cancel(&mut self, id: &str) -> Reply {
        let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) else { return not_found(id) };
        job.cancelled = true;
        Reply::json(200, &job.describe())
    }

    fn delete(&mut self, id: &str) -> Reply {
        let Some(index) = self.jobs.iter().position(|job| job.id == id) else { return not_found(id) };
        if matches!(self.jobs[index].status(), "PENDING" | "RUNNING") {
            return Reply::refuse(409, "the job has not ended");
        }
        self.jobs.remove(index);
        Reply::json(200, &json!({}))
    }

    /// Returns the fault that the scenario holds for this step, if it has not come often enough.
    fn strike(&mut self, plan: &Plan, step: Step, filename: &str) -> Option<Reply> {
        if plan.step != step {
            return None;
        }
        let times = match &plan.scenario {
            Scenario::Silent => return Some(Reply::Silence),
            Scenario::Throttled { times, .. } | Scenario::Unavailable { times } | Scenario::Html502 { times } => *times,
            _ => return None,
        };
        if self.count(filename) > times {
            return None;
        }
        Some(match &plan.scenario {
            Scenario::Throttled { retry_after, .. } => throttle(retry_after.as_ref()),
            Scenario::Unavailable { .. } => Reply::refuse(503, "Service Unavailable"),
            _ => Reply::text(502, "text/html", "<html><h1>502 Bad Gateway</h1></html>".to_owned()),
        })
    }

    /// Counts a fault of a document, from 1.
    fn count(&mut self, filename: &str) -> u32 {
        let count = self.struck.entry(filename.to_owned()).or_insert(0);
        *count += 1;
        *count
    }
}

/// A parse that an upload started.
#[derive(Debug, Clone)]
pub struct ParseJob {
    /// The id it was given.
    pub id: String,
    /// What the upload called the document.
    pub filename: String,
    /// The `configuration` part of the upload.
    pub configuration: Value,
    /// The document.
    pub file: Bytes,
    created_at: DateTime<Utc>,
    started: Instant,
    polls: u32,
    /// Questions for its result.
    results: u32,
    cancelled: bool,
    pub(super) plan: Plan,
}

impl ParseJob {
    /// Where it stands; it moves on with polls and with time.
    #[must_use]
    pub fn status(&self) -> &'static str {
        let (polls, delay) = self.plan.scenario.pace();
        let is_done = self.polls >= polls && self.started.elapsed() >= delay;
        match &self.plan.scenario {
            _ if self.cancelled => "CANCELLED",
            Scenario::Stuck => "PENDING",
            _ if !is_done && self.polls <= 1 => "PENDING",
            _ if !is_done => "RUNNING",
            Scenario::Failed { .. } => "FAILED",
            Scenario::Cancelled => "CANCELLED",
            _ => "COMPLETED",
        }
    }

    fn describe(&self) -> Value {
        let status = self.status();
        let (code, message) = match &self.plan.scenario {
            Scenario::Failed { code, message } if status == "FAILED" => (code.clone(), Some(message.clone())),
            _ => (None, None),
        };
        let mut described = json!({
            "id": self.id,
            "project_id": "prj-double",
            "status": status,
            "tier": self.configuration["tier"],
            "created_at": self.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "error_message": message,
            "name": self.filename,
            "usage": (status == "COMPLETED").then(|| json!({ "credits": f64::from(self.plan.pages) * 3.0 })),
            "user_metadata": self.configuration["user_metadata"],
        });
        if let Some(code) = code {
            described["error_code"] = Value::String(code);
        }
        described
    }
}

fn throttle(retry_after: Option<&RetryAfter>) -> Reply {
    let mut reply = Reply::refuse(429, "Too Many Requests");
    if let (Some(delay), Reply::Whole(response)) = (retry_after, &mut reply) {
        let (name, value) = delay.header();
        response.headers_mut().insert(name, value.parse().expect("digits and dates are header values"));
    }
    reply
}

fn not_found(id: &str) -> Reply {
    Reply::refuse(404, &format!("Parse job {id} not found"))
}

/// How a request is answered.
pub(super) enum Reply {
    Whole(Response),
    /// The socket is closed without a word.
    HangUp,
    /// The socket is closed in the middle of this body.
    CutShort(Bytes),
    /// The socket stays open and nothing comes.
    Silence,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    fn text(status: u16, content_type: &str, body: String) -> Self {
        let response = Response::builder()
            .status(status)
            .header("content-type", content_type)
            .header("x-request-id", "req-double")
            .body(Body::from(body));
        Self::Whole(response.expect("constant headers"))
    }

    pub(super) fn refuse(status: u16, detail: &str) -> Self {
        Self::json(status, &json!({ "detail": detail }))
    }

    fn invalid(message: &str) -> Self {
        let complaint = json!({ "loc": ["body", "configuration"], "msg": message, "type": "value_error" });
        Self::json(422, &json!({ "detail": [complaint] }))
    }
}
