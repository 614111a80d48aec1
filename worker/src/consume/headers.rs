//! What of a message's properties goes on when it is published again, and the headers that are added.

use chrono::{DateTime, SecondsFormat, Utc};
use quire_producer::amqp::{BasicProperties, FieldTable, Value, headers::long_string, onward_properties};
use quire_schemas::names::{Lane, Tenant, header};

use crate::job::Fault;

/// A quarter of the smallest frame that brokers are set to.
pub(super) const MOST_HEADER_BYTES: usize = 32 * 1024;
/// What workers and broker add on the way, at most; most of it is the message of a fault.
pub(super) const MOST_ADDED_BYTES: usize = 8 * 1024;

/// Headers to add to a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers(Vec<(&'static str, Value)>);

impl Headers {
    pub(super) fn text(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, long_string(value)));
        self
    }

    pub(super) fn number(mut self, name: &'static str, value: impl TryInto<i64>) -> Self {
        self.0.push((name, Value::LongLongInt(value.try_into().unwrap_or(i64::MAX))));
        self
    }

    pub(super) fn time(self, name: &'static str, value: DateTime<Utc>) -> Self {
        self.text(name, &value.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    pub(super) fn fault(self, fault: &Fault) -> Self {
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

    pub(super) fn lane(self, lane: Lane) -> Self {
        self.text(header::LANE, lane.as_str())
    }

    pub(super) fn tenant(self, tenant: &Tenant) -> Self {
        self.text(header::TENANT, tenant.as_str())
    }

    /// Returns the properties of a message that is published again: the caller's own are kept, the broker's
    /// bookkeeping and the headers of this delivery are not. Headers that are too large to go on are left out.
    pub(super) fn onward(&self, from: &BasicProperties) -> BasicProperties {
        let properties = onward_properties(from, is_of_this_delivery);
        let mut headers = properties.headers().clone().unwrap_or_default();
        if bytes_of_table(&headers) > MOST_HEADER_BYTES + MOST_ADDED_BYTES {
            headers = FieldTable::default();
        }
        for (name, value) in &self.0 {
            headers.insert((*name).into(), value.clone());
        }
        properties.with_headers(headers)
    }
}

/// Headers that describe one delivery are written anew, never copied: a copied fault would look like the cause of the
/// next delivery. Either the tenant is written or, if it is not known, the routing key.
fn is_of_this_delivery(name: &str) -> bool {
    const FAULT: &str = "quire-error-";
    let of_delivery = [
        header::RETRY_TIER,
        header::STARTED,
        header::SPENT_MS,
        header::NOT_BEFORE,
        header::REDELIVERED,
        header::TENANT,
        header::ROUTING_KEY,
    ];
    of_delivery.contains(&name) || name.starts_with(FAULT)
}

/// Counts the bytes of a table on the wire, a little generously.
pub(super) fn bytes_of_table(table: &FieldTable) -> usize {
    bytes_of_headers(table, |_| true)
}

/// Counts the bytes of the headers that are the publisher's own: brokers and workers have added the others.
pub(super) fn bytes_of_publisher(table: &FieldTable) -> usize {
    bytes_of_headers(table, |name| !name.starts_with("x-") && !name.starts_with("quire-"))
}

fn bytes_of_headers(table: &FieldTable, counts: impl Fn(&str) -> bool) -> usize {
    let counted = table.inner().iter().filter(|(name, _)| counts(name.as_str()));
    counted.map(|(name, value)| 1 + name.as_str().len() + bytes_of(value)).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_broker_s_bookkeeping_and_the_last_delivery_s_headers_do_not_go_on() {
        let mut table = FieldTable::default();
        for (name, value) in [
            ("x-death", long_string("…")),
            ("x-last-death-queue", long_string("…")),
            ("x-delivery-count", Value::LongLongInt(3)),
            ("CC", long_string("copy")),
            ("quire-error-code", long_string("internal")),
            ("quire-not-before", long_string("2026-11-20T08:00:00Z")),
            ("quire-spent-ms", Value::LongLongInt(5)),
            ("traceparent", long_string("00-…-03")),
        ] {
            table.insert(name.into(), value);
        }
        let from =
            BasicProperties::default().with_headers(table).with_expiration("60000".into()).with_reply_to("me".into());
        let added = Headers::default().number(header::ATTEMPT, 2_u32).lane(Lane::Bulk).tenant(&Tenant::default());
        let onward = added.onward(&from);
        let headers = onward.headers().as_ref().expect("headers");
        let names: Vec<_> = headers.inner().keys().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(names, ["quire-attempt", "quire-lane", "quire-tenant", "traceparent"]);
        assert_eq!(onward.expiration(), &None);
        assert_eq!(onward.reply_to().as_ref().map(|reply_to| reply_to.as_str()), Some("me"));
    }
}
