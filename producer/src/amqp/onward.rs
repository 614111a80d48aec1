//! Which properties and headers a message keeps when it is published again: by a worker that retries,
//! releases or buries it, and by an operator who replays it.

use lapin::{BasicProperties, types::FieldTable};

/// What the broker records about deaths and deliveries. With the death records kept, the broker takes
/// a further dead-lettering for a cycle and drops the message in silence.
const BOOKKEEPING: [&str; 5] = ["x-death", "x-first-death", "x-last-death", "x-delivery-count", "x-acquired-count"];
/// These would route the message to further queues.
const COPIES: [&str; 2] = ["CC", "BCC"];

/// Returns properties for publishing a message again. Keeps its ids, its reply address and the
/// publisher's own headers. Drops the broker's records, copies, `expiration` and the headers that
/// `is_dropped` names. The message stays durable.
#[must_use]
pub fn onward_properties(from: &BasicProperties, is_dropped: impl Fn(&str) -> bool) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in from.headers().iter().flat_map(|headers| headers.inner()) {
        if !is_written_by_the_broker(name.as_str()) && !is_dropped(name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
    let mut properties = BasicProperties::default().with_delivery_mode(2).with_headers(headers);
    macro_rules! keep {
        ($($get:ident $set:ident),*) => {
            $(if let Some(value) = from.$get() { properties = properties.$set(value.clone()); })*
        };
    }
    keep!(
        content_type with_content_type,
        content_encoding with_content_encoding,
        message_id with_message_id,
        correlation_id with_correlation_id,
        reply_to with_reply_to,
        kind with_type,
        timestamp with_timestamp,
        app_id with_app_id
    );
    properties
}

fn is_written_by_the_broker(name: &str) -> bool {
    COPIES.contains(&name) || BOOKKEEPING.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use lapin::types::AMQPValue;

    use super::*;

    #[test]
    fn ids_and_headers_of_the_publisher_are_kept_and_records_of_the_broker_are_not() {
        let mut headers = FieldTable::default();
        let text = |text: &str| AMQPValue::LongString(text.into());
        for name in [
            "x-death",
            "x-first-death-queue",
            "x-last-death-reason",
            "x-delivery-count",
            "x-acquired-count",
            "CC",
            "BCC",
            "quire-attempt",
            "traceparent",
            "cc-of-the-caller",
        ] {
            headers.insert(name.into(), text(name));
        }
        let from = BasicProperties::default()
            .with_headers(headers)
            .with_content_type("application/json".into())
            .with_message_id("17".into())
            .with_correlation_id("order".into())
            .with_reply_to("answers".into())
            .with_type("quire.job.v1".into())
            .with_timestamp(1_000)
            .with_app_id("billing".into())
            .with_expiration("60000".into())
            .with_priority(9);
        let mut kept = FieldTable::default();
        kept.insert("cc-of-the-caller".into(), text("cc-of-the-caller"));
        kept.insert("traceparent".into(), text("traceparent"));
        let expected = BasicProperties::default()
            .with_delivery_mode(2)
            .with_headers(kept)
            .with_content_type("application/json".into())
            .with_message_id("17".into())
            .with_correlation_id("order".into())
            .with_reply_to("answers".into())
            .with_type("quire.job.v1".into())
            .with_timestamp(1_000)
            .with_app_id("billing".into());
        assert_eq!(onward_properties(&from, |name| name.starts_with("quire-")), expected);
    }
}
