//! Where the fields and notes of a page come in the order of its elements. Pure.

use std::cmp::Ordering;

use quire_schemas::{
    element::{BBox, ContentLayer, Element, ElementType, FieldInfo, Granularity, Region, TextSource},
    object::JsonObject,
};

use super::{
    characters::{self, Writing},
    content::{FieldKind, PageField, PageNote},
    placed::{Placed, blank, element_region, in_rows, insert_at},
    stacked::{Stacked, shared_height},
};

/// A line of which this much stands beside a field is wholly on its row.
const MOST: f64 = 0.75;

/// Puts the fields and notes of a page between its paragraphs.
pub(super) fn insert(page_number: u32, fields: Vec<PageField>, notes: Vec<PageNote>, elements: &mut Vec<Placed>) {
    let mut annotations: Vec<Placed> = Vec::with_capacity(fields.len() + notes.len());
    annotations.extend(fields.into_iter().map(|field| of_field(page_number, field)));
    annotations
        .extend(notes.into_iter().filter(|note| !note.text.trim().is_empty()).map(|note| of_note(page_number, note)));
    if annotations.is_empty() {
        return;
    }
    let lines = Lines::of(elements);
    let places = in_rows(annotations)
        .into_iter()
        .map(|annotation| (lines.place(annotation.bbox, &annotation.element.kind), annotation))
        .collect();
    insert_at(places, elements);
}

/// The lines of text that annotations may stand beside.
struct Lines {
    /// The element that each belongs to, and whether it is read from right to left.
    elements: Vec<(usize, bool)>,
    boxes: Vec<BBox>,
    stacked: Stacked,
}

/// A line on the row of an annotation.
#[derive(Clone, Copy)]
struct Neighbour {
    element: usize,
    is_rtl: bool,
    is_on_left: bool,
    /// Whether less than most of the lower of the two stands beside the other.
    is_askew: bool,
    gap: f64,
    top: f64,
}

impl Neighbour {
    /// Says whether the annotation is read after it.
    const fn is_before(self) -> bool {
        self.is_on_left != self.is_rtl
    }

    fn is_nearer(a: &Self, b: &Self) -> Ordering {
        a.is_askew.cmp(&b.is_askew).then(a.gap.total_cmp(&b.gap)).then(a.top.total_cmp(&b.top))
    }
}

impl Lines {
    fn of(placed: &[Placed]) -> Self {
        let (mut elements, mut boxes) = (Vec::new(), Vec::new());
        for (index, placed) in placed.iter().enumerate().filter(|(_, placed)| placed.is_body()) {
            let is_line = |region: &&Region| region.granularity == Some(Granularity::Line);
            let mut lines: Vec<BBox> =
                placed.element.regions.iter().filter(is_line).filter_map(|region| region.bbox).collect();
            if lines.is_empty() {
                lines.push(placed.bbox);
            }
            let is_rtl = is_rtl(&placed.element.text);
            elements.extend(lines.iter().map(|_| (index, is_rtl)));
            boxes.extend(lines);
        }
        Self { stacked: Stacked::new(boxes.iter().copied()), elements, boxes }
    }

    /// Returns before which element an annotation comes: behind its label, else before the text on its other side, else
    /// behind what ends above it. Text beside a box to tick is its label on whichever side it is nearer.
    fn place(&self, bbox: BBox, kind: &ElementType) -> usize {
        let neighbours: Vec<Neighbour> = self.neighbours(bbox).collect();
        let nearest = |is: &dyn Fn(&Neighbour) -> bool| {
            neighbours.iter().copied().filter(|neighbour| is(neighbour)).min_by(Neighbour::is_nearer)
        };
        let label = if *kind == ElementType::Checkbox {
            nearest(&|_| true)
        } else {
            nearest(&|neighbour| neighbour.is_before()).or_else(|| nearest(&|_| true))
        };
        match label {
            Some(label) if label.is_before() => label.element + 1,
            Some(label) => label.element,
            None => self.below(bbox),
        }
    }

