//! From the order of the page to that of reading, in a line that has letters of Hebrew or Arabic. Pure.
//!
//! The Unicode Bidirectional Algorithm (UAX 9) says where each character of a text stands in a line. This is the way
//! back: from the places it finds the levels that the text has had, and turns each run of a level again. Some texts
//! look alike on the page; of these the more usual one is taken. The names of rules (W4, N0) are those of UAX 9.

use std::cmp::Ordering;

use quire_schemas::element::BBox;
use unicode_bidi::BidiClass;

use super::{
    characters::{self, Writing},
    tokens::{Token, majority},
};

/// Two letters of one run that begin as near to each other as this, in units of the font size, are drawn at one place.
const ONE_PLACE: f64 = 0.05;
/// What ends a sentence or a part of it stands at no beginning.
const ENDS: [char; 9] = ['.', ',', ';', ':', '!', '?', '،', '؛', '؟'];
pub(super) const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// A token of a line by its place from the left, or the space after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    Token(usize),
    Space,
}

impl Item {
    pub(super) fn token(self, tokens: &[Token]) -> Option<&Token> {
        if let Self::Token(index) = self { tokens.get(index) } else { None }
    }
}

/// From left to right; of two that begin together, the one that libpdfium gives first.
pub(super) fn on_the_page(a: &Token, b: &Token) -> Ordering {
    a.pen.total_cmp(&b.pen).then(a.order.cmp(&b.order))
}

/// Orders the tokens of a line from left to right. libpdfium gives letters from right to left in their order, so of two
/// that are drawn at one place, as lam and alef are in some fonts, the first stands on the right.
pub(super) fn sort(tokens: &mut [&Token]) {
    tokens.sort_by(|a, b| on_the_page(a, b));
    let at_one_place = |a: &&Token, b: &&Token| {
        let are_rtl = [a, b].iter().all(|token| token.writing == Writing::RightToLeft);
        are_rtl && (b.pen - a.pen).abs() <= ONE_PLACE * a.size
    };
    for letters in tokens.chunk_by_mut(at_one_place) {
        letters.sort_by_key(|token| std::cmp::Reverse(token.order));
    }
}

/// Returns the direction of a line. On a page that is written from right to left, every line is that has such letters,
/// and every line without any letters; one with other letters is if a full stop or comma stands on its left.
pub(super) fn direction(tokens: &[&Token], page_is_rtl: bool) -> Writing {
    let writing = majority(tokens.iter().flat_map(|token| token.text.chars()));
    if !page_is_rtl {
        return writing;
    }
    let has_rtl = tokens.iter().any(|token| token.writing == Writing::RightToLeft);
    let ends_on_left = || {
        let first = tokens.first().map_or("", |token| token.text.as_str());
        let mut characters = first.chars();
        let is_end = characters.next().is_some_and(|first| ENDS.contains(&first));
        let is_number = characters.next().is_some_and(char::is_numeric) && first.starts_with(['.', ',']);
        is_end && (!is_number || first.chars().filter(|character| character.is_numeric()).count() > 3)
    };
    if has_rtl || writing == Writing::Number || ends_on_left() { Writing::RightToLeft } else { writing }
}

/// Parts the tokens of a line, from left to right, so that each has one direction: punctuation on an edge of a word or
/// a number goes its own way. `spaces` says after which of them a space stands.
pub(super) fn parted(tokens: &[&Token], spaces: &[bool]) -> (Vec<Token>, Vec<bool>) {
    let (mut parts, mut spaced) = (Vec::with_capacity(tokens.len()), Vec::with_capacity(tokens.len()));
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 {
            spaced.push(spaces[index - 1]);
        }
        let before = parts.len();
        edges(token, &mut parts);
        spaced.extend(std::iter::repeat_n(false, (parts.len() - before).saturating_sub(1)));
    }
    (parts, spaced)
}

