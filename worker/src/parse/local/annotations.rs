//! Where the fields and notes of a page come in the order of its elements. Pure.

use quire_schemas::{
    element::{BBox, ContentLayer, Element, ElementType, FieldInfo, TextSource},
    object::JsonObject,
};

use super::{
    content::{FieldKind, PageField, PageNote},
    placed::{Placed, blank, element_region},
};

/// Puts the fields and notes of a page between its paragraphs.
pub(super) fn insert(page_number: u32, fields: Vec<PageField>, notes: Vec<PageNote>, elements: &mut Vec<Placed>) {
    let mut annotations: Vec<Placed> = Vec::with_capacity(fields.len() + notes.len());
    annotations.extend(fields.into_iter().map(|field| of_field(page_number, field)));
    annotations
        .extend(notes.into_iter().filter(|note| !note.text.trim().is_empty()).map(|note| of_note(page_number, note)));
    // From top to bottom, rows from left to right: each goes behind those of the same place that came before it.
    annotations.sort_by(|a, b| {
        let row = |placed: &Placed| (placed.bbox.bottom() / 6.0).round();
        row(a).total_cmp(&row(b)).then(a.bbox.left().total_cmp(&b.bbox.left()))
    });
    let boxes: Vec<Option<BBox>> = elements.iter().map(|placed| placed.is_body().then_some(placed.bbox)).collect();
    let mut places: Vec<(usize, Placed)> =
        annotations.into_iter().map(|annotation| (place(annotation.bbox, &boxes), annotation)).collect();
    places.sort_by_key(|(place, _)| *place);
    let mut merged = Vec::with_capacity(elements.len() + places.len());
    let mut places = places.into_iter().peekable();
    for (index, element) in elements.drain(..).enumerate() {
        while let Some((_, annotation)) = places.next_if(|(place, _)| *place <= index) {
            merged.push(annotation);
        }
        merged.push(element);
    }
    merged.extend(places.map(|(_, annotation)| annotation));
    *elements = merged;
}

/// Returns before which element an annotation comes: behind its label on the left, else before the text on its right,
/// else behind what ends above it.
fn place(bbox: BBox, elements: &[Option<BBox>]) -> usize {
    let middle = bbox.middle_y();
    let in_row = |label: &BBox| label.top() <= middle && middle <= label.bottom();
    let boxes = || elements.iter().enumerate().filter_map(|(index, bbox)| bbox.map(|bbox| (index, bbox)));
    let nearest = |candidates: Vec<(usize, f64)>| {
        candidates.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
    };
    let on_left: Vec<(usize, f64)> = boxes()
        .filter(|(_, label)| in_row(label) && label.left() <= bbox.left())
        .map(|(index, label)| (index, (bbox.left() - label.right()).abs()))
        .collect();
    if let Some(index) = nearest(on_left) {
        return index + 1;
    }
    let on_right: Vec<(usize, f64)> = boxes()
        .filter(|(_, label)| in_row(label) && label.right() >= bbox.right())
        .map(|(index, label)| (index, (label.left() - bbox.right()).abs()))
        .collect();
    if let Some(index) = nearest(on_right) {
        return index;
    }
    let above: Vec<(usize, f64)> = boxes()
        .filter(|(_, text)| text.bottom() <= middle)
        .map(|(index, text)| (index, middle - text.bottom() - text.shared_width(bbox).min(0.0)))
        .collect();
    nearest(above).map_or(0, |index| index + 1)
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
    let text = match field.checked {
        Some(true) => "☑".to_owned(),
        Some(false) => "☐".to_owned(),
        None => field.value.clone(),
    };
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
    use super::*;

    #[test]
    fn a_field_comes_behind_its_label_or_before_the_text_on_its_right() {
        let labels = [
            Some(BBox::new(50.0, 100.0, 90.0, 112.0)),
            Some(BBox::new(50.0, 130.0, 90.0, 142.0)),
            None,
            Some(BBox::new(80.0, 160.0, 150.0, 172.0)),
        ];
        let at = |left: f64, top: f64| place(BBox::new(left, top, left + 40.0, top + 14.0), &labels);
        assert_eq!(
            [at(100.0, 99.0), at(100.0, 129.0), at(30.0, 159.0), at(50.0, 300.0), at(50.0, 10.0)],
            [1, 2, 3, 4, 0]
        );
    }
}
