//! Reads the characters of a page and the text objects that draw them.

use std::{cell::OnceCell, collections::HashMap, ops::RangeInclusive, os::raw::c_int};

use pdfium_render::prelude::{FPDF_FONT, FPDF_PAGEOBJECT};
use quire_schemas::{element::BBox, result::PdfBox};

use super::{
    super::{
        file_facts::{CompositeFonts, GlyphNames},
        geometry::Transform,
    },
    actual_text::ActualText,
    file_facts::PageFacts,
    objects::{Painted, PlacedText, seen_through},
    page_object::PageObject,
    placement::Matrix,
    render_mode::RenderMode,
    text_page::TextPage,
};
use crate::parse::local::{
    Blank, Colour, Effect, FontId, FontTable, Glyph, GlyphSource, LEAST_ALPHA, MAX_GLYPHS, ObjectId, Paint, TextObject,
    believe_codes, distrust_blanks, forget_codes,
};

/// A mark that libpdfium sets in the place of a hyphen at the end of a line.
const HYPHEN_MARK: u32 = 2;
/// Where the Adobe Glyph List puts small capitals, old figures and parts of brackets.
const PRIVATE_VALUES: RangeInclusive<char> = '\u{f6be}'..='\u{f8fe}';
/// libpdfium adds spaces and line ends, and nothing else.
const LAST_ADDED: u32 = b' ' as u32;
/// Strokes reach no further beyond the outline of a glyph than this, in units of its size. libpdfium tells the width of
/// a stroke without the matrix that scales it.
const LARGEST_OUTSET: f64 = 0.1;

/// Ink that is this many times as high as the font size shows that the size is wrong.
const MOST_HEIGHT: f64 = 4.0;
/// The usual font size in units of the height of a box.
const USUAL_SIZE: f64 = 0.8;
/// Nothing divides by a smaller size.
const LEAST_SIZE: f64 = 0.01;
/// Sides of boxes that differ by less are the same, in units of the file.
const SAME_SIDE: f64 = 0.01;
/// Ink reaches no further over the next character than this, in units of the font size.
const LARGEST_OVERHANG: f64 = 0.2;
/// Or by so much further if a matrix slants it.
const LARGEST_SLANT: f64 = 0.3;
/// A character that begins this near to the end of a box begins there, in units of the font size.
const NEXT_BEGINS: f64 = 0.02;
/// Scripts from this letter on join their letters, so that a letter has several glyphs.
const FIRST_JOINING: char = '\u{590}';
/// libpdfium passes over a text object that repeats one of so many before it,
const MAX_BETWEEN_COPIES: usize = 5;
/// which then share this part of their boxes.
const COPIED_SHARE: f64 = 0.5;

/// The characters of a page.
#[derive(Default)]
pub(super) struct Characters {
    pub(super) glyphs: Vec<Glyph>,
    pub(super) objects: Vec<TextObject>,
    pub(super) fonts: FontTable,
    /// Text objects that repeat others and have no characters of their own, each with the order of the first of its
    /// kind.
    pub(super) copies: Vec<(FPDF_PAGEOBJECT, u32)>,
    blanks: Vec<Blank>,
    /// Whether the page has more than are read.
    pub(super) cut: bool,
}

/// Reads the characters of a page. What has no place, or a place that is no number, is left out.
pub(super) fn characters<'p>(
    text: &TextPage<'p>,
    transform: &Transform,
    painted: &Painted<'p>,
    facts: &PageFacts<'_>,
) -> Characters {
    let mut reader = Reader {
        text,
        transform,
        painted,
        facts,
        found: Characters::default(),
        known: HashMap::new(),
        fonts: HashMap::new(),
        last: None,
        names: OnceCell::new(),
        advances: HashMap::new(),
    };
    let count = text.count();
    let mut index = 0;
    while index < count {
        if reader.found.glyphs.len() >= MAX_GLYPHS {
            reader.found.cut = true;
            break;
        }
        index += reader.read(index);
    }
    reader.copies();
    for actual in &painted.actual {
        reader.actual_text(actual);
    }
    reader.found
}

