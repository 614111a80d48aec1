//! Characters whose values cannot be theirs: codes of composite fonts, which are numbers of glyphs, and white space
//! that has ink. Pure.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::element::BBox;

use super::{
    characters,
    content::{Glyph, GlyphSource, TextObject},
    fonts::{FontId, FontTable},
};

/// The codes of simple fonts have one byte.
const LAST_OF_ONE_BYTE: u32 = 0xff;
/// So many heights of a font's white space are those of different glyphs: the space of a font looks always alike.
const HEIGHTS: usize = 3;
/// Heights that differ by less, in units of the font size, are one.
const ALIKE: f64 = 0.05;
/// No text: what it stands for has neither ink nor room.
const NOTHING: char = '\u{feff}';
/// What is less high than this, in units of the font size, draws nothing.
const NOISE: f64 = 0.02;

/// A letter is at least as high as this, in units of the font size.
const LEAST_LETTER: f64 = 0.3;

/// A white-space character, and the box that libpdfium has around its ink. They are listed in the order of the glyphs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Blank {
    /// Its place among the glyphs.
    pub(crate) glyph: usize,
    pub(crate) ink: BBox,
}

/// Believes the codes that stand in the place of values where the file says that a font's codes are Unicode values:
/// libpdfium reads no map that says so of all codes at once.
pub(crate) fn believe_codes(glyphs: &mut [Glyph], objects: &[TextObject], of_unicode: &BTreeSet<FontId>) {
    if of_unicode.is_empty() {
        return;
    }
    for glyph in glyphs.iter_mut().filter(|glyph| glyph.source == GlyphSource::Unmapped) {
        let is_stated = object_of(glyph, objects).is_some_and(|object| of_unicode.contains(&object.font));
        if is_stated && glyph.character != characters::UNREADABLE && !glyph.character.is_control() {
            glyph.source = GlyphSource::File;
        }
    }
}

/// Takes the codes away that stand in the place of values where a `composite` font has no map: such a code is the
/// number of a glyph, so that `A` may be any letter and `1` any digit. What draws nothing there is a space. A font with
/// a code of more than one byte is composite, whatever is known of it.
pub(crate) fn forget_codes(
    glyphs: &mut [Glyph],
    objects: &[TextObject],
    blanks: &[Blank],
    mut composite: BTreeSet<FontId>,
) {
    let codes = glyphs.iter().filter(|glyph| is_code(glyph) && u32::from(glyph.character) > LAST_OF_ONE_BYTE);
    composite.extend(codes.filter_map(|glyph| Some(object_of(glyph, objects)?.font)));
    if composite.is_empty() {
        return;
    }
    let mut blanks = blanks.iter().peekable();
    for (index, glyph) in glyphs.iter_mut().enumerate() {
        let blank = blanks.next_if(|blank| blank.glyph == index);
        let object = object_of(glyph, objects).filter(|object| composite.contains(&object.font));
        let Some(object) = object.filter(|_| glyph.source == GlyphSource::Unmapped) else { continue };
        glyph.ink = blank.map_or(glyph.ink, |blank| blank.ink);
        if is_nothing(glyph, object) {
            let has_room = glyph.bbox.width() > 0.0 && glyph.bbox.height() > 0.0;
            glyph.character = if has_room { ' ' } else { NOTHING };
            glyph.ink = BBox::spanning(glyph.origin, glyph.origin);
        } else {
            glyph.character = characters::UNREADABLE;
        }
    }
}

