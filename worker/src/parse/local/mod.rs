//! The engine `pdfium`: elements from the PDF's own text. Pure; the renderer child walks the
//! characters once and hands them in, and what comes out is small enough to travel.

mod elements;
mod glyphs;
mod layout;
mod reading_order;

pub use elements::to_parsed_page;
pub use glyphs::{FontId, Glyph, PageTextBuilder};

use quire_schemas::element::BBox;
use serde::{Deserialize, Serialize};

/// What a page says and where. Boxes are in points from the top-left of the displayed page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageText {
    /// Which page, from 1.
    pub page_number: u32,
    /// Displayed width in points.
    pub width: f64,
    /// Displayed height in points.
    pub height: f64,
    /// Clockwise quarter turns of the page.
    pub quarter_turns: u8,
    /// The printed page number, if the document has page labels.
    pub label: Option<String>,
    /// In user space.
    pub media_box: BBox,
    /// In user space, if the page has one.
    pub crop_box: Option<BBox>,
    /// In reading order.
    pub paragraphs: Vec<Paragraph>,
    /// Link annotations.
    pub links: Vec<PageLink>,
    /// Characters that are not spaces.
    pub visible_characters: u32,
    /// Whether there is next to no text and a picture that covers the page: a scan.
    pub covered_by_picture: bool,
}

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paragraph {
    /// The text, lines joined, hyphenation undone.
    pub text: String,
    /// Around all lines.
    pub bbox: BBox,
    /// Direction of writing as displayed, clockwise.
    pub quarter_turns: u8,
    /// The font of most of it.
    pub font: Option<String>,
    /// Font size in points.
    pub size: f64,
    /// Whether most of it is bold.
    pub bold: bool,
    /// Whether most of it is italic.
    pub italic: bool,
    /// Its lines.
    pub lines: Vec<LineSpan>,
}

/// One line of a paragraph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineSpan {
    /// Where it stands.
    pub bbox: BBox,
    /// The first character of the paragraph's text in it, in Unicode scalar values.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// A link annotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageLink {
    /// Where it can be clicked.
    pub bbox: BBox,
    /// The address it leads to.
    pub uri: Option<String>,
    /// Or the page of the same document, from 1.
    pub page_number: Option<u32>,
}
