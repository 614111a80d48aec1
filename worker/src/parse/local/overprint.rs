//! Characters that are drawn several times: fake bold, shadows, outlines. Pure.
//!
//! A character counts once if a character of the same value lies on it: the second one is shifted against the
//! first by less than half of its own width, and by no more than a fifth of the font size in either direction.
//! Double letters are set at least their own width apart, however narrow the font. Letters of one glyph, such as the
//! two of an `ff` ligature, follow each other in one text object at one place, and all of them count.

use std::collections::HashMap;

use super::content::{Glyph, GlyphSource, ObjectId, PageContent};

/// Most of a font size by which a copy is shifted.
const LARGEST_SHIFT: f64 = 0.2;
/// Most of its own width by which a copy is shifted along its line.
const LARGEST_SHARE: f64 = 0.5;
/// Characters of one value that are looked at in one place of the page; a hostile page may pile up any number.
const MAX_PILE: usize = 64;

/// Says of each glyph whether it only repeats another one. Of several copies the first in the order of the file stays.
pub(super) fn repeated(content: &PageContent) -> Vec<bool> {
    let mut repeated = vec![false; content.glyphs.len()];
    let mut places: HashMap<(char, i32, i32), Vec<usize>> = HashMap::new();
    for (index, glyph) in content.glyphs.iter().enumerate() {
        let Some(size) = countable(glyph, content) else { continue };
        let (column, row) = place(glyph);
        let is_copy = (-1..=1).any(|dx| {
            (-1..=1).any(|dy| {
                let near = places.get(&(glyph.character, column.saturating_add(dx), row.saturating_add(dy)));
                near.is_some_and(|near| near.iter().any(|&other| covers(content, other, index, size)))
            })
        });
        if is_copy {
            repeated[index] = true;
        } else {
            let pile = places.entry((glyph.character, column, row)).or_default();
            if pile.len() < MAX_PILE {
                pile.push(index);
            }
        }
    }
    repeated
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
    let (dx, dy) = ((a.bbox.left() - b.bbox.left()).abs(), (a.bbox.top() - b.bbox.top()).abs());
    if a.object == b.object && are_of_one_glyph(content, first, second) {
        return false;
    }
    let runs_down = |glyph: &Glyph| glyph.object.is_some_and(|id| is_upright_turn(content, id));
    let (along, across, advance) = if runs_down(b) { (dy, dx, b.bbox.height()) } else { (dx, dy, b.bbox.width()) };
    let most = (LARGEST_SHIFT * size).min(SQUARE);
    across <= most && along <= most.min((LARGEST_SHARE * advance).max(0.02 * size))
}

/// Says whether the writing of a text object runs up or down the page.
fn is_upright_turn(content: &PageContent, ObjectId(id): ObjectId) -> bool {
    content.objects.get(id as usize).is_some_and(|object| (object.angle / 90.0).round() as i64 % 2 != 0)
}

/// Says whether two characters of a text object, and all between them, begin at one place.
fn are_of_one_glyph(content: &PageContent, first: usize, second: usize) -> bool {
    let at = content.glyphs[first].origin;
    content.glyphs[first..=second].iter().all(|glyph| glyph.source == GlyphSource::Added || glyph.origin == at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::testing::Page, *};

    /// Returns what stays, without spaces, which nobody sees twice.
    fn kept(page: &Page) -> String {
        let content = page.content();
        let repeated = repeated(&content);
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
