//! The fonts of a page, named once each.

use std::collections::{BTreeMap, BTreeSet};

/// What names of bold fonts have, in small letters; those of TeX among them (`CMBX10`, `SFBX1095`).
const BOLD: [&str; 13] =
    ["bold", "black", "heavy", "semibd", "demi", "cmbx", "sfbx", "ecbx", "-blk", "blkcond", "-hvy", "-bd", "-mediital"];

/// What names of fonts have whose characters are all as wide, in small letters. The flag of the file is set for many
/// others.
const FIXED_PITCH: [&str; 16] = [
    "mono",
    "courier",
    "consol",
    "menlo",
    "monaco",
    "typewriter",
    "lettergothic",
    "inconsolata",
    "cmtt",
    "lmtt",
    "sftt",
    "ectt",
    "sourcecode",
    "firacode",
    "fixed",
    "terminal",
];

/// What names of fonts have that hold signs in the places of letters, in small letters. A file seldom says which signs.
const SIGNS: [&str; 8] =
    ["wingding", "webding", "dingbat", "graphicsymbols", "monotypesorts", "marlett", "bullet", "fontawesome"];

/// Says whether a font is one whose characters are all as wide.
pub(crate) fn is_fixed_pitch(name: &str) -> bool {
    let name = name.to_lowercase();
    FIXED_PITCH.iter().any(|part| name.contains(part))
}

/// Names a font of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FontId(u16);

impl FontId {
    /// The font of text that names none.
    pub(crate) const UNKNOWN: Self = Self(0);
}

/// A font of the page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Font {
    /// Without the tag of a subset; empty if unknown.
    pub(super) name: String,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) is_fixed_pitch: bool,
    /// Whether it holds signs in the places of letters.
    pub(super) has_signs: bool,
}

/// The fonts of a page. The first one is [`FontId::UNKNOWN`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FontTable {
    fonts: Vec<Font>,
    ids: BTreeMap<String, FontId>,
}

impl Default for FontTable {
    fn default() -> Self {
        Self { fonts: vec![Font::default()], ids: BTreeMap::new() }
    }
}

impl FontTable {
    /// Names a font; one name is one font. Base fonts report no weight, so bold is told from the name.
    pub(crate) fn id(&mut self, name: &str, italic: bool) -> FontId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let Ok(index) = u16::try_from(self.fonts.len()) else { return FontId::UNKNOWN };
        let id = FontId(index);
        let plain = without_subset_tag(name);
        let lower = plain.to_lowercase();
        let bold = BOLD.iter().any(|word| lower.contains(word)) || lower.ends_with("-medi");
        let italic = italic || ["italic", "oblique"].iter().any(|word| lower.contains(word));
        let is_fixed_pitch = is_fixed_pitch(&lower);
        let has_signs = SIGNS.iter().any(|part| lower.contains(part));
        self.fonts.push(Font { name: plain.to_owned(), bold, italic, is_fixed_pitch, has_signs });
        self.ids.insert(name.to_owned(), id);
        id
    }

    /// Finds the fonts that have one of these names. A font that comes without the tag of a subset may have lost it.
    pub(crate) fn named(&self, names: &BTreeSet<String>) -> BTreeSet<FontId> {
        let plain: BTreeSet<&str> = names.iter().map(|name| without_subset_tag(name)).collect();
        let is_one = |name: &str| names.contains(name) || plain.contains(name);
        self.ids.iter().filter(|(name, _)| is_one(name)).map(|(_, id)| *id).collect()
    }

    pub(super) fn get(&self, id: FontId) -> Option<&Font> {
        self.fonts.get(usize::from(id.0))
    }
}

/// A subset of a font is named `ABCDEF+Name`.
fn without_subset_tag(name: &str) -> &str {
    match name.split_once('+') {
        Some((tag, rest)) if tag.len() == 6 && tag.bytes().all(|byte| byte.is_ascii_uppercase()) => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_tag_is_taken_off_and_the_style_read_from_the_name() {
        let mut fonts = FontTable::default();
        let id = fonts.id("ABCDEF+Sans-BoldOblique", false);
        assert_eq!(
            fonts.get(id),
            Some(&Font { name: "Sans-BoldOblique".to_owned(), bold: true, italic: true, ..Font::default() })
        );
        assert_eq!(fonts.id("ABCDEF+Sans-BoldOblique", false), id);
        assert_ne!(fonts.id("Sans", false), id);
        assert_eq!(fonts.get(FontId::UNKNOWN), Some(&Font::default()));
    }

    #[test]
    fn a_font_is_found_by_its_name_or_by_its_name_without_the_tag_of_a_subset() {
        let mut fonts = FontTable::default();
        let [own, other, plain] = ["ABCDEF+Sans", "GHIJKL+Sans", "Serif"].map(|name| fonts.id(name, false));
        let names = |names: [&str; 2]| fonts.named(&names.map(str::to_owned).into());
        assert_eq!(names(["ABCDEF+Sans", "MNOPQR+Serif"]), [own, plain].into());
        assert_eq!(names(["Sans", "GHIJKL+Sans"]), [other].into());
    }
}
