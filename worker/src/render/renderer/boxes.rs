//! The boxes of a page: its size and what of it is displayed.

use quire_schemas::result::PdfBox;

use super::{super::geometry::Transform, page::Page};
use crate::parse::local::QuarterTurns;

/// The boxes of a page in user space, and its rotation.
pub(super) struct PageBoxes {
    pub(super) media: PdfBox,
    pub(super) crop: Option<PdfBox>,
    /// The box that libpdfium displays.
    bounding: Option<PdfBox>,
    rotation: QuarterTurns,
    displayed_width: f64,
}

impl PageBoxes {
    /// `inherited` are media box and crop box as the file states them, what the page inherits included.
    pub(super) fn of(page: &Page<'_>, inherited: Option<(PdfBox, Option<PdfBox>)>) -> Self {
        let rotation = page.rotation();
        let (width, height) = page.size_in_units();
        let (across, up) = if rotation.swaps_sides() { (height, width) } else { (width, height) };
        let (media, crop) = match inherited {
            Some((media, crop)) => (Some(media), crop),
            None => (page.media_box(), page.crop_box()),
        };
        Self {
            media: media.unwrap_or(PdfBox::new(0.0, 0.0, across, up)),
            crop,
            bounding: page.bounding_box().filter(|bounding| bounding.has_area()),
            rotation,
            displayed_width: page.displayed_size().0,
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
}
