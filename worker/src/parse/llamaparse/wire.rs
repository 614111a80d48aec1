//! The service's answers, as far as we read them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::parse::remote::{Fields, Unreadable};

/// Where a parse stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RemoteStatus {
    /// Waiting, running, or a state that came after this was written.
    Open,
    Completed,
    Failed,
    Cancelled,
}

/// A parse as the engine describes it.
#[derive(Debug, Clone)]
pub(super) struct RemoteJob {
    pub(super) id: String,
    pub(super) status: RemoteStatus,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) error_code: Option<String>,
    pub(super) error_message: Option<String>,
    pub(super) credits: Option<f64>,
    user_metadata: Fields,
}

impl RemoteJob {
    /// Reads a job that stands alone, as after an upload, or in a wrapper, as after a question.
    pub(super) fn decode(body: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Fields::decode(body)?;
        let job = fields.take_object("job").unwrap_or(fields);
        Self::read(job).ok_or(Unreadable::Lacks("the id and the status of a job"))
    }

    fn read(mut fields: Fields) -> Option<Self> {
        let id = fields.take_text("id").filter(|id| is_id(id))?;
        let status = match fields.take_text("status")?.to_ascii_uppercase().as_str() {
            "COMPLETED" => RemoteStatus::Completed,
            "FAILED" => RemoteStatus::Failed,
            // The vendor spells it both ways.
            "CANCELLED" | "CANCELED" => RemoteStatus::Cancelled,
            _ => RemoteStatus::Open,
        };
        let created_at = fields.take_text("created_at");
        Some(Self {
            id,
            status,
            created_at: created_at.and_then(|at| Some(DateTime::parse_from_rfc3339(&at).ok()?.to_utc())),
            error_code: fields.take_text("error_code"),
            error_message: fields.take_text("error_message"),
            credits: fields.take_object("usage").and_then(|mut usage| usage.take_number("credits")),
            user_metadata: fields.take_object("user_metadata").unwrap_or_default(),
        })
    }

    /// Says whether a result may still come of it, or has.
    pub(super) fn may_yield(&self) -> bool {
        matches!(self.status, RemoteStatus::Open | RemoteStatus::Completed)
    }

    /// Returns what the upload said about itself under this key.
    pub(super) fn user_metadata(&self, key: &str) -> Option<&str> {
        self.user_metadata.text(key)
    }
}

/// An id becomes part of an address and of state.json: nothing else than an id may pass for one.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=200).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}

/// One page of the list of parses.
#[derive(Debug)]
pub(super) struct JobList {
    pub(super) jobs: Vec<RemoteJob>,
    pub(super) next_page_token: Option<String>,
}

impl JobList {
    pub(super) fn decode(body: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Fields::decode(body)?;
        let items = fields.take_list("items").ok_or(Unreadable::Lacks("a list of jobs"))?;
        let jobs = items.into_iter().filter_map(Fields::from_value).filter_map(RemoteJob::read).collect();
        let next_page_token = fields.take_text("next_page_token").filter(|token| !token.is_empty());
        Ok(Self { jobs, next_page_token })
    }
}

/// A finished parse, its sections gathered by page.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) credits: Option<f64>,
    pub(super) pages: BTreeMap<u32, AnswerPage>,
}

/// What the sections say about one page.
#[derive(Debug, Default)]
pub(super) struct AnswerPage {
    pub(super) items: Option<AnswerSection>,
    pub(super) markdown: Option<AnswerSection>,
    pub(super) text: Option<AnswerSection>,
    pub(super) metadata: Option<AnswerSection>,
}

/// One page's entry in a section.
#[derive(Debug)]
pub(super) struct AnswerSection {
    /// Its index in the section's list of pages.
    pub(super) position: usize,
    pub(super) fields: Fields,
}

impl Answer {
    pub(super) fn decode(body: &[u8]) -> Result<Self, Unreadable> {
        let mut fields = Fields::decode(body)?;
        let job = fields.take_object("job").and_then(RemoteJob::read);
        let mut pages: BTreeMap<u32, AnswerPage> = BTreeMap::new();
        for name in ["items", "markdown", "text", "metadata"] {
            let list = fields.take_object(name).and_then(|mut section| section.take_list("pages")).unwrap_or_default();
            for (position, entry) in list.into_iter().enumerate() {
                let Some(mut fields) = Fields::from_value(entry) else { continue };
                let number = fields.take_count("page_number").or_else(|| u32::try_from(position + 1).ok());
                let page = pages.entry(number.unwrap_or(u32::MAX)).or_default();
                // The first entry counts: a page that is listed twice is not longer for it.
                page.slot(name).get_or_insert(AnswerSection { position, fields });
            }
        }
        if pages.is_empty() {
            return Err(Unreadable::Lacks("pages"));
        }
        Ok(Self { credits: job.and_then(|job| job.credits), pages })
    }
}

impl AnswerPage {
    /// Says whether any section holds the page itself, and not only remarks about it.
    pub(super) fn has_content(&self) -> bool {
        self.items.is_some() || self.markdown.is_some() || self.text.is_some()
    }

    fn slot(&mut self, section: &str) -> &mut Option<AnswerSection> {
        match section {
            "items" => &mut self.items,
            "markdown" => &mut self.markdown,
            "text" => &mut self.text,
            _ => &mut self.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bytes(value: &Value) -> Vec<u8> {
        serde_json::to_vec(value).expect("a value serialises")
    }

    #[test]
    fn a_job_is_read_with_and_without_its_wrapper() {
        let flat = json!({"id": "pjb-1", "status": "PENDING", "usage": null, "user_metadata": {"quire_job": "a/b"}});
        let wrapped = json!({"job": {"id": "pjb-1", "status": "COMPLETED", "usage": {"credits": 3.0}}});

        let flat = RemoteJob::decode(&bytes(&flat)).expect("a job");
        assert_eq!((flat.status, flat.user_metadata("quire_job")), (RemoteStatus::Open, Some("a/b")));
        let wrapped = RemoteJob::decode(&bytes(&wrapped)).expect("a job");
        assert_eq!((wrapped.status, wrapped.credits), (RemoteStatus::Completed, Some(3.0)));
    }

    #[test]
    fn an_id_that_could_change_an_address_is_no_id() {
        for id in ["", "..", "../x", "a/b", "a?b", "a b", "ü"] {
            assert!(RemoteJob::decode(&bytes(&json!({"id": id, "status": "PENDING"}))).is_err(), "{id:?}");
        }
    }
}
