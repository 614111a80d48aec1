//! From the tokens of one row to a line: words with the spaces between them, in the order of reading. Pure.

use std::collections::BTreeMap;

use quire_schemas::element::BBox;
use unicode_normalization::UnicodeNormalization;

use super::{
    characters::{self, Writing},
    fonts::{FontId, FontTable},
    frames::Frame,
    reading_order::{self, direction, parted, reading_order},
    spacing::spaces,
    tags::{self, Tag},
    tokens::{Token, majority},
    visibility::Layer,
};

/// A word of a script without spaces between words has so many characters.
pub(super) const CHARACTERS_OF_A_WORD: usize = 3;

/// A raised number is smaller than the text behind it by this factor, and stands higher by this part of its size.
const RAISED_SIZE: f64 = 0.85;
const LEAST_RAISE: f64 = 0.15;

/// A painted bullet stands so far from its line, and is no higher, in units of the font size.
const DOT_GAP: (f64, f64) = (0.15, 2.5);
const LARGEST_DOT: f64 = 0.7;

/// A token with what the page shows of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) token: Token,
    pub(super) layer: Layer,
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// In NFC.
    pub(super) text: String,
    /// Around its ink, on the displayed page.
    pub(super) place: BBox,
}

/// Words on one baseline. Its boxes and baseline are in its frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// In the order of reading, a space between each two.
    pub(super) words: Vec<Word>,
    pub(super) frame: Frame,
    pub(super) bbox: BBox,
    /// Where it begins, along the direction of its writing: the left side of its box, or, from right to left, the
    /// negative right side. Beside a drop cap it begins where the cap does.
    pub(super) start: f64,
    /// Where it ends, in the same measure.
    pub(super) end: f64,
    /// The raised number that it begins with, as a footnote does.
    pub(super) note: Option<u32>,
    /// Whether a bullet is painted before it.
    pub(super) has_dot: bool,
    /// Whether it begins with a single sign of a font of signs, which is a bullet whatever letter the file gives for
    /// it.
    pub(super) has_sign: bool,
    /// The box of a drop cap that it begins with.
    pub(super) drop: Option<BBox>,
    pub(super) baseline: f64,
    /// Of most of its characters.
    pub(super) size: f64,
    pub(super) font: FontId,
    pub(super) bold: bool,
    /// Whether what is read of it first is bold, and what is read last.
    pub(super) bold_ends: (bool, bool),
    pub(super) italic: bool,
    /// Of most of its characters.
    pub(super) tag: Option<Tag>,
    pub(super) layer: Layer,
    /// Whether it is read from right to left.
    pub(super) is_rtl: bool,
    /// Whether it has letters that are.
    pub(super) has_rtl: bool,
}

impl Line {
    /// Makes a line of tokens that stand on one row, in any order. `None` if they hold no text.
    pub(super) fn of(pieces: &[&Piece], fonts: &FontTable, page_is_rtl: bool) -> Option<Self> {
        let mut ordered: Vec<&Token> = pieces.iter().map(|piece| &piece.token).collect();
        reading_order::sort(&mut ordered);
        let has_rtl = ordered.iter().any(|token| token.writing == Writing::RightToLeft);
        let writing = direction(&ordered, page_is_rtl);
        let is_rtl = writing == Writing::RightToLeft;
        let spaces = spaces(&ordered);
        let words = if has_rtl || is_rtl {
            let (tokens, spaces) = parted(&ordered, &spaces);
            let order = reading_order(&tokens, &spaces, writing);
            words(order.into_iter().map(|item| item.token(&tokens)))
        } else {
            let tokens = ordered.iter().zip(std::iter::once(false).chain(spaces));
            words(tokens.flat_map(|(token, space)| space.then_some(None).into_iter().chain([Some(*token)])))
        };
        if words.is_empty() {
            return None;
        }
        let (size, font) = most_common(&ordered)?;
        let main = ordered.iter().filter(|token| token.size >= 0.9 * size);
        let bbox = ordered.iter().map(|token| token.bbox).reduce(BBox::union)?;
        let style = fonts.get(font);
        let is_bold =
            |token: Option<&&Token>| token.and_then(|token| fonts.get(token.font)).is_some_and(|style| style.bold);
        let ends = (is_bold(ordered.first()), is_bold(ordered.last()));
        let has_sign = words.len() > 1 && !is_rtl && is_sign(ordered[0], fonts);
        Some(Self {
            words,
            frame: ordered[0].frame,
            bbox,
            start: if is_rtl { -bbox.right() } else { bbox.left() },
            end: if is_rtl { -bbox.left() } else { bbox.right() },
            note: raised_number(&ordered).filter(|_| !is_rtl),
            has_dot: false,
            has_sign,
            drop: None,
            baseline: main.map(|token| token.baseline).reduce(f64::max).unwrap_or(ordered[0].baseline),
            size,
            font,
            bold: style.is_some_and(|style| style.bold),
            bold_ends: if is_rtl { (ends.1, ends.0) } else { ends },
            italic: style.is_some_and(|style| style.italic),
            tag: tags::of_most(ordered.iter().map(|token| (token.tag, token.text.len()))),
            layer: pieces[0].layer,
            is_rtl,
            has_rtl,
        })
    }

