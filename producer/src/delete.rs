//! Deletes everything that is stored of a job. Uploaded documents stay: other jobs may name them.

use futures_util::{StreamExt, TryStreamExt, stream};
use quire_schemas::{job::JobId, keys::JobKeys, names::Tenant};

use crate::{
    storage::Storage,
    store::{S3Store, StoreError},
};

const AT_ONCE: usize = 8;

/// Whether to delete a job that may wait or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteForce {
    Yes,
    No,
}

/// What became of a job's objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    Deleted {
        /// How many there were.
        objects: usize,
    },
    /// Nothing was deleted.
    Refused(MayRun),
}

/// Why a job may wait or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MayRun {
    #[error("it has no result, so it may wait or run: cancel it first, or force the deletion")]
    WithoutResult,
    #[error(
        "state.json or a cancel marker lies beside its result, so it may be replayed now: wait for its end, or force \
         the deletion"
    )]
    Replayed,
}

/// Why not all of a job is deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    #[error("cannot list its objects")]
    List(#[source] StoreError),
    /// The result goes first, so the job looks unfinished to a second attempt.
    #[error("only a part of it is deleted: deleting it again needs force")]
    Partly(#[source] StoreError),
}

/// Deletes the objects of a job, unless they show that it may wait or run. A replay that no worker has
/// begun yet leaves no trace, so it cannot be recognised.
pub async fn delete(
    storage: &Storage,
    tenant: &Tenant,
    job: &JobId,
    force: DeleteForce,
) -> Result<Deletion, DeleteError> {
    let keys = storage.keys(tenant, job);
    let stored = storage.store().list(keys.folder()).await.map_err(DeleteError::List)?;
    if let (DeleteForce::No, Some(reason)) = (force, may_run(&keys, &stored)) {
        return Ok(Deletion::Refused(reason));
    }
    delete_all(storage.store(), &keys.result(), &stored).await.map_err(DeleteError::Partly)?;
    Ok(Deletion::Deleted { objects: stored.len() })
}

fn may_run(keys: &JobKeys, stored: &[String]) -> Option<MayRun> {
    let is_there = |key: String| stored.contains(&key);
    if !is_there(keys.result()) {
        return Some(MayRun::WithoutResult);
    }
    (is_there(keys.state()) || is_there(keys.cancel())).then_some(MayRun::Replayed)
}

async fn delete_all(store: &S3Store, result: &str, stored: &[String]) -> Result<(), StoreError> {
    // The result goes first, so that it never names an object that is gone.
    store.delete(result).await?;
    let deletions = stored.iter().filter(|key| *key != result).map(|key| store.delete(key));
    stream::iter(deletions).buffer_unordered(AT_ONCE).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_result_without_signs_of_a_run_shows_that_a_job_has_ended() {
        let job: JobId = "0192f0c1-7e5a-7000-8000-000000000001".parse().expect("a uuid");
        let keys = JobKeys::new("quire", &Tenant::default(), &job);
        assert_eq!(may_run(&keys, &[]), Some(MayRun::WithoutResult));
        assert_eq!(may_run(&keys, &[keys.result(), keys.markdown()]), None);
        assert_eq!(may_run(&keys, &[keys.result(), keys.state()]), Some(MayRun::Replayed));
        assert_eq!(may_run(&keys, &[keys.result(), keys.cancel()]), Some(MayRun::Replayed));
    }
}
