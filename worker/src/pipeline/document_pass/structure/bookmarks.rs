//! The bookmarks of a document: a line that may be a heading, and that a bookmark of its page names, is one. Pure.

use std::collections::BTreeMap;

use quire_schemas::result::OutlineEntry;

use super::{
    fact::{Fact, Kind},
    thresholds::LETTERS_OF_BOOKMARK,
};

/// The titles of the bookmarks of each page, with their places in the outline.
#[derive(Debug, Default)]
pub(super) struct Bookmarks(BTreeMap<(u32, String), usize>);

impl Bookmarks {
    /// Takes the bookmarks that lead to a page; of those that are alike the first one.
    pub(super) fn of(outline: &[OutlineEntry]) -> Self {
        let mut bookmarks = BTreeMap::new();
        for (place, entry) in outline.iter().enumerate() {
            let title = key(&entry.title);
            if let Some(page) = entry.page_number.filter(|_| !title.is_empty()) {
                bookmarks.entry((page, title)).or_insert(place);
            }
        }
        Self(bookmarks)
    }

    /// Returns the place in the outline of the bookmark that names an element of a page.
    pub(super) fn naming(&self, fact: &Fact, page: u32) -> Option<usize> {
        if self.0.is_empty() || fact.kind != Kind::Text {
            return None;
        }
        self.0.get(&(page, key(&fact.text.head))).copied()
    }
}

/// Returns the first letters and digits of a title in small letters, without the number that it begins with: bookmarks
/// often leave it out.
fn key(title: &str) -> String {
    let title = title.trim_start_matches(|character: char| !character.is_alphabetic());
    title
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(LETTERS_OF_BOOKMARK)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{BODY, given, page, structure},
        *,
    };

    #[test]
    fn a_line_that_a_bookmark_of_its_page_names_is_a_heading_and_the_bookmark_leads_to_it() {
        let bookmark = |title: &str, page_number| OutlineEntry {
            title: title.to_owned(),
            level: 1,
            page_number: Some(page_number),
            element_id: None,
        };
        let pages = [page(1, &[given(BODY, 100.0), given("3.1 Where it Was", 114.0), given(BODY, 128.0)])];
        let outline = [bookmark("Elsewhere", 1), bookmark("Where it was", 1), bookmark("Where it was", 2)];
        let decisions = structure(&pages).decide(true, &outline);
        let level = decisions.of((1, 1)).and_then(|decision| decision.level);
        assert_eq!((level, decisions.bookmarked(1)), (Some(2), Some((1, 1))));
        assert_eq!((decisions.bookmarked(0), decisions.bookmarked(2)), (None, None));
        assert!(structure(&pages).decide(true, &[]).of((1, 1)).is_none());
    }

    #[test]
    fn a_long_title_is_found_by_its_beginning() {
        const LONG: &str =
            "Of the ways in which paper was made in the mills along the river before there were any machines";
        let heading =
            "4.2 Of the ways in which paper was made in the mills along the river before there were any machines";
        let pages = [page(1, &[given(BODY, 100.0), given(heading, 114.0), given(BODY, 128.0)])];
        let outline =
            [OutlineEntry { title: format!("{LONG}, and after"), level: 1, page_number: Some(1), element_id: None }];
        assert_eq!(structure(&pages).decide(true, &outline).bookmarked(0), Some((1, 1)));
    }
}
