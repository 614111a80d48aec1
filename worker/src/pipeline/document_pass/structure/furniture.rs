//! Running heads, feet and page numbers: what repeats near the edge of pages, counts with them, or looks like nothing else. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PageFacts,
    fact::{Fact, Kind},
    tags::Tags,
    thresholds::{
        BAND_OF_NUMBER, CHARACTERS_OF_COPY, CHARACTERS_OF_FURNITURE, CHARACTERS_OF_LONE, CHARACTERS_OF_PAGE_NUMBER,
        CHARACTERS_OF_SLOT, LEAST_ELEMENTS, LETTERS_OF_WORD, LONE_BAND, LONE_ROWS, MOST_IN_A_ROW, MOST_ON_A_PAGE,
        NO_HEADING, PAGES_OF_SLOT, REPEATED_BAND, REPEATED_SHARE, REPEATED_WORDS, SAME_HEIGHT, SHARE_OF_SLOT,
        SMALL_BOLD, SPACE_OF_LONE, SPACE_OF_SLOT,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Top,
    Bottom,
}

/// A page, an element of it, and how far that is from the edge.
type At = (usize, usize, f64);

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

/// Says of each element whether it repeats at its height near the edge of enough pages.
fn repeated(pages: &[PageFacts], body: f64) -> Vec<Vec<bool>> {
    let near = near_edges(pages);
    let mut repeated: Vec<Vec<bool>> = pages.iter().map(|page| vec![false; page.facts.len()]).collect();
    let least = (REPEATED_SHARE * pages.len() as f64 / 2.0).ceil().max(2.0) as usize;
    for (page, index, _) in
        texts(pages, &near, body, least).chain(words(pages, &near, body, least)).chain(slots(pages, &near, body))
    {
        repeated[page][index] = true;
    }
    // Pages of which most repeats are copies of each other, and tell nothing.
    for (page, of_page) in pages.iter().zip(&mut repeated) {
        let characters = |is: &dyn Fn(usize) -> bool| -> u32 {
            (0..page.facts.len()).filter(|index| is(*index)).map(|index| page.facts[index].text.characters).sum()
        };
        let (all, same) =
            (characters(&|index| page.facts[index].kind != Kind::Other), characters(&|index| of_page[index]));
        if same >= CHARACTERS_OF_COPY && 2 * same >= all {
            of_page.fill(false);
        }
    }
    repeated
}

/// Lists the elements near each edge.
fn near_edges(pages: &[PageFacts]) -> BTreeMap<Edge, Vec<At>> {
    let mut near: BTreeMap<Edge, Vec<At>> = BTreeMap::new();
    for (page, facts) in pages.iter().enumerate() {
        for (index, fact) in facts.facts.iter().enumerate() {
            for edge in [Edge::Top, Edge::Bottom] {
                if is_near(facts, fact, edge, REPEATED_BAND) && fact.captioned.is_none() {
                    near.entry(edge).or_default().push((page, index, height(facts, fact, edge)));
                }
            }
        }
    }
    near
}

/// Finds texts that are the same but for their digits, at one height on enough pages: those with letters are one text, the others
/// count with the pages.
fn texts(pages: &[PageFacts], near: &BTreeMap<Edge, Vec<At>>, body: f64, least: usize) -> impl Iterator<Item = At> {
    let mut places: BTreeMap<(Edge, String), Vec<At>> = BTreeMap::new();
    for (edge, found) in near {
        for at in found {
            places.entry((*edge, pages[at.0].facts[at.1].text.without_digits())).or_default().push(*at);
        }
    }
    let mut repeated = Vec::new();
    for ((_, key), found) in places {
        // What stands on one page again and again is content: labels of a form or a chart.
        let of_pages = found.chunk_by(|a, b| a.0 == b.0).filter(|of_page| of_page.len() <= MOST_ON_A_PAGE);
        for level in levels(of_pages.flatten().copied().collect()) {
            let text = |(page, index, _): &At| pages[*page].facts[*index].text.head.as_str();
            let is_small = |(page, index, _): &At| pages[*page].facts[*index].size <= NO_HEADING * body;
            let is_one_text = key.contains(|character: char| !character.is_whitespace() && character != '#')
                && level.iter().all(|at| text(at) == text(&level[0]));
            let counts = is_one_text || level.iter().all(is_small) && counts_pages(pages, &level);
            if count_pages(&level) >= least && counts {
                repeated.extend(level);
            }
        }
    }
    repeated.into_iter()
}

/// Finds texts of several words, each of which stands at that height on enough pages, however the texts are cut.
fn words(pages: &[PageFacts], near: &BTreeMap<Edge, Vec<At>>, body: f64, least: usize) -> impl Iterator<Item = At> {
    let mut repeated = Vec::new();
    for found in near.values() {
        for level in levels(found.clone()) {
            let mut on: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
            for (page, index, _) in &level {
                for word in words_of(&pages[*page].facts[*index]) {
                    on.entry(word).or_default().insert(*page);
                }
            }
            let is_frequent = |word: &String| on.get(word).is_some_and(|pages| pages.len() >= least);
            for at in &level {
                let words = words_of(&pages[at.0].facts[at.1]);
                let is_small = pages[at.0].facts[at.1].size <= NO_HEADING * body;
                if is_small && words.len() >= REPEATED_WORDS && words.iter().all(is_frequent) {
                    repeated.push(*at);
                }
            }
        }
    }
    repeated.into_iter()
}

fn words_of(fact: &Fact) -> Vec<String> {
    let words = fact.text.head.split(|character: char| !character.is_alphabetic());
    words.filter(|word| word.chars().count() >= LETTERS_OF_WORD).map(str::to_lowercase).collect()
}

