//! The rule for one hyphen at a line end, as the module above states it. Words come from the whole document, the
//! language from the element.

use hypher::{Lang, hyphenate_bounded};
use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use super::{
    chunk::Surroundings,
    habits::{self, Habit},
    language::{Hits, is_function_word, language_of},
    place::{Place, SOFT_HYPHEN, is_apostrophe, is_hyphen},
    word_hash::WordHash,
    words::Words,
};

/// Both parts of a compound that are words by themselves have as many letters.
const LEAST_LETTERS: usize = 4;

/// What becomes of a hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It only divides its word.
    Goes,
    Stays,
    /// It stays, and a space comes behind it.
    StaysApart,
}

/// Decides about the hyphens of one text.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    words: &'a Words,
    /// Function words of the text.
    hits: Hits,
}

/// A divided word, in lower case.
#[derive(Debug)]
struct Division {
    left: String,
    right: String,
    script: Script,
    language: Option<Lang>,
}

impl<'a> Judge<'a> {
    pub(crate) fn of(text: &str, words: &'a Words) -> Self {
        Self { words, hits: Words::hits_of(text) }
    }

    pub(crate) fn verdict(&self, place: &Place<'_>) -> Verdict {
        if place.hyphen == SOFT_HYPHEN || place.is_repeated {
            return Verdict::Goes;
        }
        if place.surroundings == Surroundings::Code {
            return Verdict::Stays;
        }
        let Some(division) = self.division(place) else { return Verdict::Stays };
        let (joined, hyphenated) = self.counts(&division);
        if joined == 0 && hyphenated == 0 && division.waits(place) {
            return Verdict::StaysApart;
        }
        if place.after.is_some_and(is_apostrophe) && division.is_elision() {
            return Verdict::Goes;
        }
        if !division.has_syllables() {
            return Verdict::Stays;
        }
        if joined > 0 || hyphenated > 0 {
            return if joined >= hyphenated { Verdict::Goes } else { Verdict::Stays };
        }
        if division.is_link_of_chain(place) {
            return Verdict::Stays;
        }
        match division.habit() {
            Some(Habit::Joined) => Verdict::Goes,
            Some(Habit::Compound) => Verdict::Stays,
            None if self.halves_occur(&division) => Verdict::Stays,
            None => division.by_patterns(place.surroundings),
        }
    }

    /// Reads the two sides; `None` if they are no word in small letters of one script.
    fn division(&self, place: &Place<'_>) -> Option<Division> {
        let last = place.left.chars().rev().find(|letter| letter.is_alphabetic())?;
        let first = place.right.chars().next().filter(|letter| letter.is_alphabetic())?;
        let script = last.script();
        if first.is_uppercase() || last.is_uppercase() || first.script() != script {
            return None;
        }
        let language = language_of(script, &self.hits, self.words.hits());
        Some(Division { left: place.left.to_lowercase(), right: place.right.to_lowercase(), script, language })
    }

    /// Says how often the joined and the hyphenated word occur.
    fn counts(&self, division: &Division) -> (u32, u32) {
        let left = WordHash::of(&division.left);
        let joined = self.words.count(left.and(&division.right));
        (joined, self.words.count(left.with('-').and(&division.right)))
    }

    fn halves_occur(&self, division: &Division) -> bool {
        let occurs = |half: &str| half.chars().count() >= LEAST_LETTERS && self.words.count(WordHash::of(half)) > 0;
        matches!(division.language, Some(Lang::English | Lang::French))
            && occurs(&division.left)
            && occurs(&division.right)
    }
}

impl Division {
    /// Says whether the left side is the first part of several that share their end, as in `in- und ausländisch`.
    fn waits(&self, place: &Place<'_>) -> bool {
        let is_whole = !place.after.is_some_and(|after| is_hyphen(after) || is_apostrophe(after));
        let Some(language) = self.language.filter(|_| is_whole) else { return false };
        let (always, unless_syllable) = habits::conjunctions(language);
        let is_one = |list: &str| list.split(' ').any(|word| word == self.right);
        is_one(always) || is_one(unless_syllable) && !self.may_break(language)
    }

    /// Says whether an elided word is divided before its last letter: `del-l'arte`, `could-n't`.
    fn is_elision(&self) -> bool {
        let doubles = self.right.chars().count() == 1 && self.left.ends_with(&self.right);
        doubles || (self.left.as_str(), self.right.as_str()) == ("aujour", "d") || self.right == "n"
    }

    /// Says whether either side can be a part of a divided word.
    fn has_syllables(&self) -> bool {
        let has_alphabet = matches!(self.script, Script::Latin | Script::Cyrillic);
        let consonants_do = matches!(
            self.language,
            Some(Lang::Croatian | Lang::Czech | Lang::Serbian | Lang::Slovak | Lang::Slovenian)
        );
        [&self.left, &self.right].into_iter().all(|side| {
            let is_vowel = side.chars().any(is_vowel);
            let is_single = side.chars().nth(1).is_none();
            match self.script {
                _ if is_single => is_vowel && !has_alphabet,
                Script::Latin | Script::Cyrillic | Script::Greek => is_vowel || consonants_do,
                _ => true,
            }
        })
    }

    fn is_link_of_chain(&self, place: &Place<'_>) -> bool {
        let Some(language) = self.language else { return false };
        let is_link = |side: &str, beyond: Option<char>| {
            beyond.is_some_and(is_hyphen)
                && (is_function_word(language, WordHash::of(side)) || habits::links(language, side))
        };
        is_link(&self.left, place.before) || is_link(&self.right, place.after)
    }

    fn habit(&self) -> Option<Habit> {
        habits::of(self.language?, &self.left, &self.right)
    }