/// Adds a token as what stands on its left edge, itself, and what stands on its right edge.
fn edges(token: &Token, parts: &mut Vec<Token>) {
    let characters: Vec<char> = token.text.chars().collect();
    let is_neutral =
        |character: &char| !characters::is_combining(*character) && characters::writing(*character) == Writing::Neutral;
    let leading = characters.iter().take_while(|character| is_neutral(character)).count();
    if leading == 0 && !characters.last().is_some_and(is_neutral) || characters.len() == 1 {
        parts.push(token.clone());
        return;
    }
    let trailing = characters[leading..].iter().rev().take_while(|character| is_neutral(character)).count();
    let (core, end) = (leading..characters.len() - trailing, characters.len());
    let is_rtl = token.writing == Writing::RightToLeft;
    // The places of the characters in the text, from left to right on the page.
    let singles = |range: std::ops::Range<usize>| range.map(|at| at..at + 1);
    let mut ranges: Vec<std::ops::Range<usize>> = singles(0..core.start).collect();
    if !core.is_empty() {
        ranges.push(core.clone());
    }
    ranges.extend(singles(core.end..end));
    if is_rtl {
        ranges.reverse();
    }
    let bare = Token { text: String::new(), kerns: Vec::new(), ..token.clone() };
    let (width, ink) = (token.bbox.width() / end as f64, token.place.width() / end as f64);
    let mut done = 0;
    for range in ranges {
        let (from, to) = (done, done + range.len());
        done = to;
        let text: String = characters[range].iter().collect();
        let [left, top, _, bottom] = token.bbox.sides();
        let bbox = BBox::new(left + width * from as f64, top, left + width * to as f64, bottom);
        let [left, top, _, bottom] = token.place.sides();
        let place = BBox::new(left + ink * from as f64, top, left + ink * to as f64, bottom);
        let writing = majority(text.chars());
        parts.push(Token { text, bbox, place, writing, pen: bbox.left(), ..bare.clone() });
    }
}

/// Returns the tokens of a line and the spaces between them in the order of reading.
pub(super) fn reading_order(tokens: &[Token], spaces: &[bool], line: Writing) -> Vec<Item> {
    let mut items = Vec::with_capacity(2 * tokens.len());
    for index in 0..tokens.len() {
        if index > 0 && spaces[index - 1] {
            items.push(Item::Space);
        }
        items.push(Item::Token(index));
    }
    if line != Writing::RightToLeft && !tokens.iter().any(|token| token.writing == Writing::RightToLeft) {
        return items;
    }
    let levels = Levels::of(&items, tokens, line == Writing::RightToLeft).levels;
    let highest = levels.iter().copied().max().unwrap_or_default();
    // The levels of a turned run stay those of its places, because a run is turned as a whole.
    for level in (1..=highest).rev() {
        let mut start = 0;
        while start < items.len() {
            let length = levels[start..].iter().take_while(|found| **found >= level).count();
            items[start..start + length].reverse();
            start += length.max(1);
        }
    }
    items
}

/// The embedding level of each item of a line: 0 runs to the right, 1 to the left, 2 to the right inside of that.
struct Levels<'a> {
    items: &'a [Item],
    tokens: &'a [Token],
    levels: Vec<u8>,
    /// The level of the line.
    base: u8,
    /// The direction of the line.
    outer: Writing,
    /// The direction of the runs inside the line.
    inner: Writing,
    has_arabic: bool,
}

impl<'a> Levels<'a> {
    fn of(items: &'a [Item], tokens: &'a [Token], is_rtl: bool) -> Self {
        let base = u8::from(is_rtl);
        let (left, right) = (Writing::RightToLeft, Writing::LeftToRight);
        let (outer, inner) = if is_rtl { (left, right) } else { (right, left) };
        let has_arabic = tokens.iter().any(|token| token.text.chars().any(characters::is_arabic));
        let mut levels = Self { items, tokens, levels: vec![base; items.len()], base, outer, inner, has_arabic };
        for index in 0..items.len() {
            levels.levels[index] = match levels.writing(index) {
                found if found == inner => base + 1,
                Writing::Number if is_rtl => 2,
                _ => base,
            };
        }
        levels.numbers();
        levels.codes();
        levels.names_with_numbers();
        levels.runs();
        levels.brackets();
        levels
    }

    fn writing(&self, index: usize) -> Writing {
        self.items[index].token(self.tokens).map_or(Writing::Neutral, |token| token.writing)
    }

    /// Returns the class of the characters of an item that has no direction of its own, if they are all alike.
    fn class(&self, index: usize) -> Option<BidiClass> {
        let token = self.items[index].token(self.tokens).filter(|token| token.writing == Writing::Neutral)?;
        let mut classes = token.text.chars().map(unicode_bidi::bidi_class);
        let first = classes.next()?;
        classes.all(|class| class == first).then_some(first)
    }

