//! Brings a service's boxes to points on the displayed page.

use quire_schemas::element::BBox;

use super::Sheet;

/// One page: its size in points, and the size in which the service saw it.
///
/// Services measure in units of their own page size: points, pixels of a page that was drawn as an image, or
/// thousandths. The ratio of the two sizes converts all of them.
#[derive(Debug, Clone, Copy)]
pub(in crate::parse) struct Geometry {
    sheet: Sheet,
    width: f64,
    height: f64,
    x_scale: f64,
    y_scale: f64,
}

impl Geometry {
    /// `seen`: width and height of the page in the service's units, where it tells them.
    pub(in crate::parse) fn new(sheet: Sheet, seen: (Option<f64>, Option<f64>)) -> Self {
        // Clamping to a negative size panics.
        let (width, height) = (sheet.size.0.max(0.0), sheet.size.1.max(0.0));
        let scale = |real: f64, seen: Option<f64>| match seen {
            Some(seen) if seen.is_finite() && seen > 0.0 => real / seen,
            _ => 1.0,
        };
        Self { sheet, width, height, x_scale: scale(width, seen.0), y_scale: scale(height, seen.1) }
    }

    /// Converts corners (left, top, right, bottom, in any order) that are measured from the top-left corner of the
    /// page; `None` if they are not numbers or cover nothing of the page.
    pub(in crate::parse) fn bbox(&self, [x0, y0, x1, y1]: [f64; 4]) -> Option<BBox> {
        if ![x0, y0, x1, y1].into_iter().all(f64::is_finite) {
            return None;
        }
        let across = |value: f64| (value * self.x_scale).clamp(0.0, self.width);
        let down = |value: f64| (value * self.y_scale).clamp(0.0, self.height);
        let bbox = BBox::spanning((across(x0), down(y0)), (across(x1), down(y1)));
        (bbox.left() < bbox.right() && bbox.top() < bbox.bottom()).then_some(bbox)
    }

    pub(in crate::parse) const fn page_number(&self) -> u32 {
        self.sheet.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bbox(seen: (Option<f64>, Option<f64>), corners: [f64; 4]) -> Option<[f64; 4]> {
        Geometry::new(Sheet { number: 3, size: (612.0, 792.0) }, seen).bbox(corners).map(BBox::sides)
    }

    #[test]
    fn a_box_in_points_stays_and_a_box_in_pixels_is_scaled() {
        let corners = [100.0, 200.0, 150.0, 210.0];
        assert_eq!(bbox((Some(612.0), Some(792.0)), corners), Some(corners));
        assert_eq!(bbox((None, None), corners), Some(corners));
        assert_eq!(bbox((Some(0.0), None), corners), Some(corners));
        assert_eq!(bbox((Some(1224.0), Some(1584.0)), corners), Some([50.0, 100.0, 75.0, 105.0]));
    }

    #[test]
    fn a_box_is_cut_to_the_page_and_dropped_if_nothing_is_left() {
        let seen = (Some(612.0), Some(792.0));
        assert_eq!(bbox(seen, [-5.0, 780.0, 695.0, 830.0]), Some([0.0, 780.0, 612.0, 792.0]));
        assert_eq!(bbox(seen, [700.0, 0.0, 705.0, 5.0]), None);
        assert_eq!(bbox(seen, [0.0; 4]), None);
        assert_eq!(bbox(seen, [f64::NAN, 1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn a_page_without_a_size_has_no_boxes() {
        let geometry = Geometry::new(Sheet { number: 1, size: (-1.0, f64::NAN) }, (None, None));
        assert_eq!(geometry.bbox([0.0, 0.0, 1.0, 1.0]), None);
    }
}
