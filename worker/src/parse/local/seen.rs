//! What the image of a page tells of a text where nothing else does: the page is drawn with it and without it, and
//! where the two images are alike, nobody sees it. Pure.

use std::{collections::BTreeMap, ops::Range};

use quire_schemas::element::BBox;

/// Two images differ where a channel differs by this, of 255.
const LEAST_DIFFERENCE: u8 = 10;
/// Share of its pixels that a text changes at least if it can be read: letters change a third and more.
const SEEN_SHARE: f64 = 0.03;
/// Letters leave more of their box free than this; what fills it all is no letter.
const FULL_SHARE: f64 = 0.9;
/// How far around a text that clips a picture nothing of the picture is seen, in points.
const AROUND: f64 = 3.0;

/// Colours that differ by less in every channel look the same.
pub(super) fn is_alike(one: [u8; 3], other: [u8; 3]) -> bool {
    one.iter().zip(other).all(|(one, other)| one.abs_diff(other) < LEAST_DIFFERENCE)
}

/// Counts how often outlines run around a point, one way less the other.
pub(crate) fn winding(outlines: &[Vec<(f64, f64)>], (x, y): (f64, f64)) -> i32 {
    let mut turns = 0;
    for outline in outlines {
        for (from, to) in outline.iter().zip(outline.iter().cycle().skip(1)) {
            let side = (to.0 - from.0) * (y - from.1) - (x - from.0) * (to.1 - from.1);
            match (from.1 <= y, to.1 <= y) {
                (true, false) if side > 0.0 => turns += 1,
                (false, true) if side < 0.0 => turns -= 1,
                _ => {}
            }
        }
    }
    turns
}

/// A part of the displayed page in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Raster {
    /// Its top-left corner, in pixels of the page.
    pub(crate) corner: (usize, usize),
    pub(crate) columns: usize,
    pub(crate) rows: usize,
    /// Pixels per point.
    pub(crate) scale: f64,
}

impl Raster {
    /// Returns the raster that holds a box and what is around it, on a page of so many pixels. `None` if nothing of it
    /// lies there.
    pub(crate) fn around(bbox: BBox, scale: f64, (width, height): (usize, usize)) -> Option<Self> {
        let low = |at: f64| ((at - AROUND) * scale).floor().max(0.0) as usize;
        let high = |at: f64, most: usize| (((at + AROUND) * scale).ceil().max(0.0) as usize).min(most);
        let (left, top) = (low(bbox.left()), low(bbox.top()));
        let columns = high(bbox.right(), width).checked_sub(left)?;
        let rows = high(bbox.bottom(), height).checked_sub(top)?;
        (columns > 0 && rows > 0).then_some(Self { corner: (left, top), columns, rows, scale })
    }
}

/// Where the image of a page changes without its texts in doubt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenMap {
    raster: Raster,
    /// For each group of texts that do not lie on each other: what changes without them.
    texts: Vec<Changes>,
    /// What changes without what texts clip.
    clipped: Changes,
    /// The group of each text in doubt, by its place among the text objects of the page. `None` if there are too many
    /// groups: nothing shows that such a text is seen.
    groups: BTreeMap<u32, Option<usize>>,
}

impl SeenMap {
    /// Compares images of four bytes a pixel, of which the first three are colours: the page as it is, without each
    /// group of texts in doubt, and without what texts clip. `None` if one is too small.
    pub(crate) fn of_images(
        raster: Raster,
        whole: &[u8],
        without_texts: &[(Vec<u8>, Vec<u32>)],
        without_clipped: Option<&[u8]>,
        left_over: &[u32],
    ) -> Option<Self> {
        let differ =
            |one: &[u8], other: &[u8]| (0..3).any(|channel| one[channel].abs_diff(other[channel]) >= LEAST_DIFFERENCE);
        let pixels = raster.columns * raster.rows;
        let changes = |image: &[u8]| {
            let changes = whole.chunks_exact(4).zip(image.chunks_exact(4)).take(pixels);
            let changes: Vec<bool> = changes.map(|(whole, image)| differ(whole, image)).collect();
            (changes.len() == pixels).then(|| Changes::of_pixels(&changes, raster.columns))
        };
        let mut groups: BTreeMap<u32, Option<usize>> = left_over.iter().map(|text| (*text, None)).collect();
        for (group, (_, texts)) in without_texts.iter().enumerate() {
            groups.extend(texts.iter().map(|text| (*text, Some(group))));
        }
        Some(Self {
            raster,
            texts: without_texts.iter().map(|(image, _)| changes(image)).collect::<Option<_>>()?,
            clipped: changes(without_clipped.unwrap_or(whole))?,
            groups,
        })
    }

    /// Says whether the page shows what a text object draws in a box. `None` if nobody has looked.
    pub(super) fn shows(&self, object: u32, bbox: BBox) -> Option<bool> {
        let changes = self.groups.get(&object)?.and_then(|group| self.texts.get(group));
        Some(changes.is_some_and(|changes| self.share(bbox, changes) >= SEEN_SHARE))
    }

