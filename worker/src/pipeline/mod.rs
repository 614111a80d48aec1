//! One run of a job: fetch, then parse and images at the same time, then assemble. Nothing here
//! talks to the broker; what the run came to is committed and settled by the caller.

mod assemble;
mod commit;
mod engines;
pub mod existing;
mod pages;
mod plan;
mod reuse;
mod spool;
mod state;

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::ErrorCode,
    job::{Branch, Job, JobId},
    keys::JobKeys,
    names::{Lane, Tenant},
    result::{ParseResult, Phase},
    state::JobState,
};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

pub use assemble::{cancelled_result, failed_result};
pub use commit::{Committed, commit, sweep};
pub use reuse::RendererBuild;
pub use spool::Spool;
pub use state::write_state;

use crate::{
    job::{Budget, Fault},
    parse::llamaparse::LlamaParse,
    render::Pool,
    source::{Fetched, Fetcher, Location},
    store::{Object, Store},
    telemetry::{Metrics, Stage},
};

/// What every run of this process works with.
#[derive(Debug)]
pub struct Context {
    /// The renderers.
    pub pool: Pool,
    /// Where results go.
    pub store: Store,
    /// Where documents come from.
    pub fetcher: Fetcher,
    /// The paid engine, if there is a key for it.
    pub llamaparse: Option<LlamaParse>,
    /// Which renderer makes the images.
    pub build: RendererBuild,
    /// Most pixels of a page image.
    pub max_page_pixels: u64,
    /// Largest `result.json`; beyond it elements are stored in parts.
    pub max_result_bytes: u64,
    /// This worker's name.
    pub worker: String,
    /// What is counted.
    pub metrics: Metrics,
    /// Results being put together at once: each holds one `result.json` in memory.
    pub assembling: Semaphore,
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Pages done.
    pub pages_done: u32,
    /// Pages to do.
    pub pages_total: u32,
}

impl Default for Progress {
    fn default() -> Self {
        Self { phase: Phase::Admission, pages_done: 0, pages_total: 0 }
    }
}

/// Who a job is: what every result of it says, whatever became of it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its id.
    pub job_id: JobId,
    /// Whose it is.
    pub tenant: Tenant,
    /// How it came.
    pub lane: Lane,
    /// The counted attempt, from 1.
    pub attempt: u32,
    /// The replay generation, from 0.
    pub generation: u32,
    /// Where its objects lie.
    pub keys: JobKeys,
    /// When this run began.
    pub started_at: DateTime<Utc>,
    /// How long it waited since it was published or last put off.
    pub queue_wait: Option<Duration>,
}

/// One run of a job.
#[derive(Debug)]
pub struct Run {
    /// Who it is.
    pub identity: Identity,
    /// What is asked for.
    pub job: Job,
    /// A document that is on disk already; `None`: fetch it.
    pub local_file: Option<PathBuf>,
    /// Keys that lie under the job from earlier runs.
    pub existing: Vec<String>,
    /// What an earlier run left behind.
    pub state: Option<JobState>,
    /// The time it may take.
    pub budget: Budget,
    /// Where progress is told.
    pub progress: watch::Sender<Progress>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The result, but for its elements, which wait in the spool.
    pub result: Box<ParseResult>,
    /// Parsed pages; `None` if there are none.
    pub spool: Option<Spool>,
    /// The engine's untouched answer, to be stored.
    pub raw: Option<Object>,
    /// Why a required branch has no output; the result's status is `failed` then.
    pub fault: Option<Fault>,
}

/// Runs a job. May be dropped at any point: what is stored by then is found by the next run.
///
/// # Errors
/// The fault that kept the job from having any output; [`Outcome::fault`] is for jobs that have
/// some.
pub async fn run(context: &Context, run: &Run) -> Result<Outcome, Fault> {
    let started = Instant::now();
    run.tell(Phase::Fetch, 0, 0);
    let fetched = fetch(context, run).await?;
    let fetch_time = started.elapsed();
    context.metrics.stage_took(Stage::Fetch, fetch_time);
    let opening = context.pool.open(fetched.path().to_owned(), run.job.password.clone(), run.identity.lane);
    let document = match tokio::time::timeout(run.budget.remaining(), opening).await {
        Ok(opened) => opened?,
        Err(_) => return Err(out_of_time()),
    };
    let plan = plan::Plan::new(&run.job, document.info().page_count, context.max_page_pixels)?;
    run.tell(Phase::Render, 0, plan.total());
    let work = engines::gather(context, run, &fetched, &document, &plan);
    let gathered = match tokio::time::timeout(run.budget.remaining(), work).await {
        Ok(gathered) => gathered?,
        Err(_) => return Err(out_of_time()),
    };
    run.tell(Phase::Assemble, plan.total(), plan.total());
    let facts = assemble::Facts { run, fetched: &fetched, info: document.info(), plan: &plan, fetch_time };
    Ok(assemble::outcome(context, &facts, gathered, started.elapsed()))
}

fn out_of_time() -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the job's time is used up")
}

async fn fetch(context: &Context, run: &Run) -> Result<Fetched, Fault> {
    let Some(path) = &run.local_file else {
        return context.fetcher.fetch(&run.job.source, &run.budget).await;
    };
    crate::source::hash_local_file(path.clone(), context.fetcher.limits.max_bytes)
        .await
        .map(|(size_bytes, sha256)| Fetched { file: Location::Borrowed(path.clone()), size_bytes, sha256 })
}

impl Run {
    fn tell(&self, phase: Phase, pages_done: u32, pages_total: u32) {
        self.progress.send_replace(Progress { phase, pages_done, pages_total });
    }

    /// Says whether a branch is asked for and the job fails without it.
    fn requires(&self, branch: Branch) -> bool {
        self.job.requires(branch)
    }
}

/// Shared by everything that runs jobs.
pub type SharedContext = Arc<Context>;
