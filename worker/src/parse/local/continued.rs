//! Paragraphs that go on in the next column with the rest of a broken word, or of a line without spaces. Pure.

use quire_schemas::element::BBox;

use super::{
    Block, characters,
    kinds::Kind,
    line_ends::is_conjunction,
    paragraphs::{Paragraph, Span},
    setting::SIZE_TOLERANCE,
};

// In units of the font size.
/// The last line of a column that ends inside a word comes as near to its edge as this.
const NEAR_EDGE: f64 = 4.0;
/// And so near if it ends without a hyphen.
const AT_EDGE: f64 = 0.5;

/// Joins each paragraph that ends inside a word with the one that follows it in another column and begins with the
/// rest.
pub(super) fn joined(blocks: Vec<Block>) -> Vec<Block> {
    let mut joined: Vec<Block> = Vec::with_capacity(blocks.len());
    for block in blocks {
        match (joined.last_mut(), block) {
            (Some(Block::Paragraph(last)), Block::Paragraph(paragraph)) if goes_on(last, &paragraph) => {
                append(last, paragraph);
            }
            (_, block) => joined.push(block),
        }
    }
    joined
}

fn goes_on(last: &Paragraph, next: &Paragraph) -> bool {
    let ratio = last.size / next.size.max(f64::MIN_POSITIVE);
    (last.kind, next.kind) == (Kind::Text, Kind::Text)
        && is_in_another_column(last, next)
        && (is_inside_word(last, next) || is_inside_unspaced(last, next))
        && (last.frame, last.layer, last.bold) == (next.frame, next.layer, next.bold)
        && (1.0 / SIZE_TOLERANCE..=SIZE_TOLERANCE).contains(&ratio)
}

fn is_inside_word(last: &Paragraph, next: &Paragraph) -> bool {
    let mut end = last.text.chars().rev();
    let is_broken = is_hyphen(end.next()) && end.next().is_some_and(char::is_alphabetic);
    let word = next.text.split(' ').next().unwrap_or_default();
    // The cell of a table has fewer lines.
    let are_columns = last.lines.len() > 1 || next.lines.len() > 1;
    let is_full = ends_at_edge(last, NEAR_EDGE);
    is_broken && are_columns && is_full && word.starts_with(char::is_lowercase) && !is_conjunction(word)
}

/// Says whether the last line of a paragraph comes as near to the edge of its column as this, in units of the font
/// size.
fn ends_at_edge(paragraph: &Paragraph, distance: f64) -> bool {
    paragraph.lines.last().zip(paragraph.columns.last()).is_some_and(|(line, column)| {
        let (line, column) = (in_frame(paragraph, line.bbox), in_frame(paragraph, column.bbox));
        column.right() - line.right() <= distance * paragraph.size
    })
}

const fn is_hyphen(character: Option<char>) -> bool {
    matches!(character, Some('-' | '\u{2010}' | characters::SOFT_HYPHEN))
}

/// Says whether a line of Thai or its neighbours ends at the edge of its column without the end of a phrase, which is a
/// space.
fn is_inside_unspaced(last: &Paragraph, next: &Paragraph) -> bool {
    let is_inside = |character: Option<char>| {
        character.is_some_and(|character| characters::is_unspaced(character) && !characters::is_cjk(character))
    };
    let is_full = last.lines.len() > 1 && ends_at_edge(last, AT_EDGE);
    is_full && is_inside(last.text.chars().next_back()) && is_inside(next.text.chars().next())
}

fn is_in_another_column(last: &Paragraph, next: &Paragraph) -> bool {
    let (Some(before), Some(after)) = (last.columns.last(), next.columns.first()) else { return false };
    let (before, after) = (in_frame(last, before.bbox), in_frame(next, after.bbox));
    before.shared_width(after) <= 0.0 || after.top() < before.bottom()
}

fn in_frame(paragraph: &Paragraph, bbox: BBox) -> BBox {
    paragraph.frame.quarter().map_or(bbox, |turns| turns.inverse().bbox(bbox))
}

fn append(last: &mut Paragraph, next: Paragraph) {
    let length = last.columns.last().map_or(0, |column| column.end);
    let moved = |span: Span| Span {
        bbox: span.bbox,
        start: span.start.saturating_add(length),
        end: span.end.saturating_add(length),
    };
    if is_hyphen(last.text.chars().next_back()) {
        last.line_end_hyphens.push(length.saturating_sub(1));
    }
    last.line_end_hyphens.extend(next.line_end_hyphens.iter().map(|at| at.saturating_add(length)));
    last.text.push_str(&next.text);
    last.lines.extend(next.lines.into_iter().map(moved));
    last.words.extend(next.words.into_iter().map(moved));
    last.columns.extend(next.columns.into_iter().map(moved));
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lay_out, testing::Page},
        *,
    };

    fn columns(last: &str, next: &str) -> Vec<Paragraph> {
        let lines = [
            "these lines stand in the first column",
            "and there are several of them, as",
            "columns have, and they end with",
        ];
        let mut page = Page::new();
        for (row, line) in lines.iter().chain([&last]).enumerate() {
            page = page.write(line, 50.0, 100.0 + 12.0 * row as f64);
        }
        let others = [
            "the second column has as many lines as",
            "the first one, and so both of them are",
            "columns of running text on this page.",
        ];
        for (row, line) in [&next].into_iter().chain(others.iter()).enumerate() {
            page = page.write(line, 300.0, 100.0 + 12.0 * row as f64);
        }
        lay_out(page.content()).paragraphs().cloned().collect()
    }

    #[test]
    fn a_paragraph_that_ends_inside_a_word_goes_on_in_the_next_column() {
        let found = columns("a word that is broken, the para-", "graph goes on here and is not at its end").remove(0);
        assert!(found.text.contains("the para-graph goes on here"), "{}", found.text);
        let hyphen = found.text.chars().position(|character| character == '-').expect("it has one") as u32;
        assert_eq!(found.line_end_hyphens, [hyphen]);
        let ends: Vec<BBox> = found.columns.iter().map(|column| column.bbox).collect();
        assert!(ends.len() == 2 && ends[0].right() < ends[1].left(), "{ends:?}");
        assert_eq!(found.columns[1].start, hyphen + 1);
        assert_eq!(found.words.last().map(|word| word.end), Some(found.text.chars().count() as u32));
    }

    #[test]
    fn a_paragraph_that_ends_otherwise_does_not() {
        for (last, next) in [
            ("a word that is whole, the paragraph", "goes on here and is not at its end yet"),
            ("a code that is broken, it is AB-", "Graph goes on here and is not at its end"),
            ("a part is left out, vracht-", "en meer goes on here and is not at its end"),
        ] {
            assert_eq!(columns(last, next).len(), 2, "{last}");
        }
    }
}
