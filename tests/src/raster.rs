//! The pixels of a page image.

use std::io::Cursor;

use png::Transformations;
use quire_producer::schemas::element::BBox;

/// Red, green and blue of every pixel, row by row from the top-left.
#[derive(Debug)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pixels: Vec<[u8; 3]>,
}

impl Raster {
    /// Decodes a PNG of any colour type. Transparency is passed over: page images are opaque.
    pub(crate) fn decode(file: &[u8]) -> Result<Self, png::DecodingError> {
        let mut decoder = png::Decoder::new(Cursor::new(file));
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or(png::DecodingError::LimitsExceeded)?];
        let frame = reader.next_frame(&mut bytes)?;
        let samples = bytes[..frame.buffer_size()].chunks_exact(frame.color_type.samples());
        let colour = |samples: &[u8]| match *samples {
            [red, green, blue, ..] => [red, green, blue],
            [grey, ..] => [grey; 3],
            [] => unreachable!("every colour type has a sample"),
        };
        Ok(Self { width: frame.width, height: frame.height, pixels: samples.map(colour).collect() })
    }

    /// Makes an image of pixels, row by row.
    #[cfg(test)]
    pub(crate) const fn of_pixels(width: u32, height: u32, pixels: Vec<[u8; 3]>) -> Self {
        Self { width, height, pixels }
    }

    /// Returns the colour of a pixel, if the image reaches so far.
    pub(crate) fn at(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let index = (x < self.width).then(|| u64::from(y) * u64::from(self.width) + u64::from(x))?;
        self.pixels.get(usize::try_from(index).ok()?).copied()
    }

    /// Says whether there is a pixel that is nearer to black than to white.
    pub(crate) fn is_dark(&self, x: u32, y: u32) -> bool {
        // The weights of ITU-R BT.601.
        let luminance = |[red, green, blue]: [u8; 3]| {
            (299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue)) / 1000
        };
        self.at(x, y).is_some_and(|colour| luminance(colour) < 128)
    }

    /// Returns the smallest box around all dark pixels, in pixels, if there are any.
    pub(crate) fn ink(&self) -> Option<BBox> {
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let dark = places.filter(|(x, y)| self.is_dark(*x, *y));
        let boxes = dark.map(|(x, y)| (f64::from(x), f64::from(y)));
        boxes.map(|(x, y)| BBox::new(x, y, x + 1.0, y + 1.0)).reduce(BBox::union)
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

    use super::*;

    fn encode(colour: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 2, 1);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette(vec![0, 0, 0, 255, 0, 0]);
        }
        encoder.write_header().expect("a Vec takes all").write_image_data(data).expect("two pixels");
        file
    }

    #[test]
    fn black_and_red_are_the_same_pixels_in_every_colour_type() {
        for (colour, depth, data) in [
            (ColorType::Rgb, BitDepth::Eight, [0, 0, 0, 255, 0, 0].as_slice()),
            (ColorType::Rgb, BitDepth::Sixteen, [0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0].as_slice()),
            (ColorType::Rgba, BitDepth::Eight, [0, 0, 0, 255, 255, 0, 0, 255].as_slice()),
            (ColorType::Indexed, BitDepth::One, [0b0100_0000].as_slice()),
        ] {
            let raster = Raster::decode(&encode(colour, depth, data)).expect("a PNG");
            assert_eq!((raster.width, raster.height), (2, 1));
            assert_eq!([raster.at(0, 0), raster.at(1, 0)], [Some([0; 3]), Some([255, 0, 0])], "{colour:?} {depth:?}");
        }
        let grey = Raster::decode(&encode(ColorType::Grayscale, BitDepth::One, &[0b0100_0000])).expect("a PNG");
        assert_eq!([grey.at(0, 0), grey.at(1, 0)], [Some([0; 3]), Some([255; 3])]);
    }

    #[test]
    fn beyond_the_image_there_is_no_pixel_and_nothing_dark() {
        let raster = Raster::decode(&encode(ColorType::Grayscale, BitDepth::Eight, &[255, 0])).expect("a PNG");
        assert_eq!([raster.at(2, 0), raster.at(0, 1), raster.at(u32::MAX, u32::MAX)], [None; 3]);
        assert!(!raster.is_dark(2, 0));
        assert_eq!(raster.ink(), Some(BBox::new(1.0, 0.0, 2.0, 1.0)));
    }

    #[test]
    fn ink_is_dark_to_the_eye() {
        let raster =
            Raster::decode(&encode(ColorType::Rgb, BitDepth::Eight, &[0, 0, 255, 255, 255, 0])).expect("a PNG");
        assert_eq!([raster.is_dark(0, 0), raster.is_dark(1, 0)], [true, false], "blue is, yellow is not");
    }

    #[test]
    fn a_file_that_is_cut_off_is_no_image() {
        let whole = encode(ColorType::Grayscale, BitDepth::Eight, &[255, 0]);
        assert!(Raster::decode(&whole[..whole.len() / 2]).is_err());
        assert!(Raster::decode(b"").is_err());
    }
}
