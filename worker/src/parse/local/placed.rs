//! An element of a page with its place, and how its regions are written. Pure.

use quire_schemas::element::{BBox, ContentLayer, Element, ElementType, Granularity, Native, Region};

use super::paragraphs::Span;

/// How far the middle of a field or picture may lie from that of the first one of its row, in units of the lower
/// height.
const SAME_ROW: f64 = 0.5;

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

/// Orders elements from top to bottom, those of a row from left to right.
pub(super) fn in_rows(mut elements: Vec<Placed>) -> Vec<Placed> {
    elements.sort_by(|a, b| a.bbox.middle_y().total_cmp(&b.bbox.middle_y()));
    let mut rows: Vec<Vec<Placed>> = Vec::new();
    for element in elements {
        let fits = |row: &&mut Vec<Placed>| {
            let (first, bbox) = (row[0].bbox, element.bbox);
            bbox.middle_y() - first.middle_y() <= SAME_ROW * bbox.height().min(first.height())
        };
        match rows.last_mut().filter(fits) {
            Some(row) => row.push(element),
            None => rows.push(vec![element]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| a.bbox.left().total_cmp(&b.bbox.left()));
    }
    rows.into_iter().flatten().collect()
}

/// Puts elements before others, each before the one at its place. What has the same place keeps its order.
pub(super) fn insert_at(mut places: Vec<(usize, Placed)>, elements: &mut Vec<Placed>) {
    places.sort_by_key(|(place, _)| *place);
    let mut merged = Vec::with_capacity(elements.len() + places.len());
    let mut places = places.into_iter().peekable();
    for (index, element) in elements.drain(..).enumerate() {
        while let Some((_, inserted)) = places.next_if(|(place, _)| *place <= index) {
            merged.push(inserted);
        }
        merged.push(element);
    }
    merged.extend(places.map(|(_, inserted)| inserted));
    *elements = merged;
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