impl Characters {
    /// Takes the values away from characters that cannot have them, and believes those that the file states.
    /// `composite` finds composite fonts; it is asked only if the page has characters without a value.
    pub(super) fn distrust(&mut self, composite: impl FnOnce() -> CompositeFonts) {
        if self.glyphs.iter().any(|glyph| glyph.source == GlyphSource::Unmapped) {
            let composite = composite();
            let of_unicode = self.fonts.named(&composite.of_unicode);
            let composite = self.fonts.named(&composite.names);
            believe_codes(&mut self.glyphs, &self.objects, &of_unicode);
            forget_codes(&mut self.glyphs, &self.objects, &self.blanks, composite);
        }
        distrust_blanks(&mut self.glyphs, &self.objects, &self.fonts, &self.blanks);
    }
}

struct Reader<'a, 'p> {
    text: &'a TextPage<'p>,
    transform: &'a Transform,
    painted: &'a Painted<'p>,
    facts: &'a PageFacts<'a>,
    found: Characters,
    /// The text objects that were met; `None` for one whose numbers are not finite, or that another text replaces.
    known: HashMap<FPDF_PAGEOBJECT, Option<Known>>,
    fonts: HashMap<FPDF_FONT, FontId>,
    /// Neighbouring characters share an object.
    last: Option<(FPDF_PAGEOBJECT, Option<Known>)>,
    /// What the page's fonts say of characters that libpdfium does not know; asked for the first of these.
    names: OnceCell<Option<GlyphNames>>,
    /// How far a character moves the pen, in units of the font size.
    advances: HashMap<(FPDF_FONT, char), Option<f64>>,
}

/// A text object that was read.
#[derive(Clone, Copy)]
struct Known {
    id: ObjectId,
    /// How far its strokes reach beyond the outlines of its glyphs, in points.
    outset: f64,
    /// `None` if it does not run to the right in the space of the file.
    pen: Option<Pen>,
}

/// How a text object that runs to the right moves from character to character.
#[derive(Clone, Copy)]
struct Pen {
    font: FPDF_FONT,
    /// The width of a font's em as drawn, in units of the file.
    em: f64,
    /// Whether its characters are slanted by its matrix.
    is_slanted: bool,
}

