//! What a run leaves behind for the next one.

use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    result::Phase,
    state::{ExternalParse, JobState, MAX_STATE_BYTES},
};
use tokio::sync::Mutex;

use super::Context;
use crate::{
    job::Fault,
    store::{Object, Store},
};

/// Keeps `state.json` true while a run goes on. A first run writes none until it pays for
/// something: most jobs need no second one.
#[derive(Debug)]
pub struct StateKeeper {
    keys: JobKeys,
    generation: u32,
    // Held over the write: an older state must not land on a newer one.
    state: Mutex<Option<JobState>>,
}

impl StateKeeper {
    /// Makes the keeper of a run; `None` for a first one.
    #[must_use]
    pub fn new(keys: JobKeys, generation: u32, state: Option<JobState>) -> Self {
        Self { keys, generation, state: Mutex::new(state) }
    }

    /// Writes down that the run begins, unless it is a first one.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn begin(&self, context: &Context) -> Result<(), Fault> {
        match self.state.lock().await.as_ref() {
            Some(state) => write(context, &self.keys, state).await,
            None => Ok(()),
        }
    }

    /// Returns what the run began with or has written since.
    pub async fn state(&self) -> Option<JobState> {
        self.state.lock().await.clone()
    }

    /// Notes what is being done.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn enter(&self, context: &Context, phase: Phase) -> Result<(), Fault> {
        self.update(context, |state| (state.phase, state.page) = (phase, None)).await
    }

    /// Notes which page is being worked on. Only while the job runs page by page does that say
    /// which one is to blame.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub async fn turn_to(&self, context: &Context, page: u32) -> Result<(), Fault> {
        self.update(context, |state| state.page = Some(page)).await
    }

    /// Notes paid work, whether or not there is a state yet.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`: the work must not go on unrecorded.
    pub async fn record(&self, context: &Context, external: ExternalParse) -> Result<(), Fault> {
        let mut kept = self.state.lock().await;
        let state = kept.get_or_insert_with(|| JobState::of_run(1, self.generation, Phase::Parse));
        state.external = Some(external);
        write(context, &self.keys, state).await
    }

    /// Notes that the run ends in order, if it was noted at all.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`: the next run will take this one for dead.
    pub async fn end(&self, context: &Context) -> Result<(), Fault> {
        self.update(context, |state| state.ended = true).await
    }

    async fn update(&self, context: &Context, change: impl FnOnce(&mut JobState)) -> Result<(), Fault> {
        let mut kept = self.state.lock().await;
        let Some(state) = kept.as_mut() else { return Ok(()) };
        let before = state.clone();
        change(state);
        if *state == before { Ok(()) } else { write(context, &self.keys, state).await }
    }
}

/// Reads what the last run of a job noted.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`.
pub async fn stored_state(store: &Store, keys: &JobKeys, phase: Phase) -> Result<Option<JobState>, Fault> {
    let json = store.get(&keys.state(), MAX_STATE_BYTES, phase).await?;
    // One that cannot be read is of another version: the run starts without it.
    Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
}

/// Writes `state.json`, unless a later generation has: whoever meets that is parked, and finds the replay
/// when it comes back.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`.
async fn write(context: &Context, keys: &JobKeys, state: &JobState) -> Result<(), Fault> {
    let stored = stored_state(&context.store, keys, Phase::Admission).await?;
    if stored.is_some_and(|stored| stored.generation > state.generation) {
        return Err(Fault::new(ErrorCode::StorageUnavailable, Phase::Admission, "a replay of the job is under way"));
    }
    let json = serde_json::to_vec(state).expect("a state is plain data");
    let object = Object::new(keys.state(), json.into(), "application/json");
    context.store.put(&object, Phase::Admission).await.map(drop)
}
