//! What a run leaves behind for the next one: `state.json`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{job::Engine, result::Phase};

/// A `state.json` larger than this, in bytes, is not one of ours.
pub const MAX_STATE_BYTES: usize = 64 * 1024;

/// Progress of a job that has not ended. Written from the second run on, and before every paid
/// call, so that a redelivery continues instead of paying again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JobState {
    /// Which run of the job wrote this, from 1.
    pub run: u32,
    /// Replay generation the run belongs to.
    #[serde(default)]
    pub generation: u32,
    /// Where the run was.
    pub phase: Phase,
    /// The page it was on, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The paid work that is under way elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalParse>,
    /// Whether the run ended in order: put off, given back, or fenced from a lost delivery. One
    /// that did not took its worker with it, or died with it.
    #[serde(default)]
    pub ended: bool,
    /// How many runs before this one, in a row, were noted and noted no end.
    #[serde(default)]
    pub deaths: u32,
    /// Where runs before this one died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect: Option<Suspect>,
    /// Whether the job runs alone in its worker, page by page.
    #[serde(default)]
    pub alone: bool,
    /// Pages that killed a worker while the job ran alone, from 1: left out from then on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<u32>,
}

impl JobState {
    /// Returns the state of a run that has nothing to say yet.
    #[must_use]
    pub const fn of_run(run: u32, generation: u32, phase: Phase) -> Self {
        Self {
            run,
            generation,
            phase,
            page: None,
            external: None,
            ended: false,
            deaths: 0,
            suspect: None,
            alone: false,
            left_out: Vec::new(),
        }
    }

    /// Returns how many runs in a row noted no end, if this is the last one.
    #[must_use]
    pub const fn deaths_with_its_own(&self) -> u32 {
        if self.ended { 0 } else { self.deaths + 1 }
    }
}

/// A place where runs ended without an orderly end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suspect {
    /// What was being done.
    pub phase: Phase,
    /// On which page, from 1, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// How many runs in a row died there.
    pub deaths: u32,
}

/// A parse that an external engine was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExternalParse {
    /// Which engine.
    pub engine: Engine,
    /// The engine's own id; absent while it is not known whether the engine accepted the upload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// What was submitted, by its hex sha256: a parse of other bytes is of no use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<String>,
}
