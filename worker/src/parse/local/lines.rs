//! From characters to lines: runs of characters on one baseline.

use std::collections::BTreeMap;

use quire_schemas::element::BBox;

use super::{
    fonts::{FontId, FontTable},
    glyphs::Glyph,
    quarter_turns::QuarterTurns,
    reading_order::Placed,
};

/// Marks a word that goes on in the next line: a soft hyphen at a line end, as pdfium reports it.
pub(super) const BROKEN_WORD: char = '\u{2}';
const SOFT_HYPHEN: char = '\u{ad}';

// All in units of the font size.
/// A baseline that moves more is another line; superscripts move less.
const LINE_SHIFT: f64 = 0.6;
/// A gap wider than this is not a space: another column or cell.
const COLUMN_GAP: f64 = 1.5;
/// A gap wider than this is a space, even if none is written.
const WORD_GAP: f64 = 0.28;
/// A line that begins this far left of where the last one ended is another line.
const STEP_BACK: f64 = 1.0;
/// Two equal characters closer than this are one, drawn twice.
const OVERPRINT_SHIFT: f64 = 0.12;

/// A run of characters on one baseline, turned so that it runs to the right.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Ends with [`BROKEN_WORD`] if its last word goes on in the next line.
    pub(super) text: String,
    pub(super) bbox: BBox,
    pub(super) baseline: f64,
    /// Font size of most of it, in points.
    pub(super) size: f64,
    pub(super) font: FontId,
    pub(super) bold: bool,
    pub(super) italic: bool,
    /// Direction of writing as displayed, before it was turned.
    pub(super) direction: QuarterTurns,
}

impl Placed for Line {
    fn bbox(&self) -> BBox {
        self.bbox
    }

    fn baseline(&self) -> f64 {
        self.baseline
    }

    fn size(&self) -> f64 {
        self.size
    }
}

/// Gathers characters into lines, in the order in which the page's content has them.
pub(super) fn lines(glyphs: &[Glyph], fonts: &FontTable) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut open = OpenLine::default();
    for glyph in glyphs {
        if glyph.generated {
            // Also a line end: whether a line ended is told by where the next character stands.
            // pdfium ends a line after every word of text that runs up or down the page.
            open.space();
        } else if is_broken_word(glyph.character) {
            open.break_word();
        } else if glyph.character.is_whitespace() {
            open.space();
        } else if !glyph.character.is_control() {
            let glyph = glyph.upright();
            if !open.continues_with(&glyph) {
                lines.extend(open.end(fonts));
            }
            open.push(&glyph);
        }
    }
    lines.extend(open.end(fonts));
    lines
}

const fn is_broken_word(character: char) -> bool {
    matches!(character, BROKEN_WORD | SOFT_HYPHEN)
}

/// A line in the making.
#[derive(Default)]
struct OpenLine {
    text: String,
    glyphs: Vec<Glyph>,
    space_pending: bool,
}

impl OpenLine {
    fn continues_with(&self, next: &Glyph) -> bool {
        let Some(last) = self.glyphs.last() else { return true };
        let size = last.size.max(next.size).max(1.0);
        let gap = next.bbox.left() - last.bbox.right();
        last.direction == next.direction
            && (next.origin.1 - last.origin.1).abs() <= LINE_SHIFT * size
            && gap >= -STEP_BACK * size
            && gap <= COLUMN_GAP * size
    }

    fn push(&mut self, glyph: &Glyph) {
        if let Some(last) = self.glyphs.last() {
            if is_overprint(last, glyph) {
                return;
            }
            let gap = glyph.bbox.left() - last.bbox.right();
            if self.space_pending || gap > WORD_GAP * glyph.size.max(1.0) {
                self.text.push(' ');
            }
        }
        self.space_pending = false;
        self.text.push(glyph.character);
        self.glyphs.push(*glyph);
    }

    fn space(&mut self) {
        self.space_pending = true;
    }

    /// Keeps the mark of a word that goes on in the next line; inside a line it has no meaning and
    /// is taken off again when the line ends.
    fn break_word(&mut self) {
        if !self.glyphs.is_empty() {
            self.text.push(BROKEN_WORD);
        }
    }

    fn end(&mut self, fonts: &FontTable) -> Option<Line> {
        let ended = std::mem::take(self);
        let first = ended.glyphs.first()?;
        let bbox = ended.glyphs.iter().map(|glyph| glyph.bbox).reduce(BBox::union)?;
        let (font, size) = most_common(&ended.glyphs);
        let style = fonts.get(font);
        let ends_broken = ended.text.ends_with(BROKEN_WORD);
        let mut text: String = ended.text.chars().filter(|character| *character != BROKEN_WORD).collect();
        if ends_broken {
            text.push(BROKEN_WORD);
        }
        Some(Line {
            text,
            bbox,
            baseline: first.origin.1,
            size,
            font,
            bold: style.is_some_and(|style| style.bold),
            italic: style.is_some_and(|style| style.italic),
            direction: first.direction,
        })
    }
}

/// Some writers make bold by drawing a character twice with a small shift.
fn is_overprint(last: &Glyph, next: &Glyph) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < OVERPRINT_SHIFT * next.size.max(1.0);
    last.character == next.character && near(last.origin.0, next.origin.0) && near(last.origin.1, next.origin.1)
}

fn most_common(glyphs: &[Glyph]) -> (FontId, f64) {
    let mut counts: BTreeMap<(FontId, i64), (usize, f64)> = BTreeMap::new();
    for glyph in glyphs {
        let entry = counts.entry((glyph.font, (glyph.size * 10.0) as i64)).or_insert((0, glyph.size));
        entry.0 += 1;
    }
    let best = counts.into_iter().max_by_key(|(_, (count, _))| *count);
    best.map_or((FontId::UNKNOWN, 0.0), |((font, _), (_, size))| (font, size))
}
