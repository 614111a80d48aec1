//! Pixels, and fewer of them.

use std::ops::Range;

/// The samples of an image, row by row from the top-left; each pixel has as many as there are channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raster {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    samples: Vec<u8>,
}

/// The pixels of a longer row that one of a shorter row covers, and how much of each.
struct Cover {
    pixels: Range<usize>,
    shares: Vec<usize>,
}

impl Raster {
    /// Returns nothing for an image without pixels, or with too few samples.
    pub(super) fn new(width: usize, height: usize, channels: usize, mut samples: Vec<u8>) -> Option<Self> {
        let count = width.checked_mul(height)?.checked_mul(channels)?;
        if count == 0 || samples.len() < count {
            return None;
        }
        samples.truncate(count);
        Some(Self { width, height, channels, samples })
    }

    /// Returns the image in its shape, no larger than these sides. Each pixel is the mean of the area that it covers,
    /// so that thin lines stay.
    pub(super) fn within(self, max_width: usize, max_height: usize) -> Self {
        if self.width <= max_width && self.height <= max_height {
            return self;
        }
        let (width, height) = match self.width * max_height >= self.height * max_width {
            true => (max_width, self.height * max_width / self.width),
            false => (self.width * max_height / self.height, max_height),
        };
        self.narrowed(width.max(1)).lowered(height.max(1))
    }

    fn narrowed(&self, width: usize) -> Self {
        let covers = covers(self.width, width);
        let mut samples = Vec::with_capacity(width * self.height * self.channels);
        for row in self.samples.chunks_exact(self.width * self.channels) {
            for cover in &covers {
                for channel in 0..self.channels {
                    let covered = cover.pixels.clone().map(|pixel| row[pixel * self.channels + channel]);
                    samples.push(cover.mean(covered, self.width));
                }
            }
        }
        Self { width, samples, ..*self }
    }

    fn lowered(&self, height: usize) -> Self {
        let row_length = self.width * self.channels;
        let mut samples = Vec::with_capacity(row_length * height);
        for cover in covers(self.height, height) {
            for place in 0..row_length {
                let covered = cover.pixels.clone().map(|row| self.samples[row * row_length + place]);
                samples.push(cover.mean(covered, self.height));
            }
        }
        Self { height, samples, ..*self }
    }

    /// Returns the first channels of every pixel; all there are, if they are as many.
    pub(super) fn first_channels<const COUNT: usize>(&self) -> Vec<u8> {
        self.samples.chunks_exact(self.channels).flat_map(|pixel| &pixel[..COUNT]).copied().collect()
    }
}

impl Cover {
    fn mean(&self, covered: impl Iterator<Item = u8>, whole: usize) -> u8 {
        let sum: usize = covered.zip(&self.shares).map(|(sample, share)| usize::from(sample) * share).sum();
        ((sum + whole / 2) / whole) as u8
    }
}

/// Lays `to` pixels over `from`, at least as many. The shares of each add up to `from`.
fn covers(from: usize, to: usize) -> Vec<Cover> {
    let cover = |place: usize| {
        // In parts of a pixel, of which each of the longer row has `to`, and each of the shorter one `from`.
        let (start, end) = (place * from, (place + 1) * from);
        let pixels = start / to..end.div_ceil(to);
        let shares = pixels.clone().map(|pixel| ((pixel + 1) * to).min(end) - (pixel * to).max(start)).collect();
        Cover { pixels, shares }
    };
    (0..to).map(cover).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, samples: &[u8]) -> Raster {
        Raster::new(width, height, 1, samples.to_vec()).expect("as many samples as pixels")
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        assert_eq!(grey(3, 1, &[0, 90, 240]).within(2, 9), grey(2, 1, &[30, 190]));
        assert_eq!(grey(1, 3, &[0, 90, 240]).within(9, 2), grey(1, 2, &[30, 190]));
        let colour = Raster::new(2, 1, 3, vec![0, 10, 20, 100, 110, 120]).expect("two pixels");
        assert_eq!(colour.within(1, 1).first_channels::<3>(), [50, 60, 70]);
    }

    #[test]
    fn the_shape_stays_and_what_fits_too() {
        let image = grey(40, 20, &[7; 800]);
        assert_eq!(image.clone().within(40, 20), image);
        assert_eq!(image.clone().within(20, 100), grey(20, 10, &[7; 200]));
        assert_eq!(image.clone().within(100, 5), grey(10, 5, &[7; 50]));
        assert_eq!(grey(1, 9, &[7; 9]).within(9, 3), grey(1, 3, &[7; 3]));
    }

    #[test]
    fn samples_must_be_as_many_as_the_size_says() {
        assert_eq!(Raster::new(2, 2, 1, vec![0; 3]), None);
        assert_eq!(Raster::new(0, 2, 1, Vec::new()), None);
        assert_eq!(Raster::new(usize::MAX, 2, 1, Vec::new()), None);
    }
}
