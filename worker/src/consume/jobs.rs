//! One job from its delivery to its settlement.

use std::{convert::Infallible, sync::Arc, time::Duration};

use quire_schemas::{event::Event, failure::ErrorCode, result::Phase};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{
    admission::{Admission, Previous},
    announcer::subject,
    delivered::{Delivered, Ending, JobRules},
    ending::Endings,
    inbox::Receipt,
    isolation::{Isolation, Turn},
    lane::Handler,
    message::Message,
    registry::{Registry, Running},
    settle::{Settler, Unsettled},
    shares::Shares,
};
use crate::{
    job::{Cut, Fault, chain},
    lifecycle::{self, Lifecycle},
    pipeline::{self, Context, Halt, Identity, Progress, Run, RunOutput},
};

/// Progress is told at most twice a second.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);
/// How long a run may take to pause when the lease is over: a page in hand is drawn at most twice, 30 s each by
/// default, and its image is then uploaded.
const PAUSE_TIMEOUT: Duration = Duration::from_secs(90);

/// How long the settlement of a delivery takes, but for a broker or a store that is slow.
const SETTLING: Duration = Duration::from_millis(250);

/// Runs the jobs of every lane.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(super) registry: Arc<Registry>,
    pub(super) lifecycle: Lifecycle,
    shares: Shares,
    context: Arc<Context>,
    admission: Admission,
    endings: Endings,
    isolation: Isolation,
}

impl<R: Receipt> Handler<R> for Jobs {
    async fn handle(self: Arc<Self>, message: Message, receipt: R, lease: CancellationToken) -> Result<(), ()> {
        // A delivery of a lost session may come out late.
        if !receipt.is_ours() {
            return Ok(());
        }
        let _counted = self.context.metrics.job_in_flight(message.lane);
        let settled = match Delivered::read(message, receipt, self.rules()) {
            (delivered, None) => self.work(delivered, &lease).await,
            (delivered, Some(ending)) => self.conclude_unclaimed(delivered, ending).await,
        };
        match settled {
            Ok(()) => Ok(()),
            // The broker gives every delivery of a lost session again. Only a delivery that is lost while its session
            // lives means that the session is broken.
            Err(error) if lease.is_cancelled() => {
                tracing::info!(%error, "a lost delivery will come again");
                Ok(())
            }
            Err(error) => {
                tracing::error!(error = %chain(&error), "a delivery could not be settled; its session ends");
                Err(())
            }
        }
    }

    async fn give_back(self: Arc<Self>, message: Message, receipt: R) -> Result<(), ()> {
        let (delivered, ending) = Delivered::read(message, receipt, self.rules());
        // A message that cannot be read is buried at once: no other worker could read it either.
        let ending = ending.unwrap_or(Ending::Unfinished(Cut::NotBegun));
        self.conclude_unclaimed(delivered, ending)
            .await
            .map_err(|error| tracing::warn!(error = %chain(&error), "a delivery could not be given back"))
    }
}

impl Jobs {
    pub(crate) fn new(
        context: Arc<Context>,
        settler: Settler,
        registry: Arc<Registry>,
        (rules, shares): (JobRules, Shares),
        lifecycle: Lifecycle,
    ) -> Self {
        let endings = Endings { context: Arc::clone(&context), settler, max_attempts: rules.max_attempts };
        let admission = Admission { context: Arc::clone(&context), rules };
        Self { registry, lifecycle, shares, context, admission, endings, isolation: Isolation::default() }
    }

    const fn rules(&self) -> &JobRules {
        &self.admission.rules
    }

    /// Ends a delivery whose job is not claimed. Its lines are no part of the log of a job that runs here.
    async fn conclude_unclaimed<R: Receipt>(&self, delivered: Delivered<R>, ending: Ending) -> Result<(), Unsettled> {
        let Identity { job_id, lane, .. } = &*delivered.identity;
        let span = tracing::info_span!("message", job.id = %job_id, lane = %lane);
        self.endings.conclude(delivered, ending).instrument(span).await
    }

    /// Claims the job and works on it. The first delivery of it in this process does the work. A second one is put off
    /// and then finds the result in storage, like after any redelivery: it holds no permit that other jobs could use.
    async fn work<R: Receipt>(&self, delivered: Delivered<R>, lease: &CancellationToken) -> Result<(), Unsettled> {
        let Identity { job_id, tenant, lane, .. } = &*delivered.identity;
        let Some(_share) = self.shares.take(*lane, tenant) else {
            self.shares.turn_to_put_off().await;
            return self.conclude_unclaimed(delivered, Ending::BeyondShare).await;
        };
        let running = match self.registry.claim(tenant, *job_id, *lane) {
            // A job that has just gone back comes again before its first delivery is quite settled.
            Err(ended) if timeout(SETTLING, ended.cancelled()).await.is_ok() => {
                self.registry.claim(tenant, *job_id, *lane)
            }
            claimed => claimed,
        };
        let Ok(running) = running else {
            return self.conclude_unclaimed(delivered, Ending::Duplicate).await;
        };
        let Identity { job_id, tenant, lane, attempt, generation, .. } = &*delivered.identity;
        let span = tracing::info_span!("job", job.id = %job_id, tenant = %tenant, lane = %lane, attempt, generation);
        self.work_claimed(delivered, &running, lease).instrument(span).await
    }

