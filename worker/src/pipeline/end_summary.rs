//! What a result says of itself in the metadata of its object: enough to announce it again without reading it. Pure.

use std::collections::BTreeSet;

use quire_schemas::{
    object::JsonObject,
    result::{JobError, JobStatus, ParseResult},
    sha256::Sha256,
};
use serde::{Deserialize, Serialize};

use super::committed::Committed;

/// The metadata's name. Stores keep 2 KB of metadata for an object.
pub(super) const METADATA: &str = "quire-end";
/// Characters that are kept of a message. As ASCII each takes at most six bytes, a pair of them twelve.
const MESSAGE_CHARACTERS: usize = 120;

/// A result in a few hundred bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EndSummary {
    pub(super) generation: u32,
    pub(super) status: JobStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_sha256: Option<Sha256>,
    pub(super) pages: usize,
    pub(super) elements: usize,
    pub(super) images: usize,
    /// Of the keys of everything that it names, as [`digest_of`] makes it.
    pub(super) named: Sha256,
    /// The one that decided, with a message that may be cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<JobError>,
}

impl EndSummary {
    /// Sums a result up.
    pub(super) fn of(result: &ParseResult, committed: &Committed, named: &BTreeSet<String>) -> Self {
        let error = result.errors.first().map(|error| JobError {
            message: error.message.chars().take(MESSAGE_CHARACTERS).collect(),
            provider: None,
            details: JsonObject::new(),
            ..error.clone()
        });
        Self {
            generation: result.generation,
            status: result.status.clone(),
            request_sha256: result.request_sha256,
            pages: committed.pages,
            elements: committed.elements,
            images: committed.images,
            named: digest_of(named.iter().map(String::as_str)),
            error,
        }
    }

    /// Reads it back; `None` if it is not one of this version.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Writes it as JSON of ASCII characters: stores differ in what else they keep of metadata.
    pub(super) fn write(&self) -> String {
        let json = serde_json::to_string(self).expect("plain data");
        let mut ascii = String::with_capacity(json.len());
        for character in json.chars() {
            if character.is_ascii() && !character.is_ascii_control() {
                ascii.push(character);
            } else {
                let mut units = [0; 2];
                character.encode_utf16(&mut units).iter().for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}")));
            }
        }
        ascii
    }
}

/// Digests keys, whatever their order.
pub(super) fn digest_of<'a>(keys: impl Iterator<Item = &'a str>) -> Sha256 {
    let sorted: BTreeSet<&str> = keys.collect();
    let mut text = String::new();
    for key in sorted {
        text.push_str(key);
        text.push('\n');
    }
    Sha256::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use quire_schemas::{failure::ErrorCode, result::Phase};

    use super::*;
    use crate::{job::Fault, pipeline::testing::result_with_every_object};

    #[test]
    fn a_summary_reads_back_and_fits_whatever_the_message_is() {
        let (mut result, named) = result_with_every_object("t/job/");
        let fault = Fault::new(ErrorCode::InvalidDocument, Phase::Fetch, "ä\u{1F600}\n\"".repeat(1000));
        result.errors = vec![fault.to_job_error(None)];
        let committed = Committed::of(&result, String::new(), Sha256::of(b"x"));
        let summary = EndSummary::of(&result, &committed, &named);
        let text = summary.write();
        assert!(text.is_ascii() && text.len() < 1_700, "{} bytes", text.len());
        assert_eq!(EndSummary::read(&text), Some(summary));
        assert_eq!(EndSummary::read("{}"), None);
    }

    #[test]
    fn keys_have_one_digest_in_any_order() {
        assert_eq!(digest_of(["b", "a"].into_iter()), digest_of(["a", "b"].into_iter()));
        assert_ne!(digest_of(["a", "b"].into_iter()), digest_of(["a", "b", "c"].into_iter()));
    }
}
