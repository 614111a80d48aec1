//! A page object of libpdfium: text, path, image, shading or form. Each function asks one thing of it.

use std::{
    marker::PhantomData,
    os::raw::{c_int, c_uint, c_ulong},
};

use pdfium_render::prelude::{
    FPDF_BOOL, FPDF_CLIPPATH, FPDF_FONT, FPDF_IMAGEOBJ_METADATA, FPDF_PAGE, FPDF_PAGEOBJ_FORM, FPDF_PAGEOBJ_IMAGE,
    FPDF_PAGEOBJ_PATH, FPDF_PAGEOBJ_SHADING, FPDF_PAGEOBJ_TEXT, FPDF_PAGEOBJECT, FPDF_PATHSEGMENT, FS_MATRIX,
};
use quire_schemas::result::PdfBox;

use super::{
    library::Library,
    placement::{Matrix, Point},
    sides::box_of_sides,
    strings::{byte_length, byte_text},
};
use crate::parse::local::Colour;

/// A clip of more paths is the shared part of the first ones.
const MAX_CLIP_PATHS: c_int = 64;

/// The type of a page object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Text,
    Path,
    Image,
    Shading,
    Form,
    Unknown,
}

/// How a path is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DrawMode {
    pub(super) filled: bool,
    /// Whether an area inside an area is a hole, whichever way round they run.
    pub(super) even_odd: bool,
    pub(super) stroked: bool,
}

/// A piece of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) kind: SegmentKind,
    /// In the space of the path.
    pub(super) point: Point,
    /// Whether a line back to the start of the subpath follows.
    pub(super) closes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SegmentKind {
    Move,
    Line,
    /// One of the three points of a curve.
    Curve,
}

/// An object of a page that is loaded.
#[derive(Clone, Copy)]
pub(super) struct PageObject<'p> {
    library: Library,
    handle: FPDF_PAGEOBJECT,
    page: PhantomData<&'p ()>,
}

impl<'p> PageObject<'p> {
    /// # Safety
    ///
    /// The handle is not null, and its page stays loaded for `'p`.
    pub(super) const unsafe fn new(library: Library, handle: FPDF_PAGEOBJECT) -> Self {
        Self { library, handle, page: PhantomData }
    }

    /// Returns what tells this object from all others of the page.
    pub(super) const fn library(&self) -> Library {
        self.library
    }

    pub(super) const fn handle(&self) -> FPDF_PAGEOBJECT {
        self.handle
    }

    pub(super) fn kind(&self) -> ObjectKind {
        // SAFETY: the object's page is loaded.
        let kind = unsafe { self.library.FPDFPageObj_GetType(self.handle) };
        match u32::try_from(kind) {
            Ok(FPDF_PAGEOBJ_TEXT) => ObjectKind::Text,
            Ok(FPDF_PAGEOBJ_PATH) => ObjectKind::Path,
            Ok(FPDF_PAGEOBJ_IMAGE) => ObjectKind::Image,
            Ok(FPDF_PAGEOBJ_SHADING) => ObjectKind::Shading,
            Ok(FPDF_PAGEOBJ_FORM) => ObjectKind::Form,
            _ => ObjectKind::Unknown,
        }
    }

    /// Returns the map from its own space to that of the page or form that holds it.
    pub(super) fn matrix(&self) -> Option<Matrix> {
        // SAFETY: the object's page is loaded.
        matrix_of(|matrix| unsafe { self.library.FPDFPageObj_GetMatrix(self.handle, matrix) })
    }

    /// Returns the box around it, in the space of the page or form that holds it.
    pub(super) fn bounds(&self) -> Option<PdfBox> {
        // SAFETY: the object's page is loaded.
        box_of_sides(|[left, bottom, right, top]| unsafe {
            self.library.FPDFPageObj_GetBounds(self.handle, left, bottom, right, top)
        })
    }

    /// Says whether it has a soft mask, a blend mode or a transparency, or is a form that is a group. The soft mask of
    /// an image is none of these.
    pub(super) fn has_transparency(&self) -> bool {
        // SAFETY: the object's page is loaded.
        unsafe { self.library.FPDFPageObj_HasTransparency(self.handle) != 0 }
    }

    /// Has it painted whenever its page is drawn, or not.
    pub(super) fn set_painted(&self, painted: bool) {
        // SAFETY: the object's page is loaded.
        unsafe { self.library.FPDFPageObj_SetIsActive(self.handle, painted.into()) };
    }

    /// Returns what it is filled with. For a pattern libpdfium tells a colour all the same: white for a
    /// shading, a light grey for coloured tiles.
    pub(super) fn fill_colour(&self) -> Option<Colour> {
        // SAFETY: the object's page is loaded.
        colour_of(|[red, green, blue, alpha]| unsafe {
            self.library.FPDFPageObj_GetFillColor(self.handle, red, green, blue, alpha)
        })
    }

