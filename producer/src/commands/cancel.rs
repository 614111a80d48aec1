//! `quire cancel`: stops jobs. A marker in storage reaches deliveries that are still to come, a
//! control message reaches the worker that has the job now; either alone would miss the other.

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use lapin::types::FieldTable;
use quire_schemas::{
    event::Control,
    job::JobId,
    names::{CONTROL_EXCHANGE, Tenant},
    result::JobStatus,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Storage, note, say, summary::End, wait::Waiting};
use crate::{
    amqp::{Outgoing, Publisher},
    cli::{self, CancelArgs, Endpoints, FAILED},
    store::Metadata,
};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);

pub(crate) async fn run(endpoints: &Endpoints, arguments: &CancelArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    let publisher = endpoints.publisher()?;
    // Before the first marker is written: without a broker the command would do half of its work.
    publisher.connection().await?;
    // Whenever the jobs were published; and before they are told to stop, so that no end is missed.
    let waiting = match arguments.wait {
        true => Some(Waiting::subscribe(endpoints, &arguments.tenant, DateTime::<Utc>::MIN_UTC).await?),
        false => None,
    };
    let canceller = Canceller { storage, publisher, tenant: &arguments.tenant };
    let (mut open, mut failure) = (Vec::new(), None);
    for job in &arguments.jobs {
        match canceller.cancel(job).await.with_context(|| format!("job {job}")) {
            Ok(outcome) => {
                say(&if arguments.json { outcome.to_json(job).to_string() } else { outcome.describe(job) })?;
                open.extend(matches!(outcome, Outcome::Asked).then_some(*job));
            }
            Err(error) => {
                note(&format!("{error:#}"));
                let code = cli::exit_code(&error);
                failure = failure.or(Some(code));
                // What is out of reach for one job is so for the next one.
                if code != FAILED {
                    break;
                }
            }
        }
    }
    if let Some(waiting) = waiting {
        show_ends(&canceller, waiting, &open, arguments).await?;
    }
    canceller.publisher.close().await;
    Ok(ExitCode::from(failure.unwrap_or(0)))
}

struct Canceller<'a> {
    storage: Storage,
    publisher: Publisher,
    tenant: &'a Tenant,
}

/// What has come of it so far.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// The job had ended before, and nothing was done.
    Already(JobStatus),
    /// It ended while it was being cancelled.
    Meanwhile(JobStatus),
    /// The marker is there, and workers were told.
    Asked,
}

impl Canceller<'_> {
    async fn cancel(&self, job: &JobId) -> anyhow::Result<Outcome> {
        if let Some(status) = self.status(job).await? {
            return Ok(Outcome::Already(status));
        }
        self.mark(job).await?;
        let told = self.tell_workers(job).await;
        told.context("it is marked as cancelled, but no worker was told: one that works on it goes on")?;
        match self.status(job).await? {
            None => Ok(Outcome::Asked),
            Some(status) => {
                self.unmark_unless_cancelled(job, &status).await?;
                Ok(Outcome::Meanwhile(status))
            }
        }
    }

    async fn status(&self, job: &JobId) -> anyhow::Result<Option<JobStatus>> {
        Ok(self.storage.result(self.tenant, job).await?.map(|stored| stored.result.status))
    }

    async fn mark(&self, job: &JobId) -> anyhow::Result<()> {
        let marker = Bytes::from(json!({ "cancelled_at": Utc::now() }).to_string());
        let metadata = Metadata::from([("sha256".to_owned(), hex::encode(Sha256::digest(&marker)))]);
        let key = self.storage.keys(self.tenant, job).cancel();
        Ok(self.storage.store.put(&key, marker, "application/json", &metadata).await?)
    }

    /// A job that has come to something else needs no marker, which would outlive it.
    async fn unmark_unless_cancelled(&self, job: &JobId, status: &JobStatus) -> anyhow::Result<()> {
        if *status == JobStatus::Cancelled {
            return Ok(());
        }
        Ok(self.storage.store.delete(&self.storage.keys(self.tenant, job).cancel()).await?)
    }

    /// To every worker that is alive. With none there is nobody to tell, which is no failure.
    async fn tell_workers(&self, job: &JobId) -> anyhow::Result<()> {
        let control = Control::Cancel { job_id: *job, tenant: self.tenant.clone() };
        let body = serde_json::to_vec(&control)?;
        let message = Outgoing::json(CONTROL_EXCHANGE, String::new(), body, FieldTable::default());
        Ok(self.publisher.publish(&Outgoing { mandatory: false, ..message }, CONFIRM_WITHIN).await?)
    }
}

async fn show_ends(
    canceller: &Canceller<'_>,
    waiting: Waiting,
    jobs: &[JobId],
    arguments: &CancelArgs,
) -> anyhow::Result<()> {
    let ends = waiting.until_ended(jobs).await?;
    for (job, end) in jobs.iter().filter_map(|job| ends.get_key_value(job)) {
        if let End::Result(summary) = end {
            canceller.unmark_unless_cancelled(job, &summary.status).await?;
        }
        say(&match end {
            _ if arguments.json => end.to_json(job).to_string(),
            End::Result(summary) => format!("{job}\tended: {}", summary.status),
            End::Dead(letter) => format!("{job}\tended: {}", letter.explain()),
        })?;
    }
    Ok(())
}

impl Outcome {
    fn describe(&self, job: &JobId) -> String {
        match self {
            Self::Already(status) => format!("{job}\talready {status}"),
            Self::Meanwhile(JobStatus::Cancelled) => format!("{job}\tcancelled"),
            Self::Meanwhile(status) => format!("{job}\tended meanwhile: {status}"),
            Self::Asked => format!("{job}\tasked to stop"),
        }
    }

    fn to_json(&self, job: &JobId) -> Value {
        let (outcome, status) = match self {
            Self::Already(status) => ("already_ended", Some(status)),
            Self::Meanwhile(status) => ("ended_meanwhile", Some(status)),
            Self::Asked => ("asked", None),
        };
        json!({ "event": "cancel", "job_id": job, "outcome": outcome, "status": status })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_come_of_it_is_told_in_one_line() {
        let job: JobId = "0192f0c1-7e5a-7000-8000-000000000001".parse().expect("a uuid");
        for (outcome, text, name, status) in [
            (Outcome::Already(JobStatus::Succeeded), "already succeeded", "already_ended", Some("succeeded")),
            (Outcome::Meanwhile(JobStatus::Failed), "ended meanwhile: failed", "ended_meanwhile", Some("failed")),
            (Outcome::Meanwhile(JobStatus::Cancelled), "cancelled", "ended_meanwhile", Some("cancelled")),
            (Outcome::Asked, "asked to stop", "asked", None),
        ] {
            assert_eq!(outcome.describe(&job), format!("{job}\t{text}"));
            let line = json!({ "event": "cancel", "job_id": job, "outcome": name, "status": status });
            assert_eq!(outcome.to_json(&job), line);
        }
    }
}
