//! Whether the characters of a page can be what its reader sees. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use unicode_script::{Script, UnicodeScript};

use super::{
    characters,
    content::{Glyph, GlyphSource, PageContent},
    fonts::FontId,
    lines::Piece,
};

/// Letters of a font that are needed to judge its map.
const ENOUGH_LETTERS: u32 = 150;
/// Words of a font that are needed to judge them.
const ENOUGH_WORDS: u32 = 20;
/// How often the letters a to z occur, in per cent, marks left aside: a rounded mean of published counts of English,
/// German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Polish, Czech, Turkish and Finnish.
const LETTERS: [f64; 26] = [
    10.0, 1.6, 2.8, 4.2, 11.5, 1.2, 2.0, 2.6, 8.5, 1.2, 2.8, 5.0, 3.0, 7.5, 6.5, 2.6, 0.4, 6.5, 6.5, 6.5, 4.0, 2.0,
    1.2, 0.2, 1.2, 1.5,
];
/// Letters of a text are a surprise of 4.1 (French) to 4.6 bits (Polish, Vietnamese) each against these counts; where a
/// map is shifted, of 4.75 bits and more.
const MOST_SURPRISE: f64 = 4.7;
/// Of a text in capitals, which may be a list of codes, this is too much of a surprise; that of a shifted map is 5.4.
const MOST_SURPRISE_OF_CAPITALS: f64 = 5.2;
/// In no language have so many letters marks: Vietnamese has a third. Cyrillic and Greek in an old encoding that is
/// read as Latin have nothing else.
const MOST_MARKED: f64 = 0.6;
/// In no such language have this many words of four letters and more no vowel.
const MOST_WITHOUT_VOWEL: f64 = 0.3;
/// More words than this do not mix scripts, whatever the text.
const MOST_MIXED: f64 = 0.2;
/// More characters than this are no symbols, not even in program text.
const MOST_SYMBOLS: f64 = 0.4;
/// Of the characters of words at least as many are letters and digits.
const FEWEST_ALPHANUMERIC: f64 = 0.25;
/// Codes that are text have as many letters at least; fewer show nothing.
const ENOUGH_CODES: u32 = 12;
/// Letters are at least this share of codes that are text.
const FEWEST_LETTERS: f64 = 0.6;
/// At most this share of codes that are text is none: ligatures and signs.
const MOST_UNREADABLE: f64 = 0.05;
/// Vowels are this share of the letters of a text; languages have 0.36 (Czech, German) to 0.48 (Italian, Finnish).
const VOWELS: (f64, f64) = (0.25, 0.6);

/// What is wrong with a text that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Doubt {
    /// Its letters occur as often as in no language.
    LetterFrequency,
    /// Too many of its letters have marks.
    MarkedLetters,
    /// Too many of its words have no vowel.
    WordsWithoutVowel,
    /// Too many of its words mix scripts.
    MixedScripts,
    /// Too many of its characters are symbols.
    Symbols,
}

/// Why a text is not plausible.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Suspicion {
    pub(crate) doubt: Doubt,
    /// How far: bits a letter of the letter frequency, else a share from 0 to 1.
    pub(crate) measure: f64,
}

/// How many characters of a page the file draws, and how many of them have no Unicode value to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mapping {
    pub(super) characters: u32,
    pub(super) unmapped: u32,
}

impl Doubt {
    /// Returns its name in the message of a warning.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LetterFrequency => "letter frequency",
            Self::MarkedLetters => "letters with marks",
            Self::WordsWithoutVowel => "words without a vowel",
            Self::MixedScripts => "words of mixed scripts",
            Self::Symbols => "symbols",
        }
    }
}

/// A page with nothing else may have so many stray spaces without a value.
const STRAY_BLANKS: u32 = 5;

impl Mapping {
    pub(super) fn of(content: &PageContent) -> Self {
        let (mut mapping, mut blank) = (Self::default(), 0);
        for glyph in &content.glyphs {
            if glyph.source == GlyphSource::Added || glyph.character.is_whitespace() {
                blank += u32::from(glyph.source == GlyphSource::Unmapped);
                continue;
            }
            mapping.characters += 1;
            mapping.unmapped += u32::from(is_unmapped(glyph));
        }
        // Nothing but characters without a value and without ink: a font that lacks them.
        if mapping.characters == 0 && blank > STRAY_BLANKS {
            (mapping.characters, mapping.unmapped) = (blank, blank);
        }
        mapping
    }

    pub(super) const fn is_nothing_mapped(self) -> bool {
        self.characters > 0 && self.characters == self.unmapped
    }
}

