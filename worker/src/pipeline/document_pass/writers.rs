//! What the pass writes out of each rewritten page: its elements, its Markdown, its row.

use std::path::Path;

use quire_schemas::{
    element::ContentLayer,
    job::ChunkOptions,
    result::{Artifact, ObjectRef, Warning},
};
use serde::Serialize;

use super::{
    chunk_writer::{ChunkWriter, Chunks},
    json_fields::{JsonFields, JsonText},
    limits::{MOST_TEXT_BYTES, PassLimits, limit_reached},
    markdown::without_marks,
    scratch::{JsonLines, Scratch},
    spooled_page::unreadable,
};
use crate::job::Fault;

/// A document as its result has it, in temporary files.
#[derive(Debug)]
pub(crate) struct Written {
    /// Rows of `pages`, in page order.
    pub(crate) rows: JsonLines,
    pub(crate) elements: JsonLines,
    pub(crate) markdown: Markdown,
    /// Absent unless the job asks for them.
    pub(crate) chunks: Option<Chunks>,
    /// Pictures that the elements name.
    pub(crate) pictures: Vec<Artifact>,
    pub(crate) warnings: Vec<Warning>,
    /// Whether the engine found less of a page than the job asks for.
    pub(crate) is_partial: bool,
}

/// Takes every page once, in page order.
#[derive(Debug)]
pub(super) struct Writers {
    rows: JsonLines,
    elements: JsonLines,
    markdown: Markdown,
    chunks: Option<ChunkWriter>,
    pictures: Vec<Artifact>,
    /// The first page with an element whose text is too long to be shown.
    too_long: Option<u32>,
}

impl Writers {
    pub(super) fn create(folder: &Path, limits: &PassLimits, chunks: Option<&ChunkOptions>) -> Result<Self, Fault> {
        Ok(Self {
            rows: JsonLines::create(folder)?,
            elements: JsonLines::create(folder)?,
            markdown: Markdown::create(folder, limits.markdown_bytes)?,
            chunks: chunks.map(|options| ChunkWriter::create(folder, options)).transpose()?,
            pictures: Vec::new(),
            too_long: None,
        })
    }

    /// Begins a page that has a parse.
    pub(super) fn begin_page(&mut self, number: u32, row: &JsonFields<'_>) -> Result<(), Fault> {
        let markdown = row.text("markdown").map_err(|error| unreadable(number, error))?;
        self.markdown.begin_page(number, markdown)
    }

    /// Writes the next element of the page that was begun.
    pub(super) fn write_element(&mut self, element: &JsonFields<'_>) -> Result<(), Fault> {
        self.write_whole(element)?;
        self.write_part(element)
    }

    /// Writes the next element without its Markdown, of which each page shows a part.
    pub(super) fn write_whole(&mut self, element: &JsonFields<'_>) -> Result<(), Fault> {
        self.elements.push(element)?;
        let page = self.markdown.page;
        self.note_picture(element).map_err(|error| unreadable(page, error))?;
        if is_too_long(element).map_err(|error| unreadable(page, error))? {
            self.too_long.get_or_insert(page);
        }
        let Some(chunks) = &mut self.chunks else { return Ok(()) };
        match shown(element).map_err(|error| unreadable(page, error))? {
            Some(text) => chunks.write(page, element, text),
            None => Ok(()),
        }
    }

    /// Writes the Markdown of an element, or of the part of one that stands on the page that was begun.
    pub(super) fn write_part(&mut self, part: &JsonFields<'_>) -> Result<(), Fault> {
        match shown(part).map_err(|error| unreadable(self.markdown.page, error))? {
            Some(text) => self.markdown.push_element(text, is_item(part)),
            None => Ok(()),
        }
    }

    fn note_picture(&mut self, element: &JsonFields<'_>) -> serde_json::Result<()> {
        let image = element.fields("image")?;
        let Some(picture) = image.map(|image| image.get::<ObjectRef>("object")).transpose()?.flatten() else {
            return Ok(());
        };
        let (page_number, element_id) = (Some(element.require("page_number")?), Some(element.require("id")?));
        self.pictures.push(Artifact { page_number, element_id, ..Artifact::new("picture", picture) });
        Ok(())
    }

    pub(super) fn write_row(&mut self, row: &impl Serialize) -> Result<(), Fault> {
        self.rows.push(row)
    }

    pub(super) fn finish(self, mut warnings: Vec<Warning>) -> Result<Written, Fault> {
        let Self { rows, elements, markdown, chunks, pictures, too_long } = self;
        warnings.extend(markdown.warning());
        warnings.extend(too_long.map(|page| {
            let most = MOST_TEXT_BYTES;
            let texts = format!("texts of more than {most} bytes without Markdown, the first one on page {page}");
            limit_reached(format!("document.md and chunks leave out {texts}"))
        }));
        let chunks = chunks.map(ChunkWriter::finish).transpose()?;
        warnings.extend(chunks.as_ref().and_then(Chunks::warning));
        Ok(Written { rows, elements, markdown, chunks, pictures, warnings, is_partial: false })
    }
}

