//! What the file itself says and libpdfium does not: asked page by page, and believed only where both see the same
//! pages.

use std::sync::Arc;

use memmap2::Mmap;
use quire_schemas::result::PdfBox;

use super::super::{
    cell::within_cpu,
    file_facts::{self, Attachments, CompositeFonts, GlyphNames, HiddenObjects, NotDecoded, TaggedContent},
    protocol::{AttachmentRefusal, AttachmentWork, RefusedAttachment},
};

/// Facts of a document that libpdfium does not tell.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    /// `None` if nothing can be read, or libpdfium has other pages.
    file: Option<file_facts::FileFacts>,
    /// CPU time that each reading may take: a hostile file can make one as slow as it likes.
    cpu_seconds: u64,
}

/// Facts of a page that libpdfium does not tell.
#[derive(Debug, Default)]
pub(super) struct PageFacts<'d> {
    /// The media box and the crop box, with what the page inherits. `None` if the file states no media box.
    pub(super) boxes: Option<(PdfBox, Option<PdfBox>)>,
    /// Which objects lie in layers that are off. `None` if none does, or nothing is known.
    pub(super) hidden: Option<HiddenObjects>,
    /// What the structure tree says of marked content. `None` if it lists nothing of the page, or nothing is known.
    pub(super) structure: Option<TaggedContent>,
    /// Where more can be read of the page, and its index. `None` if nothing is to be read.
    source: Option<(&'d FileFacts, u32)>,
}

impl PageFacts<'_> {
    /// Reads what the fonts of the page say of its characters by names of glyphs. Few pages need it, and it takes
    /// another reading of the page's content.
    pub(super) fn glyph_names(&self) -> Option<GlyphNames> {
        let (facts, index) = self.source?;
        let file = facts.file.as_ref()?;
        within_cpu(facts.cpu_seconds, || file.glyph_names(index))
    }

    /// Finds the page's composite fonts.
    pub(super) fn composite_fonts(&self) -> CompositeFonts {
        let Some((facts, index)) = self.source else { return CompositeFonts::default() };
        let Some(file) = &facts.file else { return CompositeFonts::default() };
        within_cpu(facts.cpu_seconds, || file.composite_fonts(index))
    }

    /// Says whether fields show their values, whatever appearances they have.
    pub(super) fn needs_appearances(&self) -> bool {
        let Some((facts, _)) = self.source else { return false };
        facts.file.as_ref().is_some_and(|file| within_cpu(facts.cpu_seconds, || file.needs_appearances()))
    }
}

impl FileFacts {
    /// Reads a file before libpdfium does. Returns the bytes that libpdfium opens in its place, if its page tree has a
    /// false count.
    pub(super) fn read(file: &Arc<Mmap>, password: Option<&str>, cpu_seconds: u64) -> (Option<Vec<u8>>, Self) {
        let reading = within_cpu(cpu_seconds, || file_facts::read(file, password));
        (reading.corrected, Self { file: reading.facts, cpu_seconds })
    }

    /// Says whether the file has as many pages as libpdfium has found.
    pub(super) fn agree(&self, page_count: u32) -> bool {
        self.file.as_ref().is_some_and(|file| file.page_count() == page_count as usize)
    }

    /// Returns how many points a unit of user space has. Pages count from 0.
    pub(super) fn user_unit(&self, page_index: u32) -> f64 {
        self.file.as_ref().map_or(1.0, |file| file.user_unit(page_index))
    }

    /// Reads what the file says of a page.
    pub(super) fn of_page(&self, page_index: u32) -> PageFacts<'_> {
        let Some(file) = &self.file else { return PageFacts::default() };
        within_cpu(self.cpu_seconds, || {
            let area = file.page_area(page_index);
            let boxes = area.media_box.map(|media| (media, area.crop_box));
            let (hidden, structure) = (file.hidden_objects(page_index), file.tagged_content(page_index));
            PageFacts { boxes, hidden, structure, source: Some((self, page_index)) }
        })
    }

    /// Lists the files that the document carries.
    pub(super) fn attachments(&self) -> Attachments {
        let Some(file) = &self.file else { return Attachments::default() };
        within_cpu(self.cpu_seconds, || file.attachments().clone())
    }

    /// Reads a file that the document carries.
    pub(super) fn attachment(&self, work: AttachmentWork) -> Result<Vec<u8>, RefusedAttachment> {
        let refused = |reason, read_bytes| RefusedAttachment { reason, read_bytes };
        let file = self.file.as_ref().ok_or_else(|| refused(AttachmentRefusal::Unreadable, 0))?;
        file.attachment_bytes(work.index, work.max_bytes).map_err(|error| match error {
            NotDecoded::TooLarge { read } => refused(AttachmentRefusal::TooLarge, read),
            NotDecoded::Unreadable { read } => refused(AttachmentRefusal::Unreadable, read),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of one text, with a font that names a glyph and an element of the structure tree that states a text.
    const FILE: &str = "%PDF-1.7
        1 0 obj <</Type/Catalog/Pages 2 0 R/StructTreeRoot<</ParentTree<</Nums[0[5 0 R]]>>>>>> endobj
        2 0 obj <</Kids[3 0 R]/Count 1/Resources<</Font<</F 6 0 R>>>>>> endobj
        3 0 obj <</Parent 2 0 R/StructParents 0/Contents 4 0 R/MediaBox[0 0 9 9]>> endobj
        4 0 obj <</Length 14>> stream\n/F 9 Tf (a) Tj\nendstream endobj
        5 0 obj <</ActualText(stated)>> endobj
        6 0 obj <</Subtype/Type3/Encoding<</Differences[97/f_i]>>>> endobj";

    fn found(facts: &PageFacts<'_>) -> (bool, Option<String>, Option<String>) {
        let stated = facts.structure.as_ref().and_then(|structure| structure.text_of(0));
        let named = facts.glyph_names().and_then(|names| names.of_code(0, 97));
        (facts.boxes.is_some(), stated.map(|(_, text)| text.to_owned()), named)
    }

    #[test]
    fn a_page_has_facts_only_if_it_and_its_document_are_read_with_them() {
        let file = file_facts::read(&Arc::new(FILE.as_bytes().to_vec()), None).facts;
        let document = FileFacts { file, cpu_seconds: 1 << 32 };
        assert_eq!(found(&document.of_page(0)), (true, Some("stated".to_owned()), Some("fi".to_owned())));
        assert_eq!(found(&document.of_page(1)), (false, None, None));
        assert_eq!(found(&FileFacts::default().of_page(0)), (false, None, None));
        assert_eq!(found(&PageFacts::default()), (false, None, None));
    }
}
