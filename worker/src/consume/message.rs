//! A job message as it came, and as it goes on: what is kept, what is dropped, what is added.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quire_producer::amqp::{BasicProperties, FieldTable, Value, onward_properties};
use quire_schemas::{
    failure::ErrorCode,
    job::{Job, JobId},
    names::{self, Lane, Tenant, header},
    result::Phase,
};

use crate::job::Fault;

const JOB_TYPE_FAMILY: &str = "quire.job.v";
const SUPPORTED_MAJOR: u32 = 1;
/// A quarter of the smallest frame that brokers are set to.
const MOST_HEADER_BYTES: usize = 32 * 1024;
/// What workers and broker add on the way, at most; most of it is the message of a fault.
const MOST_ADDED_BYTES: usize = 8 * 1024;

/// A message from a job queue.
#[derive(Debug, Clone)]
pub struct Message {
    /// The key it came under.
    pub routing_key: String,
    /// Its properties and headers.
    pub properties: BasicProperties,
    /// Its body.
    pub body: Vec<u8>,
}

/// What a message asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The idempotency key.
    pub job_id: JobId,
    /// What is asked for.
    pub job: Job,
}

impl Message {
    /// Returns whose job it is: what the routing key says, which the broker can hold a publisher
    /// to, then what the header says, else `default`.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        let header = || self.text_header(header::TENANT).and_then(|text| text.parse().ok());
        names::parse_job_routing_key(&self.routing_key).1.or_else(header).unwrap_or_default()
    }

    /// Says whether an earlier run has written the dead letter of this job already.
    #[must_use]
    pub fn is_buried(&self) -> bool {
        self.text_header(header::BURIED).is_some()
    }

    /// Returns how much of the attempt's time earlier deliveries have used, without the waits
    /// between them.
    #[must_use]
    pub fn spent(&self) -> Duration {
        let (started, not_before) = (self.time_header(header::STARTED), self.time_header(header::NOT_BEFORE));
        let spent = started.zip(not_before).and_then(|(started, not_before)| (not_before - started).to_std().ok());
        spent.unwrap_or_default()
    }

    /// Says whether a replay may take the place of a succeeded result.
    #[must_use]
    pub fn is_forced(&self) -> bool {
        self.text_header(header::FORCE).is_some()
    }

    /// Reads the job out of it.
    ///
    /// # Errors
    /// `unsupported_version` or `invalid_job`.
    pub fn decode(&self) -> Result<Request, Fault> {
        self.check_type()?;
        self.check_headers()?;
        let message_id = self.properties.message_id().as_ref().map(|id| id.as_str());
        let decoded = Job::decode(&self.body, message_id)
            .map_err(|error| Fault::new(ErrorCode::InvalidJob, Phase::Admission, error.to_string()))?;
        Ok(Request { job_id: decoded.job_id, job: decoded.job })
    }

    /// A message without a type is taken for the current version: any language can publish.
    fn check_type(&self) -> Result<(), Fault> {
        let refuse = |code, message: String| Err(Fault::new(code, Phase::Admission, message));
        let Some(kind) = self.properties.kind().as_ref().map(|kind| kind.as_str()).filter(|kind| !kind.is_empty())
        else {
            return Ok(());
        };
        match kind.strip_prefix(JOB_TYPE_FAMILY).map(str::parse::<u32>) {
            Some(Ok(SUPPORTED_MAJOR)) => Ok(()),
            Some(_) => refuse(ErrorCode::UnsupportedVersion, format!("type {kind:?} is not spoken by this worker")),
            None => refuse(ErrorCode::InvalidJob, format!("type {kind:?} is not a job")),
        }
    }

    /// All headers of a message travel in one frame, with those that are added on its way: too many, and
    /// the broker closes the connection on whoever publishes it again. A job that was valid when it came
    /// stays so when it comes again.
    fn check_headers(&self) -> Result<(), Fault> {
        let bytes = self.properties.headers().as_ref().map_or(0, bytes_of_table);
        let came_before = self.text_header(header::WORKER).is_some();
        let most = if came_before { MOST_HEADER_BYTES + MOST_ADDED_BYTES } else { MOST_HEADER_BYTES };
        if bytes <= most {
            return Ok(());
        }
        let message = format!("the headers have about {bytes} bytes, more than {MOST_HEADER_BYTES}");
        Err(Fault::new(ErrorCode::InvalidJob, Phase::Admission, message))
    }

    /// Returns the id of a message whose body does not decode, if the property is one.
    #[must_use]
    pub fn job_id_of_property(&self) -> Option<JobId> {
        self.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok())
    }

    /// Returns the counted attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.number_header(header::ATTEMPT).and_then(|number| u32::try_from(number).ok()).unwrap_or(1).max(1)
    }

    /// Returns the replay generation, from 0.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.number_header(header::GENERATION).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    }

    /// Returns how often a queue has delivered it without an end.
    #[must_use]
    pub fn delivery_count(&self) -> i64 {
        self.number_header(header::DELIVERY_COUNT).unwrap_or_default()
    }

    /// Says whether a delivery of it saw no end. Whoever ends a run in order publishes the job again, and
    /// that message has never been delivered before.
    #[must_use]
    pub fn is_redelivered(&self) -> bool {
        let headers = self.properties.headers().as_ref();
        self.delivery_count() > 0 || headers.is_some_and(|headers| headers.inner().contains_key(header::REDELIVERED))
    }

    /// Returns when a worker first saw it; now if none did.
    #[must_use]
    pub fn first_seen(&self) -> DateTime<Utc> {
        self.time_header(header::FIRST_SEEN).unwrap_or_else(Utc::now)
    }

    /// Returns since when it could have been worked on.
    #[must_use]
    pub fn waiting_since(&self) -> Option<DateTime<Utc>> {
        let published = self.properties.timestamp().and_then(|seconds| i64::try_from(seconds).ok());
        self.time_header(header::NOT_BEFORE).or_else(|| DateTime::from_timestamp(published?, 0))
    }

    /// Returns the queue, other than Quire's own, that wants to be told how it ended.
    #[must_use]
    pub fn reply_to(&self) -> Option<String> {
        let reply_to = self.properties.reply_to().as_ref()?.as_str();
        (!reply_to.is_empty() && !reply_to.starts_with("quire.")).then(|| reply_to.to_owned())
    }

    fn text_header(&self, name: &str) -> Option<String> {
        match self.properties.headers().as_ref()?.inner().get(name)? {
            Value::LongString(text) => Some(text.to_string()),
            Value::ShortString(text) => Some(text.to_string()),
            _ => None,
        }
    }

    fn time_header(&self, name: &str) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(&self.text_header(name)?).ok().map(|time| time.with_timezone(&Utc))
    }

    fn number_header(&self, name: &str) -> Option<i64> {
        match self.properties.headers().as_ref()?.inner().get(name)? {
            Value::LongLongInt(number) => Some(*number),
            Value::LongInt(number) => Some((*number).into()),
            Value::LongUInt(number) => Some((*number).into()),
            Value::ShortInt(number) => Some((*number).into()),
            Value::ShortUInt(number) => Some((*number).into()),
            Value::ShortShortInt(number) => Some((*number).into()),
            Value::ShortShortUInt(number) => Some((*number).into()),
            Value::LongString(text) => text.to_string().parse().ok(),
            _ => None,
        }
    }

    /// Returns properties for publishing it again: the caller's own are kept, the broker's
    /// bookkeeping is not. With the broker's death records kept, one detour too many is taken for
    /// a cycle and the message is dropped in silence. Headers that are too large to go on are left out.
    #[must_use]
    pub fn properties_onward(&self, lane: Lane, added: &Headers) -> BasicProperties {
        let properties = onward_properties(&self.properties, is_of_this_delivery);
        let mut headers = properties.headers().clone().unwrap_or_default();
        if bytes_of_table(&headers) > MOST_HEADER_BYTES + MOST_ADDED_BYTES {
            headers = FieldTable::default();
        }
        headers.insert(header::LANE.into(), text(lane.as_str()));
        headers.insert(header::TENANT.into(), text(self.tenant().as_str()));
        for (name, value) in &added.0 {
            headers.insert((*name).into(), value.clone());
        }
        properties.with_headers(headers)
    }
}

