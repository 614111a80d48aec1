//! Where a page has ink: a small picture of it that tells whether something is drawn at a place. Pure.

use std::ops::Range;

use quire_schemas::element::BBox;

/// A place has ink if its brightness spans more than this, of 255.
const LEAST_CONTRAST: u8 = 40;

/// Share of the pixels of a picture that differ clearly from the one beside them: of written pages 5 % and more do, of
/// a plain colour or one that fades into another none.
const LEAST_EDGES: f64 = 0.01;

/// Most cells across a box that are looked at: a larger box is looked at in a coarser picture.
const MOST_CELLS: usize = 32;

/// A grey picture of the displayed page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InkMap {
    /// The pixels, and coarser pictures of them, each with half the columns and rows.
    levels: Vec<Level>,
    /// Pixels per point.
    scale: f64,
}

/// The darkest and the brightest pixel in each cell, row by row from the top, 0 for black.
#[derive(Debug, Clone, PartialEq)]
struct Level {
    darkest: Vec<u8>,
    brightest: Vec<u8>,
    columns: usize,
    rows: usize,
}

impl Level {
    fn coarser(&self) -> Self {
        let (columns, rows) = (self.columns.div_ceil(2), self.rows.div_ceil(2));
        let (mut darkest, mut brightest) = (vec![u8::MAX; columns * rows], vec![u8::MIN; columns * rows]);
        for row in 0..self.rows {
            for column in 0..self.columns {
                let (from, to) = (row * self.columns + column, row / 2 * columns + column / 2);
                darkest[to] = darkest[to].min(self.darkest[from]);
                brightest[to] = brightest[to].max(self.brightest[from]);
            }
        }
        Self { darkest, brightest, columns, rows }
    }
}

impl InkMap {
    /// Makes a map of pixels with four bytes each, of which the first three are colours. `None` if there are not
    /// enough.
    pub(crate) fn of_pixels(pixels: &[u8], columns: usize, rows: usize, scale: f64) -> Option<Self> {
        let grey: Vec<u8> = pixels
            .chunks_exact(4)
            .take(columns * rows)
            .map(|pixel| ((u32::from(pixel[0]) + u32::from(pixel[1]) + u32::from(pixel[2])) / 3) as u8)
            .collect();
        if grey.len() != columns * rows || grey.is_empty() {
            return None;
        }
        let mut levels = vec![Level { darkest: grey.clone(), brightest: grey, columns, rows }];
        while let Some(last) = levels.last().filter(|level| level.columns.max(level.rows) > MOST_CELLS) {
            levels.push(last.coarser());
        }
        Some(Self { levels, scale })
    }

    /// Says whether something is drawn in a box of the displayed page: its pixels are not all alike. Of a large box,
    /// what lies around it counts by up to a sixteenth of its sides.
    pub(crate) fn has_ink(&self, bbox: BBox) -> bool {
        let (mut least, mut most) = (u8::MAX, u8::MIN);
        let (rows, columns) = self.pixels(bbox);
        let longest = rows.len().max(columns.len());
        let coarseness = longest.div_ceil(MOST_CELLS).next_power_of_two().trailing_zeros() as usize;
        let coarseness = coarseness.min(self.levels.len() - 1);
        let level = &self.levels[coarseness];
        let cells = |pixels: Range<usize>| pixels.start >> coarseness..pixels.end.div_ceil(1 << coarseness);
        for row in cells(rows) {
            for column in cells(columns.clone()) {
                let cell = row * level.columns + column;
                (least, most) = (least.min(level.darkest[cell]), most.max(level.brightest[cell]));
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
        let Level { darkest: grey, columns: width, .. } = &self.levels[0];
        let (rows, columns) = self.pixels(bbox);
        for row in rows {
            let Some(pixels) = grey.get(row * width + columns.start..row * width + columns.end) else { continue };
            for pair in pixels.windows(2) {
                pairs += 1;
                edges += u32::from(pair[0].abs_diff(pair[1]) >= LEAST_CONTRAST);
            }
        }
        pairs > 0 && f64::from(edges) >= LEAST_EDGES * f64::from(pairs)
    }

    /// Returns the rows and columns of pixels that a box touches.
    fn pixels(&self, bbox: BBox) -> (Range<usize>, Range<usize>) {
        let pixels = |from: f64, to: f64, most: usize| {
            let first = (from * self.scale).floor().clamp(0.0, most as f64) as usize;
            first..(to * self.scale).ceil().clamp(0.0, most as f64) as usize
        };
        let Level { columns, rows, .. } = self.levels[0];
        (pixels(bbox.top(), bbox.bottom(), rows), pixels(bbox.left(), bbox.right(), columns))
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
    fn a_large_place_is_looked_at_in_a_coarser_picture() {
        let mut pixels = vec![250; 4 * 300 * 200];
        pixels[4 * (150 * 300 + 250)..4 * (150 * 300 + 251)].fill(90);
        let map = InkMap::of_pixels(&pixels, 300, 200, 1.0).expect("enough pixels");
        assert!(map.has_ink(BBox::new(0.0, 0.0, 300.0, 200.0)) && map.has_ink(BBox::new(200.0, 100.0, 290.0, 190.0)));
        assert!(!map.has_ink(BBox::new(0.0, 0.0, 230.0, 140.0)));
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