    fn by_patterns(&self, surroundings: Surroundings) -> Verdict {
        let parts_consonant = || {
            let last = self.left.chars().next_back().is_some_and(is_vowel);
            !last && self.right.chars().next().is_some_and(is_vowel)
        };
        let is_small = || self.right.chars().next().is_some_and(char::is_lowercase);
        match self.language {
            Some(language) if self.may_break(language) => Verdict::Goes,
            Some(language) if habits::keeps_consonants(language) && parts_consonant() => Verdict::Stays,
            _ if is_small() && surroundings == Surroundings::Prose => Verdict::Goes,
            _ => Verdict::Stays,
        }
    }

    /// Says whether the language may divide the joined word here.
    fn may_break(&self, language: Lang) -> bool {
        let joined = format!("{}{}", self.left, self.right);
        let mut end = 0;
        // Print breaks nearer to the ends of words than the patterns' own bounds allow.
        hyphenate_bounded(&joined, language, 1, 1).any(|syllable| {
            end += syllable.len();
            end == self.left.len()
        })
    }
}

fn is_vowel(letter: char) -> bool {
    let base = letter.nfd().next().unwrap_or(letter);
    "aeiouyæœøıəаеиоуыэюяієαεηιουω".contains(base)
}

#[cfg(test)]
mod tests {
    use super::{super::super::json_fields::JsonFields, *};

    /// What becomes of the first hyphen of a text, in a document of this text.
    fn verdict(text: &str, document: &str) -> Verdict {
        let json = serde_json::json!({ "text": document }).to_string();
        let fields: JsonFields<'_> = serde_json::from_str(&json).expect("an object");
        let mut words = Words::default();
        words.add(fields.text("text").expect("a string").expect("it is there"), &[]);
        let byte = text.find(['-', '\u{2010}', SOFT_HYPHEN]).expect("a hyphen");
        Judge::of(text, &words).verdict(&Place::at(text, byte).expect("a hyphen"))
    }

    fn all_are(expected: Verdict, texts: &[&str]) {
        let wrong: Vec<_> = texts.iter().filter(|text| verdict(text, "") != expected).collect();
        assert!(wrong.is_empty(), "{wrong:?} are not {expected:?}");
    }

    #[test]
    fn codes_numbers_and_capitals_keep_their_hyphen() {
        let codes = ["DE-4711", "120-135", "A4-sheet", "USA-wide", "Nord-Süd", "EU-Richtlinie", "Covid-19", "β-lactam"];
        all_are(Verdict::Stays, &codes);
        all_are(Verdict::Stays, &["exam-ple.com", "terms_of-use", "mail-box@example.com", "log-view/a-b"]);
        all_are(Verdict::Goes, &["solv-ing/decision-making"]);
        all_are(
            Verdict::Stays,
            &["e-mail", "x-ray", "tv-program", "pdf-files", "chef-d'œuvre", "а-ля", "- item", "end- "],
        );
        all_are(Verdict::Goes, &["α-πό", "del-l'arte", "could-n't", "aujour-d'hui", "re\u{ad}port", "vice--rei"]);
    }

    #[test]
    fn the_document_decides_before_the_language() {
        assert_eq!(verdict("an inter-national one", "Inter-National"), Verdict::Stays);
        assert_eq!(verdict("a price-determining one", "PRICEDETERMINING"), Verdict::Goes);
        assert_eq!(verdict("an on\u{2010}line one", "on-line online"), Verdict::Goes);
        assert_eq!(verdict("an on\u{2010}line one", "on-line online on-line"), Verdict::Stays);
        assert_eq!(verdict("a river-bank", "the river and the bank"), Verdict::Stays);
        assert_eq!(
            verdict("the Wasser-versorgung der Stadt und die", "und die Wasser Versorgung das der"),
            Verdict::Goes
        );
    }

    #[test]
    fn a_word_that_waits_for_its_end_keeps_its_hyphen_and_gets_a_space() {
        let dutch = "de het een van is dat";
        let german = "die und das der nicht";
        for (text, document) in [
            ("in-und ausländisch", german),
            ("Ein-oder Ausgang", german),
            ("vracht-en verzendkosten", dutch),
            ("short-and long-term", ""),
            ("двух-и трёхкомнатные", ""),
            ("pre-y posventa", "el los las una con del"),
        ] {
            assert_eq!(verdict(text, document), Verdict::StaysApart, "{text}");
        }
        assert_eq!(verdict("mogelijk-en", "mogelijken het een van"), Verdict::Goes);
        assert_eq!(verdict("up-and-coming", ""), Verdict::Stays);
    }

    #[test]
    fn links_of_a_chain_stay() {
        for text in ["state-of-the-art", "up-to-date", "day-by-day"] {
            let last = text.rfind('-').expect("a hyphen");
            assert_eq!(verdict(text, ""), Verdict::Stays, "{text}");
            let words = Words::default();
            let judge = Judge::of(text, &words);
            assert_eq!(judge.verdict(&Place::at(text, last).expect("a hyphen")), Verdict::Stays, "{text}");
        }
    }

    #[test]
    fn parts_that_make_compounds_keep_their_hyphen() {
        all_are(Verdict::Stays, &["non-self-governing", "mid-nineties", "late-sixties"]);
        all_are(Verdict::Goes, &["him-self", "mid-night"]);
        let dutch = "de het een van is dat";
        assert_eq!(verdict("minister-president", dutch), Verdict::Stays);
        assert_eq!(verdict("minister-raad", dutch), Verdict::Goes);
    }

    #[test]
    fn lower_case_decides_if_nothing_else_does() {
        all_are(Verdict::Goes, &["raz-qaxw", "խոս-քեր", "თა-რო"]);
        all_are(Verdict::Stays, &["שלום-עליכם", "हिन्दी-भाषा"]);
    }
}
