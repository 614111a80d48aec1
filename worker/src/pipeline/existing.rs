//! A result that lies in storage already.

use std::collections::BTreeSet;

use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    precedence::Standing,
    result::{MAX_RESULT_BYTES, ParseResult, Phase},
    sha256::Sha256,
};

use super::committed::Committed;
use crate::{job::Fault, store::Store};

/// Facts about a stored result.
#[derive(Debug)]
pub(crate) struct Existing {
    pub(crate) committed: Committed,
    /// Digest of the request; absent if the message could not be read.
    pub(crate) request_sha256: Option<Sha256>,
    /// Keys of everything it names.
    pub(crate) named: BTreeSet<String>,
}

impl Existing {
    /// Returns its standing, to compare it with another result of the job.
    pub(crate) fn standing(&self) -> Standing<'_> {
        Standing {
            generation: self.committed.generation,
            request_sha256: self.request_sha256,
            status: &self.committed.status,
        }
    }

    /// Refuses a message of the result's own generation that asked for something else: another body
    /// under the id of a job is no job. The result of an unreadable message refuses none.
    ///
    /// # Errors
    /// `invalid_job`.
    pub(crate) fn check_body(&self, request_sha256: Option<Sha256>, phase: Phase) -> Result<(), Fault> {
        match self.request_sha256 {
            Some(theirs) if Some(theirs) != request_sha256 => {
                Err(Fault::new(ErrorCode::InvalidJob, phase, "this id has a result of another body"))
            }
            _ => Ok(()),
        }
    }
}

/// Reads a job's result; `None` if there is none that this version can read.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`.
pub(crate) async fn find(store: &Store, keys: &JobKeys, phase: Phase) -> Result<Option<Existing>, Fault> {
    let key = keys.result();
    let Some(json) = store.get(&key, MAX_RESULT_BYTES, phase).await? else { return Ok(None) };
    let uri = store.uri(&key);
    // Parsing megabytes on the runtime would delay heartbeats.
    let read = tokio::task::spawn_blocking(move || read(&json, uri)).await;
    Ok(read.expect("reading a result does not panic"))
}

fn read(json: &[u8], uri: String) -> Option<Existing> {
    let result: ParseResult = serde_json::from_slice(json).ok()?;
    Some(Existing {
        named: named_keys(&result),
        committed: Committed::of(&result, uri, Sha256::of(json)),
        request_sha256: result.request_sha256,
    })
}

/// Lists the keys of everything that a result names itself.
pub(super) fn named_keys(result: &ParseResult) -> BTreeSet<String> {
    result.objects().map(|object| object.key.clone()).collect()
}

#[cfg(test)]
mod tests {
    use quire_schemas::result::Page;

    use super::*;
    use crate::pipeline::testing::{parsed_page, result_with_every_object};

    fn existing(result: &ParseResult) -> Existing {
        let json = serde_json::to_vec(result).expect("a result is JSON");
        read(&json, "s3://bucket/result.json".to_owned()).expect("readable")
    }

    #[test]
    fn everything_that_a_result_names_is_known_of_it() {
        let (result, keys) = result_with_every_object("t/job/");
        let found = existing(&result);
        assert_eq!(found.named, keys);
        assert_eq!((found.committed.pages, found.committed.images), (1, 1));
        assert_eq!(found.committed.uri, "s3://bucket/result.json");
    }

    #[test]
    fn elements_are_counted_wherever_they_are_stored() {
        let (mut result, _) = result_with_every_object("t/job/");
        let parsed = parsed_page(1, &["a", "b", "c"]);
        (result.pages, result.elements) = (vec![parsed.page, Page::new(2)], parsed.elements);
        assert_eq!(existing(&result).committed.elements, 3);
        result.elements.clear();
        assert_eq!(existing(&result).committed.elements, 3);
    }

    #[test]
    fn another_body_is_refused_and_an_unreadable_message_refuses_none() {
        let (mut result, _) = result_with_every_object("t/job/");
        let [ours, theirs] = [b"a", b"b"].map(|body| Some(Sha256::of(body)));
        result.request_sha256 = ours;
        let found = existing(&result);
        assert!(found.check_body(ours, Phase::Admission).is_ok());
        let refused = found.check_body(theirs, Phase::Admission).expect_err("another body");
        assert_eq!(refused.code, ErrorCode::InvalidJob);
        assert!(found.check_body(None, Phase::Admission).is_err());
        result.request_sha256 = None;
        assert!(existing(&result).check_body(theirs, Phase::Admission).is_ok());
    }

    #[test]
    fn a_result_that_cannot_be_read_is_none() {
        assert!(read(b"{\"schema_version\":\"2.0\"}", String::new()).is_none());
    }
}
