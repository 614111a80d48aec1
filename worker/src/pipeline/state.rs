//! `state.json`: what a run notes of itself for the next run.

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    result::Phase,
    state::{ExternalParse, FailedPage, JobState, MAX_STATE_BYTES},
};
use tokio::sync::Mutex;

use crate::{
    job::Fault,
    store::{Store, StoredObject},
};

/// Keeps `state.json` up to date while a run goes on. A first run writes none until it pays for
/// something: most jobs need no second run.
///
/// Whatever writes fails with `storage_unavailable` or `storage_denied`.
#[derive(Debug)]
pub(crate) struct StateKeeper {
    keys: JobKeys,
    generation: u32,
    // Held over the write: an older state must not overwrite a newer one.
    state: Mutex<Option<JobState>>,
}

impl StateKeeper {
    /// Makes the keeper of a run; `None` for a first one.
    pub(crate) fn new(keys: JobKeys, generation: u32, state: Option<JobState>) -> Self {
        Self { keys, generation, state: Mutex::new(state) }
    }

    /// Notes that the run begins, unless it is a first one.
    pub(crate) async fn begin(&self, store: &Store) -> Result<(), Fault> {
        match self.state.lock().await.as_ref() {
            Some(state) => write(store, &self.keys, state).await,
            None => Ok(()),
        }
    }

    /// Returns the state that the run began with or has written since.
    pub(crate) async fn state(&self) -> Option<JobState> {
        self.state.lock().await.clone()
    }

    /// Notes the phase that begins.
    pub(crate) async fn enter(&self, store: &Store, phase: Phase) -> Result<(), Fault> {
        self.update(store, |state| (state.phase, state.page) = (phase, None)).await
    }

    /// Notes the page that begins. It names the page to blame only while the job runs page by page.
    pub(crate) async fn turn_to(&self, store: &Store, page: u32) -> Result<(), Fault> {
        self.update(store, |state| state.page = Some(page)).await
    }

    /// Notes paid work, whether or not there is a state yet. After a fault the work must not go on: it
    /// would be unrecorded.
    pub(crate) async fn record(&self, store: &Store, external: ExternalParse) -> Result<(), Fault> {
        let mut kept = self.state.lock().await;
        let state = kept.get_or_insert_with(|| JobState::of_run(1, self.generation, Phase::Parse));
        state.record(external);
        write(store, &self.keys, state).await
    }

    /// Notes a page that has cost renderers, and how many the document has cost by now, whether or not there is a state
    /// yet.
    pub(crate) async fn note_failed_page(
        &self,
        store: &Store,
        failed: FailedPage,
        renderers_lost: u32,
    ) -> Result<(), Fault> {
        let mut kept = self.state.lock().await;
        let state = kept.get_or_insert_with(|| JobState::of_run(1, self.generation, Phase::Render));
        state.failed_pages.retain(|other| other.page != failed.page);
        state.failed_pages.push(failed);
        state.renderers_lost = state.renderers_lost.max(renderers_lost);
        write(store, &self.keys, state).await
    }

    /// Notes that the run ends in order, if it has a state. After a fault the next run takes this one for
    /// dead.
    pub(crate) async fn end(&self, store: &Store) -> Result<(), Fault> {
        self.update(store, |state| state.ended = true).await
    }

    async fn update(&self, store: &Store, change: impl FnOnce(&mut JobState)) -> Result<(), Fault> {
        let mut kept = self.state.lock().await;
        let Some(state) = kept.as_mut() else { return Ok(()) };
        let before = state.clone();
        change(state);
        if *state == before { Ok(()) } else { write(store, &self.keys, state).await }
    }
}

/// Reads the state that the last run of a job wrote.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`.
pub(crate) async fn stored_state(store: &Store, keys: &JobKeys, phase: Phase) -> Result<Option<JobState>, Fault> {
    let json = store.get(&keys.state(), MAX_STATE_BYTES, phase).await?;
    // A state that cannot be read is of another version: the run starts without it.
    Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
}

/// Writes `state.json`, unless a later generation has: this run is parked then, and finds the replay when
/// its message comes back.
async fn write(store: &Store, keys: &JobKeys, state: &JobState) -> Result<(), Fault> {
    let stored = stored_state(store, keys, Phase::Admission).await?;
    if stored.is_some_and(|stored| stored.generation > state.generation) {
        return Err(Fault::new(ErrorCode::StorageUnavailable, Phase::Admission, "a replay of the job is under way"));
    }
    let state = JobState { written_at: Some(Utc::now()), ..state.clone() };
    let json = serde_json::to_vec(&state).expect("a state is plain data");
    let object = StoredObject::new(keys.state(), json.into(), "application/json");
    store.put(&object, Phase::Admission).await.map(drop)
}
