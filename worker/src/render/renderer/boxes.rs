//! The boxes of a page: its size, what of it is displayed, and whether a picture covers it.

use pdfium_render::prelude::{
    PdfPage, PdfPageObjectCommon, PdfPageObjectsCommon, PdfPageRenderRotation, PdfRect, PdfiumError,
};

use quire_schemas::result::PdfBox;

use super::super::geometry::Transform;
use crate::parse::local::QuarterTurns;

/// Share of the page that a scan's picture covers.
const SCAN_COVERAGE: f64 = 0.8;
/// Objects looked at in search of a scan's picture.
const MAX_OBJECTS: usize = 2_000;

/// Returns the displayed width and height in points; 0 where the document states no number.
pub(super) fn displayed_size(page: &PdfPage<'_>) -> (f64, f64) {
    (side(page.width().value), side(page.height().value))
}

/// Takes a length from pdfium. A damaged document may state a negative one or no number: that is 0.
pub(super) fn side(length: f32) -> f64 {
    Some(f64::from(length)).filter(|length| length.is_finite() && *length > 0.0).unwrap_or_default()
}

pub(super) fn pdf_box(rect: &PdfRect) -> PdfBox {
    let [left, bottom, right, top] =
        [rect.left(), rect.bottom(), rect.right(), rect.top()].map(|side| f64::from(side.value));
    PdfBox::new(left, bottom, right, top)
}

/// The boxes of a page in user space, and its rotation.
pub(super) struct PageBoxes {
    pub(super) media: PdfBox,
    pub(super) crop: Option<PdfBox>,
    /// The box that pdfium displays. The two above are what the page itself states, without what it
    /// inherits.
    bounding: Option<PdfBox>,
    rotation: QuarterTurns,
    displayed_width: f64,
}

impl PageBoxes {
    pub(super) fn of(page: &PdfPage<'_>) -> Self {
        let rotation = QuarterTurns::new(match page.rotation() {
            Ok(PdfPageRenderRotation::Degrees90) => 1,
            Ok(PdfPageRenderRotation::Degrees180) => 2,
            Ok(PdfPageRenderRotation::Degrees270) => 3,
            Ok(PdfPageRenderRotation::None) | Err(_) => 0,
        });
        let (width, height) = displayed_size(page);
        let (across, up) = if rotation.swaps_sides() { (height, width) } else { (width, height) };
        let boundaries = page.boundaries();
        let media = stated(boundaries.media().map(|media| media.bounds));
        let bounding = stated(boundaries.bounding().map(|bounding| bounding.bounds));
        Self {
            media: media.unwrap_or(PdfBox::new(0.0, 0.0, across, up)),
            crop: stated(boundaries.crop().map(|crop| crop.bounds)),
            bounding: bounding.filter(|bounding| bounding.has_area()),
            rotation,
            displayed_width: width,
        }
    }

    /// Returns the map from user space to the displayed page.
    pub(super) fn transform(&self) -> Transform {
        Transform::new(self.visible(), self.rotation, self.displayed_width)
    }

    /// Returns the box that is displayed: the crop box within the media box, or the media box.
    fn visible(&self) -> PdfBox {
        self.bounding.or_else(|| self.crop?.intersection(self.media)).unwrap_or(self.media)
    }

    /// Says whether one picture covers most of the page, as in a scan.
    pub(super) fn is_covered_by_a_picture(&self, page: &PdfPage<'_>) -> bool {
        let visible = self.visible();
        let pictures = page.objects().iter().take(MAX_OBJECTS).filter(|object| object.as_image_object().is_some());
        let covered: f64 = pictures
            .filter_map(|object| object.bounds().ok())
            .map(|bounds| pdf_box(&bounds.to_rect()).overlap(visible))
            .fold(0.0, f64::max);
        visible.area() > 0.0 && covered / visible.area() >= SCAN_COVERAGE
    }
}

fn stated(bounds: Result<PdfRect, PdfiumError>) -> Option<PdfBox> {
    bounds.ok().map(|bounds| pdf_box(&bounds)).filter(|stated| stated.is_finite())
}