/// Whoever publishes a message again says when the next delivery begins, where it waits, and what
/// went wrong: an old fault would be taken for the cause of what comes after it.
fn is_of_this_delivery(name: &str) -> bool {
    const FAULT: &str = "quire-error-";
    [header::RETRY_TIER, header::STARTED, header::NOT_BEFORE, header::REDELIVERED].contains(&name)
        || name.starts_with(FAULT)
}

/// Counts what a table takes on the wire, a little generously.
fn bytes_of_table(table: &FieldTable) -> usize {
    table.inner().iter().map(|(name, value)| 1 + name.as_str().len() + bytes_of(value)).sum()
}

fn bytes_of(value: &Value) -> usize {
    const TAG_AND_LENGTH: usize = 5;
    const LARGEST_NUMBER: usize = 8;
    TAG_AND_LENGTH
        + match value {
            Value::LongString(text) => text.as_bytes().len(),
            Value::ByteArray(bytes) => bytes.as_slice().len(),
            Value::FieldArray(values) => values.as_slice().iter().map(bytes_of).sum(),
            Value::FieldTable(table) => bytes_of_table(table),
            _ => LARGEST_NUMBER,
        }
}

fn text(value: &str) -> Value {
    Value::LongString(value.into())
}

/// Headers to add.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(&'static str, Value)>);

