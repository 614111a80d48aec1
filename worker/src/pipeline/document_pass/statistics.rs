//! First phase of the pass: numbers about the whole document, folded page by page. Pure.

use quire_schemas::result::Warning;

use super::{
    hyphens::{Words, count_words},
    json_fields::JsonFields,
    limits::{PassLimits, limit_reached},
    spooled_page::SpooledPage,
};

/// What the rewriting of any page may depend on. Holds a few numbers for each page, and a table of words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    /// Ascending.
    pages: Vec<OfPage>,
    pictures: u32,
    /// Text and Markdown of all page rows, as JSON.
    row_text_bytes: u64,
    /// Further fields and errors of all page rows, as JSON.
    row_extra_bytes: u64,
    /// Words of the local engine's elements.
    words: Words,
}

/// Numbers about one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OfPage {
    pub(super) number: u32,
    /// Pictures of the pages before it.
    pub(super) pictures_before: u32,
}

impl Statistics {
    /// Takes the next page; pages come in ascending order. Its elements follow.
    pub(super) fn begin_page(&mut self, page: &SpooledPage<'_>) {
        self.pages.push(OfPage { number: page.number, pictures_before: self.pictures });
        let bytes = |name: &str| page.row.raw(name).map_or(0, |value| value.get().len() as u64);
        self.row_text_bytes += bytes("text") + bytes("markdown");
        self.row_extra_bytes += bytes("extra") + bytes("errors");
    }

    /// Takes the next element of the page that was begun.
    pub(super) fn add(&mut self, element: &JsonFields<'_>) -> serde_json::Result<()> {
        count_words(element, &mut self.words)?;
        self.pictures = self.pictures.saturating_add(u32::from(names_picture(element)?));
        Ok(())
    }

    /// Returns the numbers of a page that was added; `None` for any other page.
    pub(super) fn of_page(&self, number: u32) -> Option<&OfPage> {
        self.pages.binary_search_by_key(&number, |page| page.number).ok().map(|at| &self.pages[at])
    }

    pub(super) const fn words(&self) -> &Words {
        &self.words
    }

    /// Says whether page rows carry text and Markdown. All of them do, or none.
    pub(super) const fn rows_carry_text(&self, limits: &PassLimits) -> bool {
        self.row_text_bytes + self.row_extra_bytes <= limits.row_bytes
    }

    /// Says whether page rows carry their further fields. All of them do, or none.
    pub(super) const fn rows_carry_extra(&self, limits: &PassLimits) -> bool {
        self.row_extra_bytes <= limits.row_bytes
    }

    /// Names the limits that the document as a whole exceeds.
    pub(super) fn warnings(&self, limits: &PassLimits) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !self.rows_carry_text(limits) {
            let (found, most) = (self.row_text_bytes + self.row_extra_bytes, limits.row_bytes);
            warnings.push(limit_reached(format!(
                "the page rows have {found} bytes with their text and Markdown, which are left out of them; they may \
                 have {most}, and the elements hold the text"
            )));
        }
        if !self.rows_carry_extra(limits) {
            let (found, most) = (self.row_extra_bytes, limits.row_bytes);
            warnings.push(limit_reached(format!(
                "the page rows have {found} bytes of further fields, which are left out; they may have {most}, and the \
                 stored answer of the engine holds them"
            )));
        }
        if self.pictures > limits.pictures {
            let (found, most) = (self.pictures, limits.pictures);
            warnings.push(limit_reached(format!(
                "the elements have {found} pictures; those after the first {most} are left out"
            )));
        }
        warnings
    }
}

fn names_picture(element: &JsonFields<'_>) -> serde_json::Result<bool> {
    Ok(element.fields("image")?.is_some_and(|image| image.raw("object").is_some()))
}

#[cfg(test)]
impl Statistics {
    /// Folds pages that come in ascending order.
    pub(super) fn of<'a>(pages: impl IntoIterator<Item = &'a crate::parse::ParsedPage>) -> Self {
        let mut statistics = Self::default();
        for page in pages {
            let json = serde_json::to_string(page).expect("a page is plain data");
            let page = SpooledPage::read(&json, page.page.page_number).expect("a page");
            statistics.begin_page(&page);
            page.elements().for_each(|element| statistics.add(&element.expect("an element")).expect("an element"));
        }
        statistics
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::testing::{failed_page, parsed_page, picture};

    #[test]
    fn each_page_knows_how_many_pictures_stand_before_it() {
        let mut first = parsed_page(2, &["a", "b"]);
        first.elements[0].image = Some(picture("1.png"));
        let statistics = Statistics::of(&[first, failed_page(5), parsed_page(9, &["def"])]);
        let of = |number| statistics.of_page(number).map(|page| page.pictures_before);
        assert_eq!([of(2), of(5), of(9), of(3)], [Some(0), Some(1), Some(1), None]);
    }
}
