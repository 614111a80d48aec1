//! The seam between the pipeline and the parse engines: a document in, pages with their elements out.
//!
//! One folder per engine; its wire types stay inside. `remote` holds what all engines that are asked over HTTP share,
//! and `engines` is the closed set of them.

mod engines;
pub(crate) mod llamaparse;
pub(crate) mod local;
mod remote;

use std::{fmt, fs::File};

use bytes::Bytes;
use quire_schemas::{
    element::Element,
    job::Engine,
    result::{EngineReport, Page, Usage, Warning},
    sha256::Sha256,
    state::ExternalParse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use engines::{EngineSettings, Engines, not_configured};
pub(crate) use local::{
    Captioned, Joint, Mark, MarkKind, Tag, captioned, is_fixed_pitch, is_right_to_left, joint_of_words, roman,
};

use crate::job::Fault;

/// Largest JSON of one page, in bytes; a page with more has failed. The document-level pass holds the JSON of one
/// page at a time, and 64 MiB in all.
pub(crate) const MAX_PAGE_BYTES: usize = 16 << 20;

/// What an engine gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ParseRequest<'a> {
    /// The fetched document, open for reading. Its position is everybody's: read it by offsets.
    pub(crate) file: &'a File,
    /// The source's name for it.
    pub(crate) filename: &'a str,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256,
    /// Displayed width and height of every page of the document in points; page 1 is at index 0.
    /// An engine brings its pages and coordinates to these.
    pub(crate) page_sizes: &'a [(f64, f64)],
    /// Which pages are wanted, from 1.
    pub(crate) pages: &'a [u32],
    /// Options of the engine, without Quire's own; none if the job names another engine first.
    pub(crate) options: &'a Map<String, Value>,
    /// `<tenant>/<job_id>`.
    pub(crate) job_key: &'a str,
    /// What an earlier run recorded of a parse of this document by this engine.
    pub(crate) resume: Option<&'a ExternalParse>,
}

/// What an engine returns beside the pages, which it has handed to [`KeepPages`].
pub(crate) struct EngineOutput {
    /// Which engine, in which version and mode.
    pub(crate) engine: EngineReport,
    /// The service's answer as it came.
    pub(crate) raw: Bytes,
    /// The service's id of the parse.
    pub(crate) external_job_id: Option<String>,
    /// Whether the service answered from its cache, where it tells.
    pub(crate) cache_hit: Option<bool>,
    /// What the parse cost.
    pub(crate) usage: Option<Usage>,
    pub(crate) warnings: Vec<Warning>,
}

impl EngineOutput {
    /// Makes an output of which only the engine's name is known.
    fn of(engine: Engine) -> Self {
        Self {
            engine: EngineReport::of(engine.as_str()),
            raw: Bytes::new(),
            external_job_id: None,
            cache_hit: None,
            usage: None,
            warnings: Vec::new(),
        }
    }
}

/// Without the answer: a document's text does not belong in a log.
impl fmt::Debug for EngineOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOutput")
            .field("engine", &self.engine)
            .field("raw_bytes", &self.raw.len())
            .field("external_job_id", &self.external_job_id)
            .field("cache_hit", &self.cache_hit)
            .field("usage", &self.usage)
            .field("warnings", &self.warnings)
            .finish()
    }
}

/// A page and its elements; serialisable, so that pages can wait on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ParsedPage {
    /// The page itself.
    pub(crate) page: Page,
    /// Its elements in reading order.
    pub(crate) elements: Vec<Element>,
}

/// Keeps an engine's pages one by one, so that no engine holds a document in memory.
pub(crate) trait KeepPages: Send {
    /// Keeps one page: every wanted page once; a page that failed is an empty one.
    fn keep(&mut self, page: ParsedPage) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Records paid work that is under way at a service, so that another run continues it.
pub(crate) trait RecordExternal: Sync {
    /// Stores the record in place of an earlier one by its engine. Called before an upload without
    /// an id, with the id before the first poll, and without it once the service has ended the
    /// parse without a result: then with the reason if it rejected the document.
    ///
    /// # Errors
    /// Nothing is recorded: the work must not go on.
    fn record(&self, external: ExternalParse) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Notes that the service works on the document, or has returned its parse: a parse may take long, and other
    /// jobs need not wait for its end to know that the service is up.
    fn confirmed_at_work(&self);
}
