//! What a result says of faults and doubts: errors, warnings, and the step in which each came up.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{failure::WarningCode, object::JsonObject, open_enum::open_enum};

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
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub details: JsonObject,
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
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub details: JsonObject,
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
            details: JsonObject::new(),
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

open_enum! {
    /// Names a branch of a job.
    pub enum BranchName {
        Parse => "parse",
        Images => "images",
    }
}
