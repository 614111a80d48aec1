//! A job message as it came: what it asks for, and what its headers say of earlier deliveries.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quire_producer::amqp::{BasicProperties, headers};
use quire_schemas::{
    failure::ErrorCode,
    job::{Decoded, Job, JobId},
    names::{Lane, MAX_MESSAGE_BYTES, Tenant, header, tenant_of_job_key},
    result::Phase,
};

use super::headers::{MOST_ADDED_BYTES, MOST_HEADER_BYTES, bytes_of_publisher, bytes_of_table};
use crate::job::Fault;

const JOB_TYPE_FAMILY: &str = "quire.job.v";
const SUPPORTED_MAJOR: u32 = 1;

/// A message from a job queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Of the queue it came from.
    pub(crate) lane: Lane,
    /// The key it was published under.
    pub(crate) routing_key: String,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Returns whose job it is: the routing key says so, because the broker can hold a publisher to it. A key of
    /// two words is for the default tenant. A message that came past the exchange of jobs has no such key: its
    /// header says so, or it is for the default tenant.
    ///
    /// # Errors
    /// `invalid_job` if the key or the header names no usable tenant.
    pub(crate) fn tenant(&self) -> Result<Tenant, Fault> {
        let of_key = tenant_of_job_key(&self.routing_key)
            .map_err(|error| invalid(format!("the routing key names no usable tenant: {error}")))?;
        match (of_key, self.text(header::TENANT)) {
            (Some(tenant), _) => Ok(tenant),
            (None, None) => Ok(Tenant::default()),
            (None, Some(name)) => name
                .parse()
                .map_err(|error| invalid(format!("header {} names no usable tenant: {error}", header::TENANT))),
        }
    }

    /// Reads the job out of it. Nothing of a message above [`MAX_MESSAGE_BYTES`] is parsed.
    ///
    /// # Errors
    /// `unsupported_version` or `invalid_job`.
    pub(crate) fn decode(&self) -> Result<Decoded, Fault> {
        self.check_size()?;
        self.check_type()?;
        let message_id = self.properties.message_id().as_ref().map(|id| id.as_str());
        Job::decode(&self.body, message_id).map_err(|error| invalid(error.to_string()))
    }

    /// All headers of a message travel in one frame, with those that are added on its way: with too many, the
    /// broker closes the connection that publishes the message again. A job that was valid when it came first
    /// stays valid when it comes again.
    fn check_size(&self) -> Result<(), Fault> {
        let in_headers = self.properties.headers().as_ref().map_or(0, bytes_of_table);
        let bytes = self.body.len() + self.properties.headers().as_ref().map_or(0, bytes_of_publisher);
        if bytes > MAX_MESSAGE_BYTES {
            return Err(invalid(format!("the message has {bytes} bytes, more than {MAX_MESSAGE_BYTES}")));
        }
        let came_before = self.has(header::WORKER);
        let most = if came_before { MOST_HEADER_BYTES + MOST_ADDED_BYTES } else { MOST_HEADER_BYTES };
        if in_headers > most {
            return Err(invalid(format!("the headers have about {in_headers} bytes, more than {MOST_HEADER_BYTES}")));
        }
        Ok(())
    }

    /// A message without a type is read as the current version: any language can publish.
    fn check_type(&self) -> Result<(), Fault> {
        let Some(kind) = self.properties.kind().as_ref().map(|kind| kind.as_str()).filter(|kind| !kind.is_empty())
        else {
            return Ok(());
        };
        match kind.strip_prefix(JOB_TYPE_FAMILY).map(str::parse::<u32>) {
            Some(Ok(SUPPORTED_MAJOR)) => Ok(()),
            Some(_) => {
                let message = format!("this worker reads type quire.job.v1, not {kind}");
                Err(Fault::new(ErrorCode::UnsupportedVersion, Phase::Admission, message))
            }
            None => Err(invalid(format!("type {kind} is not a job: publish with type quire.job.v1, or with none"))),
        }
    }

    /// Returns the id of a message whose body does not decode, if its `message_id` is one.
    pub(super) fn job_id_of_property(&self) -> Option<JobId> {
        self.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok())
    }

    /// Returns the counted attempt, from 1.
    pub(super) fn attempt(&self) -> u32 {
        self.number(header::ATTEMPT).unwrap_or(1).max(1)
    }

    /// Returns the replay generation, from 0.
    pub(super) fn generation(&self) -> u32 {
        self.number(header::GENERATION).unwrap_or_default()
    }

    /// Returns the broker's count of earlier deliveries that were not settled.
    pub(super) fn delivery_count(&self) -> i64 {
        self.number(header::DELIVERY_COUNT).unwrap_or_default()
    }

    /// Says whether an earlier delivery of it was not settled. A worker that ends a run in order publishes the job
    /// again, and the broker has never delivered that message before.
    pub(super) fn is_redelivered(&self) -> bool {
        self.delivery_count() > 0 || self.has(header::REDELIVERED)
    }

    /// Says whether an earlier run has written the dead letter of this job already.
    pub(super) fn is_buried(&self) -> bool {
        // Only as a worker writes it, on a message that a retry tier has returned: a publisher's own would make its job
        // vanish without a letter.
        let from_tier = self.text("x-first-death-queue").is_some_and(|queue| queue.starts_with("quire.retry."));
        from_tier && [header::BURIED, header::WORKER, header::FIRST_SEEN].iter().all(|name| self.has(name))
    }

    /// Says whether the last run of it was put off for this fault.
    pub(super) fn was_postponed_for(&self, code: ErrorCode) -> bool {
        self.has(header::RETRY_TIER) && self.text(header::ERROR_CODE).as_deref() == Some(code.as_str())
    }

    /// Says whether a replay may take the place of a succeeded result.
    pub(super) fn is_forced(&self) -> bool {
        self.has(header::FORCE)
    }

    /// Returns the time that earlier deliveries of this attempt have used, without the waits between them.
    pub(super) fn spent(&self) -> Duration {
        let times = self.time(header::STARTED).zip(self.time(header::NOT_BEFORE));
        match times {
            // Only older workers write a start time, and they pass on the other header as it came to them.
            Some((started, not_before)) => (not_before - started).to_std().unwrap_or_default(),
            None => Duration::from_millis(self.number(header::SPENT_MS).unwrap_or_default()),
        }
    }

    /// Returns when a worker first saw it; `None` if none did.
    pub(super) fn first_seen(&self) -> Option<DateTime<Utc>> {
        self.time(header::FIRST_SEEN)
    }

    /// Returns how long it has waited since it was published or, if the job comes again, since it was due.
    pub(super) fn queue_wait(&self) -> Option<Duration> {
        let published = || headers::of_seconds((*self.properties.timestamp())?);
        let since = self.time(header::NOT_BEFORE).or_else(published)?;
        (Utc::now() - since).to_std().ok()
    }

    /// Returns the queue, other than Quire's own, that the answer goes to.
    pub(super) fn reply_to(&self) -> Option<String> {
        let reply_to = self.properties.reply_to().as_ref()?.as_str();
        (!reply_to.is_empty() && !reply_to.starts_with("quire.")).then(|| reply_to.to_owned())
    }

    fn has(&self, name: &str) -> bool {
        self.properties.headers().as_ref().is_some_and(|headers| headers.inner().contains_key(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        headers::text(self.properties.headers().as_ref()?, name)
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        headers::time(self.properties.headers().as_ref()?, name)
    }

    fn number<N: TryFrom<i64>>(&self, name: &str) -> Option<N> {
        headers::number(self.properties.headers().as_ref()?, name).and_then(|number| N::try_from(number).ok())
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(ErrorCode::InvalidJob, Phase::Admission, message)
}

#[cfg(test)]
mod tests {
    use quire_producer::amqp::{FieldTable, Value, headers::long_string as text};

    use super::*;

    fn message(headers: &[(&str, Value)]) -> Message {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert((*name).into(), value.clone());
        }
        Message {
            lane: Lane::Normal,
            routing_key: "job.normal.acme".to_owned(),
            properties: BasicProperties::default().with_headers(table),
            body: Vec::new(),
        }
    }

    #[test]
    fn the_attempt_is_read_from_whatever_number_a_client_writes() {
        for value in [Value::LongLongInt(4), Value::LongInt(4), Value::ShortShortUInt(4), text("4")] {
            assert_eq!(message(&[(header::ATTEMPT, value)]).attempt(), 4);
        }
        assert_eq!(message(&[]).attempt(), 1);
        assert_eq!(message(&[(header::ATTEMPT, Value::LongLongInt(-7))]).attempt(), 1);
    }

    #[test]
    fn the_tenant_is_that_of_the_routing_key_which_may_name_none_but_no_unusable_one() {
        let of = |routing_key: &str, named: Option<&str>| {
            let headers: Vec<_> = named.iter().map(|name| (header::TENANT, text(name))).collect();
            let message = Message { routing_key: routing_key.to_owned(), ..message(&headers) };
            message.tenant().map(String::from).map_err(|fault| fault.code)
        };
        let refused = Err(ErrorCode::InvalidJob);
        for (routing_key, named, expected) in [
            ("job.normal.acme", None, Ok("acme")),
            ("job.normal.acme", Some("other"), Ok("acme")),
            ("job.normal", None, Ok("default")),
            ("job.normal", Some("other"), Ok("default")),
            ("job.normal.ACME", Some("other"), refused),
            ("job.normal.", None, refused),
            ("job.normal.acme.eu", None, refused),
            ("quire.jobs.normal", None, Ok("default")),
            ("quire.jobs.normal", Some("acme"), Ok("acme")),
            ("quire.jobs.normal", Some("a/b"), refused),
        ] {
            assert_eq!(of(routing_key, named), expected.map(str::to_owned), "{routing_key} {named:?}");
        }
    }

    #[test]
    fn the_time_an_attempt_has_used_is_what_its_header_says() {
        assert_eq!(message(&[(header::SPENT_MS, Value::LongLongInt(1500))]).spent(), Duration::from_millis(1500));
        assert_eq!(message(&[(header::SPENT_MS, Value::LongLongInt(-1))]).spent(), Duration::ZERO);
        assert_eq!(message(&[]).spent(), Duration::ZERO);
    }

    #[test]
    fn the_time_an_attempt_has_used_is_also_read_from_the_two_headers_of_an_older_worker() {
        let times = |started: &str, not_before: &str| {
            let spent = (header::SPENT_MS, Value::LongLongInt(5));
            message(&[(header::STARTED, text(started)), (header::NOT_BEFORE, text(not_before)), spent]).spent()
        };
        let (morning, later) = ("2026-11-20T08:00:00.000Z", "2026-11-20T08:15:30.000Z");
        assert_eq!(times(morning, later), Duration::from_secs(930));
        assert_eq!(times(later, morning), Duration::ZERO);
        assert_eq!(times("yesterday", later), Duration::from_millis(5));
    }

    #[test]
    fn only_this_major_version_is_spoken() {
        let typed = |kind: &str| {
            let mut message = message(&[]);
            message.properties = message.properties.with_type(kind.into());
            message.check_type().map_err(|fault| fault.code)
        };
        assert_eq!(typed("quire.job.v1"), Ok(()));
        assert_eq!(typed("quire.job.v2"), Err(ErrorCode::UnsupportedVersion));
        assert_eq!(typed("quire.job.vX"), Err(ErrorCode::UnsupportedVersion));
        assert_eq!(typed("something"), Err(ErrorCode::InvalidJob));
        assert_eq!(message(&[]).check_type().map_err(|fault| fault.code), Ok(()));
    }

    #[test]
    fn a_message_is_too_large_with_its_headers_counted() {
        let told = |headers: &[(&str, Value)]| {
            let large = Message { body: vec![b' '; MAX_MESSAGE_BYTES], ..message(headers) };
            let fault = large.decode().expect_err("it is no job");
            assert_eq!(fault.code, ErrorCode::InvalidJob);
            fault.message
        };
        let with_own_header = told(&[("traceparent", text("00"))]);
        assert!(with_own_header.contains("more than 2097152"), "{with_own_header}");
        // Headers that brokers and workers add must not make a valid job invalid when it comes again.
        let on_its_way = told(&[(header::DELIVERY_COUNT, Value::LongLongInt(1)), (header::TENANT, text("acme"))]);
        assert!(on_its_way.contains("cut off"), "{on_its_way}");
    }

    /// Reads a message that version 0.1.0 published.
    fn frozen(json: &str) -> Message {
        let frozen: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let headers: Vec<(&str, Value)> = frozen["headers"]
            .as_object()
            .expect("headers")
            .iter()
            .map(|(name, value)| match value.as_i64() {
                Some(number) => (name.as_str(), Value::LongLongInt(number)),
                None => (name.as_str(), text(value.as_str().expect("a text"))),
            })
            .collect();
        let mut message = message(&headers);
        message.routing_key = frozen["routing_key"].as_str().expect("a text").to_owned();
        message.body = serde_json::to_vec(&frozen["body"]).expect("it was JSON before");
        message
    }

    #[test]
    fn messages_that_version_0_1_0_has_published_are_read() {
        let retry = frozen(include_str!("../../../schemas/examples/0.1.0/message-retry.json"));
        assert_eq!((retry.attempt(), retry.generation(), retry.spent()), (2, 0, Duration::ZERO));
        let released = frozen(include_str!("../../../schemas/examples/0.1.0/message-released.json"));
        assert_eq!((released.attempt(), released.spent()), (1, Duration::from_millis(5739)));
        for message in [retry, released] {
            assert_eq!(message.tenant().ok(), Some(Tenant::default()));
            assert!(!message.is_redelivered());
            assert_eq!(message.first_seen().expect("it says so").format("%FT%H").to_string(), "2026-11-27T04");
            message.decode().expect("a job");
        }
    }
}
