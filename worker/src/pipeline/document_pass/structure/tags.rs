//! What elements are by the tags of their document, where these can be believed. Pure.
//!
//! A kind of tag that more than half of the text has is not believed. Tagged headings come first and have the levels of
//! their tags; what looks like a heading and is tagged as a paragraph stays one, because few writers tag them all. Tags
//! make items where marks do not. Artifacts are furniture only where furniture stands.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::element::ElementType;

use super::{
    PageFacts, Place,
    body::Body,
    fact::{Fact, Kind},
    headings::{Heading, levels},
    lists::Item,
    thresholds::{CHARACTERS_OF_HEADING, LINES_OF_HEADING, MARKED_ITEMS, NO_HEADING, TAGGED_SHARE, WORDS_OF_CAPTION},
};
use crate::parse::{MarkKind, Tag};

/// The tags of a document that are believed.
#[derive(Debug)]
pub(super) struct Tags {
    believed: BTreeSet<Class>,
}

/// Tags that are believed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Heading,
    Caption,
    Note,
    Contents,
    Artifact,
}

impl Class {
    fn of(fact: &Fact) -> Option<Self> {
        match fact.tag.filter(|_| fact.kind == Kind::Text)? {
            Tag::Title | Tag::Heading(_) => Some(Self::Heading),
            Tag::Caption => Some(Self::Caption),
            Tag::Note => Some(Self::Note),
            Tag::Contents => Some(Self::Contents),
            Tag::Artifact => Some(Self::Artifact),
            _ => None,
        }
    }
}

impl Tags {
    /// Looks at the elements of a document.
    pub(super) fn of<'f>(facts: impl Iterator<Item = &'f Fact>) -> Self {
        let mut characters: BTreeMap<Class, u64> = BTreeMap::new();
        let mut all = 0;
        for fact in facts.filter(|fact| fact.kind == Kind::Text) {
            let own = u64::from(fact.text.characters);
            all += own;
            if let Some(class) = Class::of(fact) {
                *characters.entry(class).or_default() += own;
            }
        }
        let is_part = |own: u64| own as f64 <= TAGGED_SHARE * all as f64;
        Self { believed: characters.into_iter().filter(|(_, own)| is_part(*own)).map(|(class, _)| class).collect() }
    }

    fn class(&self, fact: &Fact) -> Option<Class> {
        Class::of(fact).filter(|class| self.believed.contains(class))
    }

    /// Returns what an element is if its tag alone tells: a caption, a note or a line of a table of contents.
    pub(super) fn kind(&self, fact: &Fact) -> Option<ElementType> {
        match self.class(fact)? {
            Class::Caption => Some(ElementType::Caption).filter(|_| fact.text.words <= WORDS_OF_CAPTION),
            Class::Note => Some(ElementType::Footnote),
            Class::Contents => Some(ElementType::DocumentIndex),
            Class::Heading | Class::Artifact => None,
        }
    }

    /// Says whether an element is furniture if it stands where furniture does: an artifact no larger than the body.
    pub(super) fn is_artifact(&self, fact: &Fact, body: f64) -> bool {
        self.class(fact) == Some(Class::Artifact) && fact.size <= NO_HEADING * body
    }

    /// Says whether an element is tagged as a heading and may be one.
    fn is_heading(&self, fact: &Fact) -> bool {
        self.class(fact) == Some(Class::Heading)
            && fact.text.characters <= CHARACTERS_OF_HEADING
            && fact.lines <= LINES_OF_HEADING
            && fact.text.letters + fact.text.digits > 0
    }

    /// Joins the headings that are tagged, among `candidates`, with those that were `seen` by their looks and have no
    /// other tag.
    pub(super) fn headings(
        &self,
        pages: &[PageFacts],
        candidates: impl Iterator<Item = Place>,
        seen: BTreeMap<Place, Heading>,
        body: Body,
    ) -> BTreeMap<Place, Heading> {
        let tag = |place: &Place| pages[place.page].facts[place.index].tag;
        let tagged: BTreeSet<Place> =
            candidates.filter(|place| self.is_heading(&pages[place.page].facts[place.index])).collect();
        if tagged.is_empty() {
            return seen;
        }
        let title = tagged.iter().find(|place| tag(place) == Some(Tag::Title)).copied();
        let kept = seen.into_keys().filter(|place| tag(place).is_none());
        let found: BTreeSet<Place> = kept.chain(tagged.iter().copied()).collect();
        let found: Vec<Place> = found.into_iter().collect();
        let mut headings = levels(pages, &found, body);
        let first = tagged.iter().find(|place| tag(place) == Some(Tag::heading(1))).copied();
        for (place, heading) in &mut headings {
            let may_be_title = |is: bool| heading.is_title && title.is_none() && is;
            *heading = match tag(place).and_then(Tag::as_heading) {
                Some(Tag::Title) => Heading { level: 1, is_title: title == Some(*place) },
                Some(Tag::Heading(Some(level))) => {
                    Heading { level: level.into(), is_title: may_be_title(first == Some(*place)) }
                }
                _ => Heading { level: heading.level, is_title: may_be_title(true) },
            };
        }
        headings
    }
}

