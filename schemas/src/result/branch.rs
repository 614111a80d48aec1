//! How each half of a job went.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::JobError;
use crate::open_enum::open_enum;

/// Tells how each half of the job went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Branches {
    pub parse: BranchReport,
    pub images: BranchReport,
}

/// Tells how one branch went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Branch")]
pub struct BranchReport {
    pub status: BranchStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineReport>,
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

impl BranchReport {
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

/// Identifies what did the work of a branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Engine")]
pub struct EngineReport {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The hex SHA-256 of the options it ran with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_sha256: Option<String>,
}

impl EngineReport {
    /// Makes a report of which only the engine's name is known.
    #[must_use]
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), version: None, mode: None, config_sha256: None }
    }
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
