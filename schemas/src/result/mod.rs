//! The terminal state of a job: `result.json`.
//!
//! These types own its shape; the JSON Schema is generated from them. Readers tolerate unknown
//! fields and unknown enum values. Pages count from 1, positions are points from the top-left of
//! the displayed page, times are UTC, and addresses appear without query and userinfo.

mod branch;
mod page;
mod pdf_box;
mod report;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    branch::{BranchReport, BranchStatus, Branches, EngineReport, Usage},
    page::{ImageRole, Page, PageImage, PageStatus, Unit},
    pdf_box::PdfBox,
    report::{BranchName, JobError, Phase, Provider, Warning},
};
pub use crate::object::{Artifact, JsonObject, ObjectRef};
use crate::{chunk::Chunk, element::Element, open_enum::open_enum, sha256::Sha256};

/// The version this crate writes; a reader accepts every `1.x`.
pub const SCHEMA_VERSION: &str = "1.0";

/// Largest `result.json` that is read, in bytes; writers keep below it by storing elements in parts.
pub const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

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
    pub request_sha256: Option<Sha256>,
    pub status: JobStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<DateTime<Utc>>,
    pub source: SourceReport,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// The branches and options of the job, as understood, without secrets.
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub requested: JsonObject,
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
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub metadata: JsonObject,
}

impl ParseResult {
    /// Lists every stored object that the result names, each key once: page images, thumbnails, artifacts,
    /// attachments, and pictures of its inline elements. Pictures of elements in parts are named only there.
    pub fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        let images = self.page_images.values().chain(self.thumbnails.values()).map(|image| &image.object);
        let artifacts = self.artifacts.iter().map(|artifact| &artifact.object);
        let attachments = self.document.iter().flat_map(|document| &document.attachments);
        let attachments = attachments.filter_map(|attachment| attachment.object.as_ref());
        let pictures = self.elements.iter().filter_map(Element::picture);
        let all = images.chain(artifacts).chain(attachments).chain(pictures);
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
#[schemars(rename = "Source")]
pub struct SourceReport {
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
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub metadata: JsonObject,
    /// The bookmarks, depth first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outline: Vec<OutlineEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whether the document is a portfolio: a cover for the files that it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portfolio: Option<bool>,
}

/// Describes a file that the document carries. At most 1,000 are listed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The file name as the document states it; never part of a storage key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As the document states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// As the document states it. The stored object has another one, so that no browser runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The stored file, of the type `application/octet-stream`. Only with `parse.options.attachments`, and only of files
    /// that can be read and fit the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
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
    pub delivery: Option<JsonObject>,
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
