//! Checks on the pages that a result lists. An error of a check tells what was found.

use quire_producer::schemas::result::{Page, ParseResult, PdfBox};

/// Sizes may differ by so many points.
const SIZE_TOLERANCE: f64 = 0.5;
/// Sides of boxes may differ by so many points: they are given as the file has them.
const BOX_TOLERANCE: f64 = 0.01;

fn page(result: &ParseResult, number: u32) -> Result<&Page, String> {
    let page = result.pages.iter().find(|page| page.page_number == number);
    page.ok_or_else(|| format!("no page {number}"))
}

pub(super) fn pages(result: &ParseResult, wanted: u32) -> Result<(), String> {
    let (counted, listed) = (result.source.page_count, result.pages.len());
    if counted == Some(wanted) && u32::try_from(listed) == Ok(wanted) {
        Ok(())
    } else {
        let counted = counted.map_or_else(|| "none".to_owned(), |count| count.to_string());
        Err(format!("page_count {counted}, {listed} pages"))
    }
}

pub(super) fn page_labels(result: &ParseResult, wanted: &[String]) -> Result<(), String> {
    let found: Vec<_> = result.pages.iter().map(|page| page.page_label.as_deref()).collect();
    let is_right = |(found, wanted): (&Option<&str>, &String)| wanted == "*" || *found == Some(wanted.as_str());
    if found.len() == wanted.len() && found.iter().zip(wanted).all(is_right) {
        Ok(())
    } else {
        Err(format!("{found:?}"))
    }
}

pub(super) fn page_size(result: &ParseResult, number: u32, wanted: [f64; 2]) -> Result<(), String> {
    let page = page(result, number)?;
    let (Some(width), Some(height)) = (page.width, page.height) else { return Err("no size".to_owned()) };
    let is_near = |(found, wanted): (f64, f64)| (found - wanted).abs() <= SIZE_TOLERANCE;
    if [width, height].into_iter().zip(wanted).all(is_near) { Ok(()) } else { Err(format!("{width} by {height}")) }
}

/// Compares media box and crop box; a box that is `None` must not be there.
pub(super) fn page_boxes(result: &ParseResult, number: u32, wanted: [Option<PdfBox>; 2]) -> Result<(), String> {
    let page = page(result, number)?;
    let found = [page.media_box, page.crop_box];
    if found.into_iter().zip(wanted).all(|(found, wanted)| is_same(found, wanted)) {
        Ok(())
    } else {
        Err(format!("{:?}", found.map(|found| found.map(sides))))
    }
}

fn is_same(found: Option<PdfBox>, wanted: Option<PdfBox>) -> bool {
    match (found, wanted) {
        (Some(found), Some(wanted)) => {
            let mut both = sides(found).into_iter().zip(sides(wanted));
            both.all(|(found, wanted)| (found - wanted).abs() <= BOX_TOLERANCE)
        }
        (found, wanted) => found == wanted,
    }
}

fn sides(found: PdfBox) -> [f64; 4] {
    [found.left(), found.bottom(), found.right(), found.top()]
}
