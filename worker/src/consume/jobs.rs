//! One job from its delivery to its settlement.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use quire_schemas::{
    event::Event,
    failure::ErrorCode,
    job::JobId,
    keys::JobKeys,
    names::{DeadKind, Lane, Tier},
    result::Phase,
};
use tokio::{
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, watch},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    admission::Found,
    ending::{Letter, Product, panicked},
    inbox::Receipt,
    lane::Handler,
    message::{Message, Request},
    registry::{Claim, Registry, Running},
    settle::{End, Settler, Unsettled, subject},
};
use crate::{
    job::{Bury, Cut, Ending, Fault, Postpone, chain},
    lifecycle::{self, Lifecycle},
    pipeline::{self, Context, Halt, Identity, Outcome, Progress, Run, StateKeeper},
    telemetry::{JobOutcome, Metrics},
};

/// Progress is told at most twice a second.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// How long a run may take to pause when the lease is over: longer than its last pages may take.
const PAUSING: Duration = Duration::from_secs(90);
/// How long a second delivery of a job waits for the first before it is put off.
const DUPLICATE_WAITS: Duration = Duration::from_secs(10);

/// Bounds of every job.
#[derive(Debug, Clone)]
pub struct JobRules {
    /// Time for one attempt.
    pub timeout: Duration,
    /// Time that one delivery is kept.
    pub lease: Duration,
    /// Counted attempts.
    pub max_attempts: u32,
    /// Deadline of a job that names none, from when it was first seen.
    pub max_age: Duration,
    /// Operator's prefix of every key.
    pub prefix: String,
}

/// Runs the jobs of one lane; one for each lane, sharing everything but the lane.
#[derive(Debug)]
pub struct Jobs {
    /// The lane.
    pub lane: Lane,
    /// What runs work with.
    pub context: Arc<Context>,
    /// How deliveries end.
    pub settler: Settler,
    /// What is running.
    pub registry: Arc<Registry>,
    /// Shared by jobs that run side by side, held alone by one that may kill the worker.
    pub company: Arc<RwLock<()>>,
    /// Bounds.
    pub rules: JobRules,
    /// How the process ends.
    pub lifecycle: Lifecycle,
    /// What is counted.
    pub metrics: Metrics,
}

/// A delivery and who it is about.
pub(super) struct Delivered<R> {
    pub(super) who: Identity,
    pub(super) message: Message,
    pub(super) receipt: R,
    pub(super) deadline: DateTime<Utc>,
    /// Until when it may be kept.
    pub(super) kept_until: Instant,
    /// What the next run will know of this one; absent until there is a run.
    pub(super) state: Option<Arc<StateKeeper>>,
}

impl<R: Receipt> Handler<R> for Jobs {
    async fn handle(self: Arc<Self>, message: Message, receipt: R, lease: CancellationToken) -> Result<(), ()> {
        if !receipt.is_ours() {
            return Ok(());
        }
        let _counted = self.metrics.job_in_flight(self.lane);
        match self.admit(message, receipt, &lease).await {
            Ok(()) => Ok(()),
            // Whatever was ours comes again; only a delivery that is lost while its session lives
            // means that the session does not.
            Err(error) if lease.is_cancelled() => {
                tracing::info!(%error, "a lost delivery will come again");
                Ok(())
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "a delivery could not be settled; its session is given up");
                Err(())
            }
        }
    }

    async fn give_back(self: Arc<Self>, message: Message, receipt: R) -> Result<(), ()> {
        let settled = match message.decode() {
            Ok(request) => {
                let who = self.identity(request.job_id, &message);
                self.settler.release(&who, &message, receipt).await
            }
            // Nobody can begin to work on it, here or elsewhere.
            Err(fault) => self.bury_undecodable(message, receipt, &fault).await,
        };
        settled.map_err(|error| tracing::warn!(error = %chain(&error), "a delivery could not be given back"))
    }
}

impl Jobs {
    fn identity(&self, job_id: JobId, message: &Message) -> Identity {
        let tenant = message.tenant();
        let waited = message.waiting_since().and_then(|since| (Utc::now() - since).to_std().ok());
        Identity {
            job_id,
            keys: JobKeys::new(&self.rules.prefix, &tenant, &job_id),
            tenant,
            lane: self.lane,
            attempt: message.attempt(),
            generation: message.generation(),
            begun: false,
            supersedes_success: message.is_forced(),
            started_at: Utc::now(),
            queue_wait: waited,
        }
    }

