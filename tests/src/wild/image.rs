//! Checks on the pixels of page images. Positions are points from the top-left corner of the page as displayed; an
//! error of a check tells what was found.

use quire_producer::schemas::element::BBox;

use super::outcome::Outcome;

/// Sizes may differ by one pixel: who rounds up is right too.
const SIZE_TOLERANCE_PX: u32 = 1;
/// A colour may differ by so much in each channel: conversions of colour spaces do.
const COLOUR_TOLERANCE: u8 = 40;
/// Ink may reach so far out of the boxes: edges are smoothed.
const INK_TOLERANCE_PX: f64 = 3.0;
/// The boxes may have so many times the area of the ink, or they say nothing about it.
const MAX_AREA_RATIO: f64 = 4.0;

pub(super) fn image_size(outcome: &Outcome, page: u32, wanted: [u32; 2]) -> Result<(), String> {
    let image = outcome.image(page)?;
    let said = [image.width_px, image.height_px];
    if said.into_iter().zip(wanted).any(|(said, wanted)| said.abs_diff(wanted) > SIZE_TOLERANCE_PX) {
        return Err(format!("{said:?}"));
    }
    let raster = outcome.raster(page)?;
    let stored = [raster.width, raster.height];
    if stored == said { Ok(()) } else { Err(format!("{said:?} said, {stored:?} stored")) }
}

/// Asks whether all dark pixels of a page lie in the box around the regions of its elements, and fill it.
pub(super) fn ink_in_boxes(outcome: &Outcome, page: u32) -> Result<(), String> {
    let scale = outcome.image(page)?.scale;
    let regions = outcome.result.elements.iter().flat_map(|element| &element.regions);
    let boxes = regions.filter(|region| region.page_number == page).filter_map(|region| region.bbox);
    let around = boxes.reduce(BBox::union).ok_or("no element has a box")?;
    let ink = outcome.raster(page)?.ink().ok_or("the page has no ink")?;
    let [left, top, right, bottom] = around.sides().map(|side| (side * scale).round());
    let around = BBox::new(left, top, right, bottom);
    let is_inside = ink.left() >= left - INK_TOLERANCE_PX
        && ink.top() >= top - INK_TOLERANCE_PX
        && ink.right() <= right + INK_TOLERANCE_PX
        && ink.bottom() <= bottom + INK_TOLERANCE_PX;
    if is_inside && area(around) <= MAX_AREA_RATIO * area(ink) {
        Ok(())
    } else {
        Err(format!("the boxes cover {:?} px, the ink {:?}", around.sides(), ink.sides()))
    }
}

fn area(of: BBox) -> f64 {
    of.overlap(of)
}

pub(super) fn pixel(outcome: &Outcome, page: u32, [x, y]: [f64; 2], wanted: [u8; 3]) -> Result<(), String> {
    let scale = outcome.image(page)?.scale;
    let found = outcome.raster(page)?.at(pixels(x, scale), pixels(y, scale));
    let found = found.ok_or("the image does not reach so far")?;
    let is_near = found.into_iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) <= COLOUR_TOLERANCE);
    if is_near { Ok(()) } else { Err(hex::encode(found)) }
}

pub(super) fn dark(outcome: &Outcome, page: u32, area: [f64; 4]) -> Result<(), String> {
    let scale = outcome.image(page)?.scale;
    let [left, top, right, bottom] = area.map(|side| pixels(side, scale));
    let raster = outcome.raster(page)?;
    let mut rows = top..=bottom;
    if rows.any(|y| (left..=right).any(|x| raster.is_dark(x, y))) { Ok(()) } else { Err("nothing dark".to_owned()) }
}

/// Returns the column or row of pixels that a coordinate in points lies in. Below 0 it is the first.
fn pixels(points: f64, scale: f64) -> u32 {
    (points * scale) as u32
}
