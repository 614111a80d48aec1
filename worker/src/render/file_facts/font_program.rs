//! Names that an embedded font program gives to the glyphs of its codes: Type 1 and CFF. Pure.
//!
//! Names that every CFF reader knows are left out: libpdfium knows them too.

/// How many words are read behind the encoding of a Type 1 program.
const MAX_WORDS: usize = 2_048;
/// A longer name is none: many glyphs could share it.
const MAX_NAME_BYTES: usize = 127;
/// Strings of a CFF program before its own.
const STANDARD_STRINGS: usize = 391;
/// Encodings and character sets with these places are not in the file.
const PREDEFINED: usize = 2;

/// Lists the names that a Type 1 program states in its readable part, by code.
pub(super) fn names_of_type1(program: &[u8]) -> Vec<(u8, Vec<u8>)> {
    const ENCODING: &[u8] = b"/Encoding";
    let Some(at) = program.windows(ENCODING.len()).position(|window| window == ENCODING) else { return Vec::new() };
    let mut names = Vec::new();
    let mut words = words(&program[at + ENCODING.len()..]).take(MAX_WORDS).peekable();
    while let Some(word) = words.next() {
        match word {
            b"def" | b"readonly" | b"StandardEncoding" | b"currentfile" => break,
            b"dup" => {
                let code = words.next().and_then(|code| str::from_utf8(code).ok()?.parse().ok());
                let name = words.next_if(|name| name.starts_with(b"/"));
                names.extend(code.zip(name.map(|name| name[1..].to_vec())));
            }
            _ => {}
        }
    }
    names
}

/// Parts a text of PostScript at white space and before names.
fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
        let end = rest.iter().skip(1).position(is_end).map_or(rest.len(), |end| end + 1);
        let (word, behind) = rest.split_at(end);
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// Lists the names of its own that a CFF program states, by code. Empty if it has a common encoding or character set.
pub(super) fn names_of_cff(program: &[u8]) -> Vec<(u8, Vec<u8>)> {
    cff(program).unwrap_or_default()
}

fn cff(program: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    // An OpenType file begins otherwise, and a later version is unknown.
    let [1, _, head_bytes, ..] = *program else { return None };
    let names = Index::at(program, usize::from(head_bytes))?;
    let dicts = Index::at(program, names.end)?;
    let strings = Index::at(program, dicts.end)?;
    let top = TopDict::of(dicts.item(program, 0)?);
    let glyphs = Index::at(program, top.char_strings)?.count;
    let name = |string: usize| {
        let own = strings.item(program, string.checked_sub(STANDARD_STRINGS)?)?;
        (own.len() <= MAX_NAME_BYTES).then(|| own.to_vec())
    };
    let strings_of_glyphs = char_set(program, top.char_set, glyphs)?;
    let encoding = encoding(program, top.encoding)?;
    let glyph = |(code, glyph): (u8, usize)| Some((code, name(*strings_of_glyphs.get(glyph)?)?));
    let more = |(code, string): (u8, usize)| Some((code, name(string)?));
    Some(encoding.glyphs.into_iter().filter_map(glyph).chain(encoding.more.into_iter().filter_map(more)).collect())
}

fn number(data: &[u8], at: usize, bytes: usize) -> Option<usize> {
    let bytes = data.get(at..at.checked_add(bytes)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// A list of data.
struct Index {
    count: usize,
    offset_bytes: usize,
    /// Where its offsets stand.
    offsets: usize,
    /// What its offsets count from.
    base: usize,
    end: usize,
}

impl Index {
    fn at(program: &[u8], at: usize) -> Option<Self> {
        let count = number(program, at, 2)?;
        if count == 0 {
            return Some(Self { count, offset_bytes: 1, offsets: at, base: at, end: at + 2 });
        }
        let offset_bytes = number(program, at + 2, 1).filter(|bytes| (1..=4).contains(bytes))?;
        let offsets = at + 3;
        let base = offsets + (count + 1) * offset_bytes - 1;
        let end = base.checked_add(number(program, offsets + count * offset_bytes, offset_bytes)?)?;
        Some(Self { count, offset_bytes, offsets, base, end })
    }

    fn item<'p>(&self, program: &'p [u8], place: usize) -> Option<&'p [u8]> {
        if place >= self.count {
            return None;
        }
        let offset = |place: usize| number(program, self.offsets + place * self.offset_bytes, self.offset_bytes);
        program.get(self.base.checked_add(offset(place)?)?..self.base.checked_add(offset(place + 1)?)?)
    }
}

/// Where the parts of a font are.
#[derive(Debug, Default)]
struct TopDict {
    char_set: usize,
    encoding: usize,
    char_strings: usize,
}

impl TopDict {
    fn of(dict: &[u8]) -> Self {
        let mut found = Self::default();
        let (mut at, mut last) = (0, 0);
        while let Some(byte) = dict.get(at) {
            let (length, value) = match byte {
                12 => (2, None),
                0..=21 => {
                    match byte {
                        15 => found.char_set = last,
                        16 => found.encoding = last,
                        17 => found.char_strings = last,
                        _ => {}
                    }
                    (1, None)
                }
                28 => (3, number(dict, at + 1, 2)),
                29 => (5, number(dict, at + 1, 4)),
                30 => (1 + real_bytes(&dict[at + 1..]), None),
                32..=246 => (1, Some(usize::from(*byte).saturating_sub(139))),
                247..=250 => (2, number(dict, at + 1, 1).map(|low| (usize::from(*byte) - 247) * 256 + low + 108)),
                251..=254 => (2, None),
                _ => (1, None),
            };
            last = value.unwrap_or_default();
            at += length;
        }
        found
    }
}

