//! What holds of every page, whatever stands on it: property tests of the whole layout.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quire_schemas::element::BBox;

use super::{
    Block, PageText,
    content::{ObjectId, PageContent},
    lay_out,
    quarter_turns::QuarterTurns,
    testing::Page,
};

/// A text object: what it says, its column and row, how far it is moved, and its size.
type Text = (String, u8, u8, (u8, u8), u8);

fn text() -> impl Strategy<Value = Text> {
    let words = prop_oneof![
        4 => "[a-z]{1,8}( [a-z]{1,8}){0,4}",
        1 => "[0-9]{1,4}(\\.[0-9]{2})?",
        1 => "[א-ת]{2,6}",
        1 => "[一-龥]{1,6}",
        1 => "[A-Z][a-z]{2,6}-",
    ];
    (words, 0_u8..4, 0_u8..20, (0_u8..8, 0_u8..6), 6_u8..24)
}

/// Writes each text into a cell of its own, so that no two overlap.
fn page(texts: &[Text]) -> Page {
    let mut taken = BTreeMap::new();
    let mut page = Page::new();
    for (text, column, row, (dx, dy), size) in texts {
        if taken.insert((*column, *row), ()).is_some() {
            continue;
        }
        // Odd numbers: at a threshold, a page that is turned would be rounded to its other side.
        let size = (0.037 + f64::from(*size)).min(140.0 / (0.5 * text.chars().count() as f64));
        let (x, y) = (8.0 + 148.0 * f64::from(*column), 40.0 + 38.0 * f64::from(*row));
        page = page.size(size).write(text, x + f64::from(*dx) * 0.2, y + 0.8317 * f64::from(*dy));
    }
    page
}

fn letters(texts: impl Iterator<Item = char>) -> BTreeMap<char, usize> {
    let mut counts = BTreeMap::new();
    for character in texts.filter(|character| !character.is_whitespace()) {
        *counts.entry(character).or_default() += 1;
    }
    counts
}

fn texts(page: &PageText) -> Vec<&str> {
    page.blocks.iter().flat_map(texts_of).collect()
}

fn texts_of(block: &Block) -> Vec<&str> {
    match block {
        Block::Paragraph(paragraph) => vec![paragraph.text.as_str()],
        Block::Table(table) => table.table.cells.iter().map(|cell| cell.content.text.as_str()).collect(),
    }
}

/// Puts the text objects of a page into another order; what each of them shows stays as it is.
fn reordered(content: &PageContent, order: &[usize]) -> PageContent {
    let mut moved = PageContent { glyphs: Vec::new(), objects: Vec::new(), ..content.clone() };
    for (new, &old) in order.iter().enumerate() {
        moved.objects.push(content.objects[old].clone());
        let glyphs = content.glyphs.iter().filter(|glyph| glyph.object == Some(ObjectId(old as u32)));
        moved.glyphs.extend(glyphs.map(|glyph| super::Glyph { object: Some(ObjectId(new as u32)), ..*glyph }));
    }
    moved
}

/// Turns a page of 600 by 800 points by a quarter, clockwise.
fn turned(content: &PageContent) -> PageContent {
    let mut turned = content.clone();
    (turned.width, turned.height) = (content.height, content.width);
    for object in &mut turned.objects {
        object.angle = 90.0;
    }
    for glyph in &mut turned.glyphs {
        glyph.bbox = turned_box(glyph.bbox, content.height);
        glyph.ink = turned_box(glyph.ink, content.height);
        glyph.origin = (content.height - glyph.origin.1, glyph.origin.0);
    }
    turned
}

fn turned_box(bbox: BBox, height: f64) -> BBox {
    let turned = QuarterTurns::new(1).bbox(bbox);
    BBox::new(turned.left() + height, turned.top(), turned.right() + height, turned.bottom())
}

fn is_near(a: BBox, b: BBox) -> bool {
    a.sides().iter().zip(b.sides()).all(|(a, b)| (a - b).abs() < 1e-6)
}

proptest! {
    #[test]
    fn no_character_is_lost_or_doubled(texts in prop::collection::vec(text(), 0..40)) {
        let content = page(&texts).content();
        let drawn = letters(content.glyphs.iter().map(|glyph| glyph.character));
        let found = lay_out(content);
        prop_assert_eq!(letters(self::texts(&found).concat().chars()), drawn);
    }

    #[test]
    fn spans_fit_their_text_and_words_stand_in_their_lines(texts in prop::collection::vec(text(), 0..40)) {
        for paragraph in lay_out(page(&texts).content()).paragraphs() {
            let length = paragraph.text.chars().count() as u32;
            for spans in [&paragraph.lines, &paragraph.words] {
                prop_assert!(spans.iter().all(|span| span.start < span.end && span.end <= length));
                prop_assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
            for word in &paragraph.words {
                prop_assert!(paragraph.lines.iter().any(|line| line.start <= word.start && word.end <= line.end));
                let text: String =
                    paragraph.text.chars().skip(word.start as usize).take((word.end - word.start) as usize).collect();
                prop_assert!(!text.contains(char::is_whitespace), "{text}");
            }
            for &hyphen in &paragraph.line_end_hyphens {
                prop_assert_eq!(paragraph.text.chars().nth(hyphen as usize), Some('-'));
            }
        }
    }

    #[test]
    fn the_order_in_which_text_objects_are_drawn_does_not_matter(
        (texts, order) in prop::collection::vec(text(), 1..30).prop_flat_map(|texts| {
            let count = page(&texts).content().objects.len();
            (Just(texts), Just((0..count).collect::<Vec<usize>>()).prop_shuffle())
        })
    ) {
        let content = page(&texts).content();
        let (drawn, other) = (lay_out(content.clone()), lay_out(reordered(&content, &order)));
        prop_assert_eq!(self::texts(&drawn), self::texts(&other));
    }

    #[test]
    fn a_page_that_is_turned_has_the_same_text_and_turned_boxes(texts in prop::collection::vec(text(), 0..30)) {
        let texts: Vec<Text> = texts.into_iter().filter(|text| text.0.is_ascii()).collect();
        let content = page(&texts).content();
        let (upright, turned) = (lay_out(content.clone()), lay_out(turned(&content)));
        prop_assert_eq!(self::texts(&upright), self::texts(&turned));
        for (a, b) in upright.paragraphs().zip(turned.paragraphs()) {
            let (upright, turned) = (a.columns[0].bbox, b.columns[0].bbox);
            prop_assert!(is_near(turned_box(upright, content.height), turned), "{upright:?} {turned:?}");
            for (a, b) in a.words.iter().zip(&b.words) {
                prop_assert!(is_near(turned_box(a.bbox, content.height), b.bbox));
            }
        }
    }
}
