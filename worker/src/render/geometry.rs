//! From PDF user space to the page as it is displayed, and from points to pixels. Pure.

use quire_schemas::{element::BBox, job::ImageFormat};

use super::protocol::ImageSpec;

/// Points per inch.
const POINTS_PER_INCH: f64 = 72.0;
/// Below this many pixels per inch an image shows nothing: the page counts as too large.
const LEAST_DPI: f64 = 4.0;

/// Maps user space (origin bottom-left, before rotation) to the displayed page (points, origin
/// top-left, y downwards, after rotation, without what the crop box hides).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    left: f64,
    bottom: f64,
    width: f64,
    height: f64,
    quarter_turns: u8,
    scale: f64,
}

impl Transform {
    /// Makes the map for a page. `visible` is `[left, bottom, right, top]` in user space,
    /// `quarter_turns` the page's clockwise rotation divided by 90°, `displayed_width` what the
    /// renderer says, which differs from the box where a page has a user unit.
    #[must_use]
    pub fn new(visible: [f64; 4], quarter_turns: u8, displayed_width: f64) -> Self {
        let [left, bottom, right, top] = visible;
        let (width, height) = (right - left, top - bottom);
        let expected = if quarter_turns.is_multiple_of(2) { width } else { height };
        let scale = if expected > 0.0 && displayed_width > 0.0 { displayed_width / expected } else { 1.0 };
        Self { left, bottom, width, height, quarter_turns: quarter_turns % 4, scale }
    }

    /// Maps a point.
    #[must_use]
    pub fn point(&self, x: f64, y: f64) -> (f64, f64) {
        let (across, up) = (x - self.left, y - self.bottom);
        let (x, y) = match self.quarter_turns {
            0 => (across, self.height - up),
            1 => (up, across),
            2 => (self.width - across, up),
            _ => (self.height - up, self.width - across),
        };
        (x * self.scale, y * self.scale)
    }

    /// Maps a box given as `[left, bottom, right, top]`.
    #[must_use]
    pub fn bbox(&self, user: [f64; 4]) -> BBox {
        let (ax, ay) = self.point(user[0], user[1]);
        let (bx, by) = self.point(user[2], user[3]);
        [ax.min(bx), ay.min(by), ax.max(bx), ay.max(by)]
    }

    /// Returns the page's rotation in quarter turns, clockwise.
    #[must_use]
    pub const fn quarter_turns(&self) -> u8 {
        self.quarter_turns
    }
}

/// How large a page's image becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageSize {
    /// Pixels across.
    pub width_px: u32,
    /// Pixels down.
    pub height_px: u32,
    /// Pixels per point: px = pt × scale.
    pub scale: f64,
    /// Whether a limit made it smaller than asked for.
    pub scaled_down: bool,
}

/// Computes the size of an image before anything is allocated for it. `None` if the page has no
/// size, or is so large that within the limits nothing would be seen.
#[must_use]
pub fn image_size(width_pt: f64, height_pt: f64, spec: &ImageSpec) -> Option<ImageSize> {
    let sane = |side: f64| side.is_finite() && side > 0.0;
    if !sane(width_pt) || !sane(height_pt) {
        return None;
    }
    let asked = f64::from(spec.dpi) / POINTS_PER_INCH;
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

/// The formats themselves have limits too.
fn longest_side(spec: &ImageSpec) -> f64 {
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
        let visible = [100.0, 200.0, 400.0, 600.0];
        let bottom_left = |turns, displayed| Transform::new(visible, turns, displayed).point(100.0, 200.0);
        assert_eq!(bottom_left(0, 300.0), (0.0, 400.0));
        assert_eq!(bottom_left(1, 400.0), (0.0, 0.0));
        assert_eq!(bottom_left(2, 300.0), (300.0, 0.0));
        assert_eq!(bottom_left(3, 400.0), (400.0, 300.0));
    }
}
