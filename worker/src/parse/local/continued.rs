//! Paragraphs that go on in the next column with the rest of a broken word. Pure.

use super::{
    characters,
    paragraphs::{Paragraph, SIZE_TOLERANCE, Span, is_conjunction},
};

/// Joins each paragraph that ends inside a word with the one that follows it in another column and begins with the rest.
pub(super) fn joined(paragraphs: Vec<Paragraph>) -> Vec<Paragraph> {
    let mut joined: Vec<Paragraph> = Vec::with_capacity(paragraphs.len());
    for paragraph in paragraphs {
        match joined.last_mut() {
            Some(last) if goes_on(last, &paragraph) => append(last, paragraph),
            _ => joined.push(paragraph),
        }
    }
    joined
}

fn goes_on(last: &Paragraph, next: &Paragraph) -> bool {
    let mut end = last.text.chars().rev();
    let is_broken = matches!(end.next(), Some('-' | '\u{2010}' | characters::SOFT_HYPHEN))
        && end.next().is_some_and(char::is_alphabetic);
    let word = next.text.split(' ').next().unwrap_or_default();
    let is_another_column =
        last.columns.last().zip(next.columns.first()).is_some_and(|(last, next)| {
            last.bbox.shared_width(next.bbox) <= 0.0 || next.bbox.top() < last.bbox.bottom()
        });
    let ratio = last.size / next.size.max(f64::MIN_POSITIVE);
    is_broken
        && word.starts_with(char::is_lowercase)
        && !is_conjunction(word)
        && is_another_column
        && (last.frame, last.layer, last.bold) == (next.frame, next.layer, next.bold)
        && (1.0 / SIZE_TOLERANCE..=SIZE_TOLERANCE).contains(&ratio)
}

fn append(last: &mut Paragraph, next: Paragraph) {
    let length = u32::try_from(last.text.chars().count()).unwrap_or(u32::MAX);
    let moved = |span: Span| Span {
        bbox: span.bbox,
        start: span.start.saturating_add(length),
        end: span.end.saturating_add(length),
    };
    last.line_end_hyphens.push(length.saturating_sub(1));
    last.line_end_hyphens.extend(next.line_end_hyphens.iter().map(|at| at.saturating_add(length)));
    last.text.push_str(&next.text);
    last.lines.extend(next.lines.into_iter().map(moved));
    last.words.extend(next.words.into_iter().map(moved));
    last.columns.extend(next.columns.into_iter().map(moved));
}

#[cfg(test)]
mod tests {
    use quire_schemas::element::BBox;

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
        lay_out(page.content()).paragraphs
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