    async fn work_claimed<R: Receipt>(
        &self,
        mut delivered: Delivered<R>,
        running: &Running,
        lease: &CancellationToken,
    ) -> Result<(), Unsettled> {
        // Cancel safe: admission only reads and sweeps.
        let admitted = tokio::select! {
            admitted = self.admission.admit(&delivered) => admitted,
            ending = self.interruption(running, lease) => Err(ending),
        };
        let previous = match admitted {
            Ok(previous) => previous,
            Err(ending) => return self.endings.conclude(delivered, ending).await,
        };
        if let Some(generation) = previous.raised_to() {
            tracing::warn!(
                generation,
                "a later generation of the job has left no result; this message takes its place"
            );
            delivered.identity = Arc::new(Identity { generation, ..(*delivered.identity).clone() });
        }
        let turn = self.wait_for_turn(&delivered, &previous, running, lease).await;
        delivered.start_clock();
        // Held until the delivery is settled.
        let _turn = match turn {
            Ok(turn) => turn,
            Err(ending) => return self.endings.conclude(delivered, ending).await,
        };
        let ending = self.run(&mut delivered, previous, running, lease).await;
        self.endings.conclude(delivered, ending).await
    }

    async fn wait_for_turn<R: Receipt>(
        &self,
        delivered: &Delivered<R>,
        previous: &Previous,
        running: &Running,
        lease: &CancellationToken,
    ) -> Result<Turn<'_>, Ending> {
        let turn = async {
            if previous.is_dangerous() { self.isolation.alone().await } else { self.isolation.beside_others().await }
        };
        // Cancel safe: only the place in the queue for a turn is lost.
        tokio::select! {
            biased;
            // Delivered before the drain, not started yet.
            () = self.lifecycle.drain.cancelled() => Err(Ending::Unfinished(Cut::Stopping)),
            turn = turn => Ok(turn),
            ending = self.interruption(running, lease) => Err(ending),
            () = sleep_until(delivered.kept_until) => Err(Ending::Unfinished(Cut::LeaseOver)),
        }
    }

    async fn run<R: Receipt>(
        &self,
        delivered: &mut Delivered<R>,
        previous: Previous,
        running: &Running,
        lease: &CancellationToken,
    ) -> Ending {
        let run = match self.admission.begin(delivered, previous).await {
            Ok(run) => run,
            Err(fault) => return fault.into(),
        };
        (delivered.begun, delivered.state) = (true, Some(Arc::clone(&run.state)));
        let announcer = &self.endings.settler.announcer;
        let started = Event::Started { subject: subject(&delivered.identity), worker: announcer.worker.clone() };
        announcer.tell(&started).await;
        match self.supervise(run, delivered.kept_until, running, lease).await {
            Ok(output) => self.endings.finish(delivered, output).await,
            Err(ending) => ending,
        }
    }

    /// Runs the pipeline on a task of its own, so that a panic in it still settles the job, and tells of its
    /// progress.
    async fn supervise(
        &self,
        run: Run,
        kept_until: Instant,
        running: &Running,
        lease: &CancellationToken,
    ) -> Result<RunOutput, Ending> {
        let (identity, pause) = (Arc::clone(&run.identity), run.pause.clone());
        let mut progress = run.progress.subscribe();
        let context = Arc::clone(&self.context);
        let work = async move { pipeline::run(&context, &run).await };
        let mut task = AbortOnDrop(lifecycle::spawn(work.in_current_span()));
        let lease_over = async {
            sleep_until(kept_until).await;
            tracing::info!("the lease is over; the run stops between two pages");
            pause.cancel();
            sleep(PAUSE_TIMEOUT).await;
        };
        // Cancel safe: the task goes on while it is polled by reference, and is aborted when this function is left.
        let ending = tokio::select! {
            ended = &mut task.0 => return match ended {
                Ok(Ok(output)) => Ok(output),
                Ok(Err(Halt::Fault(fault))) => Err(fault.into()),
                Ok(Err(Halt::Paused)) => Err(Ending::Unfinished(Cut::LeaseOver)),
                Err(error) => Err(pipeline::panicked(error).into()),
            },
            ending = self.interruption(running, lease) => ending,
            () = lease_over => Ending::Unfinished(Cut::LeaseOver),
            never = self.tell_progress(&identity, &mut progress) => match never {},
        };
        // Awaited, so that no upload of this run lands after its settlement.
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

    async fn tell_progress(&self, identity: &Identity, progress: &mut watch::Receiver<Progress>) -> Infallible {
        loop {
            if progress.changed().await.is_err() {
                return std::future::pending().await;
            }
            let Progress { phase, pages_done, pages_total } = progress.borrow_and_update().clone();
            let event = Event::Progress { subject: subject(identity), phase, pages_done, pages_total };
            self.endings.settler.announcer.tell(&event).await;
            sleep(PROGRESS_INTERVAL).await;
        }
    }
}

/// Stops its task when it is no longer waited for.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
