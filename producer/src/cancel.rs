//! Cancels jobs. A marker in storage stops deliveries that are still to come, a control message stops the
//! run of a live worker; either alone would miss the other.

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use lapin::types::FieldTable;
use quire_schemas::{
    event::Control,
    job::JobId,
    names::{CONTROL_EXCHANGE, Tenant},
    result::{JobStatus, ParseResult},
    sha256::Sha256,
};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    amqp::{Outgoing, PublishError, Publisher},
    storage::{Storage, StorageError},
    store::{Metadata, StoreError},
    summary::Summary,
};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
const REPLAY_POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Cancels jobs of one tenant.
#[derive(Debug, Clone)]
pub struct Canceller {
    storage: Storage,
    publisher: Publisher,
    tenant: Tenant,
}

/// What a request to cancel has led to so far.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancellation {
    /// Nothing was done. A forced replay of such a job is not stopped either.
    AlreadySucceeded,
    /// The job ended during the request.
    EndedMeanwhile(JobStatus),
    /// The marker is written and workers are told. If the job had ended `before`, both are for a replay of
    /// it, if there is one.
    Asked { before: Option<PastEnd> },
}

/// An end of a job, told from later ones by its generation.
#[derive(Debug, Clone, PartialEq)]
pub struct PastEnd {
    pub status: JobStatus,
    pub generation: u32,
}

impl From<&ParseResult> for PastEnd {
    fn from(result: &ParseResult) -> Self {
        Self { status: result.status.clone(), generation: result.generation }
    }
}

/// What came of a replay that was cancelled.
#[derive(Debug, Clone, PartialEq)]
pub enum CancelledReplay {
    /// It has ended, with this result.
    Ended(Summary),
    /// None has ended; this is the result of before, if it still exists. The marker stays, so that a
    /// replay that is still queued meets it.
    NotSeen(Option<Summary>),
}

/// Why a job is not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    #[error("cannot tell whether it has ended")]
    Result(#[from] StorageError),
    #[error("cannot write the cancel marker")]
    Mark(#[source] StoreError),
    #[error("cannot delete the cancel marker")]
    Unmark(#[source] StoreError),
    #[error("it is marked as cancelled, but no worker was told: a run under way goes on")]
    Tell(#[source] PublishError),
}

impl Canceller {
    #[must_use]
    pub const fn new(storage: Storage, publisher: Publisher, tenant: Tenant) -> Self {
        Self { storage, publisher, tenant }
    }

    /// Asks for a job to stop.
    pub async fn cancel(&self, job: &JobId) -> Result<Cancellation, CancelError> {
        let before = self.past_end(job).await?;
        // Any other end may not be the last one: the job may be queued or running again as a replay.
        if before.as_ref().is_some_and(|before| before.status == JobStatus::Succeeded) {
            return Ok(Cancellation::AlreadySucceeded);
        }
        self.mark(job).await?;
        self.tell_workers(job).await.map_err(CancelError::Tell)?;
        match self.past_end(job).await? {
            Some(now) if before.as_ref() != Some(&now) => {
                self.unmark_unless_cancelled(job, &now.status).await?;
                Ok(Cancellation::EndedMeanwhile(now.status))
            }
            _ => Ok(Cancellation::Asked { before }),
        }
    }

    /// Deletes the marker of a job that has ended otherwise: it would stop a later replay.
    pub async fn unmark_unless_cancelled(&self, job: &JobId, status: &JobStatus) -> Result<(), CancelError> {
        if *status == JobStatus::Cancelled {
            return Ok(());
        }
        let marker = self.storage.keys(&self.tenant, job).cancel();
        self.storage.store().delete(&marker).await.map_err(CancelError::Unmark)
    }

    /// Waits for a result that differs from the one of `before`, and then clears up after it. Nothing tells
    /// whether the job is being replayed at all, so that waiting for longer might be in vain.
    pub async fn replay_end(
        &self,
        job: &JobId,
        before: &PastEnd,
        until: Instant,
    ) -> Result<CancelledReplay, CancelError> {
        loop {
            let stored = self.storage.result(&self.tenant, job).await?;
            let has_ended = stored.as_ref().is_some_and(|stored| PastEnd::from(&stored.result) != *before);
            let summary = stored.map(|stored| Summary::of(&stored.result, &stored.uri));
            match summary {
                Some(summary) if has_ended => {
                    self.unmark_unless_cancelled(job, &summary.status).await?;
                    return Ok(CancelledReplay::Ended(summary));
                }
                summary if Instant::now() >= until => return Ok(CancelledReplay::NotSeen(summary)),
                _ => sleep(REPLAY_POLL_INTERVAL).await,
            }
        }
    }

    async fn past_end(&self, job: &JobId) -> Result<Option<PastEnd>, StorageError> {
        Ok(self.storage.result(&self.tenant, job).await?.map(|stored| PastEnd::from(&stored.result)))
    }

    async fn mark(&self, job: &JobId) -> Result<(), CancelError> {
        let marker = Bytes::from(json!({ "cancelled_at": Utc::now() }).to_string());
        let metadata = Metadata::from([("sha256".to_owned(), Sha256::of(&marker).to_string())]);
        let key = self.storage.keys(&self.tenant, job).cancel();
        self.storage.store().put(&key, marker, "application/json", &metadata).await.map_err(CancelError::Mark)
    }

    /// Reaches every worker that is alive. Without one no queue takes the message, which is no failure.
    async fn tell_workers(&self, job: &JobId) -> Result<(), PublishError> {
        let control = Control::Cancel { job_id: *job, tenant: self.tenant.clone() };
        let body = serde_json::to_vec(&control).expect("a control message has string keys only");
        let message = Outgoing::json(CONTROL_EXCHANGE, String::new(), body, FieldTable::default());
        self.publisher.publish(&Outgoing { mandatory: false, ..message }, CONFIRM_WITHIN).await
    }
}