impl<'p> Reader<'_, 'p> {
    /// Reads the character at `index`. Returns how many of libpdfium's characters it takes.
    fn read(&mut self, index: c_int) -> c_int {
        let code = self.text.code(index);
        if code <= LAST_ADDED && self.text.is_generated(index) {
            self.found.glyphs.push(added(char::from_u32(code).unwrap_or(' ')));
            return 1;
        }
        if code == HYPHEN_MARK && self.text.is_hyphen(index) {
            self.push(index, '-', GlyphSource::Hyphen);
            return 1;
        }
        let (character, taken) = decode(code, || self.text.code(index + 1));
        let is_unmapped = self.text.is_unmapped(index);
        if let Some(letters) = self.named(index, code, character, is_unmapped) {
            letters.chars().for_each(|letter| self.push(index, letter, GlyphSource::File));
            return taken;
        }
        match character {
            Some(character) if !is_unmapped => self.push(index, character, GlyphSource::File),
            character => self.push(index, character.unwrap_or(char::REPLACEMENT_CHARACTER), GlyphSource::Unmapped),
        }
        taken
    }

    /// Returns the letters that the name of a glyph says, where libpdfium knows none: it hands out the character code,
    /// or a value for private use. It does not read names of several parts, and no names in Type 3 fonts.
    fn named(&self, index: c_int, code: u32, character: Option<char>, is_unmapped: bool) -> Option<String> {
        let private = character.filter(|character| PRIVATE_VALUES.contains(character));
        if !is_unmapped && private.is_none() {
            return None;
        }
        let place = self.painted.texts.get(&self.text.object(index)?.handle())?.place;
        let names = self.names.get_or_init(|| {
            // With another number of texts, the file is read otherwise than libpdfium reads it.
            self.facts.glyph_names().filter(|names| names.text_count() == self.painted.texts.len())
        });
        let names = names.as_ref()?;
        if is_unmapped { names.of_code(place, code) } else { names.of_private_value(place, private?) }
    }

    fn push(&mut self, index: c_int, character: char, source: GlyphSource) {
        let Some(glyph) = self.glyph(index, character, source) else { return };
        if !character.is_whitespace() {
            self.found.glyphs.push(glyph);
            return;
        }
        let Some(ink) = self.text.ink_box(index).map(|ink| self.transform.bbox(ink)) else { return };
        if ink.width() == 0.0 && ink.height() == 0.0 {
            // libpdfium takes a jump inside a text object for a space, and does not say so of each.
            self.found.glyphs.push(added(' '));
            return;
        }
        self.found.blanks.push(Blank { glyph: self.found.glyphs.len(), ink });
        self.found.glyphs.push(glyph);
    }

    fn glyph(&mut self, index: c_int, character: char, source: GlyphSource) -> Option<Glyph> {
        let known = match self.text.object(index) {
            Some(object) => Some(self.object(&object, index)?),
            None => None,
        };
        let (loose, pen_at) = (self.text.loose_box(index)?, self.text.origin(index)?);
        let tight = if character.is_whitespace() { None } else { Some(self.text.ink_box(index)?) };
        let loose = match (known.and_then(|known| known.pen), tight) {
            (Some(pen), Some(tight)) if (loose.right() - tight.right()).abs() < SAME_SIDE || pen.is_slanted => {
                let (before, after) = (self.text.origin(index - 1), self.text.origin(index + 1));
                // Letters of one glyph have one place. Where the next character begins at the end of the box, nothing
                // overhangs.
                let is_alone = before != Some(pen_at) && after != Some(pen_at);
                let is_followed = after.is_some_and(|(x, _)| (x - loose.right()).abs() <= NEXT_BEGINS * pen.em);
                let end = self.advance(pen.font, character).map(|advance| pen_at.0 + advance * pen.em);
                end.filter(|_| is_alone && !is_followed)
                    .map_or(loose, |end| without_overhang(loose, pen_at.0, end, pen))
            }
            _ => loose,
        };
        let (bbox, origin) = (self.transform.bbox(loose), self.transform.point(pen_at));
        let ink = tight.map_or_else(|| BBox::spanning(origin, origin), |tight| self.transform.bbox(tight));
        let has_ink = ink.width() > 0.0 && ink.height() > 0.0;
        let outset = known.map_or(0.0, |known| known.outset);
        let ink = if has_ink { grown(ink, outset) } else { ink };
        let object = known.map(|known| known.id);
        (bbox.is_finite() && ink.is_finite() && origin.0.is_finite() && origin.1.is_finite()).then_some(Glyph {
            character,
            source,
            bbox,
            ink,
            origin,
            object,
        })
    }

    /// Returns how far a character moves the pen, in units of the font size. `None` if its font may have several glyphs
    /// for it, as those of writing that joins its letters have.
    fn advance(&mut self, font: FPDF_FONT, character: char) -> Option<f64> {
        let text = self.text;
        let advance = self.advances.entry((font, character));
        *advance.or_insert_with(|| {
            let has_one_glyph = character < FIRST_JOINING && !character.is_whitespace();
            has_one_glyph.then(|| text.advance(font, character)).flatten().filter(|advance| *advance > 0.0)
        })
    }

    /// Finds the text objects that libpdfium passes over because they repeat one shortly before them. The reader sees
    /// the one that is painted last, so its characters are judged by that.
    fn copies(&mut self) {
        let mut texts: Vec<(FPDF_PAGEOBJECT, &PlacedText)> =
            self.painted.texts.iter().map(|(handle, text)| (*handle, text)).collect();
        texts.sort_by_key(|(_, text)| text.place);
        for (at, (handle, copy)) in texts.iter().enumerate() {
            let Some(bbox) = copy.bbox.filter(|_| !copy.is_replaced && !self.known.contains_key(handle)) else {
                continue;
            };
            let is_original = |other: &BBox| bbox.overlap(*other) >= COPIED_SHARE * bbox.area().max(other.area());
            let before = texts[at.saturating_sub(MAX_BETWEEN_COPIES)..at].iter().rev();
            let original = before
                .filter_map(|(handle, text)| Some((self.known.get(handle).copied()??, *text)))
                .find(|(_, text)| bbox.area() > 0.0 && text.bbox.as_ref().is_some_and(is_original));
            let Some((known, original)) = original else { continue };
            self.found.copies.push((*handle, original.order));
            // SAFETY: the object belongs to the page, which stays loaded.
            let object = unsafe { PageObject::new(self.text.library(), *handle) };
            if let Some(first) = self.found.objects.get_mut(known.id.0 as usize) {
                paint_over(first, paint_of(&object, copy));
            }
        }
    }

    /// Adds a text that is to be read in the place of text objects. Its place in the order does not matter.
    fn actual_text(&mut self, actual: &ActualText<'p>) {
        let Some(object) = self.text_object(&actual.object, &actual.matrix, (0.0, 0.0)) else { return };
        let Ok(id) = u32::try_from(self.found.objects.len()).map(ObjectId) else { return };
        let origin = self.transform.point((actual.matrix.e, actual.matrix.f));
        let room = MAX_GLYPHS.saturating_sub(self.found.glyphs.len());
        let glyphs = actual.glyphs(id, &object, origin);
        self.found.cut |= glyphs.len() > room;
        self.found.glyphs.extend(glyphs.into_iter().take(room));
        self.found.objects.push(object);
    }

    /// Returns the text object that draws a character; it is read with its first character.
    fn object(&mut self, object: &PageObject<'p>, index: c_int) -> Option<Known> {
        let handle = object.handle();
        if let Some((last, known)) = self.last
            && last == handle
        {
            return known;
        }
        let known = match self.known.get(&handle) {
            Some(known) => *known,
            None if self.is_replaced(object) => *self.known.entry(handle).or_insert(None),
            None => {
                let height = |bbox: Option<PdfBox>| bbox.map_or(0.0, |bbox| self.transform.bbox(bbox).height());
                let heights = (height(self.text.ink_box(index)), height(self.text.loose_box(index)));
                let matrix = self.text.matrix(index);
                let read = matrix.as_ref().and_then(|matrix| self.text_object(object, matrix, heights));
                let pen = matrix.and_then(|matrix| Pen::of(object, &matrix));
                let known = read.and_then(|read| {
                    let id = u32::try_from(self.found.objects.len()).ok().map(ObjectId);
                    let outset = outset(object, read.size, self.transform);
                    self.found.objects.push(read);
                    id.map(|id| Known { id, outset, pen })
                });
                self.known.insert(handle, known);
                known
            }
        };
        self.last = Some((handle, known));
        known
    }

    /// `heights` are those of the ink and of the box of its first character.
    fn text_object(&mut self, object: &PageObject<'p>, matrix: &Matrix, heights: (f64, f64)) -> Option<TextObject> {
        let font_size = object.font_size();
        let placed = self.painted.texts.get(&object.handle()).copied().unwrap_or(PlacedText::UNREACHED);
        let stated = matrix.drawn_size(font_size) * self.transform.scale();
        // The size of a font of Type 3 may say nothing: its glyphs have a space of their own.
        let (ink, height) = heights;
        let size = if ink > MOST_HEIGHT * stated { USUAL_SIZE * height } else { stated.max(LEAST_SIZE) };
        let Paint { order, painted, colour, clip, layer_off, effect } = paint_of(object, &placed);
        size.is_finite().then(|| TextObject {
            order,
            font: self.font(object),
            size,
            angle: angle(matrix, font_size, self.transform),
            painted,
            colour,
            clip,
            layer_off,
            covered: false,
            effect,
            beneath: None,
            tag: placed.tag,
        })
    }

    /// Says whether another text is to be read in the place of an object.
    fn is_replaced(&self, object: &PageObject<'p>) -> bool {
        self.painted.texts.get(&object.handle()).is_some_and(|placed| placed.is_replaced)
    }

    fn font(&mut self, object: &PageObject<'p>) -> FontId {
        let font = object.font();
        if font.is_null() {
            return FontId::UNKNOWN;
        }
        *self.fonts.entry(font).or_insert_with(|| {
            let (name, italic) = object.font_style();
            self.found.fonts.id(&name, italic)
        })
    }
}

