//! Quire's own keys of `parse.options`: those that hold for every engine, and those of the local one.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::{
    invalid::{InvalidJob, refuse},
    known_options::{CHUNKS_KEYS, DEFAULT_MAX_TOKENS, LOCAL_KEYS, MARKDOWN_KEYS, MAX_TOKENS, OWN_KEYS, most_overlap},
    options::{Engine, MAX_OPTIONS_BYTES, ParseOptions},
};
use crate::{
    failure::WarningCode,
    result::{Phase, Warning},
};

/// More unknown keys are counted and not named.
const MOST_NAMED: usize = 10;
/// Characters of an unknown key that are told.
const MOST_NAME_CHARACTERS: usize = 64;

/// Options that hold whichever engine parses.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OwnOptions {
    /// How the text is cut into chunks; `None`: it is not.
    pub chunks: Option<ChunkOptions>,
    /// The least share of a page's own text that the engine must find, 0 to 1. A page with less makes the parse a
    /// partial success.
    pub min_recall: Option<f64>,
    /// How Markdown is written.
    pub markdown: MarkdownOptions,
}

/// How the text is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkOptions {
    /// Most tokens of a chunk, 64 to 8192.
    pub max_tokens: u32,
    /// Tokens that a chunk repeats of the one before it: less than half of `max_tokens`.
    pub overlap: u32,
}

/// How Markdown is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MarkdownOptions {
    /// Whether tables with cells that span are written as HTML.
    pub html_tables: bool,
}

/// Options of the local engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalOptions {
    /// Whether each word has a region.
    pub words: bool,
    /// Whether tables are looked for.
    pub tables: bool,
    /// Whether titles and section headers are told from other text.
    pub headings: bool,
    /// Whether the files that a document carries are stored.
    pub attachments: bool,
}

impl Default for ChunkOptions {
    fn default() -> Self {
        Self { max_tokens: DEFAULT_MAX_TOKENS, overlap: 0 }
    }
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self { words: false, tables: true, headings: true, attachments: false }
    }
}

impl ParseOptions {
    /// Reads the options that hold whichever engine parses.
    ///
    /// # Errors
    /// [`InvalidJob::Field`] for the first one that is out of its range.
    pub fn own(&self) -> Result<OwnOptions, InvalidJob> {
        let fields = self.options.read();
        let options = group(&fields);
        let markdown = options.group("markdown")?;
        let html_tables = markdown.map_or(Ok(false), |markdown| markdown.switch("html_tables", false))?;
        Ok(OwnOptions {
            chunks: chunks(&options)?,
            min_recall: options.share("min_recall")?,
            markdown: MarkdownOptions { html_tables },
        })
    }

    /// Reads the options of the local engine. They are the defaults if the job names another engine first: a fallback
    /// gets none of the options of the first engine.
    ///
    /// # Errors
    /// [`InvalidJob::Field`] for the first one that is neither `true` nor `false`.
    pub fn local(&self) -> Result<LocalOptions, InvalidJob> {
        let defaults = LocalOptions::default();
        if self.engine != Engine::Pdfium {
            return Ok(defaults);
        }
        let fields = self.options.read();
        let options = group(&fields);
        Ok(LocalOptions {
            words: options.switch("words", defaults.words)?,
            tables: options.switch("tables", defaults.tables)?,
            headings: options.switch("headings", defaults.headings)?,
            attachments: options.switch("attachments", defaults.attachments)?,
        })
    }

    /// Returns the options that an engine gets: those of the job without [Quire's own](Self::own). A fallback gets none
    /// of the options of the first engine.
    #[must_use]
    pub fn for_engine(&self, engine: Engine) -> Map<String, Value> {
        if engine != self.engine {
            return Map::new();
        }
        let of_engine = self.options.read().into_iter().filter(|(name, _)| !OWN_KEYS.contains(&name.as_str()));
        of_engine.collect()
    }

    pub(super) fn validate(&self) -> Result<(), InvalidJob> {
        if let Some(bytes) = self.options.excess() {
            return Err(refuse("parse.options", format!("{bytes} bytes, more than {MAX_OPTIONS_BYTES}")));
        }
        self.own()?;
        self.local()?;
        Ok(())
    }

