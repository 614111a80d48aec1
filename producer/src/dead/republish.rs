//! The message that a dead letter becomes when it is replayed.

use chrono::{DateTime, Utc};
use lapin::{BasicProperties, types::AMQPValue};
use quire_schemas::names::{self, JOBS_EXCHANGE, Tenant, header};

use super::letter::Letter;
use crate::amqp::{Outgoing, headers::long_string, onward_properties};

/// Headers with this prefix are Quire's own, and describe the earlier runs of the job.
const OWN_PREFIX: &str = "quire-";

/// Whether a replay may supersede a result that has succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    Yes,
    No,
}

/// A dead letter that becomes a job again.
pub(super) struct Republication<'a> {
    pub(super) letter: &'a Letter,
    pub(super) properties: &'a BasicProperties,
    pub(super) tenant: &'a Tenant,
    pub(super) generation: u32,
    pub(super) force: Force,
}

impl Republication<'_> {
    /// Makes the message under the job's canonical key. Keeps its ids and the publisher's own headers. Its
    /// timestamp is now, from which its waiting is counted and older letters with its id are told apart.
    pub(super) fn message(&self, body: Vec<u8>, now: DateTime<Utc>) -> Outgoing {
        let kept = onward_properties(self.properties, |name| name.starts_with(OWN_PREFIX));
        let mut headers = kept.headers().clone().unwrap_or_default();
        let lane = self.letter.lane.unwrap_or_default();
        headers.insert(header::LANE.into(), long_string(lane.as_str()));
        headers.insert(header::TENANT.into(), long_string(self.tenant.as_str()));
        headers.insert(header::GENERATION.into(), AMQPValue::LongLongInt(self.generation.into()));
        if self.force == Force::Yes {
            headers.insert(header::FORCE.into(), long_string("true"));
        }
        Outgoing {
            exchange: JOBS_EXCHANGE.to_owned(),
            routing_key: names::job_routing_key(lane, self.tenant),
            properties: kept.with_headers(headers).with_timestamp(u64::try_from(now.timestamp()).unwrap_or_default()),
            body,
            mandatory: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use lapin::types::FieldTable;

    use super::*;
    use crate::dead::letter::tests::{ID, properties};

    #[test]
    fn a_letter_becomes_a_job_again_without_headers_of_earlier_runs() {
        let from = properties(&[
            ("traceparent", "00-…-01"),
            ("x-last-death-queue", "quire.jobs.bulk"),
            ("quire-tenant", "acme"),
            ("quire-lane", "bulk"),
            ("quire-generation", "1"),
            ("quire-attempt", "6"),
            ("quire-buried", "w1"),
            ("quire-force", "true"),
            ("quire-error-code", "internal"),
            ("quire-first-seen", "2026-11-20T12:00:00Z"),
        ]);
        let from = from
            .with_message_id(ID.into())
            .with_correlation_id("order-17".into())
            .with_reply_to("answers".into())
            .with_type("quire.job.v1".into())
            .with_content_type("application/json".into())
            .with_app_id("billing".into())
            .with_timestamp(1_000)
            .with_expiration("60000".into());
        let letter = Letter::read("failed.bulk", &from, b"{}");
        let now = DateTime::from_timestamp(2_000, 0).expect("in range");
        let tenant = letter.replay_tenant(None).expect("the letter names one");
        let republication =
            |force| Republication { letter: &letter, properties: &from, tenant: &tenant, generation: 2, force };
        let replayed = republication(Force::No).message(b"{}".to_vec(), now);

        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), long_string("00-…-01"));
        headers.insert("quire-tenant".into(), long_string("acme"));
        headers.insert("quire-lane".into(), long_string("bulk"));
        headers.insert("quire-generation".into(), AMQPValue::LongLongInt(2));
        let expected = BasicProperties::default()
            .with_delivery_mode(2)
            .with_message_id(ID.into())
            .with_correlation_id("order-17".into())
            .with_reply_to("answers".into())
            .with_type("quire.job.v1".into())
            .with_content_type("application/json".into())
            .with_app_id("billing".into())
            .with_timestamp(2_000);
        assert_eq!(replayed.properties, expected.clone().with_headers(headers.clone()));
        assert_eq!((replayed.exchange.as_str(), replayed.routing_key.as_str()), ("quire.jobs", "job.bulk.acme"));
        assert_eq!((replayed.body, replayed.mandatory), (b"{}".to_vec(), true));

        headers.insert("quire-force".into(), long_string("true"));
        let forced = republication(Force::Yes).message(b"{}".to_vec(), now);
        assert_eq!(forced.properties, expected.with_headers(headers));
    }
}
