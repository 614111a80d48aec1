//! From characters to lines to paragraphs.

use std::collections::BTreeMap;

use quire_schemas::element::BBox;

use super::{
    FontId, Glyph, LineSpan, Paragraph,
    glyphs::Font,
    reading_order::{self, Placed},
};

/// A soft hyphen at a line end, as pdfium reports it.
const BROKEN_WORD: char = '\u{2}';
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
/// Baselines further apart are different paragraphs.
const LARGEST_PITCH: f64 = 1.75;
/// A line indented this far begins a paragraph.
const INDENT: f64 = 0.8;
/// The pitch within a paragraph varies by this factor.
const PITCH_TOLERANCE: f64 = 1.25;
/// So does the size of its font.
const SIZE_TOLERANCE: f64 = 1.18;

/// A run of characters on one baseline, upright in its own frame.
#[derive(Debug, Clone)]
pub(super) struct Line {
    text: String,
    bbox: BBox,
    baseline: f64,
    size: f64,
    font: FontId,
    bold: bool,
    italic: bool,
    quarter_turns: u8,
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

/// Lays out the characters of a page. Each direction of writing is laid out by itself, turned
/// upright, and turned back; the direction that most of the page has comes first.
pub(super) fn paragraphs(glyphs: &[Glyph], fonts: &[Font]) -> Vec<Paragraph> {
    let mut by_direction: BTreeMap<u8, Vec<Line>> = BTreeMap::new();
    for line in lines(glyphs, fonts) {
        by_direction.entry(line.quarter_turns).or_default().push(line);
    }
    let mut directions: Vec<_> = by_direction.into_iter().collect();
    directions.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.iter().map(|line| line.text.len()).sum::<usize>()));
    directions
        .into_iter()
        .flat_map(|(quarter_turns, lines)| {
            let ordered = reading_order::sort(lines);
            gather(ordered, fonts).into_iter().map(move |paragraph| turn_back(paragraph, quarter_turns))
        })
        .collect()
}

fn lines(glyphs: &[Glyph], fonts: &[Font]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut run = Run::default();
    for glyph in glyphs {
        if glyph.generated {
            // Also a line end: whether a line ended is told by where the next character stands.
            // pdfium ends a line after every word of text that runs up or down the page.
            run.space();
        } else if is_broken_word(glyph.character) {
            run.break_word();
        } else if glyph.character.is_whitespace() {
            run.space();
        } else if !glyph.character.is_control() {
            let glyph = upright(glyph);
            if !run.continues_with(&glyph) {
                lines.extend(run.end(fonts));
            }
            run.push(&glyph);
        }
    }
    lines.extend(run.end(fonts));
    lines
}

const fn is_broken_word(character: char) -> bool {
    matches!(character, BROKEN_WORD | SOFT_HYPHEN)
}

/// Turns a glyph so that its writing runs to the right.
fn upright(glyph: &Glyph) -> Glyph {
    let turns = (4 - glyph.quarter_turns % 4) % 4;
    let origin = turn(glyph.origin, turns);
    Glyph { bbox: turn_box(glyph.bbox, turns), origin, ..*glyph }
}

/// Turns a point clockwise around the page's corner; y grows downwards.
fn turn((x, y): (f64, f64), quarter_turns: u8) -> (f64, f64) {
    match quarter_turns % 4 {
        0 => (x, y),
        1 => (-y, x),
        2 => (-x, -y),
        _ => (y, -x),
    }
}

fn turn_box(bbox: BBox, quarter_turns: u8) -> BBox {
    let (ax, ay) = turn((bbox[0], bbox[1]), quarter_turns);
    let (bx, by) = turn((bbox[2], bbox[3]), quarter_turns);
    [ax.min(bx), ay.min(by), ax.max(bx), ay.max(by)]
}

fn turn_back(mut paragraph: Paragraph, quarter_turns: u8) -> Paragraph {
    paragraph.bbox = turn_box(paragraph.bbox, quarter_turns);
    paragraph.quarter_turns = quarter_turns;
    for line in &mut paragraph.lines {
        line.bbox = turn_box(line.bbox, quarter_turns);
    }
    paragraph
}

/// A line in the making.
#[derive(Default)]
struct Run {
    text: String,
    glyphs: Vec<Glyph>,
    space_pending: bool,
}

