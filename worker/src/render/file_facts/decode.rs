//! Streams without their filters, up to a size: a few bytes can stand for gigabytes. Pure.

use std::borrow::Cow;

use hayro_syntax::{
    Filter,
    object::{Array, Dict, FromBytes, Name, Number, Object, Stream},
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
/// Bytes of a text beside the digits, and what deflating adds to what it cannot make smaller.
const TEXT_OVERHEAD: usize = 64 << 10;

/// Why a stream is not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum NotDecoded {
    /// It has more bytes than the limit, or may have. So many were decoded to find out.
    TooLarge { read: usize },
    /// One of its filters is unknown or makes pictures, or its data is damaged. So many were decoded to find out.
    Unreadable { read: usize },
}

/// What a stream holds.
#[derive(Debug)]
pub(super) struct Decoded<'a> {
    pub(super) data: Cow<'a, [u8]>,
    /// Whether nothing is known to be missing or left undecoded.
    pub(super) is_whole: bool,
}

/// Decodes as much of a stream as can be decoded. `None` if it may become larger than `limit`, or cannot be decoded.
pub(super) fn decoded<'a>(stream: &Stream<'a>, limit: usize) -> Option<Cow<'a, [u8]>> {
    decode(stream, limit).ok().map(|decoded| decoded.data)
}

/// Decodes a stream, and says whether that is all of it.
///
/// Deflated data is inflated up to the limit. The other filters know no limit: a stream that uses
/// them is refused if its encoded size times the most that they can make of it exceeds the limit.
pub(super) fn decode<'a>(stream: &Stream<'a>, limit: usize) -> Result<Decoded<'a>, NotDecoded> {
    let filters = stream.filters();
    let of = |data, is_whole| Decoded { data, is_whole: is_whole && filters.len() == stated_filters(stream.dict()) };
    match filters.as_slice() {
        many if many.len() > MAX_FILTERS => Err(NotDecoded::Unreadable { read: 0 }),
        [] | [Filter::Crypt] => within(stream.raw_data(), limit).map(|data| of(data, true)),
        [Filter::FlateDecode] | [Filter::Crypt, Filter::FlateDecode] if !has_predictor(stream.dict()) => {
            let (data, is_whole) = inflate(&stream.raw_data(), limit)?;
            Ok(of(Cow::Owned(data), is_whole))
        }
        [as_text @ (Filter::AsciiHexDecode | Filter::Ascii85Decode), Filter::FlateDecode]
            if !has_predictor(stream.dict()) =>
        {
            // Two digits stand for a byte.
            let text = within(stream.raw_data(), limit.saturating_mul(2).saturating_add(TEXT_OVERHEAD))?;
            let deflated = from_text(*as_text, &text).ok_or(NotDecoded::Unreadable { read: text.len() })?;
            let (data, is_whole) = inflate(&deflated, limit)?;
            Ok(of(Cow::Owned(data), is_whole))
        }
        filters => {
            let encoded = stream.raw_data().len();
            let most = filters.iter().try_fold(encoded, |size, filter| Some(size.saturating_mul(growth(*filter)?)));
            if most.ok_or(NotDecoded::Unreadable { read: 0 })? > limit {
                return Err(NotDecoded::TooLarge { read: 0 });
            }
            let data = stream.decoded_data().map_err(|_| NotDecoded::Unreadable { read: limit })?;
            within(data, limit).map(|data| of(data, true))
        }
    }
}

fn within(data: Cow<'_, [u8]>, limit: usize) -> Result<Cow<'_, [u8]>, NotDecoded> {
    if data.len() <= limit {
        return Ok(data);
    }
    // What is not borrowed was decrypted.
    let read = if matches!(data, Cow::Owned(_)) { data.len() } else { 0 };
    Err(NotDecoded::TooLarge { read })
}

/// Counts the filters that a stream names, those that the reader does not know included: it leaves these out.
fn stated_filters(dict: &Dict<'_>) -> usize {
    ["F", "Filter"].into_iter().find_map(|key| stated_at(dict, key)).unwrap_or(0)
}

fn stated_at(dict: &Dict<'_>, key: &str) -> Option<usize> {
    if dict.get::<Name<'_>>(key).is_some() {
        return Some(1);
    }
    Some(dict.get::<Array<'_>>(key)?.raw_iter().count())
}

fn has_predictor(dict: &Dict<'_>) -> bool {
    let predicts =
        |parameters: Dict<'_>| parameters.get::<Number>("Predictor").is_some_and(|predictor| predictor.as_i64() > 1);
    // An array of parameters belongs to an array of filters; `null` stands for a filter without.
    ["DecodeParms", "DP"].into_iter().any(|key| match dict.get::<Object<'_>>(key) {
        Some(Object::Dict(parameters)) => predicts(parameters),
        Some(Object::Array(list)) => list.iter::<Object<'_>>().any(|item| item.into_dict().is_some_and(predicts)),
        _ => false,
    })
}

