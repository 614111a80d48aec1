//! A result that lies in storage already.

use std::collections::BTreeSet;

use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    result::{ParseResult, Phase},
};

use super::Committed;
use crate::{job::Fault, store::Store};

/// A result larger than this is not one of ours.
const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

/// What is known of a stored result.
#[derive(Debug)]
pub struct Existing {
    /// As if it had just been committed.
    pub committed: Committed,
    /// What was asked for; absent if the message could not be read.
    pub request_sha256: Option<String>,
    /// Keys of everything it names.
    pub named: BTreeSet<String>,
}

impl Existing {
    /// Makes sure that a message of the result's own generation asked for the same. Another body under
    /// the id of a job is no job; the result of a message that could not be read is nobody's.
    ///
    /// # Errors
    /// `invalid_job`.
    pub fn check_body(&self, request_sha256: Option<&str>, phase: Phase) -> Result<(), Fault> {
        match self.request_sha256.as_deref() {
            Some(theirs) if Some(theirs) != request_sha256 => {
                Err(Fault::new(ErrorCode::InvalidJob, phase, "this id has a result of another body"))
            }
            _ => Ok(()),
        }
    }
}

/// Reads a job's result, if it has one that this version can read.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`.
pub async fn find(store: &Store, keys: &JobKeys, phase: Phase) -> Result<Option<Existing>, Fault> {
    let key = keys.result();
    let Some(json) = store.get(&key, MAX_RESULT_BYTES, phase).await? else { return Ok(None) };
    let uri = store.uri(&key);
    // Parsing megabytes on the runtime would delay heartbeats.
    let read = tokio::task::spawn_blocking(move || read(&json, uri)).await;
    Ok(read.expect("reading a result does not panic"))
}

fn read(json: &[u8], uri: String) -> Option<Existing> {
    let result: ParseResult = serde_json::from_slice(json).ok()?;
    let sha256 = crate::store::digest(json);
    Some(Existing {
        named: named_keys(&result),
        request_sha256: result.request_sha256.clone(),
        committed: Committed::of(&result, uri, sha256, result.elements.len()),
    })
}

/// Lists the keys of everything a result names.
#[must_use]
pub fn named_keys(result: &ParseResult) -> BTreeSet<String> {
    let images = result.page_images.values().chain(result.thumbnails.values()).map(|image| &image.object);
    images.chain(result.artifacts.iter().map(|artifact| &artifact.object)).map(|object| object.key.clone()).collect()
}
