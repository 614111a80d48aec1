//! Brings the engine's boxes to points on the page as it is displayed.

use quire_schemas::element::{Granularity, Region};

use super::fields::Fields;

/// One page: how large it really is, and in which size the engine saw it.
///
/// The engine gives `x, y, w, h` from the top-left corner in units of its own page size. That is
/// documented as points; where it is not the page's size in points (a page that was drawn as an
/// image), the ratio corrects it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    page_number: u32,
    width: f64,
    height: f64,
    x_scale: f64,
    y_scale: f64,
}

impl Geometry {
    pub(super) fn new(page_number: u32, (width, height): (f64, f64), seen: (Option<f64>, Option<f64>)) -> Self {
        // A size that is no size must not make the clamping below panic.
        let (width, height) = (width.max(0.0), height.max(0.0));
        let scale = |real: f64, seen: Option<f64>| match seen {
            Some(seen) if seen.is_finite() && seen > 0.0 => real / seen,
            _ => 1.0,
        };
        Self { page_number, width, height, x_scale: scale(width, seen.0), y_scale: scale(height, seen.1) }
    }

    /// Converts a box; `None` if it is incomplete (members may be null) or covers nothing of the
    /// page. Its indices into the text are left behind: they count UTF-16 units of the page's
    /// Markdown, not characters of the element's text.
    pub(super) fn region(&self, mut native: Fields) -> Option<Region> {
        let mut side = |key| native.take_number(key).filter(|number| number.is_finite());
        let (x, y, w, h) = (side("x")?, side("y")?, side("w")?, side("h")?);
        let across = |value: f64| (value * self.x_scale).clamp(0.0, self.width);
        let down = |value: f64| (value * self.y_scale).clamp(0.0, self.height);
        let bbox = [across(x.min(x + w)), down(y.min(y + h)), across(x.max(x + w)), down(y.max(y + h))];
        if bbox[0] >= bbox[2] || bbox[1] >= bbox[3] {
            return None;
        }
        Some(Region {
            page_number: self.page_number,
            bbox: Some(bbox),
            polygon: None,
            angle: native.take_number("r"),
            confidence: native.take_number("confidence"),
            char_span: None,
            granularity: Some(Granularity::Element),
            label: native.take_text("label"),
        })
    }

    pub(super) fn page_number(&self) -> u32 {
        self.page_number
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bbox(seen: (Option<f64>, Option<f64>), native: Value) -> Option<[f64; 4]> {
        let geometry = Geometry::new(3, (612.0, 792.0), seen);
        geometry.region(Fields::from_value(native).expect("an object"))?.bbox
    }

    #[test]
    fn a_box_in_points_stays_and_a_box_in_pixels_is_scaled() {
        let native = json!({"x": 100.0, "y": 200.0, "w": 50.0, "h": 10.0});
        let as_is = Some([100.0, 200.0, 150.0, 210.0]);
        assert_eq!(bbox((Some(612.0), Some(792.0)), native.clone()), as_is);
        assert_eq!(bbox((None, None), native.clone()), as_is);
        assert_eq!(bbox((Some(0.0), None), native.clone()), as_is);
        assert_eq!(bbox((Some(1224.0), Some(1584.0)), native), Some([50.0, 100.0, 75.0, 105.0]));
    }

    #[test]
    fn a_box_is_cut_to_the_page_and_dropped_if_nothing_is_left() {
        let seen = (Some(612.0), Some(792.0));
        let over = json!({"x": -5.0, "y": 780.0, "w": 700.0, "h": 50.0});
        assert_eq!(bbox(seen, over), Some([0.0, 780.0, 612.0, 792.0]));
        assert_eq!(bbox(seen, json!({"x": 700.0, "y": 0.0, "w": 5.0, "h": 5.0})), None);
        assert_eq!(bbox(seen, json!({"x": 0, "y": 0, "w": 0, "h": 0})), None);
        assert_eq!(bbox(seen, json!({"x": null, "y": 1.0, "w": 2.0, "h": 3.0})), None);
    }

    #[test]
    fn a_region_keeps_what_the_engine_says_of_it() {
        let native = json!({"x": 1, "y": 2, "w": 3, "h": 4, "confidence": 0.9, "label": "doc_title", "start_index": 0});
        let geometry = Geometry::new(3, (612.0, 792.0), (None, None));
        let region = geometry.region(Fields::from_value(native).expect("an object")).expect("a region");
        assert_eq!((region.page_number, region.confidence, region.char_span), (3, Some(0.9), None));
        assert_eq!(region.label.as_deref(), Some("doc_title"));
    }
}
