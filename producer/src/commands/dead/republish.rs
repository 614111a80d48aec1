//! The message that a dead letter becomes when it is replayed.

use chrono::{DateTime, Utc};
use lapin::{BasicProperties, types::AMQPValue};
use quire_schemas::names::{self, JOBS_EXCHANGE, header};

use super::letter::Letter;
use crate::amqp::{Outgoing, onward_properties};

/// Everything that starts so is Quire's: what an earlier life of the job left says nothing about
/// the new one.
const OURS: &str = "quire-";

/// Whether a result that has succeeded may be superseded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Force {
    Yes,
    No,
}

/// Makes the message under the job's canonical key. It keeps who it is and the publisher's own
/// headers, and is published now: from then on its waiting is counted, and an older letter of the
/// same id is told from a newer one.
pub(super) fn message(
    letter: &Letter,
    properties: &BasicProperties,
    body: Vec<u8>,
    generation: u32,
    force: Force,
    now: DateTime<Utc>,
) -> Outgoing {
    let kept = onward_properties(properties, |name| name.starts_with(OURS));
    let mut headers = kept.headers().clone().unwrap_or_default();
    let (lane, tenant) = (letter.lane.unwrap_or_default(), letter.tenant_or_default());
    headers.insert(header::LANE.into(), text(lane.as_str()));
    headers.insert(header::TENANT.into(), text(tenant.as_str()));
    headers.insert(header::GENERATION.into(), AMQPValue::LongLongInt(generation.into()));
    if force == Force::Yes {
        headers.insert(header::FORCE.into(), text("true"));
    }
    Outgoing {
        exchange: JOBS_EXCHANGE.to_owned(),
        routing_key: names::job_routing_key(lane, &tenant),
        properties: kept.with_headers(headers).with_timestamp(u64::try_from(now.timestamp()).unwrap_or_default()),
        body,
        mandatory: true,
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

#[cfg(test)]
mod tests {
    use lapin::types::FieldTable;

    use super::*;
    use crate::commands::dead::letter::tests::{ID, properties};

    #[test]
    fn a_letter_becomes_a_job_again_with_nothing_of_its_earlier_life() {
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
        let replayed = message(&letter, &from, b"{}".to_vec(), 2, Force::No, now);

        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), text("00-…-01"));
        headers.insert("quire-tenant".into(), text("acme"));
        headers.insert("quire-lane".into(), text("bulk"));
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

        headers.insert("quire-force".into(), text("true"));
        let forced = message(&letter, &from, b"{}".to_vec(), 2, Force::Yes, now);
        assert_eq!(forced.properties, expected.with_headers(headers));
    }
}
