//! Parse engines: a document in, elements with page numbers out.
//!
//! One folder per engine; its wire types stay inside, and all of them speak in the types below.

pub mod llamaparse;
pub mod local;

use std::{fmt, path::Path};

use bytes::Bytes;
use quire_schemas::{
    element::Element,
    result::{Engine, Page, Usage, Warning},
    state::ExternalParse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::job::Fault;

/// What an engine is given.
#[derive(Debug, Clone, Copy)]
pub struct ParseRequest<'a> {
    /// Where the fetched document lies.
    pub path: &'a Path,
    /// What the source called it.
    pub filename: &'a str,
    /// Size of the document.
    pub size_bytes: u64,
    /// Hex digest of the document.
    pub sha256: &'a str,
    /// Displayed width and height of every page of the document in points; page 1 is at index 0.
    /// This is the truth that an engine's pages and coordinates are brought to.
    pub page_sizes: &'a [(f64, f64)],
    /// Which pages are wanted, from 1.
    pub pages: &'a [u32],
    /// Options of the engine, passed to it as they are.
    pub options: &'a Map<String, Value>,
    /// `<tenant>/<job_id>`.
    pub job_key: &'a str,
}

/// What an engine gives back.
pub struct EngineOutput {
    /// Which engine, in which version and mode.
    pub engine: Engine,
    /// One entry for every wanted page, in page order; a page that failed is an empty one.
    pub pages: Vec<ParsedPage>,
    /// The engine's answer, untouched.
    pub raw: Bytes,
    /// The engine's own id of the work.
    pub external_job_id: Option<String>,
    /// Whether the engine answered from its cache, where it says so.
    pub cache_hit: Option<bool>,
    /// What it cost.
    pub usage: Option<Usage>,
    /// What the result should be read with care for.
    pub warnings: Vec<Warning>,
}

/// Without the document: its text does not belong into a log.
impl fmt::Debug for EngineOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOutput")
            .field("engine", &self.engine)
            .field("pages", &self.pages.len())
            .field("raw_bytes", &self.raw.len())
            .field("external_job_id", &self.external_job_id)
            .field("cache_hit", &self.cache_hit)
            .field("usage", &self.usage)
            .field("warnings", &self.warnings)
            .finish()
    }
}

/// A page and what stands on it; serialisable, so that pages can wait on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParsedPage {
    /// The page itself.
    pub page: Page,
    /// Its elements in reading order.
    pub elements: Vec<Element>,
}

/// Remembers paid work that is under way elsewhere, so that another run continues it.
pub trait RecordExternal: Sync {
    /// Writes it down; called before an upload without an id, and again with the id before the
    /// first question for its status.
    ///
    /// # Errors
    /// A fault means that nothing was remembered: the work must not go on unrecorded.
    fn record(&self, external: ExternalParse) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Hears that the service works on the document: a parse may take long, and others need not wait for
    /// its end to know that somebody is there.
    fn is_at_work(&self);
}
