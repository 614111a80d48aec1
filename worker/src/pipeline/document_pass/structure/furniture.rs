//! Running heads, feet and page numbers: what repeats near the edge of pages, counts with them, or looks like nothing
//! else. Pure.

use super::{
    PageFacts,
    fact::{Fact, Kind},
    repeated::{Edge, height, is_near, repeated},
    tags::Tags,
    thresholds::{
        BAND_OF_NUMBER, CHARACTERS_OF_LONE, CHARACTERS_OF_PAGE_NUMBER, LEAST_ELEMENTS, LONE_BAND, LONE_ROWS,
        MOST_IN_A_ROW, REPEATED_BAND, SMALL_BOLD, SPACE_OF_LONE,
    },
};
use crate::parse::roman;

/// Words that stand beside page numbers, in small letters.
const WORDS_OF_NUMBERS: [&str; 26] = [
    "page",
    "p",
    "pg",
    "of",
    "seite",
    "s",
    "von",
    "página",
    "pág",
    "de",
    "pagina",
    "pag",
    "di",
    "strona",
    "str",
    "z",
    "sur",
    "sida",
    "av",
    "side",
    "af",
    "oldal",
    "страница",
    "стр",
    "из",
    "van",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Furniture {
    Head,
    Foot,
    Number,
}

/// Says of each element of each page whether it is furniture. `body` is the size of the body text.
pub(super) fn furniture(pages: &[PageFacts], body: f64, tags: &Tags) -> Vec<Vec<Option<Furniture>>> {
    let repeated = repeated(pages, body);
    let of_page = |(page, repeated): (&PageFacts, &Vec<bool>)| {
        let mut found: Vec<Option<Furniture>> = vec![None; page.facts.len()];
        let artifacts: Vec<bool> = page.facts.iter().map(|fact| tags.is_artifact(fact, body)).collect();
        for edge in [Edge::Top, Edge::Bottom] {
            label(page, edge, (repeated.as_slice(), artifacts.as_slice()), body, &mut found);
        }
        if is_all(page, &found) {
            found.fill(None);
        }
        found
    };
    pages.iter().zip(&repeated).map(of_page).collect()
}

/// Labels what stands at one edge of a page, from the edge inwards, until something is no furniture. Rows that are told
/// by their look alone are few; more are the labels of a figure. `signs` say which of its elements repeat, and which
/// are artifacts.
fn label(page: &PageFacts, edge: Edge, signs: (&[bool], &[bool]), body: f64, found: &mut [Option<Furniture>]) {
    let (repeated, artifacts) = signs;
    let mut order: Vec<usize> = (0..page.facts.len()).filter(|index| page.facts[*index].kind != Kind::Other).collect();
    order.sort_by(|a, b| height(page, &page.facts[*a], edge).total_cmp(&height(page, &page.facts[*b], edge)));
    let rows: Vec<&[usize]> = order.chunk_by(|a, b| page.facts[*a].shares_row(&page.facts[*b])).collect();
    let mut lone: Vec<usize> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let space = rows.get(number + 1).map_or(f64::INFINITY, |next| space(page, row, next, edge));
        let is_lone = |index: &usize| is_lone(page, &page.facts[*index], edge, space, body);
        // A short line may stand beside what repeats, as the name of a chapter beside a page number; a paragraph may
        // not.
        let may_be = |index: &usize| {
            let fact = &page.facts[*index];
            is_near(page, fact, edge, REPEATED_BAND) && fact.lines <= 2 && fact.text.characters <= CHARACTERS_OF_LONE
        };
        // What repeats at the other edge is the last row from here on a page without text.
        let is_at_edge = |index: &usize| is_near(page, &page.facts[*index], edge, REPEATED_BAND);
        let repeats = |index: &usize| repeated[*index] && is_at_edge(index);
        let is_one = row.iter().any(repeats) && row.iter().all(|index| repeats(index) || may_be(index));
        let is_told = is_one || row.iter().all(|index| artifacts[*index] && is_at_edge(index));
        if row.len() > MOST_IN_A_ROW || !(is_told || row.iter().all(is_lone)) {
            break;
        }
        if !is_told {
            lone.push(number);
        }
        for index in *row {
            let fact = &page.facts[*index];
            found[*index] = Some(match edge {
                _ if is_page_number(&fact.text.head) && fact.text.characters <= CHARACTERS_OF_PAGE_NUMBER => {
                    Furniture::Number
                }
                Edge::Top => Furniture::Head,
                Edge::Bottom => Furniture::Foot,
            });
        }
    }
    if lone.len() > LONE_ROWS {
        lone.into_iter().flat_map(|row| rows[row]).for_each(|index| found[*index] = None);
    }
}

/// Says whether a page is nothing but several lines of furniture, so that they are none: they repeat because its
/// neighbours are versions of it.
fn is_all(page: &PageFacts, found: &[Option<Furniture>]) -> bool {
    let is_text = |index: &usize| {
        let fact = &page.facts[*index];
        fact.kind != Kind::Other && !is_page_number(&fact.text.head)
    };
    let texts: Vec<usize> = (0..found.len()).filter(is_text).collect();
    let has_picture = page.facts.iter().any(|fact| fact.is_picture);
    texts.len() > 1 && !has_picture && texts.iter().all(|index| found[*index].is_some())
}

