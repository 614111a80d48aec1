//! Which field of a body does not fit the published schema, what it should be, and what kind of thing it is.
//!
//! The deserializer's own messages quote the value, which may be a secret, and do not name the field. So a body
//! that it refuses is compared with the JSON Schema, which is generated from the types.

use chrono::DateTime;
use serde_json::Value;

use super::{
    id::JobId,
    invalid::{InvalidJob, refuse},
    options::Engine,
};
use crate::page_ranges::PageRanges;

/// Compares bodies with a schema.
pub(super) struct Explainer<'a> {
    /// The schema of the whole body; references lead into it.
    pub(super) root: &'a Value,
}

/// The path of a field, and why it does not fit.
type Wrong = (String, String);

impl Explainer<'_> {
    /// Returns the first field of a body that does not fit; `None` if the schema finds nothing wrong.
    pub(super) fn wrong_field(&self, body: &Value) -> Option<InvalidJob> {
        let (path, reason) = self.wrong(self.root, body, "")?;
        Some(refuse(if path.is_empty() { "the body" } else { &path }, reason))
    }

    fn wrong(&self, schema: &Value, value: &Value, path: &str) -> Option<Wrong> {
        let schema = self.followed(schema);
        if let Some(choices) = list(schema, "anyOf") {
            let is_nullable = choices.iter().any(|choice| choice["type"] == "null");
            let content = choices.iter().find(|choice| choice["type"] != "null")?;
            return if is_nullable && value.is_null() { None } else { self.wrong(content, value, path) };
        }
        if let Some(choices) = list(schema, "oneOf") {
            return match tag_of(choices) {
                Some(tag) => self.wrong_in_tagged(choices, tag, value, path),
                None if choices.iter().any(|choice| choice["const"] == *value) => None,
                None => Some((path.to_owned(), self.mismatch(schema, value))),
            };
        }
        if !fits(schema, value) {
            return Some((path.to_owned(), self.mismatch(schema, value)));
        }
        match value {
            Value::Object(fields) => {
                let missing = list(schema, "required").into_iter().flatten().filter_map(Value::as_str);
                if let Some(name) = missing.into_iter().find(|name| !fields.contains_key(*name)) {
                    let expected = self.expected(self.followed(&schema["properties"][name]));
                    return Some((below(path, name), format!("is missing; it should be {expected}")));
                }
                let properties = schema["properties"].as_object()?;
                properties.iter().find_map(|(name, schema)| self.wrong(schema, fields.get(name)?, &below(path, name)))
            }
            Value::Array(items) => {
                let at = |(index, item)| self.wrong(&schema["items"], item, &format!("{path}[{index}]"));
                schema.get("items").and_then(|_| items.iter().enumerate().find_map(at))
            }
            _ => None,
        }
    }

    /// Compares with the one of several objects that the tag selects.
    fn wrong_in_tagged(&self, choices: &[Value], tag: &str, value: &Value, path: &str) -> Option<Wrong> {
        let Value::Object(fields) = value else {
            return Some((path.to_owned(), format!("an object, not {}", kind(value))));
        };
        let is_chosen = |choice: &&Value| Some(&choice["properties"][tag]["const"]) == fields.get(tag);
        if let Some(chosen) = choices.iter().find(is_chosen) {
            return self.wrong(chosen, value, path);
        }
        let names = choices.iter().filter_map(|choice| choice["properties"][tag]["const"].as_str());
        let expected = format!("one of {}", names.collect::<Vec<_>>().join(", "));
        let reason = match fields.get(tag) {
            None => format!("is missing; it should be {expected}"),
            Some(found) => format!("{expected}, not {}", another(found)),
        };
        Some((below(path, tag), reason))
    }

    fn followed<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.followed(
                self.root.pointer(reference.trim_start_matches('#')).expect("references stay inside the schema"),
            ),
            None => schema,
        }
    }

    fn mismatch(&self, schema: &Value, value: &Value) -> String {
        let expected = self.expected(schema);
        let types = types(schema);
        let found = match value {
            Value::Number(number) if types.contains(&"number") => {
                let is_small =
                    number.as_f64().zip(schema["minimum"].as_f64()).is_some_and(|(value, least)| value < least);
                if is_small { "a smaller number" } else { "a larger number" }
            }
            Value::Number(number) if types.contains(&"integer") => match number.as_f64() {
                Some(value) if value.fract() != 0.0 => "a fraction",
                Some(_) if number.is_f64() => "a number with a decimal point",
                Some(value) if schema["minimum"].as_f64().is_some_and(|least| value < least) => "a smaller number",
                _ => "a larger number",
            },
            Value::String(_) if types.contains(&"string") || schema.get("oneOf").is_some() => "another text",
            other => kind(other),
        };
        format!("{expected}, not {found}")
    }

    fn expected(&self, schema: &Value) -> String {
        let schema = self.followed(schema);
        if let Some(choices) = list(schema, "anyOf") {
            return choices
                .iter()
                .find(|choice| choice["type"] != "null")
                .map(|choice| self.expected(choice))
                .unwrap_or_default();
        }
        if let Some(choices) = list(schema, "oneOf") {
            let names = choices.iter().filter_map(|choice| choice["const"].as_str());
            // Engines that no worker has stay in the schema, and are not offered.
            let offered = names.filter(|name| name.parse::<Engine>().map_or(true, Engine::is_built));
            let offered: Vec<&str> = offered.collect();
            return if offered.is_empty() { "an object".to_owned() } else { format!("one of {}", offered.join(", ")) };
        }
        let types = types(schema);
        match (types.first().copied(), schema["format"].as_str()) {
            (Some("integer"), _) => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
                (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
                _ => "a whole number".to_owned(),
            },
            (Some("number"), _) => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
                (Some(least), Some(most)) => format!("a number from {least} to {most}"),
                _ => "a number".to_owned(),
            },
            (Some("boolean"), _) => "true or false".to_owned(),
            (Some("array"), _) => "a list".to_owned(),
            (Some("string"), Some("uuid")) => "a UUID such as 0192f0c1-7e5a-7000-8000-000000000001".to_owned(),
            (Some("string"), Some("date-time")) => "a time such as 2026-11-20T12:00:00Z".to_owned(),
            (Some("string"), Some(PageRanges::FORMAT)) => PageRanges::RULE.to_owned(),
            (Some("string"), _) => "a text".to_owned(),
            _ => "an object".to_owned(),
        }
    }
}

