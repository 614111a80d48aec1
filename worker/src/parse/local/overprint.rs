//! Characters that are drawn several times: fake bold, shadows, outlines. Pure.
//!
//! A character counts once if a character of the same value and size lies on it: its origin is shifted by less than
//! half of its own width, and by no more than a fifth of the font size in either direction. Boxes say less: they grow
//! with the stroke and with what overhangs. Double letters are set at least their own width apart, however narrow the
//! font. Letters of one glyph, such as the two of an `ff` ligature, follow each other in one text object at one place,
//! and all of them count.

use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
    ops::RangeInclusive,
};

use super::content::{Glyph, GlyphSource, ObjectId, PageContent, TextObject};

/// Characters whose origins are this near, in units of the font size, are copies even of another size.
const SAME_PLACE: f64 = 0.02;
/// Most by which the sizes of two copies differ, as a factor.
const LARGEST_RATIO: f64 = 1.12;
/// Least cosine of the angle between the directions of two copies.
const SAME_DIRECTION: f64 = 0.99;
/// Sides of the squares in which copies are sought, and the most by which a copy is shifted, in points.
const SQUARE: f64 = 8.0;
/// What is less opaque than this, of 255, is hardly seen.
const FAINT: u8 = 12;
/// Most of a font size by which a copy is shifted.
const LARGEST_SHIFT: f64 = 0.2;
/// Most of its own width by which a copy is shifted along its line.
const LARGEST_SHARE: f64 = 0.5;
/// Characters of one value that are looked at in one place of the page; a hostile page may pile up any number.
const MAX_PILE: usize = 64;

/// Says of each glyph whether it only repeats another one. Of several copies the one stays that is painted last,
/// because a shadow or an outline lies under the letter; one that is not painted stays only if no other is there. The
/// ink of the copies that are seen becomes part of its own.
pub(super) fn repeated(content: &mut PageContent) -> Vec<bool> {
    let in_order: Vec<usize> = (0..content.glyphs.len()).collect();
    let first = originals(content, &in_order);
    if first.iter().all(Option::is_none) {
        return vec![false; first.len()];
    }
    let mut by_painting = in_order;
    by_painting.sort_by_key(|&index| {
        let object = object_of(content, &content.glyphs[index]);
        let is_unseen = object.is_none_or(|object| !is_painted(object));
        (is_unseen, Reverse(object.map_or(0, |object| object.order)), index)
    });
    let originals = originals(content, &by_painting);
    for (index, original) in originals.iter().enumerate() {
        let glyph = content.glyphs[index];
        if let Some(original) = *original
            && object_of(content, &glyph).is_some_and(is_painted)
        {
            let ink = &mut content.glyphs[original].ink;
            *ink = ink.union(glyph.ink);
        }
    }
    originals.iter().map(Option::is_some).collect()
}

fn object_of<'c>(content: &'c PageContent, glyph: &Glyph) -> Option<&'c TextObject> {
    glyph.object.and_then(|ObjectId(id)| content.objects.get(id as usize))
}

/// Says whether a text object leaves paint, as far as it says so itself.
fn is_painted(object: &TextObject) -> bool {
    object.painted && !object.layer_off && object.colour.is_none_or(|colour| colour.alpha > FAINT)
}

/// Returns for each glyph the one that it repeats, of those that come before it in `order`.
fn originals(content: &PageContent, order: &[usize]) -> Vec<Option<usize>> {
    let mut originals = vec![None; content.glyphs.len()];
    let runs = runs(&content.glyphs);
    let mut piles = Piles::with_capacity(content.glyphs.len());
    for &index in order {
        let glyph = &content.glyphs[index];
        let Some(place) = Place::of(glyph, content) else { continue };
        let covers = |other: usize, first: &Place| {
            let is_letter_of_its_glyph = content.glyphs[other].object == glyph.object && runs[other] == runs[index];
            !is_letter_of_its_glyph && place.is_copied_at(first)
        };
        originals[index] = piles.find(glyph.character, &place, covers);
        if originals[index].is_none() {
            piles.add(glyph.character, index, place);
        }
    }
    originals
}

/// Characters by their value and the square of the page that they stand in.
struct Piles {
    /// The last character of each pile, by its place in `places`, and how many there are.
    tops: HashMap<u64, (usize, usize), foldhash::fast::RandomState>,
    /// Each character with the one below it in its pile.
    places: Vec<(usize, Place, Option<usize>)>,
}

impl Piles {
    fn with_capacity(count: usize) -> Self {
        Self {
            tops: HashMap::with_capacity_and_hasher(count, foldhash::fast::RandomState::default()),
            places: Vec::with_capacity(count),
        }
    }