    pub(super) fn stroke_colour(&self) -> Option<Colour> {
        // SAFETY: the object's page is loaded.
        colour_of(|[red, green, blue, alpha]| unsafe {
            self.library.FPDFPageObj_GetStrokeColor(self.handle, red, green, blue, alpha)
        })
    }

    /// Returns the width of its strokes, in its own space.
    pub(super) fn stroke_width(&self) -> f64 {
        let mut width = 0.0;
        // SAFETY: the object's page is loaded.
        let known = unsafe { self.library.FPDFPageObj_GetStrokeWidth(self.handle, &raw mut width) } != 0;
        if known { f64::from(width).abs() } else { 0.0 }
    }

    /// Returns the paths of its clip, in the space of the page or form that holds it; `None` if nothing clips it. A
    /// path of more segments than `most` is none.
    pub(super) fn clip_paths(&self, most: usize) -> Option<Vec<Option<Vec<Segment>>>> {
        // SAFETY: the object's page is loaded.
        let clip = unsafe { self.library.FPDFPageObj_GetClipPath(self.handle) };
        if clip.is_null() {
            return None;
        }
        // SAFETY: the clip belongs to the object, whose page is loaded.
        let paths = unsafe { self.library.FPDFClipPath_CountPaths(clip) };
        (paths >= 0).then(|| (0..paths.min(MAX_CLIP_PATHS)).map(|path| self.clip_path(clip, path, most)).collect())
    }

    fn clip_path(&self, clip: FPDF_CLIPPATH, path: c_int, most: usize) -> Option<Vec<Segment>> {
        // SAFETY: the clip belongs to the object, whose page is loaded.
        let count = unsafe { self.library.FPDFClipPath_CountPathSegments(clip, path) };
        let segment = |index| {
            // SAFETY: the clip belongs to the object, whose page is loaded.
            self.segment(unsafe { self.library.FPDFClipPath_GetPathSegment(clip, path, index) })
        };
        usize::try_from(count).is_ok_and(|count| count <= most).then(|| (0..count).filter_map(segment).collect())
    }

    fn segment(&self, segment: FPDF_PATHSEGMENT) -> Option<Segment> {
        const LINE: c_int = 0;
        const CURVE: c_int = 1;
        const MOVE: c_int = 2;
        if segment.is_null() {
            return None;
        }
        let (mut x, mut y) = (0.0, 0.0);
        // SAFETY: the segment belongs to a path or clip of the object, whose page is loaded.
        let (known, kind, closes) = unsafe {
            (
                self.library.FPDFPathSegment_GetPoint(segment, &raw mut x, &raw mut y) != 0,
                self.library.FPDFPathSegment_GetType(segment),
                self.library.FPDFPathSegment_GetClose(segment) != 0,
            )
        };
        let kind = match kind {
            LINE => SegmentKind::Line,
            CURVE => SegmentKind::Curve,
            MOVE => SegmentKind::Move,
            _ => return None,
        };
        known.then(|| Segment { kind, point: (f64::from(x), f64::from(y)), closes })
    }

    /// Returns how a path is painted.
    pub(super) fn draw_mode(&self) -> Option<DrawMode> {
        const NO_FILL: c_int = 0;
        const EVEN_ODD: c_int = 1;
        let (mut fill, mut stroke) = (NO_FILL, 0);
        // SAFETY: the object's page is loaded.
        let known = unsafe { self.library.FPDFPath_GetDrawMode(self.handle, &raw mut fill, &raw mut stroke) } != 0;
        known.then_some(DrawMode { filled: fill != NO_FILL, even_odd: fill == EVEN_ODD, stroked: stroke != 0 })
    }

    pub(super) fn segment_count(&self) -> usize {
        // SAFETY: the object's page is loaded.
        usize::try_from(unsafe { self.library.FPDFPath_CountSegments(self.handle) }).unwrap_or_default()
    }

    /// Returns the segments of a path.
    pub(super) fn segments(&self) -> impl Iterator<Item = Segment> {
        (0..self.segment_count() as c_int).filter_map(|index| {
            // SAFETY: the object's page is loaded.
            self.segment(unsafe { self.library.FPDFPath_GetPathSegment(self.handle, index) })
        })
    }

    /// Returns how many objects a form has.
    pub(super) fn child_count(&self) -> c_int {
        // SAFETY: the object's page is loaded.
        unsafe { self.library.FPDFFormObj_CountObjects(self.handle) }
    }

