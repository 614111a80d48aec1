//! What lies in storage under a job that comes, and whether it is still wanted.

use std::{cmp::Ordering, sync::Arc, time::Duration};

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    job::Job,
    keys::JobKeys,
    result::{JobStatus, Phase},
    state::JobState,
};
use tokio::time::sleep;

use super::{
    jobs::{Delivered, Jobs},
    message::{Message, Request},
};
use crate::{
    job::{Budget, Fault, next_run},
    pipeline::{
        self, Identity, Run, StateKeeper,
        existing::{self, Existing},
    },
};

/// Deliveries without an orderly end after which a message is given up, before the broker's own
/// fuse drops it without a result.
const MOST_DELIVERIES: i64 = 10;

/// What lies in storage under a job that comes (again).
pub(super) enum Found {
    /// No result that counts.
    Nothing { existing: Vec<String>, state: Option<JobState> },
    /// The job has ended.
    Ended(Existing),
    /// Another job has ended under this id.
    AnotherBody,
    /// A replay of the job is under way.
    LaterGeneration,
}

/// Says whether the last run ended in order. Storage may not have taken that word, and so the message
/// speaks first: whoever ends a run in order publishes the job again, and that message has never been
/// delivered before.
fn has_ended(state: &JobState, message: &Message) -> bool {
    state.ended || message.delivery_count() == 0
}

impl Jobs {
    /// Looks for what earlier deliveries left, and whether the job is still wanted.
    pub(super) async fn look_around<R>(&self, delivered: &Delivered<R>, request: &Request) -> Result<Found, Fault> {
        let keys = &delivered.who.keys;
        let existing = self.context.store.list(keys.folder(), Phase::Admission).await?;
        if existing.contains(&keys.result())
            && let Some(found) = existing::find(&self.context.store, keys, Phase::Admission).await?
            // The result of a message that could not be read says nothing about this one.
            && let Some(digest) = &found.request_sha256
        {
            let succeeded = found.committed.status == JobStatus::Succeeded;
            match delivered.who.generation.cmp(&found.generation) {
                // A replay may ask for something else.
                Ordering::Greater if !succeeded || delivered.who.supersedes_success => {}
                // A copy of what was replayed since asks for what was wanted then.
                Ordering::Greater | Ordering::Less => return Ok(Found::Ended(found)),
                Ordering::Equal if *digest != request.job.digest() => return Ok(Found::AnotherBody),
                Ordering::Equal => return Ok(Found::Ended(found)),
            }
        }
        if existing.contains(&keys.cancel()) {
            return Err(Fault::new(ErrorCode::Cancelled, Phase::Admission, "the job was cancelled"));
        }
        if Utc::now() >= delivered.deadline {
            return Err(Fault::new(ErrorCode::Expired, Phase::Admission, "the job's deadline has passed"));
        }
        if delivered.message.delivery_count() >= MOST_DELIVERIES {
            let message = format!("delivered {MOST_DELIVERIES} times without an orderly end");
            return Err(Fault::new(ErrorCode::AttemptsExhausted, Phase::Admission, message));
        }
        let state = if existing.contains(&keys.state()) { self.last_word(delivered).await? } else { None };
        if state.as_ref().is_some_and(|state| state.generation > delivered.who.generation) {
            return Ok(Found::LaterGeneration);
        }
        Ok(Found::Nothing { existing, state })
    }

    /// Reads what the last run noted. A broker gives a delivery to somebody else before the worker
    /// that lost it has noticed: before a job is put into quarantine, that one is given a moment to say
    /// that it did not die. Not before: where workers die one after the other, every moment counts.
    async fn last_word<R>(&self, delivered: &Delivered<R>) -> Result<Option<JobState>, Fault> {
        const A_MOMENT: Duration = Duration::from_secs(1);
        let state = self.state(&delivered.who.keys).await?;
        let is_suspected = |state: &JobState| {
            !has_ended(state, &delivered.message) && next_run(Some(state), delivered.who.generation).alone
        };
        if !state.as_ref().is_some_and(is_suspected) {
            return Ok(state);
        }
        sleep(A_MOMENT).await;
        self.state(&delivered.who.keys).await
    }

    pub(super) async fn state(&self, keys: &JobKeys) -> Result<Option<JobState>, Fault> {
        const MAX_STATE_BYTES: usize = 64 * 1024;
        let json = self.context.store.get(&keys.state(), MAX_STATE_BYTES, Phase::Admission).await?;
        // One that cannot be read is of another version: the run starts without it.
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Makes a run out of what earlier ones left. From the second one on there is a `state.json`: how
    /// the runs before ended is known even if every one of them dies. What they paid for is carried
    /// over.
    pub(super) fn prepare<R>(
        &self,
        delivered: &Delivered<R>,
        job: Job,
        existing: Vec<String>,
        earlier: Option<JobState>,
    ) -> Run {
        let (who, message) = (&delivered.who, &delivered.message);
        let is_first = existing.is_empty() && message.attempt() == 1 && message.delivery_count() == 0;
        let first = Run { existing, ..Run::first(who.clone(), job, self.budget(delivered)) };
        if is_first {
            return first;
        }
        let earlier = earlier.map(|state| JobState { ended: has_ended(&state, message), ..state });
        let state = next_run(earlier.as_ref(), who.generation);
        Run {
            external: state.external.clone(),
            one_page_at_a_time: state.alone,
            left_out: state.left_out.iter().copied().collect(),
            state: Arc::new(StateKeeper::new(who.keys.clone(), who.generation, Some(state))),
            ..first
        }
    }

    /// Starts the clock of a run, and writes down that it begins: not before, because a run that
    /// only waits cannot have killed anybody.
    pub(super) async fn begin<R>(&self, delivered: &Delivered<R>, run: Run) -> Result<Run, Fault> {
        run.state.begin(&self.context).await?;
        if run.one_page_at_a_time {
            tracing::warn!(left_out = ?run.left_out, "runs alone: earlier runs took their workers with them");
        }
        Ok(Run { identity: delivered.who.clone(), budget: self.budget(delivered), ..run })
    }

    fn budget<R>(&self, delivered: &Delivered<R>) -> Budget {
        let until_deadline = (delivered.deadline - Utc::now()).to_std().unwrap_or_default();
        let left = self.rules.timeout.saturating_sub(delivered.message.spent());
        Budget::lasting(left.min(until_deadline))
    }

    /// Deletes what a job that has ended left behind, unless a later generation of it is under way:
    /// what that one has stored is not named by this result. A cancellation marker stays: it may be
    /// meant for a replay that still waits.
    pub(super) async fn sweep_behind(&self, who: &Identity, found: &Existing) {
        match self.state(&who.keys).await {
            Ok(Some(state)) if state.generation > found.generation => {}
            Ok(_) => {
                let mut kept = found.named.clone();
                kept.insert(who.keys.cancel());
                pipeline::sweep(&self.context, &who.keys, &kept).await;
            }
            Err(fault) => tracing::warn!("leftovers of a finished job stay for now: {}", fault.chain()),
        }
    }
}
