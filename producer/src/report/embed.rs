//! Page images as a report embeds them: smaller, and in one format.

use std::{
    fs,
    io::{Cursor, Read},
    path::Path,
};

use jpeg_encoder::{ColorType, Encoder};
use zune_jpeg::{JpegDecoder, zune_core::options::DecoderOptions};

use super::raster::Raster;

/// At this width a page of small print can be read, and a page of text takes 100 to 200 kB.
const MAX_WIDTH: usize = 1000;
/// The report shows no page that is higher, in widths.
const MAX_HEIGHT: usize = 4 * MAX_WIDTH;
/// Letters stay clean; a higher one takes much more room.
const QUALITY: u8 = 60;
/// The most that a file may have, and an image: three times as many bytes are held while it is scaled.
const MAX_FILE_BYTES: u64 = 256 << 20;
const MAX_PIXELS: usize = 150_000_000;

/// An image file, and its media type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Embedded {
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// Why a page image is not in the report, as the report says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotEmbedded {
    Unread,
    TooLarge,
    Broken,
}

impl NotEmbedded {
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Unread => "The page image cannot be read.",
            Self::TooLarge => "The page image is too large to be embedded.",
            Self::Broken => "The page image is broken, or in a format that is not embedded.",
        }
    }
}

/// Reads an image and makes a JPEG of it that is no wider than 1,000 pixels. A small file stays as it is.
pub(super) fn embedded(path: &Path) -> Result<Embedded, NotEmbedded> {
    let mut file = Vec::new();
    let opened = fs::File::open(path).map_err(|_| NotEmbedded::Unread)?;
    opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut file).map_err(|_| NotEmbedded::Unread)?;
    if file.len() as u64 > MAX_FILE_BYTES {
        return Err(NotEmbedded::TooLarge);
    }
    smaller(file)
}

fn smaller(file: Vec<u8>) -> Result<Embedded, NotEmbedded> {
    let media_type = media_type_of(&file).ok_or(NotEmbedded::Broken)?;
    let raster = match media_type {
        "image/png" => of_png(&file),
        "image/webp" => of_webp(&file),
        _ => of_jpeg(&file),
    }?;
    let is_small = raster.width <= MAX_WIDTH && raster.height <= MAX_HEIGHT;
    let jpeg = to_jpeg(&raster.within(MAX_WIDTH, MAX_HEIGHT))?;
    // Pages of few lines are smaller as PNG or WebP, and those are sharper.
    if is_small && file.len() <= jpeg.len() {
        return Ok(Embedded { media_type, bytes: file });
    }
    Ok(Embedded { media_type: "image/jpeg", bytes: jpeg })
}

fn media_type_of(file: &[u8]) -> Option<&'static str> {
    match file {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        _ => None,
    }
}

fn of_png(file: &[u8]) -> Result<Raster, NotEmbedded> {
    let limits = png::Limits { bytes: 3 * MAX_PIXELS };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| NotEmbedded::Broken)?;
    check_size(reader.info().width, reader.info().height)?;
    let mut samples = vec![0; reader.output_buffer_size().ok_or(NotEmbedded::TooLarge)?];
    let frame = reader.next_frame(&mut samples).map_err(|_| NotEmbedded::Broken)?;
    raster(frame.width, frame.height, frame.color_type.samples(), samples)
}

fn of_webp(file: &[u8]) -> Result<Raster, NotEmbedded> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).map_err(|_| NotEmbedded::Broken)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut samples = vec![0; decoder.output_buffer_size().ok_or(NotEmbedded::TooLarge)?];
    decoder.read_image(&mut samples).map_err(|_| NotEmbedded::Broken)?;
    raster(width, height, channels, samples)
}

fn of_jpeg(file: &[u8]) -> Result<Raster, NotEmbedded> {
    let side = usize::from(u16::MAX);
    let options = DecoderOptions::default().set_max_width(side).set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().map_err(|_| NotEmbedded::Broken)?;
    let info = decoder.info().ok_or(NotEmbedded::Broken)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    check_size(width, height)?;
    let samples = decoder.decode().map_err(|_| NotEmbedded::Broken)?;
    // As asked for by default: red, green and blue, of grey images too.
    raster(width, height, 3, samples)
}

