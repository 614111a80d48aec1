//! Statistics of words: which words and pairs of words occur in the document, and how many function words of each
//! language. Words are counted by a hash of their letters in lower case; none is stored.

use std::{collections::HashMap, convert::Infallible};

use super::{
    super::json_fields::JsonText,
    language::Hits,
    place::{MOST_LETTERS, SOFT_HYPHEN, is_hyphen, is_letter},
    word_hash::WordHash,
};

/// Most different words that are counted: the table of them has 9 MiB, whatever the document. A word that comes later
/// counts as not occurring.
pub(crate) const MOST_WORDS: usize = 300_000;

/// A shorter word says too little.
const LEAST_LETTERS: usize = 3;

/// The words of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    counts: HashMap<WordHash, u32>,
    hits: Hits,
}

/// A word that stands between two others, or two words with a hyphen between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Word(Run),
    Pair(Run),
}

/// Letters in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    hash: WordHash,
    letters: usize,
}

impl Words {
    /// Counts the words of a text but those that are divided at one of these places, ascending.
    pub(crate) fn add(&mut self, text: JsonText<'_>, places: &[u32]) {
        let Self { counts, hits } = self;
        let mut scan = Scan::new(places, |found| {
            let (Found::Word(run) | Found::Pair(run)) = found;
            if matches!(found, Found::Word(_)) {
                hits.add(run.hash, run.letters);
            }
            if !(LEAST_LETTERS..=MOST_LETTERS).contains(&run.letters) {
                return;
            }
            if let Some(count) = counts.get_mut(&run.hash) {
                *count = count.saturating_add(1);
            } else if counts.len() < MOST_WORDS {
                counts.insert(run.hash, 1);
            }
        });
        let Ok(()) = text.each_piece(|piece| {
            scan.piece(piece);
            Ok::<_, Infallible>(())
        });
        scan.end(Limit::Space);
    }

    /// Says how often a word occurs.
    pub(crate) fn count(&self, word: WordHash) -> u32 {
        self.counts.get(&word).copied().unwrap_or(0)
    }

    /// Counts the function words of one text.
    pub(crate) fn hits_of(text: &str) -> Hits {
        let mut hits = Hits::default();
        each_word(text, |word, letters| hits.add(word, letters));
        hits
    }

    /// Returns the function words of the whole document.
    pub(crate) const fn hits(&self) -> &Hits {
        &self.hits
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.counts.len()
    }
}

/// Hands out the words of a text that have no hyphen, each with its number of letters.
pub(crate) fn each_word(text: &str, mut take: impl FnMut(WordHash, usize)) {
    let mut scan = Scan::new(&[], |found| {
        if let Found::Word(run) = found {
            take(run.hash, run.letters);
        }
    });
    scan.piece(text);
    scan.end(Limit::Space);
}

impl Run {
    const EMPTY: Self = Self { hash: WordHash::EMPTY, letters: 0 };

    fn push(&mut self, character: char) {
        self.hash = self.hash.with(character);
        self.letters += 1;
    }
}

/// Finds words in a text that comes in pieces.
struct Scan<'a, F> {
    take: F,
    /// The divided places that are still to come.
    places: &'a [u32],
    offset: u32,
    word: Run,
    /// The word before, a hyphen, and this word, if nothing of it is divided.
    pair: Option<Run>,
    /// Whether a hyphen stands before the word.
    is_second: bool,
    /// Whether the word begins at a divided place.
    is_rest: bool,
}

/// What ends a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Space,
    Hyphen,
    /// A hyphen at a line end.
    Divided,
}

impl<'a, F: FnMut(Found)> Scan<'a, F> {
    const fn new(places: &'a [u32], take: F) -> Self {
        Self { take, places, offset: 0, word: Run::EMPTY, pair: None, is_second: false, is_rest: false }
    }

    fn piece(&mut self, piece: &str) {
        for character in piece.chars() {
            let is_place = self.is_place();
            self.offset = self.offset.saturating_add(1);
            if is_letter(character) {
                self.word.push(character);
                if let Some(pair) = &mut self.pair {
                    pair.push(character);
                }
            } else if is_place {
                self.end(Limit::Divided);
            } else if is_hyphen(character) {
                self.end(Limit::Hyphen);
            } else if character != SOFT_HYPHEN && (self.word.letters > 0 || self.is_second || self.is_rest) {
                self.end(Limit::Space);
            }
        }
    }

    /// Says whether the next character stands at a divided place.
    fn is_place(&mut self) -> bool {
        while let Some((first, rest)) = self.places.split_first() {
            if *first > self.offset {
                return false;
            }
            self.places = rest;
            if *first == self.offset {
                return true;
            }
        }
        false
    }

    fn end(&mut self, limit: Limit) {
        let is_whole = self.word.letters > 0 && !self.is_rest && limit != Limit::Divided;
        if is_whole && !self.is_second && limit == Limit::Space {
            (self.take)(Found::Word(self.word));
        }
        if let Some(pair) = self.pair.filter(|_| is_whole) {
            (self.take)(Found::Pair(pair));
        }
        let mut pair = self.word;
        pair.hash = pair.hash.with('-');
        self.pair = (is_whole && limit == Limit::Hyphen).then_some(pair);
        self.is_second = limit == Limit::Hyphen;
        self.is_rest = limit == Limit::Divided;
        self.word = Run::EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::json_fields::JsonFields, *};

    fn words(text: &str, places: &[u32]) -> Words {
        let json = serde_json::json!({ "text": text }).to_string();
        let fields: JsonFields<'_> = serde_json::from_str(&json).expect("an object");
        let mut words = Words::default();
        words.add(fields.text("text").expect("a string").expect("it is there"), places);
        words
    }

    fn counts<const N: usize>(words: &Words, of: [&str; N]) -> [u32; N] {
        of.map(|word| words.count(WordHash::of(word)))
    }

    #[test]
    fn words_are_counted_whatever_their_case_and_pairs_by_themselves() {
        let words = words("Tariff, \"tariff\"\nÉTÉ l'été co-op cost-price-index co\u{2010}op a", &[]);
        assert_eq!(counts(&words, ["tariff", "été", "co-op", "cost-price", "price-index"]), [2, 2, 2, 1, 1]);
        assert_eq!(counts(&words, ["cost", "price", "index", "a", "coop"]), [0; 5]);
    }

    #[test]
    fn divided_words_do_not_occur() {
        let words = words("interna-tional anti-trust-laws and state-of", &[7, 19]);
        assert_eq!(counts(&words, ["interna", "tional", "interna-tional", "anti-trust", "trust-laws", "laws"]), [0; 6]);
        assert_eq!(counts(&words, ["and", "state-of"]), [1, 1]);
        let places_elsewhere = super::tests::words("whole words", &[0, 2, 900]);
        assert_eq!(counts(&places_elsewhere, ["whole", "words"]), [1, 1]);
    }

    #[test]
    fn words_beyond_the_most_are_not_counted_but_those_before_are() {
        let letter = |digit: usize| char::from(b'a' + u8::try_from(digit % 26).expect("a letter"));
        let word = |n: usize| [n / 17_576, n / 676, n / 26, n].map(letter).iter().collect::<String>();
        let mut text = String::new();
        (0..=MOST_WORDS).for_each(|n| text += &(word(n) + " "));
        text += &word(7);
        let words = words(&text, &[]);
        assert_eq!(words.len(), MOST_WORDS);
        assert_eq!(counts(&words, [&word(7), &word(MOST_WORDS)]), [2, 0]);
    }
}
