//! The fonts in which the texts of a page are set, and what their own names for glyphs say of its characters. Pure.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use hayro_syntax::object::{Array, Dict, Object, ObjectIdentifier, Stream};

use super::{
    decode::decoded,
    font_program::{names_of_cff, names_of_type1},
    glyph_name::{MAX_NAME_BYTES, letters, private_value},
    values::{Entry, text},
};

/// Most fonts of a page that are told apart.
const MAX_FONTS: usize = 10_000;
/// How many bytes of font programs of a page are decoded, or read to decode them, and taken by the names of its fonts.
const MAX_BYTES: usize = 16 << 20;
/// What a name takes beside its letters.
const BYTES_OF_A_NAME: usize = 64;
/// Most items of a list of names: each of 256 codes needs two.
const MAX_ITEMS: usize = 1_024;

/// Most fonts of a document whose names are kept.
const MAX_KNOWN_FONTS: usize = 1_000;

/// What the fonts of a page say of its characters by names of glyphs.
#[derive(Debug, Default)]
pub(in crate::render) struct GlyphNames {
    /// For each text, in the order of [`HiddenObjects::texts`](super::HiddenObjects), its font.
    texts: Vec<usize>,
    fonts: Vec<Rc<FontNames>>,
}

/// What a font says of its characters. Of most fonts few names are asked, so that each is looked up when it is.
#[derive(Debug, Default)]
struct FontNames {
    by_code: BTreeMap<u8, Vec<u8>>,
    /// Letters by the value for private use that the Adobe Glyph List has for a name.
    by_private_value: OnceCell<HashMap<char, String>>,
}

/// The fonts of a document whose names were read: its pages share them.
#[derive(Debug, Default)]
pub(super) struct KnownFonts(HashMap<ObjectIdentifier, Rc<FontNames>>);

impl GlyphNames {
    /// Returns how many texts the page has.
    pub(in crate::render) fn text_count(&self) -> usize {
        self.texts.len()
    }

    /// Returns the letters of a character code in the font of a text.
    pub(in crate::render) fn of_code(&self, text: usize, code: u32) -> Option<String> {
        self.font(text)?.of_code(u8::try_from(code).ok()?)
    }

    /// Returns the letters of a glyph in the font of a text whose name stands for a value for private use.
    pub(in crate::render) fn of_private_value(&self, text: usize, value: char) -> Option<String> {
        self.font(text)?.by_private_value().get(&value).cloned()
    }

    fn font(&self, text: usize) -> Option<&FontNames> {
        self.fonts.get(*self.texts.get(text)?).map(Rc::as_ref)
    }
}

/// Gathers the fonts of a page's texts while its content is read.
#[derive(Default)]
pub(super) struct Fonts<'a> {
    texts: Vec<usize>,
    fonts: Vec<Entry<'a>>,
    places: HashMap<ObjectIdentifier, usize>,
}

impl<'a> Fonts<'a> {
    /// Notes a text and the font in which it is set.
    pub(super) fn push(&mut self, font: Option<usize>) {
        self.texts.push(font.unwrap_or(usize::MAX));
    }

    /// Returns the place of a font that resources name in their category of fonts. One that is no object has another
    /// place each time.
    pub(super) fn place_of(&mut self, category: &Dict<'a>, name: &[u8]) -> Option<usize> {
        let known = category.get_ref(name).and_then(|font| self.places.get(&font.into()).copied());
        known.or_else(|| self.place(Entry::of(category, name)?))
    }

    fn place(&mut self, font: Entry<'a>) -> Option<usize> {
        let place = self.fonts.len();
        if place == MAX_FONTS {
            return None;
        }
        self.places.extend(font.id.map(|id| (id, place)));
        self.fonts.push(font);
        Some(place)
    }

