//! The words that the PDF itself holds on a page, as numbers: what another engine's parse is compared with. Pure.

use std::{collections::BTreeMap, convert::Infallible};

use quire_schemas::element::{ContentLayer, TextSource};

use super::{
    super::{
        json_fields::{JsonFields, JsonText, ObjectList},
        spooled_page::SpooledPage,
    },
    words::WordReader,
};
use crate::parse::local::Findings;

/// Different words that are kept of all pages of a document together: 32 MiB.
const MOST_WORDS: usize = 4 << 20;
/// And of one page, at least and at most. A page with more is judged by a sample of its words.
const MOST_WORDS_OF_PAGE: (usize, usize) = (64, 1024);
/// Of a page with a larger share of characters without a Unicode value, nobody knows the words.
const MOST_UNMAPPED: f64 = 0.05;

/// The words of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageWords {
    /// Ascending; each with how often an engine should find it. Text that the page does not show, notes and the text
    /// layer of a scan need not be found, and are not invented.
    words: Box<[(u32, u16)]>,
    /// Words with larger numbers are not part of the sample.
    limit: u32,
    /// How many words an engine should find.
    due: u32,
    /// Characters that the page shows, without spaces and the text layer of a scan.
    characters: u32,
    /// Whether all that an engine can read on the page is text of the PDF.
    is_all_text: bool,
}

impl PageWords {
    /// Returns how many different words are kept of each page, of so many pages.
    pub(crate) fn most_words(pages: usize) -> usize {
        (MOST_WORDS / pages.max(1)).clamp(MOST_WORDS_OF_PAGE.0, MOST_WORDS_OF_PAGE.1)
    }

    /// Reads the words of a page out of the JSON of its local parse. `None` if its text cannot be trusted.
    pub(crate) fn of_page(
        json: &str,
        number: u32,
        findings: &Findings,
        most_words: usize,
    ) -> serde_json::Result<Option<Self>> {
        let is_mapped = |(unmapped, all): (u32, u32)| f64::from(unmapped) <= MOST_UNMAPPED * f64::from(all);
        if findings.suspicion.is_some() || !findings.unmapped.is_none_or(is_mapped) {
            return Ok(None);
        }
        let mut sample = Sample { words: BTreeMap::new(), limit: u32::MAX, most_words };
        for element in SpooledPage::read(json, number)?.elements() {
            let element = element?;
            let due = u16::from(is_due(&element)?);
            each_word(&element, |word| sample.add(word, due))?;
        }
        let Sample { words, limit, .. } = sample;
        let is_all_text = findings.ocr_characters == 0
            && !findings.has_pictures
            && findings.unmapped.is_none()
            && findings.cut.is_empty();
        Ok(Some(Self {
            due: words.values().map(|count| u32::from(*count)).sum(),
            words: words.into_iter().collect(),
            limit,
            characters: findings.visible_characters.saturating_sub(findings.ocr_characters),
            is_all_text,
        }))
    }

    pub(super) const fn due(&self) -> u32 {
        self.due
    }

    pub(super) const fn characters(&self) -> u32 {
        self.characters
    }

    pub(super) const fn is_all_text(&self) -> bool {
        self.is_all_text
    }

    /// Says whether a word is part of the sample.
    pub(super) const fn samples(&self, word: u32) -> bool {
        word <= self.limit
    }

    /// Returns how often each word should be found, in their order.
    pub(super) fn counts(&self) -> Vec<u16> {
        self.words.iter().map(|(_, count)| *count).collect()
    }

    /// Returns the place of a word in that order; `None` if the page does not hold it.
    pub(super) fn place_of(&self, word: u32) -> Option<usize> {
        self.words.binary_search_by_key(&word, |(found, _)| *found).ok()
    }
}

/// Those words whose numbers are smallest: as good as drawn by lot, and the same for both engines.
struct Sample {
    words: BTreeMap<u32, u16>,
    limit: u32,
    most_words: usize,
}

