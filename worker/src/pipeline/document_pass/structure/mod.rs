//! What elements are in view of the whole document: titles and section headers, lists, captions, notes, running heads and
//! feet, tables of contents. Pure.
//!
//! Only elements of the local engine are judged; others have said what theirs are. [`Structure::add`] keeps a few numbers of
//! each; [`Structure::decide`] then runs the rules, each in a file of its own: `furniture` first, because what
//! repeats at the edge is nothing else; then captions, notes and contents by their marks, `headings`, and `lists` of what is
//! left. What the tags of a document say comes first in each (`tags`). All thresholds are in `thresholds`.

mod belongings;
mod beside;
mod fact;
mod furniture;
mod headings;
mod joins;
mod lists;
mod styles;
mod tags;
#[cfg(test)]
mod tests;
mod thresholds;

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::{
    element::{ContentLayer, ElementType, ListInfo},
    result::Warning,
};

use self::{
    belongings::{Belongings, belongings},
    fact::{Fact, Kind},
    furniture::{Furniture, furniture},
    headings::{Body, headings},
    joins::{Role, joins},
    tags::{Tags, with_tagged_items},
    thresholds::{ELEMENTS_WITH_NOTES, LARGER_BODY, LINES_OF_CONTENTS, NOTE_PART, NOTE_SIZE, WORDS_OF_CAPTION},
};
use super::{
    json_fields::{JsonFields, is_local},
    limits::limit_reached,
    spooled_page::SpooledPage,
};

/// Elements that are judged; those of a document behind the others stay what the engine said. Each takes some 500 bytes.
const MOST_ELEMENTS: usize = 80_000;

/// The elements of a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageFacts {
    number: u32,
    height: f64,
    facts: Vec<Fact>,
}

/// An element: the place of its page among the pages that are judged, and its place on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    page: usize,
    index: usize,
}

/// What is known of the elements of a document.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Structure {
    pages: Vec<PageFacts>,
    elements: usize,
    is_cut: bool,
}

/// What an element is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decision {
    pub(super) kind: ElementType,
    pub(super) layer: Option<ContentLayer>,
    pub(super) level: Option<u32>,
    pub(super) list: Option<InList>,
}

/// Where an item of a list belongs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InList {
    pub(super) info: ListInfo,
    /// The number of its list in the document.
    pub(super) list: usize,
    /// The item in which its list stands.
    pub(super) parent: Option<At>,
}

/// The number of a page, and the place of an element among those of the page.
pub(super) type At = (u32, usize);

/// What belongs to a table or a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct OfElement {
    pub(super) captions: Vec<At>,
    pub(super) continued_from: Option<At>,
    pub(super) continues_in: Option<At>,
}

/// What the elements of a document are; those that are not listed stay what they are.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    kinds: BTreeMap<At, Decision>,
    belongings: BTreeMap<At, OfElement>,
    /// The table or picture of each caption.
    captioned: BTreeMap<At, At>,
    /// The further parts of each paragraph that goes on behind a break.
    parts: BTreeMap<At, Vec<At>>,
    further_parts: BTreeSet<At>,
}

impl Decisions {
    /// Returns what the element at a place of a page is, if the rules have said so.
    pub(super) fn of(&self, at: At) -> Option<&Decision> {
        self.kinds.get(&at)
    }

    /// Returns what belongs to the table or picture at a place, if something does.
    pub(super) fn belongings_of(&self, at: At) -> Option<&OfElement> {
        self.belongings.get(&at)
    }

    /// Returns the table or picture that the element at a place is a caption of.
    pub(super) fn captioned_by(&self, at: At) -> Option<At> {
        self.captioned.get(&at).copied()
    }

    /// Returns the parts in which the paragraph at a place goes on.
    pub(super) fn parts_behind(&self, at: At) -> &[At] {
        self.parts.get(&at).map_or(&[], Vec::as_slice)
    }

    /// Says whether the element at a place is part of a paragraph that begins before it.
    pub(super) fn is_further_part(&self, at: At) -> bool {
        self.further_parts.contains(&at)
    }
}

