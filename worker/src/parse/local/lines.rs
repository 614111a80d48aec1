//! From the tokens of one row to a line: words with the spaces between them, in the order of reading. Pure.

use std::{cmp::Ordering, collections::BTreeMap};

use quire_schemas::element::BBox;
use unicode_normalization::UnicodeNormalization;

use super::{
    characters::{self, Writing},
    fonts::{FontId, FontTable},
    frames::Frame,
    spacing::spaces,
    tokens::{Token, majority},
    visibility::Layer,
};

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
    /// The box of a drop cap that it begins with.
    pub(super) drop: Option<BBox>,
    pub(super) baseline: f64,
    /// Of most of its characters.
    pub(super) size: f64,
    pub(super) font: FontId,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) layer: Layer,
    /// Whether it is read from right to left.
    pub(super) is_rtl: bool,
}

impl Line {
    /// Makes a line of tokens that stand on one row, in any order. `None` if they hold no text. On a page that is written
    /// from right to left, every line is that has such letters.
    pub(super) fn of(pieces: &[&Piece], fonts: &FontTable, page_is_rtl: bool) -> Option<Self> {
        let mut ordered: Vec<&Token> = pieces.iter().map(|piece| &piece.token).collect();
        ordered.sort_by(|a, b| on_the_page(a, b));
        let has_rtl = ordered.iter().any(|token| token.writing == Writing::RightToLeft);
        let writing = if page_is_rtl && has_rtl {
            Writing::RightToLeft
        } else {
            majority(ordered.iter().flat_map(|token| token.text.chars()))
        };
        let spaces = spaces(&ordered);
        let order = reading_order(&ordered, &spaces, writing);
        let (size, font) = most_common(&ordered)?;
        let words = words(&ordered, &order);
        if words.is_empty() {
            return None;
        }
        let main = ordered.iter().filter(|token| token.size >= 0.9 * size);
        let bbox = ordered.iter().map(|token| token.bbox).reduce(BBox::union)?;
        let style = fonts.get(font);
        let is_rtl = writing == Writing::RightToLeft;
        Some(Self {
            words,
            frame: ordered[0].frame,
            bbox,
            start: if is_rtl { -bbox.right() } else { bbox.left() },
            end: if is_rtl { -bbox.left() } else { bbox.right() },
            drop: None,
            baseline: main.map(|token| token.baseline).reduce(f64::max).unwrap_or(ordered[0].baseline),
            size,
            font,
            bold: style.is_some_and(|style| style.bold),
            italic: style.is_some_and(|style| style.italic),
            layer: pieces[0].layer,
            is_rtl,
        })
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

/// From left to right; of two that begin together, the one that libpdfium gives first.
fn on_the_page(a: &Token, b: &Token) -> Ordering {
    a.pen.total_cmp(&b.pen).then(a.order.cmp(&b.order))
}

/// A token of the row, by its place from the left, or the space after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Token(usize),
    Space,
}

impl Item {
    fn token<'a>(self, tokens: &[&'a Token]) -> Option<&'a Token> {
        if let Self::Token(index) = self { tokens.get(index).copied() } else { None }
    }
}

/// Puts a row from the page's order into that of reading: a line from right to left is turned, words and numbers that
/// run to the right inside it stay as they are, and the other way round. These are the rules of the Unicode
/// Bidirectional Algorithm (UAX 9), with one level inside another, read backwards.
fn reading_order(tokens: &[&Token], spaces: &[bool], line: Writing) -> Vec<Item> {
    let mut items = Vec::with_capacity(2 * tokens.len());
    for index in 0..tokens.len() {
        if index > 0 && spaces[index - 1] {
            items.push(Item::Space);
        }
        items.push(Item::Token(index));
    }
    let has_other = tokens.iter().any(|token| token.writing == Writing::RightToLeft);
    if !has_other {
        return items;
    }
    let is_rtl = line == Writing::RightToLeft;
    let levels = levels(&items, tokens, is_rtl);
    let lowest_odd = 1;
    let highest = levels.iter().copied().max().unwrap_or_default();
    for level in (lowest_odd..=highest).rev() {
        let mut start = 0;
        while start < items.len() {
            let length = levels[start..].iter().take_while(|found| **found >= level).count();
            items[start..start + length].reverse();
            start += length.max(1);
        }
    }
    items
}

