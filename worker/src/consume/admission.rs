//! What lies in storage under a job that comes, and whether it is still wanted.

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    job::Job,
    keys::JobKeys,
    result::{JobStatus, Phase},
    state::JobState,
};
use tokio::sync::watch;

use super::{
    jobs::{Delivered, Jobs},
    message::{Message, Request},
};
use crate::{
    job::{Budget, Fault},
    pipeline::{
        self, Run,
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
            if *digest != request.job.digest() {
                return Ok(Found::AnotherBody);
            }
            if found.generation >= delivered.who.generation || found.committed.status == JobStatus::Succeeded {
                return Ok(Found::Ended(found));
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
        let state = if existing.contains(&keys.state()) { self.state(keys).await? } else { None };
        Ok(Found::Nothing { existing, state })
    }

    pub(super) async fn state(&self, keys: &JobKeys) -> Result<Option<JobState>, Fault> {
        const MAX_STATE_BYTES: usize = 64 * 1024;
        let json = self.context.store.get(&keys.state(), MAX_STATE_BYTES, Phase::Admission).await?;
        // One that cannot be read is of another version: the run starts without it.
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    pub(super) fn make_run<R>(
        &self,
        delivered: &Delivered<R>,
        job: Job,
        existing: Vec<String>,
        state: Option<JobState>,
    ) -> Run {
        let until_deadline = (delivered.deadline - Utc::now()).to_std().unwrap_or_default();
        Run {
            identity: delivered.who.clone(),
            job,
            local_file: None,
            existing,
            state,
            budget: Budget::lasting(self.rules.timeout.min(until_deadline)),
            progress: watch::Sender::default(),
        }
    }

    /// From the second run on there is a `state.json`: how often a job was begun is known even if
    /// every run dies. What an earlier run paid for is carried over.
    pub(super) async fn note_another_run(&self, run: &Run, message: &Message) -> Result<Option<JobState>, Fault> {
        let first = run.existing.is_empty() && message.attempt() == 1 && message.delivery_count() == 0;
        if first {
            return Ok(None);
        }
        let earlier = run.state.as_ref().filter(|state| state.generation == run.identity.generation);
        let state = JobState {
            run: earlier.map_or(1, |state| state.run) + 1,
            generation: run.identity.generation,
            phase: Phase::Fetch,
            page: None,
            external: earlier.and_then(|state| state.external.clone()),
        };
        pipeline::write_state(&self.context, &run.identity.keys, &state).await?;
        Ok(Some(state))
    }
}
