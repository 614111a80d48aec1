//! Pages for tests: characters of an imagined font on a page of 600 by 800 points.

use quire_schemas::{element::BBox, result::PdfBox};

use super::{
    content::{Colour, Effect, Glyph, GlyphSource, ObjectId, PageContent, TextObject},
    fonts::{FontId, FontTable},
    quarter_turns::QuarterTurns,
};

/// A page in the making. Settings hold for what is written after them.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    content: PageContent,
    size: f64,
    /// Width of a character in units of its size.
    advance: f64,
    /// Points between two characters.
    spacing: f64,
}

impl Page {
    pub(crate) fn new() -> Self {
        let content = PageContent {
            page_number: 1,
            width: 600.0,
            height: 800.0,
            rotation: QuarterTurns::NONE,
            label: None,
            media_box: PdfBox::new(0.0, 0.0, 600.0, 800.0),
            crop_box: None,
            glyphs: Vec::new(),
            objects: Vec::new(),
            fonts: FontTable::default(),
            shapes: Vec::new(),
            pictures: Vec::new(),
            links: Vec::new(),
            fields: Vec::new(),
            notes: Vec::new(),
            ink: None,
            seen: None,
            cut: Vec::new(),
        };
        Self { content, size: 10.0, advance: 0.5, spacing: 0.0 }
    }

    pub(crate) fn size(mut self, size: f64) -> Self {
        self.size = size;
        self
    }

    pub(crate) fn advance(mut self, advance: f64) -> Self {
        self.advance = advance;
        self
    }

    pub(crate) fn spacing(mut self, spacing: f64) -> Self {
        self.spacing = spacing;
        self
    }

    /// Writes one text object to the right, from a point on its baseline.
    pub(crate) fn write(self, text: &str, x: f64, y: f64) -> Self {
        self.object(text, x, y, 1.0)
    }

    /// Writes one text object to the left: the point is the right end of its baseline.
    pub(crate) fn write_leftwards(self, text: &str, x: f64, y: f64) -> Self {
        let first = x - self.advance * self.size;
        self.object(text, first, y, -1.0)
    }

    /// Draws one glyph that stands for several letters.
    pub(crate) fn ligature(mut self, letters: &str, x: f64, y: f64) -> Self {
        let id = self.begin();
        for character in letters.chars() {
            self.glyph(character, (x, y), id);
        }
        self
    }

    /// Changes the text object that was written last.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut TextObject)) -> Self {
        change(self.content.objects.last_mut().expect("something was written"));
        self
    }

    /// Changes the whole page.
    pub(crate) fn and(mut self, change: impl FnOnce(&mut PageContent)) -> Self {
        change(&mut self.content);
        self
    }

    pub(crate) fn content(&self) -> PageContent {
        self.content.clone()
    }

    fn object(mut self, text: &str, x: f64, y: f64, step: f64) -> Self {
        let id = self.begin();
        let mut at = x;
        for character in text.chars() {
            self.glyph(character, (at, y), id);
            at += step * (self.advance * self.size + self.spacing);
        }
        self
    }

    fn begin(&mut self) -> ObjectId {
        let id = ObjectId(self.content.objects.len() as u32);
        self.content.objects.push(TextObject {
            order: id.0,
            font: FontId::UNKNOWN,
            size: self.size,
            angle: 0.0,
            painted: true,
            colour: Some(Colour { rgb: [0; 3], alpha: 255 }),
            clip: None,
            layer_off: false,
            covered: false,
            effect: Effect::None,
            beneath: None,
            tag: None,
        });
        id
    }

    fn glyph(&mut self, character: char, origin: (f64, f64), object: ObjectId) {
        let (x, y) = origin;
        let right = x + self.advance * self.size;
        let ink = if character.is_whitespace() {
            BBox::new(x, y, x, y)
        } else {
            BBox::new(x + 0.1, y - 0.7 * self.size, right - 0.1, y)
        };
        self.content.glyphs.push(Glyph {
            character,
            source: GlyphSource::File,
            bbox: BBox::new(x, y - 0.8 * self.size, right, y + 0.2 * self.size),
            ink,
            origin,
            object: Some(object),
        });
    }
}
