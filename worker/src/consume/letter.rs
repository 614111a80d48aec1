//! The dead letter of a job that is given up: the message itself, without its password, and why.

use quire_producer::amqp::Outgoing;
use quire_schemas::{
    names::{DEAD_EXCHANGE, MAX_MESSAGE_BYTES, header},
    sha256::Sha256,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{delivered::Delivered, headers::Headers};
use crate::{
    job::{Bury, Fault},
    telemetry,
};

/// Makes the letter. `about` holds the headers that every message gets that takes a delivery's place.
pub(super) fn dead_letter<R>(delivered: &Delivered<R>, fault: &Fault, bury: Bury, about: Headers) -> Outgoing {
    let Delivered { identity, message, .. } = delivered;
    let (body, redacted) = body_of_letter(&message.body);
    let mut headers = about
        .lane(identity.lane)
        .fault(fault)
        .text(header::ERROR_CODE, bury.code.as_str())
        .text(header::VERSION, env!("CARGO_PKG_VERSION"))
        .number(header::MEMORY_PEAK, telemetry::peak_resident_bytes())
        .text(header::LOG, &telemetry::last_lines(&identity.tenant, &identity.job_id));
    headers = match message.tenant() {
        Ok(tenant) => headers.tenant(&tenant),
        // The key shows an operator whose job it was meant to be.
        Err(_) => headers.text(header::ROUTING_KEY, &message.routing_key),
    };
    if let Some(what) = redacted {
        headers = headers.text(header::REDACTED, what);
    }
    if body.len() < message.body.len() && redacted == Some(WHOLE_BODY) {
        headers = headers
            .number(header::BODY_BYTES, message.body.len())
            .text(header::BODY_SHA256, &Sha256::of(&message.body).to_string());
    }
    Outgoing {
        exchange: DEAD_EXCHANGE.to_owned(),
        routing_key: bury.kind.routing_key(identity.lane),
        properties: headers.onward(&message.properties),
        body,
        mandatory: true,
    }
}

/// What the header says was taken out, if the rest is no job any more.
const WHOLE_BODY: &str = "body";
/// What is kept of a body that is too large to be a job.
const KEPT_BYTES: usize = 64 * 1024;

/// Returns a body as a letter keeps it, without its password, and what was taken out. A body that is no JSON object is
/// kept for the operator, unless it speaks of a password. No values are made of it: they may take a hundred times its
/// bytes.
fn body_of_letter(body: &[u8]) -> (Vec<u8>, Option<&'static str>) {
    if body.len() > MAX_MESSAGE_BYTES {
        let kept = if speaks_of_a_password(body) { &[][..] } else { &body[..KEPT_BYTES] };
        return (kept.to_vec(), Some(WHOLE_BODY));
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        return if speaks_of_a_password(body) { (Vec::new(), Some(WHOLE_BODY)) } else { (body.to_vec(), None) };
    }
    match serde_json::from_slice::<WithPassword<'_>>(body) {
        Err(_) if speaks_of_a_password(body) => (Vec::new(), Some(WHOLE_BODY)),
        Err(_) | Ok(WithPassword { password: None }) => (body.to_vec(), None),
        Ok(WithPassword { password: Some(password) }) => {
            let password = password.get().as_bytes();
            // The raw value borrows from the body.
            let start = password.as_ptr().addr() - body.as_ptr().addr();
            let (before, rest) = body.split_at(start);
            ([before, b"null", &rest[password.len()..]].concat(), Some("password"))
        }
    }
}

/// The one field of a job that a letter looks at. A field that stands twice is no job.
#[derive(Deserialize)]
struct WithPassword<'a> {
    #[serde(borrow)]
    password: Option<&'a RawValue>,
}

/// Says whether a body that cannot be read may hold a password, also under a name that is spelled in escapes.
fn speaks_of_a_password(body: &[u8]) -> bool {
    [&b"password"[..], b"\\u00"].iter().any(|sign| body.windows(sign.len()).any(|window| window == *sign))
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
        let (body, redacted) = body_of_letter(br#"{"a":1,"password":"canary"}"#);
        assert_eq!(redacted, Some("password"));
        assert_eq!(String::from_utf8(body).expect("JSON"), r#"{"a":1,"password":null}"#);
        assert_eq!(body_of_letter(br#"{"a": 1}"#), (br#"{"a": 1}"#.to_vec(), None));
        assert_eq!(body_of_letter(b"\xff not json"), (b"\xff not json".to_vec(), None));
        assert_eq!(body_of_letter(br#"{"password":"canary"} and more"#), (Vec::new(), Some("body")));
        let (body, redacted) = body_of_letter(br#"{ "pass\u0077ord" : "canary" , "a":[ 1 ] }"#);
        let kept = String::from_utf8(body).expect("JSON");
        assert_eq!((kept.as_str(), redacted), (r#"{ "pass\u0077ord" : null , "a":[ 1 ] }"#, Some("password")));
        let twice = br#"{"password":"canary","pass\u0077ord":"canary"}"#;
        assert_eq!(body_of_letter(twice), (Vec::new(), Some("body")));
        assert_eq!(body_of_letter(br#"{"password":null}"#).1, None);
        assert_eq!(body_of_letter(b"[1]"), (b"[1]".to_vec(), None));
    }

    #[test]
    fn a_body_that_is_too_large_is_not_parsed_for_its_password() {
        let mut body = br#"{"a":1,"password":null}"#.to_vec();
        body.resize(MAX_MESSAGE_BYTES + 1, b' ');
        assert_eq!(body_of_letter(&body), (Vec::new(), Some("body")));
        let harmless = vec![b'x'; MAX_MESSAGE_BYTES + 1];
        assert_eq!(body_of_letter(&harmless), (harmless[..KEPT_BYTES].to_vec(), Some("body")));
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
