//! Characters that are drawn several times: fake bold, shadows, outlines. Pure.
//!
//! A character counts once if a character of the same value lies on it: the second one is shifted against the
//! first by less than half of its own width, and by no more than a fifth of the font size in either direction.
//! Double letters are set at least their own width apart, however narrow the font. Letters of one glyph, such as the
//! two of an `ff` ligature, follow each other in one text object at one place, and all of them count.

use std::collections::HashMap;

use super::{
    content::{Glyph, GlyphSource, ObjectId, PageContent},
    frames::Frame,
};

/// Most of a font size by which a copy is shifted.
const LARGEST_SHIFT: f64 = 0.2;
/// Most of its own width by which a copy is shifted along its line.
const LARGEST_SHARE: f64 = 0.5;
/// Characters of one value that are looked at in one place of the page; a hostile page may pile up any number.
const MAX_PILE: usize = 64;

/// Says of each glyph whether it only repeats another one. Of several copies the first in the order of the file stays, and
/// the ink of those that are seen becomes part of its own.
pub(super) fn repeated(content: &mut PageContent) -> Vec<bool> {
    let mut repeated = vec![false; content.glyphs.len()];
    let mut places: HashMap<(char, i32, i32), Vec<usize>> = HashMap::new();
    for index in 0..content.glyphs.len() {
        let glyph = content.glyphs[index];
        let Some(size) = countable(&glyph, content) else { continue };
        let (column, row) = place(&glyph);
        let original = (-1..=1).find_map(|dx| {
            (-1..=1).find_map(|dy| {
                let near = places.get(&(glyph.character, column.saturating_add(dx), row.saturating_add(dy)));
                near.and_then(|near| near.iter().copied().find(|&other| covers(content, other, index, size)))
            })
        });
        if let Some(original) = original {
            repeated[index] = true;
            if is_painted(&glyph, content) {
                let ink = &mut content.glyphs[original].ink;
                *ink = ink.union(glyph.ink);
            }
        } else {
            let pile = places.entry((glyph.character, column, row)).or_default();
            if pile.len() < MAX_PILE {
                pile.push(index);
            }
        }
    }
    repeated
}

fn is_painted(glyph: &Glyph, content: &PageContent) -> bool {
    let object = glyph.object.and_then(|ObjectId(object)| content.objects.get(object as usize));
    object.is_some_and(|object| object.painted && !object.layer_off)
}

fn countable(glyph: &Glyph, content: &PageContent) -> Option<f64> {
    if glyph.source == GlyphSource::Added || glyph.character.is_whitespace() {
        return None;
    }
    let ObjectId(object) = glyph.object?;
    content.objects.get(object as usize).map(|object| object.size.max(1.0))
}

/// Sides of the squares in which copies are sought, and the most by which a copy is shifted, in points.
const SQUARE: f64 = 8.0;

fn place(glyph: &Glyph) -> (i32, i32) {
    ((glyph.bbox.left() / SQUARE).floor() as i32, (glyph.bbox.top() / SQUARE).floor() as i32)
}

fn covers(content: &PageContent, first: usize, second: usize, size: f64) -> bool {
    let (a, b) = (&content.glyphs[first], &content.glyphs[second]);
    if a.object == b.object && are_of_one_glyph(content, first, second) {
        return false;
    }
    // Seen in the direction of its writing: a letter that is turned by 45° has a box around it that is wider than two.
    let angle = b.object.and_then(|ObjectId(id)| content.objects.get(id as usize)).map_or(0.0, |object| object.angle);
    let frame = Frame::of_angle(angle);
    let (a, b) = (frame.character_box(a.bbox, a.origin, size), frame.character_box(b.bbox, b.origin, size));
    let (along, across) = ((a.left() - b.left()).abs(), (a.top() - b.top()).abs());
    let most = (LARGEST_SHIFT * size).min(SQUARE);
    across <= most && along <= most.min((LARGEST_SHARE * b.width()).max(0.02 * size))
}

/// Says whether two characters of a text object, and all between them, begin at one place.
fn are_of_one_glyph(content: &PageContent, first: usize, second: usize) -> bool {
    let at = content.glyphs[first].origin;
    content.glyphs[first..=second].iter().all(|glyph| glyph.source == GlyphSource::Added || glyph.origin == at)
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
            assert_eq!(kept(&page), "talllettersother", "{dx} {dy}");
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
    fn the_ink_of_a_copy_that_is_seen_is_part_of_the_ink_of_what_stays() {
        let ink = |painted| {
            let page = Page::new().write("a", 50.0, 100.0).write("a", 51.0, 101.0);
            let mut content = page.with(|text| text.painted = painted).content();
            assert_eq!(repeated(&mut content), [false, true]);
            content.glyphs[0].ink.sides()
        };
        assert_eq!(ink(true), [50.1, 93.0, 55.9, 101.0]);
        assert_eq!(ink(false), [50.1, 93.0, 54.9, 100.0]);
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
