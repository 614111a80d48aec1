//! A field of a job's body that is given another value: `path=value`.

use std::str::FromStr;

use serde_json::{Map, Value};

/// A dotted path and the value to put there.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    path: Vec<String>,
    value: Value,
}

/// Why a text is no assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongAssignment {
    #[error("expected path=value")]
    NoValue,
    #[error("expected a path such as parse.engine")]
    NoPath,
}

impl FromStr for Assignment {
    type Err = WrongAssignment;

    /// Reads a value as JSON, and as a text if it is not JSON.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, value) = text.split_once('=').ok_or(WrongAssignment::NoValue)?;
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err(WrongAssignment::NoPath);
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok(Self { path, value })
    }
}

impl Assignment {
    pub(super) fn path(&self) -> String {
        self.path.join(".")
    }

    /// Says whether it is about this field of the job or something in it.
    pub(super) fn is_about(&self, field: &str) -> bool {
        self.path.first().is_some_and(|first| first == field)
    }

    /// Puts the value into a body. Makes the objects on its path that are missing or null; the error names
    /// one that is something else than an object.
    pub(super) fn apply(&self, body: &mut Map<String, Value>) -> Result<(), String> {
        let (last, parents) = self.path.split_last().expect("a split text has at least one part");
        let mut place = body;
        for (depth, name) in parents.iter().enumerate() {
            let child = place.entry(name.clone()).or_insert(Value::Null);
            if child.is_null() {
                *child = Value::Object(Map::new());
            }
            match child {
                Value::Object(fields) => place = fields,
                _ => return Err(format!("{} is not an object", self.path[..=depth].join("."))),
            }
        }
        place.insert(last.clone(), self.value.clone());
        Ok(())
    }

    /// Says whether a job that was read from the body has the field. Readers skip unknown fields, so a
    /// misspelt one would be set and change nothing. An empty value is left out when a job is written, so
    /// that it always counts as understood.
    pub(super) fn is_understood(&self, job: &Value) -> bool {
        let is_empty = match &self.value {
            Value::Null => true,
            Value::Array(values) => values.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        is_empty || self.path.iter().try_fold(job, |place, name| place.get(name)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(texts: &[&str], body: Value) -> Result<Value, String> {
        let Value::Object(mut body) = body else { panic!("a body is an object") };
        for text in texts {
            text.parse::<Assignment>().expect("valid").apply(&mut body)?;
        }
        Ok(Value::Object(body))
    }

    #[test]
    fn a_value_is_json_or_else_a_text() {
        let texts = ["a=1", "b=null", "c=1-5", "d=[\"x\"]", "e=x=y", "f=", "g=\"7\""];
        let expected = json!({ "a": 1, "b": null, "c": "1-5", "d": ["x"], "e": "x=y", "f": "", "g": "7" });
        assert_eq!(set(&texts, json!({})), Ok(expected));
    }

    #[test]
    fn objects_on_the_way_are_made_and_kept() {
        let body = json!({ "parse": { "pages": "1" }, "images": null });
        let expected = json!({ "parse": { "pages": "1", "engine": "none" }, "images": { "dpi": 72 }, "a": { "b": {
            "c": true } } });
        assert_eq!(set(&["parse.engine=none", "images.dpi=72", "a.b.c=true"], body), Ok(expected));
        let error = set(&["source.key.x=1"], json!({ "source": { "key": "a.pdf" } }));
        assert_eq!(error, Err("source.key is not an object".to_owned()));
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for bad in ["parse.engine", "=1", "a..b=1", ".a=1", "a.=1"] {
            assert!(bad.parse::<Assignment>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_misspelt_field_is_noticed() {
        let job = json!({ "parse": { "engine": "none" } });
        let understood = |text: &str| text.parse::<Assignment>().expect("valid").is_understood(&job);
        assert!(understood("parse.engine=none"));
        assert!(!understood("parse.engin=none"));
        assert!(understood("parse.pages=null") && understood("parse.fallback=[]"));
    }
}