    /// Reads the names of all fonts that are not known.
    pub(super) fn names(self, known: &mut KnownFonts) -> GlyphNames {
        let mut bytes = MAX_BYTES;
        let fonts = self.fonts.iter().map(|font| known.names(font, &mut bytes)).collect();
        GlyphNames { texts: self.texts, fonts }
    }
}

impl KnownFonts {
    fn names(&mut self, font: &Entry<'_>, bytes: &mut usize) -> Rc<FontNames> {
        if let Some(known) = font.id.and_then(|id| self.0.get(&id)) {
            return Rc::clone(known);
        }
        let names = Rc::new(FontNames::of(&font.dict, bytes));
        // A page whose fonts are too large leaves some unread; the next one may read them.
        if *bytes > 0 && self.0.len() < MAX_KNOWN_FONTS {
            self.0.extend(font.id.map(|id| (id, Rc::clone(&names))));
        }
        names
    }
}

impl FontNames {
    /// Reads the names that a font gives to its glyphs itself. Fonts of more than one byte a code have none. `bytes`
    /// are left for font programs and names; without any, nothing is read.
    fn of(font: &Dict<'_>, bytes: &mut usize) -> Self {
        if *bytes == 0 {
            return Self::default();
        }
        let kind = text(font, "Subtype").unwrap_or_default();
        let is_simple = matches!(kind.as_slice(), b"Type1" | b"MMType1" | b"TrueType" | b"Type3");
        let encoding = font.get::<Object<'_>>("Encoding").filter(|_| is_simple);
        let differences = match &encoding {
            Some(Object::Dict(encoding)) => encoding.get::<Array<'_>>("Differences"),
            _ => None,
        };
        let named = differences.map(|differences| named_codes(&differences)).unwrap_or_default();
        let mut names = Self::default();
        // In the fonts of other types the names come from a font program: they name letters that were drawn for them.
        if kind == b"Type3" && counts_glyphs(&named) {
            return names;
        }
        let has_base = match &encoding {
            Some(Object::Dict(encoding)) => encoding.contains_key("BaseEncoding"),
            encoding => encoding.is_some(),
        };
        let program = if is_simple && !has_base { names_of_program(font, bytes) } else { Vec::new() };
        // Of two names of a code the last one counts, also if it says nothing.
        let is_name = |(_, name): &(u8, Vec<u8>)| name.len() <= MAX_NAME_BYTES;
        names.by_code.extend(program.into_iter().chain(named).filter(is_name));
        let taken: usize = names.by_code.values().map(|name| BYTES_OF_A_NAME + name.len()).sum();
        *bytes = bytes.saturating_sub(taken);
        names
    }

    fn of_code(&self, code: u8) -> Option<String> {
        letters(str::from_utf8(self.by_code.get(&code)?).ok()?)
    }

    fn by_private_value(&self) -> &HashMap<char, String> {
        self.by_private_value.get_or_init(|| {
            let names = self.by_code.values().filter_map(|name| str::from_utf8(name).ok());
            names.filter_map(|name| Some((private_value(name)?, letters(name)?))).collect()
        })
    }
}

/// Lists the codes to which the embedded program of a font gives names.
fn names_of_program(font: &Dict<'_>, bytes: &mut usize) -> Vec<(u8, Vec<u8>)> {
    let mut read = || -> Option<Vec<(u8, Vec<u8>)>> {
        let descriptor = font.get::<Dict<'_>>("FontDescriptor")?;
        let cff = descriptor.get::<Stream<'_>>("FontFile3");
        let is_cff = cff.is_some();
        let stream = cff.or_else(|| descriptor.get("FontFile"))?;
        // One that is refused has cost as much.
        let left = std::mem::take(bytes);
        let program = decoded(&stream, left)?;
        *bytes = left.checked_sub(program.len().max(stream.raw_data().len()) + 1)?;
        Some(if is_cff { names_of_cff(&program) } else { names_of_type1(&program) })
    };
    read().unwrap_or_default()
}

