//! The dead letter of a job that is given up: the message itself, without its password, and why.

use quire_producer::amqp::Outgoing;
use quire_schemas::names::{DEAD_EXCHANGE, MAX_MESSAGE_BYTES, header};

use super::{delivered::Delivered, headers::Headers};
use crate::{
    job::{Bury, Fault},
    telemetry,
};

/// Makes the letter. `about` holds the headers that every message gets that takes a delivery's place.
pub(super) fn dead_letter<R>(delivered: &Delivered<R>, fault: &Fault, bury: Bury, about: Headers) -> Outgoing {
    let Delivered { identity, message, .. } = delivered;
    let (body, redacted) = without_password(&message.body);
    let mut headers = about
        .lane(identity.lane)
        .fault(fault)
        .text(header::ERROR_CODE, bury.code.as_str())
        .text(header::VERSION, env!("CARGO_PKG_VERSION"))
        .number(header::MEMORY_PEAK, telemetry::peak_resident_bytes())
        .text(header::LOG, &telemetry::last_lines(&identity.job_id));
    headers = match message.tenant() {
        Ok(tenant) => headers.tenant(&tenant),
        // The key shows an operator whose job it was meant to be.
        Err(_) => headers.text(header::ROUTING_KEY, &message.routing_key),
    };
    if let Some(what) = redacted {
        headers = headers.text(header::REDACTED, what);
    }
    Outgoing {
        exchange: DEAD_EXCHANGE.to_owned(),
        routing_key: bury.kind.routing_key(identity.lane),
        properties: headers.onward(&message.properties),
        body,
        mandatory: true,
    }
}

/// Takes the password out of a body; says what was taken out. A body that is no JSON object, or is too large to be
/// parsed, is kept for the operator. If it mentions a password, the whole body is taken out.
fn without_password(body: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    const FIELD: &[u8] = b"\"password\"";
    let parsed = if body.len() > MAX_MESSAGE_BYTES { None } else { serde_json::from_slice(body).ok() };
    let Some(serde_json::Value::Object(mut job)) = parsed else {
        let speaks_of_one = body.windows(FIELD.len()).any(|window| window == FIELD);
        return if speaks_of_one { (Vec::new(), Some("body")) } else { (body.to_vec(), None) };
    };
    match job.insert("password".to_owned(), serde_json::Value::Null) {
        Some(serde_json::Value::Null) | None => (body.to_vec(), None),
        Some(_) => (serde_json::to_vec(&job).expect("it was JSON before"), Some("password")),
    }
}

#[cfg(test)]
mod tests {
    use quire_producer::amqp::headers;
    use quire_schemas::{
        failure::ErrorCode,
        names::{DeadKind, Lane},
        result::Phase,
    };

    use super::{
        super::{
            delivered::tests::{Slip, delivered, message},
            message::Message,
        },
        *,
    };

    #[test]
    fn a_dead_letter_has_no_password_and_is_otherwise_the_same() {
        let (body, redacted) = without_password(br#"{"a":1,"password":"canary"}"#);
        assert_eq!(redacted, Some("password"));
        assert_eq!(String::from_utf8(body).expect("JSON"), r#"{"a":1,"password":null}"#);
        assert_eq!(without_password(br#"{"a": 1}"#), (br#"{"a": 1}"#.to_vec(), None));
        assert_eq!(without_password(b"\xff not json"), (b"\xff not json".to_vec(), None));
        assert_eq!(without_password(br#"{"password":"canary"} and more"#), (Vec::new(), Some("body")));
    }

    #[test]
    fn a_body_that_is_too_large_is_not_parsed_for_its_password() {
        let mut body = br#"{"a":1,"password":null}"#.to_vec();
        body.resize(MAX_MESSAGE_BYTES + 1, b' ');
        assert_eq!(without_password(&body), (Vec::new(), Some("body")));
    }

    fn header_of(letter: &Outgoing, name: &str) -> Option<String> {
        headers::text(letter.properties.headers().as_ref()?, name)
    }

    #[tokio::test]
    async fn a_letter_names_its_tenant_or_keeps_the_key_that_names_none() {
        let fault = Fault::new(ErrorCode::InvalidJob, Phase::Admission, "not a job");
        let bury = Bury { kind: DeadKind::Invalid, exhausted: false, code: fault.code };
        for (routing_key, tenant, kept) in [
            ("job.bulk.acme", Some("acme"), None),
            ("job.bulk", Some("default"), None),
            ("job.bulk.ACME", None, Some("job.bulk.ACME")),
            ("job.bulk.acme.eu", None, Some("job.bulk.acme.eu")),
        ] {
            let message = Message { lane: Lane::Bulk, routing_key: routing_key.to_owned(), ..message() };
            let (delivered, _) = delivered(message, Slip::default());
            let letter = dead_letter(&delivered, &fault, bury, Headers::default());
            assert_eq!(letter.routing_key, "invalid.bulk");
            assert_eq!(header_of(&letter, header::TENANT).as_deref(), tenant, "{routing_key}");
            assert_eq!(header_of(&letter, header::ROUTING_KEY).as_deref(), kept, "{routing_key}");
        }
    }
}
