//! The keys of `parse.options` that Quire knows itself: their names, their ranges, and their part of the published schema.

use std::{borrow::Cow, ops::RangeInclusive};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Keys that hold for every engine. They never reach an engine behind HTTP.
pub(super) const OWN_KEYS: [&str; 3] = ["chunks", "markdown", "min_recall"];
/// Keys that hold for the local engine, beside those for every engine.
pub(super) const LOCAL_KEYS: [&str; 4] = ["attachments", "headings", "tables", "words"];
pub(super) const CHUNKS_KEYS: [&str; 2] = ["max_tokens", "overlap"];
pub(super) const MARKDOWN_KEYS: [&str; 1] = ["html_tables"];

pub(super) const MAX_TOKENS: RangeInclusive<u32> = 64..=8192;
pub(super) const DEFAULT_MAX_TOKENS: u32 = 512;

/// The largest overlap of chunks of so many tokens: less than half of them, so that chunks get on through the text.
pub(super) const fn most_overlap(max_tokens: u32) -> u32 {
    max_tokens.saturating_sub(1) / 2
}

/// The schema of `parse.options`: an open object. Only keys that mean the same to every engine have a type.
#[derive(Debug)]
pub(super) struct OptionsSchema;

impl JsonSchema for OptionsSchema {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EngineOptions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": true,
            "properties": {
                "chunks": {
                    "description": "Cuts the text into chunks, stored as `chunks.jsonl`. `true` or `{}`: with the \
                                    defaults. `false`, `null` or absent: no chunks.",
                    "type": ["object", "boolean", "null"],
                    "properties": {
                        "max_tokens": {
                            "description": "Most tokens of a chunk, 64 to 8192; absent: 512.",
                            "type": ["integer", "null"],
                            "minimum": MAX_TOKENS.start(),
                            "maximum": MAX_TOKENS.end(),
                        },
                        "overlap": {
                            "description": "Tokens that a chunk repeats of the one before it, less than half of \
                                            `max_tokens`; absent: 0.",
                            "type": ["integer", "null"],
                            "minimum": 0,
                            "maximum": most_overlap(*MAX_TOKENS.end()),
                        },
                    },
                },
                "min_recall": {
                    "description": "Least share of a page's own text that the engine must find, 0 to 1. A page with \
                                    less makes the parse a partial success.",
                    "type": ["number", "null"],
                    "minimum": 0,
                    "maximum": 1,
                },
                "markdown": {
                    "description": "How Markdown is written.",
                    "type": ["object", "null"],
                    "properties": {
                        "html_tables": {
                            "description": "Writes tables with cells that span as HTML; absent: false.",
                            "type": ["boolean", "null"],
                        },
                    },
                },
            },
        })
    }
}
