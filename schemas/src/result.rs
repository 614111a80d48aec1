//! The terminal state of a job: `result.json`.
//!
//! These types own its shape; the JSON Schema is generated from them. Readers tolerate unknown
//! fields and unknown enum values. Pages count from 1, positions are points from the top-left of
//! the displayed page, times are UTC, and addresses appear without query and userinfo.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::element::{Element, Region, TextSource};
use crate::{failure::WarningCode, open_enum::open_enum};

/// The version this crate writes; a reader accepts every `1.x`.
pub const SCHEMA_VERSION: &str = "1.0";

/// Largest `result.json` that is read, in bytes; writers keep below it by storing elements in parts.
pub const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

/// A free-form JSON object.
pub type Object = serde_json::Map<String, serde_json::Value>;

/// A box in PDF user space as the file has it: points, origin bottom-left, before rotation.
pub type PdfBox = [f64; 4];

/// Tells everything that became of a job, failed and cancelled ones included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParseResult {
    /// `1.` and a minor version.
    #[schemars(regex(pattern = r"^1\."))]
    pub schema_version: String,
    pub job_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// How often the job was replayed, from 0; a result of a later generation supersedes.
    #[serde(default)]
    pub generation: u32,
    /// The hex SHA-256 of the job message's canonical form without secrets.
    ///
    /// Tells a redelivery of the same job from another body under the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub request_sha256: Option<String>,
    pub status: JobStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    pub source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// The branches and options of the job, as understood, without secrets.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub requested: Object,
    pub branches: Branches,
    /// In page order.
    pub pages: Vec<Page>,
    /// In reading order; empty when they are stored in parts, which `artifacts` then names.
    pub elements: Vec<Element>,
    /// The page images by page number, from 1; the keys are decimal strings on the wire.
    #[schemars(
        with = "BTreeMap<String, PageImage>",
        extend("propertyNames" = {"pattern": "^[1-9][0-9]*$"})
    )]
    pub page_images: BTreeMap<u32, PageImage>,
    /// The thumbnails by page number, from 1, when asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(
        with = "BTreeMap<String, PageImage>",
        extend("propertyNames" = {"pattern": "^[1-9][0-9]*$"})
    )]
    pub thumbnails: BTreeMap<u32, PageImage>,
    /// The whole document as Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<Chunk>,
    /// Whatever else was stored: the engine's untouched answer, Markdown, parts of `elements`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    pub errors: Vec<JobError>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    #[serde(default)]
    pub timings: Timings,
    pub provenance: Provenance,
    /// The job's own metadata, passed through.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub metadata: Object,
}

impl ParseResult {
    /// Lists every stored object that the result names, each key once: page images, thumbnails, artifacts,
    /// attachments, and pictures of its inline elements. Pictures of elements in parts are named only there.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        let images = self.page_images.values().chain(self.thumbnails.values()).map(|image| &image.object);
        let artifacts = self.artifacts.iter().map(|artifact| &artifact.object);
        let attachments = self.document.iter().flat_map(|document| &document.attachments);
        let pictures = self.elements.iter().filter_map(Element::picture);
        let all = images.chain(artifacts).chain(attachments.map(|artifact| &artifact.object)).chain(pictures);
        let by_key: BTreeMap<&str, &ObjectRef> = all.map(|object| (object.key.as_str(), object)).collect();
        by_key.into_values()
    }
}

open_enum! {
    /// Tells how a job ended.
    ///
    /// `partial_success`: every required branch gave output, and something less than all was done.
    pub enum JobStatus {
        Succeeded => "succeeded",
        PartialSuccess => "partial_success",
        Failed => "failed",
        Cancelled => "cancelled",
    }
}

/// Identifies the bytes that were parsed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Without query and userinfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// As the renderer counts; it decides when an engine counts otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_count: Option<u32>,
}

/// Describes the document as a whole, in the file's own words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// BCP 47 tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf_version: Option<String>,
    /// Whether the file carries a structure tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tagged: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_type: Option<String>,
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub metadata: Object,
    /// The bookmarks, depth first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outline: Vec<OutlineEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Artifact>,
}

/// Holds one bookmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Outline")]
pub struct OutlineEntry {
    pub title: String,
    /// The depth, 1 for the outermost.
    pub level: u32,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_number: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_id: Option<String>,
}