/// Says whether an element has a text that is too long to be shown, and no Markdown.
pub(super) fn is_too_long(element: &JsonFields<'_>) -> serde_json::Result<bool> {
    let is_long = element.text("text")?.is_some_and(|text| text.len() > MOST_TEXT_BYTES);
    Ok(is_long && element.raw("markdown").is_none() && element.raw("table").is_none())
}

/// Returns what `document.md` shows of an element: nothing of text that nobody sees and of running heads and feet, and
/// of notes only their Markdown, which those have that the page shows.
fn shown<'a>(element: &'a JsonFields<'_>) -> serde_json::Result<Option<JsonText<'a>>> {
    let layer: Option<ContentLayer> = element.get("content_layer")?;
    if matches!(layer, Some(ContentLayer::Invisible | ContentLayer::Furniture)) || is_too_long(element)? {
        return Ok(None);
    }
    let is_table = element.raw("table").is_some();
    match element.text("text")?.filter(|text| is_table || !text.is_empty()) {
        Some(_) if is_table => element.text("markdown"),
        Some(text) => Ok(element.text("markdown")?.or(Some(text).filter(|_| layer != Some(ContentLayer::Notes)))),
        None => Ok(None),
    }
}

/// Items of a list stand below each other without an empty line.
fn is_item(element: &JsonFields<'_>) -> bool {
    element.raw("type").is_some_and(|kind| kind.get() == r#""list_item""#)
}

/// `document.md` in a temporary file. Ends between two pages.
#[derive(Debug)]
pub(crate) struct Markdown {
    scratch: Scratch,
    most_bytes: u64,
    /// The page that is being written.
    page: u32,
    page_start: u64,
    /// Whether the page has Markdown of its own, which stands for all its elements.
    is_whole: bool,
    /// How far the first item of the list is set in that is being written, without empty lines between its items.
    list_indent: Option<usize>,
    /// The first page that did not fit.
    ends_before: Option<u32>,
}

impl Markdown {
    fn create(folder: &Path, most_bytes: u64) -> Result<Self, Fault> {
        let scratch = Scratch::create(folder)?;
        Ok(Self { scratch, most_bytes, page: 0, page_start: 0, is_whole: false, list_indent: None, ends_before: None })
    }

    fn begin_page(&mut self, page: u32, whole: Option<JsonText<'_>>) -> Result<(), Fault> {
        self.end_list()?;
        (self.page, self.page_start, self.is_whole) = (page, self.scratch.bytes(), whole.is_some());
        // Comments keep the page numbers and do not show when the Markdown is rendered.
        self.push(&format!("<!-- page {page} -->\n\n"))?;
        whole.map_or(Ok(()), |whole| self.push_paragraph(whole))
    }

    fn push_element(&mut self, text: JsonText<'_>, is_item: bool) -> Result<(), Fault> {
        if self.is_whole {
            return Ok(());
        }
        if !is_item {
            self.end_list()?;
            return self.push_paragraph(text);
        }
        let mut item = String::new();
        text.each_piece(|piece| {
            item.push_str(piece);
            Ok::<_, Fault>(())
        })?;
        // The first item of a block may be one of an inner list, which goes on over a page: set in, it would be code.
        let indent = item.len() - item.trim_start_matches(' ').len();
        let outer = *self.list_indent.get_or_insert(indent);
        self.push(&item[indent.min(outer)..])?;
        self.push("\n")
    }

    fn end_list(&mut self) -> Result<(), Fault> {
        if self.list_indent.take().is_some() { self.push("\n") } else { Ok(()) }
    }

    fn push_paragraph(&mut self, text: JsonText<'_>) -> Result<(), Fault> {
        let mut whole = String::new();
        text.each_piece(|piece| {
            whole.push_str(piece);
            Ok::<_, Fault>(())
        })?;
        self.push(&without_marks(whole))?;
        self.push("\n\n")
    }

    fn push(&mut self, text: &str) -> Result<(), Fault> {
        if self.ends_before.is_some() {
            return Ok(());
        }
        if self.scratch.bytes() + text.len() as u64 > self.most_bytes {
            self.ends_before = Some(self.page);
            return self.scratch.truncate(self.page_start);
        }
        self.scratch.put(text.as_bytes())
    }

    fn warning(&self) -> Option<Warning> {
        let page = self.ends_before?;
        let message = format!("document.md ends before page {page}; it may have {} bytes", self.most_bytes);
        Some(limit_reached(message))
    }

    #[cfg(test)]
    pub(super) const fn bytes(&self) -> u64 {
        self.scratch.bytes()
    }

    /// Reads it into memory.
    ///
    /// # Errors
    /// `internal` if it cannot be read back.
    pub(crate) fn into_bytes(self) -> Result<Vec<u8>, Fault> {
        self.scratch.into_bytes(0)
    }
}