/// Lets a box that begins at `x` end near to where the next character begins, at `end`. libpdfium's ends where the ink
/// does that overhangs, as that of an italic f, or where the slanted box does, and then the space behind it is too
/// narrow to be one. Half of what overhangs stays: typesetters move upright text behind italic text by as much, without
/// a space.
fn without_overhang(loose: PdfBox, x: f64, end: f64, pen: Pen) -> PdfBox {
    let slant = if pen.is_slanted { LARGEST_SLANT } else { 0.0 };
    let is_likely = end < loose.right() && loose.right() - end <= (LARGEST_OVERHANG + slant) * pen.em;
    if !is_likely {
        return loose;
    }
    let left = if pen.is_slanted { x } else { loose.left() };
    PdfBox::new(left, loose.bottom(), f64::midpoint(end, loose.right()), loose.top())
}

impl Pen {
    /// `None` if the text does not run to the right in the space of the file, or its font has no size.
    fn of(object: &PageObject<'_>, matrix: &Matrix) -> Option<Self> {
        let em = object.font_size() * matrix.a;
        let runs_right = matrix.a > 0.0 && matrix.b.abs() < 0.01 * matrix.a && em > 0.0;
        let is_slanted = matrix.c.abs() > 0.05 * matrix.d.abs();
        (runs_right && em.is_finite()).then(|| Self { font: object.font(), em, is_slanted })
    }
}

