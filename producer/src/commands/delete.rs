//! `quire delete`: everything that is stored of a job. Documents that were uploaded stay: other
//! jobs may name them.

use std::process::ExitCode;

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::job::JobId;
use serde_json::json;

use super::{Failures, Storage, say};
use crate::{
    cli::{DeleteArgs, Endpoints},
    store::{S3Store, StoreError},
};

const AT_ONCE: usize = 8;
const WITHOUT_RESULT: &str = "it has no result, so it may wait or run: cancel it first, or give --force";
const UNDER_A_REPLAY: &str = "state.json or a cancel marker lies beside its result, so that \
    it may be replayed now: wait for its end, or give --force";
const HALF_DONE: &str = "it was begun with the result, so that a second run needs --force";

/// What has come of it.
enum Outcome {
    /// So many objects are gone.
    Deleted(usize),
    /// Nothing was done, and why.
    Refused(&'static str),
}

pub(crate) async fn run(endpoints: &Endpoints, arguments: &DeleteArgs) -> anyhow::Result<ExitCode> {
    let storage = endpoints.storage().await?;
    let mut failures = Failures::default();
    for job in &arguments.jobs {
        let deleted = delete(&storage, arguments, job).await;
        match deleted.with_context(|| format!("job {job} is not deleted, or not all of it")) {
            Ok(Outcome::Deleted(objects)) if arguments.json => {
                say(&json!({ "event": "deleted", "job_id": job, "objects": objects }).to_string())?;
            }
            Ok(Outcome::Deleted(objects)) => say(&format!("{job}\tdeleted, {objects} objects"))?,
            Ok(Outcome::Refused(reason)) => {
                failures.refused();
                if arguments.json {
                    say(&json!({ "event": "refused", "job_id": job, "reason": reason }).to_string())?;
                } else {
                    say(&format!("{job}\tstays: {reason}"))?;
                }
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

/// Deletes the objects of a job, unless they tell that it may be queued or running. A replay that
/// no worker has begun yet leaves nothing to tell it by.
async fn delete(storage: &Storage, arguments: &DeleteArgs, job: &JobId) -> anyhow::Result<Outcome> {
    let keys = storage.keys(&arguments.tenant, job);
    let stored = storage.store.list(keys.folder()).await?;
    let is_there = |key: String| stored.contains(&key);
    if !arguments.force && !is_there(keys.result()) {
        return Ok(Outcome::Refused(WITHOUT_RESULT));
    }
    if !arguments.force && (is_there(keys.state()) || is_there(keys.cancel())) {
        return Ok(Outcome::Refused(UNDER_A_REPLAY));
    }
    delete_all(&storage.store, &keys.result(), &stored).await.context(HALF_DONE)?;
    Ok(Outcome::Deleted(stored.len()))
}

async fn delete_all(store: &S3Store, result: &str, stored: &[String]) -> Result<(), StoreError> {
    // First of all: at no instant does a result name what is gone.
    store.delete(result).await?;
    let deletions = stored.iter().filter(|key| *key != result).map(|key| store.delete(key));
    stream::iter(deletions).buffer_unordered(AT_ONCE).try_collect().await
}