    /// Returns a character of the same value in reach of a place that fits.
    fn find(&self, character: char, place: &Place, fits: impl Fn(usize, &Place) -> bool) -> Option<usize> {
        let [columns, rows] = place.squares_in_reach();
        for column in columns {
            for row in rows.clone() {
                let mut next = self.tops.get(&pile(character, column, row)).map(|(top, _)| *top);
                while let Some(at) = next {
                    let (index, other, below) = &self.places[at];
                    if fits(*index, other) {
                        return Some(*index);
                    }
                    next = *below;
                }
            }
        }
        None
    }

    fn add(&mut self, character: char, index: usize, place: Place) {
        let [column, row] = place.origin_in_squares().map(square);
        let top = self.places.len();
        let below = match self.tops.entry(pile(character, column, row)) {
            Entry::Vacant(pile) => {
                pile.insert((top, 1));
                None
            }
            Entry::Occupied(pile) => {
                let (below, count) = *pile.get();
                if count == MAX_PILE {
                    return;
                }
                *pile.into_mut() = (top, count + 1);
                Some(below)
            }
        };
        self.places.push((index, place, below));
    }
}

/// A character in the directions of its writing.
#[derive(Debug, Clone, Copy)]
struct Place {
    origin: (f64, f64),
    /// The direction of its writing: cosine and sine.
    direction: (f64, f64),
    /// Most by which a copy is shifted along its writing, and across.
    most: (f64, f64),
    size: f64,
}

impl Place {
    /// `None` for a character that is never a copy.
    fn of(glyph: &Glyph, content: &PageContent) -> Option<Self> {
        if glyph.source == GlyphSource::Added || glyph.character.is_whitespace() {
            return None;
        }
        let ObjectId(object) = glyph.object?;
        let object = content.objects.get(object as usize)?;
        // The box around slanted writing says nothing about the width of a character.
        let quarter = (object.angle / 90.0).round();
        let width = match (object.angle - 90.0 * quarter).abs() < 1.0 {
            true if quarter as i64 % 2 == 0 => glyph.bbox.width(),
            true => glyph.bbox.height(),
            false => 0.5 * object.size,
        };
        let across = (LARGEST_SHIFT * object.size).min(SQUARE);
        let (sin, cos) = if object.angle == 0.0 { (0.0, 1.0) } else { object.angle.to_radians().sin_cos() };
        Some(Self {
            origin: glyph.origin,
            direction: (cos, sin),
            most: (across.min((LARGEST_SHARE * width).max(SAME_PLACE * object.size)), across),
            size: object.size,
        })
    }

    /// Its origin, in sides of squares.
    fn origin_in_squares(&self) -> [f64; 2] {
        [self.origin.0 / SQUARE, self.origin.1 / SQUARE]
    }

    /// The columns and the rows of squares in which a copy of it may stand: mostly one or two.
    fn squares_in_reach(&self) -> [RangeInclusive<i32>; 2] {
        let ((cos, sin), (along, across)) = (self.direction, self.most);
        let reach = [along * cos.abs() + across * sin.abs(), along * sin.abs() + across * cos.abs()];
        let [column, row] = self.origin_in_squares();
        [(column, reach[0]), (row, reach[1])]
            .map(|(at, reach)| square(at - reach / SQUARE)..=square(at + reach / SQUARE))
    }

    /// Says whether a character of the same value at another place is a copy of this one.
    fn is_copied_at(&self, other: &Self) -> bool {
        let (dx, dy) = (other.origin.0 - self.origin.0, other.origin.1 - self.origin.1);
        let (cos, sin) = self.direction;
        let (along, across) = ((dx * cos + dy * sin).abs(), (dy * cos - dx * sin).abs());
        let is_alike = (self.size / other.size.max(f64::MIN_POSITIVE)).ln().abs() <= LARGEST_RATIO.ln()
            && cos * other.direction.0 + sin * other.direction.1 > SAME_DIRECTION;
        // Fonts of Type 3 may state another size.
        let is_same_place = along.max(across) <= SAME_PLACE * self.size.max(other.size);
        (is_alike || is_same_place) && along <= self.most.0 && across <= self.most.1
    }
}

/// The number of the square, of a column or a row of them, in which a place lies.
const fn square(at: f64) -> i32 {
    // Rounded down: the conversion alone rounds towards 0.
    let square = at as i32;
    if (square as f64) > at { square.saturating_sub(1) } else { square }
}

/// Numbers the pile of a character in a square: 21 bits each are more than a character has, and more squares than a
/// page. Two far away from each other may share a pile.
fn pile(character: char, column: i32, row: i32) -> u64 {
    let bits = |number: i32| u64::from(number as u32 & 0x1f_ffff);
    u64::from(u32::from(character)) << 42 | bits(column) << 21 | bits(row)
}

