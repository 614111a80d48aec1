//! Reads a page's characters once, and its links.

use pdfium_render::prelude::{PdfPage, PdfPageTextChar};

use super::{
    super::geometry::Transform,
    boxes::{PageBoxes, displayed_size, pdf_box},
    links::page_link,
};
use crate::parse::local::{FontId, Glyph, PageText, PageTextBuilder, QuarterTurns};

/// Links of one page beyond this are left out.
const MAX_LINKS: usize = 5_000;
/// A page with fewer characters may be a scan.
const FEW_CHARACTERS: usize = 20;

/// Reads the text and the links of a page and lays them out. The error is pdfium's.
pub(in crate::render) fn read_text(number: u32, page: &PdfPage<'_>) -> Result<PageText, String> {
    let boxes = PageBoxes::of(page);
    let transform = boxes.transform();
    let mut builder = PageTextBuilder::new(number, transform.rotation());
    let (width, height) = displayed_size(page);
    builder.size(width, height);
    builder.label(page.label().map(str::to_owned).filter(|label| !label.is_empty()));
    builder.boxes(boxes.media, boxes.crop);
    let text = page.text().map_err(|error| format!("the text does not load: {error:?}"))?;
    let characters = text.chars();
    let mut fonts = FontMemory::default();
    for character in characters.iter() {
        if let Some(glyph) = glyph(&character, &transform, &mut fonts, &mut builder) {
            builder.glyph(glyph);
        }
    }
    for link in page.links().iter().take(MAX_LINKS).filter_map(|link| page_link(&link, &transform)) {
        builder.link(link);
    }
    if builder.visible_characters() < FEW_CHARACTERS && boxes.is_covered_by_a_picture(page) {
        builder.covered_by_picture();
    }
    Ok(builder.finish())
}

/// Reads a character. `None` if it has no code or no place.
fn glyph(
    character: &PdfPageTextChar<'_>,
    transform: &Transform,
    fonts: &mut FontMemory,
    builder: &mut PageTextBuilder,
) -> Option<Glyph> {
    let value = character.unicode_char()?;
    if character.is_generated().unwrap_or(false) {
        return Some(Glyph::generated(value));
    }
    let bounds = character.loose_bounds().ok()?;
    let origin = character.origin().ok()?;
    let angle = f64::from(character.angle_degrees().unwrap_or_default());
    let glyph = Glyph {
        character: value,
        bbox: transform.bbox(pdf_box(&bounds)),
        origin: transform.point((f64::from(origin.0.value), f64::from(origin.1.value))),
        size: drawn_size(character),
        // pdfium gives the angle clockwise in user space, before the page is turned.
        direction: QuarterTurns::nearest(angle).plus(transform.rotation()),
        font: fonts.id(character, builder),
        generated: false,
    };
    glyph.is_finite().then_some(glyph)
}

/// Returns the size in which a font is drawn. It grows with the length of the matrix' second row.
/// `scaled_font_size` takes only `d` of that row, which is 0 for text that runs up or down the page.
fn drawn_size(character: &PdfPageTextChar<'_>) -> f64 {
    let stretch = character.matrix().map_or(1.0, |matrix| f64::from(matrix.c()).hypot(f64::from(matrix.d())));
    f64::from(character.unscaled_font_size().value).abs() * stretch
}

/// Neighbouring characters share a font; asking for its name costs an allocation and two calls.
#[derive(Default)]
struct FontMemory {
    last: Option<(u32, FontId)>,
}

impl FontMemory {
    fn id(&mut self, character: &PdfPageTextChar<'_>, builder: &mut PageTextBuilder) -> FontId {
        // Fonts change between words, hardly ever inside one without the size changing too.
        let size = character.unscaled_font_size().value.to_bits();
        if let Some((last_size, id)) = self.last {
            if is_space(character) {
                self.last = None;
                return id;
            }
            if last_size == size {
                return id;
            }
        }
        let id = builder.font(&character.font_name(), character.font_is_italic());
        self.last = Some((size, id));
        id
    }
}

fn is_space(character: &PdfPageTextChar<'_>) -> bool {
    character.unicode_char().is_none_or(char::is_whitespace)
}
