//! Draws a page and encodes it.

use pdfium_render::prelude::{PdfBitmap, PdfBitmapFormat, PdfColor, PdfPage, PdfRenderConfig, PdfiumError};

use super::{
    super::{
        encode::{self, Pixels},
        geometry::{ImageSize, image_size},
        protocol::{ImageHead, ImageSpec},
    },
    boxes::displayed_size,
};

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
        page: &PdfPage<'_>,
        spec: &ImageSpec,
        draw_forms: bool,
    ) -> Result<EncodedImage, ImageError> {
        let (width_pt, height_pt) = displayed_size(page);
        let size = image_size(width_pt, height_pt, spec).ok_or(ImageError::TooLarge { width_pt, height_pt })?;
        let length = size.width_px as usize * size.height_px as usize * 4;
        self.pixels.clear();
        self.pixels.resize(length, 0xff);
        draw(page, size, draw_forms, &mut self.pixels).map_err(|error| ImageError::Failed(format!("{error:?}")))?;
        let pixels = Pixels { rgbx: &self.pixels, width: size.width_px, height: size.height_px };
        let bytes =
            encode::encode(pixels, spec.format, spec.quality).map_err(|error| ImageError::Failed(error.to_string()))?;
        let ImageSize { width_px, height_px, scale, scaled_down } = size;
        Ok(EncodedImage { head: ImageHead { width_px, height_px, scale, scaled_down }, bytes })
    }
}

fn draw(page: &PdfPage<'_>, size: ImageSize, draw_forms: bool, pixels: &mut [u8]) -> Result<(), PdfiumError> {
    let (width, height) = (size.width_px as i32, size.height_px as i32);
    // Four bytes a pixel is the layout pdfium composes in; the reversed order saves us a swap.
    let mut bitmap = PdfBitmap::from_bytes(width, height, PdfBitmapFormat::BGRx, pixels)?;
    let config = PdfRenderConfig::new()
        .set_fixed_size(width, height)
        .set_format(PdfBitmapFormat::BGRx)
        .set_reverse_byte_order(true)
        .set_clear_color(PdfColor::WHITE)
        .render_annotations(true)
        .render_form_data(draw_forms);
    page.render_into_bitmap_with_config(&mut bitmap, &config)
}
