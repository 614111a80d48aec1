//! Stored objects that a result names, and free-form JSON.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sha256::Sha256;

/// A free-form JSON object.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

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
    pub sha256: Sha256,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_expires_at: Option<DateTime<Utc>>,
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
