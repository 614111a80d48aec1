//! The surroundings of one hyphen: its word, and what stands next to it.

use unicode_normalization::char::is_combining_mark;

use super::chunk::{Surroundings, surroundings};

pub(crate) const SOFT_HYPHEN: char = '\u{ad}';

/// A longer run of letters is no word; no more of it is looked at.
pub(crate) const MOST_LETTERS: usize = 40;

/// A hyphen in a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) hyphen: char,
    /// Letters before the hyphen, as printed.
    pub(crate) left: &'a str,
    /// Letters after it.
    pub(crate) right: &'a str,
    /// What stands before `left`.
    pub(crate) before: Option<char>,
    /// What stands after `right`.
    pub(crate) after: Option<char>,
    /// Whether another hyphen and a letter follow the hyphen.
    pub(crate) is_repeated: bool,
    /// What it stands in.
    pub(crate) surroundings: Surroundings,
}

impl<'a> Place<'a> {
    /// Looks at the character at a byte; `None` if it is no hyphen.
    pub(crate) fn at(text: &'a str, byte: usize) -> Option<Self> {
        let (before, rest) = text.split_at_checked(byte)?;
        let hyphen = rest.chars().next().filter(|found| is_hyphen(*found) || *found == SOFT_HYPHEN)?;
        let after = &rest[hyphen.len_utf8()..];
        let letters = before.chars().rev().take(MOST_LETTERS).take_while(|found| is_letter(*found));
        let (before, left) = before.split_at(before.len() - letters.map(char::len_utf8).sum::<usize>());
        let letters = after.chars().take(MOST_LETTERS).take_while(|found| is_letter(*found));
        let (right, after) = after.split_at(letters.map(char::len_utf8).sum());
        let mut following = after.chars();
        let next = following.next();
        let is_repeated = !left.is_empty()
            && right.is_empty()
            && next.is_some_and(is_hyphen)
            && following.next().is_some_and(is_letter);
        let surroundings = surroundings(text, byte, hyphen.len_utf8());
        let before = before.chars().next_back();
        Some(Self { hyphen, left, right, before, after: next, is_repeated, surroundings })
    }
}

/// Tells hyphens, which join or divide words, from dashes.
pub(crate) const fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{2010}')
}

/// Says whether words hold it: a letter, a mark on one, or a joiner between two.
pub(crate) fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphabetic();
    }
    character.is_alphabetic() || is_combining_mark(character) || matches!(character, '\u{200c}' | '\u{200d}')
}

pub(crate) const fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_where_its_letters_end() {
        let text = "une l'inter-natio\u{301}nale-";
        let place = Place::at(text, 11).expect("a hyphen");
        let expected = Place {
            hyphen: '-',
            left: "inter",
            right: "natio\u{301}nale",
            before: Some('\''),
            after: Some('-'),
            is_repeated: false,
            surroundings: Surroundings::Prose,
        };
        assert_eq!(place, expected);
        assert_eq!(Place::at(text, 10), None);
        assert_eq!(Place::at(text, 100), None);
    }

    #[test]
    fn a_repeated_hyphen_has_letters_on_both_sides() {
        let is_repeated = |text: &str| Place::at(text, text.find('-').unwrap_or(0)).map(|place| place.is_repeated);
        assert_eq!(
            ["vice--rei", "vice--", "--rei", "vice-rei"].map(is_repeated),
            [true, false, false, false].map(Some)
        );
    }
}
