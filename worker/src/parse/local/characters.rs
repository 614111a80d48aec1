//! Rules about single characters: which of them are text, and what kind of text. Pure.

use std::{collections::HashSet, sync::LazyLock};

use quire_schemas::element::BBox;
use unicode_bidi::BidiClass;
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use super::content::{Glyph, GlyphSource};

pub(crate) const SOFT_HYPHEN: char = '\u{ad}';
/// Stands for a character that has a place on the page and no Unicode value.
pub(super) const UNREADABLE: char = char::REPLACEMENT_CHARACTER;

/// Returns the character as it stands in the text; `None` if it is none.
///
/// - Control characters, noncharacters, characters that only steer the direction of writing, tags and
///   U+2060 and U+FEFF are no text.
/// - A private-use character is no text but for the bullets and ticks of the fonts Symbol and Wingdings.
/// - A soft hyphen is a hyphen where it has ink; without ink it is no text.
/// - A space of any width is a space; callers ask [`char::is_whitespace`] first.
pub(super) fn reading(character: char, ink: BBox) -> Option<char> {
    match character {
        SOFT_HYPHEN => has_area(ink).then_some('-'),
        '\u{e000}'..='\u{f8ff}' => symbol(character),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => None,
        '\u{fdd0}'..='\u{fdef}' | '\u{fff9}'..='\u{fffb}' => None,
        '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'.. => None,
        '\u{fffe}' | '\u{ffff}' => None,
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

/// Returns the character of a glyph as it stands in the text. One without a value to trust keeps its place: U+FFFD.
pub(super) fn reading_of(glyph: &Glyph) -> Option<char> {
    let read = reading(glyph.character, glyph.ink);
    let has_place = glyph.source == GlyphSource::Unmapped || is_private(glyph.character);
    read.or_else(|| (has_place && glyph.bbox.width() > 0.0).then_some(UNREADABLE))
}

fn has_area(bbox: BBox) -> bool {
    bbox.width() > 0.0 && bbox.height() > 0.0
}

/// Fonts with an encoding of their own (Symbol, Wingdings) put their codes at U+F000. These are the ones that
/// writers of lists and forms use; which shape stands at a code is in the code charts of the two fonts.
const fn symbol(private: char) -> Option<char> {
    match private {
        '\u{f0b7}' | '\u{f06c}' => Some('•'),
        '\u{f0a7}' | '\u{f06e}' => Some('▪'),
        '\u{f0a8}' | '\u{f06f}' => Some('☐'),
        '\u{f0d8}' => Some('➢'),
        '\u{f0fc}' => Some('✓'),
        '\u{f0fb}' => Some('✗'),
        '\u{f0fd}' => Some('☒'),
        '\u{f0fe}' => Some('☑'),
        '\u{f0e0}' => Some('→'),
        _ => None,
    }
}

/// Says whether a value lies in one of the areas for private use.
pub(super) const fn is_private(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..)
}

/// Says whether a character is set without spaces between words, as Chinese and Japanese are.
pub(super) fn is_cjk(character: char) -> bool {
    match character {
        '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{30fb}' | '\u{30fc}' => true,
        _ if (character as u32) < 0x2e80 => false,
        _ => matches!(character.script(), Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo),
    }
}

/// Says whether lines that end and begin with such characters are joined without a space: no script of
/// these writes spaces between words.
pub(super) fn is_unspaced(character: char) -> bool {
    (character as u32) >= 0xe00
        && (is_cjk(character)
            || matches!(
                character.script(),
                Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar | Script::Tibetan
            ))
}

/// Fewer dots are no leader.
pub(super) const LEAST_LEADER: usize = 4;
/// Most characters of the number of a page.
const LONGEST_PAGE_NUMBER: usize = 10;

/// Says whether a text may be part of a leader: the dots that lead from a title to its page.
pub(super) fn is_leader(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_dot)
}

/// Says whether a character is one of those that leaders are made of.
pub(super) const fn is_dot(character: char) -> bool {
    matches!(character, '.' | '…' | '·' | '․' | '‥')
}

/// Says whether a leader may lead to a text: the number of a page or of several, or a price.
pub(super) fn is_page_number(text: &str) -> bool {
    let is_roman =
        || text.chars().all(|character| matches!(character, 'i' | 'v' | 'x' | 'l' | 'c' | 'I' | 'V' | 'X' | 'L' | 'C'));
    !text.is_empty() && text.chars().count() <= LONGEST_PAGE_NUMBER && (text.contains(char::is_numeric) || is_roman())
}

/// Says whether a letter is of a script that sets words apart letter by letter: Latin, Greek, Cyrillic, Armenian,
/// Hebrew, Georgian.
pub(super) fn is_spaced_out(letter: char) -> bool {
    letter.is_alphabetic() && matches!(letter, ..'\u{600}' | '\u{10a0}'..='\u{10ff}' | '\u{1e00}'..='\u{1fff}')
}

/// The direction in which a character is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    LeftToRight,
    RightToLeft,
    /// A digit: left to right, also inside a line from right to left.
    Number,
    Neutral,
}