/// Tells how each half of the job went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Branches {
    pub parse: Branch,
    pub images: Branch,
}

/// Tells how one branch went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Branch {
    pub status: BranchStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// How often the branch was started; 0 if it never was.
    #[serde(default)]
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages_total: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages_succeeded: Option<u32>,
    /// The numbers, from 1, of the pages without output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages_failed: Vec<u32>,
    /// The provider's id of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_job_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_hit: Option<bool>,
    /// The engine that failed before this one took over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
}

impl Branch {
    /// Makes a branch with nothing but its status.
    #[must_use]
    pub const fn of(status: BranchStatus) -> Self {
        Self {
            status,
            engine: None,
            attempts: 0,
            started_at: None,
            finished_at: None,
            duration_ms: None,
            pages_total: None,
            pages_succeeded: None,
            pages_failed: Vec::new(),
            external_job_id: None,
            cache_hit: None,
            fallback_from: None,
            usage: None,
            error: None,
        }
    }
}

open_enum! {
    /// Tells the state of a branch; a branch that is off is `skipped`.
    pub enum BranchStatus {
        Pending => "pending",
        Running => "running",
        Succeeded => "succeeded",
        PartialSuccess => "partial_success",
        Failed => "failed",
        Skipped => "skipped",
        Cancelled => "cancelled",
    }
}

open_enum! {
    /// Names a branch of a job.
    pub enum BranchName {
        Parse => "parse",
        Images => "images",
    }
}

/// Identifies what did the work of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Engine {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The hex SHA-256 of the options it ran with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_sha256: Option<String>,
}

/// Tells what a provider charged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// In the provider's own unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// United States dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// Describes one page; a page that failed is listed too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// From 1.
    #[schemars(range(min = 1))]
    pub page_number: u32,
    /// The number as the document prints it, such as `iv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_label: Option<String>,
    /// Of the page as displayed, after rotation, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Of the page as displayed, after rotation, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
    pub unit: Unit,
    /// How far the file turns the page for display, in degrees clockwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [0, 90, 180, 270, null]))]
    pub rotation: Option<u16>,
    /// `[left, bottom, right, top]` in PDF user space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_box: Option<PdfBox>,
    /// `[left, bottom, right, top]` in PDF user space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_box: Option<PdfBox>,
    pub status: PageStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_source: Option<TextSource>,
    /// A BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The engine's own estimate, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// Keys into `page_images`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// In reading order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub element_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<JobError>,
    /// What the engine said of the page that has no place here.
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub extra: Object,
}

impl Page {
    /// Makes a succeeded page with nothing but its number, from 1.
    #[must_use]
    pub fn new(page_number: u32) -> Self {
        Self {
            page_number,
            page_label: None,
            width: None,
            height: None,
            unit: Unit::Point,
            rotation: None,
            media_box: None,
            crop_box: None,
            status: PageStatus::Succeeded,
            text_source: None,
            language: None,
            confidence: None,
            text: None,
            markdown: None,
            images: Vec::new(),
            element_ids: Vec::new(),
            errors: Vec::new(),
            extra: Object::new(),
        }
    }
}

/// Names the unit of a page's size. Closed: a reader that does not know the unit must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    #[default]
    #[serde(rename = "pt")]
    Point,
}

open_enum! {
    /// Tells how a page went.
    pub enum PageStatus {
        Succeeded => "succeeded",
        PartialSuccess => "partial_success",
        Failed => "failed",
        Skipped => "skipped",
    }
}

/// Describes the stored image of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageImage {
    /// From 1.
    #[schemars(range(min = 1))]
    pub page_number: u32,
    pub object: ObjectRef,
    pub width_px: u32,
    pub height_px: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f64>,
    /// Pixels per point: px = pt * scale.
    pub scale: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ImageRole>,
    /// The renderer and its build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renderer: Option<String>,
}

open_enum! {
    /// Tells what an image of a page is for.
    pub enum ImageRole {
        Page => "page",
        Thumbnail => "thumbnail",
    }
}

/// Locates a stored object and says what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ObjectRef {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// The whole key, with the configured prefix.
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    pub media_type: String,
    pub size_bytes: u64,
    /// Hex.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_expires_at: Option<DateTime<Utc>>,
}