    /// Warns about keys that nobody knows: all of those inside Quire's own, and those that the local engine does not
    /// have. What another engine knows, that engine tells.
    pub(super) fn unknown_keys(&self) -> Vec<Warning> {
        let fields = self.options.read();
        let options = group(&fields);
        let mut unknown = Vec::new();
        if self.engine == Engine::Pdfium {
            unknown.extend(options.unknown(&[OWN_KEYS.as_slice(), LOCAL_KEYS.as_slice()].concat()));
        }
        for (name, known) in [("chunks", CHUNKS_KEYS.as_slice()), ("markdown", MARKDOWN_KEYS.as_slice())] {
            unknown.extend(options.group(name).ok().flatten().iter().flat_map(|group| group.unknown(known)));
        }
        let warning = |message| Warning::of(WarningCode::UnknownField, message).in_phase(Phase::Admission);
        let more = unknown.len().saturating_sub(MOST_NAMED);
        let mut warnings: Vec<Warning> = unknown.into_iter().take(MOST_NAMED).map(warning).collect();
        if more > 0 {
            warnings.push(warning(format!("{more} more keys of parse.options are not known and are ignored")));
        }
        warnings
    }
}

fn group(fields: &Map<String, Value>) -> Group<'_> {
    Group { path: "parse.options".to_owned(), fields }
}

fn chunks(options: &Group<'_>) -> Result<Option<ChunkOptions>, InvalidJob> {
    let group = match options.get("chunks") {
        None | Some(Value::Bool(false)) => return Ok(None),
        Some(Value::Bool(true)) => return Ok(Some(ChunkOptions::default())),
        Some(Value::Object(fields)) => options.below("chunks", fields),
        Some(_) => return Err(refuse(options.path_of("chunks"), "true, false or an object")),
    };
    let defaults = ChunkOptions::default();
    let max_tokens = group.whole("max_tokens", MAX_TOKENS, "")?.unwrap_or(defaults.max_tokens);
    let overlaps = 0..=most_overlap(max_tokens);
    let overlap = group.whole("overlap", overlaps, ", less than half of max_tokens")?.unwrap_or(defaults.overlap);
    Ok(Some(ChunkOptions { max_tokens, overlap }))
}

/// An object of options.
struct Group<'a> {
    /// Of the object in the message.
    path: String,
    fields: &'a Map<String, Value>,
}

impl<'a> Group<'a> {
    fn path_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn below(&self, name: &str, fields: &'a Map<String, Value>) -> Self {
        Self { path: self.path_of(name), fields }
    }

