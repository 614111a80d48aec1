//! The form of a document, without which libpdfium neither draws form fields nor tells their values.

use pdfium_render::prelude::{FPDF_DOCUMENT, FPDF_FORMFILLINFO, FPDF_FORMHANDLE};

use super::library::Library;

/// Version of [`FPDF_FORMFILLINFO`] that a libpdfium without XFA reads.
const INFO_VERSION: i32 = 2;

/// The kinds of forms, as libpdfium numbers them.
mod form_type {
    pub(super) const NONE: i32 = 0;
    pub(super) const ACROBAT: i32 = 1;
}

/// The form of a document that has one. The document outlives it, and it outlives the pages.
pub(super) struct Form {
    library: Library,
    handle: FPDF_FORMHANDLE,
    /// libpdfium keeps this address until the form is given up.
    info: *mut FPDF_FORMFILLINFO,
    kind: i32,
}

impl Form {
    /// Takes the form of a document; `None` if it has none.
    pub(super) fn of(library: Library, document: FPDF_DOCUMENT) -> Option<Self> {
        // SAFETY: every field is a number, a pointer or an optional function, which may all be zero.
        let mut info: FPDF_FORMFILLINFO = unsafe { std::mem::zeroed() };
        info.version = INFO_VERSION;
        let info = Box::into_raw(Box::new(info));
        // SAFETY: the document is open, and `info` lives until `drop`.
        let handle = unsafe { library.FPDFDOC_InitFormFillEnvironment(document, info) };
        // SAFETY: the document is open.
        let kind = unsafe { library.FPDF_GetFormType(document) };
        let form = Self { library, handle, info, kind };
        // What has no fields is given up at once: drawing it would only cost time.
        (!handle.is_null() && kind != form_type::NONE).then_some(form)
    }

    pub(super) const fn handle(&self) -> FPDF_FORMHANDLE {
        self.handle
    }

    /// Returns the kind of form, as the description of a document names it.
    pub(super) const fn name(&self) -> &'static str {
        if self.kind == form_type::ACROBAT { "acrobat" } else { "xfa" }
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: the handle is given up once, and pages that use it are closed.
            unsafe { self.library.FPDFDOC_ExitFormFillEnvironment(self.handle) };
        }
        // SAFETY: the address came from a box, and libpdfium uses it no more.
        drop(unsafe { Box::from_raw(self.info) });
    }
}
