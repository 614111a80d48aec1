//! What the structure tree says of the marked content of a page: the `ActualText` that stands for it, and what it is
//! tagged as. Pure.
//!
//! The tree is entered from the list of the elements of a page, and walked upwards: what that costs depends on the page
//! alone, however large the tree is, and whatever its elements name as their kids.

use std::collections::HashMap;

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Number, Object, ObjectIdentifier},
    xref::XRef,
};

use super::{
    roles::{RoleMap, Said},
    text_string,
    values::{resolve, text},
};
use crate::parse::local::{MAX_TAGGED_MARKS, MAX_TAGS, Tag};

/// How deep the parts of an element, and the nodes of the tree that lists elements, may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes of the tree that lists elements are looked into.
const MAX_NODES: usize = 10_000;
/// How many entries of that tree are passed over.
const MAX_ITEMS: usize = 1_000_000;
/// How many parts of an element are asked for their page.
const MAX_PARTS: usize = 1_000;
/// Most bytes of a text.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// What is said of marked content of a page, by its number.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::render) struct TaggedContent {
    /// The places of the texts that stand for it.
    texts_of_marks: HashMap<i32, usize>,
    texts: Vec<String>,
    tags: HashMap<i32, Tag>,
    is_cut: bool,
}

impl TaggedContent {
    /// Returns the text that stands for marked content, with its place in the list: one text may stand for several
    /// marks.
    pub(in crate::render) fn text_of(&self, mark: i32) -> Option<(usize, &str)> {
        let place = *self.texts_of_marks.get(&mark)?;
        Some((place, self.texts.get(place)?))
    }

    /// Returns what marked content is tagged as.
    pub(in crate::render) fn tag_of(&self, mark: i32) -> Option<Tag> {
        self.tags.get(&mark).copied()
    }

    /// Says whether there are more elements or marks than are looked at.
    pub(in crate::render) const fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// Reads what is said of a page. `None` if the tree lists no elements of it.
pub(super) fn read<'a>(xref: &'a XRef, page: &Dict<'a>, page_id: Option<ObjectIdentifier>) -> Option<TaggedContent> {
    let root = xref.get::<Dict<'a>>(xref.root_id())?.get::<Dict<'a>>("StructTreeRoot")?;
    let key = page.get::<Number>("StructParents")?.as_i64();
    let elements = listed(xref, root.get("ParentTree")?, key)?;
    let roles = RoleMap::of(&root);
    let mut reader = Reader { xref, page_id, roles, known: HashMap::new(), found: TaggedContent::default() };
    let mut elements = elements.raw_iter();
    for (mark, element) in (0..).zip(elements.by_ref().take(MAX_TAGGED_MARKS)) {
        let Some(element) = element.as_obj_ref().map(ObjectIdentifier::from) else { continue };
        let Around { text, said } = reader.around(element);
        reader.found.texts_of_marks.extend(text.map(|place| (mark, place)));
        reader.found.tags.extend(said.tag.map(|tag| (mark, tag)));
    }
    reader.found.is_cut |= elements.next().is_some();
    Some(reader.found)
}

/// What is said inside of an element, by itself and by those around it.
#[derive(Clone, Copy, Default)]
struct Around {
    /// The place of the text of the outermost of them that has one.
    text: Option<usize>,
    said: Said,
}

/// Finds the elements that a tree of numbers lists under a key: one for each marked content of a page.
fn listed<'a>(xref: &'a XRef, tree: Dict<'a>, key: i64) -> Option<Array<'a>> {
    let mut open = vec![(tree, 0)];
    let mut items = MAX_ITEMS;
    for _ in 0..MAX_NODES {
        let (node, depth) = open.pop()?;
        if let Some(pairs) = node.get::<Array<'a>>("Nums") {
            let mut pairs = pairs.raw_iter();
            while let (Some(number), Some(value)) = (pairs.next(), pairs.next()) {
                items = items.checked_sub(1)?;
                if matches!(number, MaybeRef::NotRef(Object::Number(number)) if number.as_i64() == key) {
                    return resolve(xref, value)?.into_array();
                }
            }
        }
        let Some(kids) = node.get::<Array<'a>>("Kids").filter(|_| depth < MAX_DEPTH) else { continue };
        for kid in kids.raw_iter() {
            items = items.checked_sub(1)?;
            let Some(Object::Dict(kid)) = resolve(xref, kid) else { continue };
            if may_list(&kid, key) {
                open.push((kid, depth + 1));
            }
        }
    }
    None
}

fn may_list(node: &Dict<'_>, key: i64) -> bool {
    let Some(limits) = node.get::<Array<'_>>("Limits") else { return true };
    let limits: Vec<i64> = limits.iter::<Number>().take(2).map(|limit| limit.as_i64()).collect();
    <[i64; 2]>::try_from(limits).is_ok_and(|[least, most]| (least..=most).contains(&key))
}

struct Reader<'a> {
    xref: &'a XRef,
    page_id: Option<ObjectIdentifier>,
    roles: RoleMap<'a>,
    /// The elements that were met.
    known: HashMap<ObjectIdentifier, Around>,
    found: TaggedContent,
}

