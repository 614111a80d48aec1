//! From PDF user space to the page as it is displayed, and from points to pixels. Pure.

use quire_schemas::{element::BBox, job::ImageFormat, result::PdfBox};

use super::protocol::ImageSpec;
use crate::parse::local::QuarterTurns;

/// Points per inch.
pub(super) const POINTS_PER_INCH: f64 = 72.0;
/// Below this many pixels per inch an image shows nothing: the page counts as too large.
const LEAST_DPI: f64 = 4.0;

/// Maps user space (origin bottom-left, before rotation) to the displayed page (points, origin
/// top-left, y downwards, after rotation, without the parts that the crop box hides).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Transform {
    visible: PdfBox,
    rotation: QuarterTurns,
    /// Brings the turned page's top-left corner back to the origin.
    shift: (f64, f64),
    scale: f64,
}

impl Transform {
    /// Makes the map for a page. `displayed_width` is pdfium's, which differs from that of the visible
    /// box where a page has a user unit.
    pub(super) fn new(visible: PdfBox, rotation: QuarterTurns, displayed_width: f64) -> Self {
        let turned = rotation.bbox(BBox::new(0.0, 0.0, visible.width(), visible.height()));
        let expected = turned.width();
        let scale = if expected > 0.0 && displayed_width > 0.0 { displayed_width / expected } else { 1.0 };
        Self { visible, rotation, shift: (-turned.left(), -turned.top()), scale }
    }

    pub(super) fn point(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (x, y) = self.rotation.point((x - self.visible.left(), self.visible.top() - y));
        ((x + self.shift.0) * self.scale, (y + self.shift.1) * self.scale)
    }

    pub(super) fn bbox(&self, stated: PdfBox) -> BBox {
        BBox::spanning(self.point((stated.left(), stated.bottom())), self.point((stated.right(), stated.top())))
    }

    /// Returns how long a unit of user space is on the displayed page, in points.
    pub(super) const fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns how far the file turns the page for display.
    pub(super) const fn rotation(&self) -> QuarterTurns {
        self.rotation
    }
}

/// How large a page's image becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ImageSize {
    /// Pixels across.
    pub(super) width_px: u32,
    /// Pixels down.
    pub(super) height_px: u32,
    /// Pixels per point: px = pt × scale.
    pub(super) scale: f64,
    /// Whether a limit made it smaller than asked for.
    pub(super) scaled_down: bool,
}

/// Computes the size of an image before anything is allocated for it. `None` if the page has no
/// size, or is so large that within the limits nothing would be seen.
pub(super) fn image_size(width_pt: f64, height_pt: f64, spec: &ImageSpec) -> Option<ImageSize> {
    let sane = |side: f64| side.is_finite() && side > 0.0;
    if !sane(width_pt) || !sane(height_pt) {
        return None;
    }
    let asked = asked_scale(spec);
    let longest = width_pt.max(height_pt);
    let by_side = longest_side(spec) / longest;
    let max_pixels = u32::try_from(spec.max_pixels).map_or(f64::from(u32::MAX), f64::from);
    let by_area = (max_pixels / (width_pt * height_pt)).sqrt();
    let scale = asked.min(by_side).min(by_area);
    if scale * POINTS_PER_INCH < LEAST_DPI.min(f64::from(spec.dpi)) {
        return None;
    }
    let pixels = |points: f64| (points * scale).round().max(1.0) as u32;
    Some(ImageSize { width_px: pixels(width_pt), height_px: pixels(height_pt), scale, scaled_down: scale < asked })
}

/// Returns the pixels per point that are asked for, before any limit.
pub(super) fn asked_scale(spec: &ImageSpec) -> f64 {
    f64::from(spec.dpi) / POINTS_PER_INCH
}

/// Returns the longest side in pixels that an image may have; the formats themselves have limits too.
pub(super) fn longest_side(spec: &ImageSpec) -> f64 {
    let format = match spec.format {
        ImageFormat::Webp => 16_383,
        ImageFormat::Jpeg | ImageFormat::Png => 65_500,
    };
    f64::from(spec.max_side_px.map_or(format, |side| side.min(format)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(dpi: u32) -> ImageSpec {
        ImageSpec { format: ImageFormat::Png, dpi, quality: 85, max_side_px: None, max_pixels: 50_000_000 }
    }

    #[test]
    fn a_letter_page_at_150_dpi_is_1275_by_1650() {
        let size = image_size(612.0, 792.0, &spec(150)).expect("a size");
        assert_eq!((size.width_px, size.height_px, size.scaled_down), (1275, 1650, false));
    }

    #[test]
    fn a_huge_page_is_scaled_down_and_an_absurd_one_refused() {
        let size = image_size(14_400.0, 14_400.0, &spec(150)).expect("a size");
        assert!(size.scaled_down);
        assert!(u64::from(size.width_px) * u64::from(size.height_px) <= 50_020_000);
        assert_eq!(image_size(2_147_483_648.0, 10.0, &spec(150)), None);
        assert_eq!(image_size(f64::NAN, 10.0, &spec(150)), None);
        assert_eq!(image_size(0.0, 10.0, &spec(150)), None);
    }

    #[test]
    fn corners_go_where_the_rotation_takes_them() {
        let visible = PdfBox::new(100.0, 200.0, 400.0, 600.0);
        let bottom_left =
            |turns, displayed| Transform::new(visible, QuarterTurns::new(turns), displayed).point((100.0, 200.0));
        assert_eq!(bottom_left(0, 300.0), (0.0, 400.0));
        assert_eq!(bottom_left(1, 400.0), (0.0, 0.0));
        assert_eq!(bottom_left(2, 300.0), (300.0, 0.0));
        assert_eq!(bottom_left(3, 400.0), (400.0, 300.0));
    }
}