fn is_unmapped(glyph: &Glyph) -> bool {
    let is_symbol = characters::reading(glyph.character, glyph.ink).is_some();
    glyph.source == GlyphSource::Unmapped
        || glyph.character == characters::UNREADABLE
        || (characters::is_private(glyph.character) && !is_symbol)
}

/// Says whether character codes that stand for themselves are text. They have to look like it: mostly letters of Latin
/// script, as many of them vowels as in a language, each letter about as often as in one, and nothing else wrong.
pub(super) fn may_be_text(pieces: &[Piece]) -> bool {
    let (mut counts, mut codes) = (Counts::default(), Codes::default());
    for piece in pieces {
        counts.add(&piece.token.text);
        codes.add(&piece.token.text);
    }
    codes.are_text() && counts.suspicion().is_none()
}

/// What single characters of a text say, whatever their words are.
#[derive(Debug, Clone, Copy, Default)]
struct Codes {
    characters: u32,
    unreadable: u32,
    letters: u32,
    vowels: u32,
    /// The sum over the letters, in bits.
    surprise: f64,
}

impl Codes {
    fn add(&mut self, text: &str) {
        for character in text.chars() {
            self.characters += 1;
            self.unreadable += u32::from(character == characters::UNREADABLE);
            if let Some(base) = base_letter(character).filter(|_| character.is_alphabetic()) {
                self.letters += 1;
                self.vowels += u32::from(is_vowel(base));
                self.surprise += surprise(base);
            }
        }
    }

    fn are_text(&self) -> bool {
        let letters = f64::from(self.letters);
        self.letters >= ENOUGH_CODES
            && letters >= FEWEST_LETTERS * f64::from(self.characters)
            && f64::from(self.unreadable) <= MOST_UNREADABLE * f64::from(self.characters)
            && (VOWELS.0..=VOWELS.1).contains(&(f64::from(self.vowels) / letters))
            && self.surprise <= MOST_SURPRISE * letters
    }
}

/// Finds the font whose text is least plausible.
pub(super) fn suspicion(pieces: &[Piece]) -> Option<Suspicion> {
    let mut fonts: BTreeMap<FontId, Counts> = BTreeMap::new();
    for piece in pieces {
        fonts.entry(piece.token.font).or_default().add(&piece.token.text);
    }
    let mut fonts: Vec<Counts> = fonts.into_values().collect();
    fonts.sort_by_key(|counts| std::cmp::Reverse(counts.characters));
    fonts.iter().find_map(Counts::suspicion)
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    characters: u32,
    symbols: u32,
    words: u32,
    mixed: u32,
    /// Of words of at least four letters of Latin script.
    latin: u32,
    /// The sum over these letters, in bits.
    surprise: f64,
    latin_words: u32,
    without_vowel: u32,
    /// Letters of all words of Latin script, and those of them that have marks.
    of_latin: u32,
    marked: u32,
    /// Of words in capitals as of the others.
    capitals: u32,
    surprise_of_capitals: f64,
    /// Of words of two characters and more, rules and leaders left aside.
    in_words: u32,
    alphanumeric: u32,
}

impl Counts {
    fn add(&mut self, text: &str) {
        let mut letters = 0_u32;
        let mut scripts = [false; 3];
        let mut is_latin = true;
        let (mut surprise, mut has_vowel) = (0.0, false);
        for character in text.chars() {
            self.characters += 1;
            if !character.is_alphabetic() {
                self.symbols += u32::from(is_symbol(character));
                continue;
            }
            letters += 1;
            let base = base_letter(character);
            match script(character) {
                Some(index) => scripts[index] = true,
                None => is_latin = false,
            }
            is_latin &= base.is_some();
            self.of_latin += u32::from(base.is_some());
            self.marked += u32::from(base.is_some() && !character.is_ascii());
            surprise += base.map_or(0.0, self::surprise);
            has_vowel |= base.is_some_and(|base| base == 'w' || is_vowel(base));
        }
        self.words_of_signs(text);
        if letters < 2 {
            return;
        }
        self.words += 1;
        self.mixed += u32::from(scripts.iter().filter(|seen| **seen).count() > 1);
        let is_upper = text.chars().filter(|character| character.is_alphabetic()).all(char::is_uppercase);
        match is_upper {
            _ if !is_latin || letters < 4 => {}
            true => {
                self.capitals += letters;
                self.surprise_of_capitals += surprise;
            }
            false => {
                self.latin += letters;
                self.surprise += surprise;
                self.latin_words += 1;
                self.without_vowel += u32::from(!has_vowel);
            }
        }
    }

