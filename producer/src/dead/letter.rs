//! A dead letter, read: its job, its tenant, and why the job was given up.

use chrono::{DateTime, Utc};
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable},
};
use quire_schemas::{
    job::JobId,
    names::{self, DeadKind, Lane, Tenant, header},
    redact,
};
use serde::{Deserialize, Serialize};

use crate::amqp::headers;

/// What a letter says without its body. Addresses in its texts have no query and no user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Letter {
    /// Absent if neither property nor body is an id.
    #[serde(rename = "job_id")]
    pub job: Option<JobId>,
    /// Absent if nothing readable names it, like the lane.
    pub tenant: Option<Tenant>,
    pub lane: Option<Lane>,
    /// The key that the job was published under, if that names no usable tenant: the job is no tenant's
    /// until an operator gives it to one.
    #[serde(rename = "job_routing_key", skip_serializing_if = "Option::is_none")]
    pub unusable_key: Option<String>,
    pub kind: Option<DeadKind>,
    pub routing_key: String,
    /// Absent in letters that the broker wrote, as are message, phase and page.
    pub code: Option<String>,
    pub message: Option<String>,
    pub phase: Option<String>,
    pub page: Option<u32>,
    pub attempt: Option<u32>,
    pub generation: u32,
    /// When a worker first saw the job; else when it was published, if that is known; else when
    /// the broker gave it up.
    pub first_seen: Option<DateTime<Utc>>,
    pub worker: Option<String>,
    pub version: Option<String>,
    pub memory_peak_bytes: Option<u64>,
    /// What the burial took out of the body: `password`, or the whole `body`.
    pub redacted: Option<String>,
    /// The last lines that were logged about the job.
    #[serde(skip)]
    pub log: Option<String>,
    #[serde(skip)]
    pub published: Option<DateTime<Utc>>,
}

impl Letter {
    #[must_use]
    pub fn read(routing_key: &str, properties: &BasicProperties, body: &[u8]) -> Self {
        let none = FieldTable::default();
        let headers = properties.headers().as_ref().unwrap_or(&none);
        let text = |name: &str| headers::text(headers, name).map(|text| redact::addresses(&text));
        let number = |name: &str| headers::number(headers, name);
        let (kind, lane) = routing_key.split_once('.').unwrap_or((routing_key, ""));
        let kind = kind.parse::<DeadKind>().ok();
        let is_crash = kind == Some(DeadKind::Crash);
        // The broker's letters keep the headers of the last retry: a fault that did not end the job.
        let error = |name: &str| text(name).filter(|_| !is_crash);
        let death = Death::of(headers);
        let named = text(header::TENANT).and_then(|tenant| tenant.parse::<Tenant>().ok());
        // A worker keeps a key only if it is unusable, and names no tenant beside it; any other such header is a
        // publisher's own, which must not choose a tenant.
        let kept_key = headers::text(headers, header::ROUTING_KEY)
            .filter(|key| kind == Some(DeadKind::Invalid) && named.is_none() && names::tenant_of_job_key(key).is_err());
        let job_key = death.job_key.or(kept_key);
        let (tenant, unusable_key) = match job_key.as_deref().map_or(Ok(None), names::tenant_of_job_key) {
            // The key comes first: the broker can restrict a publisher to it.
            Ok(of_key) => (of_key.or(named), None),
            Err(_) => (None, job_key.as_deref().map(redact::addresses)),
        };
        let key_lane = job_key.as_deref().and_then(names::lane_of_job_key);
        let published = properties.timestamp().and_then(headers::of_seconds);
        Self {
            job: job_of(properties, body),
            tenant,
            lane: lane.parse().ok().or(key_lane).or_else(|| text(header::LANE)?.parse().ok()),
            unusable_key,
            kind,
            routing_key: routing_key.to_owned(),
            code: error(header::ERROR_CODE),
            message: error(header::ERROR_MESSAGE),
            phase: error(header::ERROR_PHASE),
            page: number(header::ERROR_PAGE).filter(|_| !is_crash).and_then(|page| u32::try_from(page).ok()),
            attempt: number(header::ATTEMPT).and_then(|attempt| u32::try_from(attempt).ok()),
            generation: number(header::GENERATION).and_then(|number| u32::try_from(number).ok()).unwrap_or_default(),
            first_seen: headers::time(headers, header::FIRST_SEEN).or(published).or(death.at),
            worker: text(header::WORKER),
            version: text(header::VERSION),
            memory_peak_bytes: number(header::MEMORY_PEAK).and_then(|bytes| u64::try_from(bytes).ok()),
            redacted: text(header::REDACTED),
            log: text(header::LOG),
            published,
        }
    }

    /// Returns the tenant under which the job is published again. `given` counts only for a job whose key
    /// names no usable tenant; without it there is none.
    #[must_use]
    pub fn replay_tenant(&self, given: Option<&Tenant>) -> Option<Tenant> {
        match &self.unusable_key {
            None => Some(self.tenant.clone().unwrap_or_default()),
            Some(_) => given.cloned(),
        }
    }

    /// Returns the code, or the kind of a letter without one.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.code.as_deref().or(self.kind.map(DeadKind::as_str)).unwrap_or("unknown")
    }
}

/// What the broker records when it gives a job up itself. A worker's letter has no such record.
#[derive(Default)]
struct Death {
    /// The key that the job had before it got the letter's.
    job_key: Option<String>,
    at: Option<DateTime<Utc>>,
}

impl Death {
    fn of(headers: &FieldTable) -> Self {
        let Some(AMQPValue::FieldArray(deaths)) = headers.inner().get("x-death") else { return Self::default() };
        deaths.as_slice().iter().find_map(Self::of_record).unwrap_or_default()
    }