impl Run {
    fn continues_with(&self, next: &Glyph) -> bool {
        let Some(last) = self.glyphs.last() else { return true };
        let size = last.size.max(next.size).max(1.0);
        let gap = next.bbox[0] - last.bbox[2];
        last.quarter_turns == next.quarter_turns
            && (next.origin.1 - last.origin.1).abs() <= LINE_SHIFT * size
            && gap >= -STEP_BACK * size
            && gap <= COLUMN_GAP * size
    }

    fn push(&mut self, glyph: &Glyph) {
        if let Some(last) = self.glyphs.last() {
            if is_overprint(last, glyph) {
                return;
            }
            let gap = glyph.bbox[0] - last.bbox[2];
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
    /// is taken off again when the line is joined.
    fn break_word(&mut self) {
        if !self.glyphs.is_empty() {
            self.text.push(BROKEN_WORD);
        }
    }

    fn end(&mut self, fonts: &[Font]) -> Option<Line> {
        let run = std::mem::take(self);
        let first = run.glyphs.first()?;
        let bbox = run.glyphs.iter().map(|glyph| glyph.bbox).reduce(union)?;
        let (font, size) = most_common(&run.glyphs);
        let style = fonts.get(font.index());
        let ends_broken = run.text.ends_with(BROKEN_WORD);
        let mut text: String = run.text.chars().filter(|character| *character != BROKEN_WORD).collect();
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
            quarter_turns: first.quarter_turns,
        })
    }
}

/// The same character drawn twice, a hair apart, is how some writers make bold.
fn is_overprint(last: &Glyph, next: &Glyph) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 0.12 * next.size.max(1.0);
    last.character == next.character && near(last.origin.0, next.origin.0) && near(last.origin.1, next.origin.1)
}

fn most_common(glyphs: &[Glyph]) -> (FontId, f64) {
    let mut counts: BTreeMap<(FontId, i64), (usize, f64)> = BTreeMap::new();
    for glyph in glyphs {
        let entry = counts.entry((glyph.font, (glyph.size * 10.0) as i64)).or_insert((0, glyph.size));
        entry.0 += 1;
    }
    let best = counts.into_iter().max_by_key(|(_, (count, _))| *count);
    best.map_or((FontId::default(), 0.0), |((font, _), (_, size))| (font, size))
}

