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
    /// The parse by the engine that was asked last: paid work that may be under way elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalParse>,
    /// The parses by engines that were asked before that one, each engine once. A worker of version 0.1.0 does not
    /// know them and drops them when it writes the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<ExternalParse>,
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
    /// How many renderers the document has cost, by crashes, limits and deadlines, in all runs of this generation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renderers_lost: u32,
    /// Pages that have cost renderers: their parts are not tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_pages: Vec<FailedPage>,
    /// When it was written. Workers of version 0.1.0 do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<DateTime<Utc>>,
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
            others: Vec::new(),
            ended: false,
            deaths: 0,
            suspect: None,
            alone: false,
            renderers_lost: 0,
            failed_pages: Vec::new(),
            written_at: None,
            left_out: Vec::new(),
        }
    }

    /// Notes a parse in place of an earlier one by its engine.
    pub fn record(&mut self, parse: ExternalParse) {
        self.others.extend(self.external.take());
        self.others.retain(|other| other.engine != parse.engine);
        self.external = Some(parse);
    }

    /// Returns every recorded parse, that of the engine that was asked last first.
    pub fn recorded(&self) -> impl Iterator<Item = &ExternalParse> {
        self.external.iter().chain(&self.others)
    }

    /// Returns how many runs in a row noted no end, if this is the last one.
    #[must_use]
    pub const fn deaths_with_its_own(&self) -> u32 {
        if self.ended { 0 } else { self.deaths + 1 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The parts of a page that have failed, each with its error code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailedPage {
    /// From 1.
    pub page: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
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
    /// Why the engine rejected the document after it had accepted the parse; absent if it did not. The engine is not
    /// asked again: the next parse would be paid for, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<String>,
    /// When it was submitted.
    pub submitted_at: DateTime<Utc>,
    /// What was submitted, by its hex sha256: a parse of other bytes is of no use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_sha256: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(engine: Engine, job_id: Option<&str>) -> ExternalParse {
        let job_id = job_id.map(str::to_owned);
        ExternalParse { engine, job_id, rejection: None, submitted_at: DateTime::UNIX_EPOCH, source_sha256: None }
    }

    #[test]
    fn what_one_engine_is_paid_for_stays_when_another_is_asked() {
        let mut state = JobState::of_run(1, 0, Phase::Parse);
        let recorded = |state: &JobState| state.recorded().cloned().collect::<Vec<_>>();
        assert!(recorded(&state).is_empty());
        let (first, second) = (parse(Engine::Llamaparse, Some("pjb-1")), parse(Engine::Docling, Some("t-1")));
        state.record(parse(Engine::Llamaparse, None));
        state.record(first.clone());
        assert_eq!(recorded(&state), std::slice::from_ref(&first));
        state.record(parse(Engine::Docling, None));
        state.record(second.clone());
        assert_eq!(recorded(&state), [second.clone(), first.clone()]);
        assert_eq!(state.external, Some(second.clone()), "a worker of version 0.1.0 reads another one");
        state.record(first.clone());
        assert_eq!(recorded(&state), [first, second]);
    }
}