fn paint_of(object: &PageObject<'_>, placed: &PlacedText) -> Paint {
    let mode = RenderMode(object.render_mode());
    let colour = if mode.is_stroked_only() { object.stroke_colour() } else { object.fill_colour() };
    let colour = colour.map(|colour| seen_through(colour, object, placed.alpha));
    let is_transparent = colour.is_some_and(|colour| colour.alpha < LEAST_ALPHA);
    Paint {
        order: placed.order,
        painted: mode.is_painted(),
        colour,
        clip: placed.clip,
        layer_off: placed.layer_off,
        effect: if is_transparent { Effect::Clip } else { mode.effect(placed.masked) },
    }
}

/// Paints a copy over a text, if it paints something.
fn paint_over(text: &mut TextObject, copy: Paint) {
    let beneath = text.paint();
    if is_shown(&copy) {
        let clips = beneath.clip.zip(copy.clip).filter(|_| is_shown(&beneath));
        let clip = clips.map_or(copy.clip, |(one, other)| Some(one.union(other)));
        *text = TextObject { beneath: Some(beneath), ..text.painted_as(Paint { clip, ..copy }) };
    }
}

const fn is_shown(paint: &Paint) -> bool {
    let is_transparent = matches!(paint.colour, Some(Colour { alpha: ..LEAST_ALPHA, .. }));
    paint.painted && !paint.layer_off && !is_transparent
}

