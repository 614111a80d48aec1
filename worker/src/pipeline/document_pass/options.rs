//! What the job asks of the pass.

use quire_schemas::job::{ChunkOptions, LocalOptions, OwnOptions};

/// Options of the job that the pass follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PassOptions {
    /// Whether titles and section headers are told from other text of the local engine.
    pub(super) headings: bool,
    /// Whether tables with cells that span are written as HTML.
    pub(super) html_tables: bool,
    /// How the text is cut into chunks; `None`: it is not.
    pub(super) chunks: Option<ChunkOptions>,
    /// The least share of a page's own text that the engine must find, 0 to 1.
    pub(super) min_recall: Option<f64>,
}

impl PassOptions {
    pub(crate) const fn new(own: OwnOptions, local: LocalOptions) -> Self {
        let OwnOptions { chunks, min_recall, markdown } = own;
        Self { headings: local.headings, html_tables: markdown.html_tables, chunks, min_recall }
    }
}

impl Default for PassOptions {
    fn default() -> Self {
        Self::new(OwnOptions::default(), LocalOptions::default())
    }
}
