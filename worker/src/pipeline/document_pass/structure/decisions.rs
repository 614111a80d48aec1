//! What the rules say of the elements of a document, by their places. Pure.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::element::{ContentLayer, ElementType, ListInfo};

/// What an element is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub(crate) kind: ElementType,
    pub(crate) layer: Option<ContentLayer>,
    pub(crate) level: Option<u32>,
    pub(crate) list: Option<InList>,
}

/// Where an item of a list belongs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InList {
    pub(crate) info: ListInfo,
    /// The number of its list in the document.
    pub(crate) list: usize,
    /// The item in which its list stands.
    pub(crate) parent: Option<At>,
}

/// The number of a page, and the place of an element among those of the page.
pub(crate) type At = (u32, usize);

/// What belongs to a table or a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OfElement {
    pub(crate) captions: Vec<At>,
    pub(crate) continued_from: Option<At>,
    pub(crate) continues_in: Option<At>,
}

/// What the elements of a document are; those that are not listed stay what they are.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    pub(super) kinds: BTreeMap<At, Decision>,
    pub(super) belongings: BTreeMap<At, OfElement>,
    /// The table or picture of each caption.
    pub(super) captioned: BTreeMap<At, At>,
    /// The further parts of each paragraph that goes on behind a break.
    pub(super) parts: BTreeMap<At, Vec<At>>,
    pub(super) further_parts: BTreeSet<At>,
    /// The headings that bookmarks name, by their places in the outline.
    pub(super) bookmarked: BTreeMap<usize, At>,
}

impl Decisions {
    /// Returns what the element at a place of a page is, if the rules have said so.
    pub(crate) fn of(&self, at: At) -> Option<&Decision> {
        self.kinds.get(&at)
    }

    /// Returns what belongs to the table or picture at a place, if something does.
    pub(crate) fn belongings_of(&self, at: At) -> Option<&OfElement> {
        self.belongings.get(&at)
    }

    /// Returns the table or picture that the element at a place is a caption of.
    pub(crate) fn captioned_by(&self, at: At) -> Option<At> {
        self.captioned.get(&at).copied()
    }

    /// Returns the parts in which the paragraph at a place goes on.
    pub(crate) fn parts_behind(&self, at: At) -> &[At] {
        self.parts.get(&at).map_or(&[], Vec::as_slice)
    }

    /// Returns the heading that the bookmark at a place of the outline names.
    pub(crate) fn bookmarked(&self, place: usize) -> Option<At> {
        self.bookmarked.get(&place).copied()
    }

    /// Says whether the element at a place is part of a paragraph that begins before it.
    pub(crate) fn is_further_part(&self, at: At) -> bool {
        self.further_parts.contains(&at)
    }
}

impl Decision {
    pub(super) const fn plain(kind: ElementType) -> Self {
        Self { kind, layer: None, level: None, list: None }
    }
}