/// Makes lists of neighbours that are tagged as items, where their marks do not make items of all of them. `order` has
/// what may be an item; `items` are those by their marks.
pub(super) fn with_tagged_items(
    pages: &[PageFacts],
    order: &[Place],
    is_heading: impl Fn(&Place) -> bool,
    mut items: BTreeMap<Place, Item>,
) -> BTreeMap<Place, Item> {
    let depth = |place: &Place| {
        let fact = &pages[place.page].facts[place.index];
        let Some(Tag::Item(depth)) = fact.tag.filter(|_| fact.kind == Kind::Text) else { return None };
        Some(depth).filter(|_| !is_heading(place))
    };
    let mut lists = items.values().map(|item| item.list + 1).max().unwrap_or_default();
    for run in order.chunk_by(|a, b| depth(a).is_some() && depth(b).is_some()) {
        let tagged: Vec<(Place, u8)> = run.iter().filter_map(|place| Some((*place, depth(place)?))).collect();
        let begins = without_further_paragraphs(pages, &tagged);
        if begins.iter().all(|(place, _)| items.contains_key(place)) {
            continue;
        }
        for (place, _) in &tagged {
            items.remove(place);
        }
        nest(pages, &begins, &mut lists, &mut items);
    }
    items
}

/// Leaves out what has no mark where the items of its depth have marks: a further paragraph of an item.
fn without_further_paragraphs(pages: &[PageFacts], tagged: &[(Place, u8)]) -> Vec<(Place, u8)> {
    let has_mark = |place: &Place| pages[place.page].facts[place.index].mark.is_some();
    let mut counts: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
    for (place, depth) in tagged {
        let (with_mark, all) = counts.entry(*depth).or_default();
        *with_mark += u32::from(has_mark(place));
        *all += 1;
    }
    let are_marked = |depth: &u8| {
        counts.get(depth).is_some_and(|(with_mark, all)| f64::from(*with_mark) >= MARKED_ITEMS * f64::from(*all))
    };
    tagged.iter().filter(|(place, depth)| has_mark(place) || !are_marked(depth)).copied().collect()
}

/// A list whose items may go on.
struct Open {
    depth: u8,
    list: usize,
    parent: Option<Place>,
    last: Place,
}

/// Makes items of neighbours, each in the list of its depth. `lists` is the number of the next list.
fn nest(pages: &[PageFacts], begins: &[(Place, u8)], lists: &mut usize, items: &mut BTreeMap<Place, Item>) {
    let mut open: Vec<Open> = Vec::new();
    for (place, depth) in begins {
        while open.last().is_some_and(|list| list.depth > *depth) {
            open.pop();
        }
        if open.last().is_none_or(|list| list.depth < *depth) {
            let parent = open.last().map(|around| around.last);
            open.push(Open { depth: *depth, list: *lists, parent, last: *place });
            *lists += 1;
        }
        let around = u32::try_from(open.len() - 1).unwrap_or(u32::MAX);
        let list = open.last_mut().expect("its list is open");
        list.last = *place;
        items.insert(*place, item(list, around, &pages[place.page].facts[place.index]));
    }
}

fn item(list: &Open, depth: u32, fact: &Fact) -> Item {
    let is_ordered = fact.mark.as_ref().is_some_and(|mark| mark.kind != MarkKind::Bullet);
    Item { list: list.list, parent: list.parent, is_ordered, depth, marker: marker(fact) }
}

