//! What a page's dictionary says. Pure.

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Object, dict::keys::KIDS},
    xref::XRef,
};
use quire_schemas::result::PdfBox;

use super::tree::PageAt;

/// Pages that stand themselves in an array of kids are found by counting; those further behind are not looked for.
const MAX_PLACE: u32 = 10_000;

/// What a page states of its area, itself or through its ancestors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::render) struct PageArea {
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
    pub(super) const UNKNOWN: Self = Self { media_box: None, crop_box: None, rotation_degrees: None };
}

/// Finds a page's dictionary.
pub(super) fn dictionary(xref: &XRef, at: PageAt) -> Option<Dict<'_>> {
    match at {
        PageAt::Object(id) => xref.get(id),
        PageAt::Kid { node, index } if index < MAX_PLACE => {
            let kids = xref.get::<Dict<'_>>(node)?.get::<Array<'_>>(KIDS)?;
            match kids.raw_iter().nth(usize::try_from(index).ok()?)? {
                MaybeRef::NotRef(Object::Dict(dict)) => Some(dict),
                _ => None,
            }
        }
        PageAt::Kid { .. } | PageAt::Nested => None,
    }
}
