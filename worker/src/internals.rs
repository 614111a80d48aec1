//! Code that fuzz targets, benchmarks and measurements call and the public interface does not reach. A function that
//! reads untrusted bytes refuses them with an error; a panic is a defect.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use quire_producer::amqp::BasicProperties;
use quire_schemas::names::Lane;

use crate::{
    config::Config,
    consume::Message,
    parse,
    pipeline::{
        document_pass::{self, ParsedDocument, PassLimits, PassOptions},
        spool::Spool,
    },
    render,
};

/// Largest JSON of one page.
pub const MAX_PAGE_BYTES: usize = parse::MAX_PAGE_BYTES;

/// Decodes a frame that a renderer sends.
pub fn decode_frame(bytes: &[u8]) -> Result<(), String> {
    render::decode_response(bytes).map_err(|error| error.to_string())
}

/// Reads all that a PDF says beside libpdfium; returns how many pages it has.
pub fn read_file_facts(bytes: Vec<u8>) -> Option<usize> {
    render::read_file_facts(bytes)
}

/// Reads a configuration file.
pub fn read_config(text: &str) -> Result<(), String> {
    Config::load_text(text).map(drop).map_err(|errors| errors.to_string())
}

/// Reads routing key, headers and body of a message from a job queue.
pub fn read_message(routing_key: &str, properties: BasicProperties, body: Vec<u8>) -> Result<(), String> {
    let message = Message { lane: Lane::default(), routing_key: routing_key.to_owned(), properties, body };
    let read = message.tenant().and_then(|_| message.decode());
    read.map(drop).map_err(|fault| fault.chain())
}

/// Checks the JSON of a page that a renderer sends; returns the number of the page.
pub fn check_page(json: &str) -> Result<u32, String> {
    parse::local::check_page_json(json).map_err(|error| error.to_string())
}

/// Parsed pages that wait for the document-level pass.
#[derive(Debug)]
pub struct SpooledDocument {
    parsed: ParsedDocument,
    folder: PathBuf,
}

/// What the document-level pass has made of a document.
#[derive(Debug)]
pub struct PassedDocument {
    pub elements: usize,
    /// Codes of its warnings.
    pub warnings: Vec<String>,
}

impl SpooledDocument {
    /// Makes a document without pages, whose temporary files lie in `folder`.
    pub fn create(folder: &Path) -> Result<Self, String> {
        let spool = Spool::create(folder, u64::MAX).map_err(|fault| fault.chain())?;
        let parsed = ParsedDocument { spool, natives: BTreeMap::new(), options: PassOptions::default() };
        Ok(Self { parsed, folder: folder.to_owned() })
    }

    /// Adds a page as the spool stores it.
    pub fn push(&mut self, number: u32, json: &str) -> Result<(), String> {
        self.parsed.spool.push_json(number, json.as_bytes()).map_err(|fault| fault.chain())
    }

    /// Runs the pass for a result of at most so many bytes.
    pub fn pass(self, max_result_bytes: u64) -> Result<PassedDocument, String> {
        let limits = PassLimits::for_result(max_result_bytes);
        let written = document_pass::run(self.parsed, Vec::new(), &mut [], &self.folder, &limits);
        let written = written.map_err(|fault| fault.chain())?;
        let warnings = written.warnings.into_iter().map(|warning| warning.code).collect();
        Ok(PassedDocument { elements: written.elements.count(), warnings })
    }
}