/// Numbers the runs of characters that begin at one place: letters of one glyph. What libpdfium adds is of the run
/// before.
fn runs(glyphs: &[Glyph]) -> Vec<u32> {
    let (mut run, mut at) = (0_u32, None);
    let number = |glyph: &Glyph| {
        if glyph.source != GlyphSource::Added && at != Some(glyph.origin) {
            (run, at) = (run + 1, Some(glyph.origin));
        }
        run
    };
    glyphs.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quire_schemas::element::BBox;

    use super::{super::testing::Page, *};

    /// Returns what stays, without spaces, which nobody sees twice.
    fn kept(page: &Page) -> String {
        let mut content = page.content();
        let repeated = repeated(&mut content);
        let kept = content.glyphs.iter().zip(repeated).filter(|(_, repeated)| !repeated);
        kept.map(|(glyph, _)| glyph.character).filter(|character| *character != ' ').collect()
    }

    #[test]
    fn a_line_that_is_drawn_again_a_little_beside_itself_counts_once() {
        for (dx, dy) in [(0.0, 0.0), (0.5, 0.0), (1.0, 0.8), (-0.9, -0.9), (0.0, 1.5)] {
            let page = Page::new().write("tall letters", 50.0, 100.0).write("other", 50.0, 150.0);
            let page = page.write("tall letters", 50.0 + dx, 100.0 + dy);
            assert_eq!(kept(&page), "othertallletters", "{dx} {dy}");
        }
    }

    #[test]
    fn equal_letters_beside_each_other_stay() {
        let narrow = Page::new().advance(0.5).write("llama tall hill 111", 50.0, 100.0);
        assert_eq!(kept(&narrow), "llamatallhill111");
        let one_by_one = Page::new().write("l", 50.0, 100.0).write("l", 52.6, 100.0).write("1", 55.0, 100.0);
        assert_eq!(kept(&one_by_one.advance(0.26)), "ll1");
    }

    #[test]
    fn narrow_letters_beside_each_other_stay_in_writing_of_any_direction() {
        for degrees in [0, 30, 45, 90, 135, 180, 225, 300] {
            let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
            // Two letters of a quarter of their size, each with the upright box around it.
            let page = Page::new().advance(0.25).write("ll", 50.0, 100.0).with(|text| text.angle = f64::from(degrees));
            let page = page.and(|page| {
                for (place, glyph) in page.glyphs.iter_mut().enumerate() {
                    let turned = |x: f64, y: f64| (50.0 + x * cos - y * sin, 100.0 + x * sin + y * cos);
                    let left = 2.5 * place as f64;
                    let corners = [(left, -8.0), (left + 2.5, -8.0), (left, 2.0), (left + 2.5, 2.0)];
                    let corners = corners.map(|(x, y)| turned(x, y)).map(|corner| BBox::spanning(corner, corner));
                    glyph.bbox = corners.into_iter().reduce(BBox::union).expect("four corners");
                    glyph.origin = turned(left, 0.0);
                }
            });
            assert_eq!(kept(&page), "ll", "{degrees}");
        }
    }

    #[test]
    fn letters_of_one_glyph_stay_and_their_copy_goes() {
        let ligature = || Page::new().ligature("ff", 50.0, 100.0);
        assert_eq!(kept(&ligature()), "ff");
        assert_eq!(kept(&ligature().ligature("ff", 50.4, 100.0)), "ff");
    }

    #[test]
    fn the_same_word_below_or_beside_stays() {
        let page = Page::new().write("ab", 50.0, 100.0).write("ab", 50.0, 104.0).write("ab", 54.0, 100.0);
        assert_eq!(kept(&page), "ababab");
    }

    #[test]
    fn the_copy_that_is_painted_last_stays_with_the_ink_of_all_that_are_seen() {
        let kept = |painted: [bool; 2]| {
            let page = Page::new().write("a", 50.0, 100.0).with(|text| text.painted = painted[0]);
            let page = page.write("a", 51.0, 101.0).with(|text| text.painted = painted[1]);
            let mut content = page.content();
            let repeated = repeated(&mut content);
            let stays = repeated.iter().position(|repeated| !repeated).expect("one stays");
            (stays, content.glyphs[stays].ink.sides())
        };
        assert_eq!(kept([true, true]), (1, [50.1, 93.0, 55.9, 101.0]));
        assert_eq!(kept([true, false]), (0, [50.1, 93.0, 54.9, 100.0]));
        assert_eq!(kept([false, true]), (1, [51.1, 94.0, 55.9, 101.0]));
    }

    proptest! {
        #[test]
        fn one_copy_of_each_character_stays(text in "[a-z]{1,12}", copies in 1_usize..5, shift in 0.0_f64..0.9) {
            let mut page = Page::new();
            for copy in 0..copies {
                page = page.write(&text, 50.0 + shift * copy as f64 / copies as f64, 100.0);
            }
            prop_assert_eq!(kept(&page), text);
        }
    }
}
