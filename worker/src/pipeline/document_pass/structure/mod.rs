//! What elements are in view of the whole document: titles and section headers, lists, captions, notes, running heads
//! and feet, tables of contents. Pure.
//!
//! Only elements of the local engine are judged; others have said what theirs are. [`Structure::add`] keeps a few
//! numbers of each; [`Structure::decide`] then runs the rules, each in a file of its own: `furniture` first, because
//! what repeats at the edge is nothing else; then captions, notes and contents by their marks, `headings`, and `lists`
//! of what is left. What the tags of a document say comes first in each (`tags`). All thresholds are in `thresholds`.

mod belongings;
mod beside;
mod body;
mod bookmarks;
mod decisions;
mod fact;
mod furniture;
mod headings;
mod joins;
mod lists;
mod marked;
mod repeated;
mod styles;
mod tags;
#[cfg(test)]
mod tests;
mod text;
mod thresholds;

use std::collections::BTreeMap;

use quire_schemas::{
    element::{ContentLayer, ElementType, ListInfo},
    result::{OutlineEntry, Warning},
};

pub(super) use self::decisions::{At, Decision, Decisions, InList, OfElement};
use self::{
    belongings::{Belongings, belongings},
    body::Body,
    bookmarks::Bookmarks,
    fact::{Fact, Kind},
    furniture::{Furniture, furniture},
    headings::headings,
    joins::{Role, joins},
    marked::Marked,
    tags::{Tags, with_tagged_items},
    thresholds::LARGER_BODY,
};
use super::{
    json_fields::{JsonFields, is_local},
    limits::limit_reached,
    spooled_page::SpooledPage,
};

/// Bytes of what is known of elements; those of a document behind the others stay what the engine said.
const MOST_BYTES: usize = 32 << 20;

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
    /// Of all elements so far.
    bytes: usize,
    elements: usize,
    is_cut: bool,
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
        let fact = Fact::of(element)?;
        self.bytes += fact.held_bytes();
        if self.bytes > MOST_BYTES {
            self.is_cut = true;
            return Ok(());
        }
        self.pages.last_mut().expect("a page was begun").facts.push(fact);
        self.elements += 1;
        Ok(())
    }

    /// Says so if elements were left out.
    pub(super) fn warning(&self) -> Option<Warning> {
        let message = || {
            format!(
                "the document has too many elements to compare them all; headings, lists and furniture are told of the first {} \
                 only",
                self.elements
            )
        };
        self.is_cut.then(|| limit_reached(message()))
    }

    /// Runs the rules; those of titles and section headers if `with_headings`.
    pub(super) fn decide(&self, with_headings: bool, outline: &[OutlineEntry]) -> Decisions {
        let pages = &self.pages;
        let all = || pages.iter().flat_map(|page| &page.facts);
        let body = Body::of(all(), LARGER_BODY);
        let tags = Tags::of(all());
        let bookmarks = Bookmarks::of(outline);
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
        let marked = Marked { pages, order: &order, tags: &tags, body: body.size }.kinds();
        decisions.extend(marked.into_iter().map(|(place, kind)| (place, Decision::plain(kind))));
        let rest: Vec<Place> = order.iter().copied().filter(|place| !decisions.contains_key(place)).collect();
        let is_candidate = |place: &Place| !decisions.contains_key(place);
        let headings = if with_headings {
            let named = |place: &Place| bookmarks.naming(self.fact(place), pages[place.page].number).is_some();
            let seen = headings(pages, &order, is_candidate, named, body);
            tags.headings(pages, rest.iter().copied(), seen, body)
        } else {
            BTreeMap::new()
        };
        let named =
            |place: &Place| Some((bookmarks.naming(self.fact(place), pages[place.page].number)?, self.at(place)));
        let bookmarked = headings.keys().rev().filter_map(named).collect();
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
        Decisions { bookmarked, ..self.numbered(decisions, &order) }
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
}