    /// Notes whether one of these discs or squares, ordered from top to bottom, is painted before it, as the bullet of
    /// a list is.
    pub(super) fn note_dot(&mut self, dots: &[BBox]) {
        let (top, bottom) = (self.baseline - 0.75 * self.size, self.baseline + 0.1 * self.size);
        let from = dots.partition_point(|dot| dot.top() < top);
        let is_before = |dot: &BBox| {
            let gap = if self.is_rtl { dot.left() - self.bbox.right() } else { self.bbox.left() - dot.right() };
            dot.bottom() <= bottom
                && (DOT_GAP.0 * self.size..=DOT_GAP.1 * self.size).contains(&gap)
                && dot.height() <= LARGEST_DOT * self.size
        };
        self.has_dot = dots[from..].iter().take_while(|dot| dot.top() <= bottom).any(is_before);
    }

    /// Returns how many words it has; scripts without spaces between words are counted by length.
    pub(super) fn length_in_words(&self) -> usize {
        let unspaced = |word: &Word| word.text.chars().filter(|letter| characters::is_unspaced(*letter)).count();
        self.words.iter().map(|word| (unspaced(word) / CHARACTERS_OF_A_WORD).max(1)).sum()
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }

    /// Returns the box around its ink on the displayed page.
    pub(super) fn place(&self) -> BBox {
        self.words.iter().map(|word| word.place).reduce(BBox::union).unwrap_or(self.bbox)
    }
}

/// Says whether a token is a single character of a font of signs.
pub(super) fn is_sign(token: &Token, fonts: &FontTable) -> bool {
    fonts.get(token.font).is_some_and(|font| font.has_signs) && token.text.chars().count() == 1
}

/// Joins tokens in the order of reading to words; `None` is a space.
fn words<'t>(tokens: impl Iterator<Item = Option<&'t Token>>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Vec<&Token> = Vec::new();
    for token in tokens {
        match token {
            Some(token) => open.push(token),
            None => words.extend(word(&std::mem::take(&mut open))),
        }
    }
    words.extend(word(&open));
    words
}

fn word(tokens: &[&Token]) -> Option<Word> {
    let place = tokens.iter().map(|token| token.place).reduce(BBox::union)?;
    let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
    let text = composed(&text);
    (!text.is_empty()).then_some(Word { text, place })
}

/// Composes marks with their letters (NFC) and replaces presentation forms by the letters that they show.
fn composed(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let has_forms = text.chars().any(characters::is_presentation_form);
    let letters: String = if has_forms {
        text.chars()
            .flat_map(|character| {
                let forms: Vec<char> = if characters::is_presentation_form(character) {
                    // A mark that is shown alone is decomposed to a space and the mark: it has a letter here.
                    std::iter::once(character).nfkc().skip_while(|letter| *letter == ' ').collect()
                } else {
                    vec![character]
                };
                forms
            })
            .nfc()
            .collect()
    } else {
        text.nfc().collect()
    };
    // A stroke that lengthens an Arabic word has no value of its own.
    let is_rtl = majority(letters.chars()) == Writing::RightToLeft;
    let letters = if is_rtl { letters.replace(characters::UNREADABLE, "") } else { letters };
    // Nothing readable in a word: its places alone say nothing.
    if letters.chars().all(|character| character == characters::UNREADABLE) { String::new() } else { letters }
}

