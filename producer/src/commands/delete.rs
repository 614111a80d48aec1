//! `quire delete`: everything that is stored of a job. Documents that were uploaded stay: other
//! jobs may name them.

use std::process::ExitCode;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::job::JobId;
use serde_json::json;

use super::{Storage, note, say};
use crate::{
    cli::{self, DeleteArgs, Endpoints, FAILED},
    store::StoreError,
};

const AT_ONCE: usize = 8;
const WITHOUT_RESULT: &str = "it has no result, so it may wait or run: cancel it first, or give --force";

pub(crate) async fn run(endpoints: &Endpoints, arguments: &DeleteArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    let mut failure = None;
    for job in &arguments.jobs {
        let deleted = delete(&storage, arguments, job).await;
        match deleted.with_context(|| format!("job {job} is not deleted, or not all of it")) {
            Ok(Some(objects)) if arguments.json => {
                say(&json!({ "event": "deleted", "job_id": job, "objects": objects }).to_string())?;
            }
            Ok(Some(objects)) => say(&format!("{job}\tdeleted, {objects} objects"))?,
            Ok(None) => {
                failure = failure.or(Some(FAILED));
                if arguments.json {
                    say(&json!({ "event": "refused", "job_id": job, "reason": WITHOUT_RESULT }).to_string())?;
                } else {
                    say(&format!("{job}\tstays: {WITHOUT_RESULT}"))?;
                }
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
    Ok(ExitCode::from(failure.unwrap_or(0)))
}

/// Deletes the objects of a job and returns how many there were; `None` if it has no result, and
/// may be queued or running.
async fn delete(storage: &Storage, arguments: &DeleteArgs, job: &JobId) -> Result<Option<usize>, StoreError> {
    let (store, keys) = (&storage.store, storage.keys(&arguments.tenant, job));
    let result = keys.result();
    let has_result = store.head(&result).await?.is_some();
    if !has_result && !arguments.force {
        return Ok(None);
    }
    // First of all: at no instant does a result name what is gone.
    store.delete(&result).await?;
    let others = store.list(keys.folder()).await?;
    let deletions = others.iter().map(|key| store.delete(key));
    stream::iter(deletions).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(Some(others.len() + usize::from(has_result)))
}
