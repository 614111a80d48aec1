//! The wire format does not change: golden messages, the published schemas, their defaults.

use std::{
    fs,
    path::{Path, PathBuf},
};

use quire_schemas::{
    chunk::Chunk,
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
            "chunk" => again::<Chunk>(&name, &wire),
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
    assert_eq!(kinds, ["chunk", "control", "event", "job", "result", "state"]);
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
    assert_eq!(complaint(&schema, &root, &schema["default"]), Some("5 is less than the minimum of 10".to_owned()));
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

/// Says why a value does not fit a schema, whose references lead into `root`.
fn complaint(schema: &Value, root: &Value, value: &Value) -> Option<String> {
    let mut schema = schema.as_object().expect("our schemas are objects").clone();
    for shared in ["$schema", "$defs"] {
        if let Some(definitions) = root.get(shared) {
            schema.entry(shared).or_insert_with(|| definitions.clone());
        }
    }
    let validator = jsonschema::validator_for(&Value::Object(schema)).expect("a published schema is one");
    validator.validate(value).err().map(|error| error.to_string())
}
