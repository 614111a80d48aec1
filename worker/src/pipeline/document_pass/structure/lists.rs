//! Lists: items that begin with a bullet, or with numbers or letters that count, and how deep they are nested. Pure.

use std::{collections::BTreeMap, mem::discriminant};

use super::{
    PageFacts, Place,
    fact::{Fact, Kind},
    thresholds::{DEEPEST_LIST, ELEMENTS_BETWEEN, SAME_INDENT},
};
use crate::parse::{Mark, MarkKind};

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The number of its list in the document, from 0, and that of the item which its list stands in.
    pub(super) list: usize,
    pub(super) parent: Option<Place>,
    pub(super) is_ordered: bool,
    /// 0 for the outermost.
    pub(super) depth: u32,
    pub(super) marker: String,
}

/// A list that may go on.
struct Open {
    list: usize,
    left: f64,
    size: f64,
    mark: Mark,
    last: Place,
    /// Its place among the elements.
    at: usize,
    parent: Option<Place>,
}

/// Finds the items among elements that are not headings. `order` lists the elements of the body in the order of
/// reading.
pub(super) fn items(
    pages: &[PageFacts],
    order: &[Place],
    is_heading: impl Fn(&Place) -> bool,
) -> BTreeMap<Place, Item> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let mut items: BTreeMap<Place, Item> = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    let mut lists = 0;
    for (at, place) in order.iter().enumerate() {
        let own = fact(place);
        if is_heading(place) {
            open.clear();
            continue;
        }
        open.retain(|list| at - list.at <= ELEMENTS_BETWEEN + 1);
        let Some(mark) = own.mark.as_ref().filter(|_| own.kind == Kind::Text) else {
            // Text at the margin ends what is set in further.
            let left = own.bbox.left();
            open.retain(|list| {
                own.kind != Kind::Text || left > list.left + 0.2 * list.size || place.page != list.last.page
            });
            continue;
        };
        // The innermost list that the item goes on with.
        let goes_on = open.iter().rposition(|list| list.takes(own, mark, place));
        if let Some(index) = goes_on {
            open.truncate(index + 1);
            // The lists around it go on as well.
            open.iter_mut().for_each(|list| list.at = at);
            let list = open.last_mut().expect("it was found");
            (list.last, list.at, list.mark) = (*place, at, mark.clone());
            let item = item(list.list, open.len() - 1, mark, own, open[index].parent);
            items.insert(*place, item);
            continue;
        }
        if !may_begin(pages, order, at, &is_heading) {
            continue;
        }
        while open.last().is_some_and(|list| !list.may_hold(own, mark, place)) {
            open.pop();
        }
        open.truncate(DEEPEST_LIST);
        open.iter_mut().for_each(|list| list.at = at);
        let parent = open.last().map(|list| list.last);
        let list =
            Open { list: lists, left: own.bbox.left(), size: own.size, mark: mark.clone(), last: *place, at, parent };
        open.push(list);
        items.insert(*place, item(lists, open.len() - 1, mark, own, parent));
        lists += 1;
    }
    items
}

fn item(list: usize, depth: usize, mark: &Mark, fact: &Fact, parent: Option<Place>) -> Item {
    let marker: String = fact.text.head.chars().take(usize::from(mark.length)).collect();
    let marker = if marker.is_empty() { "•".to_owned() } else { marker };
    let depth = u32::try_from(depth).unwrap_or(u32::MAX);
    Item { list, parent, is_ordered: mark.kind != MarkKind::Bullet, depth, marker }
}

impl Open {
    /// Says whether a list that begins with an element may stand inside of its last item: it is set in further. Behind
    /// a break the place says nothing, but no list stands inside of one of its kind there.
    fn may_hold(&self, fact: &Fact, mark: &Mark, place: &Place) -> bool {
        if self.is_above(fact, place) {
            return fact.bbox.left() >= self.left + 0.3 * self.size;
        }
        let kind = |mark: &Mark| (discriminant(&mark.kind), mark.delimiter, mark.number().map(<[u16]>::len));
        kind(&self.mark) != kind(mark)
    }

    /// Says whether an element stands in the same column.
    fn is_above(&self, fact: &Fact, place: &Place) -> bool {
        place.page == self.last.page && fact.bbox.left() < self.left + 20.0 * self.size
    }

    /// Says whether an element is the next item: its mark counts on, or is a bullet at the same place. In another
    /// column or on another page the place says nothing.
    fn takes(&self, fact: &Fact, mark: &Mark, place: &Place) -> bool {
        let is_below = self.is_above(fact, place);
        let is_in_line = (fact.bbox.left() - self.left).abs() <= SAME_INDENT * self.size;
        match (&self.mark.kind, &mark.kind) {
            (MarkKind::Bullet, MarkKind::Bullet) => is_in_line || !is_below,
            _ => {
                mark.follows(&self.mark)
                    && (is_in_line || !is_below || mark.number().is_some_and(|parts| parts.len() > 1))
            }
        }
    }
}

/// Says whether an item begins a list: a bullet does, a number or letter only if the next one follows.
fn may_begin(pages: &[PageFacts], order: &[Place], at: usize, is_heading: &impl Fn(&Place) -> bool) -> bool {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let own = fact(&order[at]);
    let Some(mark) = &own.mark else { return false };
    let behind = || order[at + 1..].iter().take_while(|place| !is_heading(place)).take(4 * (ELEMENTS_BETWEEN + 1));
    if mark.kind == MarkKind::Bullet {
        let is_dash =
            mark.length > 0 && own.text.head.starts_with(['-', '–', '—', '*', '+', '»', '›', 'o', '§', '−', '·']);
        let is_alike = |place: &&Place| {
            let other = fact(place);
            other.mark.as_ref().is_some_and(|mark| mark.kind == MarkKind::Bullet)
                && other.text.head.chars().next() == own.text.head.chars().next()
        };
        return !is_dash || behind().any(|place| is_alike(&place));
    }
    let follows = |place: &Place| fact(place).mark.as_ref().is_some_and(|next| next.follows(mark));
    mark.begins() && behind().any(follows)
        || mark.number().is_some_and(|parts| !parts.is_empty()) && behind().take(3).any(follows)
}