impl<'a> Reader<'a> {
    /// Finds what is said inside of an element.
    fn around(&mut self, element: ObjectIdentifier) -> Around {
        let mut chain: Vec<(ObjectIdentifier, Dict<'a>)> = Vec::new();
        let mut next = Some(element);
        let mut around = Around::default();
        while let Some(id) = next {
            if let Some(known) = self.known.get(&id) {
                around = *known;
                break;
            }
            if chain.len() == MAX_TAGS {
                self.found.is_cut = true;
                break;
            }
            let Some(dict) = self.xref.get::<Dict<'a>>(id) else { break };
            // Also ends a circle.
            self.known.insert(id, Around::default());
            next = dict.get_ref("P").map(ObjectIdentifier::from);
            chain.push((id, dict));
        }
        for (id, dict) in chain.into_iter().rev() {
            let text = around.text.or_else(|| self.text_of(&dict));
            let said = self.roles.role_of(&dict).map_or(around.said, |role| around.said.inside(&role));
            around = Around { text, said };
            self.known.insert(id, around);
        }
        around
    }

    /// Adds the text of an element and returns its place. A text of nothing but white space replaces nothing: writers
    /// set it where they draw white space, and what a reader sees must not get lost.
    fn text_of(&mut self, element: &Dict<'a>) -> Option<usize> {
        let stated = element.contains_key("ActualText").then(|| text(element, "ActualText")).flatten()?;
        let stated = text_string::decode_flowing(&stated, MAX_TEXT_BYTES);
        if stated.trim().is_empty() {
            return None;
        }
        // An element over several pages is read on the first of them.
        let text = if self.goes_on_here(element) { String::new() } else { stated };
        self.found.texts.push(text);
        Some(self.found.texts.len() - 1)
    }

    /// Says whether an element covers something of this page, but of another page first.
    fn goes_on_here(&self, element: &Dict<'a>) -> bool {
        let Some(page) = self.page_id else { return false };
        let pages = pages_of(self.xref, element);
        pages.first().is_some_and(|first| *first != page) && pages.contains(&page)
    }
}

/// Lists the pages of the marked content that an element covers, in its order.
fn pages_of<'a>(xref: &'a XRef, element: &Dict<'a>) -> Vec<ObjectIdentifier> {
    let page_of = |dict: &Dict<'a>| dict.get_ref("Pg").map(ObjectIdentifier::from);
    let mut pages = Vec::new();
    let mut open: Vec<(Object<'a>, Option<ObjectIdentifier>, usize)> =
        element.get("K").map(|kids| (kids, page_of(element), 0)).into_iter().collect();
    for _ in 0..MAX_PARTS {
        let Some((part, page, depth)) = open.pop() else { break };
        match part {
            Object::Number(_) => pages.extend(page),
            Object::Dict(dict) => {
                let page = page_of(&dict).or(page);
                match dict.get("K").filter(|_| depth < MAX_DEPTH) {
                    Some(kids) => open.push((kids, page, depth + 1)),
                    None => pages.extend(page.filter(|_| dict.contains_key("MCID"))),
                }
            }
            Object::Array(parts) if depth < MAX_DEPTH => {
                let parts = parts.raw_iter().take(MAX_PARTS).filter_map(|part| resolve(xref, part));
                let parts: Vec<_> = parts.map(|part| (part, page, depth + 1)).collect();
                open.extend(parts.into_iter().rev());
            }
            _ => {}
        }
    }
    pages
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{FileFacts, read};
    use crate::parse::local::{MAX_TAGS, Tag};

    /// A page, 10, whose three marks are listed as those of the elements 30, 31 and 32; another page is 11.
    fn facts(elements: &[(u32, &str)], parent_tree: &str) -> FileFacts {
        let objects = [
            (1, "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 20 0 R>>"),
            (2, "<</Type/Pages/Kids[10 0 R 11 0 R]/Count 2>>"),
            (10, "<</Type/Page/Parent 2 0 R/StructParents 7>>"),
            (11, "<</Type/Page/Parent 2 0 R>>"),
            (20, "<</Type/StructTreeRoot/ParentTree 21 0 R/RoleMap<</Big/Bigger/Bigger/H2/A/B/B/A/P/P/Title/P>>>>"),
            (21, parent_tree),
            (22, "[30 0 R 31 0 R null 32 0 R]"),
        ];
        let mut file = "%PDF-1.7\n".to_owned();
        for (number, text) in objects.iter().chain(elements) {
            file.push_str(&format!("{number} 0 obj\n{text}\nendobj\n"));
        }
        read(&Arc::new(file.into_bytes()), None).facts.expect("the file can be read")
    }

    const FLAT: &str = "<</Nums[3[31 0 R]7 22 0 R]>>";

    fn texts(elements: &[(u32, &str)]) -> Vec<Option<(usize, String)>> {
        let found = facts(elements, FLAT).tagged_content(0).unwrap_or_default();
        (0..5).map(|mark| found.text_of(mark).map(|(place, text)| (place, text.to_owned()))).collect()
    }

    /// Returns the tags of the first five marks, and whether there are more elements than are looked at.
    fn tags(elements: &[(u32, &str)]) -> (Vec<Option<Tag>>, bool) {
        let found = facts(elements, FLAT).tagged_content(0).unwrap_or_default();
        ((0..5).map(|mark| found.tag_of(mark)).collect(), found.is_cut())
    }

    fn at(place: usize, text: &str) -> Option<(usize, String)> {
        Some((place, text.to_owned()))
    }

    #[test]
    fn a_text_stands_for_every_mark_of_its_element_and_those_in_it() {
        let found = texts(&[
            (30, "<</P 40 0 R>>"),
            (31, "<</P 41 0 R>>"),
            (32, "<</P 20 0 R/ActualText<FEFF0041>>>"),
            (40, "<</P 20 0 R/ActualText(first\r\nsecond)>>"),
            (41, "<</P 40 0 R>>"),
        ]);
        assert_eq!(found, [at(0, "first second"), at(0, "first second"), None, at(1, "A"), None]);
    }

    #[test]
    fn the_outermost_text_counts_and_other_entries_are_none() {
        let found = texts(&[
            (30, "<</P 40 0 R/ActualText(inner)>>"),
            (31, "<</P 41 0 R/Alt(picture)/E(expansion)>>"),
            (32, "<</P 41 0 R/ActualText( )>>"),
            (40, "<</P 20 0 R/ActualText(outer)>>"),
            (41, "<</P 20 0 R/ActualText()>>"),
        ]);
        assert_eq!(found, [at(0, "outer"), None, None, None, None]);
    }

    #[test]
    fn an_element_over_several_pages_is_read_on_the_first() {
        let element = "<</P 20 0 R/ActualText(once)/Pg 11 0 R/K[0<</Type/MCR/Pg 10 0 R/MCID 0>>]>>";
        assert_eq!(texts(&[(30, element)])[0], at(0, ""));
        let element = "<</P 20 0 R/ActualText(once)/Pg 10 0 R/K[0 1<</Type/MCR/Pg 11 0 R/MCID 0>>]>>";
        assert_eq!(texts(&[(30, element)])[0], at(0, "once"));
        // Nothing of this page is in it, whatever the list of elements says.
        assert_eq!(texts(&[(30, "<</P 20 0 R/ActualText(here)/Pg 11 0 R/K 0>>")])[0], at(0, "here"));
    }

    #[test]
    fn the_list_of_elements_may_be_a_tree_and_its_limits_are_kept() {
        let element: &[(u32, &str)] = &[(30, "<</ActualText(a)>>"), (50, "<</Limits[4 9]/Nums[7 22 0 R]>>")];
        assert!(facts(element, "<</Kids[<</Limits[0 3]/Nums[7[99 0 R]]>>50 0 R]>>").tagged_content(0).is_some());
        assert!(facts(element, "<</Kids[<</Limits[0 3]/Nums[7 22 0 R]>>]>>").tagged_content(0).is_none());
        assert!(facts(element, "<</Kids[21 0 R 21 0 R]>>").tagged_content(0).is_none());
        assert!(facts(element, FLAT).tagged_content(1).is_none());
    }

    #[test]
    fn types_are_read_through_the_role_map() {
        let heading = Some(Tag::heading(2));
        let found = tags(&[
            (30, "<</S/Span/P 40 0 R>>"),
            (31, "<</S/Title/P 20 0 R>>"),
            (32, "<</S/A/P 40 0 R>>"),
            (40, "<</S/Big/P 41 0 R>>"),
            (41, "<</S/P/P 20 0 R>>"),
        ]);
        assert_eq!(found, (vec![heading, Some(Tag::Title), None, heading, None], false));
        // A wrong type says nothing, and so does none.
        assert_eq!(tags(&[(30, "<</S 3/P 40 0 R>>"), (31, "<</P 31 0 R>>"), (32, "[]")]), (vec![None; 5], false));
    }

    #[test]
    fn elements_too_far_outside_say_nothing() {
        let id = |place: u32| if place == 0 { 30 } else { 100 + place };
        let chain = |length: u32| -> Vec<(u32, String)> {
            let inner = (0..length).map(|place| (id(place), format!("<</S/Span/P {} 0 R>>", id(place + 1))));
            inner.chain([(id(length), "<</S/H1>>".to_owned())]).collect()
        };
        let most = u32::try_from(MAX_TAGS).expect("it is small");
        for (length, expected) in [(most - 1, (Some(Tag::heading(1)), false)), (most, (None, true))] {
            let elements = chain(length);
            let elements: Vec<(u32, &str)> = elements.iter().map(|(id, text)| (*id, text.as_str())).collect();
            let (tags, is_cut) = tags(&elements);
            assert_eq!((tags[0], is_cut), expected, "{length}");
        }
    }

    #[test]
    fn circles_end() {
        let found = texts(&[
            (30, "<</P 31 0 R/K 31 0 R>>"),
            (31, "<</P 30 0 R/K[30 0 R]/ActualText(round)>>"),
            (32, "<</P 32 0 R>>"),
        ]);
        assert_eq!(found[3], None);
        assert_eq!(found[1], at(0, "round"));
    }
}