impl Structure {
    /// Takes the next page; pages come in ascending order. Its elements follow.
    pub(super) fn begin_page(&mut self, page: &SpooledPage<'_>) -> serde_json::Result<()> {
        if self.is_cut {
            return Ok(());
        }
        let height: Option<f64> = page.row.get("height")?;
        self.pages.push(PageFacts { number: page.number, height: height.unwrap_or_default(), facts: Vec::new() });
        Ok(())
    }

    /// Takes the next element of the page that was begun.
    pub(super) fn add(&mut self, element: &JsonFields<'_>) -> serde_json::Result<()> {
        if self.is_cut || !is_local(element)? {
            return Ok(());
        }
        if self.elements == MOST_ELEMENTS {
            self.is_cut = true;
            return Ok(());
        }
        self.pages.last_mut().expect("a page was begun").facts.push(Fact::of(element)?);
        self.elements += 1;
        Ok(())
    }

    /// Says so if elements were left out.
    pub(super) fn warning(&self) -> Option<Warning> {
        let message = || {
            format!(
                "the document has more than {MOST_ELEMENTS} elements; headings, lists and furniture are told of the first \
                 ones only"
            )
        };
        self.is_cut.then(|| limit_reached(message()))
    }

    /// Runs the rules; those of titles and section headers if `with_headings`.
    pub(super) fn decide(&self, with_headings: bool) -> Decisions {
        let pages = &self.pages;
        let all = || pages.iter().flat_map(|page| &page.facts);
        let body = Body::of(all(), LARGER_BODY);
        let tags = Tags::of(all());
        let furniture = furniture(pages, body.size, &tags);
        let mut decisions: BTreeMap<Place, Decision> = BTreeMap::new();
        for (page, found) in furniture.iter().enumerate() {
            for (index, found) in found.iter().enumerate() {
                let Some(found) = found else { continue };
                let kind = match found {
                    Furniture::Head => ElementType::PageHeader,
                    Furniture::Foot => ElementType::PageFooter,
                    Furniture::Number => ElementType::PageNumber,
                };
                let decision = Decision { layer: Some(ContentLayer::Furniture), ..Decision::plain(kind) };
                decisions.insert(Place { page, index }, decision);
            }
        }
        let order: Vec<Place> = pages
            .iter()
            .enumerate()
            .flat_map(|(page, facts)| (0..facts.facts.len()).map(move |index| Place { page, index }))
            .filter(|place| !decisions.contains_key(place) && self.fact(place).kind != Kind::Other)
            .collect();
        for (place, kind) in self.by_marks(&order, body.size, &tags) {
            decisions.insert(place, Decision::plain(kind));
        }
        let rest: Vec<Place> = order.iter().copied().filter(|place| !decisions.contains_key(place)).collect();
        let is_candidate = |place: &Place| !decisions.contains_key(place);
        let headings = if with_headings {
            let seen = headings(pages, &order, is_candidate, body);
            tags.headings(pages, rest.iter().copied(), seen, body)
        } else {
            BTreeMap::new()
        };
        let is_heading = |place: &Place| headings.contains_key(place);
        let items = with_tagged_items(pages, &rest, is_heading, lists::items(pages, &rest, is_heading));
        for (place, heading) in headings {
            let kind = if heading.is_title { ElementType::Title } else { ElementType::SectionHeader };
            decisions.insert(place, Decision { level: Some(heading.level), ..Decision::plain(kind) });
        }
        for (place, item) in items {
            let marker = Some(item.marker).filter(|marker| !marker.is_empty());
            let (ordered, depth) = (Some(item.is_ordered), Some(item.depth));
            let parent = item.parent.map(|parent| self.at(&parent));
            let list = InList { info: ListInfo { ordered, marker, depth }, list: item.list, parent };
            decisions.insert(place, Decision { list: Some(list), ..Decision::plain(ElementType::ListItem) });
        }
        self.numbered(decisions, &order)
    }