/// Takes the values of white space away where it is a map that is wrong: white space of a code that has none, if it has
/// ink, that of a font whose white space has ink of several heights, which are letters, and that of a page with nothing
/// else: libpdfium hands out only the first of several in a row. Fonts without a name (Type 3)
/// are not told apart, and are left as they are.
pub(crate) fn distrust_blanks(glyphs: &mut [Glyph], objects: &[TextObject], fonts: &FontTable, blanks: &[Blank]) {
    let mut heights: BTreeMap<FontId, Vec<f64>> = BTreeMap::new();
    let has_name = |font: FontId| fonts.get(font).is_some_and(|font| !font.name.is_empty());
    let inked = blanks.iter().filter_map(|blank| Some((blank, inked(blank, glyphs, objects)?)));
    let inked: Vec<(&Blank, Inked)> = inked.filter(|(_, inked)| has_name(inked.font)).collect();
    for (_, Inked { font, height }) in &inked {
        let known = heights.entry(*font).or_default();
        if known.len() < HEIGHTS && known.iter().all(|other| (other - height).abs() > ALIKE) {
            known.push(*height);
        }
    }
    let is_empty = glyphs.iter().all(|glyph| glyph.character.is_whitespace());
    for (blank, Inked { font, height }) in inked {
        let has_letters =
            heights.get(&font).is_some_and(|heights| heights.len() == HEIGHTS) || is_empty && height >= LEAST_LETTER;
        if let Some(glyph) = glyphs.get_mut(blank.glyph)
            && (has_letters || glyph.source == GlyphSource::Unmapped)
        {
            (glyph.character, glyph.source) = (characters::UNREADABLE, GlyphSource::Unmapped);
            glyph.ink = blank.ink;
        }
    }
}

/// White space that has ink.
struct Inked {
    font: FontId,
    /// Of its ink, in units of the font size.
    height: f64,
}

/// Looks for the ink of white space. `None` if it has none, or is slanted, where an empty box looks like any other.
fn inked(blank: &Blank, glyphs: &[Glyph], objects: &[TextObject]) -> Option<Inked> {
    let glyph = glyphs.get(blank.glyph).filter(|glyph| glyph.character.is_whitespace())?;
    let object = object_of(glyph, objects)?;
    let height = sides(blank.ink, object)?.1 / object.size.max(1.0);
    (height.is_finite() && height > NOISE).then_some(Inked { font: object.font, height })
}

/// Says whether a value is only a code: libpdfium has no other one.
fn is_code(glyph: &Glyph) -> bool {
    glyph.source == GlyphSource::Unmapped && glyph.character != characters::UNREADABLE
}

fn object_of<'o>(glyph: &Glyph, objects: &'o [TextObject]) -> Option<&'o TextObject> {
    objects.get(glyph.object?.0 as usize)
}

/// Says whether a glyph draws nothing: its box is as wide as its room, and has no height. In a slanted text it has one,
/// and nothing is known.
fn is_nothing(glyph: &Glyph, object: &TextObject) -> bool {
    sides(glyph.ink, object).is_some_and(|(_, across)| across <= NOISE * object.size.max(1.0))
}

