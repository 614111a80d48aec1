use std::collections::BTreeMap;

use quire_schemas::element::BBox;

use super::{PageLink, PageText, layout};

/// Most glyphs of a page that are laid out; a page of a dense newspaper has 30,000.
const MAX_GLYPHS: usize = 400_000;

/// Names a font of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FontId(u16);

/// A font of the page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Font {
    pub(super) name: String,
    pub(super) bold: bool,
    pub(super) italic: bool,
}

/// A character where it stands, in points from the top-left of the displayed page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// The character.
    pub character: char,
    /// Around it, with its font's ascent and descent.
    pub bbox: BBox,
    /// Where it sits on its baseline.
    pub origin: (f64, f64),
    /// Font size in points.
    pub size: f64,
    /// Direction of writing as displayed, clockwise.
    pub quarter_turns: u8,
    /// Its font.
    pub font: FontId,
    /// Whether the reader of the page put it in: a space or line end that is not in the file.
    pub generated: bool,
}

impl Glyph {
    /// Makes a space or line end that has no place of its own.
    #[must_use]
    pub fn generated(character: char) -> Self {
        Self {
            character,
            bbox: [0.0; 4],
            origin: (0.0, 0.0),
            size: 0.0,
            quarter_turns: 0,
            font: FontId::default(),
            generated: true,
        }
    }
}

/// Collects a page while its characters are walked.
#[derive(Debug)]
pub struct PageTextBuilder {
    page: PageText,
    glyphs: Vec<Glyph>,
    fonts: Vec<Font>,
    font_ids: BTreeMap<String, FontId>,
}

impl PageTextBuilder {
    /// Begins a page.
    #[must_use]
    pub fn new(page_number: u32, quarter_turns: u8) -> Self {
        let page = PageText {
            page_number,
            width: 0.0,
            height: 0.0,
            quarter_turns,
            label: None,
            media_box: [0.0; 4],
            crop_box: None,
            paragraphs: Vec::new(),
            links: Vec::new(),
            visible_characters: 0,
            covered_by_picture: false,
        };
        Self { page, glyphs: Vec::new(), fonts: vec![Font::default()], font_ids: BTreeMap::new() }
    }

    /// Sets the displayed size in points.
    pub fn size(&mut self, width: f64, height: f64) {
        (self.page.width, self.page.height) = (width, height);
    }

    /// Sets the printed page number.
    pub fn label(&mut self, label: Option<String>) {
        self.page.label = label;
    }

    /// Sets the boxes, in user space.
    pub fn boxes(&mut self, media: BBox, crop: Option<BBox>) {
        (self.page.media_box, self.page.crop_box) = (media, crop);
    }

    /// Names a font; the same name is the same font. Base fonts report no weight, so bold is told
    /// from the name.
    pub fn font(&mut self, name: &str, italic: bool) -> FontId {
        if let Some(id) = self.font_ids.get(name) {
            return *id;
        }
        let Ok(index) = u16::try_from(self.fonts.len()) else { return FontId::default() };
        let id = FontId(index);
        let plain = without_subset_tag(name);
        let lower = plain.to_lowercase();
        let bold = ["bold", "black", "heavy", "semibd", "demi"].iter().any(|word| lower.contains(word));
        let italic = italic || ["italic", "oblique"].iter().any(|word| lower.contains(word));
        self.fonts.push(Font { name: plain.to_owned(), bold, italic });
        self.font_ids.insert(name.to_owned(), id);
        id
    }

    /// Adds a character, in the order in which the page's content has it.
    pub fn glyph(&mut self, glyph: Glyph) {
        if self.glyphs.len() < MAX_GLYPHS {
            self.page.visible_characters += u32::from(!glyph.character.is_whitespace() && !glyph.generated);
            self.glyphs.push(glyph);
        }
    }

    /// Adds a link annotation, if it is one that leads anywhere.
    pub fn links(&mut self, link: Option<PageLink>) {
        self.page.links.extend(link);
    }

    /// Returns how many characters that are not spaces there are so far.
    #[must_use]
    pub const fn visible_characters(&self) -> usize {
        self.page.visible_characters as usize
    }

    /// Notes that a picture covers the page.
    pub fn covered_by_picture(&mut self) {
        self.page.covered_by_picture = true;
    }

    /// Lays the page out.
    #[must_use]
    pub fn finish(mut self) -> PageText {
        self.page.paragraphs = layout::paragraphs(&self.glyphs, &self.fonts);
        self.page
    }
}

/// A subset of a font is named `ABCDEF+Name`.
fn without_subset_tag(name: &str) -> &str {
    match name.split_once('+') {
        Some((tag, rest)) if tag.len() == 6 && tag.bytes().all(|byte| byte.is_ascii_uppercase()) => rest,
        _ => name,
    }
}

impl FontId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}
