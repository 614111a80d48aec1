//! The names of the faces in a font file, as libpdfium may list them: the family, with the style behind it unless that is
//! `Regular`. Pure.

use std::ffi::CString;

/// Identifiers of names in the table `name`.
const FAMILY: u16 = 1;
const STYLE: u16 = 2;
/// Faces of a collection that are looked at.
const MAX_FACES: u32 = 256;
/// Mac OS with its Roman script, and Windows with Unicode: the names that libpdfium reads.
const MAC_ROMAN: (u16, u16) = (1, 0);
const WINDOWS_UNICODE: (u16, u16) = (3, 1);

/// Returns every name under which a face of this file may be listed.
pub(super) fn names_of_faces(file: &[u8]) -> Vec<CString> {
    let mut found = Vec::new();
    for face in faces(file) {
        let Some(table) = table(file, face, *b"name") else { continue };
        let (families, styles) = (names(table, FAMILY), names(table, STYLE));
        for family in families {
            let styled = styles.iter().map(|style| [&family[..], b" ", style].concat());
            let all = styled.chain([family.clone()]);
            // A zero ends a name for libpdfium.
            found.extend(all.filter_map(|name| CString::new(name).ok()));
        }
    }
    found
}

/// Returns where the faces of a file begin.
fn faces(file: &[u8]) -> Vec<usize> {
    if file.get(..4) != Some(b"ttcf") {
        return vec![0];
    }
    let count = long(file, 8).unwrap_or_default().min(MAX_FACES) as usize;
    (0..count).filter_map(|face| long(file, 12 + 4 * face)).map(|at| at as usize).collect()
}

fn table(file: &[u8], face: usize, tag: [u8; 4]) -> Option<&[u8]> {
    let count = usize::from(short(file, face.checked_add(4)?)?);
    let entry = (0..count).map(|index| face + 12 + 16 * index).find(|at| file.get(*at..at + 4) == Some(&tag[..]))?;
    let (start, length) = (long(file, entry + 8)? as usize, long(file, entry + 12)? as usize);
    file.get(start..start.checked_add(length)?)
}

/// Returns the names with this identifier.
fn names(table: &[u8], wanted: u16) -> Vec<Vec<u8>> {
    let (Some(count), Some(texts)) = (short(table, 2), short(table, 4)) else { return Vec::new() };
    let records = (0..usize::from(count)).map(|index| 6 + 12 * index);
    let read = |at: usize| {
        let field = |index: usize| short(table, at + 2 * index);
        let encoding = (field(0)?, field(1)?);
        if field(3)? != wanted || ![MAC_ROMAN, WINDOWS_UNICODE].contains(&encoding) {
            return None;
        }
        let start = usize::from(texts) + usize::from(field(5)?);
        let text = table.get(start..start + usize::from(field(4)?))?;
        Some(if encoding == WINDOWS_UNICODE { utf_8(text) } else { text.to_vec() })
    };
    records.filter_map(read).collect()
}

fn utf_8(utf_16: &[u8]) -> Vec<u8> {
    let units = utf_16.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).filter_map(Result::ok).collect::<String>().into_bytes()
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Builds a font of which only the names can be read.
    fn font(names: &[((u16, u16), u16, &[u8])]) -> Vec<u8> {
        let texts: Vec<u8> = names.iter().flat_map(|(_, _, text)| text.iter().copied()).collect();
        let mut table = [0_u16, names.len() as u16, 6 + 12 * names.len() as u16].map(u16::to_be_bytes).concat();
        let mut at = 0;
        for ((platform, encoding), name, text) in names {
            let record = [*platform, *encoding, 0, *name, text.len() as u16, at].map(u16::to_be_bytes);
            table.extend(record.concat());
            at += text.len() as u16;
        }
        table.extend(texts);
        let mut file = [&[0, 1, 0, 0, 0, 1][..], &[0; 6], b"name", &[0; 4]].concat();
        file.extend([28, table.len() as u32].map(u32::to_be_bytes).concat());
        file.extend(table);
        file
    }

    #[test]
    fn a_face_is_listed_with_its_style_and_without() {
        let wide: Vec<u8> = "Gothic".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let file =
            font(&[(MAC_ROMAN, FAMILY, b"Gothic"), (MAC_ROMAN, STYLE, b"Bold"), (WINDOWS_UNICODE, FAMILY, &wide)]);
        let names: Vec<String> =
            names_of_faces(&file).iter().map(|name| name.to_str().expect("plain").to_owned()).collect();
        assert_eq!(names, ["Gothic Bold", "Gothic", "Gothic Bold", "Gothic"]);
    }

    proptest! {
        #[test]
        fn no_file_is_read_beyond_its_end(
            start in prop_oneof![Just(b"ttcf".to_vec()), Just(vec![0, 1, 0, 0])], rest in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            names_of_faces(&[start, rest].concat());
        }
    }
}