/// Returns the white space between two rows.
fn space(page: &PageFacts, row: &[usize], next: &[usize], edge: Edge) -> f64 {
    let of = |indexes: &[usize], side: fn(&Fact) -> f64, pick: fn(f64, f64) -> f64| {
        indexes.iter().map(|index| side(&page.facts[*index])).reduce(pick).unwrap_or_default()
    };
    match edge {
        Edge::Top => of(next, |fact| fact.bbox.top(), f64::min) - of(row, |fact| fact.bbox.bottom(), f64::max),
        Edge::Bottom => of(row, |fact| fact.bbox.top(), f64::min) - of(next, |fact| fact.bbox.bottom(), f64::max),
    }
}

/// Says whether an element at the edge looks like furniture though it does not repeat: a page number, or a small line
/// far from the text.
fn is_lone(page: &PageFacts, fact: &Fact, edge: Edge, space: f64, body: f64) -> bool {
    let is_number = is_page_number(&fact.text.head) && fact.text.characters <= CHARACTERS_OF_PAGE_NUMBER;
    let is_small = fact.size <= 0.98 * body && !fact.bold || fact.size <= SMALL_BOLD * body || names_source(fact);
    let is_note = edge == Edge::Bottom && !is_number && (fact.mark.is_some() || fact.begins_as_note());
    let is_line = fact.lines <= 2 && fact.text.characters <= CHARACTERS_OF_LONE;
    let band = if is_number && edge == Edge::Bottom { BAND_OF_NUMBER } else { LONE_BAND };
    let is_told = if is_number {
        page.facts.len() > 1 && space >= body
    } else {
        page.facts.len() > LEAST_ELEMENTS && is_small && !is_note && space >= SPACE_OF_LONE * body
    };
    is_line && is_told && is_near(page, fact, edge, band)
}

/// Says whether a line tells where a page comes from, or whose it is.
fn names_source(fact: &Fact) -> bool {
    const PARTS: [&str; 9] =
        ["http://", "https://", "www.", "doi:", "doi.org", "©", "copyright ", "all rights reserved", "downloaded from"];
    let text = fact.text.head.to_lowercase();
    PARTS.iter().any(|part| text.contains(part))
}

/// Says whether a text is a page number: a number, arabic or roman, alone or with the words that stand beside it.
pub(super) fn is_page_number(text: &str) -> bool {
    let parts: Vec<&str> =
        text.split(|character: char| !character.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let is_number = |part: &str| part.chars().count() <= 4 && part.chars().all(|character| character.is_ascii_digit());
    let is_roman = |part: &str| roman(&part.to_lowercase()).is_some();
    let numbers = parts.iter().filter(|part| is_number(part) || is_roman(part)).count();
    let is_known =
        |part: &&str| is_number(part) || is_roman(part) || WORDS_OF_NUMBERS.contains(&part.to_lowercase().as_str());
    match parts.as_slice() {
        [only] => is_number(only) || is_roman(only) && only.len() > 1,
        [] => false,
        _ => (1..=2).contains(&numbers) && parts.len() <= 5 && parts.iter().all(is_known),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{BODY, Given, given, kinds, page},
        *,
    };

    #[test]
    fn page_numbers_are_told_from_other_short_texts() {
        for text in ["3", "– 12 –", "Page 3 of 9", "Seite 4", "xiv", "3 / 9", "Strona 1 z 3", "Page iv"] {
            assert!(is_page_number(text), "{text}");
        }
        for text in ["2,024.5 kg", "Chapter 3", "i", "12345", "3 apples", "", "1 2 3"] {
            assert!(!is_page_number(text), "{text}");
        }
    }
    #[test]
    fn more_rows_than_a_head_has_are_labels_of_a_figure() {
        let small = |text, top| Given { size: 7.0, ..given(text, top) };
        let body = [given(BODY, 200.0), given(BODY, 300.0), given(BODY, 400.0), given(BODY, 500.0)];
        let with = |labels: &[Given]| kinds(&[page(1, &labels.iter().chain(&body).cloned().collect::<Vec<_>>())]);
        assert_eq!(with(&[small("A note of the printer", 30.0)])[0], "page_header");
        let labels = [small("Louisiana", 20.0), small("in the south", 40.0), small("of the country", 60.0)];
        assert_eq!(with(&labels)[..3], ["-", "-", "-"]);
    }

    #[test]
    fn a_number_alone_stands_higher_and_an_address_need_not_be_small() {
        let with = |last| kinds(&[page(1, &[given(BODY, 100.0), given(BODY, 300.0), given(BODY, 400.0), last])]);
        assert_eq!(with(given("12", 660.0))[3], "page_number");
        assert_eq!(with(given("Downloaded from https://a.example", 770.0))[3], "page_footer");
        assert_eq!(with(given("Nothing of the kind stands here", 770.0))[3], "-");
    }
}