pub(super) fn is_arabic(character: char) -> bool {
    (character as u32) >= 0x600 && unicode_bidi::bidi_class(character) == BidiClass::AL
}

/// Says whether a letter is of a script that is written from right to left.
pub(crate) fn is_right_to_left(letter: char) -> bool {
    writing(letter) == Writing::RightToLeft
}

pub(super) fn writing(character: char) -> Writing {
    // Most characters: looking them up costs more than all else that is asked of them.
    if character.is_ascii() {
        return match character {
            'a'..='z' | 'A'..='Z' => Writing::LeftToRight,
            '0'..='9' => Writing::Number,
            _ => Writing::Neutral,
        };
    }
    match unicode_bidi::bidi_class(character) {
        BidiClass::L => Writing::LeftToRight,
        BidiClass::R | BidiClass::AL => Writing::RightToLeft,
        BidiClass::EN | BidiClass::AN => Writing::Number,
        _ => Writing::Neutral,
    }
}

/// Returns the combining mark of an accent that has a width of its own. TeX draws `é` as `´` over `e`.
pub(super) const fn combining_accent(spacing: char) -> Option<char> {
    Some(match spacing {
        '`' | '\u{2cb}' => '\u{300}',
        '\u{b4}' | '\u{2ca}' => '\u{301}',
        '^' | '\u{2c6}' => '\u{302}',
        '~' | '\u{2dc}' => '\u{303}',
        '\u{af}' | '\u{2c9}' => '\u{304}',
        '\u{2d8}' => '\u{306}',
        '\u{2d9}' => '\u{307}',
        '\u{a8}' => '\u{308}',
        '\u{2da}' => '\u{30a}',
        '\u{2dd}' => '\u{30b}',
        '\u{2c7}' => '\u{30c}',
        '\u{b8}' => '\u{327}',
        '\u{2db}' => '\u{328}',
        _ => return None,
    })
}

/// Says whether a character is a mark that stands on the letter before it.
pub(super) fn is_combining(character: char) -> bool {
    (character as u32) >= 0x300 && unicode_normalization::char::is_combining_mark(character)
}

/// Says whether a mark takes no room of its own beside its letter.
pub(super) fn is_nonspacing(character: char) -> bool {
    (character as u32) >= 0x300 && unicode_bidi::bidi_class(character) == BidiClass::NSM
}

/// Returns the canonical combining class, by which NFC orders marks; 0 is left where it is.
pub(super) fn combining_class(mark: char) -> u8 {
    unicode_normalization::char::canonical_combining_class(mark)
}

/// Says whether a mark may stand on a letter: its script is the letter's, or it has none.
pub(super) fn may_stand_on(mark: char, letter: char) -> bool {
    matches!(mark.script(), Script::Inherited | Script::Common) || mark.script() == letter.script()
}

/// Says whether a value is one of a presentation form, such as `ﬁ` or a joined Arabic letter, which stands
/// for the letters that it shows.
pub(super) const fn is_presentation_form(character: char) -> bool {
    matches!(character, '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// Says whether a text is what a presentation form of several letters from right to left stands for.
pub(super) fn is_spelled_form(text: &str) -> bool {
    static SPELLED: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let forms = ('\u{fb1d}'..='\u{fdff}').chain('\u{fe70}'..='\u{fefc}');
        let spelled = forms.map(|form| std::iter::once(form).nfkc().collect::<String>());
        spelled.filter(|letters| letters.chars().nth(1).is_some()).collect()
    });
    SPELLED.contains(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: BBox = BBox::new(0.0, 0.0, 5.0, 5.0);
    const NO_INK: BBox = BBox::new(0.0, 0.0, 0.0, 0.0);

    #[test]
    fn what_is_no_text_is_left_out() {
        for character in
            ['\u{1}', '\u{202e}', '\u{2067}', '\u{feff}', '\u{e0041}', '\u{ffff}', '\u{e123}', '\u{10fffd}']
        {
            assert_eq!(reading(character, INK), None, "{character:?}");
        }
        for character in ['a', 'ﬁ', '\u{200d}', '\u{1d49c}', '\u{1f600}', '\u{fffd}', '\u{5d0}'] {
            assert_eq!(reading(character, INK), Some(character));
        }
        assert_eq!([reading('\u{f0b7}', INK), reading('\u{f0fe}', INK)], [Some('•'), Some('☑')]);
    }

    #[test]
    fn a_soft_hyphen_is_a_hyphen_only_where_it_is_seen() {
        assert_eq!([reading(SOFT_HYPHEN, INK), reading(SOFT_HYPHEN, NO_INK)], [Some('-'), None]);
    }

    #[test]
    fn scripts_are_told_apart() {
        assert!(is_cjk('駅') && is_cjk('の') && is_cjk('，') && !is_cjk('한') && !is_cjk('a'));
        assert!(is_unspaced('ก') && is_unspaced('駅') && !is_unspaced('한'));
        let found = ['a', 'ш', 'א', 'ع', '7', '٣', '.'].map(writing);
        use Writing::{LeftToRight, Neutral, Number, RightToLeft};
        assert_eq!(found, [LeftToRight, LeftToRight, RightToLeft, RightToLeft, Number, Number, Neutral]);
    }
}
