//! Places in the raw bytes of a file, for what has to be found without its cross-reference. Pure.

/// How far from its beginning libpdfium looks for a file's header.
const HEADER_WITHIN: usize = 1024;

/// Returns where the header stands; offsets in the file count from there.
pub(super) fn header(file: &[u8]) -> Option<usize> {
    file.windows(4).take(HEADER_WITHIN + 1).position(|window| window == b"%PDF")
}

/// Returns where `word` stands last before `end`.
pub(super) fn last(file: &[u8], word: &[u8], end: usize) -> Option<usize> {
    let file = file.get(..end)?;
    let first = *word.first()?;
    let mut upto = file.len();
    loop {
        let at = file[..upto].iter().rposition(|byte| *byte == first)?;
        if file[at..].starts_with(word) {
            return Some(at);
        }
        upto = at;
    }
}

/// Returns where `word` stands first from `start` on.
pub(super) fn first(file: &[u8], word: &[u8], start: usize) -> Option<usize> {
    let initial = *word.first()?;
    let mut from = start;
    loop {
        let at = from + file.get(from..)?.iter().position(|byte| *byte == initial)?;
        if file[at..].starts_with(word) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Skips white space.
pub(super) fn skip_space(file: &[u8], at: usize) -> usize {
    let rest = file.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len())
}

/// Reads a number without sign, and returns it with the place behind it.
pub(super) fn number(file: &[u8], at: usize) -> Option<(u64, usize)> {
    let digits = file.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = at + digits;
    let text = std::str::from_utf8(&file[at..end]).ok()?;
    Some((text.parse().ok()?, end))
}

/// Lists the numbers of the objects that the file defines outside object streams, ascending.
pub(super) fn object_numbers(file: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut from = 0;
    while let Some(at) = first(file, b"obj", from) {
        from = at + 3;
        numbers.extend(number_before(file, at));
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Reads the object number of `12 0 obj`, whose `obj` stands at `at`.
fn number_before(file: &[u8], at: usize) -> Option<u32> {
    let generation = backwards(file, at, is_space)?;
    let between = backwards(file, generation, |byte| byte.is_ascii_digit()).filter(|start| *start < generation)?;
    let end = backwards(file, between, is_space).filter(|end| *end < between)?;
    let start = backwards(file, end, |byte| byte.is_ascii_digit()).filter(|start| *start < end)?;
    number(file, start).and_then(|(number, _)| u32::try_from(number).ok())
}

/// Goes back from `end` over at most 20 bytes of a kind.
fn backwards(file: &[u8], end: usize, kind: impl Fn(u8) -> bool) -> Option<usize> {
    let before = file.get(..end)?.iter().rev().take(20).take_while(|byte| kind(**byte)).count();
    end.checked_sub(before)
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_may_stand_a_thousand_bytes_into_the_file() {
        let file = |junk: usize| [vec![b'x'; junk], b"%PDF-1.7".to_vec()].concat();
        assert_eq!(header(&file(0)), Some(0));
        assert_eq!(header(&file(1024)), Some(1024));
        assert_eq!(header(&file(1025)), None);
        assert_eq!(header(b""), None);
    }

    #[test]
    fn words_are_found_from_both_ends() {
        let file = b"trailer a trailer b";
        assert_eq!((first(file, b"trailer", 0), first(file, b"trailer", 1)), (Some(0), Some(10)));
        assert_eq!((last(file, b"trailer", file.len()), last(file, b"trailer", 10)), (Some(10), Some(0)));
        assert_eq!((last(file, b"trailer", 6), first(file, b"startxref", 0)), (None, None));
    }

    #[test]
    fn objects_are_found_where_they_are_defined() {
        assert_eq!(object_numbers(b"7 0 obj<<>>endobj 12  65535\nobj 3 0 R obj x0 obj 12 0 obj"), [7, 12]);
    }
}