/// Returns the embedding level of each item. The levels of a reversed run stay those of its places, because a run is
/// reversed as a whole.
fn levels(items: &[Item], tokens: &[&Token], is_rtl: bool) -> Vec<u8> {
    let base = u8::from(is_rtl);
    let inner = if is_rtl { Writing::LeftToRight } else { Writing::RightToLeft };
    let writing = |item: &Item| item.token(tokens).map_or(Writing::Neutral, |token| token.writing);
    let mut levels: Vec<u8> = items
        .iter()
        .map(|item| match writing(item) {
            found if found == inner => base + 1,
            Writing::Number if is_rtl => 2,
            _ => base,
        })
        .collect();
    // A separator inside a number is part of it; a hyphen is none beside Arabic letters.
    let has_arabic = tokens.iter().any(|token| token.text.chars().any(characters::is_arabic));
    if is_rtl {
        for index in 1..items.len().saturating_sub(1) {
            let is_separator = items[index].token(tokens).is_some_and(|token| is_separator(&token.text, has_arabic));
            let are_numbers = [index - 1, index + 1].iter().all(|&at| writing(&items[at]) == Writing::Number);
            if is_separator && are_numbers {
                levels[index] = 2;
            }
        }
    }
    // What lies between two words of the inner direction is of it, too.
    let places: Vec<usize> = (0..items.len()).filter(|&index| writing(&items[index]) == inner).collect();
    for pair in places.windows(2) {
        let between = pair[0] + 1..pair[1];
        let is_crossed = between.clone().any(|index| {
            let found = writing(&items[index]);
            found != Writing::Neutral && found != Writing::Number && found != inner
        });
        if !is_crossed {
            levels[between].fill(base + 1);
        }
    }
    levels
}

fn is_separator(text: &str, has_arabic: bool) -> bool {
    let joins = |character| matches!(character, '.' | ',' | ':' | '/') || (character == '-' && !has_arabic);
    !text.is_empty() && text.chars().all(joins)
}

/// Opens and closes the brackets of lines again that are written from right to left, in which some are mirrored and some
/// are not: the first of two opens, and the second closes.
pub(super) fn pair_brackets(lines: &mut [Line]) {
    if !lines.iter().any(|line| line.is_rtl) {
        return;
    }
    let mut words: Vec<&mut Word> = lines.iter_mut().flat_map(|line| &mut line.words).collect();
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
        let is_bracket = |character: &char| *character == open || *character == close;
        let count: usize = words.iter().map(|word| word.text.chars().filter(is_bracket).count()).sum();
        if count == 0 || count % 2 == 1 {
            continue;
        }
        let mut opens = true;
        for word in words.iter_mut().filter(|word| word.text.contains([open, close])) {
            let paired = word.text.chars().map(|character| {
                if !is_bracket(&character) {
                    return character;
                }
                opens = !opens;
                if opens { close } else { open }
            });
            word.text = paired.collect();
        }
    }
}

/// Joins tokens in the order of reading to words.
fn words(tokens: &[&Token], order: &[Item]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Vec<&Token> = Vec::new();
    for item in order {
        match item.token(tokens) {
            Some(token) => open.push(token),
            None => words.extend(word(&std::mem::take(&mut open))),
        }
    }
    words.extend(word(&open));
    words
}

fn word(tokens: &[&Token]) -> Option<Word> {
    let place = tokens.iter().map(|token| token.place).reduce(BBox::union)?;
    let mut text = String::new();
    let mut waiting: Option<char> = None;
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| tokens.get(before)).copied();
        match accent(token, before, tokens.get(index + 1).copied()) {
            Some(Accent { mark, on_next: false }) => text.push(mark),
            Some(Accent { mark, on_next: true }) => waiting = Some(mark),
            None => {
                let mut letters = token.text.chars();
                text.extend(letters.next());
                text.extend(waiting.take());
                text.push_str(letters.as_str());
            }
        }
    }
    let text = composed(&text);
    (!text.is_empty()).then_some(Word { text, place })
}