/// Returns the name of the property that tells several objects apart.
fn tag_of(choices: &[Value]) -> Option<&str> {
    let properties = choices.first()?["properties"].as_object()?;
    properties.iter().find(|(_, schema)| schema.get("const").is_some()).map(|(name, _)| name.as_str())
}

fn list<'a>(schema: &'a Value, name: &str) -> Option<&'a Vec<Value>> {
    schema.get(name)?.as_array()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn fits(schema: &Value, value: &Value) -> bool {
    let of_type = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    let types = types(schema);
    (types.is_empty() || types.iter().any(of_type)) && in_range(schema, value) && reads(schema, value)
}

fn in_range(schema: &Value, value: &Value) -> bool {
    let Some(number) = value.as_f64() else { return true };
    schema["minimum"].as_f64().is_none_or(|least| number >= least)
        && schema["maximum"].as_f64().is_none_or(|most| number <= most)
}

fn reads(schema: &Value, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return true };
    match schema["format"].as_str() {
        Some("uuid") => text.parse::<JobId>().is_ok(),
        Some("date-time") => DateTime::parse_from_rfc3339(text).is_ok(),
        Some(PageRanges::FORMAT) => text.parse::<PageRanges>().is_ok(),
        _ => true,
    }
}

fn another(value: &Value) -> &'static str {
    if value.is_string() { "another text" } else { kind(value) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Job, *};

    fn wrong_field(body: &Value) -> Option<InvalidJob> {
        Explainer { root: &schemars::schema_for!(Job).to_value() }.wrong_field(body)
    }

    fn told(field: &str, value: Value) -> String {
        let mut body = json!({ "source": { "kind": "s3", "bucket": "inbox", "key": "a.pdf" } });
        body[field] = value;
        wrong_field(&body).map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_wrong_body_is_told_with_its_field_what_it_should_be_and_what_kind_of_thing_it_is() {
        for (field, value, expected) in [
            ("images", json!({ "dpi": "canary" }), "images.dpi: a whole number from 10 to 1200, not a text"),
            ("images", json!({ "dpi": 150.5 }), "images.dpi: a whole number from 10 to 1200, not a fraction"),
            (
                "images",
                json!({ "dpi": 150.0 }),
                "images.dpi: a whole number from 10 to 1200, not a number with a decimal point",
            ),
            ("images", json!({ "dpi": -5 }), "images.dpi: a whole number from 10 to 1200, not a smaller number"),
            ("images", json!({ "quality": 300 }), "images.quality: a whole number from 1 to 100, not a larger number"),
            ("images", json!({ "format": "canary" }), "images.format: one of png, webp, jpeg, not another text"),
            ("images", json!({ "format": 7 }), "images.format: one of png, webp, jpeg, not a number"),
            ("images", json!([]), "images: an object, not a list"),
            (
                "images",
                json!({ "pages": "canary" }),
                "images.pages: 1-based pages and ranges such as 1-5,8,12-, not another text",
            ),
            ("parse", json!({ "engine": "canary" }), "parse.engine: one of pdfium, llamaparse, none, not another text"),
            (
                "parse",
                json!({ "fallback": ["pdfium", 3] }),
                "parse.fallback[1]: one of pdfium, llamaparse, none, not a number",
            ),
            ("parse", json!({ "options": "canary" }), "parse.options: an object, not a text"),
            (
                "parse",
                json!({ "options": { "min_recall": 1.5, "chunks": true } }),
                "parse.options.min_recall: a number from 0 to 1, not a larger number",
            ),
            ("source", json!({ "kind": "canary" }), "source.kind: one of s3, url, inline, not another text"),
            ("source", json!({ "bucket": "canary" }), "source.kind: is missing; it should be one of s3, url, inline"),
            ("source", json!({ "kind": "s3", "bucket": "canary" }), "source.key: is missing; it should be a text"),
            ("source", json!("canary"), "source: an object, not a text"),
            (
                "job_id",
                json!("canary"),
                "job_id: a UUID such as 0192f0c1-7e5a-7000-8000-000000000001, not another text",
            ),
            ("deadline", json!("canary"), "deadline: a time such as 2026-11-20T12:00:00Z, not another text"),
            ("require", json!("canary"), "require: a list, not a text"),
            ("password", json!({ "x": "canary" }), "password: a text, not an object"),
            ("metadata", json!(true), "metadata: an object, not a boolean"),
        ] {
            assert_eq!(told(field, value), expected);
        }
    }

    #[test]
    fn a_body_that_is_no_object_or_has_no_source_is_told() {
        let told = |body: Value| wrong_field(&body).map(|error| error.to_string());
        assert_eq!(told(json!([1])).as_deref(), Some("the body: an object, not a list"));
        assert_eq!(told(json!({})).as_deref(), Some("source: is missing; it should be an object"));
        assert_eq!(told(json!({ "source": { "kind": "inline", "data": "" }, "new": 1 })), None);
    }
}
