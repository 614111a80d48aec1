//! What a service says when it refuses, in the forms that JSON services use.

use serde_json::Value;

use super::Fields;

/// Longer texts of a service are cut here.
const MAX_SAID_CHARS: usize = 300;

/// `{"detail": "…"}`, or a list of faults and their places.
#[derive(Debug, Default)]
pub(super) struct ServiceRefusal {
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
}

impl ServiceRefusal {
    /// Reads as much as there is; an error page of a proxy yields nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(mut fields) = Fields::decode(body) else { return Self::default() };
        let code = fields.take_text("error_code").or_else(|| fields.take_text("code"));
        let complaints = |list: Vec<Value>| {
            let said: Vec<String> = list
                .into_iter()
                .filter_map(Fields::from_value)
                .filter_map(|mut complaint| complaint.take_text("msg"))
                .collect();
            (!said.is_empty()).then(|| said.join("; "))
        };
        let detail = fields
            .take_text("detail")
            .or_else(|| fields.take_list("detail").and_then(complaints))
            .or_else(|| fields.take_text("error_message"))
            .or_else(|| fields.take_text("message"));
        Self { code, detail }
    }
}

/// Cuts a text of the service to a length that a person reads, without our secret.
pub(super) fn presentable(text: &str, secret: &str) -> String {
    let text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "…") };
    text.chars().take(MAX_SAID_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_in_both_forms() {
        let plain = ServiceRefusal::read(br#"{"detail": "Invalid API Key"}"#);
        assert_eq!(plain.detail.as_deref(), Some("Invalid API Key"));
        let listed = ServiceRefusal::read(br#"{"detail": [{"loc": ["body"], "msg": "no tier", "type": "missing"}]}"#);
        assert_eq!(listed.detail.as_deref(), Some("no tier"));
        assert_eq!(ServiceRefusal::read(b"<html>").detail, None);
    }

    #[test]
    fn a_text_is_shown_without_the_secret_and_not_at_length() {
        assert_eq!(presentable("no llx-secret here", "llx-secret"), "no … here");
        assert_eq!(presentable("open", ""), "open");
        assert_eq!(presentable(&"x".repeat(1000), "y").len(), MAX_SAID_CHARS);
    }
}