    fn neighbours(&self, bbox: BBox) -> impl Iterator<Item = Neighbour> {
        self.stacked.on_row_of(bbox).filter_map(move |(line, index)| {
            let is_on_left = line.left() <= bbox.left();
            // What is drawn inside it is no label.
            if !is_on_left && line.right() < bbox.right() {
                return None;
            }
            let gap = if is_on_left { bbox.left() - line.right() } else { line.left() - bbox.right() };
            let (element, is_rtl) = self.elements[index];
            let is_askew = shared_height(line, bbox) < MOST;
            Some(Neighbour { element, is_rtl, is_on_left, is_askew, gap: gap.abs(), top: line.top() })
        })
    }

    /// Returns the place behind the nearest line that ends above the middle of a box.
    fn below(&self, bbox: BBox) -> usize {
        let middle = bbox.middle_y();
        let above = self.boxes.iter().zip(&self.elements).filter(|(line, _)| line.bottom() <= middle);
        let far = |line: &BBox| middle - line.bottom() - line.shared_width(bbox).min(0.0);
        let nearest = above.min_by(|(a, _), (b, _)| far(a).total_cmp(&far(b)));
        nearest.map_or(0, |(_, (element, _))| element + 1)
    }
}

/// Says whether most letters of a text run from right to left.
fn is_rtl(text: &str) -> bool {
    let count = |direction: Writing| text.chars().filter(|letter| characters::writing(*letter) == direction).count();
    !text.is_ascii() && count(Writing::RightToLeft) > count(Writing::LeftToRight)
}

fn of_field(page_number: u32, field: PageField) -> Placed {
    let (kind, name) = match field.kind {
        FieldKind::Checkbox => (ElementType::Checkbox, "checkbox"),
        FieldKind::RadioButton => (ElementType::Checkbox, "radio_button"),
        FieldKind::Text => (ElementType::FormField, "text"),
        FieldKind::Password => (ElementType::FormField, "password"),
        FieldKind::PushButton => (ElementType::FormField, "push_button"),
        FieldKind::ComboBox => (ElementType::FormField, "combo_box"),
        FieldKind::ListBox => (ElementType::FormField, "list_box"),
        FieldKind::Signature => (ElementType::FormField, "signature"),
        FieldKind::Unknown => (ElementType::FormField, "unknown"),
    };
    let text = match (field.checked, field.shown_text) {
        (Some(true), _) => "☑".to_owned(),
        (Some(false), _) => "☐".to_owned(),
        (None, Some(shown)) => shown,
        (None, None) => field.value.clone(),
    };
    let mut extra = JsonObject::new();
    if field.checked.is_none() && !field.value.is_empty() && text != field.value {
        extra.insert("value_not_shown".to_owned(), true.into());
    }
    let layer = if field.shown { ContentLayer::Body } else { ContentLayer::Invisible };
    let element = Element {
        text,
        content_layer: Some(layer),
        text_source: Some(TextSource::Native),
        regions: vec![element_region(page_number, field.bbox)],
        field: Some(FieldInfo {
            name: Some(field.name).filter(|name| !name.is_empty()),
            kind: Some(name.to_owned()),
            value: Some(field.value).filter(|value| !value.is_empty()),
            checked: field.checked,
        }),
        extra,
        ..blank(page_number, kind, "widget")
    };
    Placed { bbox: field.bbox, words: Vec::new(), element }
}