/// Returns how wide a box is along the writing of its text object, and how high. `None` if that is slanted.
fn sides(bbox: BBox, object: &TextObject) -> Option<(f64, f64)> {
    let off = |turn: f64| (object.angle - turn).abs() < 1.0;
    match () {
        () if off(0.0) || off(180.0) || off(360.0) => Some((bbox.width(), bbox.height())),
        () if off(90.0) || off(270.0) => Some((bbox.height(), bbox.width())),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{content::PageContent, testing::Page},
        *,
    };

    /// A page of one font with these texts below each other, none of whose characters has a value.
    fn unmapped(texts: &[&str]) -> PageContent {
        let mut page = Page::new();
        for (row, text) in texts.iter().enumerate() {
            page = page.write(text, 50.0, 100.0 + 20.0 * row as f64);
        }
        let mut content = page.content();
        let font = content.fonts.id("Font", false);
        content.objects.iter_mut().for_each(|object| object.font = font);
        content.glyphs.iter_mut().for_each(|glyph| glyph.source = GlyphSource::Unmapped);
        content
    }

    /// Gives white space ink of these heights.
    fn blanks(content: &PageContent, heights: &[f64]) -> Vec<Blank> {
        let white = content.glyphs.iter().enumerate().filter(|(_, glyph)| glyph.character.is_whitespace());
        let blank = |((index, glyph), height): ((usize, &Glyph), &f64)| {
            let ((x, y), width) = (glyph.origin, glyph.bbox.width());
            Blank { glyph: index, ink: BBox::new(x, y - height, x + width, y) }
        };
        white.zip(heights.iter().cycle()).map(blank).collect()
    }

    fn text(content: &PageContent) -> String {
        content.glyphs.iter().map(|glyph| glyph.character).collect()
    }

    fn forgotten(mut content: PageContent, heights: &[f64], composite: bool) -> String {
        let blanks = blanks(&content, heights);
        let fonts = content.objects.iter().filter(|_| composite).map(|object| object.font).collect();
        forget_codes(&mut content.glyphs, &content.objects, &blanks, fonts);
        text(&content)
    }

    #[test]
    fn a_code_of_a_composite_font_is_no_character() {
        assert_eq!(forgotten(unmapped(&["a 1"]), &[7.0], true), "\u{fffd}\u{fffd}\u{fffd}");
        assert_eq!(forgotten(unmapped(&["a 1"]), &[7.0], false), "a 1");
        // A code of two bytes tells that the font is composite.
        assert_eq!(forgotten(unmapped(&["a1", "ā"]), &[7.0], false), "\u{fffd}\u{fffd}\u{fffd}");
        let mapped = Page::new().write("a1", 50.0, 100.0).content();
        assert_eq!(forgotten(mapped, &[7.0], true), "a1");
    }

    #[test]
    fn codes_that_the_file_calls_values_are_believed() {
        let mut content = unmapped(&["a1", "ā"]);
        let fonts = content.objects.iter().map(|object| object.font).collect();
        believe_codes(&mut content.glyphs, &content.objects, &BTreeSet::new());
        assert!(content.glyphs.iter().all(|glyph| glyph.source == GlyphSource::Unmapped));
        believe_codes(&mut content.glyphs, &content.objects, &fonts);
        assert!(content.glyphs.iter().all(|glyph| glyph.source == GlyphSource::File));
        assert_eq!(forgotten(content, &[7.0], true), "a1ā");
    }

    #[test]
    fn a_code_that_draws_nothing_is_a_space() {
        assert_eq!(forgotten(unmapped(&["a 1"]), &[0.0], true), "\u{fffd} \u{fffd}");
        let mut content = unmapped(&["a1"]);
        let glyph = &mut content.glyphs[0];
        (glyph.ink, glyph.bbox) =
            (BBox::spanning(glyph.origin, glyph.origin), BBox::spanning(glyph.origin, glyph.origin));
        assert_eq!(forgotten(content, &[], true), "\u{feff}\u{fffd}");
    }

    fn distrusted(texts: &[&str], heights: &[f64], name: &str) -> String {
        let mut content = unmapped(texts);
        let font = content.fonts.id(name, false);
        content.objects.iter_mut().for_each(|object| object.font = font);
        content.glyphs.iter_mut().for_each(|glyph| glyph.source = GlyphSource::File);
        let blanks = blanks(&content, heights);
        distrust_blanks(&mut content.glyphs, &content.objects, &content.fonts, &blanks);
        text(&content)
    }

    #[test]
    fn white_space_with_ink_of_several_heights_is_letters() {
        let letters = distrusted(&["   a", "    "], &[4.6, 7.0, 2.0, 0.0], "Font");
        assert_eq!(letters, "\u{fffd}\u{fffd}\u{fffd}a \u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_space_that_is_drawn_is_a_space() {
        for heights in [&[7.0][..], &[7.0, 10.0], &[0.0], &[0.0, 7.0, 7.3, 3.0]] {
            assert_eq!(distrusted(&["   a", "    "], heights, "Font"), "   a    ");
        }
        assert_eq!(distrusted(&["     "], &[4.6, 7.0, 2.0], ""), "     ");
    }

    #[test]
    fn a_code_that_looks_like_white_space_and_has_ink_is_none() {
        let mut content = unmapped(&["a b c"]);
        let blanks = blanks(&content, &[7.0, 0.0]);
        distrust_blanks(&mut content.glyphs, &content.objects, &content.fonts, &blanks);
        assert_eq!(text(&content), "a\u{fffd}b c");
    }
}