    /// Returns a value; `null` counts as absent.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn group(&self, name: &str) -> Result<Option<Self>, InvalidJob> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(self.below(name, fields))),
            Some(_) => Err(refuse(self.path_of(name), "an object")),
        }
    }

    fn switch(&self, name: &str, default: bool) -> Result<bool, InvalidJob> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(is_on)) => Ok(*is_on),
            Some(_) => Err(refuse(self.path_of(name), "true or false")),
        }
    }

    /// Reads a whole number; `also` ends the reason for which one out of its range is refused.
    fn whole(&self, name: &str, range: RangeInclusive<u32>, also: &str) -> Result<Option<u32>, InvalidJob> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let refused = || {
            let (least, most) = (range.start(), range.end());
            refuse(self.path_of(name), format!("a whole number from {least} to {most}{also}"))
        };
        number.filter(|number| range.contains(number)).map(Some).ok_or_else(refused)
    }

    fn share(&self, name: &str) -> Result<Option<f64>, InvalidJob> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
        share.map(Some).ok_or_else(|| refuse(self.path_of(name), "a number from 0 to 1"))
    }

    /// Tells of each key that is none of the known ones.
    fn unknown(&self, known: &[&str]) -> Vec<String> {
        let names = self.fields.keys().filter(|name| !known.contains(&name.as_str()));
        let told = |name: &String| -> String { name.escape_debug().take(MOST_NAME_CHARACTERS).collect() };
        let listed = known.join(", ");
        names
            .map(|name| format!("{}.{} is not known and is ignored; there are {listed}", self.path, told(name)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(engine: Engine, options: &Value) -> ParseOptions {
        let options = options.as_object().cloned().expect("an object");
        ParseOptions { engine, options: options.into(), ..ParseOptions::default() }
    }

    fn own(value: &Value) -> Result<OwnOptions, String> {
        options(Engine::Llamaparse, value).own().map_err(|error| error.to_string())
    }

    #[test]
    fn a_job_that_says_nothing_has_no_chunks_no_bar_and_pipe_tables() {
        for nothing in [json!({}), json!({ "chunks": null, "min_recall": null, "markdown": null, "tier": "fast" })] {
            assert_eq!(own(&nothing), Ok(OwnOptions::default()));
        }
    }

    #[test]
    fn chunks_are_asked_for_with_or_without_sizes() {
        let chunks = |value: Value| own(&json!({ "chunks": value })).map(|own| own.chunks);
        let of = |max_tokens, overlap| Ok(Some(ChunkOptions { max_tokens, overlap }));
        assert_eq!(chunks(json!(false)), Ok(None));
        assert_eq!((chunks(json!(true)), chunks(json!({}))), (of(512, 0), of(512, 0)));
        assert_eq!(chunks(json!({ "max_tokens": null, "overlap": 255 })), of(512, 255));
        assert_eq!(chunks(json!({ "max_tokens": 64, "overlap": 31 })), of(64, 31));
    }

    #[test]
    fn what_is_out_of_its_range_is_refused_by_field_and_with_the_cure() {
        let tokens = "parse.options.chunks.max_tokens: a whole number from 64 to 8192";
        let overlap = "parse.options.chunks.overlap: a whole number from 0 to 255, less than half of max_tokens";
        for (value, expected) in [
            (json!({ "chunks": 512 }), "parse.options.chunks: true, false or an object"),
            (json!({ "chunks": { "max_tokens": 63 } }), tokens),
            (json!({ "chunks": { "max_tokens": 8193 } }), tokens),
            (json!({ "chunks": { "max_tokens": 512.0 } }), tokens),
            (json!({ "chunks": { "overlap": 256 } }), overlap),
            (json!({ "chunks": { "overlap": -1 } }), overlap),
            (json!({ "min_recall": 1.01 }), "parse.options.min_recall: a number from 0 to 1"),
            (json!({ "min_recall": "0.9" }), "parse.options.min_recall: a number from 0 to 1"),
            (json!({ "markdown": true }), "parse.options.markdown: an object"),
            (json!({ "markdown": { "html_tables": 1 } }), "parse.options.markdown.html_tables: true or false"),
        ] {
            assert_eq!(own(&value), Err(expected.to_owned()));
        }
    }

    #[test]
    fn options_of_the_local_engine_are_read_for_that_engine_only() {
        let local = |engine, value: Value| options(engine, &value).local().map_err(|error| error.to_string());
        let asked = json!({ "words": true, "tables": false, "headings": null, "attachments": true });
        let expected = LocalOptions { words: true, tables: false, headings: true, attachments: true };
        assert_eq!(local(Engine::Pdfium, asked.clone()), Ok(expected));
        assert_eq!(local(Engine::Llamaparse, asked), Ok(LocalOptions::default()));
        let refused = Err("parse.options.tables: true or false".to_owned());
        assert_eq!(local(Engine::Pdfium, json!({ "tables": "none" })), refused);
        assert_eq!(local(Engine::Llamaparse, json!({ "tables": "none" })), Ok(LocalOptions::default()));
    }

    #[test]
    fn an_engine_gets_its_own_options_and_a_fallback_none() {
        let all = json!({ "tier": "fast", "chunks": true, "min_recall": 0.9, "markdown": {}, "words": true });
        let options = options(Engine::Llamaparse, &all);
        assert_eq!(Value::Object(options.for_engine(Engine::Llamaparse)), json!({ "tier": "fast", "words": true }));
        assert_eq!(options.for_engine(Engine::Docling), Map::new());
    }

    #[test]
    fn unknown_keys_are_named_where_quire_would_have_to_know_them() {
        let told = |engine, value: &Value| -> Vec<String> {
            options(engine, value).unknown_keys().into_iter().map(|warning| warning.message).collect()
        };
        let asked = json!({ "tabels": false, "chunks": { "size": 5 }, "markdown": { "html_tables": true } });
        let size = "parse.options.chunks.size is not known and is ignored; there are max_tokens, overlap";
        assert_eq!(told(Engine::Llamaparse, &asked), [size]);
        let tables = "parse.options.tabels is not known and is ignored; there are chunks, markdown, min_recall, \
                      attachments, headings, tables, words";
        assert_eq!(told(Engine::Pdfium, &asked), [tables, size]);
        assert_eq!(told(Engine::Pdfium, &json!({ "words": true, "chunks": true })), [""; 0]);
    }

    #[test]
    fn a_flood_of_unknown_keys_is_cut() {
        let many: Map<String, Value> = (0..50).map(|number| (format!("{number:0>900}\n"), json!(1))).collect();
        let warnings = options(Engine::Pdfium, &Value::Object(many)).unknown_keys();
        assert_eq!(warnings.len(), MOST_NAMED + 1);
        assert!(warnings.iter().all(|warning| warning.message.len() < 250 && !warning.message.contains('\n')));
        assert!(warnings[MOST_NAMED].message.starts_with("40 more keys"), "{}", warnings[MOST_NAMED].message);
    }
}
