//! Texts of libpdfium: a function of it tells how many bytes a text has, and writes it if there is
//! room for all of them.

use std::os::raw::c_ulong;

/// Most bytes of a text that is taken from libpdfium. A longer one counts as empty, because libpdfium
/// hands out no part of a text.
const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;
/// Room for the first try, in units: most texts need no second one.
const FIRST_UNITS: usize = 256;

/// Reads a text in UTF-16. `read` passes the buffer on and returns the bytes that the text needs,
/// its final zero included. A lone half of a character is U+FFFD.
pub(super) fn utf16_text(read: impl Fn(&mut [u16]) -> c_ulong) -> String {
    let units = read_whole(read);
    let end = units.iter().rposition(|unit| *unit != 0).map_or(0, |last| last + 1);
    char::decode_utf16(units[..end].iter().copied())
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Reads a text in bytes, as [`utf16_text`] does. The bytes are UTF-8 or, if they cannot be, Latin-1.
pub(super) fn byte_text(read: impl Fn(&mut [u8]) -> c_ulong) -> String {
    let mut bytes = read_whole(read);
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.truncate(end);
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

/// Reads bytes that are no text yet, in the same way.
pub(super) fn bytes(read: impl Fn(&mut [u8]) -> c_ulong) -> Vec<u8> {
    read_whole(read)
}

/// Returns the length of a buffer in bytes.
pub(super) const fn byte_length<T>(buffer: &[T]) -> c_ulong {
    size_of_val(buffer) as c_ulong
}

fn read_whole<T: Clone + Default>(read: impl Fn(&mut [T]) -> c_ulong) -> Vec<T> {
    let mut buffer = vec![T::default(); FIRST_UNITS];
    let mut bytes = read(&mut buffer) as usize;
    if bytes > size_of_val(buffer.as_slice()) {
        if bytes > MAX_TEXT_BYTES {
            return Vec::new();
        }
        buffer.resize(bytes.div_ceil(size_of::<T>()), T::default());
        bytes = read(&mut buffer) as usize;
    }
    buffer.truncate(bytes / size_of::<T>());
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes units as libpdfium does: all of them or none.
    fn writer<T: Copy>(units: Vec<T>) -> impl Fn(&mut [T]) -> c_ulong {
        move |buffer: &mut [T]| {
            if let Some(room) = buffer.get_mut(..units.len()) {
                room.copy_from_slice(&units);
            }
            byte_length(&units)
        }
    }

    #[test]
    fn a_text_in_utf_16_ends_before_its_final_zero() {
        let units = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<u16>>();
        assert_eq!(utf16_text(writer(units("Zoë 𝔸"))), "Zoë 𝔸");
        let long = "ä".repeat(1000);
        assert_eq!(utf16_text(writer(units(&long))), long);
        assert_eq!(utf16_text(writer(Vec::new())), "");
        assert_eq!(utf16_text(writer(vec![0xd83d, u16::from(b'x'), 0])), "\u{fffd}x");
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_latin_1() {
        assert_eq!(byte_text(writer(b"Zo\xc3\xab\0".to_vec())), "Zoë");
        assert_eq!(byte_text(writer(b"Zo\xeb\0".to_vec())), "Zoë");
    }

    #[test]
    fn a_text_that_is_too_long_is_empty_and_takes_no_memory() {
        assert_eq!(utf16_text(|_| c_ulong::MAX), "");
    }
}
