//! A dead letter, read: which job it was, and why it was given up.

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_schemas::{
    job::JobId,
    names::{self, Lane, Tenant, header},
};
use serde::{Deserialize, Serialize};

use super::{headers, redact};

/// Why a letter lies in the dead queue, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Given up: permanent, or attempts exhausted
    Failed,
    /// The message itself could not be used
    Invalid,
    /// The broker's own fuse: delivered too often without an end
    Crash,
    /// Its deadline passed
    Expired,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Crash => "crash",
            Self::Expired => "expired",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Failed, Self::Invalid, Self::Crash, Self::Expired].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a letter says without its body. Addresses in its texts have no query and no user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Letter {
    /// Absent if neither property nor body is an id.
    #[serde(rename = "job_id")]
    pub(crate) job: Option<JobId>,
    /// Absent if nothing readable names it, like the lane.
    pub(crate) tenant: Option<Tenant>,
    pub(crate) lane: Option<Lane>,
    pub(crate) kind: Option<Kind>,
    pub(crate) routing_key: String,
    /// Absent in letters of the broker's fuse, as are message, phase and page.
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) phase: Option<String>,
    pub(crate) page: Option<u32>,
    pub(crate) attempt: Option<u32>,
    pub(crate) generation: u32,
    /// When a worker first saw the job; else when it was published, if that is known; else when
    /// the broker gave it up.
    pub(crate) first_seen: Option<DateTime<Utc>>,
    pub(crate) worker: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) memory_peak_bytes: Option<u64>,
    /// What the burial took out of the body: `password`, or the whole `body`.
    pub(crate) redacted: Option<String>,
    /// The last lines that were logged about the job.
    #[serde(skip)]
    pub(crate) log: Option<String>,
    #[serde(skip)]
    pub(crate) published: Option<DateTime<Utc>>,
}

impl Letter {
    pub(crate) fn read(routing_key: &str, properties: &BasicProperties, body: &[u8]) -> Self {
        let none = FieldTable::default();
        let headers = properties.headers().as_ref().unwrap_or(&none);
        let text = |name: &str| headers::text(headers, name).map(|text| redact::addresses(&text));
        let death = Death::of(headers);
        let (own_lane, own_tenant) = death.own_key.as_deref().map(names::parse_job_routing_key).unwrap_or_default();
        let (kind, lane) = routing_key.split_once('.').unwrap_or((routing_key, ""));
        let kind = Kind::of_word(kind);
        // The fuse keeps the headers of the last retry: a fault that did not end the job.
        let error = |name: &str| text(name).filter(|_| kind != Some(Kind::Crash));
        let lane = lane.parse::<Lane>();
        let published = properties.timestamp().and_then(headers::of_seconds);
        Self {
            job: job_of(properties, body),
            // The key that the broker wrote down comes first: it can hold a publisher to it.
            tenant: own_tenant.or_else(|| text(header::TENANT)?.parse().ok()),
            lane: lane.ok().or(own_lane).or_else(|| text(header::LANE)?.parse().ok()),
            kind,
            routing_key: routing_key.to_owned(),
            code: error(header::ERROR_CODE),
            message: error(header::ERROR_MESSAGE),
            phase: error(header::ERROR_PHASE),
            page: headers::number(headers, header::ERROR_PAGE).filter(|_| kind != Some(Kind::Crash)),
            attempt: headers::number(headers, header::ATTEMPT),
            generation: headers::number(headers, header::GENERATION).unwrap_or_default(),
            first_seen: headers::time(headers, header::FIRST_SEEN).or(published).or(death.at),
            worker: text(header::WORKER),
            version: text(header::VERSION),
            memory_peak_bytes: headers::number(headers, header::MEMORY_PEAK),
            redacted: text(header::REDACTED),
            log: text(header::LOG),
            published,
        }
    }

    /// Returns whose the job is as a worker would take it.
    pub(crate) fn tenant_or_default(&self) -> Tenant {
        self.tenant.clone().unwrap_or_default()
    }

    /// Says what a list shows as the reason: the code, or that there is none.
    pub(crate) fn reason(&self) -> &str {
        self.code.as_deref().or(self.kind.map(Kind::as_str)).unwrap_or("unknown")
    }
}

/// What the broker wrote when it gave a job up by itself. A worker's letter has nothing of it.
#[derive(Default)]
struct Death {
    /// The key that the job had before it got the fuse's.
    own_key: Option<String>,
    at: Option<DateTime<Utc>>,
}

impl Death {
    fn of(headers: &FieldTable) -> Self {
        let Some(AMQPValue::FieldArray(deaths)) = headers.inner().get("x-death") else { return Self::default() };
        deaths.as_slice().iter().find_map(Self::of_record).unwrap_or_default()
    }

    /// A death in a retry tier is no end; the one that counts is that in the job's own queue.
    fn of_record(record: &AMQPValue) -> Option<Self> {
        let AMQPValue::FieldTable(record) = record else { return None };
        Lane::of_queue(&headers::text(record, "queue")?)?;
        let at = match record.inner().get("time") {
            Some(AMQPValue::Timestamp(seconds)) => headers::of_seconds(*seconds),
            _ => None,
        };
        let own_key = match record.inner().get("routing-keys") {
            Some(AMQPValue::FieldArray(keys)) => keys.as_slice().iter().find_map(headers::as_text),
            _ => None,
        };
        Some(Self { own_key, at })
    }
}