/// A mark that is drawn over the letter before it, or over the next one.
struct Accent {
    mark: char,
    on_next: bool,
}

/// Says whether a token is an accent that is drawn over its neighbour. An accent never stands on another accent.
fn accent(token: &Token, before: Option<&Token>, next: Option<&Token>) -> Option<Accent> {
    let mark = characters::combining_accent(token.first()).filter(|_| token.is_one_character())?;
    let stands_on = |letter: char, place: BBox| {
        let shared = token.place.shared_width(place);
        letter.is_alphabetic()
            && characters::combining_accent(letter).is_none()
            && shared >= 0.5 * token.place.width().min(place.width())
            && token.place.width() > 0.0
    };
    if before.is_some_and(|before| stands_on(before.last(), before.place)) {
        return Some(Accent { mark, on_next: false });
    }
    next.filter(|next| stands_on(next.first(), next.place)).map(|_| Accent { mark, on_next: true })
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
        let mut lines: Vec<Line> = Line::of(&pieces, &content.fonts, false).into_iter().collect();
        pair_brackets(&mut lines);
        lines.first().map(Line::text).unwrap_or_default()
    }

    #[test]
    fn words_drawn_in_any_order_stand_in_the_order_of_the_page() {
        let page = Page::new().write("third", 100.0, 100.0).write("first second", 30.0, 100.0);
        assert_eq!(line(&page), "first second third");
    }

    #[test]
    fn a_line_from_right_to_left_is_read_from_the_right() {
        // On the page, from left to right: 2026 "PDF file" 12 34 and two words.
        let page = Page::new()
            .write_leftwards("שלום", 300.0, 100.0)
            .write_leftwards("עולם", 270.0, 100.0)
            .write("PDF file", 200.0, 100.0)
            .write("12", 185.0, 100.0)
            .write("34", 170.0, 100.0);
        assert_eq!(line(&page), "שלום עולם PDF file 12 34");
    }

    #[test]
    fn numbers_and_brackets_of_a_line_from_right_to_left_are_whole() {
        // Each character is a text object of its own, from left to right: ) U N ( in its mirrored form, 1 2 . 5 0.
        let mut page = Page::new().write_leftwards("שלום", 300.0, 100.0);
        for (index, part) in [")", "U", "N", ")"].into_iter().enumerate() {
            page = page.write(part, 250.0 + 5.0 * index as f64, 100.0);
        }
        for (index, part) in ["1", "2", ".", "5", "0"].into_iter().enumerate() {
            page = page.write(part, 220.0 + 5.0 * index as f64, 100.0);
        }
        assert_eq!(line(&page), "שלום (UN) 12.50");
        assert_eq!(line(&Page::new().write_leftwards("שלו\u{fffd}ם", 300.0, 100.0)), "שלום");
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
        // Between two letters that it lies over, it counts once; one accent over another stays as it is.
        let narrow = Page::new().write("e", 65.0, 100.0).write("´", 66.5, 100.0).write("i", 67.0, 100.0);
        assert_eq!(line(&narrow), "éi");
        let two = Page::new().write("¨", 65.0, 100.0).write("ˆ", 65.1, 100.0).write("a", 65.2, 100.0);
        assert_eq!(line(&two), "¨â");
    }

    #[test]
    fn presentation_forms_become_letters_and_nothing_else_is_changed() {
        assert_eq!(line(&Page::new().write("oﬃce ﬁne ² Ⅳ", 50.0, 100.0)), "office fine ² Ⅳ");
        assert_eq!(composed("ﬅﬆ ﬔﬕ ½ ① Ａ ㎒ Ĳ"), "stst մեմի ½ ① Ａ ㎒ Ĳ");
        assert_eq!(composed("\u{fe91}\u{fe70}\u{fefb}"), "ب\u{64b}لا");
        assert_eq!(line(&Page::new().write("a\u{fffd}b \u{fffd}\u{fffd} c", 50.0, 100.0)), "a\u{fffd}b c");
    }
}
