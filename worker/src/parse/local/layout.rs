//! Lays out a page: each direction of writing by itself, turned upright and back.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Paragraph, blocks,
    fonts::FontTable,
    glyphs::Glyph,
    lines::{self, Line},
    quarter_turns::QuarterTurns,
    reading_order,
};

/// Lays out the characters of a page. The direction that most of the page has comes first.
pub(super) fn paragraphs(glyphs: &[Glyph], fonts: &FontTable) -> Vec<Paragraph> {
    let mut by_direction: BTreeMap<QuarterTurns, Vec<Line>> = BTreeMap::new();
    for line in lines::lines(glyphs, fonts) {
        by_direction.entry(line.direction).or_default().push(line);
    }
    let mut directions: Vec<_> = by_direction.into_iter().collect();
    directions.sort_by_key(|(_, lines)| Reverse(lines.iter().map(|line| line.text.len()).sum::<usize>()));
    directions
        .into_iter()
        .flat_map(|(direction, lines)| {
            let paragraphs = blocks::paragraphs(reading_order::sort(lines), fonts);
            paragraphs.into_iter().map(move |paragraph| turn_back(paragraph, direction))
        })
        .collect()
}

fn turn_back(mut paragraph: Paragraph, direction: QuarterTurns) -> Paragraph {
    paragraph.bbox = direction.bbox(paragraph.bbox);
    paragraph.direction = direction;
    for line in &mut paragraph.lines {
        line.bbox = direction.bbox(line.bbox);
    }
    paragraph
}

#[cfg(test)]
mod tests {
    use quire_schemas::element::BBox;

    use super::{super::fonts::FontId, *};

    /// Writes a line of 10-point text; every character is 5 points wide.
    fn write(text: &str, x: f64, y: f64) -> Vec<Glyph> {
        let glyph = |(index, character): (usize, char)| {
            let left = x + 5.0 * index as f64;
            Glyph {
                character,
                bbox: BBox::new(left, y - 8.0, left + 5.0, y + 2.0),
                origin: (left, y),
                size: 10.0,
                direction: QuarterTurns::NONE,
                font: FontId::UNKNOWN,
                generated: false,
            }
        };
        text.chars().enumerate().map(glyph).chain([Glyph::generated('\n')]).collect()
    }

    fn texts(glyphs: &[Glyph]) -> Vec<String> {
        paragraphs(glyphs, &FontTable::default()).into_iter().map(|paragraph| paragraph.text).collect()
    }

    #[test]
    fn lines_of_a_paragraph_are_joined_and_a_gap_parts_paragraphs() {
        let page = [write("one two", 50.0, 100.0), write("three", 50.0, 112.0), write("next paragraph", 50.0, 140.0)];
        assert_eq!(texts(&page.concat()), ["one two three", "next paragraph"]);
    }

    #[test]
    fn a_word_broken_over_two_lines_is_whole_again_and_its_spans_still_fit() {
        let page = [write("a para\u{2}", 50.0, 100.0), write("graph", 50.0, 112.0)].concat();
        let found = paragraphs(&page, &FontTable::default());
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
                let direction = QuarterTurns::new(1);
                let bbox = direction.bbox(glyph.bbox);
                let bbox = BBox::new(bbox.left() + 500.0, bbox.top(), bbox.right() + 500.0, bbox.bottom());
                let (x, y) = direction.point(glyph.origin);
                Glyph { bbox, origin: (x + 500.0, y), direction, ..glyph }
            })
            .collect();
        let found = paragraphs(&turned, &FontTable::default());
        assert_eq!(found[0].text, "first line second");
        assert_eq!(found[0].direction, QuarterTurns::new(1));
        assert_eq!(found[0].bbox, BBox::new(386.0, 50.0, 408.0, 100.0));
    }

    #[test]
    fn overprinted_characters_count_once() {
        let mut page = write("bold", 50.0, 100.0);
        let doubled: Vec<Glyph> = page.iter().flat_map(|glyph| [*glyph, *glyph]).collect();
        page.clear();
        assert_eq!(texts(&doubled), ["bold"]);
    }
}