    async fn admit<R: Receipt>(
        &self,
        message: Message,
        receipt: R,
        lease: &CancellationToken,
    ) -> Result<(), Unsettled> {
        let kept_until = Instant::now() + self.rules.lease;
        let request = match message.decode() {
            Ok(request) => request,
            Err(fault) => return self.bury_undecodable(message, receipt, &fault).await,
        };
        let who = self.identity(request.job_id, &message);
        let running = loop {
            match self.registry.claim(&who.tenant, who.job_id, self.lane) {
                Claim::Ours(running) => break running,
                // The same job a second time in this process: whoever came first does the work.
                // What has become of it is then found in storage, like after any redelivery.
                // Waiting long would hold a permit that other jobs could use.
                Claim::Theirs(ended) => tokio::select! {
                    () = ended.cancelled() => {}
                    () = lease.cancelled() => return Ok(()),
                    () = self.lifecycle.stop.cancelled() => return self.settler.release(&who, &message, receipt).await,
                    () = sleep(DUPLICATE_WAITS) => return self.put_duplicate_off(&who, &message, receipt).await,
                },
            }
        };
        let span = tracing::info_span!("job", job.id = %who.job_id, tenant = %who.tenant, lane = %who.lane, attempt = who.attempt, generation = who.generation);
        let own_deadline = message.first_seen() + self.rules.max_age;
        let deadline = request.job.deadline.map_or(own_deadline, |asked| asked.min(own_deadline));
        let delivered = Delivered { who, message, receipt, deadline, kept_until, state: None };
        tracing::Instrument::instrument(self.work(delivered, request, &running, lease), span).await
    }

    async fn put_duplicate_off(
        &self,
        who: &Identity,
        message: &Message,
        receipt: impl Receipt,
    ) -> Result<(), Unsettled> {
        let busy = Fault::new(ErrorCode::Internal, Phase::Admission, "another delivery of this job is being worked on");
        self.metrics.job_left(self.lane, JobOutcome::Parked);
        let later = Postpone { tier: Tier::S30, attempt: who.attempt };
        self.settler.postpone(who, message, &busy, later, receipt).await
    }

    async fn bury_undecodable<R: Receipt>(&self, message: Message, receipt: R, fault: &Fault) -> Result<(), Unsettled> {
        // Without an id of its own the letter is known by an id made here; there is no result.
        let known = message.job_id_of_property();
        let who = self.identity(known.unwrap_or_else(JobId::generate), &message);
        tracing::warn!(job.id = %who.job_id, code = %fault.code, "buried unread: {}", fault.chain());
        let bury = Bury { kind: DeadKind::Invalid, exhausted: false, code: fault.code };
        self.settler.dead_letter(&who, &message, fault, bury, &receipt).await?;
        self.metrics.job_left(self.lane, JobOutcome::Buried);
        if known.is_none() {
            return self.settler.forget(receipt).await;
        }
        let found = self.context.store.list(who.keys.folder(), Phase::Admission).await;
        let (deadline, kept_until) = (Utc::now(), Instant::now());
        let delivered = Delivered { deadline, kept_until, who, message, receipt, state: None };
        match found {
            // Somebody's job, under way or ended, must not give way to a message that cannot be read.
            Ok(objects) if !objects.is_empty() => self.settler.forget(delivered.receipt).await,
            Ok(_) => {
                let result = pipeline::failed_result(&self.settler.worker, &delivered.who, None, fault);
                self.end_with(delivered, result.into(), Letter::Written).await
            }
            Err(unknown) => self.end_without_result(delivered, unknown, Letter::Written).await,
        }
    }

