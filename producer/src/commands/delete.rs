//! `quire delete`: deletes everything that is stored of jobs.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use quire_schemas::{job::JobId, names::Tenant};
use serde_json::{Value, json};

use super::{endpoints::Endpoints, failures::Failures, text::say};
use crate::delete::{DeleteForce, Deletion, delete};

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    jobs: Vec<JobId>,
    /// The tenant of the jobs
    #[arg(long, default_value = "default")]
    tenant: Tenant,
    /// Also delete jobs without a result or with signs of a replay. Make sure first that no worker has or will get them
    #[arg(long)]
    force: bool,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &DeleteArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    let force = if arguments.force { DeleteForce::Yes } else { DeleteForce::No };
    let mut failures = Failures::default();
    for job in &arguments.jobs {
        let deletion = delete(&storage, &arguments.tenant, job, force).await;
        match deletion.with_context(|| format!("job {job} is not deleted, or not all of it")) {
            Ok(deletion) => {
                if matches!(deletion, Deletion::Refused(_)) {
                    failures.refused();
                }
                say(&if arguments.json { to_json(job, &deletion).to_string() } else { describe(job, &deletion) })?;
            }
            Err(error) => {
                if failures.add(&error).is_break() {
                    break;
                }
            }
        }
    }
    Ok(failures.exit_code())
}

fn to_json(job: &JobId, deletion: &Deletion) -> Value {
    match deletion {
        Deletion::Deleted { objects } => json!({ "event": "deleted", "job_id": job, "objects": objects }),
        Deletion::Refused(reason) => json!({ "event": "refused", "job_id": job, "reason": reason.to_string() }),
    }
}

fn describe(job: &JobId, deletion: &Deletion) -> String {
    match deletion {
        Deletion::Deleted { objects } => format!("{job}\tdeleted, {objects} objects"),
        Deletion::Refused(reason) => format!("{job}\tstays: {reason} (--force)"),
    }
}
