//! Reads the form fields and the notes of a page.

use std::{collections::BTreeSet, os::raw::c_int};

use quire_schemas::{element::BBox, result::PdfBox};

use super::{
    super::{bounds::cut, geometry::Transform},
    annotation::{Annotation, FormField, subtype},
    appearances::Appearances,
    page::Page,
};
use crate::parse::local::{
    Cut, FieldKind, MAX_ANNOTATION_BYTES, MAX_ANNOTATIONS, MAX_OPTIONS, MAX_TEXT_BYTES, PageField, PageNote,
};

/// Annotations beyond this are not looked at.
const MAX_LOOKED_AT: c_int = 20_000;

/// The form fields and notes of a page.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Annotations {
    pub(super) fields: Vec<PageField>,
    pub(super) notes: Vec<PageNote>,
    /// What was left out.
    pub(super) cuts: BTreeSet<Cut>,
    text_bytes: usize,
}

impl Annotations {
    /// Reads the form fields and the notes of a page. What has no place is left out, and so is a note
    /// without text.
    pub(super) fn of(page: &Page<'_>, transform: &Transform) -> Self {
        let (width, height) = page.displayed_size();
        let displayed = BBox::new(0.0, 0.0, width, height);
        let appearances = Appearances::of(page);
        let mut found = Self::default();
        let count = page.annotation_count();
        if count > MAX_LOOKED_AT {
            found.cuts.insert(Cut::Annotations);
        }
        for index in 0..count.min(MAX_LOOKED_AT) {
            let Some(annotation) = page.annotation(index) else { continue };
            let Some(rect) = annotation.rect() else { continue };
            let bbox = transform.bbox(rect);
            if !bbox.is_finite() {
                continue;
            }
            let shown = !annotation.is_hidden() && bbox.overlap(displayed) > 0.0;
            found.add(&annotation, &Place { rect, bbox, shown }, &appearances);
            if found.text_bytes > MAX_ANNOTATION_BYTES {
                found.cuts.insert(Cut::Annotations);
                break;
            }
        }
        if appearances.are_cut() {
            found.cuts.insert(Cut::Appearances);
        }
        found
    }

    fn add(&mut self, annotation: &Annotation<'_>, place: &Place, appearances: &Appearances<'_>) {
        let kind = annotation.subtype();
        if kind == subtype::WIDGET {
            if self.fields.len() == MAX_ANNOTATIONS {
                self.cuts.insert(Cut::Annotations);
                return;
            }
            let field = field(annotation, place, &mut self.cuts);
            self.text_bytes += field.name.len() + field.value.len();
            self.fields.push(field);
        } else if let Some(note) = note(annotation, kind, place, appearances, &mut self.cuts) {
            if self.notes.len() == MAX_ANNOTATIONS {
                self.cuts.insert(Cut::Annotations);
                return;
            }
            self.text_bytes += note.text.len() + note.author.as_ref().map_or(0, String::len);
            self.notes.push(note);
        }
    }
}

/// Where an annotation stands.
struct Place {
    /// In user space.
    rect: PdfBox,
    /// As displayed.
    bbox: BBox,
    /// Whether the page shows it.
    shown: bool,
}

/// Cuts one text, and notes it.
fn bounded(text: String, cuts: &mut BTreeSet<Cut>) -> String {
    if text.len() > MAX_TEXT_BYTES {
        cuts.insert(Cut::Texts);
    }
    cut(text, MAX_TEXT_BYTES)
}

fn field(annotation: &Annotation<'_>, place: &Place, cuts: &mut BTreeSet<Cut>) -> PageField {
    let (kind, name, value) = match annotation.field() {
        Some(field) => {
            let kind = field_kind(field.kind(), field.flags());
            (kind, field.name(), field_value(&field, kind, cuts))
        }
        // A widget without a form around it.
        None => (FieldKind::Unknown, annotation.entry("T"), String::new()),
    };
    let ticked = matches!(kind, FieldKind::Checkbox | FieldKind::RadioButton);
    PageField {
        bbox: place.bbox,
        name: bounded(name, cuts),
        kind,
        value: bounded(value, cuts),
        // libpdfium tells only after it has prepared the page for input; the state is in the file.
        checked: ticked.then(|| !matches!(annotation.entry("AS").as_str(), "" | "Off")),
        shown: place.shown,
    }
}

