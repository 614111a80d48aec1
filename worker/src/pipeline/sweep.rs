//! Removes what lies under a job that has ended and that its result does not name.

use std::collections::BTreeSet;

use quire_schemas::{failure::ErrorCode, keys::JobKeys, result::Phase};

use super::state::stored_state;
use crate::{job::Fault, store::Store};

/// Deletes what the result of a job does not name: pages of another format, what runs left for each
/// other, the cancellation marker. The result is written, so an object that cannot be deleted is logged
/// and stays. Nothing is deleted while a later generation is under way.
pub(crate) async fn sweep(store: &Store, keys: &JobKeys, generation: u32, named: &BTreeSet<String>) {
    let found = async {
        let listed = store.list(keys.folder(), Phase::Commit).await?;
        let is_replayed = is_replayed(store, keys, generation, &listed).await?;
        Ok::<_, Fault>((listed, is_replayed))
    };
    match found.await {
        Ok((listed, false)) => delete_unnamed(store, keys, &listed, named).await,
        Ok((_, true)) => {}
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

pub(super) async fn delete_unnamed(store: &Store, keys: &JobKeys, listed: &[String], named: &BTreeSet<String>) {
    let is_kept = |key: &&String| **key == keys.result() || named.contains(*key);
    for key in listed.iter().filter(|key| !is_kept(key)) {
        if let Err(fault) = store.delete(key, Phase::Commit).await {
            tracing::warn!(key, "an object of an earlier run stays: {}", fault.chain());
        }
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
        delete_unnamed(&store, &keys, &listed, &named_keys(&result)).await;
        for key in listed {
            let is_there = folder.path().join(&key).exists();
            assert_eq!(is_there, !leftovers.contains(&key), "{key}");
        }
    }
}
