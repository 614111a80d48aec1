//! `quire cancel`: stops jobs that wait or run.

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::Args;
use quire_schemas::{job::JobId, names::Tenant, result::JobStatus};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    endpoints::Endpoints,
    ends,
    failures::Failures,
    progress::Bars,
    text::{note, one_line, say},
};
use crate::{
    cancel::{Cancellation, CancelledReplay, Canceller, PastEnd},
    summary::JobEnd,
    wait::Waiting,
};

/// A worker that was told ends its run well within it.
const REPLAY_ENDS_WITHIN: Duration = Duration::from_secs(15);

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    jobs: Vec<JobId>,
    /// The tenant of the jobs
    #[arg(long, default_value = "default")]
    tenant: Tenant,
    /// Wait until every job has ended, and show how; for a replay of a job that had ended, 15 seconds
    #[arg(long)]
    wait: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &CancelArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    let publisher = endpoints.publisher()?;
    // Before the first marker is written: without a broker the command would do half of its work.
    publisher.connection().await?;
    // Before the jobs are told to stop, so that no end is missed.
    let waiting = match arguments.wait {
        true => {
            let (storage, publisher) = (storage.clone(), endpoints.publisher()?);
            Some(Waiting::subscribe(storage, publisher, &arguments.tenant, DateTime::<Utc>::MIN_UTC).await?)
        }
        false => None,
    };
    let canceller = Canceller::new(storage, publisher.clone(), arguments.tenant.clone());
    let (mut open, mut ended_before, mut failures) = (Vec::new(), Vec::new(), Failures::default());
    for job in &arguments.jobs {
        match canceller.cancel(job).await.with_context(|| format!("job {job}")) {
            Ok(cancellation) => {
                let line =
                    if arguments.json { to_json(job, &cancellation).to_string() } else { describe(job, &cancellation) };
                say(&line)?;
                match cancellation {
                    Cancellation::Asked { before: None } => open.push(*job),
                    Cancellation::Asked { before: Some(before) } => ended_before.push((*job, before)),
                    Cancellation::AlreadySucceeded | Cancellation::EndedMeanwhile(_) => {}
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
    publisher.close().await;
    Ok(failures.exit_code())
}

async fn show_ends(
    canceller: &Canceller,
    waiting: Waiting,
    jobs: &[JobId],
    arguments: &CancelArgs,
) -> anyhow::Result<()> {
    let ends = waiting.until_ended(jobs, &mut Bars::new()).await?;
    for (job, end) in jobs.iter().filter_map(|job| ends.get_key_value(job)) {
        if let JobEnd::Result(summary) = end {
            canceller.unmark_unless_cancelled(job, &summary.status).await?;
        }
        say_end(job, end, arguments)?;
    }
    Ok(())
}

/// Prints the result of a replay, and the result of before where no replay ends.
async fn show_ends_of_replays(
    canceller: &Canceller,
    jobs: Vec<(JobId, PastEnd)>,
    arguments: &CancelArgs,
) -> anyhow::Result<()> {
    let until = Instant::now() + REPLAY_ENDS_WITHIN;
    for (job, before) in jobs {
        let end = canceller.replay_end(&job, &before, until).await;
        let summary = match end.with_context(|| format!("job {job}"))? {
            CancelledReplay::Ended(summary) => Some(summary),
            CancelledReplay::NotSeen(summary) => {
                note(&format!("no replay of job {job} has ended; one that waits ends when a worker takes it"));
                summary
            }
        };
        if let Some(summary) = summary {
            say_end(&job, &JobEnd::Result(summary), arguments)?;
        }
    }
    Ok(())
}

fn say_end(job: &JobId, end: &JobEnd, arguments: &CancelArgs) -> anyhow::Result<()> {
    Ok(say(&match end {
        _ if arguments.json => ends::to_json(job, end).to_string(),
        JobEnd::Result(summary) => format!("{job}\tended: {}", summary.status),
        JobEnd::Dead(burial) => format!("{job}\tended: {}", one_line(&burial.to_string())),
    })?)
}

fn describe(job: &JobId, cancellation: &Cancellation) -> String {
    match cancellation {
        Cancellation::AlreadySucceeded => format!("{job}\talready {}", JobStatus::Succeeded),
        Cancellation::EndedMeanwhile(JobStatus::Cancelled) => format!("{job}\tcancelled"),
        Cancellation::EndedMeanwhile(status) => format!("{job}\tended meanwhile: {status}"),
        Cancellation::Asked { before: None } => format!("{job}\tasked to stop"),
        Cancellation::Asked { before: Some(PastEnd { status, .. }) } => {
            format!("{job}\thad ended: {status}; asked to stop if it is being replayed")
        }
    }
}

fn to_json(job: &JobId, cancellation: &Cancellation) -> Value {
    let (outcome, status) = match cancellation {
        Cancellation::AlreadySucceeded => ("already_ended", Some(&JobStatus::Succeeded)),
        Cancellation::EndedMeanwhile(status) => ("ended_meanwhile", Some(status)),
        Cancellation::Asked { before } => ("asked", before.as_ref().map(|before| &before.status)),
    };
    json!({ "event": "cancel", "job_id": job, "outcome": outcome, "status": status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cancellation_is_one_line() {
        let job: JobId = "0192f0c1-7e5a-7000-8000-000000000001".parse().expect("a uuid");
        let again = Cancellation::Asked { before: Some(PastEnd { status: JobStatus::Failed, generation: 0 }) };
        let meanwhile = Cancellation::EndedMeanwhile;
        for (cancellation, text, name, status) in [
            (Cancellation::AlreadySucceeded, "already succeeded", "already_ended", Some("succeeded")),
            (meanwhile(JobStatus::Failed), "ended meanwhile: failed", "ended_meanwhile", Some("failed")),
            (meanwhile(JobStatus::Cancelled), "cancelled", "ended_meanwhile", Some("cancelled")),
            (Cancellation::Asked { before: None }, "asked to stop", "asked", None),
            (again, "had ended: failed; asked to stop if it is being replayed", "asked", Some("failed")),
        ] {
            assert_eq!(describe(&job, &cancellation), format!("{job}\t{text}"));
            let line = json!({ "event": "cancel", "job_id": job, "outcome": name, "status": status });
            assert_eq!(to_json(&job, &cancellation), line);
        }
    }
}
