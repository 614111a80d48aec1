//! Rows as a table sees them: pieces of text with wide gaps between them. Pure.

use std::ops::Range;

use super::{
    super::{
        captions,
        channels::median,
        characters, markers,
        rows::{Item, Row, text},
        spacing::gaps,
    },
    thresholds::{
        EVEN_GAPS, GAPS_OF_ONE_WIDTH, ONE_WIDTH, PIECE_GAP, PIECE_RATIO, USUAL_SPACE, WIDEST_GAP, WIDEST_OF_ONE_WIDTH,
        WIDEST_STRETCHED, WORD_GAP, WORDS_OF_STRETCHED,
    },
};

/// A row and its pieces.
#[derive(Debug)]
pub(super) struct TextRow<'r, 'a> {
    pub(super) items: &'r [Item<'a>],
    /// Which items belong together, from left to right.
    pub(super) pieces: Vec<Range<usize>>,
    pub(super) baseline: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) size: f64,
    /// The usual gap between its words, in points.
    pub(super) space: f64,
    /// Whether it holds a ruled area or a picture, or begins with a drop cap.
    pub(super) has_block: bool,
    /// Whether it is a line of justified text.
    pub(super) is_stretched: bool,
    pub(super) is_caption: bool,
}

impl<'r, 'a> TextRow<'r, 'a> {
    pub(super) fn of(row: &'r Row<'a>) -> Self {
        let gaps = gaps(row.items.iter().map(|item| (item.bbox, item.size)));
        let usual = usual_space(&row.items, &gaps);
        let least = PIECE_GAP.max(PIECE_RATIO * usual);
        let mut pieces: Vec<Range<usize>> = Vec::new();
        for index in 0..row.items.len() {
            match pieces.last_mut().filter(|_| index > 0 && gaps[index - 1] < least) {
                Some(piece) => piece.end = index + 1,
                None => pieces.push(index..index + 1),
            }
        }
        let size = row.items.iter().map(|item| item.size).fold(0.0, f64::max).max(1.0);
        Self {
            items: &row.items,
            pieces,
            baseline: row.baseline,
            top: row.top(),
            bottom: row.bottom(),
            size,
            space: usual * size,
            is_stretched: false,
            is_caption: is_caption(&row.items),
            has_block: !row.drop_cap.is_empty() || row.items.iter().any(Item::is_block),
        }
    }

    /// Parts it at each of its wide gaps, if another row, above or below, has a gap at each of them: words that are set
    /// apart by one gap are labels there, and no stretched line.
    pub(super) fn part_as(&mut self, other: &TextRow<'_, '_>) {
        let gaps = gaps(self.items.iter().map(|item| (item.bbox, item.size)));
        let wide = |index: &usize| gaps[*index] >= PIECE_GAP;
        let breaks: Vec<usize> = (0..gaps.len()).filter(wide).collect();
        let gap = |items: &[Item<'_>], end: usize| (items[end - 1].bbox.right(), items[end].bbox.left());
        let others = || other.pieces[1..].iter().map(|piece| gap(other.items, piece.start));
        let is_shared = |index: &usize| {
            let own = gap(self.items, index + 1);
            others().any(|gap| gap.1.min(own.1) - gap.0.max(own.0) >= PIECE_GAP * self.size)
        };
        if self.pieces.len() > 1 || breaks.len() < GAPS_OF_ONE_WIDTH || !breaks.iter().all(is_shared) {
            return;
        }
        let ends = breaks.iter().map(|index| index + 1).chain([self.items.len()]);
        self.pieces = ends.scan(0, |start, end| Some(std::mem::replace(start, end)..end)).collect();
    }

    /// Says whether it has several pieces and is no caption.
    pub(super) fn is_parted(&self) -> bool {
        self.pieces.len() > 1 && !self.has_block && !self.is_stretched && !self.is_caption
    }

    pub(super) fn left(&self) -> f64 {
        extent(self.items).0
    }

    pub(super) fn right(&self) -> f64 {
        extent(self.items).1
    }

    /// Lists its words, each as items without a space between them.
    pub(super) fn words(&self) -> impl Iterator<Item = &'r [Item<'a>]> {
        words(self.items)
    }
}