    async fn work<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        request: Request,
        running: &Running,
        lease: &CancellationToken,
    ) -> Result<(), Unsettled> {
        let found = tokio::select! {
            found = self.look_around(&delivered, &request) => found,
            // Storage may take its time to answer.
            ending = self.interruption(running, lease) => {
                return self.conclude(delivered, Some(&request.job), ending, Product::Nothing).await;
            }
        };
        match found {
            Ok(Found::Nothing { existing, state }) => {
                let run = self.prepare(&delivered, request.job, existing, state);
                self.run(delivered, run, running, lease).await
            }
            Ok(Found::Ended(found)) => {
                tracing::info!(status = %found.committed.status, "already done; announced again");
                self.metrics.job_left(self.lane, JobOutcome::Repeated);
                self.sweep_behind(&delivered.who, &found).await;
                let end = End::from(&found.committed);
                self.settler.done(&delivered.who, &delivered.message, end, delivered.receipt).await
            }
            Ok(Found::LaterGeneration) => {
                tracing::info!("a replay of the job is under way; what it replaces is not begun again");
                self.metrics.job_left(self.lane, JobOutcome::Repeated);
                self.settler.forget(delivered.receipt).await
            }
            Ok(Found::Bystander) => {
                tracing::warn!("other jobs have ended its workers; it goes back with a fresh count");
                self.metrics.job_left(self.lane, JobOutcome::Released);
                self.settler.release(&delivered.who, &delivered.message, delivered.receipt).await
            }
            Err(fault) => self.conclude(delivered, Some(&request.job), fault.into(), Product::Nothing).await,
        }
    }

    async fn run<R: Receipt>(
        &self,
        mut delivered: Delivered<R>,
        run: Run,
        running: &Running,
        lease: &CancellationToken,
    ) -> Result<(), Unsettled> {
        let job = run.job.clone();
        // Cancel safe: whoever waits for a lock loses its place in the queue, and nothing else.
        let company = tokio::select! {
            biased;
            // Taken before the word to stop, and not begun.
            () = self.lifecycle.drain.cancelled() => Err(Ending::Unfinished(Cut::Stopping)),
            company = keep_company(&self.company, run.one_page_at_a_time) => Ok(company),
            ending = self.interruption(running, lease) => Err(ending),
            () = sleep_until(delivered.kept_until) => Err(Ending::Unfinished(Cut::LeaseOver)),
        };
        // The attempt's time begins here: waiting for others is not its own doing.
        delivered.who.started_at = Utc::now();
        let _company = match company {
            Ok(company) => company,
            Err(ending) => return self.conclude(delivered, Some(&job), ending, Product::Nothing).await,
        };
        let run = match self.begin(&delivered, run).await {
            Ok(run) => run,
            Err(fault) => return self.conclude(delivered, Some(&job), fault.into(), Product::Nothing).await,
        };
        delivered.who.begun = true;
        delivered.state = Some(Arc::clone(&run.state));
        let worker = self.settler.worker.clone();
        self.settler.tell(&Event::Started { subject: subject(&delivered.who), worker }).await;
        match self.supervise(run, running, lease, delivered.kept_until).await {
            Ok(outcome) => self.finish(delivered, &job, outcome).await,
            Err(ending) => self.conclude(delivered, Some(&job), ending, Product::Nothing).await,
        }
    }

    /// Runs the pipeline on a task of its own, so that a panic in it still settles the job, and
    /// tells of its progress.
    async fn supervise(
        &self,
        run: Run,
        running: &Running,
        lease: &CancellationToken,
        kept_until: Instant,
    ) -> Result<Outcome, Ending> {
        let (context, who, mut progress) = (Arc::clone(&self.context), run.identity.clone(), run.progress.subscribe());
        let pause = run.pause.clone();
        let mut task = AbortOnDrop(lifecycle::spawn(tracing::Instrument::in_current_span(async move {
            pipeline::run(&context, &run).await
        })));
        let telling = self.tell_progress(&who, &mut progress);
        let lease_over = async {
            sleep_until(kept_until).await;
            tracing::info!("the lease is over; the run stops between two pages");
            pause.cancel();
            sleep(PAUSING).await;
        };
        // Cancel safe: the task goes on while it is polled by reference, and is aborted when this
        // function is left.
        let ending = tokio::select! {
            ended = &mut task.0 => return match ended {
                Ok(Ok(outcome)) => Ok(outcome),
                Ok(Err(Halt::Fault(fault))) => Err(Ending::Failed(fault)),
                Ok(Err(Halt::Paused)) => Err(Ending::Unfinished(Cut::LeaseOver)),
                Err(error) => Err(Ending::Failed(panicked(error))),
            },
            ending = self.interruption(running, lease) => ending,
            () = lease_over => Ending::Unfinished(Cut::LeaseOver),
            () = telling => unreachable!("progress is told for as long as there is any"),
        };
        // Awaited, so that no upload of this run lands after what is done next.
        task.0.abort();
        let _ = (&mut task.0).await;
        Err(ending)
    }

    /// Waits until something other than the job's own work ends the run.
    async fn interruption(&self, running: &Running, lease: &CancellationToken) -> Ending {
        // Cancel safe: all of them only wait.
        tokio::select! {
            () = running.cancelled() => Fault::new(ErrorCode::Cancelled, Phase::Render, "the job was cancelled").into(),
            () = self.lifecycle.stop.cancelled() => Ending::Unfinished(Cut::Stopping),
            () = lease.cancelled() => Ending::Unfinished(Cut::Fenced),
        }
    }

    async fn tell_progress(&self, who: &Identity, progress: &mut watch::Receiver<Progress>) {
        loop {
            if progress.changed().await.is_err() {
                return std::future::pending().await;
            }
            let Progress { phase, pages_done, pages_total } = progress.borrow_and_update().clone();
            self.settler.tell(&Event::Progress { subject: subject(who), phase, pages_done, pages_total }).await;
            sleep_until(Instant::now() + PROGRESS_EVERY).await;
        }
    }
}

/// Waits until a run may begin beside the others, or alone. Cancel safe: whoever waits for a lock
/// loses its place in the queue, and nothing else.
async fn keep_company(company: &RwLock<()>, alone: bool) -> Company<'_> {
    if alone {
        Company::Alone { _guard: company.write().await }
    } else {
        Company::Shared { _guard: company.read().await }
    }
}

enum Company<'a> {
    Shared { _guard: RwLockReadGuard<'a, ()> },
    Alone { _guard: RwLockWriteGuard<'a, ()> },
}

/// Work that nobody waits for any more stops.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