/// Returns the kind of a field from libpdfium's number for it and the field's flags.
fn field_kind(kind: c_int, flags: c_int) -> FieldKind {
    const PASSWORD: c_int = 1 << 13;
    match kind {
        1 => FieldKind::PushButton,
        2 => FieldKind::Checkbox,
        3 => FieldKind::RadioButton,
        4 => FieldKind::ComboBox,
        5 => FieldKind::ListBox,
        6 if flags & PASSWORD != 0 => FieldKind::Password,
        6 => FieldKind::Text,
        7 => FieldKind::Signature,
        _ => FieldKind::Unknown,
    }
}

fn field_value(field: &FormField<'_>, kind: FieldKind, cuts: &mut BTreeSet<Cut>) -> String {
    const MOST: c_int = MAX_OPTIONS as c_int;
    match kind {
        FieldKind::Password => String::new(),
        FieldKind::ComboBox | FieldKind::ListBox => {
            let count = field.option_count();
            if count > MOST {
                cuts.insert(Cut::Options);
            }
            // The value is what is sent; the label is what is shown.
            let chosen = (0..count.min(MOST)).filter(|option| field.is_selected(*option));
            let labels: Vec<String> = chosen.map(|option| field.option_label(option)).collect();
            if labels.is_empty() { field.value() } else { labels.join(", ") }
        }
        _ => field.value(),
    }
}

/// Reads an annotation that carries text. `None` if it has none, or is of another kind.
fn note(
    annotation: &Annotation<'_>,
    kind: c_int,
    place: &Place,
    appearances: &Appearances<'_>,
    cuts: &mut BTreeSet<Cut>,
) -> Option<PageNote> {
    let (_, name) = subtype::NOTES.iter().find(|(number, _)| *number == kind)?;
    let stated = |key: &str| Some(annotation.entry(key)).filter(|text| !text.trim().is_empty());
    let shown = place.shown && matches!(kind, subtype::FREE_TEXT | subtype::STAMP);
    let appearance = || Some(appearances.text_within(place.rect)).filter(|text| !text.is_empty());
    let text = match kind {
        // What a stamp shows is its text; its contents are a comment on it.
        subtype::STAMP if shown => appearance().or_else(|| stated("Contents")).or_else(|| stated("Name")),
        subtype::STAMP => stated("Contents").or_else(|| stated("Name")),
        subtype::FREE_TEXT if shown => stated("Contents").or_else(appearance),
        _ => stated("Contents"),
    }?;
    Some(PageNote {
        bbox: place.bbox,
        subtype: (*name).to_owned(),
        text: bounded(text, cuts),
        author: stated("T").map(|author| bounded(author, cuts)),
        shown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_is_noted() {
        let mut cuts = BTreeSet::new();
        assert_eq!(bounded("x".repeat(MAX_TEXT_BYTES), &mut cuts).len(), MAX_TEXT_BYTES);
        assert_eq!(cuts, BTreeSet::new());
        assert_eq!(bounded("x".repeat(MAX_TEXT_BYTES + 1), &mut cuts).len(), MAX_TEXT_BYTES);
        assert_eq!(cuts, BTreeSet::from([Cut::Texts]));
    }

    #[test]
    fn a_text_field_with_the_flag_of_a_password_is_a_password() {
        let password = 1 << 13;
        assert_eq!(field_kind(6, password | 2), FieldKind::Password);
        assert_eq!(field_kind(6, 2), FieldKind::Text);
        assert_eq!(field_kind(2, password), FieldKind::Checkbox);
        assert_eq!(field_kind(-1, password), FieldKind::Unknown);
    }
}
