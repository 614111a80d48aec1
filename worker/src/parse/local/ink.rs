//! Where a page has ink: a small picture of it that tells whether something is drawn at a place. Pure.

use std::ops::Range;

use quire_schemas::element::BBox;

/// A place has ink if its brightness spans more than this, of 255.
const LEAST_CONTRAST: u8 = 40;

/// Share of the pixels of a picture that differ clearly from the one beside them: of written pages 5 % and more do, of a
/// plain colour or one that fades into another none.
const LEAST_EDGES: f64 = 0.01;

/// A grey picture of the displayed page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InkMap {
    /// Row by row from the top, 0 for black.
    grey: Vec<u8>,
    columns: usize,
    rows: usize,
    /// Pixels per point.
    scale: f64,
}

impl InkMap {
    /// Makes a map of pixels with four bytes each, of which the first three are colours. `None` if there are not enough.
    pub(crate) fn of_pixels(pixels: &[u8], columns: usize, rows: usize, scale: f64) -> Option<Self> {
        let grey: Vec<u8> = pixels
            .chunks_exact(4)
            .take(columns * rows)
            .map(|pixel| ((u32::from(pixel[0]) + u32::from(pixel[1]) + u32::from(pixel[2])) / 3) as u8)
            .collect();
        (grey.len() == columns * rows && !grey.is_empty()).then_some(Self { grey, columns, rows, scale })
    }

    /// Says whether something is drawn in a box of the displayed page: its pixels are not all alike.
    pub(crate) fn has_ink(&self, bbox: BBox) -> bool {
        let (mut least, mut most) = (u8::MAX, u8::MIN);
        for row in self.cells(bbox.top(), bbox.bottom(), self.rows) {
            for column in self.cells(bbox.left(), bbox.right(), self.columns) {
                let grey = self.grey[row * self.columns + column];
                (least, most) = (least.min(grey), most.max(grey));
                if most - least >= LEAST_CONTRAST {
                    return true;
                }
            }
        }
        false
    }

    /// Says whether a box of the displayed page shows a picture, not a plain colour or one that fades.
    pub(crate) fn shows_picture(&self, bbox: BBox) -> bool {
        let (mut edges, mut pairs) = (0_u32, 0_u32);
        for row in self.cells(bbox.top(), bbox.bottom(), self.rows) {
            let columns = self.cells(bbox.left(), bbox.right(), self.columns);
            let Some(pixels) = self.grey.get(row * self.columns + columns.start..row * self.columns + columns.end)
            else {
                continue;
            };
            for pair in pixels.windows(2) {
                pairs += 1;
                edges += u32::from(pair[0].abs_diff(pair[1]) >= LEAST_CONTRAST);
            }
        }
        pairs > 0 && f64::from(edges) >= LEAST_EDGES * f64::from(pairs)
    }

    fn cells(&self, from: f64, to: f64, most: usize) -> Range<usize> {
        let first = (from * self.scale).floor().clamp(0.0, most as f64) as usize;
        let end = (to * self.scale).ceil().clamp(0.0, most as f64) as usize;
        first..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_ink_where_its_pixels_differ() {
        let mut pixels = vec![250; 4 * 20 * 20];
        pixels[4 * (5 * 20 + 5)..4 * (5 * 20 + 6)].fill(90);
        let map = InkMap::of_pixels(&pixels, 20, 20, 0.5).expect("enough pixels");
        assert!(map.has_ink(BBox::new(8.0, 8.0, 20.0, 14.0)));
        assert!(!map.has_ink(BBox::new(20.0, 20.0, 38.0, 38.0)));
        assert!(!map.has_ink(BBox::new(-50.0, -50.0, -10.0, f64::NAN)));
        assert_eq!(InkMap::of_pixels(&pixels, 30, 30, 1.0), None);
    }

    #[test]
    fn a_picture_has_edges_and_a_colour_that_fades_has_none() {
        let map = |grey: fn(usize) -> u8| {
            let pixels: Vec<u8> = (0..400).flat_map(|pixel| [grey(pixel % 20); 4]).collect();
            InkMap::of_pixels(&pixels, 20, 20, 1.0).expect("enough pixels")
        };
        let whole = BBox::new(0.0, 0.0, 20.0, 20.0);
        assert!(map(|column| if column % 7 == 0 { 0 } else { 250 }).shows_picture(whole));
        assert!(!map(|column| 10 * column as u8).shows_picture(whole));
        assert!(!map(|_| 90).shows_picture(whole));
        assert!(!map(|column| if column % 7 == 0 { 0 } else { 250 }).shows_picture(BBox::new(
            90.0,
            f64::NAN,
            99.0,
            99.0
        )));
    }
}
