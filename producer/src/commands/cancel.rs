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
    result::{JobStatus, ParseResult},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::{
    Failures, Storage, note, say,
    summary::{End, Summary},
    wait::Waiting,
};
use crate::{
    amqp::{Outgoing, Publisher},
    cli::{CancelArgs, Endpoints},
    store::Metadata,
};

const CONFIRM_WITHIN: Duration = Duration::from_secs(30);
/// A worker that was told ends its run well within it. Nothing tells whether a job that had ended
/// is being replayed, so that waiting for longer might be in vain.
const REPLAY_ENDS_WITHIN: Duration = Duration::from_secs(15);
const REPLAY_POLL: Duration = Duration::from_millis(500);

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
    let (mut open, mut ended_before, mut failures) = (Vec::new(), Vec::new(), Failures::default());
    for job in &arguments.jobs {
        match canceller.cancel(job).await.with_context(|| format!("job {job}")) {
            Ok(outcome) => {
                say(&if arguments.json { outcome.to_json(job).to_string() } else { outcome.describe(job) })?;
                match outcome {
                    Outcome::Asked { before: None } => open.push(*job),
                    Outcome::Asked { before: Some(before) } => ended_before.push((*job, before)),
                    Outcome::AlreadySucceeded | Outcome::Meanwhile(_) => {}
                }
            }
            Err(error) => {
                if failures.add(&error).is_break() {
                    break;
                }
            }
        }
    }
    if let Some(waiting) = waiting {
        show_ends_of_replays(&canceller, ended_before, arguments).await?;
        show_ends(&canceller, waiting, &open, arguments).await?;
    }
    canceller.publisher.close().await;
    Ok(failures.exit_code())
}

struct Canceller<'a> {
    storage: Storage,
    publisher: Publisher,
    tenant: &'a Tenant,
}

/// What has come of it so far.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// Nothing was done. A forced replay of such a job is not stopped either.
    AlreadySucceeded,
    /// It ended while it was being cancelled.
    Meanwhile(JobStatus),
    /// The marker is there, and workers were told. With an end before, that is for a replay of the
    /// job, if there is one.
    Asked { before: Option<Ended> },
}

/// What a result says of the end that it is of.
#[derive(Debug, Clone, PartialEq)]
struct Ended {
    status: JobStatus,
    generation: u32,
}

impl From<&ParseResult> for Ended {
    fn from(result: &ParseResult) -> Self {
        Self { status: result.status.clone(), generation: result.generation }
    }
}

impl Canceller<'_> {
    async fn cancel(&self, job: &JobId) -> anyhow::Result<Outcome> {
        let before = self.ended(job).await?;
        // Any other end is not the last word: the job may be queued or running again as a replay.
        if before.as_ref().is_some_and(|before| before.status == JobStatus::Succeeded) {
            return Ok(Outcome::AlreadySucceeded);
        }
        self.mark(job).await?;
        let told = self.tell_workers(job).await;
        told.context("it is marked as cancelled, but no worker was told: one that works on it goes on")?;
        match self.ended(job).await? {
            Some(now) if before.as_ref() != Some(&now) => {
                self.unmark_unless_cancelled(job, &now.status).await?;
                Ok(Outcome::Meanwhile(now.status))
            }
            _ => Ok(Outcome::Asked { before }),
        }
    }

    async fn ended(&self, job: &JobId) -> anyhow::Result<Option<Ended>> {
        Ok(self.storage.result(self.tenant, job).await?.map(|stored| Ended::from(&stored.result)))
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
        say_end(job, end, arguments)?;
    }
    Ok(())
}

/// Waits for results that differ from those of before, and tells the old one where none comes. The
/// marker stays then: a replay that is still queued is to meet it.
async fn show_ends_of_replays(
    canceller: &Canceller<'_>,
    jobs: Vec<(JobId, Ended)>,
    arguments: &CancelArgs,
) -> anyhow::Result<()> {
    let until = Instant::now() + REPLAY_ENDS_WITHIN;
    for (job, before) in jobs {
        loop {
            let stored = canceller.storage.result(canceller.tenant, &job).await?;
            let is_over = stored.as_ref().is_some_and(|stored| Ended::from(&stored.result) != before);
            if !is_over && Instant::now() < until {
                sleep(REPLAY_POLL).await;
                continue;
            }
            if let Some(stored) = stored {
                let end = Summary::of(&stored.result, &stored.uri);
                if is_over {
                    canceller.unmark_unless_cancelled(&job, &end.status).await?;
                } else {
                    note(&format!("no replay of job {job} has ended; one that waits ends when a worker comes to it"));
                }
                say_end(&job, &End::Result(end), arguments)?;
            }
            break;
        }
    }
    Ok(())
}

fn say_end(job: &JobId, end: &End, arguments: &CancelArgs) -> anyhow::Result<()> {
    Ok(say(&match end {
        _ if arguments.json => end.to_json(job).to_string(),
        End::Result(summary) => format!("{job}\tended: {}", summary.status),
        End::Dead(letter) => format!("{job}\tended: {}", letter.explain()),
    })?)
}

impl Outcome {
    fn describe(&self, job: &JobId) -> String {
        match self {
            Self::AlreadySucceeded => format!("{job}\talready {}", JobStatus::Succeeded),
            Self::Meanwhile(JobStatus::Cancelled) => format!("{job}\tcancelled"),
            Self::Meanwhile(status) => format!("{job}\tended meanwhile: {status}"),
            Self::Asked { before: None } => format!("{job}\tasked to stop"),
            Self::Asked { before: Some(Ended { status, .. }) } => {
                format!("{job}\thad ended: {status}; asked to stop if it is being replayed")
            }
        }
    }

    fn to_json(&self, job: &JobId) -> Value {
        let (outcome, status) = match self {
            Self::AlreadySucceeded => ("already_ended", Some(JobStatus::Succeeded)),
            Self::Meanwhile(status) => ("ended_meanwhile", Some(status.clone())),
            Self::Asked { before } => ("asked", before.as_ref().map(|before| before.status.clone())),
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
        let again = Outcome::Asked { before: Some(Ended { status: JobStatus::Failed, generation: 0 }) };
        for (outcome, text, name, status) in [
            (Outcome::AlreadySucceeded, "already succeeded", "already_ended", Some("succeeded")),
            (Outcome::Meanwhile(JobStatus::Failed), "ended meanwhile: failed", "ended_meanwhile", Some("failed")),
            (Outcome::Meanwhile(JobStatus::Cancelled), "cancelled", "ended_meanwhile", Some("cancelled")),
            (Outcome::Asked { before: None }, "asked to stop", "asked", None),
            (again, "had ended: failed; asked to stop if it is being replayed", "asked", Some("failed")),
        ] {
            assert_eq!(outcome.describe(&job), format!("{job}\t{text}"));
            let line = json!({ "event": "cancel", "job_id": job, "outcome": name, "status": status });
            assert_eq!(outcome.to_json(&job), line);
        }
    }
}
