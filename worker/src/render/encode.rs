//! From pixels to an image file. Runs in the child.

use image_webp::WebPEncoder;
use png::{BitDepth, ColorType, Compression};
use quire_schemas::job::ImageFormat;

/// Pixels as the renderer leaves them: red, green, blue and a byte of padding each.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    /// Four bytes a pixel, rows without gaps.
    pub rgbx: &'a [u8],
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Why an image could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("the image could not be encoded: {0}")]
pub struct EncodeError(String);

/// Packed samples, one channel or three.
struct Samples {
    bytes: Vec<u8>,
    grey: bool,
}

/// Encodes a page. A page without colour is stored with one channel, which is a third of the work
/// and of the size. `quality` is for JPEG, 1 to 100.
///
/// # Errors
/// [`EncodeError`] if the encoder refuses the image, for instance its size.
pub fn encode(pixels: Pixels<'_>, format: ImageFormat, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let samples = pack(pixels.rgbx);
    match format {
        ImageFormat::Png => png(&samples, pixels),
        ImageFormat::Webp => webp(&samples, pixels),
        ImageFormat::Jpeg => jpeg(&samples, pixels, quality),
    }
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
}
