//! What a run leaves behind for the next one.

use quire_schemas::{keys::JobKeys, result::Phase, state::JobState};

use super::Context;
use crate::{job::Fault, store::Object};

/// Writes `state.json`.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`.
pub async fn write_state(context: &Context, keys: &JobKeys, state: &JobState) -> Result<(), Fault> {
    let json = serde_json::to_vec(state).expect("a state is plain data");
    let object = Object::new(keys.state(), json.into(), "application/json");
    context.store.put(&object, Phase::Admission).await.map(drop)
}