    /// W4 and W5: a separator inside a number and a sign beside it are part of it. Beside Arabic letters, digits are
    /// Arabic ones (W2), with which neither hyphens nor signs go.
    fn numbers(&mut self) {
        if self.base == 0 {
            return;
        }
        let count = self.items.len();
        let is_number = |levels: &Self, at: usize| levels.writing(at) == Writing::Number;
        for index in 1..count.saturating_sub(1) {
            let is_separator = match self.class(index) {
                Some(BidiClass::CS) => true,
                Some(BidiClass::ES) => !self.has_arabic,
                _ => false,
            };
            if is_separator && is_number(self, index - 1) && is_number(self, index + 1) {
                self.levels[index] = 2;
            }
        }
        if self.has_arabic {
            return;
        }
        for forwards in [true, false] {
            let places: Vec<usize> = if forwards { (0..count).collect() } else { (0..count).rev().collect() };
            for pair in places.windows(2) {
                let (before, at) = (pair[0], pair[1]);
                let is_of_number =
                    is_number(self, before) || self.levels[before] == 2 && self.class(before) == Some(BidiClass::ET);
                if is_of_number && self.class(at) == Some(BidiClass::ET) {
                    self.levels[at] = 2;
                }
            }
        }
    }

    /// W7: numbers and words that run to the right, with nothing but punctuation between them, are read as they stand:
    /// the codes `COVID-19`, `4K`, `20x10`.
    fn codes(&mut self) {
        if self.base == 0 {
            return;
        }
        let mut start = 0;
        while start < self.items.len() {
            let is_outside = |levels: &Self, index: usize| {
                levels.items[index] == Item::Space || levels.writing(index) == levels.outer
            };
            let length = (start..self.items.len()).take_while(|&index| !is_outside(self, index)).count();
            let run = start..start + length;
            let is_part = |&index: &usize| matches!(self.writing(index), Writing::Number | Writing::LeftToRight);
            let (first, last) = (run.clone().find(is_part), run.clone().rev().find(is_part));
            if let (Some(first), Some(last)) = (first, last)
                && run.clone().any(|index| self.writing(index) == self.inner)
            {
                self.levels[first..=last].fill(2);
            }
            start += length.max(1);
        }
    }

    /// W7: a number after a word that runs to the right is read with it, as in the names of products. On the page it
    /// could as well stand before the word; then it mostly touches a letter on its right.
    fn names_with_numbers(&mut self) {
        if self.base == 0 {
            return;
        }
        for index in 2..self.items.len() {
            if self.items[index - 1] != Item::Space || self.writing(index) != Writing::Number {
                continue;
            }
            // Punctuation may end the word: `IP: 10.0.0.1`.
            let is_end = |&at: &usize| self.items[at] != Item::Space && self.writing(at) == Writing::Neutral;
            let between = (0..index - 1).rev().take_while(is_end).count();
            let follows_word = index.checked_sub(2 + between).is_some_and(|word| self.writing(word) == self.inner);
            if !follows_word {
                continue;
            }
            // Up to the next space, no letter of the line's own direction.
            let beside = index + 1..self.items.len();
            let is_apart = beside.take_while(|&next| self.items[next] != Item::Space).all(|next| {
                matches!(self.writing(next), Writing::Number | Writing::Neutral)
                    && self.class(next) != Some(BidiClass::ET)
            });
            if is_apart {
                self.levels[index - 1 - between..index].fill(2);
            }
        }
    }

    /// N1: what lies between two words of the inner direction is of it, too.
    fn runs(&mut self) {
        let places: Vec<usize> = (0..self.items.len()).filter(|&index| self.writing(index) == self.inner).collect();
        for pair in places.windows(2) {
            let between = pair[0] + 1..pair[1];
            if between.clone().any(|index| self.writing(index) == self.outer) {
                continue;
            }
            for index in between {
                // Digits inside a run to the left still run to the right.
                let is_number = self.base == 0 && self.writing(index) == Writing::Number;
                self.levels[index] = self.base + 1 + u8::from(is_number);
            }
        }
    }

