//! The language that a text by itself is in without doubt, by its function words. Pure.

use std::collections::HashSet;

use hypher::Lang;
use unicode_script::Script;

use super::{
    language::{Hits, is_function_word},
    word_hash::WordHash,
    words::each_word,
};

/// A text that stands by itself has so many different ones of so many letters, and so many more than of any other
/// language: the letters of a formula are function words too.
const LEAST_DIFFERENT: usize = 2;
const LEAST_LETTERS: usize = 2;
const LEAST_LEAD: u32 = 2;

/// What a text by itself tells of its language.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    all: Hits,
    /// Of words of several letters.
    long: Hits,
    different: HashSet<WordHash>,
}

impl Evidence {
    pub(crate) fn of(text: &str) -> Self {
        let mut evidence = Self::default();
        each_word(text, |word, letters| evidence.add(word, letters));
        evidence
    }

    fn add(&mut self, word: WordHash, letters: usize) {
        self.all.add(word, letters);
        if letters >= LEAST_LETTERS {
            self.long.add(word, letters);
            self.different.insert(word);
        }
    }

    /// Returns the language of this script that the text is in without doubt.
    pub(crate) fn language(&self, script: Script) -> Option<Lang> {
        let language = self.all.clear(script)?;
        let (found, most, second) = self.long.best(script);
        let different = self.different.iter().filter(|word| is_function_word(language, **word)).count();
        let is_sure = found == language && most >= second + LEAST_LEAD && different >= LEAST_DIFFERENT;
        is_sure.then_some(language)
    }
}
