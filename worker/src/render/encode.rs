//! From pixels to an image file, in the child, and how large such a file can be.

use image_webp::WebPEncoder;
use png::{BitDepth, ColorType, Compression};
use quire_schemas::job::ImageFormat;

/// Pixels as the renderer leaves them: red, green, blue and a byte of padding each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pixels<'a> {
    /// Four bytes a pixel, rows without gaps.
    pub(super) rgbx: &'a [u8],
    /// Pixels across.
    pub(super) width: u32,
    /// Pixels down.
    pub(super) height: u32,
}

/// From this quality on, the JPEG encoder keeps the colour of each pixel; below, that of each fourth.
const FULL_COLOUR_QUALITY: u8 = 90;

/// Why an image could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("the image could not be encoded: {0}")]
pub(super) struct EncodeError(String);

/// Packed samples, one channel or three.
struct Samples {
    bytes: Vec<u8>,
    grey: bool,
}

/// Encodes a page. A page without colour is stored with one channel, which is a third of the work
/// and of the size. `quality` is for JPEG, 1 to 100. Fails if the encoder refuses the image, for
/// instance its size.
pub(super) fn encode(pixels: Pixels<'_>, format: ImageFormat, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let samples = pack(pixels.rgbx);
    match format {
        ImageFormat::Png => png(&samples, pixels),
        ImageFormat::Webp => webp(&samples, pixels),
        ImageFormat::Jpeg => jpeg(&samples, pixels, quality),
    }
}

/// Returns the most bytes that [`encode`] makes of an image of this size.
pub(super) fn largest_file(format: ImageFormat, quality: u8, width: u32, height: u32) -> u64 {
    /// Headers, tables and checksums.
    const OVERHEAD: u64 = 4096;
    // JPEG has whole blocks, with less colour 16 pixels wide and high.
    let padded = |side: u32| u64::from(side).next_multiple_of(16);
    let pixels = padded(width) * padded(height);
    let bytes_per_pixel = match format {
        // As many samples as in the other formats. One of a picture of noise takes 18 bits at most: a
        // larger number has a longer code, but the samples of a block cannot all be large.
        ImageFormat::Jpeg if quality >= FULL_COLOUR_QUALITY => 8,
        // Half as many samples, or three of a byte and, in PNG, one for the row. Neither PNG nor WebP
        // takes more than a byte for a sample, except for a hundredth.
        ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Webp => 4,
    };
    pixels * bytes_per_pixel + pixels / 64 + OVERHEAD
}

fn pack(rgbx: &[u8]) -> Samples {
    let (quads, _) = rgbx.as_chunks::<4>();
    let grey = is_grey(quads);
    let bytes = if grey { quads.iter().map(|quad| quad[0]).collect() } else { three_channels(quads) };
    Samples { bytes, grey }
}

/// Compares in blocks without an early exit inside a block, so that the compiler can use vectors.
fn is_grey(quads: &[[u8; 4]]) -> bool {
    quads.chunks(1024).all(|block| {
        block.iter().fold(0u32, |differences, quad| {
            let word = u32::from_le_bytes(*quad);
            differences | ((word ^ (word >> 8)) & 0xffff)
        }) == 0
    })
}

fn three_channels(quads: &[[u8; 4]]) -> Vec<u8> {
    let mut bytes = vec![0; quads.len() * 3];
    for (triple, quad) in bytes.as_chunks_mut::<3>().0.iter_mut().zip(quads) {
        *triple = [quad[0], quad[1], quad[2]];
    }
    bytes
}

fn refused(error: impl std::fmt::Display) -> EncodeError {
    EncodeError(error.to_string())
}

fn png(samples: &Samples, pixels: Pixels<'_>) -> Result<Vec<u8>, EncodeError> {
    let mut file = Vec::with_capacity(samples.bytes.len() / 4);
    let mut encoder = png::Encoder::new(&mut file, pixels.width, pixels.height);
    encoder.set_color(if samples.grey { ColorType::Grayscale } else { ColorType::Rgb });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().map_err(refused)?;
    writer.write_image_data(&samples.bytes).map_err(refused)?;
    writer.finish().map_err(refused)?;
    Ok(file)
}