/// Holds a piece of the document cut for retrieval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chunk {
    pub id: String,
    /// From 0.
    pub index: u32,
    pub text: String,
    /// The text with the headings above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contextualized_text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_count: Option<u32>,
    pub element_ids: Vec<String>,
    /// Outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// From 1, ascending.
    pub page_numbers: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

/// Names a stored object that belongs to the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Such as `raw_result`, the engine's untouched answer.
    pub kind: String,
    pub object: ObjectRef,
    /// From 1, if it belongs to one page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_number: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element_id: Option<String>,
}

impl Artifact {
    /// Makes an artifact of the whole document.
    #[must_use]
    pub fn new(kind: &str, object: ObjectRef) -> Self {
        Self { kind: kind.to_owned(), object, page_number: None, element_id: None }
    }
}

/// Tells what went wrong, where, and whether trying again may help.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
pub struct JobError {
    /// A stable code; codes are added, never renamed.
    pub code: String,
    /// For people; not stable.
    pub message: String,
    pub retryable: bool,
    pub phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub page_number: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub details: Object,
}

open_enum! {
    /// Names a step of a job, in their order.
    pub enum Phase {
        Admission => "admission",
        Fetch => "fetch",
        Parse => "parse",
        Render => "render",
        Upload => "upload",
        Assemble => "assemble",
        Commit => "commit",
        Settle => "settle",
    }
}

/// Repeats what an outside service said when it failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provider {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The service's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Tells what a reader should know though nothing failed; an error's shape, less required.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// A stable code, such as `ocr_required`; codes are added, never renamed.
    pub code: String,
    /// For people; not stable.
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retryable: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchName>,
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub page_number: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    #[serde(default, skip_serializing_if = "Object::is_empty")]
    pub details: Object,
}

impl Warning {
    /// Makes a warning about the whole job.
    #[must_use]
    pub fn of(code: WarningCode, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            retryable: None,
            phase: None,
            branch: None,
            page_number: None,
            provider: None,
            details: Object::new(),
        }
    }

    /// Says which page it is about, from 1.
    #[must_use]
    pub fn on_page(self, page_number: u32) -> Self {
        Self { page_number: Some(page_number), ..self }
    }

    /// Says which branch it is about.
    #[must_use]
    pub fn in_branch(self, branch: BranchName) -> Self {
        Self { branch: Some(branch), ..self }
    }

    /// Says in which step of the job it was noticed.
    #[must_use]
    pub fn in_phase(self, phase: Phase) -> Self {
        Self { phase: Some(phase), ..self }
    }
}

/// Tells who made the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// The worker's instance name.
    pub worker: String,
    pub worker_version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// From 1; parks, releases and replays do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// How the message came, without its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Object>,
}

/// Tells where the time went, in milliseconds; a step that did not run is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub queue_wait: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub fetch: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub parse: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub images: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub gather: Option<f64>,
    /// What running the branches side by side saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub overlap_saved: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub commit: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub total: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::ParseResult;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn a_result_with_only_the_required_fields_is_read_and_gains_only_defaults() {
        let minimal = json!({
            "schema_version": "1.0",
            "job_id": "0192f0c1-7c1b-7d4e-9a53-3f1c7e0d5b11",
            "status": "succeeded",
            "source": {},
            "branches": { "parse": { "status": "skipped" }, "images": { "status": "succeeded" } },
            "pages": [{ "page_number": 1, "unit": "pt", "status": "succeeded" }],
            "elements": [],
            "page_images": { "1": {
                "page_number": 1,
                "object": {
                    "key": "pages/0001.png",
                    "media_type": "image/png",
                    "size_bytes": 68,
                    "sha256": "0".repeat(64),
                },
                "width_px": 1240,
                "height_px": 1754,
                "scale": 2.0,
            } },
            "errors": [],
            "provenance": { "worker": "w1", "worker_version": "0.1.0" },
        });
        let result: ParseResult = from_value(minimal.clone()).expect("nothing required is missing");

        let mut expected = minimal;
        expected["generation"] = json!(0);
        expected["timings"] = json!({});
        expected["branches"]["parse"]["attempts"] = json!(0);
        expected["branches"]["images"]["attempts"] = json!(0);
        assert_eq!(to_value(result).expect("keys are numbers or strings"), expected);
    }
}
