//! Streams without their filters, up to a size: a few bytes can stand for gigabytes. Pure.

use std::borrow::Cow;

use hayro_syntax::{
    Filter,
    object::{Dict, Number, Stream},
};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress,
        inflate_flags::{
            TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

/// How many filters a stream may have. Real ones have two or three.
const MAX_FILTERS: usize = 16;

/// Decodes a stream. `None` if it may become larger than `limit`, or cannot be decoded.
///
/// Deflated data is inflated up to the limit. The other filters know no limit: a stream that uses
/// them is refused if its encoded size times the most that they can make of it exceeds the limit.
pub(super) fn decoded<'a>(stream: &Stream<'a>, limit: usize) -> Option<Cow<'a, [u8]>> {
    let filters = stream.filters();
    match filters.as_slice() {
        many if many.len() > MAX_FILTERS => None,
        [] | [Filter::Crypt] => Some(stream.raw_data()).filter(|data| data.len() <= limit),
        [Filter::FlateDecode] | [Filter::Crypt, Filter::FlateDecode] if !has_predictor(stream.dict()) => {
            inflate(&stream.raw_data(), limit).map(Cow::Owned)
        }
        filters => {
            let most =
                filters.iter().try_fold(stream.raw_data().len(), |size, filter| size.checked_mul(growth(*filter)?));
            most.filter(|most| *most <= limit)?;
            stream.decoded_data().ok().filter(|data| data.len() <= limit)
        }
    }
}

fn has_predictor(dict: &Dict<'_>) -> bool {
    // An array of parameters belongs to an array of filters, which may hold one filter only.
    let parameters = ["DecodeParms", "DP"].into_iter().find_map(|key| {
        dict.get::<Dict<'_>>(key)
            .or_else(|| dict.get::<hayro_syntax::object::Array<'_>>(key)?.iter::<Dict<'_>>().next())
    });
    parameters
        .and_then(|parameters| parameters.get::<Number>("Predictor"))
        .is_some_and(|predictor| predictor.as_i64() > 1)
}

/// Inflates data, with or without the header of zlib. What stands before an error counts.
fn inflate(data: &[u8], limit: usize) -> Option<Vec<u8>> {
    let with_header = inflate_as(data, TINFL_FLAG_PARSE_ZLIB_HEADER, limit)?;
    if !with_header.is_empty() {
        return Some(with_header);
    }
    inflate_as(data, 0, limit)
}

/// `None` if there are more than `limit` bytes.
fn inflate_as(data: &[u8], header: u32, limit: usize) -> Option<Vec<u8>> {
    let flags = header | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    // One byte more than the limit tells that there is more.
    let most = limit.saturating_add(1);
    let mut inflater = Box::<DecompressorOxide>::default();
    let mut out = vec![0; data.len().saturating_mul(2).clamp(1, most)];
    let (mut read, mut written) = (0, 0);
    loop {
        let (status, consumed, produced) = decompress(&mut inflater, data.get(read..)?, &mut out, written, flags);
        read += consumed;
        written += produced;
        if status != TINFLStatus::HasMoreOutput || out.len() == most {
            break;
        }
        out.resize(out.len().saturating_mul(2).min(most), 0);
    }
    out.truncate(written);
    (written <= limit).then_some(out)
}

/// Returns how many bytes a filter makes of one at most. `None` if it makes pictures.
const fn growth(filter: Filter) -> Option<usize> {
    match filter {
        Filter::AsciiHexDecode | Filter::Crypt => Some(1),
        // `z` stands for four bytes.
        Filter::Ascii85Decode => Some(4),
        // Two bytes stand for 128.
        Filter::RunLengthDecode => Some(64),
        Filter::FlateDecode => Some(1032),
        // A code of at least nine bits stands for at most 4096 bytes.
        Filter::LzwDecode => Some(3641),
        Filter::CcittFaxDecode | Filter::Jbig2Decode | Filter::DctDecode | Filter::JpxDecode => None,
    }
}

#[cfg(test)]
mod tests {
    use hayro_syntax::object::FromBytes;
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    use super::*;

    fn file(filter: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("<<{filter}/Length {}>>stream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    }

    fn decode(file: &[u8], limit: usize) -> Option<Vec<u8>> {
        decoded(&Stream::from_bytes(file).expect("a stream"), limit).map(Cow::into_owned)
    }

    #[test]
    fn a_stream_is_decoded_up_to_the_limit() {
        let bomb = file("/Filter/FlateDecode", &compress_to_vec_zlib(&vec![b'a'; 100_000], 9));
        assert_eq!(decode(&bomb, 100_000), Some(vec![b'a'; 100_000]));
        assert_eq!(decode(&bomb, 99_999), None);
        assert_eq!(decode(&file("", b"abc"), 3).as_deref(), Some(&b"abc"[..]));
        assert_eq!(decode(&file("", b"abc"), 2), None);
        assert_eq!(decode(&file("/Filter/AHx", b"61 62>"), 6).as_deref(), Some(&b"ab"[..]));
        assert_eq!(decode(&file("/Filter/AHx", b"61 62>"), 5), None);
    }

    #[test]
    fn a_chain_that_could_grow_beyond_the_limit_is_refused() {
        let chain = file("/Filter[/AHx/Fl]", b"789c4b040000620062>");
        assert_eq!(decode(&chain, 100_000).as_deref(), Some(&b"a"[..]));
        assert_eq!(decode(&chain, 10_000), None);
    }

    #[test]
    fn what_stands_before_the_damage_counts() {
        let whole = compress_to_vec_zlib(&[b"content ".repeat(1000), vec![0; 10]].concat(), 1);
        let cut = decode(&file("/Filter/FlateDecode", &whole[..whole.len() - 8]), 100_000);
        assert!(cut.is_some_and(|text| text.starts_with(b"content content")));
        let bare = decode(&file("/Filter/FlateDecode", &compress_to_vec(b"no header", 1)), 100_000);
        assert_eq!(bare.as_deref(), Some(&b"no header"[..]));
        assert_eq!(decode(&file("/Filter/FlateDecode", b""), 100_000).as_deref(), Some(&b""[..]));
    }
}