    /// Says what belongs together, and names every element as the result does.
    fn numbered(&self, decisions: BTreeMap<Place, Decision>, order: &[Place]) -> Decisions {
        let kind = |place: &Place| decisions.get(place).map(|decision| &decision.kind);
        let joins = joins(&self.pages, order, |place| match kind(place) {
            None if self.fact(place).kind == Kind::Text => Role::Text,
            Some(ElementType::ListItem) => Role::Item,
            Some(ElementType::Title | ElementType::SectionHeader) => Role::Heading,
            _ => Role::Between,
        });
        let belongings = belongings(&self.pages, order, |place| kind(place) == Some(&ElementType::Caption));
        let all = |places: Vec<Place>| places.iter().map(|place| self.at(place)).collect();
        let mut numbered = Decisions::default();
        for (owner, Belongings { captions, continued_from, continues_in }) in belongings {
            let owner = self.at(&owner);
            numbered.captioned.extend(captions.iter().map(|caption| (self.at(caption), owner)));
            let one = |place: Option<Place>| place.map(|place| self.at(&place));
            let (continued_from, continues_in) = (one(continued_from), one(continues_in));
            numbered.belongings.insert(owner, OfElement { captions: all(captions), continued_from, continues_in });
        }
        numbered.further_parts = joins.values().flatten().map(|place| self.at(place)).collect();
        numbered.parts = joins.into_iter().map(|(first, parts)| (self.at(&first), all(parts))).collect();
        numbered.kinds = decisions.into_iter().map(|(place, decision)| (self.at(&place), decision)).collect();
        numbered
    }

    fn at(&self, place: &Place) -> At {
        (self.pages[place.page].number, place.index)
    }

    fn fact(&self, place: &Place) -> &Fact {
        &self.pages[place.page].facts[place.index]
    }

    /// Finds captions, footnotes and lines of tables of contents, by their tags or their marks.
    fn by_marks(&self, order: &[Place], body: f64, tags: &Tags) -> BTreeMap<Place, ElementType> {
        let mut found = BTreeMap::new();
        let contents = self.contents(order);
        for (at, place) in order.iter().enumerate() {
            let fact = self.fact(place);
            if fact.kind != Kind::Text {
                continue;
            }
            let is_beside_table = [at.checked_sub(1), Some(at + 1)]
                .into_iter()
                .flatten()
                .filter_map(|beside| order.get(beside))
                .any(|beside| self.fact(beside).kind == Kind::Table);
            let kind = if let Some(kind) = tags.kind(fact) {
                kind
            } else if contents.contains(place) {
                ElementType::DocumentIndex
            } else if fact.captioned.is_some()
                && fact.text.words <= WORDS_OF_CAPTION
                && (is_beside_table || fact.is_caption())
            {
                ElementType::Caption
            } else if self.is_note(place, fact, body) {
                ElementType::Footnote
            } else {
                continue;
            };
            found.insert(*place, kind);
        }
        found
    }

    /// Lists the lines of tables of contents: several in a row that lead to page numbers with dots, or that stand beside one on
    /// their right.
    fn contents(&self, order: &[Place]) -> BTreeSet<Place> {
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
        let lines = runs.into_iter().filter(|run| run.len() >= LINES_OF_CONTENTS).flatten();
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

    /// Says whether an element is a footnote: small, at the foot of its page, behind its number or sign, and with nothing of the
    /// body's size below it.
    fn is_note(&self, place: &Place, fact: &Fact, body: f64) -> bool {
        let page = &self.pages[place.page];
        let is_below = |other: &&Fact| {
            other.kind == Kind::Text
                && other.bbox.top() > fact.bbox.bottom()
                && other.size > NOTE_SIZE * body
                && other.text.words > 3
        };
        page.facts.len() <= ELEMENTS_WITH_NOTES
            && fact.size <= NOTE_SIZE * body
            && fact.bbox.top() >= NOTE_PART * page.height
            && fact.begins_as_note()
            && !page.facts.iter().any(|other| is_below(&other) && other.bbox.shared_width(fact.bbox) > 0.0)
    }
}

impl Decision {
    const fn plain(kind: ElementType) -> Self {
        Self { kind, layer: None, level: None, list: None }
    }
}
