//! Draws a page and encodes it.

use std::{marker::PhantomData, os::raw::c_int};

use pdfium_render::prelude::FPDF_BITMAP;

use super::{
    super::{
        encode::{self, Pixels},
        geometry::{ImageSize, image_size},
        protocol::{ImageHead, ImageSpec},
    },
    library::Library,
    page::Page,
};
use crate::parse::local::{InkMap, Raster};

/// Bytes of a pixel: the layout that libpdfium composes in.
const PIXEL_BYTES: usize = 4;

/// An encoded page image.
pub(in crate::render) struct EncodedImage {
    pub(in crate::render) head: ImageHead,
    pub(in crate::render) bytes: Vec<u8>,
}

/// Why an image of a page could not be made.
#[derive(Debug, thiserror::Error)]
pub(in crate::render) enum ImageError {
    /// Within the limits nothing would be seen, or the page has no size.
    #[error("a page of {width_pt} × {height_pt} points")]
    TooLarge {
        /// As displayed.
        width_pt: f64,
        /// As displayed.
        height_pt: f64,
    },
    /// The renderer or the encoder failed.
    #[error("{0}")]
    Failed(String),
}

/// Memory for the pixels of a page, reused from page to page: fresh memory costs a page fault per 4 KiB.
#[derive(Default)]
pub(in crate::render) struct Canvas {
    pixels: Vec<u8>,
}

impl Canvas {
    /// Draws a page and encodes it.
    pub(in crate::render) fn image(
        &mut self,
        page: &Page<'_>,
        spec: &ImageSpec,
        draw_forms: bool,
    ) -> Result<EncodedImage, ImageError> {
        let (width_pt, height_pt) = page.displayed_size();
        let size = image_size(width_pt, height_pt, spec).ok_or(ImageError::TooLarge { width_pt, height_pt })?;
        let ImageSize { width_px, height_px, scale, scaled_down } = size;
        self.pixels.clear();
        // White, which is what a page is drawn on.
        self.pixels.resize(width_px as usize * height_px as usize * PIXEL_BYTES, 0xff);
        let mut bitmap = Bitmap::over(page.library(), &mut self.pixels, size)
            .ok_or_else(|| ImageError::Failed(format!("no bitmap of {width_px} × {height_px} pixels can be made")))?;
        bitmap.draw(page, draw_forms);
        drop(bitmap);
        let pixels = Pixels { rgbx: &self.pixels, width: width_px, height: height_px };
        let bytes =
            encode::encode(pixels, spec.format, spec.quality).map_err(|error| ImageError::Failed(error.to_string()))?;
        Ok(EncodedImage { head: ImageHead { width_px, height_px, scale, scaled_down }, bytes })
    }
}

/// Draws a page small, without its forms, to see where it has ink. `None` if it has no size.
pub(super) fn ink_map(page: &Page<'_>) -> Option<InkMap> {
    /// Pixels per point: a letter of ordinary text has a few pixels.
    const SCALE: f64 = 0.75;
    const LONGEST_SIDE: f64 = 2_000.0;
    let (width, height) = page.displayed_size();
    let scale = SCALE.min(LONGEST_SIDE / width.max(height).max(1.0));
    let [width_px, height_px] = [width, height].map(|side| (side * scale).round() as u32);
    if width_px == 0 || height_px == 0 {
        return None;
    }
    let size = ImageSize { width_px, height_px, scale, scaled_down: false };
    let mut pixels = vec![0xff; width_px as usize * height_px as usize * PIXEL_BYTES];
    let mut bitmap = Bitmap::over(page.library(), &mut pixels, size)?;
    bitmap.draw(page, false);
    drop(bitmap);
    InkMap::of_pixels(&pixels, width_px as usize, height_px as usize, scale)
}

/// Draws a part of a page, without its forms. `size` is that of the whole page in pixels. `None` if no bitmap can be
/// made.
pub(super) fn page_part(page: &Page<'_>, part: Raster, (width, height): (usize, usize)) -> Option<Vec<u8>> {
    let [width_px, height_px] = [part.columns, part.rows].map(|side| u32::try_from(side).ok());
    let size = ImageSize { width_px: width_px?, height_px: height_px?, scale: part.scale, scaled_down: false };
    let mut pixels = vec![0xff; part.columns * part.rows * PIXEL_BYTES];
    let mut bitmap = Bitmap::over(page.library(), &mut pixels, size)?;
    let [left, top, width, height] =
        [part.corner.0, part.corner.1, width, height].map(|side| c_int::try_from(side).ok());
    bitmap.draw_at(page, (-left?, -top?), (width?, height?));
    drop(bitmap);
    Some(pixels)
}

/// A bitmap of libpdfium over memory of ours.
struct Bitmap<'p> {
    library: Library,
    handle: FPDF_BITMAP,
    width: c_int,
    height: c_int,
    pixels: PhantomData<&'p mut [u8]>,
}

impl<'p> Bitmap<'p> {
    /// Makes a bitmap over pixels that are in place. `None` if they are too few, or libpdfium makes none.
    fn over(library: Library, pixels: &'p mut [u8], size: ImageSize) -> Option<Self> {
        /// Blue, green, red and a byte without meaning, as libpdfium numbers the format.
        const BGRX: c_int = 3;
        let (width, height) = (c_int::try_from(size.width_px).ok()?, c_int::try_from(size.height_px).ok()?);
        let row_bytes = (size.width_px as usize).checked_mul(PIXEL_BYTES)?;
        if pixels.len() < row_bytes.checked_mul(size.height_px as usize)? {
            return None;
        }
        let row_bytes = c_int::try_from(row_bytes).ok()?;
        // SAFETY: the pixels are as many as the bitmap has, and are borrowed for as long as it lives.
        let handle = unsafe { library.FPDFBitmap_CreateEx(width, height, BGRX, pixels.as_mut_ptr().cast(), row_bytes) };
        (!handle.is_null()).then(|| Self { library, handle, width, height, pixels: PhantomData })
    }

    const ANNOTATIONS: c_int = 1;
    /// Red first, as the encoders want it.
    const REVERSE_BYTE_ORDER: c_int = 16;
    const FLAGS: c_int = Self::ANNOTATIONS | Self::REVERSE_BYTE_ORDER;

    /// Draws a page with its top-left corner at a pixel, which may lie outside, and with its annotations.
    fn draw_at(&mut self, page: &Page<'_>, (left, top): (c_int, c_int), (width, height): (c_int, c_int)) {
        let flags = Self::FLAGS;
        // SAFETY: bitmap and page are open.
        unsafe { self.library.FPDF_RenderPageBitmap(self.handle, page.handle(), left, top, width, height, 0, flags) };
    }

    /// Draws a page over the whole bitmap, with its annotations.
    fn draw(&mut self, page: &Page<'_>, draw_forms: bool) {
        let Self { handle, width, height, .. } = *self;
        self.draw_at(page, (0, 0), (width, height));
        if let Some(form) = page.form_handle().filter(|_| draw_forms) {
            // SAFETY: form, bitmap and page are open, and the form is that of the page's document.
            unsafe { self.library.FPDF_FFLDraw(form, handle, page.handle(), 0, 0, width, height, 0, Self::FLAGS) };
        }
    }
}

impl Drop for Bitmap<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is given up once; the pixels stay ours.
        unsafe { self.library.FPDFBitmap_Destroy(self.handle) };
    }
}
