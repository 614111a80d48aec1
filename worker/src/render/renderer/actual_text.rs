//! `ActualText`: text that the file states for what some text objects draw, at a mark of theirs or at an element of the
//! structure tree around that.

use std::cell::Cell;

use pdfium_render::prelude::FPDF_PAGEOBJECTMARK;
use quire_schemas::element::BBox;

use super::{
    super::{bounds::cut, file_facts::decode_flowing_text_string as decode},
    page_object::PageObject,
    placement::Matrix,
    strings::{byte_length, bytes},
};
use crate::parse::local::{Glyph, GlyphSource, MAX_TEXT_BYTES, ObjectId, SOFT_HYPHEN, TextObject, runs_leftwards};

/// Objects of one mark are of one line if their baselines are no further apart than this, in units of the font size: an
/// accent that is drawn over its letter shares no height with it.
const SAME_LINE: f64 = 0.7;
/// White space on a side of a glyph, in units of the font size, that is believed.
const LARGEST_BEARING: f64 = 0.08;

/// What states a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum TextSource {
    /// An element of the structure tree, by its place in the list of their texts.
    Element(usize),
    Mark(FPDF_PAGEOBJECTMARK),
}

/// A text that stands for what one or several text objects draw.
#[derive(Clone)]
pub(super) struct ActualText<'p> {
    pub(super) text: String,
    /// The first of the objects, whose font and size count.
    pub(super) object: PageObject<'p>,
    /// Maps the space of its glyphs to user space, without the font size.
    pub(super) matrix: Matrix,
    /// Around the objects that stand beside each other, on the displayed page.
    pub(super) bbox: BBox,
}

impl ActualText<'_> {
    /// Adds a further object with the same text, if it stands in the same line. `matrix` is as that of the first
    /// object.
    pub(super) fn go_on(&mut self, bbox: BBox, matrix: &Matrix) {
        let size = self.matrix.drawn_size(self.object.font_size());
        if self.matrix.rise((matrix.e, matrix.f)).abs() <= SAME_LINE * size {
            self.bbox = self.bbox.union(bbox);
        }
    }

    /// Widens its box, which is around its ink, to where it begins, and by as much at its end: the next text follows
    /// there.
    fn advance(&self, (x, y): (f64, f64), size: f64, runs_down: bool) -> BBox {
        let [left, top, right, bottom] = self.bbox.sides();
        let most = LARGEST_BEARING * size;
        if runs_down {
            let bearing = (top - y).clamp(0.0, most);
            BBox::new(left, top - bearing, right, bottom + bearing)
        } else {
            let bearing = (left - x).clamp(0.0, most);
            BBox::new(left - bearing, top, right + bearing, bottom)
        }
    }

    /// Places its characters: in equal parts of its box, along its writing. `origin` is where the first object begins,
    /// on the displayed page.
    pub(super) fn glyphs(&self, id: ObjectId, object: &TextObject, origin: (f64, f64)) -> Vec<Glyph> {
        let mut characters: Vec<char> = self.text.chars().collect();
        // Inside a text it says where a word may be broken; alone it stands for the hyphen that is drawn.
        if characters.len() > 1 {
            characters.retain(|character| *character != SOFT_HYPHEN);
        }
        let runs_down = (45.0..135.0).contains(&object.angle) || (225.0..315.0).contains(&object.angle);
        let backwards = (135.0..315.0).contains(&object.angle) != runs_leftwards(&self.text);
        let count = characters.len();
        let [left, top, right, bottom] = self.advance(origin, object.size, runs_down).sides();
        let (high, low) = (0.8 * object.size, 0.2 * object.size);
        let glyph = |(place, character): (usize, char)| {
            let place = if backwards { count - 1 - place } else { place };
            let cut = |from: f64, to: f64, at: usize| from + (to - from) * at as f64 / count as f64;
            let (origin, bbox) = if runs_down {
                let (x, top, bottom) = (origin.0, cut(top, bottom, place), cut(top, bottom, place + 1));
                ((x, top), BBox::new(x - low.max(high), top, x + low.max(high), bottom))
            } else {
                let (y, left, right) = (origin.1, cut(left, right, place), cut(left, right, place + 1));
                ((left, y), BBox::new(left, y - high, right, y + low))
            };
            let ink = self.ink_of(bbox, place, count, runs_down);
            Glyph { character, source: GlyphSource::File, bbox, ink, origin, object: Some(id) }
        };
        characters.into_iter().enumerate().map(|(place, character)| glyph((place, character))).collect()
    }

    /// Returns the ink of the character at `place` of `count`, counted from the left or the top: the first one and the
    /// last one reach as far as the ink of all.
    const fn ink_of(&self, bbox: BBox, place: usize, count: usize, runs_down: bool) -> BBox {
        let [left, top, right, bottom] = self.bbox.sides();
        let (is_first, is_last) = (place == 0, place + 1 == count);
        if runs_down {
            let (top, bottom) = (if is_first { top } else { bbox.top() }, if is_last { bottom } else { bbox.bottom() });
            BBox::spanning((left, top), (right, bottom))
        } else {
            let (left, right) = (if is_first { left } else { bbox.left() }, if is_last { right } else { bbox.right() });
            BBox::spanning((left, top), (right, bottom))
        }
    }
}

impl PageObject<'_> {
    /// Returns the text that a mark of it states, the outermost of several, and whether it is cut; several objects may
    /// share it.
    pub(super) fn actual_text(&self) -> Option<(TextSource, String, bool)> {
        self.marks().find_map(|mark| {
            let stated = Cell::new(false);
            // Not the string value: libpdfium reads it as UTF-8, which no text string is.
            let value = bytes(|buffer| {
                let mut needed = 0;
                let (start, length) = (buffer.as_mut_ptr().cast(), byte_length(buffer));
                // SAFETY: the mark belongs to the object, and the buffer has the length that is stated.
                let found = unsafe {
                    self.library().FPDFPageObjMark_GetParamBlobValue(mark, "ActualText", start, length, &raw mut needed)
                };
                stated.set(found != 0);
                needed
            });
            stated.get().then(|| {
                // A character more, of four bytes at most, tells that there is more.
                let text = decode(&value, MAX_TEXT_BYTES + 4);
                let is_cut = text.len() > MAX_TEXT_BYTES;
                (TextSource::Mark(mark), cut(text, MAX_TEXT_BYTES), is_cut)
            })
        })
    }
}
