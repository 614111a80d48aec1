//! From lines in reading order to paragraphs.

use quire_schemas::element::BBox;

use super::{
    LineSpan, Paragraph,
    fonts::FontTable,
    lines::{BROKEN_WORD, Line},
    quarter_turns::QuarterTurns,
};

// All in units of the font size, but for the two tolerances, which are factors.
/// Baselines further apart are different paragraphs.
const LARGEST_PITCH: f64 = 1.75;
/// Baselines closer than this are one row of a table, not two lines of a paragraph.
const SMALLEST_PITCH: f64 = 0.5;
/// A line indented this far begins a paragraph.
const INDENT: f64 = 0.8;
/// Lines whose middles are closer than this are centred.
const CENTRED: f64 = 0.5;
/// The pitch within a paragraph varies by this factor.
const PITCH_TOLERANCE: f64 = 1.25;
/// The font size within a paragraph varies by this factor.
const SIZE_TOLERANCE: f64 = 1.18;

/// Gathers lines in reading order into paragraphs; they stay turned as the lines are.
pub(super) fn paragraphs(lines: Vec<Line>, fonts: &FontTable) -> Vec<Paragraph> {
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
    let same_size = (last.size / next.size.max(0.1)).max(next.size / last.size.max(0.1)) <= SIZE_TOLERANCE;
    same_size
        && last.bold == next.bold
        && pitch > SMALLEST_PITCH * size
        && pitch <= LARGEST_PITCH * size
        && established.is_none_or(|usual| pitch <= usual * PITCH_TOLERANCE)
        && last.bbox.shared_width(next.bbox) > 0.0
        && !starts_with_bullet(&next.text)
        && !is_indented(last, next, size)
}

fn starts_with_bullet(text: &str) -> bool {
    text.starts_with(['•', '‣', '◦', '▪', '●', '○', '■', '–'])
}

/// A first line set in. Centred lines begin further right too, but share their middle.
fn is_indented(last: &Line, next: &Line, size: f64) -> bool {
    next.bbox.left() - last.bbox.left() > INDENT * size
        && (next.bbox.middle_x() - last.bbox.middle_x()).abs() > CENTRED * size
        && !starts_with_bullet(&last.text)
}

fn join(lines: &[Line], fonts: &FontTable) -> Paragraph {
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
    let font = fonts.get(longest.font).map(|font| font.name.clone()).filter(|name| !name.is_empty());
    Paragraph {
        text,
        bbox: lines.iter().map(|line| line.bbox).reduce(BBox::union).expect("a paragraph has a line"),
        direction: QuarterTurns::NONE,
        font,
        size: longest.size,
        bold: longest.bold,
        italic: longest.italic,
        lines: spans,
    }
}