/// Returns the mark that an item begins with, or that is painted before it; empty if it has none.
fn marker(fact: &Fact) -> String {
    match &fact.mark {
        None => String::new(),
        Some(mark) if mark.length == 0 => "•".to_owned(),
        Some(mark) => fact.text.head.chars().take(usize::from(mark.length)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, Given, given, kinds, page};

    const fn tagged(text: &'static str, top: f64, tag: &'static str) -> Given {
        Given { tag: Some(tag), ..given(text, top) }
    }

    const fn bold(text: &'static str, top: f64) -> Given {
        Given { bold: true, ..given(text, top) }
    }

    fn kinds_of(elements: &[Given]) -> Vec<String> {
        kinds(&[page(1, elements)])
    }

    #[test]
    fn tagged_headings_have_the_level_of_their_tag_beside_those_that_only_look_like_one() {
        let elements = [
            Given { size: 20.0, ..given("A report on water", 60.0) },
            given(BODY, 100.0),
            tagged("Methods", 150.0, "H1"),
            given(BODY, 180.0),
            bold("This is bold", 220.0),
            given(BODY, 240.0),
            tagged("Samples", 280.0, "H3"),
            given(BODY, 300.0),
        ];
        let expected = ["title1", "-", "section_header1", "-", "section_header2", "-", "section_header3", "-"];
        assert_eq!(kinds_of(&elements), expected);
    }

    #[test]
    fn a_title_is_tagged_as_such_or_is_the_first_heading_of_level_1_if_that_is_the_largest() {
        let large = |tag| Given { size: 20.0, ..tagged("A report on water", 60.0, tag) };
        let of = |title: Given, other| {
            kinds_of(&[title, given(BODY, 100.0), tagged("Methods", 150.0, other), given(BODY, 180.0)])
        };
        assert_eq!(of(large("H1"), "H2"), ["title1", "-", "section_header2", "-"]);
        assert_eq!(of(large("H2"), "H1"), ["section_header2", "-", "section_header1", "-"]);
        assert_eq!(of(large("H"), "H"), ["title1", "-", "section_header2", "-"]);
        assert_eq!(of(tagged("A report", 60.0, "Title"), "Title"), ["title1", "-", "section_header1", "-"]);
        assert_eq!(of(large("H1"), "Title"), ["section_header1", "-", "title1", "-"]);
    }

    #[test]
    fn what_looks_like_a_heading_and_has_another_tag_is_none() {
        let elements = [
            tagged("Methods", 60.0, "H2"),
            given(BODY, 80.0),
            Given { bold: true, ..tagged("In a table", 300.0, "TD") },
            given(BODY, 320.0),
        ];
        assert_eq!(kinds_of(&elements), ["section_header2", "-", "-", "-"]);
    }

    #[test]
    fn wrong_tags_of_headings_are_not_believed() {
        const LONG: &str = "This is running text that somebody has tagged as a heading, though nothing in it is one; \
                            it goes on and on, for more than the two hundred characters that a heading may have, and \
                            these are counted without the white space, and only then does it come to its end.";
        let headings = [tagged("Methods", 60.0, "H1"), tagged(LONG, 80.0, "H2")];
        let text = [given(BODY, 120.0), given(BODY, 140.0), given(BODY, 160.0), given(BODY, 180.0)];
        let elements: Vec<Given> = headings.into_iter().chain(text).collect();
        assert_eq!(kinds_of(&elements), ["section_header1", "-", "-", "-", "-", "-"]);
        let all = [tagged(BODY, 60.0, "H1"), tagged("No heading by its look", 100.0, "H1"), tagged(BODY, 120.0, "H1")];
        assert_eq!(kinds_of(&all), ["-", "-", "-"]);
    }

    #[test]
    fn tagged_items_need_no_marks_and_are_nested_as_their_tags_are() {
        let elements = [
            given(BODY, 60.0),
            tagged("Apples", 90.0, "LI1"),
            tagged("Green ones", 105.0, "LI2"),
            tagged("Red ones", 120.0, "LI2"),
            tagged("Plums", 135.0, "LI1"),
            given(BODY, 160.0),
        ];
        assert_eq!(kinds_of(&elements), ["-", "item@0", "item@1", "item@1", "item@0", "-"]);
        // Where items have marks, what has none is a further paragraph of one.
        let elements = [
            tagged("1. the first thing", 90.0, "LI1"),
            tagged("which has another paragraph", 105.0, "LI1"),
            tagged("2. the second thing", 120.0, "LI1"),
            given(BODY, 160.0),
        ];
        assert_eq!(kinds_of(&elements), ["item@0", "-", "item@0", "-"]);
    }

    #[test]
    fn captions_notes_and_contents_are_told_by_their_tags() {
        let elements = [
            tagged("How much water there was", 60.0, "Caption"),
            given(BODY, 90.0),
            given(BODY, 110.0),
            tagged("This is said elsewhere", 130.0, "Note"),
            given(BODY, 150.0),
            tagged("Methods", 170.0, "TOCI"),
            given(BODY, 190.0),
        ];
        let expected = ["caption", "-", "-", "footnote", "-", "document_index", "-"];
        assert_eq!(kinds_of(&elements), expected);
        let captions = [tagged(BODY, 60.0, "Caption"), tagged(BODY, 90.0, "Caption"), given(BODY, 120.0)];
        assert_eq!(kinds_of(&captions), ["-", "-", "-"]);
    }

    #[test]
    fn artifacts_at_the_edge_are_furniture_unless_most_of_the_text_is_one() {
        let of = |body: Option<&'static str>| {
            let body = |top| Given { tag: body, ..given(BODY, top) };
            let head = tagged("Works of the water board", 30.0, "Artifact");
            kinds_of(&[head, body(150.0), body(200.0), tagged("Draft of it", 400.0, "Artifact"), body(500.0)])
        };
        assert_eq!(of(None), ["page_header", "-", "-", "-", "-"]);
        assert_eq!(of(Some("Artifact")), ["-", "-", "-", "-", "-"]);
        let large = Given { size: 20.0, ..tagged("Works of the water board", 30.0, "Artifact") };
        let text = [given(BODY, 150.0), given(BODY, 200.0), given(BODY, 300.0)];
        let elements: Vec<Given> = std::iter::once(large).chain(text).collect();
        assert_eq!(kinds_of(&elements)[0], "title1");
    }
}