/// Returns the number that a line from left to right begins with, if it is smaller than what follows and raised above
/// it.
fn raised_number(tokens: &[&Token]) -> Option<u32> {
    let [number, next, ..] = tokens else { return None };
    let is_raised =
        number.size <= RAISED_SIZE * next.size && next.baseline - number.baseline >= LEAST_RAISE * next.size;
    number.text.parse().ok().filter(|_| is_raised && number.text.len() <= 3)
}

fn most_common(tokens: &[&Token]) -> Option<(f64, FontId)> {
    let mut counts: BTreeMap<(FontId, i64), (usize, f64)> = BTreeMap::new();
    for token in tokens {
        let entry = counts.entry((token.font, (token.size * 10.0) as i64)).or_insert((0, token.size));
        entry.0 += token.text.len();
    }
    let best = counts.into_iter().max_by_key(|(_, (count, _))| *count);
    best.map(|((font, _), (_, size))| (size, font))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{testing::Page, tokens::tokens},
        *,
    };

    fn line(page: &Page) -> String {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let pieces: Vec<Piece> = tokens.into_iter().map(|token| Piece { token, layer: Layer::Native }).collect();
        let pieces: Vec<&Piece> = pieces.iter().collect();
        Line::of(&pieces, &content.fonts, false).map(|line| line.text()).unwrap_or_default()
    }

    #[test]
    fn words_drawn_in_any_order_stand_in_the_order_of_the_page() {
        let page = Page::new().write("third", 100.0, 100.0).write("first second", 30.0, 100.0);
        assert_eq!(line(&page), "first second third");
    }

    #[test]
    fn words_from_right_to_left_inside_a_line_to_the_right_are_turned() {
        let page = Page::new()
            .write("the words", 50.0, 100.0)
            .write_leftwards("שלום", 150.0, 100.0)
            .write_leftwards("עולם", 125.0, 100.0)
            .write("mean", 160.0, 100.0);
        assert_eq!(line(&page), "the words שלום עולם mean");
    }

    #[test]
    fn an_accent_over_a_letter_becomes_part_of_it() {
        for accent_first in [true, false] {
            let page = Page::new().write("caf", 50.0, 100.0);
            let page = if accent_first {
                page.write("´", 65.2, 100.0).write("e", 65.0, 100.0)
            } else {
                page.write("e", 65.0, 100.0).write("´", 65.2, 100.0)
            };
            assert_eq!(line(&page), "café", "{accent_first}");
        }
        assert_eq!(line(&Page::new().write("e\u{301}a\u{308}", 50.0, 100.0)), "éä");
        assert_eq!(line(&Page::new().write("5 ´ 3", 50.0, 100.0)), "5 ´ 3");
        // Between two letters that it lies over, it counts once; a letter may have two.
        let narrow = Page::new().write("e", 65.0, 100.0).write("´", 66.5, 100.0).write("i", 67.0, 100.0);
        assert_eq!(line(&narrow), "eí");
        let two = Page::new().write("¨", 65.0, 100.0).write("ˆ", 65.1, 100.0).write("a", 65.2, 100.0);
        assert_eq!(line(&two), "ä\u{302}");
    }

    #[test]
    fn presentation_forms_become_letters_and_nothing_else_is_changed() {
        assert_eq!(line(&Page::new().write("oﬃce ﬁne ² Ⅳ", 50.0, 100.0)), "office fine ² Ⅳ");
        assert_eq!(composed("ﬅﬆ ﬔﬕ ½ ① Ａ ㎒ Ĳ"), "stst մեմի ½ ① Ａ ㎒ Ĳ");
        assert_eq!(composed("\u{fe91}\u{fe70}\u{fefb}"), "ب\u{64b}لا");
        assert_eq!(line(&Page::new().write("a\u{fffd}b \u{fffd}\u{fffd} c", 50.0, 100.0)), "a\u{fffd}b c");
    }
}
