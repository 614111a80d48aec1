//! What the rules about the document know of a text: its ends, and what it is made of. Pure.

use std::convert::Infallible;

use super::super::json_fields::JsonText;
use crate::parse::is_right_to_left;

/// Characters of a text that are looked at on both of its ends.
const HEAD: usize = 120;
const TAIL: usize = 24;
/// Dots that lead to a page number.
const LEADER: &str = "...";

/// What is known of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text {
    /// The first characters.
    pub(super) head: String,
    /// The last ones that are no spaces.
    pub(super) tail: String,
    pub(super) characters: u32,
    pub(super) words: u32,
    pub(super) letters: u32,
    pub(super) capitals: u32,
    pub(super) digits: u32,
    /// The last character that is no space.
    pub(super) last: Option<char>,
    /// Whether dots lead to a number at its end.
    pub(super) leads_to_number: bool,
}

impl Text {
    pub(super) fn of(json: JsonText<'_>) -> Self {
        let mut text = Self::default();
        let (mut kept, mut tail, mut is_inside) = (0_usize, Vec::<char>::new(), false);
        let Ok(()) = json.each_piece(|piece| {
            for character in piece.chars() {
                if kept < HEAD {
                    text.head.push(character);
                    kept += 1;
                }
                if character.is_whitespace() {
                    is_inside = false;
                    continue;
                }
                text.characters += 1;
                text.words += u32::from(!is_inside);
                is_inside = true;
                text.letters += u32::from(character.is_alphabetic());
                text.capitals += u32::from(character.is_uppercase());
                text.digits += u32::from(character.is_numeric());
                text.last = Some(character);
                if tail.len() == TAIL {
                    tail.remove(0);
                }
                tail.push(character);
            }
            Ok::<_, Infallible>(())
        });
        text.tail = tail.into_iter().collect();
        let before = text.tail.trim_end_matches(|character: char| character.is_ascii_digit());
        text.leads_to_number = before.len() < text.tail.len() && (before.ends_with(LEADER) || before.ends_with('…'));
        text
    }

    /// Says whether it ends with the end of a sentence, quotation marks and brackets behind it left out.
    pub(super) fn ends_sentence(&self) -> bool {
        const CLOSING: [char; 15] = ['"', '\'', '”', '’', '»', '“', '‘', '«', ')', ']', '」', '』', '）', '—', '–'];
        const ENDS: [char; 15] = ['.', '!', '?', ':', ';', '…', '。', '！', '？', '：', '؟', '۔', '।', '։', '።'];
        self.tail.trim_end_matches(CLOSING).ends_with(ENDS)
    }

    /// Says whether its first letter is of a script that is written from right to left.
    pub(super) fn runs_leftwards(&self) -> bool {
        self.head.chars().find(|character| character.is_alphabetic()).is_some_and(is_right_to_left)
    }

    /// Returns a key that is the same for texts that differ in their digits only.
    pub(super) fn without_digits(&self) -> String {
        let mut key = String::with_capacity(self.head.len());
        for character in self.head.to_lowercase().chars() {
            let character = if character.is_numeric() { '#' } else { character };
            let is_repeated = character == '#' && key.ends_with('#') || character.is_whitespace() && key.ends_with(' ');
            if !is_repeated {
                key.push(if character.is_whitespace() { ' ' } else { character });
            }
        }
        key
    }
}
