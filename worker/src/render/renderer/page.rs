//! A page that is loaded in libpdfium: its size, its boxes, and the handles of what it holds.

use std::os::raw::c_int;

use pdfium_render::prelude::{FPDF_FORMHANDLE, FPDF_LINK, FPDF_PAGE};
use quire_schemas::result::PdfBox;

use super::{
    document::Document,
    form::Form,
    library::Library,
    page_object::PageObject,
    sides::{EMPTY_RECT, box_of_sides, rect_box, side},
    strings::{byte_length, utf16_text},
};
use crate::parse::local::QuarterTurns;

/// A page of an open document.
pub(in crate::render) struct Page<'d> {
    document: &'d Document,
    handle: FPDF_PAGE,
    /// From 0.
    index: u32,
    /// Points of a unit of its user space.
    unit: f64,
}

impl Document {
    /// Loads a page; pages count from 1. The error says why it does not load.
    pub(in crate::render) fn page(&self, number: u32) -> Result<Page<'_>, String> {
        Page::load(self, number)
    }
}

impl<'d> Page<'d> {
    fn load(document: &'d Document, number: u32) -> Result<Self, String> {
        let index = number.checked_sub(1).filter(|index| *index < document.page_count());
        let Some((index, wanted)) = index.and_then(|index| Some((index, c_int::try_from(index).ok()?))) else {
            return Err("the document has no such page".to_owned());
        };
        // SAFETY: the document is open.
        let handle = unsafe { document.library().FPDF_LoadPage(document.handle(), wanted) };
        if handle.is_null() {
            return Err("the page does not load".to_owned());
        }
        let page = Self { document, handle, index, unit: document.user_unit(index) };
        page.show_media_box_if_cropped_away();
        Ok(page)
    }

    /// Lets the crop box of a page go that shares nothing with its media box: libpdfium keeps the empty part that they
    /// share. An empty crop box stands for the media box, also for one that the page inherits.
    fn show_media_box_if_cropped_away(&self) {
        let (width, height) = self.size_in_units();
        if width <= 0.0 || height <= 0.0 {
            // SAFETY: the page is loaded. Only the document in memory is changed.
            unsafe { self.library().FPDFPage_SetCropBox(self.handle, 0.0, 0.0, 0.0, 0.0) };
        }
    }

    pub(super) const fn document(&self) -> &'d Document {
        self.document
    }

    pub(super) const fn library(&self) -> Library {
        self.document.library()
    }

    pub(super) const fn handle(&self) -> FPDF_PAGE {
        self.handle
    }

    /// Returns its number, from 0.
    pub(super) const fn index(&self) -> u32 {
        self.index
    }

    /// Returns the handle of the document's form; `None` if it has none.
    pub(super) fn form_handle(&self) -> Option<FPDF_FORMHANDLE> {
        self.document.form().map(Form::handle)
    }

    /// Returns the displayed width and height in points; 0 where the document states no number.
    pub(super) fn displayed_size(&self) -> (f64, f64) {
        let (width, height) = self.size_in_units();
        (width * self.unit, height * self.unit)
    }

    /// Returns width and height as displayed, in units of its user space.
    pub(super) fn size_in_units(&self) -> (f64, f64) {
        // SAFETY: the page is loaded.
        unsafe {
            let library = self.library();
            (side(library.FPDF_GetPageWidthF(self.handle)), side(library.FPDF_GetPageHeightF(self.handle)))
        }
    }

    /// Returns how far the file turns the page for display.
    pub(super) fn rotation(&self) -> QuarterTurns {
        // SAFETY: the page is loaded.
        let turns = unsafe { self.library().FPDFPage_GetRotation(self.handle) };
        QuarterTurns::new(u8::try_from(turns).unwrap_or_default())
    }

    /// Returns the media box that the page itself states.
    pub(super) fn media_box(&self) -> Option<PdfBox> {
        // SAFETY: the page is loaded.
        box_of_sides(|[left, bottom, right, top]| unsafe {
            self.library().FPDFPage_GetMediaBox(self.handle, left, bottom, right, top)
        })
    }

    /// Returns the crop box that the page itself states.
    pub(super) fn crop_box(&self) -> Option<PdfBox> {
        // SAFETY: the page is loaded.
        box_of_sides(|[left, bottom, right, top]| unsafe {
            self.library().FPDFPage_GetCropBox(self.handle, left, bottom, right, top)
        })
    }

    /// Returns the box that libpdfium displays, with what the page inherits.
    pub(super) fn bounding_box(&self) -> Option<PdfBox> {
        let mut rect = EMPTY_RECT;
        // SAFETY: the page is loaded.
        let known = unsafe { self.library().FPDF_GetPageBoundingBox(self.handle, &raw mut rect) };
        if known == 0 { None } else { rect_box(&rect) }
    }

    /// Returns the printed page number, if the document has page labels.
    pub(super) fn label(&self) -> Option<String> {
        let index = c_int::try_from(self.index).ok()?;
        // SAFETY: the document is open, and the buffer has the length that is stated.
        let label = utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr().cast(), byte_length(buffer));
            self.library().FPDF_GetPageLabel(self.document.handle(), index, start, length)
        });
        Some(label).filter(|label| !label.is_empty())
    }

    /// Returns how many objects its content stream paints, those of forms not counted.
    pub(super) fn object_count(&self) -> c_int {
        // SAFETY: the page is loaded.
        unsafe { self.library().FPDFPage_CountObjects(self.handle) }
    }

    /// Returns an object of the content stream, in the order of painting.
    pub(super) fn object(&self, index: c_int) -> Option<PageObject<'_>> {
        // SAFETY: the page is loaded; libpdfium refuses an index that no object has.
        let handle = unsafe { self.library().FPDFPage_GetObject(self.handle, index) };
        // SAFETY: the object belongs to this page, which the result borrows.
        (!handle.is_null()).then(|| unsafe { PageObject::new(self.library(), handle) })
    }

    /// Makes what its annotations show a part of its content. A page that is loaded already does not
    /// see it. Returns whether there was anything to do; `None` if it failed.
    pub(super) fn flatten(&self) -> Option<bool> {
        const FOR_DISPLAY: c_int = 0;
        const DONE: c_int = 1;
        const NOTHING_TO_DO: c_int = 2;
        // SAFETY: the page is loaded.
        match unsafe { self.library().FPDFPage_Flatten(self.handle, FOR_DISPLAY) } {
            DONE => Some(true),
            NOTHING_TO_DO => Some(false),
            _ => None,
        }
    }

    /// Returns the first link annotation at or after `position`, and moves that behind it.
    pub(super) fn next_link(&self, position: &mut c_int) -> Option<FPDF_LINK> {
        let mut link: FPDF_LINK = std::ptr::null_mut();
        // SAFETY: the page is loaded.
        let found = unsafe { self.library().FPDFLink_Enumerate(self.handle, position, &raw mut link) };
        (found != 0 && !link.is_null()).then_some(link)
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        // SAFETY: the page is closed once, and everything that belongs to it borrows it.
        unsafe { self.library().FPDF_ClosePage(self.handle) };
    }
}
