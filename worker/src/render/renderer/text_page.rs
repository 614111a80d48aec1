//! The characters of a page, as libpdfium orders them. Each function asks one thing of one character.

use std::os::raw::c_int;

use pdfium_render::prelude::{FPDF_FONT, FPDF_TEXTPAGE};
use quire_schemas::result::PdfBox;

use super::{
    library::Library,
    page::Page,
    page_object::{PageObject, matrix_of},
    placement::{Matrix, Point},
    sides::{EMPTY_RECT, rect_box},
};

/// The characters of a page. Places are in user space; characters count from 0.
pub(super) struct TextPage<'p> {
    page: &'p Page<'p>,
    handle: FPDF_TEXTPAGE,
}

impl<'p> TextPage<'p> {
    /// Reads the text of a page.
    pub(super) fn load(page: &'p Page<'p>) -> Result<Self, String> {
        // SAFETY: the page is loaded.
        let handle = unsafe { page.library().FPDFText_LoadPage(page.handle()) };
        if handle.is_null() { Err("the text does not load".to_owned()) } else { Ok(Self { page, handle }) }
    }

    pub(super) fn count(&self) -> c_int {
        // SAFETY: the text is loaded.
        unsafe { self.page.library().FPDFText_CountChars(self.handle) }
    }

    /// Returns the value of a character: a Unicode scalar value, half of one, or 0 if it is unknown.
    pub(super) fn code(&self, index: c_int) -> u32 {
        // SAFETY: the text is loaded; libpdfium refuses an index that no character has, here and below.
        unsafe { self.page.library().FPDFText_GetUnicode(self.handle, index) }
    }

    /// Says whether libpdfium added a character that the file does not have.
    pub(super) fn is_generated(&self, index: c_int) -> bool {
        // SAFETY: the text is loaded.
        unsafe { self.page.library().FPDFText_IsGenerated(self.handle, index) == 1 }
    }

    /// Says whether a character takes the place of a hyphen at the end of a line.
    pub(super) fn is_hyphen(&self, index: c_int) -> bool {
        // SAFETY: the text is loaded.
        unsafe { self.page.library().FPDFText_IsHyphen(self.handle, index) == 1 }
    }

    /// Says whether the file does not tell what a character is.
    pub(super) fn is_unmapped(&self, index: c_int) -> bool {
        // SAFETY: the text is loaded.
        unsafe { self.page.library().FPDFText_HasUnicodeMapError(self.handle, index) == 1 }
    }

    /// Returns the box of a character with the ascent and descent of its font.
    pub(super) fn loose_box(&self, index: c_int) -> Option<PdfBox> {
        let mut rect = EMPTY_RECT;
        // SAFETY: the text is loaded.
        let known = unsafe { self.page.library().FPDFText_GetLooseCharBox(self.handle, index, &raw mut rect) };
        if known == 0 { None } else { rect_box(&rect) }
    }

    pub(super) const fn library(&self) -> Library {
        self.page.library()
    }

    /// Returns how far a character of a font moves the pen, in units of the font size.
    pub(super) fn advance(&self, font: FPDF_FONT, character: char) -> Option<f64> {
        let mut width = 0.0;
        // SAFETY: the font belongs to a text object of the page, which stays loaded.
        let known =
            unsafe { self.page.library().FPDFFont_GetGlyphWidth(font, u32::from(character), 1.0, &raw mut width) };
        (known != 0 && width.is_finite()).then(|| f64::from(width))
    }

    /// Returns the box around the ink of a character.
    pub(super) fn ink_box(&self, index: c_int) -> Option<PdfBox> {
        let [mut left, mut right, mut bottom, mut top] = [0.0; 4];
        let (left_at, right_at, bottom_at, top_at) = (&raw mut left, &raw mut right, &raw mut bottom, &raw mut top);
        // SAFETY: the text is loaded.
        let known = unsafe {
            self.page.library().FPDFText_GetCharBox(self.handle, index, left_at, right_at, bottom_at, top_at)
        };
        let finite = [left, right, bottom, top].iter().all(|side| side.is_finite());
        (known != 0 && finite).then(|| PdfBox::new(left, bottom, right, top))
    }

    /// Returns the place of a character on its baseline.
    pub(super) fn origin(&self, index: c_int) -> Option<Point> {
        let (mut x, mut y) = (0.0, 0.0);
        // SAFETY: the text is loaded.
        let known = unsafe { self.page.library().FPDFText_GetCharOrigin(self.handle, index, &raw mut x, &raw mut y) };
        (known != 0 && x.is_finite() && y.is_finite()).then_some((x, y))
    }

    /// Returns the map from the space of a character's glyph to user space, without the font size. The
    /// forms around its text object are in it.
    pub(super) fn matrix(&self, index: c_int) -> Option<Matrix> {
        // SAFETY: the text is loaded.
        matrix_of(|matrix| unsafe { self.page.library().FPDFText_GetMatrix(self.handle, index, matrix) })
    }

    /// Returns the text object that draws a character.
    pub(super) fn object(&self, index: c_int) -> Option<PageObject<'p>> {
        // SAFETY: the text is loaded.
        let handle = unsafe { self.page.library().FPDFText_GetTextObject(self.handle, index) };
        // SAFETY: the object belongs to the page, which stays loaded for 'p.
        (!handle.is_null()).then(|| unsafe { PageObject::new(self.page.library(), handle) })
    }
}

impl Drop for TextPage<'_> {
    fn drop(&mut self) {
        // SAFETY: the text is closed once, and before its page.
        unsafe { self.page.library().FPDFText_ClosePage(self.handle) };
    }
}
