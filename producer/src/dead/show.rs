//! Everything that the letters of one job say, without secrets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapin::{BasicProperties, types::FieldTable};
use quire_schemas::{
    job::JobId,
    redact,
    result::{JobStatus, ParseResult},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    letter::Letter,
    pile::{Found, Pile, PileError, Reach, Taken},
};
use crate::{
    amqp::{Publisher, headers},
    storage::{Storage, StorageError},
};

/// Headers of the publisher whose values are no secrets; of the others only the names are shown.
const OPEN_HEADERS: [&str; 2] = ["traceparent", "tracestate"];

/// A dead letter with its body.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WholeLetter {
    #[serde(flatten)]
    pub letter: Letter,
    pub published_at: Option<DateTime<Utc>>,
    /// Properties that a replay keeps.
    pub properties: BTreeMap<String, String>,
    /// Headers that neither Quire nor the broker wrote.
    pub headers: BTreeMap<String, String>,
    /// The last lines that were logged about the job.
    pub log: Vec<String>,
    pub body_bytes: usize,
    /// Absent if it is not JSON, where secrets cannot be recognised.
    pub body: Option<Value>,
}

impl From<&Taken> for WholeLetter {
    fn from(taken: &Taken) -> Self {
        let Taken { letter, properties, body, .. } = taken;
        Self {
            letter: letter.clone(),
            published_at: letter.published,
            properties: texts_of(properties),
            headers: headers_of(properties),
            log: letter.log.iter().flat_map(|log| log.lines()).map(str::to_owned).collect(),
            body_bytes: body.len(),
            body: redact::body(body),
        }
    }
}

/// What storage holds for the job of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultState {
    Missing,
    Stored { status: JobStatus, generation: u32, uri: String },
}

impl ResultState {
    /// Asks storage; `None` for a letter without an id.
    pub async fn of(storage: &Storage, letter: &Letter) -> Result<Option<Self>, StorageError> {
        let Some(job) = letter.job else { return Ok(None) };
        // A job that is no tenant's has no result.
        let Some(tenant) = letter.replay_tenant(None) else { return Ok(Some(Self::Missing)) };
        Ok(Some(match storage.result(&tenant, &job).await? {
            Some(stored) => Self::stored(&stored.result, stored.uri.clone()),
            None => Self::Missing,
        }))
    }

    fn stored(result: &ParseResult, uri: String) -> Self {
        Self::Stored { status: result.status.clone(), generation: result.generation, uri }
    }
}

/// Reads every letter of a job.
pub async fn show(publisher: &Publisher, job: JobId) -> Result<Found<WholeLetter>, PileError> {
    let mut pile = Pile::open(publisher, Reach::OPERATOR).await?;
    let letters = collect(&mut pile, job).await;
    let extent = pile.extent();
    pile.put_back().await;
    Ok(Found { letters: letters?, extent })
}

async fn collect(pile: &mut Pile, job: JobId) -> Result<Vec<WholeLetter>, PileError> {
    let mut letters = Vec::new();
    while let Some(taken) = pile.take_chosen(|letter| letter.job == Some(job)).await? {
        letters.push(WholeLetter::from(&taken));
    }
    Ok(letters)
}

fn texts_of(properties: &BasicProperties) -> BTreeMap<String, String> {
    let texts = [
        ("message_id", properties.message_id()),
        ("correlation_id", properties.correlation_id()),
        ("reply_to", properties.reply_to()),
        ("type", properties.kind()),
        ("app_id", properties.app_id()),
    ];
    let given = texts.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?.as_str())));
    given.map(|(name, text)| (name.to_owned(), redact::addresses(text))).collect()
}

fn headers_of(properties: &BasicProperties) -> BTreeMap<String, String> {
    let none = FieldTable::default();
    let table = properties.headers().as_ref().unwrap_or(&none);
    let names = table.inner().keys().map(|name| name.as_str());
    let own = names.filter(|name| !name.starts_with("quire-") && !name.starts_with("x-"));
    let value = |name: &str| match OPEN_HEADERS.contains(&name) {
        true => headers::text(table, name).unwrap_or_default(),
        false => redact::HIDDEN.to_owned(),
    };
    own.map(|name| (name.to_owned(), value(name))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use lapin::message::Delivery;
    use serde_json::json;

    use super::*;
    use crate::dead::letter::tests::{ID, properties};

    /// A letter of a worker, with a secret wherever one may be.
    pub(crate) fn whole_letter() -> WholeLetter {
        let body = format!(
            r#"{{"job_id":"{ID}","password":"canary","source":{{"kind":"url","url":"https://host/a.pdf?sig=canary"}}}}"#
        );
        let headers = [
            ("quire-error-code", "page_failed"),
            ("quire-error-message", "https://me:canary@host/a.pdf?sig=canary"),
            ("quire-error-phase", "render"),
            ("quire-error-page", "3"),
            ("quire-attempt", "2"),
            ("quire-tenant", "acme"),
            ("quire-first-seen", "2026-11-20T12:00:00Z"),
            ("quire-worker", "w1"),
            ("quire-version", "0.1.0"),
            ("quire-memory-peak", "3145728"),
            ("quire-log", "page 3\nfailed"),
            ("traceparent", "00-4bf9-00f0-01"),
            ("x-api-key", "canary"),
            ("api-key", "canary"),
        ];
        let properties = properties(&headers).with_correlation_id("order-17".into());
        let mut delivery = Delivery::mock(1, "quire.dead".into(), "failed.high".into(), false, body.into_bytes());
        delivery.properties = properties.with_type("quire.job.v1".into());
        WholeLetter::from(&Taken::from(delivery))
    }

    #[test]
    fn everything_but_secrets_is_shown() {
        let letter = whole_letter();
        let body = json!({
            "job_id": ID, "password": "(not shown)", "source": { "kind": "url", "url": "https://host/a.pdf" },
        });
        let expected = json!({
            "job_id": ID, "tenant": "acme", "lane": "high", "kind": "failed", "routing_key": "failed.high",
            "code": "page_failed", "message": "https://host/a.pdf", "phase": "render", "page": 3, "attempt": 2,
            "generation": 0, "first_seen": "2026-11-20T12:00:00Z", "published_at": null, "worker": "w1",
            "version": "0.1.0", "memory_peak_bytes": 3_145_728, "redacted": null, "log": ["page 3", "failed"],
            "properties": { "correlation_id": "order-17", "type": "quire.job.v1" },
            "headers": { "traceparent": "00-4bf9-00f0-01", "api-key": "(not shown)" },
            "body_bytes": letter.body_bytes, "body": body,
        });
        assert_eq!(json!(letter), expected);
    }
}
