//! `ActualText` of elements of the structure tree, and the marked content of a page for which it stands. Pure.

use std::collections::HashMap;

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Number, Object, ObjectIdentifier},
    xref::XRef,
};

use super::{
    text_string,
    values::{resolve, text},
};

/// How deep elements, and the nodes of the tree that lists them, may nest.
const MAX_DEPTH: usize = 64;
/// How many nodes of the tree that lists elements are looked into.
const MAX_NODES: usize = 10_000;
/// How many entries of that tree are passed over, and how many marks of a page are looked at.
const MAX_ITEMS: usize = 1_000_000;
/// How many parts of an element are asked for their page.
const MAX_PARTS: usize = 1_000;
/// Most bytes of a text.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Texts that stand for marked content of a page.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::render) struct StructureTexts {
    /// By the number of the marked content.
    by_mark: HashMap<i32, usize>,
    texts: Vec<String>,
}

impl StructureTexts {
    /// Returns the text that stands for marked content, with its place in the list: one text may stand for several marks.
    pub(in crate::render) fn of_mark(&self, mark: i32) -> Option<(usize, &str)> {
        let place = *self.by_mark.get(&mark)?;
        Some((place, self.texts.get(place)?))
    }
}

/// Reads the texts of a page. `None` if no element that covers something of it has one.
pub(super) fn read<'a>(xref: &'a XRef, page: &Dict<'a>, page_id: Option<ObjectIdentifier>) -> Option<StructureTexts> {
    let root = xref.get::<Dict<'a>>(xref.root_id())?.get::<Dict<'a>>("StructTreeRoot")?;
    let key = page.get::<Number>("StructParents")?.as_i64();
    let elements = listed(xref, root.get("ParentTree")?, key)?;
    let mut reader = Reader { xref, page_id, outermost: HashMap::new(), found: StructureTexts::default() };
    for (mark, element) in (0..).zip(elements.raw_iter().take(MAX_ITEMS)) {
        let Some(element) = element.as_obj_ref().map(ObjectIdentifier::from) else { continue };
        if let Some(place) = reader.outermost(element) {
            reader.found.by_mark.insert(mark, place);
        }
    }
    (!reader.found.by_mark.is_empty()).then_some(reader.found)
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
    /// For each element that was met, the place of the text of the outermost element around it that has one.
    outermost: HashMap<ObjectIdentifier, Option<usize>>,
    found: StructureTexts,
}

impl<'a> Reader<'a> {
    /// Finds the text that stands for an element and all others in the outermost element that has one.
    fn outermost(&mut self, element: ObjectIdentifier) -> Option<usize> {
        let mut chain: Vec<(ObjectIdentifier, Dict<'a>)> = Vec::new();
        let mut next = Some(element);
        let mut around = None;
        while let Some(id) = next.filter(|_| chain.len() < MAX_DEPTH) {
            if let Some(known) = self.outermost.get(&id) {
                around = *known;
                break;
            }
            let Some(dict) = self.xref.get::<Dict<'a>>(id) else { break };
            // Also ends a circle.
            self.outermost.insert(id, None);
            next = dict.get_ref("P").map(ObjectIdentifier::from);
            chain.push((id, dict));
        }
        for (id, dict) in chain.into_iter().rev() {
            around = around.or_else(|| self.text_of(&dict));
            self.outermost.insert(id, around);
        }
        around
    }

    /// Adds the text of an element and returns its place. A text of nothing but white space replaces nothing: writers set
    /// it where they draw white space, and what a reader sees must not get lost.
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

    /// A page, 10, whose three marks are listed as those of the elements 30, 31 and 32; another page is 11.
    fn facts(elements: &[(u32, &str)], parent_tree: &str) -> FileFacts {
        let objects = [
            (1, "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 20 0 R>>"),
            (2, "<</Type/Pages/Kids[10 0 R 11 0 R]/Count 2>>"),
            (10, "<</Type/Page/Parent 2 0 R/StructParents 7>>"),
            (11, "<</Type/Page/Parent 2 0 R>>"),
            (20, "<</Type/StructTreeRoot/ParentTree 21 0 R>>"),
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
        let found = facts(elements, FLAT).structure_texts(0).unwrap_or_default();
        (0..5).map(|mark| found.of_mark(mark).map(|(place, text)| (place, text.to_owned()))).collect()
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
        assert!(facts(element, "<</Kids[<</Limits[0 3]/Nums[7[99 0 R]]>>50 0 R]>>").structure_texts(0).is_some());
        assert!(facts(element, "<</Kids[<</Limits[0 3]/Nums[7 22 0 R]>>]>>").structure_texts(0).is_none());
        assert!(facts(element, "<</Kids[21 0 R 21 0 R]>>").structure_texts(0).is_none());
        assert!(facts(element, FLAT).structure_texts(1).is_none());
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
