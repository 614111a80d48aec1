//! What repeats near the edges of pages: texts, words, and lines in one place. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PageFacts,
    fact::{Fact, Kind},
    thresholds::{
        CHARACTERS_OF_COPY, CHARACTERS_OF_FURNITURE, CHARACTERS_OF_SLOT, LETTERS_OF_WORD, MOST_COMPARED,
        MOST_ON_A_PAGE, NO_HEADING, PAGES_OF_SLOT, REPEATED_BAND, REPEATED_SHARE, REPEATED_WORDS, SAME_HEIGHT,
        SHARE_OF_SLOT, SPACE_OF_SLOT,
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    Top,
    Bottom,
}

/// A page, an element of it, and how far that is from the edge.
type At = (usize, usize, f64);

/// Says of each element whether it repeats at its height near the edge of enough pages.
pub(super) fn repeated(pages: &[PageFacts], body: f64) -> Vec<Vec<bool>> {
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

/// Finds texts that are the same but for their digits, at one height on enough pages: those with letters are one text,
/// the others count with the pages.
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

/// Finds lines that stand alone at one height, in one size, at the edge of most pages, whatever they say: names of
/// chapters.
fn slots(pages: &[PageFacts], near: &BTreeMap<Edge, Vec<At>>, body: f64) -> impl Iterator<Item = At> {
    let mut repeated = Vec::new();
    for (edge, found) in near {
        let is_line = |(page, index, _): &&At| {
            let (page, fact) = (&pages[*page], &pages[*page].facts[*index]);
            let is_short = page.facts.len() <= MOST_COMPARED
                && fact.lines == 1
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
pub(super) fn height(page: &PageFacts, fact: &Fact, edge: Edge) -> f64 {
    match edge {
        Edge::Top => fact.bbox.bottom(),
        Edge::Bottom => page.height - fact.bbox.top(),
    }
}

pub(super) fn is_near(page: &PageFacts, fact: &Fact, edge: Edge, band: f64) -> bool {
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

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, Given, given, kinds, page};

    const TEXTS: [&str; 4] = [
        "The first page says this, and it goes on for a while below.",
        "Another page has other words that nobody has read before.",
        "On the third one there is something else again, at length.",
        "And the last of them ends with what has not been said yet.",
    ];

    fn pages(head: impl Fn(usize) -> Vec<Given>) -> Vec<String> {
        let of = |index: usize| {
            let mut elements = head(index);
            elements.extend([given(TEXTS[index], 100.0), given(BODY, 200.0), given(TEXTS[3 - index], 300.0)]);
            page(index as u32 + 1, &elements)
        };
        kinds(&(0..4).map(of).collect::<Vec<_>>())
    }

    #[test]
    fn words_that_repeat_at_one_height_are_a_head_however_they_are_cut() {
        let cut = |index: usize| match index % 2 {
            0 => vec![given("Working Paper Series May 2011", 30.0)],
            _ => vec![given("Working Paper Series", 30.0), Given { left: 400.0, ..given("May 2011", 30.0) }],
        };
        assert_eq!(pages(cut)[0], "page_header");
    }

    #[test]
    fn names_of_chapters_stand_in_one_place_on_most_pages_and_apart_from_the_text() {
        const NAMES: [&str; 4] = ["Of paper", "Of thread and board", "How it is sewn", "What comes last"];
        assert_eq!(pages(|index| vec![given(NAMES[index], 30.0)])[0], "page_header");
        assert_eq!(pages(|index| vec![given(NAMES[index], 86.0)])[0], "-");
    }

    #[test]
    fn pages_that_are_versions_of_each_other_have_no_furniture() {
        let version = |number| {
            let lines = ["Proposal for the works", "Town of Springfield", "Ten thousand in all"];
            let elements: Vec<Given> =
                lines.iter().zip([30.0, 50.0, 70.0]).map(|(line, top)| given(line, top)).collect();
            page(number, &elements)
        };
        assert_eq!(kinds(&[version(1), version(2), version(3)]), ["-", "-", "-"]);
    }
}
