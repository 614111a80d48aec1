//! What is on the wire stays as it is: golden messages, the published schemas, their defaults.

use std::{
    fs,
    path::{Path, PathBuf},
};

use quire_schemas::{
    event::{Control, Event},
    job::Job,
    json_schemas,
    result::ParseResult,
    state::JobState,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the names of the goldens, without `.json`, and what they hold.
fn goldens() -> Vec<(String, Value)> {
    let entries = fs::read_dir(folder("examples")).expect("the goldens are part of the repository");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    let mut goldens: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.file_stem().expect("a file has a name").to_string_lossy().into_owned(), read(&path)))
        .collect();
    goldens.sort_by(|(a, _), (b, _)| a.cmp(b));
    goldens
}

fn again<T: Serialize + DeserializeOwned>(name: &str, wire: &Value) -> Value {
    let decoded: T = serde_json::from_value(wire.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::to_value(decoded).expect("keys are strings or numbers")
}

#[test]
fn every_golden_message_is_written_as_it_was_read() {
    let mut kinds = Vec::new();
    for (name, wire) in goldens() {
        let kind = name.split('-').next().unwrap_or_default().to_owned();
        let written = match kind.as_str() {
            "job" => again::<Job>(&name, &wire),
            "result" => again::<ParseResult>(&name, &wire),
            "event" => again::<Event>(&name, &wire),
            "control" => again::<Control>(&name, &wire),
            "state" => again::<JobState>(&name, &wire),
            other => panic!("{name}: there is no kind {other}"),
        };
        let expected = if name == "job-minimal" { with_defaults(wire) } else { wire };
        assert_eq!(written, expected, "{name}");
        kinds.push(kind);
    }
    kinds.dedup();
    assert_eq!(kinds, ["control", "event", "job", "result", "state"]);
}

/// A job that names nothing else gains what it left to the defaults.
fn with_defaults(mut job: Value) -> Value {
    job["parse"] = json!({ "engine": "pdfium" });
    job["images"] = json!({ "format": "png", "dpi": 150 });
    job
}

#[test]
fn every_golden_job_is_one_that_a_worker_accepts() {
    for (name, wire) in goldens().into_iter().filter(|(name, _)| name.starts_with("job-")) {
        let body = serde_json::to_vec(&wire).expect("it was JSON before");
        let decoded = Job::decode(&body, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(Some(decoded.job_id.to_string().as_str()), wire["job_id"].as_str(), "{name}");
    }
}

#[test]
fn every_golden_fits_its_published_schema() {
    let schemas = json_schemas();
    for (name, wire) in goldens() {
        let kind = name.split('-').next().unwrap_or_default();
        let file = format!("{kind}.schema.json");
        let (_, schema) = schemas.iter().find(|(known, _)| *known == file).expect("every kind has a schema");
        assert_eq!(complaint(schema, schema, &wire), None, "{name}");
    }
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    for (name, generated) in json_schemas() {
        let path = folder("json").join(name);
        assert!(path.exists(), "{name} is missing: run `make schemas`");
        assert!(read(&path) == generated, "{name} differs from the types: run `make schemas`");
    }
}

#[test]
fn every_default_fits_the_schema_it_stands_in() {
    let mut checked = 0;
    for (name, root) in json_schemas() {
        for schema in schemas_within(&root) {
            let Some(default) = schema.get("default") else { continue };
            assert_eq!(complaint(schema, &root, default), None, "{name}: default {default} of {schema}");
            checked += 1;
        }
    }
    assert!(checked >= 5, "only {checked} defaults were found");
}

#[test]
fn a_default_out_of_its_range_would_be_noticed() {
    let root = json!({ "$defs": { "Dpi": { "type": "integer", "minimum": 10 } } });
    let schema = json!({ "$ref": "#/$defs/Dpi", "default": 5 });
    assert_eq!(complaint(&schema, &root, &schema["default"]), Some("5 is less than 10".to_owned()));
    let nullable = json!({ "anyOf": [{ "$ref": "#/$defs/Dpi" }, { "type": "null" }] });
    assert_eq!(complaint(&nullable, &root, &Value::Null), None);
    assert!(complaint(&nullable, &root, &json!("150")).is_some());
}

/// Lists every schema within a schema, itself included.
fn schemas_within(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(fields) => {
            found.push(value);
            let inner = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "default" | "examples" | "enum"));
            found.extend(inner.flat_map(|(_, field)| schemas_within(field)));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(schemas_within)),
        _ => {}
    }
    found
}

/// Says why a value does not fit a schema, as far as our schemas use the vocabulary.
fn complaint(schema: &Value, root: &Value, value: &Value) -> Option<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).expect("references stay in the schema");
        if let Some(complaint) = complaint(target, root, value) {
            return Some(complaint);
        }
    }
    for choice in ["anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()) {
        if choice.iter().all(|one| complaint(one, root, value).is_some()) {
            return Some(format!("{value} is none of the choices"));
        }
    }
    out_of_range(schema, value).or_else(|| wrong_inside(schema, root, value))
}

fn out_of_range(schema: &Value, value: &Value) -> Option<String> {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| has_type(value, name)) {
        return Some(format!("{value} is no {}", types.join(" or ")));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Some(format!("{value} is not {}", schema["const"]));
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        return Some(format!("{value} is not among the values"));
    }
    let number = value.as_f64()?;
    let least = schema.get("minimum").filter(|least| least.as_f64().is_some_and(|least| number < least));
    let most = schema.get("maximum").filter(|most| most.as_f64().is_some_and(|most| number > most));
    let less = least.map(|least| format!("{value} is less than {least}"));
    less.or_else(|| most.map(|most| format!("{value} is more than {most}")))
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} is no type of JSON Schema"),
    }
}

fn wrong_inside(schema: &Value, root: &Value, value: &Value) -> Option<String> {
    let inside = |name: &str, schema: &Value, value: &Value| {
        complaint(schema, root, value).map(|complaint| format!("{name}: {complaint}"))
    };
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        return values.iter().enumerate().find_map(|(index, value)| inside(&index.to_string(), items, value));
    }
    let fields = value.as_object()?;
    let required = schema.get("required").and_then(Value::as_array);
    let missing = required.into_iter().flatten().filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
    if let Some(missing) = missing {
        return Some(format!("{missing} is missing"));
    }
    let properties = schema.get("properties").and_then(Value::as_object)?;
    properties.iter().find_map(|(name, schema)| inside(name, schema, fields.get(name)?))
}
