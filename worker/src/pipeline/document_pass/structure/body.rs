//! How the body of a document is set: what most of its characters have. Pure.

use std::collections::BTreeMap;

use super::{
    fact::{Fact, Kind},
    thresholds::{BOLD_BODY, CHARACTERS_OF_BODY, LARGEST_BODY, MOST_STYLES},
};

/// How body text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Body {
    pub(super) size: f64,
    /// Whether so much of it is bold that bold says nothing.
    pub(super) is_bold: bool,
    /// Whether most of it is italic.
    is_italic: bool,
    /// The font of most characters, as in [`Fact`].
    font: u64,
}

impl Body {
    /// The size of most characters; a larger one if it has half as many.
    pub(super) fn of<'f>(facts: impl Iterator<Item = &'f Fact>, larger: f64) -> Self {
        // By half points: characters, and their sizes in all.
        let mut sizes: BTreeMap<i64, (u64, f64)> = BTreeMap::new();
        let (mut bold, mut italic, mut all) = (0_u64, 0_u64, 0_u64);
        let mut fonts: BTreeMap<u64, u64> = BTreeMap::new();
        for fact in facts.filter(|fact| fact.kind == Kind::Text) {
            let characters = u64::from(fact.text.characters);
            let of_size = sizes.entry((fact.size * 2.0).round() as i64).or_default();
            of_size.0 += characters;
            of_size.1 += fact.size * characters as f64;
            bold += if fact.bold { characters } else { 0 };
            italic += if fact.italic { characters } else { 0 };
            if fonts.len() < MOST_STYLES || fonts.contains_key(&fact.font) {
                *fonts.entry(fact.font).or_default() += characters;
            }
            all += characters;
        }
        let most = sizes.values().map(|(characters, _)| *characters).max().unwrap_or_default();
        let size = sizes.values().rev().find(|(characters, _)| *characters as f64 >= larger * most as f64);
        let size =
            size.filter(|(characters, _)| *characters > 0).map_or(10.0, |(characters, sum)| sum / *characters as f64);
        // Lines of a page that has nothing else are titles.
        let size = if all < CHARACTERS_OF_BODY { size.min(LARGEST_BODY) } else { size }.max(1.0);
        let font = fonts.into_iter().max_by_key(|(_, characters)| *characters).map_or(0, |(font, _)| font);
        // Where there is hardly any text, as around a table, most of it may be a heading.
        let is_bold = all >= CHARACTERS_OF_BODY && bold as f64 >= BOLD_BODY * all as f64;
        Self { size, is_bold, is_italic: 2 * italic > all, font }
    }

    /// Says whether an element is set in another type: italic, or another font.
    pub(super) const fn differs_in_type(&self, fact: &Fact) -> bool {
        fact.italic != self.is_italic || fact.font != self.font
    }
}
