//! Removes what lies under a job that has ended and that its result does not name.

use std::{collections::BTreeSet, time::Duration};

use quire_schemas::{failure::ErrorCode, keys::JobKeys, result::Phase};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    end_summary::digest_of,
    existing::{Existing, Named, Results},
    state::stored_state,
};
use crate::{job::Fault, lifecycle, store::Store, telemetry::Metrics};

/// How long the end of a job waits for its leftovers to be deleted. The rest is deleted behind it.
const DELETION_TIMEOUT: Duration = Duration::from_secs(10);

/// What of a job's folder a sweep leaves alone, beside what the result names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    /// The cancellation marker goes too.
    Goes,
    /// It stays: it may be meant for a replay that still waits.
    Stays,
}

/// Deletes what the stored result of a job does not name: pages of another format, what runs left for each other, the
/// cancellation marker. An object that cannot be deleted is logged and stays. Nothing is deleted while a generation
/// after this one is under way.
pub(crate) async fn sweep(
    results: Results<'_>,
    metrics: &Metrics,
    keys: &JobKeys,
    (found, generation, marker): (&Existing, u32, Marker),
) {
    let looking = async {
        let listed = results.store.list(keys.folder(), Phase::Commit).await?;
        let kept = [Some(keys.result()), (marker == Marker::Stays).then(|| keys.cancel())];
        let others: Vec<String> =
            listed.iter().filter(|key| !kept.iter().flatten().any(|kept| kept == *key)).cloned().collect();
        if found.named == Named::Digest(digest_of(others.iter().map(String::as_str))) {
            return Ok(Vec::new());
        }
        if is_replayed(results.store, keys, generation, &listed).await? {
            return Ok(Vec::new());
        }
        let named = results.keys_named_by(found, keys, Phase::Commit).await?;
        // A result that is gone meanwhile has another in its place, whose run sweeps.
        let Some(named) = named else { return Ok(Vec::new()) };
        Ok::<_, Fault>(others.into_iter().filter(|key| !named.contains(key)).collect())
    };
    match looking.await {
        Ok(unnamed) => delete(results.store, metrics, unnamed).await,
        Err(fault) => tracing::warn!("objects that a finished job no longer needs stay: {}", fault.chain()),
    }
}

/// Says whether a later generation of a job is under way: a result of this generation does not name what
/// that one has stored.
pub(super) async fn is_replayed(
    store: &Store,
    keys: &JobKeys,
    generation: u32,
    listed: &[String],
) -> Result<bool, Fault> {
    if !listed.contains(&keys.state()) {
        return Ok(false);
    }
    let state = stored_state(store, keys, Phase::Commit).await?;
    Ok(state.is_some_and(|state| state.generation > generation))
}

/// Lists what lies under the job, and makes sure that everything its result will name is there: another
/// run of the job that has ended meanwhile deletes what its own result does not name.
pub(super) async fn list_named(store: &Store, keys: &JobKeys, named: &BTreeSet<String>) -> Result<Vec<String>, Fault> {
    if !store.keeps_history() {
        return Ok(Vec::new());
    }
    let listed = store.list(keys.folder(), Phase::Commit).await?;
    let there: BTreeSet<&String> = listed.iter().collect();
    match named.iter().find(|key| !there.contains(key)) {
        None => Ok(listed),
        Some(gone) => {
            let message = format!("{gone} is gone: another run of the job has ended meanwhile");
            Err(Fault::new(ErrorCode::StorageUnavailable, Phase::Commit, message))
        }
    }
}

/// Returns what lies under the job beside its result and is not named by it.
pub(super) fn unnamed(keys: &JobKeys, listed: Vec<String>, named: &BTreeSet<String>) -> Vec<String> {
    listed.into_iter().filter(|key| *key != keys.result() && !named.contains(key)).collect()
}

/// Deletes objects, and waits for that for a while; what is not deleted then is deleted on its own task, and counted.
pub(super) async fn delete(store: &Store, metrics: &Metrics, keys: Vec<String>) {
    if keys.is_empty() {
        return;
    }
    let (store, objects) = (store.clone(), keys.len());
    let mut deleting = lifecycle::spawn(async move { store.delete_all(&keys).await }.in_current_span());
    // Cancel safe: the task goes on.
    if timeout(DELETION_TIMEOUT, &mut deleting).await.is_err() {
        tracing::info!(objects, "deleting the leftovers of earlier runs takes long; it goes on behind the job");
        metrics.sweep_deferred();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        pipeline::{existing::named_keys, testing::result_with_every_object},
        store::{DirectoryStore, StoredObject},
    };

    #[tokio::test]
    async fn a_sweep_keeps_every_object_that_a_result_names_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::Directory(DirectoryStore::new(folder.path().to_owned()));
        let keys = JobKeys::in_folder("job");
        let (result, every_key) = result_with_every_object(keys.folder());
        let leftovers = [keys.cancel(), keys.state(), keys.elements(9), keys.carried_part(1)];
        let listed: Vec<String> = every_key.iter().cloned().chain(leftovers.clone()).chain([keys.result()]).collect();
        for key in &listed {
            let object = StoredObject::new(key.clone(), "content".into(), "text/plain");
            store.put(&object, Phase::Commit).await.expect("writable");
        }
        delete(&store, &Metrics::new(), unnamed(&keys, listed.clone(), &named_keys(&result))).await;
        for key in listed {
            let is_there = folder.path().join(&key).exists();
            assert_eq!(is_there, !leftovers.contains(&key), "{key}");
        }
    }
}