impl Sample {
    fn add(&mut self, word: u32, due: u16) {
        if word > self.limit {
            return;
        }
        let count = self.words.entry(word).or_default();
        *count = count.saturating_add(due);
        if self.words.len() > self.most_words
            && let Some((largest, _)) = self.words.pop_last()
        {
            self.limit = largest.saturating_sub(1);
        }
    }
}

/// Says whether the page shows an element as text of its own.
fn is_due(element: &JsonFields<'_>) -> serde_json::Result<bool> {
    let layer: Option<ContentLayer> = element.get("content_layer")?;
    let source: Option<TextSource> = element.get("text_source")?;
    Ok(layer == Some(ContentLayer::Body) && source == Some(TextSource::Native))
}

/// Reads the words of an element's text or, if that is empty, of its cells.
pub(super) fn each_word(element: &JsonFields<'_>, mut take: impl FnMut(u32)) -> serde_json::Result<()> {
    if let Some(text) = element.text("text")?.filter(|text| !text.is_empty()) {
        read(text, &mut take);
        return Ok(());
    }
    let Some(table) = element.fields("table")? else { return Ok(()) };
    let Some(cells) = table.raw("cells") else { return Ok(()) };
    for cell in ObjectList::of(cells)? {
        if let Some(text) = cell?.text("text")? {
            read(text, &mut take);
        }
    }
    Ok(())
}

fn read(text: JsonText<'_>, take: &mut impl FnMut(u32)) {
    let mut reader = WordReader::default();
    let Ok(()) = text.each_piece(|piece| {
        reader.read(piece, take);
        Ok::<_, Infallible>(())
    });
    reader.end(take);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse::local::{Doubt, Suspicion, lay_out, testing::Page, to_parsed_page};

    fn words(page: &Page, most_words: usize) -> PageWords {
        let text = lay_out(page.content());
        let findings = text.findings.clone();
        let json = serde_json::to_string(&to_parsed_page(text, false)).expect("a page is plain data");
        PageWords::of_page(&json, 1, &findings, most_words).expect("a page").expect("a text to trust")
    }

    #[test]
    fn what_the_page_shows_is_due_and_what_it_hides_is_known() {
        let page = Page::new().write("one two one", 50.0, 100.0).write("secret", 50.0, 300.0);
        let words = words(&page.with(|text| text.painted = false), 64);
        assert_eq!((words.due(), words.characters(), words.is_all_text()), (3, 9, true));
        let mut counts = words.counts();
        counts.sort_unstable();
        assert_eq!(counts, [0, 1, 2]);
    }

    #[test]
    fn a_page_of_many_words_is_sampled_by_their_numbers() {
        let text: Vec<String> = (0..200).map(|word| format!("w{word}")).collect();
        let element = json!({ "text": text.join(" "), "content_layer": "body", "text_source": "native" });
        let json = json!({ "page": { "page_number": 1 }, "elements": [element] }).to_string();
        let words = |most_words| {
            PageWords::of_page(&json, 1, &Findings::default(), most_words).expect("a page").expect("a text to trust")
        };
        let (all, sample) = (words(1024), words(64));
        assert_eq!((all.due(), sample.due()), (200, 64));
        let is_smallest = |word: &u32| sample.samples(*word) == sample.place_of(*word).is_some();
        assert!(all.words.iter().all(|(word, _)| is_smallest(word)));
    }

    #[test]
    fn a_text_that_cannot_be_trusted_is_not_compared() {
        let json = r#"{"page":{"page_number":1,"status":"succeeded"},"elements":[]}"#;
        let is_compared = |findings: &Findings| PageWords::of_page(json, 1, findings, 64).expect("a page").is_some();
        let suspicion = Some(Suspicion { doubt: Doubt::Symbols, measure: 0.5 });
        assert!(is_compared(&Findings { unmapped: Some((6, 3000)), ..Findings::default() }));
        assert!(!is_compared(&Findings { unmapped: Some((600, 3000)), ..Findings::default() }));
        assert!(!is_compared(&Findings { suspicion, ..Findings::default() }));
    }
}
