//! JSON objects, read leniently: any field may be null, of another type, or new. They are taken apart
//! key by key, and the keys that no mapper takes go to `extra`.

use quire_schemas::{address::redacted, result::JsonObject};
use serde_json::{Map, Value};

/// Why an answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::parse) enum Unreadable {
    /// Such as a proxy's error page.
    #[error("the answer is not JSON")]
    NotJson(#[source] serde_json::Error),
    #[error("the answer is not an object")]
    NotAnObject,
    #[error("the answer lacks {0}")]
    Lacks(&'static str),
}

/// A JSON object that is taken apart.
#[derive(Debug, Clone, Default)]
pub(in crate::parse) struct Fields(Map<String, Value>);

impl Fields {
    pub(in crate::parse) fn decode(body: &[u8]) -> Result<Self, Unreadable> {
        // By way of `Value`: an error about a type would quote the answer, one about syntax does not.
        let value = serde_json::from_slice(body).map_err(Unreadable::NotJson)?;
        Self::from_value(value).ok_or(Unreadable::NotAnObject)
    }

    pub(in crate::parse) fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self(fields)),
            _ => None,
        }
    }

    /// Returns a text and leaves it where it is.
    pub(in crate::parse) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// Takes a key whose value `read` accepts; null is taken and counts as absent, any other value
    /// stays where it is.
    fn take<T>(&mut self, key: &str, read: impl FnOnce(Value) -> Result<T, Value>) -> Option<T> {
        match read(self.0.remove(key)?) {
            Ok(taken) => Some(taken),
            Err(Value::Null) => None,
            Err(other) => {
                self.0.insert(key.to_owned(), other);
                None
            }
        }
    }

    pub(in crate::parse) fn take_text(&mut self, key: &str) -> Option<String> {
        self.take(key, |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    pub(in crate::parse) fn take_number(&mut self, key: &str) -> Option<f64> {
        self.take(key, |value| value.as_f64().ok_or(value))
    }

    pub(in crate::parse) fn take_flag(&mut self, key: &str) -> Option<bool> {
        self.take(key, |value| value.as_bool().ok_or(value))
    }

    pub(in crate::parse) fn take_count(&mut self, key: &str) -> Option<u32> {
        self.take(key, |value| count(&value).ok_or(value))
    }

    pub(in crate::parse) fn take_list(&mut self, key: &str) -> Option<Vec<Value>> {
        self.take(key, |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    pub(in crate::parse) fn take_object(&mut self, key: &str) -> Option<Self> {
        self.take(key, |value| match value {
            Value::Object(fields) => Ok(Self(fields)),
            other => Err(other),
        })
    }

    /// Returns the keys that were not taken and hold something. Addresses are redacted: a service signs
    /// them, and a signature is a secret.
    pub(in crate::parse) fn into_extra(self) -> JsonObject {
        let empty = |value: &Value| value.is_null() || value.as_str() == Some("");
        self.0.into_iter().filter(|(_, value)| !empty(value)).map(|(key, value)| (key, unsigned(value))).collect()
    }
}

/// Reads a whole number, `1.0` included.
pub(in crate::parse) fn count(value: &Value) -> Option<u32> {
    if let Some(number) = value.as_u64() {
        return u32::try_from(number).ok();
    }
    let number = value.as_f64()?;
    let is_count = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    is_count.then_some(number as u32)
}

fn unsigned(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("https://") || text.starts_with("http://") => {
            Value::String(redacted(&text))
        }
        Value::Array(list) => list.into_iter().map(unsigned).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, unsigned(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_of_another_type_stays_for_extra_and_signatures_do_not() {
        let value = json!({"level": "two", "md": null, "alt": "", "url": "https://s3.example/a.png?X-Amz-Signature=1"});
        let mut fields = Fields::from_value(value).expect("an object");
        assert_eq!((fields.take_count("level"), fields.take_text("md")), (None, None));
        assert_eq!(Value::Object(fields.into_extra()), json!({"level": "two", "url": "https://s3.example/a.png"}));
    }

    #[test]
    fn an_error_about_an_answer_does_not_quote_it() {
        let error = Fields::decode(b"\"llx-secret\"").expect_err("not an object");
        assert!(!format!("{error:?}").contains("llx-secret"));
    }
}