impl Headers {
    /// Adds text.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, text(value)));
        self
    }

    /// Adds a number.
    #[must_use]
    pub fn number(mut self, name: &'static str, value: u32) -> Self {
        self.0.push((name, Value::LongLongInt(value.into())));
        self
    }

    /// Adds a number of bytes.
    #[must_use]
    pub fn bytes(mut self, name: &'static str, value: u64) -> Self {
        self.0.push((name, Value::LongLongInt(i64::try_from(value).unwrap_or(i64::MAX))));
        self
    }

    /// Adds a time.
    #[must_use]
    pub fn time(self, name: &'static str, value: DateTime<Utc>) -> Self {
        self.text(name, &value.to_rfc3339_opts(chrono::SecondsFormat::Millis, true))
    }

    /// Adds others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Adds what went wrong.
    #[must_use]
    pub fn fault(self, fault: &Fault) -> Self {
        const MAX_MESSAGE_BYTES: usize = 2048;
        let chain = fault.chain();
        let message = &chain[..chain.floor_char_boundary(MAX_MESSAGE_BYTES)];
        let with = self
            .text(header::ERROR_CODE, fault.code.as_str())
            .text(header::ERROR_MESSAGE, message)
            .text(header::ERROR_PHASE, fault.phase.as_str());
        match fault.page {
            Some(page) => with.number(header::ERROR_PAGE, page),
            None => with,
        }
    }
}

#[cfg(test)]
mod tests {
    use quire_producer::amqp::FieldTable;

    use super::*;

    fn message(headers: &[(&str, Value)]) -> Message {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert((*name).into(), value.clone());
        }
        Message {
            routing_key: "job.normal.acme".to_owned(),
            properties: BasicProperties::default()
                .with_headers(table)
                .with_expiration("60000".into())
                .with_reply_to("me".into()),
            body: Vec::new(),
        }
    }

    #[test]
    fn what_the_broker_wrote_down_does_not_travel_on() {
        let first = message(&[
            ("x-death", text("…")),
            ("x-last-death-queue", text("…")),
            ("x-delivery-count", Value::LongLongInt(3)),
            ("CC", text("copy")),
            ("quire-error-code", text("internal")),
            ("quire-not-before", text("2026-11-20T08:00:00Z")),
            ("traceparent", text("00-…-03")),
        ]);
        let onward = first.properties_onward(Lane::Bulk, &Headers::default().number(header::ATTEMPT, 2));
        let headers = onward.headers().as_ref().expect("headers");
        let names: Vec<_> = headers.inner().keys().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(names, ["quire-attempt", "quire-lane", "quire-tenant", "traceparent"]);
        assert_eq!(onward.expiration(), &None);
        assert_eq!(onward.reply_to().as_ref().map(|reply_to| reply_to.as_str()), Some("me"));
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
    fn the_time_an_attempt_has_used_is_what_lies_between_its_two_headers() {
        let times = |started: &str, not_before: &str| {
            message(&[(header::STARTED, text(started)), (header::NOT_BEFORE, text(not_before))]).spent()
        };
        let (morning, later) = ("2026-11-20T08:00:00.000Z", "2026-11-20T08:15:30.000Z");
        assert_eq!(times(morning, later), Duration::from_secs(930));
        assert_eq!(times(later, morning), Duration::ZERO);
        assert_eq!(times("yesterday", later), Duration::ZERO);
        assert_eq!(message(&[]).spent(), Duration::ZERO);
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
}
