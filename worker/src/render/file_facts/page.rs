//! What a page's dictionary says, and what it inherits. Pure.

use hayro_syntax::{
    object::{
        Array, Dict, Number, Object, ObjectIdentifier,
        dict::keys::{CROP_BOX, KIDS, MEDIA_BOX, PARENT, ROTATE, USER_UNIT},
    },
    xref::XRef,
};
use quire_schemas::result::PdfBox;

use super::tree::PageAt;

/// How many ancestors of a page are asked.
const MAX_ANCESTORS: usize = 64;
/// The largest unit, in 1/72 inch, that is believed.
const MAX_USER_UNIT: f64 = 10_000.0;

/// What a page states of its area, itself or through its ancestors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::render) struct PageArea {
    /// Its unit in points: 1 unless the page states another one that can be believed.
    pub(in crate::render) user_unit: f64,
    /// Its `MediaBox`, in its units.
    pub(in crate::render) media_box: Option<PdfBox>,
    /// Its `CropBox`, in its units.
    pub(in crate::render) crop_box: Option<PdfBox>,
    /// Its `Rotate` in degrees clockwise: 0, 90, 180 or 270. libpdfium reads other angles in the
    /// same way.
    pub(in crate::render) rotation_degrees: Option<u16>,
}

impl PageArea {
    /// What holds for a page of which nothing is known.
    pub(super) const UNKNOWN: Self = Self { user_unit: 1.0, media_box: None, crop_box: None, rotation_degrees: None };

    /// Reads it from a page's dictionary.
    pub(super) fn of(page: &Dict<'_>) -> Self {
        let rotation = inherited(page, ROTATE).and_then(Object::into_number).map(quarter_turns);
        Self {
            user_unit: page.get::<Number>(USER_UNIT).map(|unit| unit.as_f64()).filter(is_unit).unwrap_or(1.0),
            media_box: inherited(page, MEDIA_BOX).and_then(pdf_box),
            crop_box: inherited(page, CROP_BOX).and_then(pdf_box),
            rotation_degrees: rotation.map(|turns| turns * 90),
        }
    }
}

/// Finds a page's dictionary.
pub(super) fn dictionary(xref: &XRef, at: PageAt) -> Option<Dict<'_>> {
    match at {
        PageAt::Object(id) => xref.get(id),
        PageAt::Kid { node, index } => {
            let kids = xref.get::<Dict<'_>>(node)?.get::<Array<'_>>(KIDS)?;
            match kids.raw_iter().nth(usize::try_from(index).ok()?)? {
                hayro_syntax::object::MaybeRef::NotRef(Object::Dict(dict)) => Some(dict),
                _ => None,
            }
        }
        PageAt::Nested => None,
    }
}

/// Looks for an entry in a page and above it. Like libpdfium it follows `Parent`, not the tree: the
/// page image is made by the same rule.
pub(super) fn inherited<'a>(page: &Dict<'a>, key: &[u8]) -> Option<Object<'a>> {
    let mut dict = page.clone();
    let mut passed: Vec<ObjectIdentifier> = Vec::new();
    loop {
        match dict.get::<Object<'a>>(key) {
            None | Some(Object::Null(_)) => {}
            found => return found,
        }
        let parent = dict.get_ref(PARENT).map(ObjectIdentifier::from);
        if parent.is_some_and(|parent| passed.contains(&parent)) || passed.len() >= MAX_ANCESTORS {
            return None;
        }
        passed.extend(parent);
        dict = dict.get::<Dict<'a>>(PARENT)?;
    }
}

fn is_unit(unit: &f64) -> bool {
    unit.is_finite() && *unit > 0.0 && *unit <= MAX_USER_UNIT
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
        PageArea::of(&Dict::from_bytes(dict.as_bytes()).expect("a dictionary"))
    }

    #[test]
    fn a_page_states_its_unit_its_boxes_and_its_rotation() {
        let stated = area("<</UserUnit 2.5/MediaBox[300 0 0 200]/CropBox[1 2 3 4]/Rotate -90>>");
        assert_eq!(stated.user_unit, 2.5);
        assert_eq!(stated.media_box, Some(PdfBox::new(0.0, 0.0, 300.0, 200.0)));
        assert_eq!(stated.crop_box, Some(PdfBox::new(1.0, 2.0, 3.0, 4.0)));
        assert_eq!(stated.rotation_degrees, Some(270));
    }

    #[test]
    fn what_cannot_be_believed_is_not_stated() {
        for unit in ["0", "-1", "10001", "(a)", "999999999999999"] {
            assert_eq!(area(&format!("<</UserUnit {unit}>>")).user_unit, 1.0, "{unit}");
        }
        assert_eq!(area("<</MediaBox[0 0 1]/CropBox[0 0 1 1 1]/Rotate(a)>>"), PageArea::UNKNOWN);
    }
}