const fn check_size(width: u32, height: u32) -> Result<(), NotEmbedded> {
    if (width as u64) * (height as u64) > MAX_PIXELS as u64 { Err(NotEmbedded::TooLarge) } else { Ok(()) }
}

fn raster(width: u32, height: u32, channels: usize, samples: Vec<u8>) -> Result<Raster, NotEmbedded> {
    Raster::new(width as usize, height as usize, channels, samples).ok_or(NotEmbedded::Broken)
}

/// Encodes grey images with one channel, and others with three; page images are opaque.
fn to_jpeg(raster: &Raster) -> Result<Vec<u8>, NotEmbedded> {
    let (samples, color) = match raster.channels {
        1 | 2 => (raster.first_channels::<1>(), ColorType::Luma),
        _ => (raster.first_channels::<3>(), ColorType::Rgb),
    };
    let side = |pixels: usize| u16::try_from(pixels).map_err(|_| NotEmbedded::TooLarge);
    let (width, height) = (side(raster.width)?, side(raster.height)?);
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_optimized_huffman_tables(true);
    encoder.encode(&samples, width, height, color).map_err(|_| NotEmbedded::Broken)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey noise that no format compresses well, or fine lines, which JPEG does not.
    fn samples(count: usize, is_noise: bool) -> Vec<u8> {
        let mut state = 7_u32;
        let mut is_dark = false;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            is_dark = !is_dark;
            if is_noise { (state >> 24) as u8 } else { u8::from(is_dark) * 200 }
        });
        noise.take(count).collect()
    }

    fn png(width: u32, height: u32, is_noise: bool) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().expect("a Vec takes all");
        writer.write_image_data(&samples((width * height) as usize, is_noise)).expect("as many as pixels");
        writer.finish().expect("a Vec takes all");
        file
    }

    fn webp(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let pixels = samples((width * height * 3) as usize, true);
        let encoder = image_webp::WebPEncoder::new(&mut file);
        encoder.encode(&pixels, width, height, image_webp::ColorType::Rgb8).expect("a Vec takes all");
        file
    }

    fn size_of(embedded: &Embedded) -> (u32, u32) {
        let raster = of_jpeg(&embedded.bytes).expect("a JPEG");
        (raster.width as u32, raster.height as u32)
    }

    #[test]
    fn images_of_every_format_become_narrow_jpegs() {
        let wide = Raster::new(1500, 60, 3, samples(1500 * 60 * 3, true)).expect("as many samples");
        let jpeg = to_jpeg(&wide).expect("encodes");
        for file in [png(1500, 60, true), webp(1500, 60), jpeg] {
            let embedded = smaller(file).expect("an image");
            assert_eq!((embedded.media_type, size_of(&embedded)), ("image/jpeg", (1000, 40)));
        }
    }

    #[test]
    fn a_small_file_of_a_narrow_image_stays_as_it_is() {
        let file = png(400, 500, false);
        assert_eq!(smaller(file.clone()), Ok(Embedded { media_type: "image/png", bytes: file }));
        let noise = smaller(png(400, 500, true)).expect("an image");
        assert_eq!((noise.media_type, size_of(&noise)), ("image/jpeg", (400, 500)));
    }

    #[test]
    fn files_that_are_broken_unknown_or_missing_are_told_apart_from_others() {
        let whole = png(40, 40, true);
        for broken in [&whole[..whole.len() / 2], b"GIF89a", b"", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"] {
            assert_eq!(smaller(broken.to_vec()), Err(NotEmbedded::Broken));
        }
        assert_eq!(embedded(Path::new("/nowhere/0001.png")), Err(NotEmbedded::Unread));
        assert_eq!(check_size(u32::MAX, u32::MAX), Err(NotEmbedded::TooLarge));
    }
}
