//! Looks through the pictures that lie over text: libpdfium does not tell whether an image has a soft
//! mask, but it draws the image with it.

use pdfium_render::prelude::FPDF_BITMAP;
use quire_schemas::element::BBox;

use super::{library::Library, objects::Painted, page::Page, page_object::PageObject};
use crate::parse::local::{Glyph, GlyphSource, ObjectId, Picture, TextObject};

/// Pictures of a page beyond this count as transparent: drawing one may take as long as drawing the page.
const MAX_LOOKED_THROUGH: usize = 32;
/// A picture of more points along a side counts as transparent: it is drawn with a pixel for each point.
const MAX_SIDE: f64 = 4_000.0;

/// A picture that would need more comparisons with characters of the page counts as transparent.
const MAX_COMPARISONS: usize = 50_000_000;

/// Corrects whether pictures are opaque that lie over text, so that no text counts as covered that can
/// be seen. Of text that is not painted anyway nothing is covered. Returns whether there were too many
/// pictures to look through all of them.
pub(super) fn look_through(
    page: &Page<'_>,
    painted: &mut Painted<'_>,
    glyphs: &[Glyph],
    objects: &[TextObject],
) -> bool {
    let texts: Vec<(u32, BBox)> = glyphs.iter().filter_map(|glyph| painted_text(glyph, objects)).collect();
    let (mut looked_through, mut compared) = (0, 0);
    for (picture, image) in painted.pictures.iter_mut().zip(&painted.images).filter(|(picture, _)| picture.opaque) {
        compared += texts.len();
        if compared > MAX_COMPARISONS {
            picture.opaque = false;
        } else if lies_over(picture, &texts) {
            looked_through += 1;
            picture.opaque = looked_through <= MAX_LOOKED_THROUGH && is_opaque(page, image);
        }
    }
    looked_through > MAX_LOOKED_THROUGH || compared > MAX_COMPARISONS
}

/// Returns when a character is painted, and where. `None` if it is not.
fn painted_text(glyph: &Glyph, objects: &[TextObject]) -> Option<(u32, BBox)> {
    let ObjectId(index) = glyph.object?;
    let object = objects.get(index as usize)?;
    let seen = object.painted && glyph.source != GlyphSource::Added && !glyph.character.is_whitespace();
    seen.then_some((object.order, glyph.ink))
}

fn lies_over(picture: &Picture, texts: &[(u32, BBox)]) -> bool {
    texts.iter().any(|(order, bbox)| *order < picture.order && bbox.overlap(picture.bbox) > 0.0)
}

fn is_opaque(page: &Page<'_>, image: &PageObject<'_>) -> bool {
    let small = |side: f64| side <= MAX_SIDE;
    image.bounds().is_some_and(|bounds| small(bounds.width()) && small(bounds.height()))
        && DrawnImage::of(page, image).is_some_and(|drawn| drawn.is_opaque())
}

/// An image as libpdfium draws it with its mask.
struct DrawnImage {
    library: Library,
    handle: FPDF_BITMAP,
}

impl DrawnImage {
    fn of(page: &Page<'_>, image: &PageObject<'_>) -> Option<Self> {
        let library = page.library();
        // SAFETY: document and page are open, and the image belongs to the page.
        let handle =
            unsafe { library.FPDFImageObj_GetRenderedBitmap(page.document().handle(), page.handle(), image.handle()) };
        (!handle.is_null()).then(|| Self { library, handle })
    }

    fn is_opaque(&self) -> bool {
        /// Blue, green, red and alpha, as libpdfium numbers the format.
        const BGRA: i32 = 4;
        const PIXEL_BYTES: usize = 4;
        // SAFETY: the bitmap is open.
        let (format, start, stride, width, height) = unsafe {
            (
                self.library.FPDFBitmap_GetFormat(self.handle),
                self.library.FPDFBitmap_GetBuffer(self.handle),
                self.library.FPDFBitmap_GetStride(self.handle),
                self.library.FPDFBitmap_GetWidth(self.handle),
                self.library.FPDFBitmap_GetHeight(self.handle),
            )
        };
        let [Ok(stride), Ok(width), Ok(height)] = [stride, width, height].map(usize::try_from) else { return false };
        if format != BGRA || start.is_null() || stride == 0 || width * PIXEL_BYTES > stride {
            return false;
        }
        // SAFETY: a bitmap has a stride of bytes for each of its rows, and it lives as long as `self`.
        let pixels = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), stride * height) };
        pixels
            .chunks_exact(stride)
            .all(|row| row[..width * PIXEL_BYTES].chunks_exact(PIXEL_BYTES).all(|pixel| pixel[3] == u8::MAX))
    }
}

impl Drop for DrawnImage {
    fn drop(&mut self) {
        // SAFETY: the bitmap is given up once.
        unsafe { self.library.FPDFBitmap_Destroy(self.handle) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::local::{Effect, FontId};

    #[test]
    fn only_text_that_is_painted_before_a_picture_lies_under_it() {
        let object = |order, painted| TextObject {
            order,
            font: FontId::UNKNOWN,
            size: 10.0,
            angle: 0.0,
            painted,
            colour: None,
            clip: None,
            layer_off: false,
            covered: false,
            effect: Effect::None,
            beneath: None,
            tag: None,
        };
        let objects = [object(1, true), object(2, false), object(9, true)];
        let bbox = BBox::new(0.0, 0.0, 10.0, 10.0);
        let glyph = |object| Glyph {
            character: 'a',
            source: GlyphSource::File,
            bbox,
            ink: bbox,
            origin: (0.0, 10.0),
            object: Some(ObjectId(object)),
        };
        let picture =
            |left| Picture { order: 5, bbox: BBox::new(left, 0.0, left + 10.0, 10.0), opaque: true, layer_off: false };
        let over = |picture: &Picture, index| {
            let text: Vec<_> = painted_text(&glyph(index), &objects).into_iter().collect();
            lies_over(picture, &text)
        };
        assert_eq!([0, 1, 2, 3].map(|index| over(&picture(5.0), index)), [true, false, false, false]);
        assert!(!over(&picture(10.0), 0));
    }
}