/// Lists the codes to which differences from an encoding give names.
fn named_codes(differences: &Array<'_>) -> Vec<(u8, Vec<u8>)> {
    let mut named = Vec::new();
    let mut code = None;
    for item in differences.iter::<Object<'_>>().take(MAX_ITEMS) {
        match item {
            Object::Number(number) => code = u8::try_from(number.as_i64()).ok(),
            Object::Name(name) => {
                let Some(at) = code else { continue };
                named.push((at, name.to_vec()));
                code = at.checked_add(1);
            }
            _ => {}
        }
    }
    named
}

/// Says whether letters only count the glyphs of a font: `a`, `b`, `c` at codes one after the other that are not
/// theirs.
fn counts_glyphs(named: &[(u8, Vec<u8>)]) -> bool {
    let letters: Vec<(u8, u8)> = named
        .iter()
        .filter_map(|(code, name)| match name.as_slice() {
            [letter] if letter.is_ascii_alphabetic() => Some((*code, *letter)),
            _ => None,
        })
        .collect();
    let Some((first_code, first @ (b'a' | b'A'))) = letters.first().copied() else { return false };
    let counts = |(place, (code, letter)): (usize, &(u8, u8))| {
        usize::from(*code) == usize::from(first_code) + place && usize::from(*letter) == usize::from(first) + place
    };
    first_code != first && letters.iter().enumerate().all(counts)
}

#[cfg(test)]
mod tests {
    use hayro_syntax::object::FromBytes;

    use super::*;

    fn names(font: &str) -> GlyphNames {
        let mut fonts = Fonts::default();
        let dict = Dict::from_bytes(font.as_bytes()).expect("a dictionary");
        let place = fonts.place(Entry { id: None, dict });
        fonts.push(None);
        fonts.push(place);
        fonts.names(&mut KnownFonts::default())
    }

    #[test]
    fn differences_name_the_glyphs_of_codes() {
        let names = names("<</Subtype/Type3/Encoding<</Differences[2/f_i/g7/T_h 65/f_f_i/Asmall 2/c_t]>>>>");
        assert_eq!(names.text_count(), 2);
        let found = [2, 3, 4, 65, 66, 321].map(|code| names.of_code(1, code).unwrap_or_default());
        assert_eq!(found, ["ct", "", "Th", "ffi", "a", ""]);
        assert_eq!([names.of_code(0, 2), names.of_code(2, 2)], [None, None]);
        assert_eq!(names.of_private_value(1, '\u{f761}').as_deref(), Some("a"));
    }

    #[test]
    fn letters_that_count_the_glyphs_of_a_type_3_font_say_nothing() {
        let of = |kind: &str, differences: &str, code| {
            let names = names(&format!("<</Subtype/{kind}/Encoding<</Differences[{differences}]>>>>"));
            names.of_code(1, code)
        };
        assert_eq!([of("Type3", "65/a/b/c", 66), of("Type3", "0/A/B/space/C", 1)], [None, Some("B".to_owned())]);
        assert_eq!(of("Type3", "97/a/b/c", 98).as_deref(), Some("b"));
        assert_eq!(of("Type3", "1/T/h/e", 2).as_deref(), Some("h"));
        assert_eq!(of("TrueType", "65/a/b/c", 66).as_deref(), Some("b"));
    }

    #[test]
    fn codes_end_at_255_and_composite_fonts_have_no_names() {
        let found = names("<</Subtype/Type1/Encoding<</Differences[/a 255/f_i/T_h 256/c_t -1/s_t]>>>>");
        assert_eq!([found.of_code(1, 255), found.of_code(1, 0)], [Some("fi".to_owned()), None]);
        let found = names("<</Subtype/Type0/Encoding<</Differences[1/f_i]>>>>");
        assert_eq!(found.of_code(1, 1), None);
        assert_eq!(names("<</Subtype/Type1/Encoding/WinAnsiEncoding>>").of_code(1, 65), None);
    }
}
