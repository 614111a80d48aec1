//! Captions, footnotes and lines of tables of contents, told by their tags or by what they begin and end with. Pure.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::element::ElementType;

use super::{
    PageFacts, Place,
    fact::{Fact, Kind},
    tags::Tags,
    thresholds::{
        LINES_OF_CONTENTS, LINES_OF_CONTENTS_BESIDE, MOST_COMPARED, NOTE_PART, NOTE_SIZE, PART_OF_MARKED_NOTE,
        WORDS_OF_CAPTION,
    },
};
use crate::parse::Mark;

/// Looks for them among the elements of the body, in the order of reading.
pub(super) struct Marked<'a> {
    pub(super) pages: &'a [PageFacts],
    pub(super) order: &'a [Place],
    pub(super) tags: &'a Tags,
    /// The size of the body text.
    pub(super) body: f64,
}

impl Marked<'_> {
    /// Finds captions, footnotes and lines of tables of contents, by their tags or their marks.
    pub(super) fn kinds(&self) -> BTreeMap<Place, ElementType> {
        let mut found = BTreeMap::new();
        let contents = self.contents();
        for (at, place) in self.order.iter().enumerate() {
            let fact = self.fact(place);
            if fact.kind != Kind::Text {
                continue;
            }
            let is_beside_table = [at.checked_sub(1), Some(at + 1)]
                .into_iter()
                .flatten()
                .filter_map(|beside| self.order.get(beside))
                .any(|beside| self.fact(beside).kind == Kind::Table);
            let kind = if let Some(kind) = self.tags.kind(fact) {
                kind
            } else if contents.contains(place) {
                ElementType::DocumentIndex
            } else if fact.captioned.is_some()
                && fact.text.words <= WORDS_OF_CAPTION
                && (is_beside_table || fact.is_caption())
            {
                ElementType::Caption
            } else if self.is_note(place, fact) {
                ElementType::Footnote
            } else {
                continue;
            };
            found.insert(*place, kind);
        }
        found
    }

    /// Lists the lines of tables of contents: several in a row that lead to page numbers with dots, or that stand
    /// beside one on their right.
    fn contents(&self) -> BTreeSet<Place> {
        let order = self.order;
        let leads = |place: &Place| self.fact(place).text.leads_to_number;
        let runs = order.chunk_by(|a, b| leads(a) && leads(b));
        let led = runs.filter(|run| run.len() >= LINES_OF_CONTENTS && leads(&run[0])).flatten().copied();
        let mut contents: BTreeSet<Place> = led.collect();
        let mut runs: Vec<Vec<(Place, Place, u32)>> = vec![Vec::new()];
        let mut at = 0;
        while at < order.len() {
            let run = runs.last_mut().expect("there is one from the start");
            let number =
                order.get(at + 1).and_then(|next| self.page_beside(&order[at], next).map(|page| (*next, page)));
            let rises = |page: u32| run.last().is_none_or(|(_, _, last)| *last <= page);
            if let Some((next, page)) = number.filter(|(_, page)| rises(*page)) {
                run.push((order[at], next, page));
                at += 2;
            } else {
                runs.push(Vec::new());
                at += 1;
            }
        }
        let lines = runs.into_iter().filter(|run| run.len() >= LINES_OF_CONTENTS_BESIDE).flatten();
        contents.extend(lines.flat_map(|(title, number, _)| [title, number]));
        contents
    }

    /// Returns the page number that stands beside a title, far on its right.
    fn page_beside(&self, title: &Place, number: &Place) -> Option<u32> {
        let (fact, beside) = (self.fact(title), self.fact(number));
        let shared = fact.bbox.bottom().min(beside.bbox.bottom()) - fact.bbox.top().max(beside.bbox.top());
        let is_beside = title.page == number.page
            && fact.kind == Kind::Text
            && fact.text.letters > 0
            && shared > 0.5 * beside.bbox.height()
            && beside.bbox.left() - fact.bbox.right() > beside.size;
        beside.text.head.trim().parse().ok().filter(|page: &u32| is_beside && *page < 10_000)
    }

    /// Says whether an element is a footnote: small, at the foot of its page, behind its number or sign, and with
    /// nothing of the body's size below it.
    fn is_note(&self, place: &Place, fact: &Fact) -> bool {
        let page = &self.pages[place.page];
        let is_below = |other: &&Fact| {
            other.kind == Kind::Text
                && other.bbox.top() > fact.bbox.bottom()
                && other.size > NOTE_SIZE * self.body
                && other.text.words > 3
        };
        // With a sign behind its number it may be an item of a list as well.
        let part = if fact.mark.as_ref().is_some_and(Mark::is_certain) { PART_OF_MARKED_NOTE } else { NOTE_PART };
        page.facts.len() <= MOST_COMPARED
            && fact.size <= NOTE_SIZE * self.body
            && fact.bbox.top() >= part * page.height
            && fact.begins_as_note()
            && !page.facts.iter().any(|other| is_below(&other) && other.bbox.shared_width(fact.bbox) > 0.0)
    }

    fn fact(&self, place: &Place) -> &Fact {
        &self.pages[place.page].facts[place.index]
    }
}
