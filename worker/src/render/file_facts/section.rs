//! The last cross-reference section of a file: where it stands, of which kind it is, and what its
//! trailer says. Pure.

use hayro_syntax::object::{
    Dict, FromBytes, Name, ObjectIdentifier,
    dict::keys::{ROOT, SIZE, TYPE},
};

use super::scan::{first, last, number, skip_space};

/// How many trailers of a damaged file are tried.
const MAX_TRAILERS: usize = 16;

/// The section that an update follows. Offsets count from the file's header.
#[derive(Debug)]
pub(super) enum Section<'a> {
    /// A table with its trailer.
    Table {
        /// Where it stands.
        offset: u64,
        /// Its trailer.
        trailer: Dict<'a>,
    },
    /// A stream.
    Stream {
        /// Where it stands.
        offset: u64,
        /// Its object.
        id: ObjectIdentifier,
        /// Its dictionary, which is the trailer too.
        trailer: Dict<'a>,
    },
    /// None can be read: objects are found by scanning the file.
    Damaged {
        /// The last trailer in the file that names a root.
        trailer: Option<Dict<'a>>,
    },
}

impl<'a> Section<'a> {
    /// Finds it in a file that begins with its header.
    pub(super) fn of(file: &'a [u8]) -> Self {
        let offset = last(file, b"startxref", file.len())
            .and_then(|at| number(file, skip_space(file, at + b"startxref".len())))
            .map(|(offset, _)| offset);
        offset
            .and_then(|offset| Self::at(file, offset))
            .unwrap_or_else(|| Self::Damaged { trailer: last_trailer(file) })
    }

    fn at(file: &'a [u8], offset: u64) -> Option<Self> {
        let at = skip_space(file, usize::try_from(offset).ok()?);
        let is_whole = |trailer: &Dict<'_>| trailer.get_ref(ROOT).is_some() && size(trailer).is_some();
        if file.get(at..)?.starts_with(b"xref") {
            let trailer = trailer_at(file, first(file, b"trailer", at)?).filter(is_whole)?;
            return Some(Self::Table { offset, trailer });
        }
        let (object, at) = number(file, at)?;
        let (generation, at) = number(file, skip_space(file, at))?;
        let at = skip_space(file, at);
        let body = file.get(at..)?.strip_prefix(b"obj")?;
        let trailer = Dict::from_bytes(&body[skip_space(body, 0)..]).filter(is_whole)?;
        let id = ObjectIdentifier::new(u32::try_from(object).ok()?, i32::try_from(generation).ok()?);
        let is_section = trailer.get::<Name<'_>>(TYPE).is_some_and(|name| name.as_ref() == b"XRef");
        is_section.then_some(Self::Stream { offset, id, trailer })
    }

    /// Returns what it says of the whole document.
    pub(super) const fn trailer(&self) -> Option<&Dict<'a>> {
        match self {
            Self::Table { trailer, .. } | Self::Stream { trailer, .. } => Some(trailer),
            Self::Damaged { trailer } => trailer.as_ref(),
        }
    }
}

/// Returns the number of objects that a trailer states.
pub(super) fn size(trailer: &Dict<'_>) -> Option<u32> {
    trailer.get::<u32>(SIZE)
}

fn last_trailer(file: &[u8]) -> Option<Dict<'_>> {
    let mut end = file.len();
    for _ in 0..MAX_TRAILERS {
        end = last(file, b"trailer", end)?;
        if let Some(trailer) = trailer_at(file, end).filter(|trailer| trailer.get_ref(ROOT).is_some()) {
            return Some(trailer);
        }
    }
    None
}

/// Reads the dictionary behind the word `trailer`, which stands at `at`.
fn trailer_at(file: &[u8], at: usize) -> Option<Dict<'_>> {
    Dict::from_bytes(file.get(skip_space(file, at + b"trailer".len())..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_section_counts() {
        let file = b"%PDF-1.7\nxref\n0 0\ntrailer<</Size 3/Root 1 0 R>>startxref\n9\n%%EOF";
        assert!(matches!(Section::of(file), Section::Table { offset: 9, .. }));
        let file = b"%PDF-1.7\n7 0 obj<</Type/XRef/Size 8/Root 1 0 R>>stream\nendstream startxref\n9\n%%EOF";
        assert!(
            matches!(Section::of(file), Section::Stream { offset: 9, id, .. } if id == ObjectIdentifier::new(7, 0))
        );
    }

    #[test]
    fn a_file_without_one_is_damaged_and_may_still_have_a_trailer() {
        let file = b"%PDF-1.7 trailer<</Size 3/Root 1 0 R/A 1>> trailer<</Size 3>> startxref 99999999999999999999";
        let Section::Damaged { trailer: Some(trailer) } = Section::of(file) else { panic!("a trailer is found") };
        assert!(trailer.contains_key("A"));
        assert!(matches!(Section::of(b"%PDF-1.7"), Section::Damaged { trailer: None }));
    }
}
