//! The wire contract of Quire: what is published, stored and announced, and the names it goes by.
//!
//! No broker and no runtime: a service that only needs to read results depends on this crate
//! alone. Producers send what the schemas allow; readers tolerate fields and values they do not
//! know, so that a newer worker can talk to an older consumer.

pub mod address;
pub mod chunk;
mod closed_enum;
pub mod element;
pub mod event;
pub mod failure;
mod invalid_name;
pub mod job;
pub mod keys;
pub mod names;
pub mod object;
pub mod object_text;
pub mod open_enum;
pub mod page_ranges;
pub mod precedence;
pub mod printable;
pub mod redact;
pub mod result;
pub mod secret;
pub mod sha256;
pub mod state;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// Generates every published JSON Schema (draft 2020-12), with the file name it is committed under.
#[must_use]
pub fn json_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("job.schema.json", schema::<job::Job>("job/1")),
        ("result.schema.json", schema::<result::ParseResult>("result/1")),
        ("event.schema.json", schema::<event::Event>("event/1")),
        ("control.schema.json", schema::<event::Control>("control/1")),
        ("state.schema.json", schema::<state::JobState>("state/1")),
        ("chunk.schema.json", schema::<chunk::Chunk>("chunk/1")),
    ]
}

fn schema<T: JsonSchema>(id: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), Value::String(format!("https://quire.invalid/schemas/{id}")));
    schema.to_value()
}