    /// A message also dies when it leaves a retry tier; the death in a job queue is the one that ended it.
    fn of_record(record: &AMQPValue) -> Option<Self> {
        let AMQPValue::FieldTable(record) = record else { return None };
        Lane::of_queue(&headers::text(record, "queue")?)?;
        let at = match record.inner().get("time") {
            Some(AMQPValue::Timestamp(seconds)) => headers::of_seconds(*seconds),
            _ => None,
        };
        let job_key = match record.inner().get("routing-keys") {
            Some(AMQPValue::FieldArray(keys)) => keys.as_slice().iter().find_map(headers::as_text),
            _ => None,
        };
        Some(Self { job_key, at })
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
pub(crate) mod tests {
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
            unusable_key: None,
            kind: Some(DeadKind::Failed),
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
    fn a_letter_of_the_broker_is_of_the_tenant_whose_key_the_broker_recorded() {
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
        assert_eq!(told, (Some("acme"), Some(Lane::Bulk), Some(DeadKind::Crash)));
        assert_eq!((letter.code.as_deref(), letter.reason()), (None, "crash"));
        assert_eq!(letter.first_seen, headers::of_seconds(1_000));
    }

    #[test]
    fn a_letter_of_the_broker_has_no_error_of_an_earlier_retry() {
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
    fn a_letter_without_anything_names_nothing_and_goes_to_the_default_tenant() {
        let letter = Letter::read("something", &BasicProperties::default(), b"");
        assert_eq!((letter.kind, letter.lane, &letter.tenant), (None, None, &None));
        assert_eq!(letter.replay_tenant(None), Some(Tenant::default()));
        assert_eq!((letter.job, letter.first_seen, letter.generation), (None, None, 0));
    }

    #[test]
    fn a_letter_whose_key_names_no_usable_tenant_goes_to_the_given_tenant_only() {
        let letter = letter("invalid.high", &[("quire-routing-key", "job.high.ACME")]);
        assert_eq!((&letter.tenant, letter.unusable_key.as_deref()), (&None, Some("job.high.ACME")));
        let acme: Tenant = "acme".parse().expect("valid");
        assert_eq!((letter.replay_tenant(None), letter.replay_tenant(Some(&acme))), (None, Some(acme)));
    }

    #[test]
    fn a_key_that_a_publisher_wrote_into_a_header_counts_for_nothing() {
        for (kind, key) in [
            ("failed.high", "job.high.ACME"),
            ("invalid.high", "job.high.ACME"),
            ("failed.high", "job.high.victim"),
            ("invalid.high", "job.high.victim"),
        ] {
            let letter = letter(kind, &[("quire-routing-key", key), ("quire-tenant", "acme")]);
            let told = (letter.tenant.as_ref().map(Tenant::as_str), letter.unusable_key.as_deref());
            assert_eq!(told, (Some("acme"), None), "{kind} under {key}");
        }
        let letter = letter("invalid.high", &[("quire-routing-key", "job.high.victim")]);
        assert_eq!((letter.tenant, letter.unusable_key), (None, None));
    }

    /// Reads a letter that a worker of version 0.1.0 wrote.
    fn frozen(json: &str) -> Letter {
        let frozen: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let mut table = FieldTable::default();
        for (name, value) in frozen["headers"].as_object().expect("headers") {
            let value = match value.as_i64() {
                Some(number) => AMQPValue::LongLongInt(number),
                None => AMQPValue::LongString(value.as_str().expect("a text").into()),
            };
            table.insert(name.as_str().into(), value);
        }
        let id = frozen["properties"]["message_id"].as_str().unwrap_or_default();
        let properties = BasicProperties::default().with_headers(table).with_message_id(id.into());
        let body = serde_json::to_vec(&frozen["body"]).expect("it was JSON before");
        Letter::read(frozen["routing_key"].as_str().expect("a key"), &properties, &body)
    }

    #[test]
    fn letters_that_version_0_1_0_has_written_are_read() {
        let frozen = [
            include_str!("../../../schemas/examples/0.1.0/letter-failed.json"),
            include_str!("../../../schemas/examples/0.1.0/letter-expired.json"),
            include_str!("../../../schemas/examples/0.1.0/letter-invalid.json"),
        ]
        .map(frozen);
        let [failed, expired, invalid] = &frozen;
        assert_eq!(frozen.each_ref().map(Letter::reason), ["password_required", "expired", "invalid_job"]);
        let kinds = frozen.each_ref().map(|letter| letter.kind);
        assert_eq!(kinds, [DeadKind::Failed, DeadKind::Expired, DeadKind::Invalid].map(Some));
        for letter in &frozen {
            let told = (letter.tenant.clone(), letter.lane, letter.attempt, letter.generation);
            assert_eq!(told, (Some(Tenant::default()), Some(Lane::Normal), Some(1), 0));
            assert_eq!((letter.version.as_deref(), &letter.unusable_key), (Some("0.1.0"), &None));
            assert!(letter.worker.is_some() && letter.memory_peak_bytes.is_some() && letter.first_seen.is_some());
        }
        assert!(failed.job.is_some() && expired.job.is_some() && invalid.job.is_none());
        assert_eq!(failed.message.as_deref(), Some("the document is encrypted and no password was given"));
        assert_eq!((failed.phase.as_deref(), invalid.phase.as_deref()), (Some("fetch"), Some("admission")));
        assert_eq!((failed.redacted.as_deref(), expired.redacted.as_deref()), (None, Some("password")));
    }
}