/// Returns how many bytes a real number has: its last half is 15.
fn real_bytes(data: &[u8]) -> usize {
    data.iter().position(|byte| byte & 15 == 15 || byte >> 4 == 15).map_or(data.len(), |last| last + 1)
}

/// Lists for each glyph the number of its name.
fn char_set(program: &[u8], at: usize, glyphs: usize) -> Option<Vec<usize>> {
    if at <= PREDEFINED {
        return None;
    }
    let mut strings = vec![0];
    let mut next = at + 1;
    let left_bytes = match number(program, at, 1)? {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => return None,
    };
    while strings.len() < glyphs {
        let first = number(program, next, 2)?;
        let left = number(program, next + 2, left_bytes)?;
        strings.extend((first..=first + left).take(glyphs - strings.len()));
        next += 2 + left_bytes;
    }
    Some(strings)
}

/// What the codes of a font stand for.
struct Encoding {
    glyphs: Vec<(u8, usize)>,
    /// Further codes, with the numbers of their names.
    more: Vec<(u8, usize)>,
}

fn encoding(program: &[u8], at: usize) -> Option<Encoding> {
    if at < PREDEFINED {
        return None;
    }
    let byte = |at: usize| number(program, at, 1).and_then(|byte| u8::try_from(byte).ok());
    let format = byte(at)?;
    let count = usize::from(byte(at + 1)?);
    let mut glyphs = Vec::new();
    let mut next = at + 2;
    for _ in 0..count {
        let first = byte(next)?;
        let left = if format & 0x7f == 0 { 0 } else { byte(next + 1)? };
        next += if format & 0x7f == 0 { 1 } else { 2 };
        for code in first..=first.saturating_add(left) {
            glyphs.push((code, glyphs.len() + 1));
        }
    }
    let count = if format & 0x80 == 0 { 0 } else { usize::from(byte(next)?) };
    let more =
        (0..count).map_while(|place| Some((byte(next + 1 + 3 * place)?, number(program, next + 2 + 3 * place, 2)?)));
    Some(Encoding { glyphs, more: more.collect() })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn index(items: &[&[u8]]) -> Vec<u8> {
        let mut out = vec![0, u8::try_from(items.len()).expect("few"), 1, 1];
        let mut offset = 1;
        for item in items {
            offset += u8::try_from(item.len()).expect("short");
            out.push(offset);
        }
        out.extend(items.concat());
        out
    }

    /// A program of five glyphs, the last three of which have names of their own: `f_i`, `T_h`, `prime`.
    fn program(char_set: &[u8], encoding: &[u8]) -> Vec<u8> {
        let head = |places: [usize; 3]| {
            let [set, codes, glyphs] = places.map(|place| [28, 0, u8::try_from(place).expect("near")]);
            // A real number comes first.
            let dict = [&[30, 0x1a, 0x5f, 5][..], &set, &[15], &codes, &[16], &glyphs, &[17]].concat();
            let strings = index(&[b"f_i", b"T_h", b"prime"]);
            [vec![1, 0, 4, 1], index(&[b"Test"]), index(&[&dict]), strings, vec![0, 0]].concat()
        };
        let start = head([0; 3]).len();
        let places = [start, start + char_set.len(), start + char_set.len() + encoding.len()];
        [&head(places)[..], char_set, encoding, &index(&[b"a", b"b", b"c", b"d", b"e"])].concat()
    }

    /// Glyph 1 is `A`, the others have the names of the program.
    const ONE_BY_ONE: &[u8] = &[0, 0, 34, 1, 135, 1, 136, 1, 137];
    const IN_RANGES: &[u8] = &[1, 0, 34, 0, 1, 135, 2];

    fn names(program: &[u8]) -> Vec<(u8, String)> {
        let text = |(code, name): (u8, Vec<u8>)| (code, String::from_utf8(name).expect("ASCII"));
        names_of_cff(program).into_iter().map(text).collect()
    }

    #[test]
    fn a_cff_program_names_the_glyphs_of_its_codes() {
        let expected = [(2, "f_i"), (3, "T_h"), (48, "prime")].map(|(code, name)| (code, name.to_owned()));
        for char_set in [ONE_BY_ONE, IN_RANGES] {
            assert_eq!(names(&program(char_set, &[0, 4, 65, 2, 3, 48])), expected);
            assert_eq!(names(&program(char_set, &[1, 3, 65, 0, 2, 1, 48, 0])), expected);
        }
        let more = names(&program(ONE_BY_ONE, &[0x80, 1, 65, 1, 7, 1, 136]));
        assert_eq!(more, [(7, "T_h".to_owned())]);
    }

    #[test]
    fn a_type_1_program_names_them_in_its_readable_part() {
        let program = b"%!PS /FontName/X def /Encoding 256 array 0 1 255{1 index exch/.notdef put}for\n\
            dup 12/f_i put dup 13 /T_h put\ndup x /a put dup 300 /b put readonly def dup 14 /c put";
        assert_eq!(names_of_type1(program), [(12, b"f_i".to_vec()), (13, b"T_h".to_vec())]);
        assert!(names_of_type1(b"/Encoding StandardEncoding def dup 1 /f_i put").is_empty());
        assert!(names_of_type1(b"/Encoding").is_empty());
    }

    proptest! {
        #[test]
        fn no_damage_breaks_the_reading(
            changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
            length in any::<prop::sample::Index>(),
        ) {
            let mut program = program(IN_RANGES, &[0x81, 2, 65, 0, 2, 1, 1, 7, 1, 136]);
            for (place, byte) in &changes {
                let place = place.index(program.len());
                program[place] = *byte;
            }
            program.truncate(length.index(program.len()) + 1);
            names_of_cff(&program);
            names_of_type1(&program);
        }
    }
}
