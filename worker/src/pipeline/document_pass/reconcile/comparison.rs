//! Compares one page of another engine with the words that the PDF itself holds there. Pure.

use quire_schemas::element::{ContentLayer, ElementType};

use super::{
    super::json_fields::JsonFields,
    page_words::{PageWords, each_word},
};

/// The comparison of a page, element by element.
#[derive(Debug)]
pub(super) struct Comparison<'w> {
    /// From 1.
    pub(super) page: u32,
    words: &'w PageWords,
    /// How often each word is still to be found.
    left: Vec<u16>,
    found: u32,
    /// Whether the engine wrote anything.
    has_words: bool,
    /// Words of the sample among those that should be text of the PDF.
    sampled: u32,
    /// Those of them that the page does not hold.
    invented: u32,
}

impl<'w> Comparison<'w> {
    pub(super) fn new(page: u32, words: &'w PageWords) -> Self {
        Self { page, words, left: words.counts(), found: 0, has_words: false, sampled: 0, invented: 0 }
    }

    /// Takes the next element of the engine.
    pub(super) fn add(&mut self, element: &JsonFields<'_>) -> serde_json::Result<()> {
        if element.get::<ContentLayer>("content_layer")? == Some(ContentLayer::Invisible) {
            return Ok(());
        }
        let is_quoted = !is_retold(element)?;
        each_word(element, |word| self.word(word, is_quoted))
    }

    fn word(&mut self, word: u32, is_quoted: bool) {
        self.has_words = true;
        if !self.words.samples(word) {
            return;
        }
        self.sampled = self.sampled.saturating_add(u32::from(is_quoted));
        match self.words.place_of(word) {
            Some(place) => {
                let is_due = self.left[place] > 0;
                self.left[place] -= u16::from(is_due);
                self.found += u32::from(is_due);
            }
            None => self.invented = self.invented.saturating_add(u32::from(is_quoted)),
        }
    }

    /// Returns the share of the PDF's words that the engine found.
    pub(super) fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.words.due().max(1))
    }

    pub(super) const fn is_empty(&self) -> bool {
        !self.has_words
    }

    /// Returns how many of the engine's words the page does not hold, and of how many, if all that the engine can have
    /// read is text of the PDF.
    pub(super) fn invented(&self) -> Option<(u32, u32)> {
        self.words.is_all_text().then_some((self.invented, self.sampled))
    }
}

/// Says whether an element tells of something in words that need not stand on the page: what a picture shows, or a
/// formula in the notation of a program.
fn is_retold(element: &JsonFields<'_>) -> serde_json::Result<bool> {
    let kind: Option<ElementType> = element.get("type")?;
    Ok(matches!(kind, Some(ElementType::Picture | ElementType::Chart | ElementType::Formula)))
}