fn webp(samples: &Samples, pixels: Pixels<'_>) -> Result<Vec<u8>, EncodeError> {
    let mut file = Vec::with_capacity(samples.bytes.len() / 6);
    let color = if samples.grey { image_webp::ColorType::L8 } else { image_webp::ColorType::Rgb8 };
    let encoder = WebPEncoder::new(&mut file);
    encoder.encode(&samples.bytes, pixels.width, pixels.height, color).map_err(refused)?;
    Ok(file)
}

fn jpeg(samples: &Samples, pixels: Pixels<'_>, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let side = |pixels: u32| u16::try_from(pixels).map_err(refused);
    let (width, height) = (side(pixels.width)?, side(pixels.height)?);
    let mut file = Vec::with_capacity(samples.bytes.len() / 10);
    let color = if samples.grey { jpeg_encoder::ColorType::Luma } else { jpeg_encoder::ColorType::Rgb };
    let encoder = jpeg_encoder::Encoder::new(&mut file, quality);
    encoder.encode(&samples.bytes, width, height, color).map_err(refused)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(file: &[u8]) -> (ColorType, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut bytes).expect("a frame");
        (info.color_type, bytes)
    }

    #[test]
    fn a_grey_page_is_stored_as_grey_without_loss() {
        let grey: Vec<u8> = (0..=255).flat_map(|value| [value, value, value, 9]).collect();
        let pixels = Pixels { rgbx: &grey, width: 16, height: 16 };
        let file = encode(pixels, ImageFormat::Png, 85).expect("encodes");
        assert_eq!(decode(&file), (ColorType::Grayscale, (0..=255).collect()));
    }

    #[test]
    fn one_coloured_pixel_makes_the_page_coloured() {
        let mut rgbx = vec![255; 64 * 64 * 4];
        rgbx[4000] = 254;
        let pixels = Pixels { rgbx: &rgbx, width: 64, height: 64 };
        let (color, bytes) = decode(&encode(pixels, ImageFormat::Png, 85).expect("encodes"));
        assert_eq!((color, bytes[3000]), (ColorType::Rgb, 254));
    }

    #[test]
    fn every_format_writes_its_own_signature() {
        let rgbx = vec![200; 8 * 8 * 4];
        let pixels = Pixels { rgbx: &rgbx, width: 8, height: 8 };
        let start = |format| encode(pixels, format, 85).expect("encodes")[..4].to_vec();
        assert_eq!(start(ImageFormat::Png), b"\x89PNG");
        assert_eq!(start(ImageFormat::Webp), b"RIFF");
        assert_eq!(start(ImageFormat::Jpeg)[..3], *b"\xff\xd8\xff");
    }

    /// Makes bytes that no encoder can compress; those of harsh noise are 0 or 255.
    fn noise(length: usize, seed: u64, is_harsh: bool) -> Vec<u8> {
        let mut state = seed | 1;
        let bytes = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        });
        bytes.map(|byte| if is_harsh { (byte >> 7) * 255 } else { byte }).take(length).collect()
    }

    proptest! {
        #[test]
        fn no_file_is_larger_than_the_parent_reads(
            width in 1_u32..100, height in 1_u32..100, quality in 1_u8..=100, seed: u64, is_harsh: bool,
        ) {
            let rgbx = noise(width as usize * height as usize * 4, seed, is_harsh);
            let pixels = Pixels { rgbx: &rgbx, width, height };
            for format in [ImageFormat::Png, ImageFormat::Webp, ImageFormat::Jpeg] {
                let file = encode(pixels, format, quality).expect("encodes").len() as u64;
                let most = largest_file(format, quality, width, height);
                prop_assert!(file <= most, "{format:?}: {file} bytes, more than {most}");
            }
        }
    }

    #[test]
    fn noise_in_full_colour_takes_most_of_what_the_parent_reads() {
        let formats = [(ImageFormat::Png, 85, false), (ImageFormat::Webp, 85, false), (ImageFormat::Jpeg, 100, true)];
        for (format, quality, is_harsh) in formats {
            let rgbx = noise(512 * 512 * 4, 7, is_harsh);
            let pixels = Pixels { rgbx: &rgbx, width: 512, height: 512 };
            let file = encode(pixels, format, quality).expect("encodes").len() as u64;
            let most = largest_file(format, quality, 512, 512);
            assert!((most / 2..=most).contains(&file), "{format:?}: {file} bytes, of {most}");
        }
    }
}
