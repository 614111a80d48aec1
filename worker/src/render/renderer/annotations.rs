//! Reads the form fields and the notes of a page.

use std::{collections::BTreeSet, os::raw::c_int};

use quire_schemas::{element::BBox, result::PdfBox};

use super::{
    super::{bounds::cut, geometry::Transform},
    annotation::{Annotation, FormField, subtype},
    appearances::Appearances,
    file_facts::PageFacts,
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
    pub(super) fn of(page: &Page<'_>, transform: &Transform, facts: &PageFacts<'_>) -> Self {
        let (width, height) = page.displayed_size();
        let displayed = BBox::new(0.0, 0.0, width, height);
        let appearances = Appearances::of(page);
        let count = page.annotation_count();
        let mut found = Self::default();
        if count > MAX_LOOKED_AT {
            found.cuts.insert(Cut::Annotations);
        }
        let fields_show_values = count > 0 && facts.needs_appearances();
        for index in 0..count.min(MAX_LOOKED_AT) {
            let Some(annotation) = page.annotation(index) else { continue };
            let Some(rect) = annotation.rect() else { continue };
            let bbox = transform.bbox(rect);
            if !bbox.is_finite() {
                continue;
            }
            let shown = !annotation.is_hidden() && bbox.overlap(displayed) > 0.0;
            found.add(&annotation, &Place { rect, bbox, shown, fields_show_values }, &appearances);
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
            let field = field(annotation, place, appearances, &mut self.cuts);
            self.text_bytes += field.name.len() + field.value.len() + field.shown_text.as_ref().map_or(0, String::len);
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
    /// Whether fields of the document show their values, whatever appearances they have.
    fields_show_values: bool,
}

/// Cuts one text, and notes it.
fn bounded(text: String, cuts: &mut BTreeSet<Cut>) -> String {
    if text.len() > MAX_TEXT_BYTES {
        cuts.insert(Cut::Texts);
    }
    cut(text, MAX_TEXT_BYTES)
}

fn field(
    annotation: &Annotation<'_>,
    place: &Place,
    appearances: &Appearances<'_>,
    cuts: &mut BTreeSet<Cut>,
) -> PageField {
    let (kind, name, value) = match annotation.field() {
        Some(field) => {
            let kind = field_kind(field.kind(), field.flags());
            (kind, field.name(), field_value(&field, kind, cuts))
        }
        // A widget without a form around it.
        None => (FieldKind::Unknown, annotation.entry("T"), String::new()),
    };
    let ticked = matches!(kind, FieldKind::Checkbox | FieldKind::RadioButton);
    let value = bounded(value, cuts);
    PageField {
        bbox: place.bbox,
        name: bounded(name, cuts),
        kind,
        shown_text: shown_text(annotation, kind, &value, place, appearances),
        value,
        // libpdfium tells only after it has prepared the page for input; the state is in the file.
        checked: ticked.then(|| !matches!(annotation.entry("AS").as_str(), "" | "Off")),
        shown: place.shown,
    }
}

/// Returns the text that a field shows if that is not its value. `None` if it shows its value, or what it shows cannot
/// be told. An appearance of a password is no text, and that of a list has all its options.
fn shown_text(
    annotation: &Annotation<'_>,
    kind: FieldKind,
    value: &str,
    place: &Place,
    appearances: &Appearances<'_>,
) -> Option<String> {
    use FieldKind::{ComboBox, PushButton, Signature, Text};
    let shows_text = matches!(kind, Text | ComboBox | PushButton | Signature);
    if !place.shown || place.fields_show_values || !shows_text || !annotation.has_appearance() {
        return None;
    }
    let shown = cut(appearances.text_of(annotation, place.rect)?, MAX_TEXT_BYTES);
    let is_told = !shown.contains(char::REPLACEMENT_CHARACTER) && !is_same(&shown, value);
    is_told.then_some(shown)
}

/// Says whether two texts have the same characters but for white space. The order of a text that is drawn may be that
/// of its places.
fn is_same(one: &str, other: &str) -> bool {
    let characters = |text: &str| {
        let mut characters: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
        characters.sort_unstable();
        characters
    };
    characters(one) == characters(other)
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
    let shows_text = place.shown && matches!(kind, subtype::FREE_TEXT | subtype::STAMP);
    let drawn = (shows_text && annotation.has_appearance()).then(|| appearances.text_of(annotation, place.rect));
    let contents =
        if kind == subtype::STAMP { stated("Contents").or_else(|| stated("Name")) } else { stated("Contents") };
    let (text, shown) = said(drawn.flatten(), contents, shows_text)?;
    Some(PageNote {
        bbox: place.bbox,
        subtype: (*name).to_owned(),
        text: bounded(text, cuts),
        author: stated("T").map(|author| bounded(author, cuts)),
        shown,
    })
}

/// Returns the text of a note, and whether the page shows it: what its appearance draws is its text. Its contents are
/// only where it has no appearance that can be read; beside one without text they are a comment that nobody sees.
fn said(drawn: Option<String>, contents: Option<String>, shows_text: bool) -> Option<(String, bool)> {
    match drawn {
        Some(drawn) if !drawn.is_empty() => {
            // The contents have the spaces and line ends as they were typed.
            let typed = contents.filter(|contents| is_same(contents, &drawn));
            Some((typed.unwrap_or(drawn), true))
        }
        Some(_) => Some((contents?, false)),
        None => Some((contents?, shows_text)),
    }
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

    #[test]
    fn what_a_note_draws_is_its_text_and_contents_beside_it_are_not_shown() {
        let said = |drawn: Option<&str>, contents: Option<&str>| {
            said(drawn.map(str::to_owned), contents.map(str::to_owned), true)
        };
        let text = |text: &str, shown: bool| Some((text.to_owned(), shown));
        assert_eq!(said(Some("drawn"), Some("contents")), text("drawn", true));
        assert_eq!(said(Some("one two"), Some("one\ntwo")), text("one\ntwo", true));
        assert_eq!(said(Some(""), Some("contents")), text("contents", false));
        assert_eq!(said(None, Some("contents")), text("contents", true));
        assert_eq!(said(Some(""), None), None);
        assert_eq!(super::said(None, Some("hidden".to_owned()), false), text("hidden", false));
    }

    #[test]
    fn texts_are_the_same_but_for_white_space_and_order() {
        assert!(is_same("A 1 B 2", "A1B2") && is_same("one two", "one\rtwo") && is_same("שלום", "םולש"));
        assert!(!is_same("100", "900") && !is_same("", "9") && !is_same("$9", "9"));
    }
}
