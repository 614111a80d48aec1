//! What a glyph's name says of the letters that it shows, by the rules of the [Adobe Glyph
//! List](https://github.com/adobe-type-tools/agl-specification), with the names of TeX's fonts added. Pure.

use std::sync::LazyLock;

use super::tex_names;

/// The Adobe Glyph List as Adobe publishes it, sorted by name. Its licence is in its head.
const LIST: &str = include_str!("glyphlist.txt");
/// A longer name is none in PDF.
pub(super) const MAX_NAME_BYTES: usize = 127;
/// Most letters of a glyph. The longest ligatures of a Unicode character have eighteen.
const MAX_LETTERS: usize = 18;

/// What values for private use in the list show, from the first of each run on.
const PRIVATE: [(char, &str); 6] = [
    ('\u{f6be}', "ȷ"),
    ('\u{f6c9}', "´ˇ¨"),
    ('\u{f6ce}', "`˝¯"),
    ('\u{f6d9}', "©®™1"),
    ('\u{f6de}', "—¢¢,,$$--..abdeilmorst˘ˇˆ˙˝łœ˛˚š˜ž"),
    ('\u{f8e6}', "⏐⎯®©™⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪⎮⎞⎟⎠⎤⎥⎦⎫⎬⎭"),
];
/// Where the list puts small capitals and old figures: the code of the small letter in Latin-1 follows.
const SMALL: u32 = 0xf700;

/// Returns the letters that a glyph of this name shows. `None` unless every part of the name says some: names such as
/// `g12` or `cid_12` only count glyphs.
pub(super) fn letters(name: &str) -> Option<String> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    let base = name.split('.').next().filter(|base| !base.is_empty())?;
    let mut letters = String::new();
    for part in base.split('_') {
        letters.push_str(&part_letters(part)?);
    }
    (letters.chars().count() <= MAX_LETTERS).then_some(letters)
}

/// Returns the value for private use that the list has for a name. Such values are no letters to anyone else.
pub(super) fn private_value(name: &str) -> Option<char> {
    let base = name.split('.').next()?;
    listed(base)?.chars().next().filter(|value| is_private(*value))
}

fn part_letters(part: &str) -> Option<String> {
    if let Some(listed) = listed(part) {
        return listed.chars().map(readable).collect();
    }
    if let Some(sign) = tex_names::shown(part) {
        return Some(sign.into());
    }
    let value = |digits: &str| char::from_u32(hexadecimal(digits)?).filter(|value| is_letter(*value));
    if let Some(digits) = part.strip_prefix("uni").filter(|digits| !digits.is_empty() && digits.len() % 4 == 0) {
        let groups = digits.as_bytes().chunks(4).map(|group| value(str::from_utf8(group).ok()?));
        return groups.collect();
    }
    let digits = part.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len()));
    if let Some(value) = digits.and_then(value) {
        return Some(value.into());
    }
    let sign = tex_names::without_size(part)?;
    tex_names::shown(sign).map(String::from).or_else(|| listed(sign)?.chars().map(readable).collect())
}

/// Looks a name up in the list.
fn listed(name: &str) -> Option<String> {
    static BY_NAME: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split_once(';')).collect()
    });
    let at = BY_NAME.binary_search_by_key(&name, |(known, _)| known).ok()?;
    BY_NAME[at].1.split(' ').map(|value| char::from_u32(hexadecimal(value)?)).collect()
}

/// Returns what a value of the list shows. `None` for a value that only its own fonts know.
fn readable(value: char) -> Option<char> {
    if !is_private(value) {
        return Some(value).filter(|value| is_letter(*value));
    }
    if let Some(latin) = u32::from(value).checked_sub(SMALL).and_then(|code| u8::try_from(code).ok()) {
        return Some(char::from(latin)).filter(|latin| is_letter(*latin));
    }
    PRIVATE.iter().find_map(|(first, run)| {
        let place = u32::from(value).checked_sub(u32::from(*first))?;
        run.chars().nth(usize::try_from(place).ok()?)
    })
}

fn is_letter(value: char) -> bool {
    !value.is_control() && !is_private(value) && !matches!(u32::from(value) & 0xffff, 0xfffe | 0xffff)
}

const fn is_private(value: char) -> bool {
    matches!(value, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// Reads a number of upper-case digits; names with others are no numbers by the rules.
fn hexadecimal(digits: &str) -> Option<u32> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    digits.bytes().all(is_digit).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn expect(pairs: &[(&str, &str)]) {
        for (name, shown) in pairs {
            assert_eq!(letters(name).as_deref(), Some(*shown), "{name}");
        }
    }

    #[test]
    fn names_of_the_list_are_found_from_its_first_to_its_last() {
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let (name, values) = line.split_once(';').expect("a pair");
            let values: Option<String> =
                values.split(' ').map(|value| char::from_u32(u32::from_str_radix(value, 16).expect("hex"))).collect();
            assert_eq!(listed(name), values, "{name}");
        }
        assert_eq!([listed(""), listed("#"), listed("zzz"), listed("A;0041")], [const { None }; 4]);
    }

    #[test]
    fn parts_and_suffixes_are_read_by_the_rules() {
        expect(&[
            ("f_i", "fi"),
            ("f_f_i", "ffi"),
            ("T_h", "Th"),
            ("f_i.liga", "fi"),
            ("a.sc", "a"),
            ("one.oldstyle", "1"),
            ("ffi", "\u{fb03}"),
            ("dalethatafpatah", "\u{5d3}\u{5b2}"),
            ("Lcommaaccent_uni20AC0308_u1040C.alternate", "\u{13b}\u{20ac}\u{308}\u{1040c}"),
        ]);
    }

    #[test]
    fn numbers_of_unicode_are_read_and_must_be_characters() {
        expect(&[("uniFB03", "\u{fb03}"), ("uni00660069", "fi"), ("u1F600", "😀"), ("u0041", "A")]);
        for name in ["uni", "uniFB0", "unifb03", "uniD83DDE00", "uni0000", "uniE123", "uniFFFF", "u110000", "u00660069"]
        {
            assert_eq!(letters(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_tex_are_known() {
        expect(&[("prime", "′"), ("parenleftbigg", "("), ("summationdisplay", "∑"), ("floorleftBig", "⌊")]);
    }

    #[test]
    fn a_name_that_only_counts_glyphs_says_nothing() {
        for name in ["", ".notdef", "a27", "g12", "C0", "G01", "cid_12", "a_g1", "foo_bar", "f__i", "_", "glyph7"] {
            assert_eq!(letters(name), None, "{name}");
        }
        let endless = "f_".repeat(500) + "i";
        assert_eq!(letters(&endless), None);
    }

    #[test]
    fn values_for_private_use_are_read_as_what_they_show() {
        expect(&[
            ("Asmall", "a"),
            ("Aacutesmall", "á"),
            ("zerooldstyle", "0"),
            ("asuperior", "a"),
            ("Zcaronsmall", "ž"),
            ("parenlefttp", "⎛"),
            ("bracerightbt", "⎭"),
        ]);
        assert_eq!([letters("apple"), letters("cyrFlex")], [None, None]);
        assert_eq!([private_value("Asmall"), private_value("a")], [Some('\u{f761}'), None]);
    }
}