fn job_of(properties: &BasicProperties, body: &[u8]) -> Option<JobId> {
    #[derive(Deserialize)]
    struct Named {
        job_id: JobId,
    }
    let property = properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    property.or_else(|| serde_json::from_slice::<Named>(body).ok().map(|named| named.job_id))
}

#[cfg(test)]
pub(super) mod tests {
    use lapin::types::FieldArray;

    use super::*;

    pub(crate) const ID: &str = "0192f0c1-7e5a-7000-8000-000000000001";

    /// A letter with these headers and nothing else but a job's id.
    pub(crate) fn letter(routing_key: &str, headers: &[(&str, &str)]) -> Letter {
        Letter::read(routing_key, &properties(headers).with_message_id(ID.into()), b"")
    }

    pub(crate) fn properties(headers: &[(&str, &str)]) -> BasicProperties {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert((*name).into(), AMQPValue::LongString((*value).into()));
        }
        BasicProperties::default().with_headers(table)
    }

    #[test]
    fn a_letter_names_its_job_in_the_property_or_the_body() {
        let id: JobId = ID.parse().expect("a uuid");
        let none = BasicProperties::default();
        let by_property = none.clone().with_message_id(ID.into());
        assert_eq!(Letter::read("crash.high", &by_property, b"").job, Some(id));
        let body = format!(r#"{{"job_id":"{ID}","source":{{}}}}"#);
        assert_eq!(Letter::read("crash.high", &none, body.as_bytes()).job, Some(id));
        assert_eq!(Letter::read("crash.high", &none, b"not json").job, None);
    }

    #[test]
    fn a_workers_letter_is_read_from_its_headers() {
        let headers = [
            ("quire-tenant", "acme"),
            ("quire-lane", "high"),
            ("quire-error-code", "page_failed"),
            ("quire-error-message", "GET https://me:canary@host/a.pdf?sig=canary failed"),
            ("quire-error-phase", "render"),
            ("quire-error-page", "37"),
            ("quire-attempt", "3"),
            ("quire-generation", "1"),
            ("quire-first-seen", "2026-11-20T12:00:00.000Z"),
            ("quire-worker", "w1"),
            ("quire-version", "0.1.0"),
            ("quire-memory-peak", "1048576"),
            ("quire-redacted", "password"),
            ("quire-log", "one\ntwo"),
        ];
        let expected = Letter {
            job: Some(ID.parse().expect("a uuid")),
            tenant: Some("acme".parse().expect("valid")),
            lane: Some(Lane::Bulk),
            kind: Some(Kind::Failed),
            routing_key: "failed.bulk".to_owned(),
            code: Some("page_failed".to_owned()),
            message: Some("GET https://host/a.pdf failed".to_owned()),
            phase: Some("render".to_owned()),
            page: Some(37),
            attempt: Some(3),
            generation: 1,
            first_seen: headers::of_seconds(1_795_176_000),
            worker: Some("w1".to_owned()),
            version: Some("0.1.0".to_owned()),
            memory_peak_bytes: Some(1_048_576),
            redacted: Some("password".to_owned()),
            log: Some("one\ntwo".to_owned()),
            published: None,
        };
        assert_eq!(letter("failed.bulk", &headers), expected);
    }

    #[test]
    fn a_letter_of_the_fuse_is_the_tenants_whose_key_the_broker_wrote_down() {
        let record = |queue: &str, key: &str| {
            let mut record = FieldTable::default();
            record.insert("queue".into(), AMQPValue::LongString(queue.into()));
            record.insert("time".into(), AMQPValue::Timestamp(1_000));
            let keys = FieldArray::from(vec![AMQPValue::LongString(key.into())]);
            record.insert("routing-keys".into(), AMQPValue::FieldArray(keys));
            AMQPValue::FieldTable(record)
        };
        let deaths = vec![record("quire.retry.5s", "job.bulk.other"), record("quire.jobs.bulk", "job.bulk.acme")];
        let mut headers = FieldTable::default();
        headers.insert("x-death".into(), AMQPValue::FieldArray(FieldArray::from(deaths)));
        headers.insert("quire-tenant".into(), AMQPValue::LongString("of-the-publisher".into()));
        let letter = Letter::read("crash.bulk", &BasicProperties::default().with_headers(headers), b"");
        let told = (letter.tenant.as_ref().map(Tenant::as_str), letter.lane, letter.kind);
        assert_eq!(told, (Some("acme"), Some(Lane::Bulk), Some(Kind::Crash)));
        assert_eq!((letter.code.as_deref(), letter.reason()), (None, "crash"));
        assert_eq!(letter.first_seen, headers::of_seconds(1_000));
    }

    #[test]
    fn a_letter_of_the_fuse_has_no_error_of_an_earlier_retry() {
        let headers = [
            ("quire-error-code", "source_unavailable"),
            ("quire-error-message", "it was down"),
            ("quire-error-phase", "fetch"),
            ("quire-error-page", "3"),
            ("quire-attempt", "2"),
        ];
        let letter = letter("crash.high", &headers);
        assert_eq!((&letter.code, &letter.message, &letter.phase, letter.page), (&None, &None, &None, None));
        assert_eq!((letter.reason(), letter.attempt), ("crash", Some(2)));
    }

    #[test]
    fn a_letter_without_anything_is_nobodys_and_goes_to_the_default_tenant() {
        let letter = Letter::read("something", &BasicProperties::default(), b"");
        assert_eq!((letter.kind, letter.lane, &letter.tenant), (None, None, &None));
        assert_eq!(letter.tenant_or_default(), Tenant::default());
        assert_eq!((letter.job, letter.first_seen, letter.generation), (None, None, 0));
    }
}
