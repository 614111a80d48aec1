//! Reads the text that annotations show. libpdfium orders only the characters of a page's own content,
//! so it is asked for those of a copy of the page in which annotations are content.

use std::{
    cell::{Cell, OnceCell},
    collections::HashSet,
    os::raw::c_int,
};

use pdfium_render::prelude::FPDF_PAGEOBJECT;
use quire_schemas::result::PdfBox;

use super::{
    annotation::Annotation,
    characters::decode,
    page::Page,
    page_object::{ObjectKind, PageObject},
    placement::Point,
    text_page::TextPage,
};
use crate::parse::local::{MAX_APPEARANCES, MAX_SHOWN_CHARACTERS};

/// A page with more annotations is not copied.
const MAX_ANNOTATIONS: c_int = MAX_APPEARANCES as c_int;
/// What annotations show on a page with more characters, theirs included, cannot be told.
const MAX_CHARACTERS: c_int = MAX_SHOWN_CHARACTERS as c_int;
/// Bytes of appearances of a page beyond this are not looked at.
const MAX_BYTES: usize = 32 << 20;
/// What annotations show that have more objects cannot be told.
const MAX_OBJECTS: usize = 20_000;
/// Forms inside forms deeper than this are not looked into: that of the copy, those of the annotations,
/// and what these draw.
const MAX_DEPTH: usize = 8;
/// How far outside its annotation a character may begin, in points.
const SLACK: f64 = 1.0;

/// The text that the annotations of a page show. It is read when it is asked for.
pub(super) struct Appearances<'p> {
    page: &'p Page<'p>,
    /// `None` if they cannot be read.
    characters: OnceCell<Option<Vec<Character>>>,
    /// How many bytes of appearances may still be looked at.
    bytes: Cell<usize>,
    are_cut: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Character {
    /// A space where libpdfium has added something.
    value: char,
    /// Where it begins, in user space; `None` if libpdfium has added it.
    origin: Option<Point>,
}

impl<'p> Appearances<'p> {
    pub(super) const fn of(page: &'p Page<'p>) -> Self {
        Self { page, characters: OnceCell::new(), bytes: Cell::new(MAX_BYTES), are_cut: Cell::new(false) }
    }

    /// Returns the text that an annotation shows: that of all annotations within its box in user space. Empty if it
    /// shows none, `None` if that cannot be told.
    pub(super) fn text_of(&self, annotation: &Annotation<'_>, rect: PdfBox) -> Option<String> {
        // Many annotations may share one long appearance.
        let left = self.bytes.get();
        if left == 0 {
            self.are_cut.set(true);
            return None;
        }
        let content = annotation.appearance();
        self.bytes.set(left.saturating_sub(content.len()));
        if !may_show_text(&content) {
            return Some(String::new());
        }
        let characters = self.characters.get_or_init(|| read(self.page, &self.are_cut)).as_ref()?;
        Some(text_within(characters, rect))
    }

    /// Says whether something was asked for and there was too much to read it.
    pub(super) const fn are_cut(&self) -> bool {
        self.are_cut.get()
    }
}

/// Says whether content may show text, itself or through a form. To read it is much more work.
fn may_show_text(content: &str) -> bool {
    ["Tj", "TJ", "'", "\"", "Do"].iter().any(|operator| content.contains(operator))
}

fn read(page: &Page<'_>, are_cut: &Cell<bool>) -> Option<Vec<Character>> {
    if page.annotation_count() > MAX_ANNOTATIONS {
        are_cut.set(true);
        return None;
    }
    let copy = page.document().copy_of_page(page.index())?;
    if !copy.page(1).ok()?.flatten()? {
        return Some(Vec::new());
    }
    let page = copy.page(1).ok()?;
    // The annotations become one form at the end of the content.
    let drawn = text_objects(page.object(page.object_count() - 1)?, are_cut)?;
    let text = TextPage::load(&page).ok()?;
    // What the page itself shows counts too: it comes first.
    if text.count() > MAX_CHARACTERS {
        are_cut.set(true);
        return None;
    }
    let (mut found, mut index) = (Vec::new(), 0);
    while index < text.count() {
        let (value, taken) = decode(text.code(index), || text.code(index + 1));
        if text.is_generated(index) {
            found.push(Character { value: ' ', origin: None });
        } else if text.object(index).is_some_and(|object| drawn.contains(&object.handle())) {
            let value = value.filter(|_| !text.is_unmapped(index)).unwrap_or(char::REPLACEMENT_CHARACTER);
            found.extend(text.origin(index).map(|origin| Character { value, origin: Some(origin) }));
        }
        index += taken;
    }
    Some(found)
}

/// Returns the text objects of a form. `None` if it has too many objects.
fn text_objects(form: PageObject<'_>, are_cut: &Cell<bool>) -> Option<HashSet<FPDF_PAGEOBJECT>> {
    let mut found = HashSet::new();
    let mut pending = vec![(form, 0)];
    let mut looked_at = 0;
    while let Some((object, depth)) = pending.pop() {
        looked_at += 1;
        match object.kind() {
            ObjectKind::Text if depth > 0 => {
                found.insert(object.handle());
            }
            ObjectKind::Form if depth < MAX_DEPTH => {
                let children = object.child_count();
                if usize::try_from(children).is_ok_and(|count| looked_at + pending.len() + count > MAX_OBJECTS) {
                    are_cut.set(true);
                    return None;
                }
                pending.extend((0..children).filter_map(|index| object.child(index)).map(|child| (child, depth + 1)));
            }
            ObjectKind::Form => are_cut.set(true),
            _ => {}
        }
    }
    Some(found)
}

fn text_within(characters: &[Character], rect: PdfBox) -> String {
    let inside = |(x, y): Point| {
        (rect.left() - SLACK..=rect.right() + SLACK).contains(&x)
            && (rect.bottom() - SLACK..=rect.top() + SLACK).contains(&y)
    };
    let (mut text, mut apart) = (String::new(), false);
    for character in characters {
        if !character.origin.is_some_and(inside) || character.value.is_whitespace() {
            apart = true;
        } else if !character.value.is_control() {
            if apart && !text.is_empty() {
                text.push(' ');
            }
            apart = false;
            text.push(character.value);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appearance_without_an_operator_that_shows_something_has_no_text() {
        let empty = ["", " ", "/Tx BMC q 0 0 200 18 re W n Q EMC", "0 0 m 100 50 l S"];
        let shows = ["/Tx BMC BT (a) Tj ET EMC", "BT [(a) -20 (b)]TJ ET", "BT (a)' ET", "/Fm0 Do"];
        assert!(!empty.iter().any(|content| may_show_text(content)));
        assert!(shows.iter().all(|content| may_show_text(content)));
    }

    #[test]
    fn the_text_of_an_annotation_is_what_begins_within_it() {
        let write = |text: &str, y: f64| -> Vec<Character> {
            let placed = |(index, value): (usize, char)| Character { value, origin: Some((10.0 * index as f64, y)) };
            text.chars().enumerate().map(placed).collect()
        };
        let gap = vec![Character { value: ' ', origin: None }; 2];
        let all = [write("seen", 50.0), gap.clone(), write("FINAL 2", 100.0), gap, write("copy\u{2}", 90.0)].concat();
        assert_eq!(text_within(&all, PdfBox::new(0.0, 80.0, 100.0, 120.0)), "FINAL 2 copy");
        assert_eq!(text_within(&all, PdfBox::new(500.0, 80.0, 600.0, 120.0)), "");
    }
}
