//! Takes lengths and boxes from libpdfium, whose numbers may be anything in a damaged document.

use std::os::raw::c_float;

use pdfium_render::prelude::{FPDF_BOOL, FS_RECTF};
use quire_schemas::result::PdfBox;

/// What libpdfium writes a rectangle into.
pub(super) const EMPTY_RECT: FS_RECTF = FS_RECTF { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };

/// Takes a length. One that is negative or no number is 0.
pub(super) fn side(length: f32) -> f64 {
    Some(f64::from(length)).filter(|length| length.is_finite() && *length > 0.0).unwrap_or_default()
}

/// Takes a rectangle; `None` if a side of it is not finite.
pub(super) fn rect_box(rect: &FS_RECTF) -> Option<PdfBox> {
    pdf_box([rect.left, rect.bottom, rect.right, rect.top])
}

/// Reads a box through a function that writes left, bottom, right and top, and says whether it has.
pub(super) fn box_of_sides(read: impl Fn([*mut c_float; 4]) -> FPDF_BOOL) -> Option<PdfBox> {
    let mut sides = [0.0; 4];
    let [left, bottom, right, top] = &mut sides;
    let stated = read([left, bottom, right, top].map(std::ptr::from_mut)) != 0;
    if stated { pdf_box(sides) } else { None }
}

/// Takes left, bottom, right and top; `None` if one is not finite.
pub(super) fn pdf_box(sides: [f32; 4]) -> Option<PdfBox> {
    let [left, bottom, right, top] = sides.map(f64::from);
    sides.iter().all(|side| side.is_finite()).then(|| PdfBox::new(left, bottom, right, top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_with_a_side_that_is_no_number_is_none() {
        assert_eq!(pdf_box([3.0, 4.0, 1.0, 2.0]), Some(PdfBox::new(1.0, 2.0, 3.0, 4.0)));
        assert_eq!(pdf_box([3.0, f32::NAN, 1.0, 2.0]), None);
        assert_eq!((side(f32::INFINITY), side(-1.0), side(2.0)), (0.0, 0.0, 2.0));
    }
}
