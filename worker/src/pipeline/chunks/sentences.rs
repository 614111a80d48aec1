//! Where a text may be cut. Pure.
//!
//! The rules are a few of Unicode's (UAX 29). Its own need to look ahead without bound, and a text of full stops and
//! brackets would make that slow.

use std::iter;

/// Cuts a text behind its sentences and its empty lines. White space stands at the end of a sentence.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        let (sentence, after) = rest.split_at(first_end(rest));
        rest = after;
        Some(sentence).filter(|sentence| !sentence.is_empty())
    })
}

/// Cuts a text behind its white space.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}

/// Returns where the first sentence ends: before a character that begins another one.
fn first_end(text: &str) -> usize {
    let mut before = Before::default();
    let begins = |(place, character)| before.begins_sentence(character).then_some(place);
    text.char_indices().find_map(begins).unwrap_or(text.len())
}

/// What stands before a character.
#[derive(Debug, Default)]
struct Before {
    /// A full stop, and quotation marks and brackets that close.
    stop: Option<Stop>,
    has_space: bool,
    line_feeds: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// A space follows it, and then no small letter.
    Spaced,
    /// Nothing needs to follow it.
    Wide,
}

impl Before {
    fn begins_sentence(&mut self, character: char) -> bool {
        if character.is_whitespace() {
            self.has_space = true;
            self.line_feeds += usize::from(character == '\n');
            return false;
        }
        let stop = stop(character);
        let goes_on = !self.has_space && (stop.is_some() || closes(character));
        let begins = match self.stop {
            _ if self.line_feeds > 1 => true,
            Some(Stop::Wide) => !goes_on,
            Some(Stop::Spaced) => self.has_space && !character.is_lowercase(),
            None => false,
        };
        let kept = self.stop.filter(|_| goes_on && !begins);
        *self = Self { stop: stop.or(kept), ..Self::default() };
        begins
    }
}

const fn stop(character: char) -> Option<Stop> {
    match character {
        '.' | '!' | '?' | '…' | '؟' | '۔' => Some(Stop::Spaced),
        '。' | '！' | '？' | '｡' | '．' | '।' | '॥' | '።' | '។' | '၊' | '။' => Some(Stop::Wide),
        _ => None,
    }
}

const fn closes(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | ')' | ']' | '}' | '*' | '_' | '”' | '’' | '»' | '›' | '」' | '』' | '）' | '】' | '》'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        sentences(text).collect()
    }

    #[test]
    fn a_sentence_ends_with_a_full_stop_and_what_closes_behind_it() {
        assert_eq!(cut("One. Two? (Three!) Four"), ["One. ", "Two? ", "(Three!) ", "Four"]);
        assert_eq!(cut("It costs 3.50, e.g. here. Or... there."), ["It costs 3.50, e.g. here. ", "Or... there."]);
        assert_eq!(cut("一。二！」三"), ["一。", "二！」", "三"]);
        assert_eq!(cut("a title\n\nits text\nin lines"), ["a title\n\n", "its text\nin lines"]);
        assert_eq!(cut(""), Vec::<&str>::new());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_sentences_and_words(text in "(?s)([.。!\\n )a中A]|\\PC){0,60}") {
            prop_assert_eq!(sentences(&text).collect::<String>(), text.as_str());
            prop_assert_eq!(words(&text).collect::<String>(), text.as_str());
        }
    }
}
