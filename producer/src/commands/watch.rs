//! `quire watch`: prints the events of jobs as they come. `progress` words and draws them.

use std::{
    collections::HashSet,
    io::{self, IsTerminal},
    pin::pin,
    process::ExitCode,
};

use anyhow::bail;
use clap::Args;
use quire_schemas::{event::Event, job::JobId, names::Tenant};
use tokio::signal::ctrl_c;

use super::{
    endpoints::Endpoints,
    progress::{Bars, describe},
    text::{note, say, say_json},
};
use crate::follow::Follower;

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Watch these jobs until they end [default: all jobs, until interrupted]
    #[arg(value_name = "JOB")]
    jobs: Vec<JobId>,
    /// Only jobs of this tenant
    #[arg(long)]
    tenant: Option<Tenant>,
    /// Print events as JSON lines
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &WatchArgs) -> anyhow::Result<ExitCode> {
    let publisher = endpoints.publisher()?;
    let binding_key = match &arguments.tenant {
        Some(tenant) => format!("job.*.{tenant}"),
        None => "job.#".to_owned(),
    };
    let mut follower = Follower::subscribe(&publisher, &[binding_key.as_str()]).await?;
    // After subscribing, so that a job that ends in between is noticed by one of the two.
    let mut watched = Watched::new(&arguments.jobs);
    if let Err(error) = watched.leave_out_ended(endpoints, arguments).await {
        note(&format!("cannot tell which jobs have ended already: {error:#}"));
    }
    let mut screen = Screen::new(arguments);
    let mut interrupted = pin!(ctrl_c());
    while !watched.is_over() {
        // Both are cancel safe.
        let event = tokio::select! {
            event = follower.next() => event,
            _ = &mut interrupted => break,
        };
        let Some(event) = event else { bail!("the broker refuses this user the events") };
        if watched.takes(&event) {
            screen.show(&event)?;
        }
    }
    publisher.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Jobs whose events are printed.
enum Watched {
    All,
    /// These, until each has ended.
    Named(HashSet<JobId>),
}

impl Watched {
    fn new(jobs: &[JobId]) -> Self {
        if jobs.is_empty() { Self::All } else { Self::Named(jobs.iter().copied().collect()) }
    }

    fn is_over(&self) -> bool {
        matches!(self, Self::Named(jobs) if jobs.is_empty())
    }

    /// Says whether an event is printed, and forgets a job that has ended.
    fn takes(&mut self, event: &Event) -> bool {
        let Some(subject) = event.subject() else { return false };
        match (self, event) {
            (Self::All, _) => true,
            (Self::Named(jobs), Event::Finished { .. }) => jobs.remove(&subject.job_id),
            (Self::Named(jobs), _) => jobs.contains(&subject.job_id),
        }
    }

    /// A job that ended before this command subscribed has no further events.
    async fn leave_out_ended(&mut self, endpoints: &Endpoints, arguments: &WatchArgs) -> anyhow::Result<()> {
        let Self::Named(jobs) = self else { return Ok(()) };
        if !endpoints.knows_storage() {
            return Ok(());
        }
        let storage = endpoints.storage().await?;
        let tenant = arguments.tenant.clone().unwrap_or_default();
        for job in &arguments.jobs {
            if let Some(stored) = storage.result(&tenant, job).await? {
                note(&format!("job {job} has ended already: {}, {}", stored.result.status, stored.uri));
                jobs.remove(job);
            }
        }
        Ok(())
    }
}

/// How events are shown.
enum Screen {
    Json,
    Bars(Box<Bars>),
    Lines,
}

impl Screen {
    fn new(arguments: &WatchArgs) -> Self {
        if arguments.json {
            return Self::Json;
        }
        // Bars are drawn on stderr, which shows them only on a terminal.
        if io::stdout().is_terminal() && io::stderr().is_terminal() {
            Self::Bars(Box::new(Bars::new()))
        } else {
            Self::Lines
        }
    }

    fn show(&mut self, event: &Event) -> anyhow::Result<()> {
        match self {
            Self::Json => say_json(event)?,
            Self::Lines => {
                if let Some(line) = describe(event) {
                    say(&line)?;
                }
            }
            Self::Bars(bars) => {
                bars.show(event);
                if let (Event::Finished { .. }, Some(line)) = (event, describe(event)) {
                    bars.say(&line)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(job: &JobId, fields: serde_json::Value) -> Event {
        let mut event = json!({
            "job_id": job, "tenant": "default", "lane": "high", "attempt": 1, "generation": 0,
            "at": "2026-11-20T12:00:00Z",
        });
        let object = event.as_object_mut().expect("an object");
        object.extend(fields.as_object().cloned().expect("an object"));
        serde_json::from_value(event).expect("an event")
    }

    #[test]
    fn watching_named_jobs_is_over_when_the_last_has_ended() {
        let (job, other) = (JobId::generate(), JobId::generate());
        let mut watched = Watched::new(&[job]);
        let finished = |job| event(job, json!({ "event": "finished", "status": "succeeded" }));
        assert!(watched.takes(&event(&job, json!({ "event": "started", "worker": "w1" }))));
        assert!(!watched.takes(&finished(&other)));
        assert!(!watched.is_over());
        assert!(watched.takes(&finished(&job)));
        assert!(watched.is_over());
        assert!(!Watched::new(&[]).is_over());
    }
}
