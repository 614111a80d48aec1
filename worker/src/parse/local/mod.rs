//! The engine `pdfium`: elements from the PDF's own text. Pure; the renderer child reads the
//! characters once and hands them in, and sends what comes out to its parent.

mod blocks;
mod elements;
mod fonts;
mod glyphs;
mod layout;
mod lines;
mod page_json;
mod page_text;
mod quarter_turns;
mod reading_order;

use quire_schemas::{element::BBox, result::PdfBox};

pub(crate) use elements::to_parsed_page;
pub(crate) use fonts::FontId;
pub(crate) use glyphs::Glyph;
pub(crate) use page_json::check_page_json;
pub(crate) use page_text::{MAX_GLYPHS, PageTextBuilder};
pub(crate) use quarter_turns::QuarterTurns;

/// The text of a page and where it stands. Boxes are on the displayed page unless they are of user space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageText {
    /// From 1.
    pub(crate) page_number: u32,
    /// Displayed width in points.
    pub(crate) width: f64,
    /// Displayed height in points.
    pub(crate) height: f64,
    /// How far the file turns the page for display.
    pub(crate) rotation: QuarterTurns,
    /// The printed page number, if the document has page labels.
    pub(crate) label: Option<String>,
    pub(crate) media_box: PdfBox,
    pub(crate) crop_box: Option<PdfBox>,
    /// In reading order.
    pub(crate) paragraphs: Vec<Paragraph>,
    /// Link annotations.
    pub(crate) links: Vec<PageLink>,
    /// Characters that are not spaces.
    pub(crate) visible_characters: u32,
    /// Whether the page is a scan: next to no text and a picture that covers it.
    pub(crate) covered_by_picture: bool,
}

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Paragraph {
    /// The text, lines joined, hyphenation undone.
    pub(crate) text: String,
    /// Around all lines.
    pub(crate) bbox: BBox,
    /// Direction of writing as displayed.
    pub(crate) direction: QuarterTurns,
    /// The font of its longest line.
    pub(crate) font: Option<String>,
    /// Font size of its longest line, in points.
    pub(crate) size: f64,
    /// Whether its longest line is bold.
    pub(crate) bold: bool,
    /// Whether its longest line is italic.
    pub(crate) italic: bool,
    pub(crate) lines: Vec<LineSpan>,
}

/// One line of a paragraph.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LineSpan {
    pub(crate) bbox: BBox,
    /// The first character of the paragraph's text in it, in Unicode scalar values.
    pub(crate) start: u32,
    /// One past the last.
    pub(crate) end: u32,
}

/// A link annotation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageLink {
    /// Where it can be clicked.
    pub(crate) bbox: BBox,
    /// The address it leads to.
    pub(crate) uri: Option<String>,
    /// Or the page of this document, from 1.
    pub(crate) page_number: Option<u32>,
}
