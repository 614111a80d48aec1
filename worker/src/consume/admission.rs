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
/// After so many it is looked at whose fault they are.
const SUSPICIOUS_DELIVERIES: i64 = 5;

/// What lies in storage under a job that comes (again).
pub(super) enum Found {
    /// No result that counts.
    Nothing { existing: Vec<String>, state: Option<JobState> },
    /// The job has ended.
    Ended(Existing),
    /// A replay of the job is under way.
    LaterGeneration,
    /// Not begun so often that its deliveries could be its own fault.
    Bystander,
}

/// Returns what the last run noted of itself, with what the message says of its end: storage may not have
/// taken the note.
fn told_of_end(state: JobState, message: &Message) -> JobState {
    JobState { ended: state.ended || !message.is_redelivered(), ..state }
}

/// Says whether a job is charged with deliveries in which it was not begun: the broker counts them for
/// every job of a worker that dies. A first run is not noted.
fn is_bystander(deliveries: i64, state: Option<&JobState>) -> bool {
    let deaths = state.map_or(0, JobState::deaths_with_its_own);
    deliveries >= SUSPICIOUS_DELIVERIES && deliveries > i64::from(deaths) + 1
}

impl Jobs {
    /// Looks for what earlier deliveries left, and whether the job is still wanted.
    pub(super) async fn look_around<R>(&self, delivered: &Delivered<R>, request: &Request) -> Result<Found, Fault> {
        let keys = &delivered.who.keys;
        let existing = self.context.store.list(keys.folder(), Phase::Admission).await?;
        if existing.contains(&keys.result())
            && let Some(found) = existing::find(&self.context.store, keys, Phase::Admission).await?
            // The result of a message that could not be read says nothing about this one.
            && found.request_sha256.is_some()
        {
            let succeeded = found.committed.status == JobStatus::Succeeded;
            match delivered.who.generation.cmp(&found.committed.generation) {
                // A replay may ask for something else.
                Ordering::Greater if !succeeded || delivered.who.supersedes_success => {}
                // A copy of what was replayed since asks for what was wanted then.
                Ordering::Greater | Ordering::Less => return Ok(Found::Ended(found)),
                Ordering::Equal => {
                    found.check_body(Some(&request.job.digest()), Phase::Admission)?;
                    return Ok(Found::Ended(found));
                }
            }
        }
        let state = if existing.contains(&keys.state()) { self.last_word(delivered).await? } else { None };
        // Before anything that ends the job: what the later one has stored and was told is not for this one.
        if state.as_ref().is_some_and(|state| state.generation > delivered.who.generation) {
            return Ok(Found::LaterGeneration);
        }
        if existing.contains(&keys.cancel()) {
            return Err(Fault::new(ErrorCode::Cancelled, Phase::Admission, "the job was cancelled"));
        }
        if Utc::now() >= delivered.deadline {
            return Err(Fault::new(ErrorCode::Expired, Phase::Admission, "the job's deadline has passed"));
        }
        let (deliveries, of_this) = (delivered.message.delivery_count(), delivered.who.generation);
        if is_bystander(deliveries, state.as_ref().filter(|state| state.generation == of_this)) {
            return Ok(Found::Bystander);
        }
        if deliveries >= MOST_DELIVERIES {
            let message = format!("delivered {MOST_DELIVERIES} times without an orderly end");
            return Err(Fault::new(ErrorCode::AttemptsExhausted, Phase::Admission, message));
        }
        Ok(Found::Nothing { existing, state })
    }

    /// Reads what the last run noted. A broker gives a delivery to somebody else before the worker
    /// that lost it has noticed: before a job is put into quarantine, that one is given a moment to say
    /// that it did not die. Not before: where workers die one after the other, every moment counts.
    async fn last_word<R>(&self, delivered: &Delivered<R>) -> Result<Option<JobState>, Fault> {
        const A_MOMENT: Duration = Duration::from_secs(1);
        let read = async || {
            let state = self.state(&delivered.who.keys).await?;
            Ok(state.map(|state| told_of_end(state, &delivered.message)))
        };
        let state = read().await?;
        let is_suspected = |state: &JobState| !state.ended && next_run(Some(state), delivered.who.generation).alone;
        if !state.as_ref().is_some_and(is_suspected) {
            return Ok(state);
        }
        sleep(A_MOMENT).await;
        read().await
    }

    pub(super) async fn state(&self, keys: &JobKeys) -> Result<Option<JobState>, Fault> {
        pipeline::stored_state(&self.context.store, keys, Phase::Admission).await
    }

    /// Makes a run out of what earlier ones left. From the second one on there is a `state.json`, and for
    /// a replay from its first: how the runs before ended is known even if every one of them dies, and
    /// messages of earlier generations find out that they are late. What was paid for is carried over.
    pub(super) fn prepare<R>(
        &self,
        delivered: &Delivered<R>,
        job: Job,
        existing: Vec<String>,
        earlier: Option<JobState>,
    ) -> Run {
        let (who, message) = (&delivered.who, &delivered.message);
        let is_new = message.attempt() == 1 && message.delivery_count() == 0 && who.generation == 0;
        let is_empty = existing.is_empty();
        let first = Run { existing, ..Run::first(who.clone(), job, self.budget(delivered)) };
        if is_new && is_empty {
            return first;
        }
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
        let identity = Identity { begun: true, ..delivered.who.clone() };
        Ok(Run { identity, budget: self.budget(delivered), ..run })
    }

    fn budget<R>(&self, delivered: &Delivered<R>) -> Budget {
        let until_deadline = (delivered.deadline - Utc::now()).to_std().unwrap_or_default();
        let left = self.rules.timeout.saturating_sub(delivered.message.spent());
        Budget::lasting(left.min(until_deadline))
    }

    /// Deletes what a job that has ended left behind, unless a later generation of it is under way. A
    /// cancellation marker stays: it may be meant for a replay that still waits.
    pub(super) async fn sweep_behind(&self, who: &Identity, found: &Existing) {
        let mut kept = found.named.clone();
        kept.insert(who.keys.cancel());
        let generation = found.committed.generation.max(who.generation);
        pipeline::sweep(&self.context, &who.keys, generation, &kept).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn died(deaths: u32) -> JobState {
        JobState { deaths, ..JobState::of_run(deaths + 2, 0, Phase::Render) }
    }

    #[test]
    fn a_job_that_is_begun_at_every_delivery_is_charged_with_all_of_them() {
        for deliveries in 2..=MOST_DELIVERIES {
            let deaths = u32::try_from(deliveries - 2).expect("a few");
            assert!(!is_bystander(deliveries, Some(&died(deaths))), "{deliveries}");
        }
    }

    #[test]
    fn a_job_is_not_charged_with_deliveries_in_which_it_was_not_begun() {
        assert!(!is_bystander(4, None));
        assert!(is_bystander(5, None));
        assert!(is_bystander(5, Some(&died(2))));
        assert!(!is_bystander(5, Some(&died(3))));
        assert!(is_bystander(10, Some(&died(5))));
        // Lost deliveries are no deaths.
        assert!(is_bystander(5, Some(&JobState { ended: true, ..died(9) })));
    }
}
