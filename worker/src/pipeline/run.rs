//! One run of a job: who the job is, what the run begins with, how far it is, and what it comes to.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::ErrorCode,
    job::{Branch, Job, JobId},
    keys::JobKeys,
    names::{Lane, Tenant},
    result::{ParseResult, Phase},
    state::ExternalParse,
    state::FailedPage,
};
use tokio::{sync::watch, task::JoinError};
use tokio_util::sync::CancellationToken;

use super::{document_pass::ParsedDocument, state::StateKeeper};
use crate::job::{Budget, Fault};

/// Who a job is. Every result of it says this, whatever became of the job.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) job_id: JobId,
    pub(crate) tenant: Tenant,
    pub(crate) lane: Lane,
    pub(crate) keys: JobKeys,
    /// The counted attempt, from 1.
    pub(crate) attempt: u32,
    /// The replay generation, from 0.
    pub(crate) generation: u32,
}

/// What a delivery grants its run, beside who the job is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// When this delivery's run began; before that, when the delivery came.
    pub(crate) started_at: DateTime<Utc>,
    /// How long the job waited since it was published or last postponed.
    pub(crate) queue_wait: Option<Duration>,
    /// Whether its result may replace a succeeded result of an earlier generation.
    pub(crate) supersedes_success: bool,
}

/// One run of a job.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) identity: Arc<Identity>,
    pub(crate) terms: Terms,
    pub(crate) job: Arc<Job>,
    /// A document that is on disk already; `None`: fetch it.
    pub(crate) local_file: Option<PathBuf>,
    /// Keys that lie under the job from earlier runs.
    pub(crate) existing: Vec<String>,
    /// What the next run will know of this one.
    pub(crate) state: Arc<StateKeeper>,
    /// What earlier runs noted of parses by engines behind HTTP, that of the engine asked last first.
    pub(crate) recorded: Vec<ExternalParse>,
    /// Whether it runs page by page, so that the state names the page that kills the worker.
    pub(crate) one_page_at_a_time: bool,
    /// Pages that have killed workers before, from 1.
    pub(crate) left_out: BTreeSet<u32>,
    /// Pages that have cost renderers in earlier runs.
    pub(crate) failed_pages: Vec<FailedPage>,
    /// How many renderers the document has cost in earlier runs.
    pub(crate) renderers_lost: u32,
    /// Cancelled when the run must stop after the current page.
    pub(crate) pause: CancellationToken,
    pub(crate) budget: Budget,
    pub(crate) progress: watch::Sender<Progress>,
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) phase: Phase,
    pub(crate) pages_done: u32,
    pub(crate) pages_total: u32,
}

impl Default for Progress {
    fn default() -> Self {
        Self { phase: Phase::Admission, pages_done: 0, pages_total: 0 }
    }
}

/// What a run comes to.
#[derive(Debug)]
pub(crate) struct RunOutput {
    /// The result without what the parse says of its pages.
    pub(crate) result: Box<ParseResult>,
    /// The parsed pages; `None` if there are none.
    pub(crate) parsed: Option<ParsedDocument>,
    pub(crate) raw: Option<RawAnswer>,
    /// Why a required branch has no output; the result's status is `failed` then.
    pub(crate) fault: Option<Fault>,
}

/// The answer of an engine as it came. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct RawAnswer {
    /// Where it is stored.
    pub(crate) key: String,
    pub(crate) body: Bytes,
}

/// A result without a run: only `result.json` is stored.
impl From<ParseResult> for RunOutput {
    fn from(result: ParseResult) -> Self {
        Self { result: Box::new(result), parsed: None, raw: None, fault: None }
    }
}

/// Why a run has no output.
#[derive(Debug)]
pub(crate) enum Halt {
    Fault(Fault),
    /// It stopped between two pages because [`Run::pause`] was cancelled.
    Paused,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The fault of a job whose task panicked.
pub(crate) fn panicked(error: JoinError) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the job met a defect of the worker").because(error)
}

impl Run {
    /// Makes the first run of a job: nothing is stored of it.
    pub(crate) fn first(identity: Arc<Identity>, terms: Terms, job: Arc<Job>, budget: Budget) -> Self {
        Self {
            state: Arc::new(StateKeeper::new(identity.keys.clone(), identity.generation, None)),
            identity,
            terms,
            job,
            local_file: None,
            existing: Vec::new(),
            recorded: Vec::new(),
            one_page_at_a_time: false,
            left_out: BTreeSet::new(),
            failed_pages: Vec::new(),
            renderers_lost: 0,
            budget,
            pause: CancellationToken::new(),
            progress: watch::Sender::default(),
        }
    }

    pub(super) fn tell(&self, phase: Phase, pages_done: u32, pages_total: u32) {
        self.progress.send_replace(Progress { phase, pages_done, pages_total });
    }

    /// Waits for work that cannot stop between two pages; a pause drops it, and the next run begins
    /// it again.
    pub(super) async fn unless_paused<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        tokio::select! {
            done = work => Ok(done),
            () = self.pause.cancelled() => Err(Halt::Paused),
        }
    }

    /// Says whether a branch is requested and the job fails without it.
    pub(super) fn requires(&self, branch: Branch) -> bool {
        self.job.requires(branch)
    }
}
