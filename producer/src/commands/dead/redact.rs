//! What of a letter may be shown: no password, no key of a service, no user and no query of an
//! address. A letter keeps them, because a replay needs them.

use serde_json::Value;
use url::Url;

const HIDDEN: &str = "(not shown)";
/// Names of fields that hold secrets end like this, in lower case and without `-` and `_`.
const SECRETS: [&str; 9] =
    ["key", "password", "passphrase", "secret", "token", "credential", "credentials", "cookie", "authorization"];
/// Longer texts are documents or prompts; nobody reads them here.
const LONGEST_TEXT: usize = 512;

/// Returns a body as it may be shown; `None` if it is not JSON, of which nothing can be told from
/// a secret.
pub(super) fn body(bytes: &[u8]) -> Option<Value> {
    let mut value = serde_json::from_slice(bytes).ok()?;
    hide(&mut value);
    Some(value)
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // Where the document lies opens nothing, and is what one looks for.
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
        // One that cannot be read as an address cannot be told from its query.
        Value::String(text) if name.ends_with("url") => *text = address(text).unwrap_or_else(|| HIDDEN.to_owned()),
        other => hide(other),
    }
}

/// Shows every address in a text without user, query and fragment.
pub(super) fn addresses(text: &str) -> String {
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

/// Only what no address can hold: a bracket or a comma may be part of its query.
fn is_after_address(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '<' | '>' | '`')
}

/// Returns a text that is an address as it may be shown; `None` if it is none.
fn address(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok().filter(Url::has_host)?;
    let is_public =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if is_public {
        // As it was written: parsing puts it into a form of its own.
        return Some(text.to_owned());
    }
    url.set_query(None);
    url.set_fragment(None);
    // Fails only for addresses that cannot carry a user, which then carry none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(value: &Value) -> Value {
        body(value.to_string().as_bytes()).expect("JSON")
    }

    #[test]
    fn a_body_is_shown_without_what_opens_anything() {
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
