//! A result that lies in storage already.

use std::collections::BTreeSet;

use quire_producer::store::Head;
use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    precedence::{Standing, stays},
    result::{MAX_RESULT_BYTES, ParseResult, Phase},
    sha256::Sha256,
};

use super::{
    byte_budget::ByteBudget,
    committed::Committed,
    end_summary::{self, EndSummary},
    run::Terms,
};
use crate::{job::Fault, store::Store};

/// Facts about a stored result.
#[derive(Debug)]
pub(crate) struct Existing {
    pub(crate) committed: Committed,
    /// Digest of the request; absent if the message could not be read.
    pub(crate) request_sha256: Option<Sha256>,
    /// Keys of everything it names.
    pub(super) named: Named,
    /// The version of the object, where the store tells one.
    pub(super) etag: Option<String>,
}

/// What is known of the keys that a result names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// Their digest: they are read only if something else lies there.
    Digest(Sha256),
    Keys(BTreeSet<String>),
}

/// Where results are read from, and how much of them may be in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Results<'a> {
    pub(crate) store: &'a Store,
    pub(crate) budget: &'a ByteBudget,
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

    /// Says whether it stays where a run has this result.
    pub(super) fn stays_against(&self, ours: &ParseResult, terms: Terms) -> bool {
        stays(&self.standing(), &Standing::of(ours), terms.supersedes_success)
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

impl Results<'_> {
    /// Finds a job's result; `None` if there is none that this version can read. Costs a few hundred bytes, unless an
    /// older version has stored it.
    ///
    /// # Errors
    /// `storage_unavailable` or `storage_denied`.
    pub(crate) async fn find(&self, keys: &JobKeys, phase: Phase) -> Result<Option<Existing>, Fault> {
        let key = keys.result();
        if !self.store.keeps_metadata() {
            return self.read(&key, None, phase).await;
        }
        let Some(head) = self.store.head(&key, phase.clone()).await? else { return Ok(None) };
        match summed_up(&head, self.store.uri(&key)) {
            Some(existing) => Ok(Some(existing)),
            None => self.read(&key, Some(head), phase).await,
        }
    }

    /// Lists the keys that a stored result names; `None` if it is gone.
    pub(super) async fn keys_named_by(
        &self,
        found: &Existing,
        keys: &JobKeys,
        phase: Phase,
    ) -> Result<Option<BTreeSet<String>>, Fault> {
        match &found.named {
            Named::Keys(named) => Ok(Some(named.clone())),
            Named::Digest(_) => {
                let key = keys.result();
                let head = self.store.head(&key, phase.clone()).await?;
                let read = self.read(&key, head, phase).await?;
                Ok(read.and_then(|read| match read.named {
                    Named::Keys(named) => Some(named),
                    Named::Digest(_) => None,
                }))
            }
        }
    }

    /// Reads a whole result, charged by its size.
    async fn read(&self, key: &str, head: Option<Head>, phase: Phase) -> Result<Option<Existing>, Fault> {
        let bytes = head.as_ref().map_or(0, |head| head.size_bytes);
        // As values it takes more than three times its bytes, beside them.
        let _charged = self.budget.charge(bytes.saturating_mul(5), phase.clone()).await?;
        let Some(json) = self.store.get(key, MAX_RESULT_BYTES, phase).await? else { return Ok(None) };
        let uri = self.store.uri(key);
        // Parsing megabytes on the runtime would delay heartbeats.
        let read = tokio::task::spawn_blocking(move || read(&json, uri)).await;
        let read = read.expect("reading a result does not panic");
        Ok(read.map(|existing| Existing { etag: head.and_then(|head| head.etag), ..existing }))
    }
}

/// Reads what the metadata of a result say of it.
fn summed_up(head: &Head, uri: String) -> Option<Existing> {
    let summary = EndSummary::read(head.metadata.get(end_summary::METADATA)?)?;
    let committed = Committed {
        generation: summary.generation,
        status: summary.status,
        uri,
        sha256: head.metadata.get("sha256")?.parse().ok()?,
        errors: summary.error.into_iter().collect(),
        warnings: Vec::new(),
        pages: summary.pages,
        elements: summary.elements,
        images: summary.images,
    };
    Some(Existing {
        committed,
        request_sha256: summary.request_sha256,
        named: Named::Digest(summary.named),
        etag: head.etag.clone(),
    })
}

fn read(json: &[u8], uri: String) -> Option<Existing> {
    let result: ParseResult = serde_json::from_slice(json).ok()?;
    Some(Existing {
        named: Named::Keys(named_keys(&result)),
        committed: Committed::of(&result, uri, Sha256::of(json)),
        request_sha256: result.request_sha256,
        etag: None,
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
        assert_eq!(found.named, Named::Keys(keys));
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
