//! Text strings of a file as Unicode: UTF-16, UTF-8 or PDFDocEncoding. Pure.

use super::super::bounds::cut;

/// What PDFDocEncoding has from 0x18 to 0x1F.
const ACCENTS: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
/// What it has from 0x80 to 0xA0; `\u{FFFD}` stands for nothing.
const SIGNS: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ', 'Ł', 'Œ',
    'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{FFFD}', '€',
];

/// Decodes a text string, leaves out control characters, and cuts it to `limit` bytes of UTF-8
/// between two characters.
pub(in crate::render) fn decode(bytes: &[u8], limit: usize) -> String {
    without_controls(unicode(bytes, limit), limit)
}

/// Decodes a text string of several lines in the same way. Line ends and tabs become spaces.
pub(in crate::render) fn decode_flowing(bytes: &[u8], limit: usize) -> String {
    without_controls(unicode(bytes, limit).replace(['\n', '\r', '\t'], " "), limit)
}

fn without_controls(mut text: String, limit: usize) -> String {
    text.retain(|character| !character.is_control());
    cut(text, limit)
}

fn unicode(bytes: &[u8], limit: usize) -> String {
    // A character has four bytes at most, and at least a quarter of the limit is read in any case.
    let within = |bytes: &[u8]| bytes[..bytes.len().min(limit.saturating_mul(4))].to_vec();
    match bytes {
        [0xFE, 0xFF, rest @ ..] => utf16(&within(rest), u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(&within(rest), u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(&within(rest)).into_owned(),
        _ => within(bytes).into_iter().map(character).collect(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn character(byte: u8) -> char {
    match byte {
        0x18..=0x1F => ACCENTS[usize::from(byte - 0x18)],
        0x80..=0xA0 => SIGNS[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_a_text_string_is_read() {
        assert_eq!(decode(b"\xFE\xFF\x00a\xD8\x3D\xDE\x00", 99), "a😀");
        assert_eq!(decode(b"\xFF\xFEa\x00", 99), "a");
        assert_eq!(decode(b"\xEF\xBB\xBF\xC3\xA4", 99), "ä");
        assert_eq!(decode(b"a\x18\x80\xA0\xE4", 99), "a˘•€ä");
    }

    #[test]
    fn control_characters_are_left_out_and_the_rest_is_cut_between_characters() {
        assert_eq!(decode(b"a\x00\r\nb", 99), "ab");
        assert_eq!(decode(b"\xE4\xE4\xE4", 5), "ää");
        assert_eq!(decode(b"\xFE\xFF\xD8", 5), "");
        assert_eq!(decode(b"", 0), "");
        assert_eq!(decode_flowing(b"a\nb\t\x00c", 99), "a b c");
    }
}