    /// Returns an object of a form, in the order of painting.
    pub(super) fn child(&self, index: c_int) -> Option<PageObject<'p>> {
        let index = c_ulong::try_from(index).ok()?;
        // SAFETY: the object's page is loaded; libpdfium refuses an index that no object has.
        let handle = unsafe { self.library.FPDFFormObj_GetObject(self.handle, index) };
        // SAFETY: the child belongs to the same page.
        (!handle.is_null()).then(|| unsafe { Self::new(self.library, handle) })
    }

    /// Says whether an image is a stencil, through whose holes the page shows. `page` is its page.
    pub(super) fn is_stencil(&self, page: FPDF_PAGE) -> bool {
        const UNKNOWN_COLOUR_SPACE: c_int = 0;
        // libpdfium would decode such an image wholly to tell; none is a stencil.
        if self.last_filter() == "JPXDecode" {
            return false;
        }
        // SAFETY: every field is a number, which may be zero.
        let mut metadata: FPDF_IMAGEOBJ_METADATA = unsafe { std::mem::zeroed() };
        // SAFETY: the object belongs to the page, which is loaded.
        let known = unsafe { self.library.FPDFImageObj_GetImageMetadata(self.handle, page, &raw mut metadata) } != 0;
        known && metadata.bits_per_pixel == 1 && metadata.colorspace == UNKNOWN_COLOUR_SPACE
    }

    fn last_filter(&self) -> String {
        // SAFETY: the object's page is loaded.
        let count = unsafe { self.library.FPDFImageObj_GetImageFilterCount(self.handle) };
        // SAFETY: the object's page is loaded, and the buffer has the length that is stated.
        byte_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr().cast(), byte_length(buffer));
            self.library.FPDFImageObj_GetImageFilter(self.handle, count - 1, start, length)
        })
    }

    /// Returns the size of a text object's font before its matrix.
    pub(super) fn font_size(&self) -> f64 {
        let mut size = 0.0;
        // SAFETY: the object's page is loaded.
        let known = unsafe { self.library.FPDFTextObj_GetFontSize(self.handle, &raw mut size) } != 0;
        if known { f64::from(size) } else { 0.0 }
    }

    /// Returns the rendering mode of a text object, as the format numbers it.
    pub(super) fn render_mode(&self) -> c_int {
        // SAFETY: the object's page is loaded.
        unsafe { self.library.FPDFTextObj_GetTextRenderMode(self.handle) }
    }

    /// Returns the font of a text object, which tells it from other fonts of the page. Null if it has none.
    pub(super) fn font(&self) -> FPDF_FONT {
        // SAFETY: the object's page is loaded.
        unsafe { self.library.FPDFTextObj_GetFont(self.handle) }
    }

    /// Returns the name of a text object's font, and whether the file calls it italic.
    pub(super) fn font_style(&self) -> (String, bool) {
        const ITALIC: c_int = 1 << 6;
        let font = self.font();
        if font.is_null() {
            return (String::new(), false);
        }
        // SAFETY: the font belongs to the object, whose page is loaded; the buffer has the length that is stated.
        let name = byte_text(|buffer| unsafe {
            self.library.FPDFFont_GetBaseFontName(font, buffer.as_mut_ptr().cast(), buffer.len()) as c_ulong
        });
        // SAFETY: the font belongs to the object, whose page is loaded.
        let flags = unsafe { self.library.FPDFFont_GetFlags(font) };
        // -1 is a font that is unknown.
        (name, flags > 0 && flags & ITALIC != 0)
    }
}

/// Reads a matrix through a function that writes it; `None` if a number of it is not finite.
pub(super) fn matrix_of(read: impl Fn(*mut FS_MATRIX) -> FPDF_BOOL) -> Option<Matrix> {
    let mut matrix = FS_MATRIX { a: 0.0, b: 0.0, c: 0.0, d: 0.0, e: 0.0, f: 0.0 };
    let known = read(&raw mut matrix) != 0;
    let numbers = [matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f];
    let [a, b, c, d, e, f] = numbers.map(f64::from);
    (known && numbers.iter().all(|number| number.is_finite())).then_some(Matrix { a, b, c, d, e, f })
}

fn colour_of(read: impl Fn([*mut c_uint; 4]) -> FPDF_BOOL) -> Option<Colour> {
    let mut parts: [c_uint; 4] = [0; 4];
    let [red, green, blue, alpha] = &mut parts;
    let known = read([red, green, blue, alpha].map(std::ptr::from_mut)) != 0;
    let [red, green, blue, alpha] = parts.map(|part| u8::try_from(part).unwrap_or(u8::MAX));
    known.then_some(Colour { rgb: [red, green, blue], alpha })
}