    fn words_of_signs(&mut self, text: &str) {
        if text.chars().nth(1).is_none() || text.chars().all(is_rule) {
            return;
        }
        for character in text.chars() {
            self.in_words += 1;
            self.alphanumeric += u32::from(character.is_alphanumeric() || characters::is_combining(character));
        }
    }

    fn suspicion(&self) -> Option<Suspicion> {
        let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
        let found = |doubt, measure| Some(Suspicion { doubt, measure });
        let symbols = share(self.symbols, self.characters);
        let signs = 1.0 - share(self.alphanumeric, self.in_words);
        let mixed = share(self.mixed, self.words);
        let without_vowel = share(self.without_vowel, self.latin_words);
        let surprise = self.surprise / f64::from(self.latin.max(1));
        if self.characters >= ENOUGH_LETTERS && symbols > MOST_SYMBOLS {
            return found(Doubt::Symbols, symbols);
        }
        if self.in_words >= ENOUGH_LETTERS && signs > 1.0 - FEWEST_ALPHANUMERIC {
            return found(Doubt::Symbols, signs);
        }
        if self.words >= ENOUGH_WORDS && mixed > MOST_MIXED {
            return found(Doubt::MixedScripts, mixed);
        }
        let marked = share(self.marked, self.of_latin);
        if self.of_latin >= ENOUGH_LETTERS && marked > MOST_MARKED {
            return found(Doubt::MarkedLetters, marked);
        }
        if self.latin_words >= ENOUGH_WORDS && without_vowel > MOST_WITHOUT_VOWEL {
            return found(Doubt::WordsWithoutVowel, without_vowel);
        }
        if self.latin >= ENOUGH_LETTERS && surprise > MOST_SURPRISE {
            return found(Doubt::LetterFrequency, surprise);
        }
        let of_capitals = self.surprise_of_capitals / f64::from(self.capitals.max(1));
        if self.capitals >= ENOUGH_LETTERS.max(self.latin) && of_capitals > MOST_SURPRISE_OF_CAPITALS {
            return found(Doubt::LetterFrequency, of_capitals);
        }
        None
    }
}

/// Returns how much of a surprise a letter is, in bits; one that is none of a to z counts as the rarest.
fn surprise(letter: char) -> f64 {
    let place = (letter as u32).wrapping_sub('a' as u32) as usize;
    let share = LETTERS.get(place).copied().unwrap_or(0.2) / LETTERS.iter().sum::<f64>();
    -share.log2()
}

/// Returns the script of a letter, of the three whose letters look alike.
fn script(letter: char) -> Option<usize> {
    if letter.is_ascii() {
        return Some(0);
    }
    match letter.script() {
        Script::Latin => Some(0),
        Script::Cyrillic => Some(1),
        Script::Greek => Some(2),
        _ => None,
    }
}

/// Returns a letter of Latin script without its marks, in lower case.
fn base_letter(letter: char) -> Option<char> {
    if letter.is_ascii_alphabetic() {
        return Some(letter.to_ascii_lowercase());
    }
    if script(letter) != Some(0) {
        return None;
    }
    let mut base = letter;
    unicode_normalization::char::decompose_canonical(letter, |part| {
        if !characters::is_combining(part) {
            base = part;
        }
    });
    base.to_lowercase().next()
}

/// Says whether a letter without its marks is a vowel.
fn is_vowel(base: char) -> bool {
    "aeiouyæœøı".contains(base)
}

/// Says whether rules, leaders and frames are made of it.
const fn is_rule(character: char) -> bool {
    matches!(character, '.' | '-' | '_' | '=' | '*' | '+' | '|' | '~' | ':' | '·' | '…' | '\u{2010}'..='\u{2015}')
}