    /// Says whether something is seen through the glyphs in a box, and not around them.
    pub(super) fn is_seen_through(&self, bbox: BBox) -> bool {
        let [left, top, right, bottom] = bbox.sides();
        let share =
            |[left, top, right, bottom]: [f64; 4]| self.share(BBox::new(left, top, right, bottom), &self.clipped);
        let inside = share([left, top, right, bottom]);
        let beside =
            share([left - AROUND, top, left - 1.0, bottom]).max(share([right + 1.0, top, right + AROUND, bottom]));
        let above =
            share([left, top - AROUND, right, top - 1.0]).max(share([left, bottom + 1.0, right, bottom + AROUND]));
        (SEEN_SHARE..=FULL_SHARE).contains(&inside) && above.min(beside) < inside / 4.0
    }

    fn share(&self, bbox: BBox, changes: &Changes) -> f64 {
        let Raster { corner, columns, rows, scale } = self.raster;
        let cells = |from: f64, to: f64, corner: usize, most: usize| {
            let at = |place: f64| (place - corner as f64).clamp(0.0, most as f64) as usize;
            at((from * scale).floor())..at((to * scale).ceil())
        };
        let rows = cells(bbox.top(), bbox.bottom(), corner.1, rows);
        let columns = cells(bbox.left(), bbox.right(), corner.0, columns);
        let all = rows.len() * columns.len();
        if all == 0 { 0.0 } else { f64::from(changes.count(rows, columns)) / all as f64 }
    }
}

/// The pixels that change, as sums: a page may have thousands of texts in doubt, each as large as the page.
#[derive(Debug, Clone, PartialEq)]
struct Changes {
    /// How many pixels change above a row and left of a column, for each of them and one more.
    sums: Vec<u32>,
    /// Columns of the sums.
    width: usize,
}

impl Changes {
    /// Sums up whole rows of so many pixels.
    fn of_pixels(pixels: &[bool], columns: usize) -> Self {
        let width = columns + 1;
        let mut sums = vec![0; width];
        for row in pixels.chunks_exact(columns) {
            let mut in_row = 0;
            sums.push(0);
            for changes in row {
                in_row += u32::from(*changes);
                sums.push(sums[sums.len() - width] + in_row);
            }
        }
        Self { sums, width }
    }

    /// Counts the pixels that change in a box that is not empty.
    fn count(&self, rows: Range<usize>, columns: Range<usize>) -> u32 {
        let above = |row: usize, column: usize| self.sums[row * self.width + column];
        (above(rows.end, columns.end) + above(rows.start, columns.start))
            - (above(rows.start, columns.end) + above(rows.end, columns.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of 20 by 20 pixels, one for each point, from 100 points right and 100 points down.
    fn map(changed: [usize; 4]) -> SeenMap {
        let raster = Raster { corner: (100, 100), columns: 20, rows: 20, scale: 1.0 };
        let whole = vec![200; 4 * 400];
        let mut without = whole.clone();
        let [left, top, right, bottom] = changed;
        for row in top..bottom {
            for column in left..right {
                without[4 * (20 * row + column)] = 100;
            }
        }
        SeenMap::of_images(raster, &whole, &[(without.clone(), vec![3])], Some(&without), &[7]).expect("enough pixels")
    }

    #[test]
    fn a_text_is_seen_where_the_image_changes_without_it() {
        let map = map([5, 5, 10, 10]);
        assert_eq!(map.shows(3, BBox::new(103.0, 103.0, 112.0, 112.0)), Some(true));
        assert_eq!(map.shows(3, BBox::new(111.0, 111.0, 119.0, 119.0)), Some(false));
        assert_eq!(map.shows(3, BBox::new(-50.0, 0.0, f64::NAN, 900.0)), Some(false));
        assert_eq!(map.shows(4, BBox::new(103.0, 103.0, 112.0, 112.0)), None);
        assert_eq!(map.shows(7, BBox::new(103.0, 103.0, 112.0, 112.0)), Some(false));
        let raster = Raster { corner: (0, 0), columns: 9, rows: 9, scale: 1.0 };
        assert_eq!(SeenMap::of_images(raster, &[0; 8], &[(vec![0; 8], Vec::new())], None, &[]), None);
    }

    #[test]
    fn a_picture_is_seen_through_letters_if_it_is_not_seen_around_them() {
        let letters = BBox::new(105.0, 105.0, 115.0, 115.0);
        assert!(map([6, 5, 15, 15]).is_seen_through(letters) && !map([5, 5, 15, 15]).is_seen_through(letters));
        assert!(!map([0, 0, 20, 20]).is_seen_through(letters));
        assert!(!map([0, 0, 0, 0]).is_seen_through(letters));
    }

    #[test]
    fn a_raster_holds_a_box_and_stays_on_the_page() {
        let around = |left, top, right, bottom| Raster::around(BBox::new(left, top, right, bottom), 1.0, (600, 800));
        let raster = around(50.0, 100.0, 60.0, 120.0).expect("on the page");
        assert_eq!((raster.corner, raster.columns, raster.rows), ((47, 97), 16, 26));
        let raster = around(-50.0, -50.0, 900.0, 900.0).expect("on the page");
        assert_eq!((raster.corner, raster.columns, raster.rows), ((0, 0), 600, 800));
        assert_eq!(around(700.0, 100.0, 800.0, 120.0), None);
    }
}
