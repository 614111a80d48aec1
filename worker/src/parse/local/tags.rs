//! What the tags of a document say of a text: the element of the structure tree that it stands in. Pure.

use std::collections::BTreeMap;

/// Headings of a lower level count as of this one.
const LOWEST_HEADING: u8 = 6;
/// Items that are nested deeper count as nested so deep.
const DEEPEST_ITEM: u8 = 9;

/// What an element of the structure tree, or a mark in the content, says of a text. Running text has no tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tag {
    Title,
    /// Its level is from 1 to 6, if the tag has one.
    Heading(Option<u8>),
    /// An item of a list, with its label: from 1 in an outermost list to 9.
    Item(u8),
    Caption,
    Note,
    /// A line of a table of contents.
    Contents,
    /// What stands in a table, but in no cell.
    Table,
    HeaderCell,
    Cell,
    Figure,
    Code,
    Formula,
    /// No part of the content, such as a running head or a decoration.
    Artifact,
}

impl Tag {
    /// A heading of a level from 1.
    pub(crate) fn heading(level: u8) -> Self {
        Self::Heading(Some(level.clamp(1, LOWEST_HEADING)))
    }

    /// An item in so many lists, from 1.
    pub(crate) fn item(lists: u8) -> Self {
        Self::Item(lists.clamp(1, DEEPEST_ITEM))
    }

    /// Returns it if it is that of a heading.
    pub(crate) const fn as_heading(self) -> Option<Self> {
        if matches!(self, Self::Title | Self::Heading(_)) { Some(self) } else { None }
    }

    /// Returns its name in results: that of the standard structure type, with a number for levels.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Heading(Some(level)) => format!("H{level}"),
            Self::Item(lists) => format!("LI{lists}"),
            _ => PLAIN.iter().find(|(tag, _)| *tag == self).map_or("", |(_, name)| *name).to_owned(),
        }
    }

    /// Reads a name as [`name`](Self::name) writes it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let numbered = |prefix: &str| name.strip_prefix(prefix).and_then(|number| number.parse().ok());
        let plain = PLAIN.iter().find(|(_, known)| *known == name).map(|(tag, _)| *tag);
        plain.or_else(|| numbered("H").map(Self::heading)).or_else(|| numbered("LI").map(Self::item))
    }
}

/// Tags without a number.
const PLAIN: [(Tag, &str); 12] = [
    (Tag::Title, "Title"),
    (Tag::Heading(None), "H"),
    (Tag::Caption, "Caption"),
    (Tag::Note, "Note"),
    (Tag::Contents, "TOCI"),
    (Tag::Table, "Table"),
    (Tag::HeaderCell, "TH"),
    (Tag::Cell, "TD"),
    (Tag::Figure, "Figure"),
    (Tag::Code, "Code"),
    (Tag::Formula, "Formula"),
    (Tag::Artifact, "Artifact"),
];

/// Returns the tag of most characters. Each part comes with the number of its characters.
pub(super) fn of_most(parts: impl Iterator<Item = (Option<Tag>, usize)> + Clone) -> Option<Tag> {
    // Most documents have no tags.
    if parts.clone().all(|(tag, _)| tag.is_none()) {
        return None;
    }
    let mut counts: BTreeMap<Option<Tag>, usize> = BTreeMap::new();
    for (tag, characters) in parts {
        *counts.entry(tag).or_default() += characters;
    }
    counts.into_iter().max_by_key(|(_, characters)| *characters).and_then(|(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lay_out, testing::Page, to_parsed_page},
        *,
    };

    /// Returns the elements of a page, each with its tag.
    fn elements(page: &Page) -> Vec<(String, Option<String>)> {
        let elements = to_parsed_page(lay_out(page.content()), false).elements.into_iter();
        let tag = |extra: &serde_json::Map<String, serde_json::Value>| Some(extra.get("tag")?.as_str()?.to_owned());
        elements.map(|element| (element.text.clone(), tag(&element.extra))).collect()
    }

    fn written(lines: &[(&str, Option<Tag>)]) -> Page {
        lines.iter().enumerate().fold(Page::new(), |page, (row, (line, tag))| {
            page.write(line, 50.0, 100.0 + 12.0 * row as f64).with(|text| text.tag = *tag)
        })
    }

    #[test]
    fn a_tag_is_read_as_it_is_written() {
        let numbered = (1..=6).map(Tag::heading).chain((1..=9).map(Tag::item));
        for tag in PLAIN.iter().map(|(tag, _)| *tag).chain(numbered) {
            assert_eq!(Tag::named(&tag.name()), Some(tag));
        }
        assert_eq!((Tag::heading(0).name(), Tag::heading(200).name()), ("H1".to_owned(), "H6".to_owned()));
        assert_eq!((Tag::item(0).name(), Tag::item(200).name()), ("LI1".to_owned(), "LI9".to_owned()));
        for name in ["", "P", "H1.5", "Hx", "LI", "h1"] {
            assert_eq!(Tag::named(name), None, "{name}");
        }
    }

    #[test]
    fn another_tag_of_a_heading_parts_a_paragraph_and_other_tags_do_not() {
        let (heading, item) = (Some(Tag::heading(2)), Some(Tag::item(1)));
        let page =
            written(&[("a heading in", heading), ("two of its lines", heading), ("and the text below it", None)]);
        let expected = [
            ("a heading in two of its lines".to_owned(), Some("H2".to_owned())),
            ("and the text below it".to_owned(), None),
        ];
        assert_eq!(elements(&page), expected);
        let page = written(&[("an item that goes on", item), ("in another", None)]);
        assert_eq!(elements(&page), [("an item that goes on in another".to_owned(), Some("LI1".to_owned()))]);
    }

    #[test]
    fn a_paragraph_has_the_tag_of_most_of_its_characters() {
        let page = written(&[("note", Some(Tag::Note)), ("and a good deal of running text", None)]);
        assert_eq!(elements(&page), [("note and a good deal of running text".to_owned(), None)]);
        let page = Page::new().write("Table 1", 50.0, 100.0).with(|text| text.tag = Some(Tag::Caption));
        let page = page.write(": x", 85.0, 100.0);
        assert_eq!(elements(&page), [("Table 1: x".to_owned(), Some("Caption".to_owned()))]);
    }
}