fn is_caption(items: &[Item<'_>]) -> bool {
    let texts: Vec<String> = words(items).take(2).map(text).collect();
    captions::captioned(texts.iter().map(String::as_str)).is_some()
}

/// Returns the usual gap between the words of a row, in units of the font size. In a row that is stretched to the width
/// of its column, as the last lines before a break are, every gap is wide, and all are alike.
fn usual_space(items: &[Item<'_>], gaps: &[f64]) -> f64 {
    let all: Vec<f64> = gaps.iter().copied().filter(|gap| *gap > WORD_GAP).collect();
    // Between two figures stands no space of a sentence.
    let starts: Vec<&[Item<'_>]> = words(items).collect();
    let figures = starts.iter().filter(|word| is_figure(word)).count();
    if 3 * figures >= 2 * starts.len() {
        let beside_words =
            starts.windows(2).filter(|pair| !is_figure(pair[0]) && !is_figure(pair[1])).filter_map(|pair| {
                let (before, after) = (pair[0].last()?, pair[1].first()?);
                Some((after.bbox.left() - before.bbox.right()) / before.size.max(after.size))
            });
        return median(beside_words.filter(|gap| *gap < PIECE_GAP).collect()).unwrap_or(USUAL_SPACE);
    }
    // Words that are set apart by one and the same gap are stretched, however wide it is.
    let (least, most) = (all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(0.0, f64::max));
    if all.len() >= GAPS_OF_ONE_WIDTH && most <= ONE_WIDTH * least && most <= WIDEST_OF_ONE_WIDTH {
        return most;
    }
    let is_text = all.len() >= WORDS_OF_STRETCHED && 3 * figures <= all.len();
    if let Some(usual) = median(all.clone()).filter(|usual| is_text && *usual <= WIDEST_STRETCHED) {
        let even = all.iter().filter(|gap| **gap <= EVEN_GAPS * usual).count();
        if 10 * even >= 9 * all.len() && most <= WIDEST_GAP * usual {
            return usual;
        }
    }
    median(all.into_iter().filter(|gap| *gap < PIECE_GAP).collect()).unwrap_or(USUAL_SPACE)
}

/// Parts items, which are ordered from left to right, into words.
pub(super) fn words<'r, 'a>(items: &'r [Item<'a>]) -> impl Iterator<Item = &'r [Item<'a>]> {
    items.chunk_by(|a, b| b.bbox.left() - a.bbox.right() <= WORD_GAP * a.size.max(b.size))
}

/// Returns where items begin and end.
pub(super) fn extent(items: &[Item<'_>]) -> (f64, f64) {
    let left = items.iter().map(|item| item.bbox.left()).fold(f64::INFINITY, f64::min);
    (left, items.iter().map(|item| item.bbox.right()).fold(f64::NEG_INFINITY, f64::max))
}

/// Returns the width of their first word.
pub(super) fn first_word_width(items: &[Item<'_>]) -> f64 {
    words(items).next().map_or(0.0, |word| extent(word).1 - extent(word).0)
}

/// Says whether most items are bold.
pub(super) fn are_bold<'i, 'a: 'i>(items: impl Iterator<Item = &'i Item<'a>> + Clone) -> bool {
    2 * items.clone().filter(|item| item.bold).count() > items.count()
}

/// Raised and lowered digits are parts of units and marks of notes.
fn is_digit(character: char) -> bool {
    character.is_numeric() && !matches!(character, '²' | '³' | '¹' | '\u{2070}'..='\u{209f}')
}

/// What stands where a figure is missing.
const MISSING: &str = "-–—−.·…:*/?†‡✓✔×●○•%";

/// Says whether items are a year of our time and nothing else: heads have years, and so have rows.
pub(super) fn is_year(items: &[Item<'_>]) -> bool {
    text(items).parse::<u32>().is_ok_and(|year| (1800..2100).contains(&year))
}

/// Says whether items are a sign for a unit and nothing else.
pub(super) fn is_unit(items: &[Item<'_>]) -> bool {
    items
        .iter()
        .flat_map(|item| item.text.chars())
        .all(|character| matches!(character, '%' | '‰' | '(' | ')' | '#' | '№'))
}

/// Says whether items are a figure of a table: a number with its sign, unit and marks, or what stands for a missing
/// one.
pub(super) fn is_figure(items: &[Item<'_>]) -> bool {
    let characters = || items.iter().flat_map(|item| item.text.chars());
    let (mut digits, mut letters, mut others) = (0, 0, 0);
    for character in characters() {
        match character {
            _ if is_digit(character) => digits += 1,
            _ if character.is_alphabetic() => letters += 1,
            _ => others += 1,
        }
    }
    let is_missing = digits == 0
        && letters == 0
        && (1..=3).contains(&others)
        && characters().all(|character| MISSING.contains(character));
    let is_short = letters <= 3 && digits == 0 && is_not_available(&text(items));
    digits > 0 && (letters <= 2 || digits >= 2 * letters) || is_missing || is_short
}

fn is_not_available(text: &str) -> bool {
    matches!(text.trim_matches('.').to_lowercase().as_str(), "n.a" | "n/a" | "na" | "nd" | "n.d" | "x" | "nil")
}

/// Says whether a list's marker is all that items hold.
pub(super) fn is_marker(items: &[Item<'_>]) -> bool {
    let text = text(items);
    let inner = text.trim_matches(['(', ')', '.', ':', '[', ']']);
    let is_bullet = markers::is_bullet(&text);
    let is_counter = inner.len() < text.len() && inner.chars().count() <= 4;
    is_bullet || is_counter && inner.chars().all(|character| character.is_alphanumeric() || character == '.')
}

/// Returns how many words items have.
pub(super) fn count_words(items: &[Item<'_>]) -> usize {
    words(items)
        .map(|word| {
            1 + word.iter().flat_map(|item| item.text.chars()).filter(|c| characters::is_unspaced(*c)).count() / 3
        })
        .sum()
}
