//! Reads the words of a text as numbers, so that two engines that write one text in two ways give the same ones. Pure.
//!
//! A word is letters and digits in a row, whatever their case, their accents and their ligatures (NFKD). Apostrophes,
//! soft hyphens and the asterisks of Markdown are no part of it. A hyphen joins what stands before and behind it, at a
//! line end too: `inter-national`, `inter-` above `national` and `international` are one word. Scripts that write no
//! spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give each two neighbouring characters instead,
//! across spaces and line ends.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_script::{Script, UnicodeScript};

/// No script without spaces begins before it.
const FIRST_UNSPACED: char = '\u{e00}';

/// Reads one text, which may come in pieces.
#[derive(Debug)]
pub(super) struct WordReader {
    /// Of the word that is being read.
    hash: u64,
    is_open: bool,
    joint: Joint,
    /// The last character, if it is of a script without spaces.
    before: Option<char>,
}

/// What stands behind the letters that were read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Nothing,
    Hyphen,
    /// A hyphen and a space or a line end.
    Break,
}

impl Default for WordReader {
    fn default() -> Self {
        Self { hash: START, is_open: false, joint: Joint::Nothing, before: None }
    }
}

impl WordReader {
    /// Reads the next piece of the text.
    pub(super) fn read(&mut self, piece: &str, take: &mut impl FnMut(u32)) {
        for character in piece.chars() {
            if character.is_ascii() {
                self.character(character.to_ascii_lowercase(), take);
            } else {
                character.nfkd().flat_map(char::to_lowercase).for_each(|character| self.character(character, take));
            }
        }
    }

    /// Ends the text.
    pub(super) fn end(mut self, take: &mut impl FnMut(u32)) {
        self.end_word(take);
    }

    fn character(&mut self, character: char, take: &mut impl FnMut(u32)) {
        if is_passed_over(character) {
            return;
        }
        if is_hyphen(character) && self.is_open && self.joint == Joint::Nothing {
            self.joint = Joint::Hyphen;
        } else if character.is_whitespace() {
            match self.joint {
                Joint::Nothing => self.end_word(take),
                Joint::Hyphen | Joint::Break => self.joint = Joint::Break,
            }
        } else if !character.is_alphanumeric() {
            self.end_word(take);
            self.before = None;
        } else if is_unspaced(character) {
            self.end_word(take);
            if let Some(before) = self.before.replace(character) {
                take(finished(with(with(START, before), character)));
            }
        } else {
            // Behind a break a number begins anew: `1990-` above `1995` is no word.
            if self.joint == Joint::Break && !character.is_alphabetic() {
                self.end_word(take);
            }
            (self.joint, self.before, self.is_open) = (Joint::Nothing, None, true);
            self.hash = with(self.hash, character);
        }
    }

    fn end_word(&mut self, take: &mut impl FnMut(u32)) {
        if self.is_open {
            take(finished(self.hash));
        }
        (self.hash, self.is_open, self.joint) = (START, false, Joint::Nothing);
    }
}

/// Start of FNV-1a. Whoever makes two words collide makes the recall of his own document wrong, and nothing else.
const START: u64 = 0xcbf2_9ce4_8422_2325;

fn with(hash: u64, character: char) -> u64 {
    (hash ^ u64::from(character)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Spreads a hash, so that a part of all numbers is a sample of all words.
const fn finished(hash: u64) -> u32 {
    ((hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

fn is_passed_over(character: char) -> bool {
    matches!(
        character,
        '\'' | '*' | '\u{ad}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{200b}'..='\u{200f}' | '\u{2060}'
    ) || !character.is_ascii() && is_combining_mark(character)
}

const fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{2010}' | '\u{2011}')
}

fn is_unspaced(character: char) -> bool {
    character >= FIRST_UNSPACED
        && matches!(
            character.script(),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text in pieces of one character.
    fn words(text: &str) -> Vec<u32> {
        let (mut words, mut reader) = (Vec::new(), WordReader::default());
        let mut take = |word| words.push(word);
        for character in text.chars() {
            reader.read(character.encode_utf8(&mut [0; 4]), &mut take);
        }
        reader.end(&mut take);
        words
    }

    #[test]
    fn one_text_has_the_same_words_however_it_is_written() {
        for (one, other) in [
            ("The Café, 3 m²", "the CAFE\u{301} 3 m2"),
            ("\u{fb01}nal e\u{fb03}ciency", "final efficiency"),
            ("international law", "inter-\nnational law"),
            ("international law", "inter\u{ad}national law"),
            ("well-known facts", "well- known **facts**"),
            ("don\u{2019}t", "don't"),
            ("| a | b |\n| --- | --- |", "a b"),
            ("1990-\n1995", "1990 1995"),
            ("ﾊﾝｶｸ", "ハンカク"),
            ("東京都の 人口", "東京都\nの人口"),
        ] {
            assert_eq!(words(one), words(other), "{one}");
        }
    }

    #[test]
    fn scripts_without_spaces_give_each_two_neighbours() {
        assert_eq!(words("東京都").len(), 2);
        assert_eq!(words("東京 PDF 都市").len(), 3);
        assert!(words("東。京").is_empty());
        assert_ne!(words("東京"), words("京東"));
    }

    #[test]
    fn other_words_have_other_numbers() {
        assert_ne!(words("tariff"), words("tarif"));
        assert_ne!(words("a b"), words("ab"));
        assert!(words(" - -- . \u{301}").is_empty());
    }
}
