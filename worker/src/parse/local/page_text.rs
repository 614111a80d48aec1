//! Collects what a page holds while its characters are read, and lays it out.

use quire_schemas::result::PdfBox;

use super::{
    PageLink, PageText,
    fonts::{FontId, FontTable},
    glyphs::Glyph,
    layout,
    quarter_turns::QuarterTurns,
};

/// Most glyphs of a page that are laid out; a page of a dense newspaper has 30,000.
pub(crate) const MAX_GLYPHS: usize = 400_000;

/// A page while its characters are read.
#[derive(Debug)]
pub(crate) struct PageTextBuilder {
    page: PageText,
    glyphs: Vec<Glyph>,
    fonts: FontTable,
}

impl PageTextBuilder {
    /// Begins a page; `rotation` is how far the file turns it for display.
    pub(crate) fn new(page_number: u32, rotation: QuarterTurns) -> Self {
        let page = PageText {
            page_number,
            width: 0.0,
            height: 0.0,
            rotation,
            label: None,
            media_box: PdfBox::default(),
            crop_box: None,
            paragraphs: Vec::new(),
            links: Vec::new(),
            visible_characters: 0,
            covered_by_picture: false,
        };
        Self { page, glyphs: Vec::new(), fonts: FontTable::default() }
    }

    /// Sets the displayed size in points.
    pub(crate) fn size(&mut self, width: f64, height: f64) {
        (self.page.width, self.page.height) = (width, height);
    }

    /// Sets the printed page number.
    pub(crate) fn label(&mut self, label: Option<String>) {
        self.page.label = label;
    }

    pub(crate) fn boxes(&mut self, media: PdfBox, crop: Option<PdfBox>) {
        (self.page.media_box, self.page.crop_box) = (media, crop);
    }

    /// Names a font of the page by what pdfium calls it.
    pub(crate) fn font(&mut self, name: &str, italic: bool) -> FontId {
        self.fonts.id(name, italic)
    }

    /// Adds a character, in the order in which the page's content has it.
    pub(crate) fn glyph(&mut self, glyph: Glyph) {
        if self.glyphs.len() < MAX_GLYPHS {
            self.page.visible_characters += u32::from(!glyph.character.is_whitespace() && !glyph.generated);
            self.glyphs.push(glyph);
        }
    }

    pub(crate) fn link(&mut self, link: PageLink) {
        self.page.links.push(link);
    }

    /// Returns how many characters that are not spaces were added so far.
    pub(crate) const fn visible_characters(&self) -> usize {
        self.page.visible_characters as usize
    }

    /// Notes that a picture covers the page.
    pub(crate) fn covered_by_picture(&mut self) {
        self.page.covered_by_picture = true;
    }

    /// Lays the page out.
    pub(crate) fn finish(mut self) -> PageText {
        self.page.paragraphs = layout::paragraphs(&self.glyphs, &self.fonts);
        self.page
    }
}
