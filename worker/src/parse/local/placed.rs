//! An element of a page with its place, and how its regions are written. Pure.

use quire_schemas::element::{BBox, ContentLayer, Element, ElementType, Granularity, Native, Region};

use super::paragraphs::Span;

/// An element, where it is, and its words.
pub(super) struct Placed {
    pub(super) bbox: BBox,
    pub(super) words: Vec<Span>,
    pub(super) element: Element,
}

impl Placed {
    /// Returns the largest area that one of its places shares with a box: a paragraph may stand in two columns.
    pub(super) fn overlap(&self, area: BBox) -> f64 {
        self.places().map(|bbox| bbox.overlap(area)).fold(0.0, f64::max)
    }

    /// Returns the box around its places.
    pub(super) fn around(&self) -> BBox {
        self.places().fold(self.bbox, BBox::union)
    }

    fn places(&self) -> impl Iterator<Item = BBox> {
        let regions = self.element.regions.iter().filter(|region| region.granularity == Some(Granularity::Element));
        std::iter::once(self.bbox).chain(regions.filter_map(|region| region.bbox))
    }

    pub(super) fn is_body(&self) -> bool {
        self.element.content_layer == Some(ContentLayer::Body)
    }

    pub(super) fn into_element(self, page_number: u32, with_words: bool) -> Element {
        let Self { words, mut element, .. } = self;
        if with_words {
            element.regions.extend(words.iter().map(|word| part(page_number, word, Granularity::Word)));
        }
        element
    }
}

pub(super) fn blank(page_number: u32, kind: ElementType, native: &str) -> Element {
    let native = Native { engine: "pdfium".to_owned(), kind: native.to_owned(), id: None, path: None };
    Element::new(page_number, kind, native)
}

pub(super) fn element_region(page_number: u32, bbox: BBox) -> Region {
    Region { granularity: Some(Granularity::Element), ..region(page_number, bbox) }
}

pub(super) fn part(page_number: u32, span: &Span, granularity: Granularity) -> Region {
    Region { granularity: Some(granularity), char_span: Some([span.start, span.end]), ..region(page_number, span.bbox) }
}

pub(super) fn region(page_number: u32, bbox: BBox) -> Region {
    Region::new(page_number, Some(bbox.rounded()))
}
