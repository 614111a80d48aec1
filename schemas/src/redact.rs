//! Hides the secrets of a job when it is shown: passwords, keys of services, users and queries of addresses. A dead
//! letter itself keeps them, because a replay needs them.

use serde_json::{Map, Value};

use crate::address::{NOT_AN_ADDRESS, redacted};

/// Stands in the place of a secret.
pub const HIDDEN: &str = "(not shown)";
/// Names of fields that hold secrets end like this, in lower case and without `-` and `_`.
const SECRETS: [&str; 9] =
    ["key", "password", "passphrase", "secret", "token", "credential", "credentials", "cookie", "authorization"];
/// In bytes; longer texts are documents or prompts, which are not shown.
const LONGEST_TEXT: usize = 512;

/// Returns a body without its secrets; `None` if it is not JSON, where secrets cannot be recognised.
#[must_use]
pub fn body(bytes: &[u8]) -> Option<Value> {
    let mut value = serde_json::from_slice(bytes).ok()?;
    hide(&mut value);
    Some(value)
}

/// Hides the secrets among the fields of an object.
pub fn fields(object: &mut Map<String, Value>) {
    object.iter_mut().for_each(|(name, value)| hide_field(name, value));
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // The key of an object grants no access, and is what an operator searches for.
            let is_object = fields.get("kind").is_some_and(|kind| kind == "s3");
            let others = fields.iter_mut().filter(|(name, _)| !(is_object && *name == "key"));
            others.for_each(|(name, value)| hide_field(name, value));
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::String(text) if text.len() > LONGEST_TEXT => *text = format!("({} bytes)", text.len()),
        Value::String(text) => *text = address(text).unwrap_or_else(|| addresses(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn hide_field(name: &str, value: &mut Value) {
    let name = name.replace(['-', '_'], "").to_lowercase();
    match value {
        Value::Null => {}
        secret if SECRETS.iter().any(|end| name.ends_with(end)) => *secret = Value::String(HIDDEN.to_owned()),
        // In a text that is no address the query cannot be recognised.
        Value::String(text) if name.ends_with("url") => *text = address(text).unwrap_or_else(|| HIDDEN.to_owned()),
        other => hide(other),
    }
}

/// Shows every address in a text without user, query and fragment.
#[must_use]
pub fn addresses(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(colon) = rest.find("://") {
        let is_scheme = |letter: &char| letter.is_ascii_alphanumeric() || "+-.".contains(*letter);
        let start = colon - rest[..colon].chars().rev().take_while(is_scheme).count();
        let end = rest[colon..].find(is_after_address).map_or(rest.len(), |length| colon + length);
        shown.push_str(&rest[..start]);
        shown.push_str(&address(&rest[start..end]).unwrap_or_else(|| HIDDEN.to_owned()));
        rest = &rest[end..];
    }
    shown.push_str(rest);
    shown
}

/// Only characters that no address can hold: a bracket or a comma may be part of its query.
fn is_after_address(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '<' | '>' | '`')
}

/// Returns a text that is an address without its secrets; `None` if it is none.
fn address(text: &str) -> Option<String> {
    let shown = redacted(text);
    (shown != NOT_AN_ADDRESS).then_some(shown)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(value: &Value) -> Value {
        body(value.to_string().as_bytes()).expect("JSON")
    }

    #[test]
    fn a_body_is_shown_without_its_secrets() {
        let job = json!({
            "password": "canary",
            "source": { "kind": "url", "url": "https://me:canary@host/a b.pdf?sig=canary#canary" },
            "parse": { "options": { "webhook": "https://hook/x?token=canary", "API_Key": "canary", "pages": 3 } },
            "metadata": { "seen": ["see https://me:canary@host/?x=(canary),y, then", 1], "access_token": ["canary"] },
        });
        let expected = json!({
            "password": "(not shown)",
            "source": { "kind": "url", "url": "https://host/a%20b.pdf" },
            "parse": { "options": { "webhook": "https://hook/x", "API_Key": "(not shown)", "pages": 3 } },
            "metadata": { "seen": ["see https://host/ then", 1], "access_token": "(not shown)" },
        });
        assert_eq!(shown(&job), expected);
    }

    #[test]
    fn a_name_is_recognised_however_it_is_written() {
        for name in [
            "apiKey",
            "API_KEY",
            "api-key",
            "key",
            "x-Api-Key",
            "pass_phrase",
            "client-secret",
            "accessToken",
            "aws_credentials",
            "Credential",
            "Set-Cookie",
            "Proxy-Authorization",
            "PASSWORD",
        ] {
            assert_eq!(shown(&json!({ name: "canary" })), json!({ name: HIDDEN }), "{name}");
        }
    }

    #[test]
    fn what_needs_no_hiding_is_shown_as_it_is() {
        let job = json!({
            "password": null,
            "source": { "kind": "s3", "bucket": "inbox", "key": "a?b#c.pdf" },
            "metadata": { "max_tokens": 7, "home": "https://Host/a//b" },
        });
        assert_eq!(shown(&job), job);
    }

    #[test]
    fn an_address_that_is_none_and_a_document_are_not_shown() {
        let job = json!({ "source": { "url": "https://ho st/?sig=a canary", "data": "x".repeat(5_000) } });
        let expected = json!({ "source": { "url": "(not shown)", "data": "(5000 bytes)" } });
        assert_eq!(shown(&job), expected);
        assert_eq!(body(b"{\"password\":\"canary\""), None);
    }

    #[test]
    fn addresses_in_a_text_lose_what_is_secret_and_the_text_stays() {
        for (text, expected) in [
            ("GET https://me:canary@host/a?sig=canary: 403", "GET https://host/a 403"),
            ("s3://bucket/key is missing", "s3://bucket/key is missing"),
            ("https://a/?x=canary https://b/#canary", "https://a/ https://b/"),
            ("amqp://user:canary@host", "amqp://host"),
            ("http://[bad?canary", "(not shown)"),
            ("ä://host", "ä(not shown)"),
            ("nothing", "nothing"),
            ("", ""),
        ] {
            assert_eq!(addresses(text), expected, "{text}");
        }
    }
}