/// Makes a character that libpdfium added. It has no place of its own.
const fn added(character: char) -> Glyph {
    let nowhere = BBox::new(0.0, 0.0, 0.0, 0.0);
    Glyph { character, source: GlyphSource::Added, bbox: nowhere, ink: nowhere, origin: (0.0, 0.0), object: None }
}

/// Returns what a value of libpdfium means, `None` if it means nothing, and how many values that takes:
/// a character beyond U+FFFF may come in two halves.
pub(super) fn decode(code: u32, next: impl FnOnce() -> u32) -> (Option<char>, c_int) {
    match code {
        0 | 0xfffe | 0xffff => (None, 1),
        0xd800..=0xdbff => match next() {
            low @ 0xdc00..=0xdfff => (char::from_u32(0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00)), 2),
            _ => (None, 1),
        },
        _ => (char::from_u32(code), 1),
    }
}

/// Returns the direction of the baseline as displayed, in degrees clockwise, from 0 up to 360. A
/// negative font size turns the writing round.
fn angle(matrix: &Matrix, font_size: f64, transform: &Transform) -> f64 {
    let forwards = if font_size < 0.0 { -1.0 } else { 1.0 };
    let ((x, y), (from_x, from_y)) =
        (transform.point((matrix.a * forwards, matrix.b * forwards)), transform.point((0.0, 0.0)));
    let degrees = (y - from_y).atan2(x - from_x).to_degrees();
    // Finer is noise, and noise below 0 would be next to 360.
    ((degrees * 1000.0).round() / 1000.0).rem_euclid(360.0)
}

/// Returns how far the strokes of a text object reach beyond the outlines of its glyphs, in points.
fn outset(object: &PageObject<'_>, size: f64, transform: &Transform) -> f64 {
    let is_stroked = RenderMode(object.render_mode()).is_stroked();
    let half = if is_stroked { 0.5 * object.stroke_width() * transform.scale() } else { 0.0 };
    half.min(LARGEST_OUTSET * size)
}

const fn grown(bbox: BBox, by: f64) -> BBox {
    BBox::new(bbox.left() - by, bbox.top() - by, bbox.right() + by, bbox.bottom() + by)
}

#[cfg(test)]
mod tests {
    use quire_schemas::result::PdfBox;

    use super::*;
    use crate::parse::local::QuarterTurns;

    #[test]
    fn halves_of_a_character_are_joined_and_a_lone_half_means_nothing() {
        let none = || -> u32 { panic!("no second half is needed") };
        assert_eq!(decode(0x1d538, none), (Some('𝔸'), 1));
        assert_eq!(decode(0xd835, || 0xdd38), (Some('𝔸'), 2));
        assert_eq!(decode(0xd835, || 0x78), (None, 1));
        for meaningless in [0, 0xdd38, 0xfffe, 0xffff, 0x11_0000] {
            assert_eq!(decode(meaningless, none), (None, 1), "{meaningless:x}");
        }
    }

    #[test]
    fn the_angle_is_that_of_the_baseline_on_the_displayed_page() {
        let page = |turns, width| Transform::new(PdfBox::new(0.0, 0.0, 100.0, 200.0), QuarterTurns::new(turns), width);
        let upwards = Matrix { a: 0.0, b: 1.0, c: -1.0, d: 0.0, e: 7.0, f: 7.0 };
        assert_eq!(angle(&Matrix::IDENTITY, 12.0, &page(0, 100.0)), 0.0);
        assert_eq!(angle(&upwards, 12.0, &page(0, 100.0)), 270.0);
        assert_eq!(angle(&upwards, 12.0, &page(1, 200.0)), 0.0);
        assert_eq!(angle(&upwards, -12.0, &page(0, 100.0)), 90.0);
        // A hair below the horizontal is not a whole turn.
        let noise = Matrix { b: 1e-9, ..Matrix::IDENTITY };
        assert_eq!(angle(&noise, 12.0, &page(0, 100.0)), 0.0);
    }
}