/// Says whether a character is neither a letter, a digit nor a mark of ordinary writing.
fn is_symbol(character: char) -> bool {
    !character.is_numeric()
        && !matches!(
            character,
            '.' | ',' | ';' | ':' | '!' | '?' | '-' | '\'' | '"' | '(' | ')' | '/' | '%' | '_' | '…'
        )
        && !matches!(character, '\u{2010}'..='\u{2022}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' | '·')
        && !characters::is_combining(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "Whereas recognition of the inherent dignity and of the equal and inalienable rights of all members \
        of the human family is the foundation of freedom, justice and peace in the world, whereas disregard and contempt \
        for human rights have resulted in barbarous acts which have outraged the conscience of mankind";
    const POLISH: &str = "Zważywszy, że uznanie przyrodzonej godności oraz równych i niezbywalnych praw wszystkich członków \
        wspólnoty ludzkiej jest podstawą wolności, sprawiedliwości i pokoju świata, zważywszy, że nieposzanowanie i \
        nieprzestrzeganie praw człowieka doprowadziło do aktów barbarzyństwa, które wstrząsnęły sumieniem ludzkości";

    fn judge(text: &str) -> Option<Doubt> {
        let mut counts = Counts::default();
        text.split_whitespace().for_each(|word| counts.add(word));
        counts.suspicion().map(|suspicion| suspicion.doubt)
    }

    fn shifted(text: &str, by: u8) -> String {
        let shift = |character: char| match character {
            'a'..='z' => char::from((character as u8 - b'a' + by) % 26 + b'a'),
            'A'..='Z' => char::from((character as u8 - b'A' + by) % 26 + b'A'),
            other => other,
        };
        text.chars().map(shift).collect()
    }

    #[test]
    fn ordinary_text_is_plausible_in_any_language() {
        let czech = "strč prst skrz krk vlk zmrzl hrst zrn scvrkl prst ";
        let code =
            "fn main() { let x = vec![1, 2, 3]; for (i, y) in x.iter().enumerate() { println!(\"{i}: {y}\"); } } "
                .repeat(3);
        for text in [ENGLISH, POLISH, &code, "1,250.00 12.50 -3 (4) 2024-118 ".repeat(20).as_str()] {
            assert_eq!(judge(text), None, "{text}");
        }
        assert_eq!(judge(&format!("{POLISH} {czech}")), None);
        assert_eq!(judge(&"Ελληνικά και русский текст рядом ".repeat(20)), None);
    }

    #[test]
    fn a_shifted_map_is_noticed() {
        for by in [1, 2, 3, 5, 7, 10, 13, 20, 25] {
            assert!(judge(&shifted(ENGLISH, by)).is_some(), "{by}: {}", shifted(ENGLISH, by));
        }
        let in_capitals = |text: &str| {
            let down = |byte: u8| if byte.is_ascii_graphic() { char::from((byte - 29).max(b' ')) } else { ' ' };
            text.bytes().map(down).collect::<String>()
        };
        assert_eq!(judge(&in_capitals(ENGLISH).repeat(3)), Some(Doubt::LetterFrequency));
        assert_eq!(judge(&ENGLISH.to_uppercase().repeat(3)), None);
        assert_eq!(judge(&"Ïðèêàç î íàçíà÷åíèè îòâåòñòâåííîãî ëèöà ".repeat(8)), Some(Doubt::MarkedLetters));
    }

    #[test]
    fn codes_are_text_only_if_they_look_like_it() {
        let are_text = |text: &str| {
            let mut codes = Codes::default();
            codes.add(text);
            codes.are_text()
        };
        for text in [ENGLISH, POLISH, "ANNUAL REPORT OF THE BOARD", "Hello, plain world"] {
            assert!(are_text(&text.replace(' ', "")), "{text}");
        }
        let shifted = |text: &str, by: u8| text.bytes().map(|byte| char::from(byte - by)).collect::<String>();
        // A TrueType font numbers its glyphs in the order of the alphabet, mostly 29 behind the codes of the letters.
        for text in [ENGLISH, "The quick brown fox jumps over the lazy dog"] {
            assert!(!are_text(&shifted(text, 29)), "{}", shifted(text, 29));
        }
        for text in
            ["", "Chapter", "ABCDEFGHIJKLMN", "T\u{fffd}\u{fffd}h\u{fffd}e\u{fffd}quick\u{fffd}\u{fffd}fox\u{fffd}is"]
        {
            assert!(!are_text(text), "{text}");
        }
    }

    #[test]
    fn letters_that_come_out_as_signs_are_noticed_and_leaders_are_not() {
        let signs = "!\"#$ %&'() *+,-. ,/.!( )\"'.- ".repeat(12);
        assert_eq!(judge(&signs.replace(['#', '$', '&', '*', '+'], ";")), Some(Doubt::Symbols));
        assert_eq!(judge(&"Contents .............. 12 | ------ | ====== ".repeat(20)), None);
        assert_eq!(judge(&"(1) [2] {3} \"a\", -4.5%; ".repeat(20)), None);
    }

    #[test]
    fn mixed_scripts_and_symbols_are_noticed() {
        assert_eq!(judge(&"Тhе quiсk brоwn fоx".repeat(12)), Some(Doubt::MixedScripts));
        assert_eq!(judge(&"$#@ %^&* ¤¶§ =+~ <>| ".repeat(15)), Some(Doubt::Symbols));
    }
}
