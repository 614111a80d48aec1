//! An element as the chunker takes it. Pure.

use quire_schemas::element::Region;

/// Most pages on which a chunk says that an element stands.
pub(in crate::pipeline) const MOST_PAGES: usize = 32;

/// An element that the document shows.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct Source {
    pub(in crate::pipeline) id: String,
    pub(in crate::pipeline) kind: Kind,
    pub(in crate::pipeline) page_number: u32,
    /// The headings above it as the engine tells them, outermost first; empty if it does not.
    pub(in crate::pipeline) section_path: Vec<String>,
    /// As `document.md` shows it.
    pub(in crate::pipeline) text: String,
    /// One region for each of its pages, at most [`MOST_PAGES`].
    pub(in crate::pipeline) regions: Vec<Region>,
}

/// What an element is to the chunker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pipeline) enum Kind {
    Heading {
        /// 1 for the highest.
        level: u32,
        /// Its text without markup.
        title: String,
    },
    Item,
    Caption,
    Table {
        num_rows: u32,
    },
    Picture,
    Code,
    Text,
}

impl Source {
    pub(super) const fn is_heading(&self) -> bool {
        matches!(self.kind, Kind::Heading { .. })
    }

    pub(super) const fn is_item(&self) -> bool {
        matches!(self.kind, Kind::Item)
    }

    /// Says whether it is made of sentences, which the next chunk may repeat.
    pub(super) const fn is_prose(&self) -> bool {
        matches!(self.kind, Kind::Item | Kind::Caption | Kind::Text)
    }

    /// Says whether it may begin in the rest of a chunk and go on in the next one.
    pub(super) const fn is_running_text(&self) -> bool {
        matches!(self.kind, Kind::Caption | Kind::Text)
    }

    /// Returns what stands between it and the text before it, which ends with an item or does not.
    pub(super) const fn separator(&self, is_behind_item: bool) -> &'static str {
        if is_behind_item && self.is_item() { "\n" } else { "\n\n" }
    }
}