/// Turns text back into the bytes that it stands for. The reader does this only for a stream as a whole: it gets one
/// that has this filter alone.
fn from_text(filter: Filter, text: &[u8]) -> Option<Vec<u8>> {
    let name = if filter == Filter::AsciiHexDecode { "ASCIIHexDecode" } else { "ASCII85Decode" };
    let head = format!("<</Filter/{name}/Length {}>>stream\n", text.len());
    let stream = [head.as_bytes(), text, b"\nendstream"].concat();
    Stream::from_bytes(&stream)?.decoded_data().ok().map(Cow::into_owned)
}

/// Inflates data, with or without the header of zlib, and says whether its end was reached. What stands before an error
/// counts.
fn inflate(data: &[u8], limit: usize) -> Result<(Vec<u8>, bool), NotDecoded> {
    let too_large = NotDecoded::TooLarge { read: limit };
    let with_header = inflate_as(data, TINFL_FLAG_PARSE_ZLIB_HEADER, limit).ok_or(too_large)?;
    if with_header.1 || !with_header.0.is_empty() {
        return Ok(with_header);
    }
    inflate_as(data, 0, limit).ok_or(too_large)
}

/// Says also whether the end was reached. `None` if there are more than `limit` bytes.
fn inflate_as(data: &[u8], header: u32, limit: usize) -> Option<(Vec<u8>, bool)> {
    let flags = header | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    // One byte more than the limit tells that there is more.
    let most = limit.saturating_add(1);
    let mut inflater = Box::<DecompressorOxide>::default();
    let mut out = vec![0; data.len().saturating_mul(2).clamp(1, most)];
    let (mut read, mut written) = (0, 0);
    let status = loop {
        let (status, consumed, produced) = decompress(&mut inflater, data.get(read..)?, &mut out, written, flags);
        read += consumed;
        written += produced;
        if status != TINFLStatus::HasMoreOutput || out.len() == most {
            break status;
        }
        out.resize(out.len().saturating_mul(2).min(most), 0);
    };
    out.truncate(written);
    (written <= limit).then_some((out, status == TINFLStatus::Done))
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
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    use super::*;

    fn file(filter: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("<<{filter}/Length {}>>stream\n", data.len());
        [head.as_bytes(), data, b"\nendstream"].concat()
    }

    fn stream(file: &[u8]) -> Stream<'_> {
        Stream::from_bytes(file).expect("a stream")
    }

    fn decode(file: &[u8], limit: usize) -> Option<Vec<u8>> {
        decoded(&stream(file), limit).map(Cow::into_owned)
    }

    /// Says whether a stream is decoded to its end, or why it is not decoded.
    fn is_whole(file: &[u8], limit: usize) -> Result<bool, NotDecoded> {
        super::decode(&stream(file), limit).map(|decoded| decoded.is_whole)
    }

    #[test]
    fn what_is_not_decoded_to_its_end_is_told_apart() {
        let deflated = compress_to_vec_zlib(b"hello, hello, hello", 9);
        let of = |filter: &str, data: &[u8]| is_whole(&file(filter, data), 100);
        assert_eq!(of("", b"abc"), Ok(true));
        assert_eq!(of("/Filter/FlateDecode", &deflated), Ok(true));
        assert_eq!(of("/Filter/FlateDecode", &deflated[..deflated.len() - 6]), Ok(false));
        assert_eq!(of("/Filter/FlateDecode", b"no zlib at all"), Ok(false));
        assert_eq!(of("/Filter/NoSuchFilter", b"abc"), Ok(false));
        assert_eq!(of("/Filter[/NoSuchFilter/FlateDecode]", &deflated), Ok(false));
        assert_eq!(of("/Filter/DCTDecode", b"\xff\xd8"), Err(NotDecoded::Unreadable { read: 0 }));
        assert_eq!(is_whole(&file("/Filter/FlateDecode", &deflated), 5), Err(NotDecoded::TooLarge { read: 5 }));
        assert_eq!(is_whole(&file("", b"abc"), 2), Err(NotDecoded::TooLarge { read: 0 }));
    }

    #[test]
    fn deflated_data_that_is_written_as_text_is_inflated_up_to_the_limit() {
        let bomb = compress_to_vec_zlib(&vec![b'a'; 100_000], 9);
        let hex: String = bomb.iter().map(|byte| format!("{byte:02x}")).chain([">".to_owned()]).collect();
        let bomb = file("/Filter[/ASCIIHexDecode/FlateDecode]", hex.as_bytes());
        assert_eq!(
            (is_whole(&bomb, 100_000), is_whole(&bomb, 99_999)),
            (Ok(true), Err(NotDecoded::TooLarge { read: 99_999 }))
        );
        assert_eq!(decode(&bomb, 100_000), Some(vec![b'a'; 100_000]));
        let text = file("/Filter[/A85/Fl]", br#"GaqD0!!$I.@K~>"#);
        assert_eq!((is_whole(&text, 100), decode(&text, 100).as_deref()), (Ok(true), Some(&b"a"[..])));
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
        let chain = file("/Filter[/AHx/AHx/Fl]", b"3738396334623034303030303632303036323e>");
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
