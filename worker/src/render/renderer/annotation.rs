//! An annotation of libpdfium. Each function asks one thing of it.

use std::os::raw::c_int;

use pdfium_render::prelude::{FPDF_ANNOTATION, FPDF_FORMHANDLE};
use quire_schemas::result::PdfBox;

use super::{
    library::Library,
    page::Page,
    page_object::PageObject,
    sides::{EMPTY_RECT, rect_box},
    strings::{byte_length, utf16_text},
};

/// Subtypes of annotations, as libpdfium numbers them.
pub(super) mod subtype {
    use std::os::raw::c_int;

    pub(in super::super) const WIDGET: c_int = 20;
    pub(in super::super) const FREE_TEXT: c_int = 3;
    pub(in super::super) const STAMP: c_int = 13;
    /// Those that may paint an area: free text, squares, circles, polygons, highlights, stamps, ink and redactions.
    pub(in super::super) const AREAS: [c_int; 8] = [FREE_TEXT, 5, 6, 7, 9, STAMP, 15, 28];
    /// Those that carry text of their own, and their names in the file.
    pub(in super::super) const NOTES: [(c_int, &str); 16] = [
        (1, "Text"),
        (FREE_TEXT, "FreeText"),
        (4, "Line"),
        (5, "Square"),
        (6, "Circle"),
        (7, "Polygon"),
        (8, "PolyLine"),
        (9, "Highlight"),
        (10, "Underline"),
        (11, "Squiggly"),
        (12, "StrikeOut"),
        (STAMP, "Stamp"),
        (14, "Caret"),
        (15, "Ink"),
        (17, "FileAttachment"),
        (28, "Redact"),
    ];
}

/// An annotation of a page that is loaded.
pub(super) struct Annotation<'p> {
    page: &'p Page<'p>,
    handle: FPDF_ANNOTATION,
}

impl Page<'_> {
    pub(super) fn annotation_count(&self) -> c_int {
        // SAFETY: the page is loaded.
        unsafe { self.library().FPDFPage_GetAnnotCount(self.handle()) }
    }

    pub(super) fn annotation(&self, index: c_int) -> Option<Annotation<'_>> {
        // SAFETY: the page is loaded; libpdfium refuses an index that no annotation has.
        let handle = unsafe { self.library().FPDFPage_GetAnnot(self.handle(), index) };
        (!handle.is_null()).then(|| Annotation { page: self, handle })
    }
}

