//! How a job ends: with its result, later, or in the dead queue.

use std::sync::Arc;

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    job::Job,
    names::{DeadKind, Tier},
    result::{JobStatus, Phase},
};

use super::{
    inbox::Receipt,
    jobs::{Delivered, Jobs},
    settle::{End, Unsettled, exhausted},
};
use crate::{
    job::{Bury, Circumstances, Fault, Postpone, Settlement, settle},
    lifecycle,
    pipeline::{self, Committed, Identity, Outcome},
    telemetry::JobOutcome,
};

impl Jobs {
    /// The run has output: commit it, unless a required branch may still succeed later.
    pub(super) async fn finish<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        job: &Job,
        mut outcome: Outcome,
    ) -> Result<(), Unsettled> {
        match outcome.fault.take() {
            Some(fault) => self.settle_fault(delivered, Some(job), fault, Some(outcome)).await,
            None => match self.commit(&delivered, outcome).await {
                Ok(committed) => {
                    tracing::info!(status = %committed.status, pages = committed.pages, elements = committed.elements, "done");
                    self.metrics.job_left(self.lane, outcome_of(&committed.status));
                    self.settler
                        .done(&delivered.who, &delivered.message, End::from(&committed), delivered.receipt)
                        .await
                }
                Err(fault) => self.settle_fault(delivered, Some(job), fault, None).await,
            },
        }
    }

    /// Commits on a tracked task: neither cancellation nor shutdown may cut it in half.
    pub(super) async fn commit<R>(&self, delivered: &Delivered<R>, outcome: Outcome) -> Result<Committed, Fault> {
        let (context, keys) = (Arc::clone(&self.context), delivered.who.keys.clone());
        let task = lifecycle::spawn(async move { pipeline::commit(&context, &keys, outcome).await });
        task.await.unwrap_or_else(|error| Err(panicked(error)))
    }

    /// Decides where the job goes and takes it there. `partial` is what there is to show for it.
    pub(super) async fn settle_fault<R: Receipt>(
        &self,
        delivered: Delivered<R>,
        job: Option<&Job>,
        fault: Fault,
        partial: Option<Outcome>,
    ) -> Result<(), Unsettled> {
        let at = Circumstances {
            attempt: delivered.who.attempt,
            max_attempts: self.rules.max_attempts,
            deadline: delivered.deadline,
            now: Utc::now(),
        };
        let settlement = settle(&fault, at);
        tracing::warn!(code = %fault.code, ?settlement, "{}", fault.chain());
        match settlement {
            Settlement::Postpone(postpone) => {
                let counted = postpone.attempt > delivered.who.attempt;
                self.metrics.job_left(self.lane, if counted { JobOutcome::Retried } else { JobOutcome::Parked });
                self.settler.postpone(&delivered.who, &delivered.message, &fault, postpone, delivered.receipt).await
            }
            Settlement::Cancel => {
                self.metrics.job_left(self.lane, JobOutcome::Cancelled);
                let result = pipeline::cancelled_result(&self.settler.worker, &delivered.who, job);
                self.end_with(delivered, result.into(), Letter::None).await
            }
            Settlement::Bury(bury) => {
                self.metrics.job_left(self.lane, JobOutcome::Buried);
                let Delivered { who, message, receipt, .. } = &delivered;
                self.settler.dead_letter(who, message, &fault, bury, receipt).await?;
                let outcome = self.burial(who, job, &fault, bury, partial);
                self.end_with(delivered, outcome, Letter::Written).await
            }
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
        partial: Option<Outcome>,
    ) -> Outcome {
        let mut outcome =
            partial.unwrap_or_else(|| pipeline::failed_result(&self.settler.worker, who, job, fault).into());
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

    /// Stores a result that is not a success, announces it and acks.
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
        let Delivered { who, message, receipt, deadline } = delivered;
        let may_pass = fault.code == ErrorCode::StorageUnavailable && Utc::now() + Tier::S30.delay() < deadline;
        let later = Postpone { tier: Tier::S30, attempt: who.attempt };
        match (letter, may_pass) {
            (Letter::Written, true) => self.settler.postpone_buried(&who, &message, &fault, later, receipt).await,
            (Letter::None, true) => self.settler.postpone(&who, &message, &fault, later, receipt).await,
            (letter, false) => {
                if letter == Letter::None {
                    let bury = Bury { kind: DeadKind::Failed, exhausted: false, code: fault.code };
                    self.settler.dead_letter(&who, &message, &fault, bury, &receipt).await?;
                }
                let code = Some(fault.code.as_str().to_owned());
                let end = End { status: JobStatus::Failed, result: None, code };
                self.settler.done(&who, &message, end, receipt).await
            }
        }
    }
}

/// Whether a job that ends has its dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    Written,
    None,
}

fn outcome_of(status: &JobStatus) -> JobOutcome {
    match status {
        JobStatus::Succeeded => JobOutcome::Succeeded,
        _ => JobOutcome::PartialSuccess,
    }
}

/// A task of the worker that did not end in order.
pub(super) fn panicked(error: tokio::task::JoinError) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Render, "the job met a defect of the worker").because(error)
}