    /// N0: brackets around words of the inner direction only, behind such a word, belong to their run.
    fn brackets(&mut self) {
        for (open, close) in BRACKETS {
            let is_bracket = |index: &usize| {
                let token = self.items[*index].token(self.tokens);
                token.is_some_and(|token| token.text.chars().all(|character| character == open || character == close))
            };
            let places: Vec<usize> = (0..self.items.len()).filter(is_bracket).collect();
            for pair in places.chunks_exact(2) {
                let (left, right) = (pair[0], pair[1]);
                let inside = || left + 1..right;
                let is_inner = inside().any(|index| self.writing(index) == self.inner)
                    && !inside().any(|index| self.writing(index) == self.outer);
                if !is_inner {
                    continue;
                }
                // The word before the brackets stands where its run comes from, with numbers of the run between.
                let in_run = |index: &usize| self.levels[*index] > self.base;
                let is_word = |index: &usize| self.writing(*index) == self.inner;
                let is_space = |index: &usize| self.items[*index] == Item::Space;
                let host = if self.base == 1 {
                    (0..left).rev().skip_while(is_space).take_while(in_run).find(is_word)
                } else {
                    (right + 1..self.items.len()).skip_while(is_space).take_while(in_run).find(is_word)
                };
                let Some(host) = host else { continue };
                for index in host.min(left)..=host.max(right) {
                    self.levels[index] = self.levels[index].max(self.base + 1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Page, *};

    /// Writes each part where it stands: letters from right to left with [`Page::write_leftwards`], all else to the
    /// right.
    fn drawn(parts: &[&str]) -> Page {
        let (mut page, mut x) = (Page::new(), 50.0);
        for part in parts {
            let width = 5.0 * part.chars().count() as f64;
            page = if majority(part.chars()) == Writing::RightToLeft {
                page.write_leftwards(part, x + width, 100.0)
            } else {
                page.write(part, x, 100.0)
            };
            x += width;
        }
        page
    }

    fn read(parts: &[&str]) -> String {
        let content = drawn(parts).content();
        let tokens = super::super::tokens::tokens(&content, &vec![false; content.glyphs.len()]);
        let mut tokens: Vec<&Token> = tokens.iter().collect();
        sort(&mut tokens);
        let spaces = super::super::spacing::spaces(&tokens);
        let line = direction(&tokens, true);
        let (tokens, spaces) = parted(&tokens, &spaces);
        let order = reading_order(&tokens, &spaces, line);
        order.iter().map(|item| item.token(&tokens).map_or(" ", |token| token.text.as_str())).collect()
    }

    /// Cuts a text into single characters, each a text object of its own.
    fn read_singly(line: &str) -> String {
        let characters: Vec<String> = line.chars().map(String::from).collect();
        read(&characters.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn a_line_from_right_to_left_is_read_from_the_right() {
        assert_eq!(read(&["34", " ", "12", " ", "PDF file", " ", "עולם", " ", "שלום"]), "שלום עולם PDF file 12 34");
    }

    #[test]
    fn a_number_takes_its_separators_and_signs_with_it() {
        // As it stands on the page, from left to right.
        assert_eq!(read_singly(".17% ₪1,250.50 ריחמ"), "מחיר ₪1,250.50 17%.");
        assert_eq!(read_singly(",03-555-0142 ןופלט"), "טלפון 03-555-0142,");
        assert_eq!(read_singly(".٪٩٫٥ ةبسنلا"), "النسبة ٩٫٥٪.");
        assert_eq!(read(&[".%50", " ", "שלום"]), "שלום %50.");
    }

    #[test]
    fn punctuation_beside_a_word_of_the_other_direction_goes_its_own_way() {
        assert_eq!(read(&["הזמן", " ", ",Example", " ", "Cloud", " ", "שלום"]), "שלום Example Cloud, הזמן");
        assert_eq!(read(&[".office@example.org"]), "office@example.org.");
        assert_eq!(read(&[",03-555-0142"]), "03-555-0142,");
        assert_eq!(read(&[".5"]), "5.");
        assert_eq!(read(&["one, two."]), "one, two.");
    }

    #[test]
    fn names_with_numbers_and_brackets_are_whole() {
        assert_eq!(read_singly("הנקתה Windows 11 Pro (64-bit)"), "Windows 11 Pro (64-bit) התקנה");
        assert_eq!(read(&["התקנה", " ", "Windows", " ", "11"]), "Windows 11 התקנה");
        assert_eq!(read(&["התקנה", " ", "Windows", " ", "11", " ", "גרסה"]), "גרסה Windows 11 התקנה");
        assert_eq!(read(&["Google", " ", "2023", "ב-"]), "ב-2023 Google");
        // Without a word before them, brackets are the line's own: as drawn, each is the mirror of the one that is
        // read.
        assert_eq!(read_singly("(UN) ם״ואה"), "האו״ם )UN(");
    }

    #[test]
    fn codes_of_letters_and_digits_stay_as_they_stand() {
        for code in ["COVID-19", "INV-2024-001", "A.2", "F-16", "4K", "20x10"] {
            assert_eq!(read_singly(&format!("ץרפתה {code} ףיגנ")), format!("נגיף {code} התפרץ"));
        }
        assert_eq!(read_singly("IP: 192.168.1.1 תבותכ"), "כתובת IP: 192.168.1.1");
    }

    #[test]
    fn letters_of_one_place_are_in_the_order_of_the_file() {
        let content = Page::new().write("س", 60.0, 100.0).write("ل", 50.0, 100.0).write("ا", 50.1, 100.0).content();
        let tokens = super::super::tokens::tokens(&content, &[false; 3]);
        let mut tokens: Vec<&Token> = tokens.iter().collect();
        sort(&mut tokens);
        let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, ["ا", "ل", "س"]);
    }
}