/// Finds lines that stand alone at one height, in one size, at the edge of most pages, whatever they say: names of chapters.
fn slots(pages: &[PageFacts], near: &BTreeMap<Edge, Vec<At>>, body: f64) -> impl Iterator<Item = At> {
    let mut repeated = Vec::new();
    for (edge, found) in near {
        let is_line = |(page, index, _): &&At| {
            let (page, fact) = (&pages[*page], &pages[*page].facts[*index]);
            let is_short = fact.lines == 1
                && fact.size <= NO_HEADING * body
                && fact.text.characters <= CHARACTERS_OF_SLOT
                && !fact.ends_as_prose();
            is_short && is_apart(page, fact, *edge)
        };
        let lines: Vec<At> = found.iter().filter(is_line).copied().collect();
        let mut sizes: BTreeMap<i64, Vec<At>> = BTreeMap::new();
        for at in lines {
            sizes.entry((pages[at.0].facts[at.1].size * 10.0).round() as i64).or_default().push(at);
        }
        for level in sizes.into_values().flat_map(levels) {
            let on = count_pages(&level);
            if on >= PAGES_OF_SLOT && on as f64 >= SHARE_OF_SLOT * pages.len() as f64 {
                repeated.extend(level);
            }
        }
    }
    repeated.into_iter()
}

/// Says whether nothing stands further out than an element, and white space between it and what is further in.
fn is_apart(page: &PageFacts, fact: &Fact, edge: Edge) -> bool {
    let others = page.facts.iter().filter(|other| other.kind != Kind::Other && !other.shares_row(fact));
    let space = |other: &Fact| match edge {
        Edge::Top => other.bbox.top() - fact.bbox.bottom(),
        Edge::Bottom => fact.bbox.top() - other.bbox.bottom(),
    };
    others.map(space).all(|space| space >= SPACE_OF_SLOT * fact.size)
}

/// Groups elements that stand at one height.
fn levels(mut found: Vec<At>) -> Vec<Vec<At>> {
    found.sort_by(|a, b| a.2.total_cmp(&b.2));
    found.chunk_by(|a, b| b.2 - a.2 <= SAME_HEIGHT).map(<[At]>::to_vec).collect()
}

fn count_pages(found: &[At]) -> usize {
    found.iter().map(|(page, _, _)| *page).collect::<BTreeSet<_>>().len()
}

/// Returns how far an element is from the edge.
fn height(page: &PageFacts, fact: &Fact, edge: Edge) -> f64 {
    match edge {
        Edge::Top => fact.bbox.bottom(),
        Edge::Bottom => page.height - fact.bbox.top(),
    }
}

fn is_near(page: &PageFacts, fact: &Fact, edge: Edge, band: f64) -> bool {
    fact.kind == Kind::Text
        && fact.text.characters <= CHARACTERS_OF_FURNITURE
        && fact.lines <= 3
        && height(page, fact, edge) <= band * page.height
}

/// Says whether a number in texts that are alike but for their digits rises with the pages.
fn counts_pages(pages: &[PageFacts], level: &[At]) -> bool {
    let mut numbers: Vec<(usize, Vec<i64>)> =
        level.iter().map(|(page, index, _)| (*page, numbers(&pages[*page].facts[*index].text.head))).collect();
    numbers.sort_unstable();
    let most = numbers.iter().map(|(_, numbers)| numbers.len()).min().unwrap_or_default();
    let counts = |place: usize| {
        let step = |pair: &&[(usize, Vec<i64>)]| {
            pair[1].1[place].saturating_sub(pair[0].1[place]) == pair[1].0 as i64 - pair[0].0 as i64
        };
        10 * numbers.windows(2).filter(step).count() >= 6 * (numbers.len() - 1)
    };
    numbers.len() > 1 && (0..most).any(counts)
}

fn numbers(text: &str) -> Vec<i64> {
    text.split(|character: char| !character.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// Labels what stands at one edge of a page, from the edge inwards, until something is no furniture. Rows that are told by their
/// look alone are few; more are the labels of a figure. `signs` say which of its elements repeat, and which are artifacts.
fn label(page: &PageFacts, edge: Edge, signs: (&[bool], &[bool]), body: f64, found: &mut [Option<Furniture>]) {
    let (repeated, artifacts) = signs;
    let mut order: Vec<usize> = (0..page.facts.len()).filter(|index| page.facts[*index].kind != Kind::Other).collect();
    order.sort_by(|a, b| height(page, &page.facts[*a], edge).total_cmp(&height(page, &page.facts[*b], edge)));
    let rows: Vec<&[usize]> = order.chunk_by(|a, b| page.facts[*a].shares_row(&page.facts[*b])).collect();
    let mut lone: Vec<usize> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let space = rows.get(number + 1).map_or(f64::INFINITY, |next| space(page, row, next, edge));
        let is_lone = |index: &usize| is_lone(page, &page.facts[*index], edge, space, body);
        // A short line may stand beside what repeats, as the name of a chapter beside a page number; a paragraph may not.
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

/// Says whether a page is nothing but several lines of furniture, so that they are none: they repeat because its neighbours are
/// versions of it.
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

/// Says whether an element at the edge looks like furniture though it does not repeat: a page number, or a small line far from the
/// text.
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
    use super::*;

    #[test]
    fn page_numbers_are_told_from_other_short_texts() {
        for text in ["3", "– 12 –", "Page 3 of 9", "Seite 4", "xiv", "3 / 9", "Strona 1 z 3", "Page iv"] {
            assert!(is_page_number(text), "{text}");
        }
        for text in ["2,024.5 kg", "Chapter 3", "i", "12345", "3 apples", "", "1 2 3"] {
            assert!(!is_page_number(text), "{text}");
        }
    }
}
