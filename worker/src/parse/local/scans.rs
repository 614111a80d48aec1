//! Whether a page is a scan: how much of it pictures cover, and when its ink is asked for. Pure.

use quire_schemas::element::BBox;

use super::content::{PageContent, Shape, ShapeKind, TextObject};

/// Share of the page that the pictures of a scan cover.
const SCAN_SHARE: f64 = 0.5;
/// What covers less than this, of 255, is not seen.
pub(crate) const LEAST_ALPHA: u8 = 13;

/// Says whether a page may be a scan with a text layer: only then its ink is asked for, which costs drawing it.
pub(crate) fn needs_ink(content: &PageContent) -> bool {
    let topmost = content.pictures.iter().map(|picture| picture.order).max();
    let is_unseen = |object: &TextObject| {
        !object.painted
            || topmost.is_some_and(|picture| object.order < picture)
            || object.colour.is_some_and(|colour| colour.alpha < LEAST_ALPHA)
            || object.clip.is_some_and(|clip| clip.area() <= 0.0)
    };
    topmost.is_some() && (content.seen.is_some() || content.objects.iter().any(is_unseen)) && is_scan(content)
}

/// Returns the place and order of the one thing that makes up a page without text and pictures. It is a picture if it
/// is filled with a pattern that shows one, which the renderer does not tell from a colour.
pub(crate) fn lone_area(content: &PageContent) -> Option<(u32, BBox)> {
    let page = BBox::new(0.0, 0.0, content.width, content.height);
    let is_blank = content.pictures.is_empty() && content.objects.iter().all(|object| !object.painted);
    match content.shapes.as_slice() {
        [Shape { order, bbox, kind: ShapeKind::Area { .. } | ShapeKind::Drawing }] if is_blank => {
            (bbox.overlap(page) >= SCAN_SHARE * page.area()).then_some((*order, *bbox))
        }
        _ => None,
    }
}

/// Says whether pictures cover as much of a page as those of a scan.
pub(super) fn is_scan(content: &PageContent) -> bool {
    picture_share(content) >= SCAN_SHARE
}

/// Returns the share of the page that its pictures cover: each strip of a scan counts, overlaps count once.
pub(super) fn picture_share(content: &PageContent) -> f64 {
    let page = BBox::new(0.0, 0.0, content.width, content.height);
    let boxes = content.pictures.iter().filter(|picture| !picture.layer_off).map(|picture| picture.bbox);
    let page_area = page.area();
    if page_area > 0.0 { covered_area(page, boxes) / page_area } else { 0.0 }
}

/// Counts the cells of a fine grid whose middle lies in some box: exact enough, and bounded for any number of boxes.
pub(super) fn covered_area(within: BBox, boxes: impl Iterator<Item = BBox>) -> f64 {
    const CELLS: usize = 64;
    let mut covered = [0_u64; CELLS];
    for bbox in boxes {
        let cells = |from: f64, to: f64, start: f64, side: f64| {
            let at =
                |place: f64| ((place - start) / side * CELLS as f64 - 0.5).ceil().clamp(0.0, CELLS as f64) as usize;
            at(from)..at(to)
        };
        let columns = cells(bbox.left(), bbox.right(), within.left(), within.width());
        let mask = columns.fold(0_u64, |mask, column| mask | 1 << column);
        for row in cells(bbox.top(), bbox.bottom(), within.top(), within.height()) {
            covered[row] |= mask;
        }
    }
    let cells: u32 = covered.iter().map(|row| row.count_ones()).sum();
    within.area() * f64::from(cells) / (CELLS * CELLS) as f64
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            content::{Colour, Picture},
            testing::Page,
        },
        *,
    };

    fn area(order: u32, bbox: BBox) -> Shape {
        Shape { order, bbox, kind: ShapeKind::Area { colour: Some(Colour { rgb: [0; 3], alpha: 255 }) } }
    }

    fn picture(order: u32, bottom: f64) -> Picture {
        Picture { order, bbox: BBox::new(0.0, 0.0, 600.0, bottom), opaque: true, layer_off: false }
    }

    #[test]
    fn one_area_alone_on_a_page_may_be_a_picture() {
        let (whole, small) = (BBox::new(0.0, 0.0, 600.0, 800.0), BBox::new(40.0, 80.0, 200.0, 120.0));
        let alone = || Page::new().and(|page| page.shapes.push(area(3, whole)));
        assert_eq!(lone_area(&alone().content()), Some((3, whole)));
        assert_eq!(lone_area(&alone().write("text", 50.0, 100.0).content()), None);
        assert_eq!(lone_area(&alone().and(|page| page.shapes.push(area(4, small))).content()), None);
        assert_eq!(lone_area(&Page::new().and(|page| page.shapes.push(area(3, small))).content()), None);
    }

    #[test]
    fn strips_cover_a_page_together_and_overlaps_count_once() {
        let strips = (0..8).map(|strip| Picture {
            bbox: BBox::new(0.0, 100.0 * f64::from(strip), 600.0, 100.0 * f64::from(strip) + 101.0),
            ..picture(0, 0.0)
        });
        let page = Page::new().and(|page| page.pictures.extend(strips));
        assert!((picture_share(&page.content()) - 1.0).abs() < 0.02);
        let twice = Page::new().and(|page| page.pictures.extend([picture(0, 400.0), picture(1, 400.0)]));
        assert!((picture_share(&twice.content()) - 0.5).abs() < 0.02);
    }
}