fn union(a: BBox, b: BBox) -> BBox {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

fn gather(lines: Vec<Line>, fonts: &[Font]) -> Vec<Paragraph> {
    let mut paragraphs = Vec::new();
    let mut open: Vec<Line> = Vec::new();
    for line in lines {
        if !open.is_empty() && !belongs(&open, &line) {
            paragraphs.push(join(&std::mem::take(&mut open), fonts));
        }
        open.push(line);
    }
    if !open.is_empty() {
        paragraphs.push(join(&open, fonts));
    }
    paragraphs
}

fn belongs(open: &[Line], next: &Line) -> bool {
    let Some(last) = open.last() else { return true };
    let size = last.size.max(next.size).max(1.0);
    let pitch = next.baseline - last.baseline;
    let established = open.len().checked_sub(2).map(|before| last.baseline - open[before].baseline);
    let overlap = last.bbox[2].min(next.bbox[2]) - last.bbox[0].max(next.bbox[0]);
    let same_size = (last.size / next.size.max(0.1)).max(next.size / last.size.max(0.1)) <= SIZE_TOLERANCE;
    same_size
        && last.bold == next.bold
        && pitch > 0.5 * size
        && pitch <= LARGEST_PITCH * size
        && established.is_none_or(|usual| pitch <= usual * PITCH_TOLERANCE)
        && overlap > 0.0
        && !starts_with_bullet(&next.text)
        && !is_indented(last, next, size)
}

fn starts_with_bullet(text: &str) -> bool {
    text.starts_with(['•', '‣', '◦', '▪', '●', '○', '■', '–'])
}

/// A first line set in. Centred lines begin further right too, but share their middle.
fn is_indented(last: &Line, next: &Line, size: f64) -> bool {
    let middle = |line: &Line| f64::midpoint(line.bbox[0], line.bbox[2]);
    next.bbox[0] - last.bbox[0] > INDENT * size
        && (middle(next) - middle(last)).abs() > 0.5 * size
        && !starts_with_bullet(&last.text)
}

fn join(lines: &[Line], fonts: &[Font]) -> Paragraph {
    let mut text = String::new();
    let mut length = 0;
    let mut spans = Vec::with_capacity(lines.len());
    for line in lines {
        if text.ends_with(BROKEN_WORD) {
            text.pop();
        } else if !text.is_empty() {
            text.push(' ');
            length += 1;
        }
        text.push_str(&line.text);
        let visible = line.text.strip_suffix(BROKEN_WORD).unwrap_or(&line.text);
        let end = length + u32::try_from(visible.chars().count()).unwrap_or(u32::MAX);
        spans.push(LineSpan { bbox: line.bbox, start: length, end });
        length = end;
    }
    if text.ends_with(BROKEN_WORD) {
        text.pop();
        text.push('-');
    }
    let longest = lines.iter().max_by_key(|line| line.text.len()).expect("a paragraph has a line");
    let font = fonts.get(longest.font.index()).map(|font| font.name.clone()).filter(|name| !name.is_empty());
    Paragraph {
        text,
        bbox: lines.iter().map(|line| line.bbox).reduce(union).expect("a paragraph has a line"),
        quarter_turns: 0,
        font,
        size: longest.size,
        bold: longest.bold,
        italic: longest.italic,
        lines: spans,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a line of 10-point text; every character is 5 points wide.
    fn write(text: &str, x: f64, y: f64) -> Vec<Glyph> {
        let glyph = |(index, character): (usize, char)| {
            let left = x + 5.0 * index as f64;
            Glyph {
                character,
                bbox: [left, y - 8.0, left + 5.0, y + 2.0],
                origin: (left, y),
                size: 10.0,
                quarter_turns: 0,
                font: FontId::default(),
                generated: false,
            }
        };
        text.chars().enumerate().map(glyph).chain([Glyph::generated('\n')]).collect()
    }

    fn texts(glyphs: &[Glyph]) -> Vec<String> {
        paragraphs(glyphs, &[]).into_iter().map(|paragraph| paragraph.text).collect()
    }

    #[test]
    fn lines_of_a_paragraph_are_joined_and_a_gap_parts_paragraphs() {
        let page = [write("one two", 50.0, 100.0), write("three", 50.0, 112.0), write("next paragraph", 50.0, 140.0)];
        assert_eq!(texts(&page.concat()), ["one two three", "next paragraph"]);
    }

    #[test]
    fn a_word_broken_over_two_lines_is_whole_again_and_its_spans_still_fit() {
        let page = [write("a para\u{2}", 50.0, 100.0), write("graph", 50.0, 112.0)].concat();
        let found = paragraphs(&page, &[]);
        assert_eq!(found[0].text, "a paragraph");
        let spans: Vec<_> = found[0].lines.iter().map(|line| (line.start, line.end)).collect();
        assert_eq!(spans, [(0, 6), (6, 11)]);
    }

    #[test]
    fn content_order_does_not_decide_reading_order() {
        let page = [write("below", 50.0, 200.0), write("above", 50.0, 100.0)].concat();
        assert_eq!(texts(&page), ["above", "below"]);
    }

    #[test]
    fn writing_that_runs_downwards_reads_in_its_own_direction() {
        // Turned clockwise by a quarter: x' = -y, y' = x, moved back onto the page.
        let turned: Vec<Glyph> = [write("first line", 50.0, 100.0), write("second", 50.0, 112.0)]
            .concat()
            .into_iter()
            .map(|glyph| {
                if glyph.generated {
                    return glyph;
                }
                let shift = |bbox: BBox| [bbox[0] + 500.0, bbox[1], bbox[2] + 500.0, bbox[3]];
                let (x, y) = turn(glyph.origin, 1);
                Glyph { bbox: shift(turn_box(glyph.bbox, 1)), origin: (x + 500.0, y), quarter_turns: 1, ..glyph }
            })
            .collect();
        let found = paragraphs(&turned, &[]);
        assert_eq!(found[0].text, "first line second");
        assert_eq!((found[0].quarter_turns, found[0].bbox), (1, [386.0, 50.0, 408.0, 100.0]));
    }

    #[test]
    fn overprinted_characters_count_once() {
        let mut page = write("bold", 50.0, 100.0);
        let doubled: Vec<Glyph> = page.iter().flat_map(|glyph| [*glyph, *glyph]).collect();
        page.clear();
        assert_eq!(texts(&doubled), ["bold"]);
    }
}
