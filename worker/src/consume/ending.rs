//! How a job ends: with its result, later, or in the dead queue.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    job::Job,
    names::{DeadKind, Tier},
    result::{JobStatus, Phase},
};
use tokio::time::timeout;

use super::{
    inbox::Receipt,
    jobs::{Delivered, Jobs},
    settle::{End, Unsettled, exhausted},
};
use crate::{
    job::{Bury, Circumstances, Ending, Fault, Postpone, Settlement, decide},
    lifecycle,
    pipeline::{self, Committed, Identity, Outcome, existing},
    telemetry::JobOutcome,
};

/// Long enough for a store that is well: on the way out nobody should wait for one that is not.
const NOTING: Duration = Duration::from_secs(2);
/// How long a delivery that is lost may keep its permit.
const TIDYING: Duration = Duration::from_secs(10);

impl Jobs {
    /// The run has output: commit it, unless a required branch may still succeed later.
    pub(super) async fn finish<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        job: &Job,
        mut outcome: Outcome,
    ) -> Result<(), Unsettled> {
        let (ending, product) = match outcome.fault.take() {
            Some(fault) => (fault.into(), Product::Partial(outcome)),
            None => match self.commit(&delivered, outcome).await {
                Ok(committed) => (Ending::Done, Product::Stored(committed)),
                Err(fault) => (fault.into(), Product::Nothing),
            },
        };
        self.conclude(delivered, Some(job), ending, product).await
    }

    /// Commits on a tracked task: neither cancellation nor shutdown may cut it in half.
    pub(super) async fn commit<R>(&self, delivered: &Delivered<R>, outcome: Outcome) -> Result<Committed, Fault> {
        let (context, who) = (Arc::clone(&self.context), delivered.who.clone());
        let committing = async move { pipeline::commit(&context, &who, outcome).await };
        let task = lifecycle::spawn(tracing::Instrument::in_current_span(committing));
        task.await.unwrap_or_else(|error| Err(panicked(error)))
    }

    /// Decides where the job goes and takes it there.
    pub(super) async fn conclude<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        job: Option<&Job>,
        ending: Ending,
        product: Product,
    ) -> Result<(), Unsettled> {
        let at = Circumstances {
            attempt: delivered.who.attempt,
            max_attempts: self.rules.max_attempts,
            deadline: delivered.deadline,
            now: Utc::now(),
        };
        let settlement = decide(&ending, at);
        match &ending {
            Ending::Failed(fault) => tracing::warn!(code = %fault.code, ?settlement, "{}", fault.chain()),
            Ending::Unfinished(cut) => tracing::info!(?cut, ?settlement, "unfinished"),
            Ending::Done => {}
        }
        self.metrics.job_left(self.lane, counted_as(settlement, &product));
        match (settlement, ending, product) {
            (Settlement::Done, _, Product::Stored(committed)) => self.announce(delivered, &committed).await,
            (Settlement::Retry(next) | Settlement::Park(next), Ending::Failed(fault), _) => {
                self.end_state(&delivered).await;
                self.settler.postpone(&delivered.who, &delivered.message, &fault, next, delivered.receipt).await
            }
            (Settlement::Cancel, ..) => {
                self.cancel_elsewhere(&delivered).await;
                let result = pipeline::cancelled_result(&self.settler.worker, &delivered.who, job);
                self.end_with(delivered, result.into(), Letter::None).await
            }
            (Settlement::Bury(bury), Ending::Failed(fault), product) => {
                let Delivered { who, message, receipt, .. } = &delivered;
                self.settler.dead_letter(who, message, &fault, bury, receipt).await?;
                let outcome = self.burial(who, job, &fault, bury, product);
                self.end_with(delivered, outcome, Letter::Written).await
            }
            (Settlement::Release, ..) => {
                self.end_state(&delivered).await;
                self.settler.release(&delivered.who, &delivered.message, delivered.receipt).await
            }
            (Settlement::LetGo, ..) => {
                let _ = timeout(TIDYING, self.leave_to_others(&delivered)).await;
                Ok(())
            }
            (Settlement::Done | Settlement::Retry(_) | Settlement::Park(_) | Settlement::Bury(_), ..) => {
                unreachable!("only what is stored is done, and only a fault is put off or buried")
            }
        }
    }

    async fn announce<R: Receipt>(&self, delivered: Delivered<R>, committed: &Committed) -> Result<(), Unsettled> {
        let Committed { status, pages, elements, .. } = committed;
        tracing::info!(%status, pages, elements, "done");
        self.settler.done(&delivered.who, &delivered.message, End::from(committed), delivered.receipt).await
    }

    /// Lets the next run know that this one did not die. If that cannot be stored soon, the next run
    /// is more careful than it need be.
    async fn end_state<R>(&self, delivered: &Delivered<R>) {
        let Some(state) = &delivered.state else { return };
        match timeout(NOTING, state.end(&self.context)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::warn!("the end of a run is not noted: {}", fault.chain()),
            Err(_) => tracing::warn!("the end of a run is not noted: storage takes too long"),
        }
    }

    /// The same for a delivery that somebody else may have by now: what they wrote since must stay,
    /// and if they have ended the job, what this run has stored since then must not.
    async fn leave_to_others<R>(&self, delivered: &Delivered<R>) {
        let who = &delivered.who;
        let ours = match &delivered.state {
            Some(state) => state.state().await,
            None => None,
        };
        let theirs = self.state(&who.keys).await;
        if let (Some(ours), Ok(Some(theirs))) = (ours, theirs)
            && (ours.run, ours.generation) == (theirs.run, theirs.generation)
        {
            self.end_state(delivered).await;
        }
        match existing::find(&self.context.store, &who.keys, Phase::Settle).await {
            Ok(Some(found)) if found.committed.generation >= who.generation => self.sweep_behind(who, &found).await,
            _ => {}
        }
    }

    /// Stops paid work that nobody waits for any more.
    async fn cancel_elsewhere<R>(&self, delivered: &Delivered<R>) {
        let Some(engine) = &self.context.llamaparse else { return };
        let state = match &delivered.state {
            Some(state) => state.state().await,
            None => self.state(&delivered.who.keys).await.unwrap_or_default(),
        };
        let Some(job_id) = state.and_then(|state| state.external?.job_id) else { return };
        match engine.cancel(&job_id).await {
            Ok(()) => tracing::info!(external_job_id = job_id, "the external parse is cancelled"),
            Err(fault) => tracing::warn!(external_job_id = job_id, "it is not cancelled: {}", fault.chain()),
        }
    }

    /// Makes the result that goes with a dead letter: what there is to show, and why it is not
    /// more. The fault that decided comes first.
    pub(super) fn burial(
        &self,
        who: &Identity,
        job: Option<&Job>,
        fault: &Fault,
        bury: Bury,
        product: Product,
    ) -> Outcome {
        let mut outcome = match product {
            Product::Partial(partial) => partial,
            _ => pipeline::failed_result(&self.settler.worker, who, job, fault).into(),
        };
        // What decided comes first, whatever else there is to report.
        let decisive = fault.code.as_str();
        outcome.result.errors.sort_by_key(|error| error.code != decisive);
        if bury.code != fault.code {
            let why = Fault::new(bury.code, Phase::Settle, "the next attempt would come after the deadline");
            outcome.result.errors.insert(0, why.to_job_error(None));
        }
        if bury.exhausted {
            outcome.result.errors.push(exhausted(who.attempt).to_job_error(None));
        }
        outcome
    }

    /// Stores a result that is not a success, announces it and acks. Under an id that belongs to another
    /// body's result there is nothing to store or to announce: the dead letter is all there is.
    pub(super) async fn end_with<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        outcome: Outcome,
        letter: Letter,
    ) -> Result<(), Unsettled> {
        match self.commit(&delivered, outcome).await {
            Ok(committed) => {
                self.settler.done(&delivered.who, &delivered.message, End::from(&committed), delivered.receipt).await
            }
            Err(fault) if fault.code == ErrorCode::InvalidJob => {
                self.complete_letter(&delivered, letter, &fault, DeadKind::Invalid).await?;
                self.settler.forget(delivered.receipt).await
            }
            Err(fault) => self.end_without_result(delivered, fault, letter).await,
        }
    }

    /// The end of a job could not be stored. While storage is merely out of reach the job waits,
    /// until its deadline; otherwise its dead letter, with the cause, is all that is left of it.
    pub(super) async fn end_without_result<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        fault: Fault,
        letter: Letter,
    ) -> Result<(), Unsettled> {
        tracing::error!(code = %fault.code, "the end of a job could not be stored: {}", fault.chain());
        self.end_state(&delivered).await;
        let may_pass =
            fault.code == ErrorCode::StorageUnavailable && Utc::now() + Tier::S30.delay() < delivered.deadline;
        if !may_pass {
            self.complete_letter(&delivered, letter, &fault, DeadKind::Failed).await?;
        }
        let Delivered { who, message, receipt, .. } = delivered;
        let later = Postpone { tier: Tier::S30, attempt: who.attempt };
        match (letter, may_pass) {
            (Letter::Written, true) => self.settler.postpone_buried(&who, &message, &fault, later, receipt).await,
            (Letter::None, true) => self.settler.postpone(&who, &message, &fault, later, receipt).await,
            (_, false) => {
                let code = Some(fault.code.as_str().to_owned());
                let end = End { generation: who.generation, status: JobStatus::Failed, result: None, code };
                self.settler.done(&who, &message, end, receipt).await
            }
        }
    }

    /// Writes the dead letter of a job that ends without a result, unless it is written already.
    async fn complete_letter<R: Receipt>(
        &self,
        delivered: &Delivered<R>,
        letter: Letter,
        fault: &Fault,
        kind: DeadKind,
    ) -> Result<(), Unsettled> {
        if letter == Letter::Written {
            return Ok(());
        }
        let bury = Bury { kind, exhausted: false, code: fault.code };
        let Delivered { who, message, receipt, .. } = delivered;
        self.settler.dead_letter(who, message, fault, bury, receipt).await
    }
}

/// Whether a job that ends has its dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    Written,
    None,
}

/// What there is to show for a run.
pub(super) enum Product {
    /// Nothing.
    Nothing,
    /// A required branch has failed; this is the rest.
    Partial(Outcome),
    /// A result in storage.
    Stored(Committed),
}

fn counted_as(settlement: Settlement, product: &Product) -> JobOutcome {
    match (settlement, product) {
        (Settlement::Done, Product::Stored(Committed { status: JobStatus::Succeeded, .. })) => JobOutcome::Succeeded,
        (Settlement::Done, _) => JobOutcome::PartialSuccess,
        (Settlement::Retry(_), _) => JobOutcome::Retried,
        (Settlement::Park(_), _) => JobOutcome::Parked,
        (Settlement::Bury(_), _) => JobOutcome::Buried,
        (Settlement::Cancel, _) => JobOutcome::Cancelled,
        (Settlement::Release | Settlement::LetGo, _) => JobOutcome::Released,
    }
}

/// A task of the worker that did not end in order.
pub(super) fn panicked(error: tokio::task::JoinError) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the job met a defect of the worker").because(error)
}
