//! What pages inherit from the nodes above them. Each node is read once: one may list thousands of pages, and reading
//! it takes the time of its whole list. Pure.

use std::collections::HashMap;

use hayro_syntax::{
    object::{
        Dict, Number, Object, ObjectIdentifier,
        dict::keys::{CROP_BOX, MEDIA_BOX, PARENT, RESOURCES, ROTATE},
    },
    xref::XRef,
};
use quire_schemas::result::PdfBox;

use super::page::PageArea;

/// How many ancestors of a page are asked.
const MAX_ANCESTORS: usize = 64;
/// How many nodes are remembered.
const MAX_NODES: usize = 100_000;

/// The entries of a page or node that pages inherit. What is stated counts, also where it cannot be read.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Stated {
    media_box: Option<Option<PdfBox>>,
    crop_box: Option<Option<PdfBox>>,
    /// In quarter turns clockwise.
    rotation: Option<Option<u16>>,
    resources: Option<ResourcesAt>,
}

/// Where resources stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResourcesAt {
    /// They are an object.
    Object(ObjectIdentifier),
    /// They stand in this node.
    Node(ObjectIdentifier),
    /// They stand in the page.
    Page,
}

impl Stated {
    /// Reads what a page's dictionary states itself.
    pub(super) fn by_page(page: &Dict<'_>) -> Self {
        Self::by(page, ResourcesAt::Page)
    }

    fn by(dict: &Dict<'_>, here: ResourcesAt) -> Self {
        let value = |key: &[u8]| dict.get::<Object<'_>>(key).filter(|value| !matches!(value, Object::Null(_)));
        let resources = || dict.get_ref(RESOURCES).map_or(here, |reference| ResourcesAt::Object(reference.into()));
        Self {
            media_box: value(MEDIA_BOX).map(pdf_box),
            crop_box: value(CROP_BOX).map(pdf_box),
            rotation: value(ROTATE).map(|rotate| rotate.into_number().map(quarter_turns)),
            resources: value(RESOURCES).map(|_| resources()),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            media_box: self.media_box.or(other.media_box),
            crop_box: self.crop_box.or(other.crop_box),
            rotation: self.rotation.or(other.rotation),
            resources: self.resources.or(other.resources),
        }
    }

    /// Returns what is stated of the page's area.
    pub(super) fn area(&self) -> PageArea {
        PageArea {
            media_box: self.media_box.flatten(),
            crop_box: self.crop_box.flatten(),
            rotation_degrees: self.rotation.flatten().map(|turns| turns * 90),
        }
    }

    /// Returns where the page's resources stand. `None` if there are none.
    pub(super) const fn resources(&self) -> Option<ResourcesAt> {
        self.resources
    }
}

/// The nodes above pages that were read.
#[derive(Debug, Default)]
pub(super) struct Ancestors {
    known: HashMap<ObjectIdentifier, Node>,
}

/// What a node states, and the node above it.
#[derive(Debug, Default, Clone, Copy)]
struct Node {
    stated: Stated,
    parent: Option<ObjectIdentifier>,
}

impl Ancestors {
    /// Returns what holds for a page. Like libpdfium it follows `Parent`, not the tree: the page image is made by the
    /// same rule.
    pub(super) fn with_inherited(&mut self, xref: &XRef, page: &Dict<'_>) -> Stated {
        let mut stated = Stated::by_page(page);
        let mut above = parent(page);
        for _ in 0..MAX_ANCESTORS {
            let Some(id) = above else { break };
            let node = self.node(xref, id);
            stated = stated.or(node.stated);
            above = node.parent;
        }
        stated
    }

    fn node(&mut self, xref: &XRef, id: ObjectIdentifier) -> Node {
        if let Some(node) = self.known.get(&id) {
            return *node;
        }
        let read = |dict: Dict<'_>| Node { stated: Stated::by(&dict, ResourcesAt::Node(id)), parent: parent(&dict) };
        let node = xref.get(id).map(read).unwrap_or_default();
        if self.known.len() < MAX_NODES {
            self.known.insert(id, node);
        }
        node
    }
}

fn parent(dict: &Dict<'_>) -> Option<ObjectIdentifier> {
    dict.get_ref(PARENT).map(ObjectIdentifier::from)
}

fn quarter_turns(rotate: Number) -> u16 {
    u16::try_from((rotate.as_i64() / 90).rem_euclid(4)).unwrap_or_default()
}

fn pdf_box(value: Object<'_>) -> Option<PdfBox> {
    let numbers: Vec<f64> = value.into_array()?.iter::<Number>().take(5).map(|number| number.as_f64()).collect();
    let [one, two, three, four] = <[f64; 4]>::try_from(numbers).ok()?;
    let is_sane = [one, two, three, four].iter().all(|side| side.is_finite());
    is_sane.then(|| PdfBox::new(one.min(three), two.min(four), one.max(three), two.max(four)))
}

#[cfg(test)]
mod tests {
    use hayro_syntax::object::FromBytes;

    use super::*;

    fn area(dict: &str) -> PageArea {
        Stated::by_page(&Dict::from_bytes(dict.as_bytes()).expect("a dictionary")).area()
    }

    #[test]
    fn a_page_states_its_boxes_and_its_rotation() {
        let stated = area("<</MediaBox[300 0 0 200]/CropBox[1 2 3 4]/Rotate -90>>");
        assert_eq!(stated.media_box, Some(PdfBox::new(0.0, 0.0, 300.0, 200.0)));
        assert_eq!(stated.crop_box, Some(PdfBox::new(1.0, 2.0, 3.0, 4.0)));
        assert_eq!(stated.rotation_degrees, Some(270));
    }

    #[test]
    fn what_cannot_be_read_is_not_told_and_hides_what_would_be_inherited() {
        assert_eq!(area("<</MediaBox[0 0 1]/CropBox[0 0 1 1 1]/Rotate(a)>>"), PageArea::UNKNOWN);
        let own = Stated { crop_box: Some(None), ..Stated::default() };
        let above = Stated { crop_box: Some(Some(PdfBox::new(0.0, 0.0, 1.0, 1.0))), ..Stated::default() };
        assert_eq!((own.or(above).area().crop_box, own.or(above).resources()), (None, None));
    }
}
