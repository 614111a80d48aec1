//! One run of a job: fetch, then parse and images at the same time, then assemble. Nothing here
//! talks to the broker; what the run came to is committed and settled by the caller.

mod assemble;
mod carry;
mod commit;
mod engines;
pub mod existing;
mod pages;
mod plan;
mod reuse;
mod spool;
mod state;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::ErrorCode,
    job::{Branch, Job, JobId},
    keys::JobKeys,
    names::{Lane, Tenant},
    result::{ParseResult, Phase},
    state::ExternalParse,
};
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

pub use assemble::{cancelled_result, failed_result};
pub use commit::{Committed, commit, sweep};
pub use reuse::RendererBuild;
pub use spool::Spool;
pub use state::{StateKeeper, stored_state};

use crate::{
    breaker::Breaker,
    fail_point,
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
    /// How it fares.
    pub llamaparse_breaker: Breaker,
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
    /// Whether its run has begun.
    pub begun: bool,
    /// Whether it may take the place of a succeeded result of an earlier generation.
    pub supersedes_success: bool,
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
    /// What the next run will know of this one.
    pub state: Arc<StateKeeper>,
    /// What an earlier run has paid for.
    pub external: Option<ExternalParse>,
    /// Whether it runs page by page, so that it is known which one kills.
    pub one_page_at_a_time: bool,
    /// Pages that have killed before, from 1.
    pub left_out: BTreeSet<u32>,
    /// Has the run stop between two pages.
    pub pause: CancellationToken,
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

/// Why a run came to nothing.
#[derive(Debug)]
pub enum Halt {
    /// Something went wrong.
    Fault(Fault),
    /// It was told to stop between two pages.
    Paused,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Runs a job. May be dropped at any point: what is stored by then is found by the next run.
///
/// # Errors
/// [`Halt::Fault`] with what kept the job from having any output; [`Outcome::fault`] is for jobs
/// that have some. [`Halt::Paused`]: the next run continues from what is stored.
pub async fn run(context: &Context, run: &Run) -> Result<Outcome, Halt> {
    let started = Instant::now();
    run.tell(Phase::Fetch, 0, 0);
    let fetched = run.unless_paused(fetch(context, run)).await??;
    fail_point::reach("fetched");
    let fetch_time = started.elapsed();
    context.metrics.stage_took(Stage::Fetch, fetch_time);
    let opening = context.pool.open(fetched.path().to_owned(), run.job.password.clone(), run.identity.lane);
    let document = match run.unless_paused(tokio::time::timeout(run.budget.remaining(), opening)).await? {
        Ok(opened) => opened?,
        Err(_) => return Err(out_of_time().into()),
    };
    let plan = plan::Plan::new(&run.job, document.info().page_count, context.max_page_pixels)?;
    run.tell(Phase::Render, 0, plan.total());
    run.state.enter(context, Phase::Render).await?;
    let work = engines::gather(context, run, &fetched, &document, &plan);
    let gathered = match tokio::time::timeout(run.budget.remaining(), work).await {
        Ok(gathered) => gathered?,
        Err(_) => return Err(out_of_time().into()),
    };
    run.tell(Phase::Assemble, plan.total(), plan.total());
    run.state.enter(context, Phase::Assemble).await?;
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
    /// Makes the first run of a job: nothing is known of it.
    #[must_use]
    pub fn first(identity: Identity, job: Job, budget: Budget) -> Self {
        Self {
            state: Arc::new(StateKeeper::new(identity.keys.clone(), identity.generation, None)),
            identity,
            job,
            local_file: None,
            existing: Vec::new(),
            external: None,
            one_page_at_a_time: false,
            left_out: BTreeSet::new(),
            budget,
            pause: CancellationToken::new(),
            progress: watch::Sender::default(),
        }
    }

    fn tell(&self, phase: Phase, pages_done: u32, pages_total: u32) {
        self.progress.send_replace(Progress { phase, pages_done, pages_total });
    }

    /// Waits for something that cannot be stopped between two pages.
    async fn unless_paused<T>(&self, work: impl Future<Output = T>) -> Result<T, Halt> {
        // What is dropped here is begun again by the next run.
        tokio::select! {
            done = work => Ok(done),
            () = self.pause.cancelled() => Err(Halt::Paused),
        }
    }

    /// Says whether a branch is asked for and the job fails without it.
    fn requires(&self, branch: Branch) -> bool {
        self.job.requires(branch)
    }
}

/// Shared by everything that runs jobs.
pub type SharedContext = Arc<Context>;