fn of_note(page_number: u32, note: PageNote) -> Placed {
    let mut extra = JsonObject::new();
    extra.insert("subtype".to_owned(), note.subtype.into());
    if let Some(author) = note.author {
        extra.insert("author".to_owned(), author.into());
    }
    let element = Element {
        // What the page shows is part of its Markdown; a comment is not.
        markdown: note.shown.then(|| note.text.clone()),
        text: note.text,
        content_layer: Some(ContentLayer::Notes),
        text_source: Some(TextSource::Native),
        regions: vec![element_region(page_number, note.bbox)],
        extra,
        ..blank(page_number, ElementType::Text, "annotation")
    };
    Placed { bbox: note.bbox, words: Vec::new(), element }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lay_out, testing::Page, to_parsed_page},
        *,
    };

    fn field(bbox: BBox, value: &str) -> PageField {
        PageField {
            bbox,
            name: "name".to_owned(),
            kind: FieldKind::Text,
            value: value.to_owned(),
            shown_text: None,
            checked: None,
            shown: true,
        }
    }

    fn tick(left: f64, top: f64) -> PageField {
        let bbox = BBox::new(left, top, left + 10.0, top + 10.0);
        PageField { kind: FieldKind::Checkbox, checked: Some(true), ..field(bbox, "Yes") }
    }

    fn elements(page: &Page, fields: Vec<PageField>) -> Vec<Element> {
        let page = page.clone().and(|page| page.fields = fields).content();
        to_parsed_page(lay_out(page), false).elements
    }

    fn texts(page: &Page, fields: Vec<PageField>) -> Vec<String> {
        elements(page, fields).into_iter().map(|element| element.text).collect()
    }

    #[test]
    fn a_field_comes_behind_its_label_or_before_the_text_on_its_right() {
        let page = Page::new().write("Name", 50.0, 110.0).write("Town", 50.0, 140.0).write("Euro", 80.0, 170.0);
        let at = |left: f64, top: f64, value: &str| field(BBox::new(left, top, left + 25.0, top + 14.0), value);
        let fields = vec![
            at(50.0, 10.0, "on top"),
            at(50.0, 300.0, "below"),
            at(40.0, 159.0, "5"),
            at(100.0, 129.0, "Bonn"),
            at(140.0, 99.4, "Lamb"),
            at(100.0, 99.0, "Ann"),
        ];
        let expected = ["on top", "Name", "Ann", "Lamb", "Town", "Bonn", "5", "Euro", "below"];
        assert_eq!(texts(&page, fields), expected);
    }

    #[test]
    fn a_field_that_stands_higher_than_its_label_comes_behind_it_all_the_same() {
        let page = Page::new().write("Family name:", 37.0, 106.0).write("Given names:", 37.0, 131.5);
        let at = |top: f64, value: &str| field(BBox::new(100.0, top, 309.0, top + 14.45), value);
        let fields = vec![at(89.2, "Whiffen"), at(114.7, "Effie")];
        assert_eq!(texts(&page, fields), ["Family name:", "Whiffen", "Given names:", "Effie"]);
    }

    #[test]
    fn a_box_to_tick_comes_before_a_label_that_is_nearer_on_its_right() {
        let page =
            Page::new().write("By post", 62.0, 100.0).write("By mail", 142.0, 100.0).write("Member", 50.0, 130.0);
        let fields = vec![tick(48.0, 91.0), tick(128.0, 91.0), tick(84.0, 121.0)];
        assert_eq!(texts(&page, fields), ["☑", "By post", "☑", "By mail", "Member", "☑"]);
    }

    #[test]
    fn a_field_comes_behind_a_label_on_its_right_that_is_read_from_there() {
        let page = Page::new().write_leftwards("שם", 300.0, 100.0).write_leftwards("עיר", 150.0, 100.0);
        let at = |left: f64, value: &str| field(BBox::new(left, 89.0, left + 80.0, 103.0), value);
        assert_eq!(texts(&page, vec![at(40.0, "חיפה"), at(190.0, "רות")]), ["שם", "רות", "עיר", "חיפה"]);
    }

    #[test]
    fn the_text_of_a_field_is_what_it_shows() {
        let bbox = BBox::new(100.0, 89.0, 200.0, 103.0);
        let shows = |shown: Option<&str>| {
            let field = PageField { shown_text: shown.map(str::to_owned), ..field(bbox, "900") };
            let element = elements(&Page::new(), vec![field]).remove(0);
            let value = element.field.and_then(|field| field.value);
            (element.text, value.unwrap_or_default(), element.extra.contains_key("value_not_shown"))
        };
        let texts = |text: &str, differs: bool| (text.to_owned(), "900".to_owned(), differs);
        assert_eq!(shows(None), texts("900", false));
        assert_eq!(shows(Some("100")), texts("100", true));
        assert_eq!(shows(Some("")), texts("", true));
        assert_eq!(shows(Some("900")), texts("900", false));
    }
}
