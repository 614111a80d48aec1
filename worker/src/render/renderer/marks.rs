//! Marks in the content stream around a page object.

use std::os::raw::{c_int, c_uint, c_ulong};

use pdfium_render::prelude::FPDF_PAGEOBJECTMARK;

use super::{
    page_object::PageObject,
    strings::{byte_length, utf16_text},
};

/// Marks of an object beyond this are not looked at.
const MAX_MARKS: c_uint = 32;

impl PageObject<'_> {
    /// Returns the number of its marked content, by which elements of the structure tree name it; below 0 if it has
    /// none. Only that of an object that no form holds is a number of the page.
    pub(super) fn marked_content(&self) -> c_int {
        // SAFETY: the object's page is loaded.
        unsafe { self.library().FPDFPageObj_GetMarkedContentID(self.handle()) }
    }

    /// Returns its marks, the outermost first.
    pub(super) fn marks(&self) -> impl Iterator<Item = FPDF_PAGEOBJECTMARK> {
        // SAFETY: the object's page is loaded.
        let count = unsafe { self.library().FPDFPageObj_CountMarks(self.handle()) };
        (0..u32::try_from(count).unwrap_or_default().min(MAX_MARKS)).filter_map(|index| {
            // SAFETY: the object's page is loaded; libpdfium refuses an index that no mark has.
            let mark = unsafe { self.library().FPDFPageObj_GetMark(self.handle(), c_ulong::from(index)) };
            (!mark.is_null()).then_some(mark)
        })
    }

    /// Says whether a mark calls it no part of the content. Of which kind libpdfium does not tell: it hands out no
    /// names that stand in the properties of a mark.
    pub(super) fn is_artifact(&self) -> bool {
        self.marks().any(|mark| self.mark_name(mark) == "Artifact")
    }

    fn mark_name(&self, mark: FPDF_PAGEOBJECTMARK) -> String {
        utf16_text(|buffer| {
            let mut needed = 0;
            let (start, length) = (buffer.as_mut_ptr().cast(), byte_length(buffer));
            // SAFETY: the mark belongs to the object, whose page is loaded; the buffer has the length that is stated.
            let found = unsafe { self.library().FPDFPageObjMark_GetName(mark, start, length, &raw mut needed) };
            if found == 0 { 0 } else { needed }
        })
    }
}