impl Annotation<'_> {
    fn library(&self) -> Library {
        self.page.library()
    }

    pub(super) fn subtype(&self) -> c_int {
        // SAFETY: the annotation is open.
        unsafe { self.library().FPDFAnnot_GetSubtype(self.handle) }
    }

    /// Returns its place in user space.
    pub(super) fn rect(&self) -> Option<PdfBox> {
        let mut rect = EMPTY_RECT;
        // SAFETY: the annotation is open.
        let known = unsafe { self.library().FPDFAnnot_GetRect(self.handle, &raw mut rect) };
        if known == 0 { None } else { rect_box(&rect) }
    }

    /// Says whether its flags keep it off the screen.
    pub(super) fn is_hidden(&self) -> bool {
        const INVISIBLE: c_int = 1;
        const HIDDEN: c_int = 1 << 1;
        const NO_VIEW: c_int = 1 << 5;
        // SAFETY: the annotation is open.
        let flags = unsafe { self.library().FPDFAnnot_GetFlags(self.handle) };
        flags & (INVISIBLE | HIDDEN | NO_VIEW) != 0
    }

    /// Returns a text or a name of its dictionary, with nothing that it inherits; empty if there is none.
    pub(super) fn entry(&self, key: &str) -> String {
        // SAFETY: the annotation is open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr(), byte_length(buffer));
            self.library().FPDFAnnot_GetStringValue(self.handle, key, start, length)
        })
    }

    /// Says whether it states an appearance, be it an empty one.
    pub(super) fn has_appearance(&self) -> bool {
        // SAFETY: the annotation is open.
        unsafe { self.library().FPDFAnnot_HasKey(self.handle, "AP") != 0 }
    }

    /// Returns the content of the appearance that it shows, its bytes as characters; empty if there is none.
    pub(super) fn appearance(&self) -> String {
        const NORMAL: c_int = 0;
        // SAFETY: the annotation is open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr(), byte_length(buffer));
            self.library().FPDFAnnot_GetAP(self.handle, NORMAL, start, length)
        })
    }

    /// Returns the objects of its appearance.
    pub(super) fn objects(&self) -> impl Iterator<Item = PageObject<'_>> {
        // SAFETY: the annotation is open.
        let count = unsafe { self.library().FPDFAnnot_GetObjectCount(self.handle) };
        (0..count).filter_map(|index| {
            // SAFETY: the annotation is open; libpdfium refuses an index that no object has.
            let handle = unsafe { self.library().FPDFAnnot_GetObject(self.handle, index) };
            // SAFETY: the object belongs to the annotation, which stays open for as long as the result borrows it.
            (!handle.is_null()).then(|| unsafe { PageObject::new(self.library(), handle) })
        })
    }

    /// Returns the field that it shows; `None` if the document has no form.
    pub(super) fn field(&self) -> Option<FormField<'_>> {
        self.page.form_handle().map(|form| FormField { annotation: self, form })
    }
}

impl Drop for Annotation<'_> {
    fn drop(&mut self) {
        // SAFETY: the annotation is closed once, and before its page.
        unsafe { self.library().FPDFPage_CloseAnnot(self.handle) };
    }
}

/// A form field, seen from one of its widgets.
pub(super) struct FormField<'a> {
    annotation: &'a Annotation<'a>,
    form: FPDF_FORMHANDLE,
}

impl FormField<'_> {
    fn library(&self) -> Library {
        self.annotation.library()
    }

    /// Returns the type of field as libpdfium numbers it; -1 if the form has no such field.
    pub(super) fn kind(&self) -> c_int {
        // SAFETY: form and annotation are open, here and below.
        unsafe { self.library().FPDFAnnot_GetFormFieldType(self.form, self.annotation.handle) }
    }

    /// Returns the field's flags, as the format numbers them.
    pub(super) fn flags(&self) -> c_int {
        // SAFETY: form and annotation are open.
        unsafe { self.library().FPDFAnnot_GetFormFieldFlags(self.form, self.annotation.handle) }
    }

    /// Returns the full name.
    pub(super) fn name(&self) -> String {
        // SAFETY: form and annotation are open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr(), byte_length(buffer));
            self.library().FPDFAnnot_GetFormFieldName(self.form, self.annotation.handle, start, length)
        })
    }

    pub(super) fn value(&self) -> String {
        // SAFETY: form and annotation are open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr(), byte_length(buffer));
            self.library().FPDFAnnot_GetFormFieldValue(self.form, self.annotation.handle, start, length)
        })
    }

    /// Returns how many options a list has.
    pub(super) fn option_count(&self) -> c_int {
        // SAFETY: form and annotation are open.
        unsafe { self.library().FPDFAnnot_GetOptionCount(self.form, self.annotation.handle) }
    }

    pub(super) fn is_selected(&self, option: c_int) -> bool {
        // SAFETY: form and annotation are open; libpdfium refuses an index that no option has.
        unsafe { self.library().FPDFAnnot_IsOptionSelected(self.form, self.annotation.handle, option) != 0 }
    }

    /// Returns the text by which an option is shown.
    pub(super) fn option_label(&self, option: c_int) -> String {
        // SAFETY: form and annotation are open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr(), byte_length(buffer));
            self.library().FPDFAnnot_GetOptionLabel(self.form, self.annotation.handle, option, start, length)
        })
    }
}
