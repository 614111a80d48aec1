//! Options of the parse as a command line has them: `KEY=JSON`, each key once.

use std::collections::HashSet;

use serde_json::Value;

/// Reads a key and its value, such as `chunks=true` or `markdown={"html_tables":true}`.
///
/// # Errors
/// Says what is expected, for the person who wrote it.
pub fn read(text: &str) -> Result<(String, Value), String> {
    let expected = || "expected KEY=JSON, such as chunks=true".to_owned();
    let (key, json) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(expected)?;
    let value = serde_json::from_str(json);
    value
        .map(|value| (key.to_owned(), value))
        .map_err(|_| format!("the value of {key} is not JSON: a text needs quotes, such as {key}='\"text\"'"))
}

/// Refuses a key that is given twice: one of its values would be lost.
///
/// # Errors
/// Names the key and the cure, for the person who wrote it.
pub fn each_once(options: &[(String, Value)]) -> Result<(), String> {
    let mut keys = HashSet::with_capacity(options.len());
    for (key, _) in options {
        if !keys.insert(key) {
            return Err(format!("--parse-option {key} is given twice: give it once, with all that it is to say"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_option_is_cut_at_its_first_equals_sign_and_its_value_is_json() {
        assert_eq!(read("chunks={\"max_tokens\":256}"), Ok(("chunks".to_owned(), json!({ "max_tokens": 256 }))));
        assert_eq!(read("prompt=\"a=b\""), Ok(("prompt".to_owned(), json!("a=b"))));
        assert!(read("=1").is_err_and(|error| error.starts_with("expected KEY=JSON")));
        assert!(read("tier=fast").is_err_and(|error| error.ends_with("such as tier='\"text\"'")));
    }

    #[test]
    fn a_key_is_given_once() {
        let options = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), json!(1))).collect::<Vec<_>>();
        assert_eq!(each_once(&options(&["chunks", "words"])), Ok(()));
        let refused = each_once(&options(&["chunks", "words", "chunks"]));
        assert!(refused.is_err_and(|error| error.starts_with("--parse-option chunks is given twice")));
    }
}
