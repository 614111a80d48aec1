//! Reads the boxes of an item: `x, y, w, h` from the top-left corner in units of the page size that the service states.

use quire_schemas::element::{Granularity, Region};

use crate::parse::remote::{Fields, Geometry};

/// Converts a box; `None` if it is incomplete (members may be null) or covers nothing of the
/// page. Its indices into the text are left out: they count UTF-16 units of the page's
/// Markdown, not characters of the element's text.
pub(super) fn region(geometry: &Geometry, mut native: Fields) -> Option<Region> {
    let (x, y) = (native.take_number("x")?, native.take_number("y")?);
    let (w, h) = (native.take_number("w")?, native.take_number("h")?);
    let bbox = geometry.bbox([x, y, x + w, y + h])?;
    Some(Region {
        page_number: geometry.page_number(),
        bbox: Some(bbox),
        polygon: None,
        angle: native.take_number("r"),
        confidence: native.take_number("confidence"),
        char_span: None,
        granularity: Some(Granularity::Element),
        label: native.take_text("label"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use quire_schemas::element::BBox;

    use super::*;
    use crate::parse::remote::Sheet;

    fn read(seen: (Option<f64>, Option<f64>), native: Value) -> Option<Region> {
        let geometry = Geometry::new(Sheet { number: 3, size: (612.0, 792.0) }, seen);
        region(&geometry, Fields::from_value(native).expect("an object"))
    }

    fn bbox(seen: (Option<f64>, Option<f64>), native: Value) -> Option<[f64; 4]> {
        read(seen, native)?.bbox.map(BBox::sides)
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
        let region = read((None, None), native).expect("a region");
        assert_eq!((region.page_number, region.confidence, region.char_span), (3, Some(0.9), None));
        assert_eq!(region.label.as_deref(), Some("doc_title"));
    }
}
