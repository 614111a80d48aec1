//! Page selections such as `1-5,8,12-`.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::InvalidName;

/// More ranges than any person or program writes; bounds what one message can make us hold.
const MAX_RANGES: usize = 10_000;

/// A set of pages, counted from 1. Order and repetition in the text do not matter: `8,1-5,5-3`
/// names the pages 1 to 5 and 8. A range with no end (`12-`) runs to the last page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = PageRanges::FORMAT))]
pub struct PageRanges(
    /// Merged, ascending, not touching; only the last may be open (`u32::MAX`).
    Vec<(u32, u32)>,
);

const OPEN: u32 = u32::MAX;

impl PageRanges {
    /// The grammar, for people.
    pub(crate) const RULE: &str = "1-based pages and ranges such as 1-5,8,12-";
    /// The name of the grammar in JSON Schemas.
    pub(crate) const FORMAT: &str = "page-ranges";

    /// Selects every page: `1-`.
    #[must_use]
    pub fn all() -> Self {
        Self(vec![(1, OPEN)])
    }

    /// Selects these pages; a page counts once, however often it is named.
    #[must_use]
    pub fn of_pages(pages: impl IntoIterator<Item = u32>) -> Self {
        Self(merge(pages.into_iter().map(|page| (page, page)).collect()))
    }

    /// Returns the selection less some pages; `None` if that leaves none. Every page less the 37th
    /// is `1-36,38-`.
    #[must_use]
    pub fn without(&self, pages: &[u32]) -> Option<Self> {
        let mut left = self.0.clone();
        for &page in pages {
            left = left.into_iter().flat_map(|range| on_either_side(range, page)).collect();
        }
        (!left.is_empty()).then_some(Self(left))
    }

    /// Lists the selected pages of a document, ascending. Pages beyond its end are left out, so
    /// the list is empty if nothing is left.
    #[must_use]
    pub fn resolve(&self, page_count: u32) -> Vec<u32> {
        self.0.iter().flat_map(|&(first, last)| first..=last.min(page_count)).collect()
    }

    /// Says whether a page is selected.
    #[must_use]
    pub fn contains(&self, page: u32) -> bool {
        self.0.iter().any(|&(first, last)| (first..=last).contains(&page))
    }
}

impl FromStr for PageRanges {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = || InvalidName::new("page range", text, PageRanges::RULE);
        let mut ranges = Vec::new();
        for part in text.split(',') {
            if ranges.len() == MAX_RANGES {
                return Err(invalid());
            }
            ranges.push(range(part.trim()).ok_or_else(invalid)?);
        }
        Ok(Self(merge(ranges)))
    }
}

fn range(part: &str) -> Option<(u32, u32)> {
    let (first, last) = match part.split_once('-') {
        None => (page(part)?, page(part)?),
        Some((first, "")) => (page(first)?, OPEN),
        Some((first, last)) => (page(first)?, page(last)?),
    };
    Some((first.min(last), first.max(last)))
}

/// Digits only: `u32::from_str` would also take `+3`.
fn page(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let page: u32 = digits.then(|| text.parse().ok()).flatten()?;
    (1..OPEN).contains(&page).then_some(page)
}

fn on_either_side((first, last): (u32, u32), page: u32) -> impl Iterator<Item = (u32, u32)> {
    let parts = if (first..=last).contains(&page) {
        // No document has a page whose number stands for the open end.
        let is_right_empty = page == last || page + 1 == OPEN;
        [(first < page).then(|| (first, page - 1)), (!is_right_empty).then(|| (page + 1, last))]
    } else {
        [Some((first, last)), None]
    };
    parts.into_iter().flatten()
}

fn merge(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => previous.1 = previous.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

impl fmt::Display for PageRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, &(first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match last {
                OPEN => write!(f, "{comma}{first}-")?,
                _ if first == last => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for PageRanges {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<PageRanges> for String {
    fn from(ranges: PageRanges) -> Self {
        ranges.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(text: &str, page_count: u32) -> Vec<u32> {
        text.parse::<PageRanges>().expect("a valid range").resolve(page_count)
    }

    #[test]
    fn single_pages_are_written_as_ranges() {
        assert_eq!(PageRanges::of_pages([8, 1, 2, 3, 3, 5]).to_string(), "1-3,5,8");
    }

    #[test]
    fn ranges_merge_whatever_their_order() {
        assert_eq!(resolve("8,1-5,5-3,12-", 13), [1, 2, 3, 4, 5, 8, 12, 13]);
        assert_eq!("5-1, 2,7".parse::<PageRanges>().expect("valid").to_string(), "1-5,7");
        assert_eq!(resolve("9-", 8), Vec::<u32>::new());
    }

    #[test]
    fn what_is_not_a_page_range_is_refused() {
        for bad in ["", ",", "0", "0-3", "-3", "1--2", "a", "1;2", "+1", "4294967295", "1,", "١"] {
            assert!(bad.parse::<PageRanges>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_page_is_left_out_of_every_page_or_of_a_selection() {
        let without = |text: &str, pages: &[u32]| {
            let ranges: PageRanges = text.parse().expect("a valid range");
            ranges.without(pages).map(|left| left.to_string())
        };
        assert_eq!(PageRanges::all().without(&[37]).map(String::from).as_deref(), Some("1-36,38-"));
        assert_eq!(without("1-36,38-", &[40, 1]).as_deref(), Some("2-36,38-39,41-"));
        assert_eq!(without("3-5", &[4, 4, 9]).as_deref(), Some("3,5"));
        assert_eq!(without("3-5", &[]).as_deref(), Some("3-5"));
        assert_eq!(without("7", &[7]), None);
        assert_eq!(without("1-", &[OPEN - 1]).as_deref(), Some("1-4294967293"));
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_all_that_is_missing(
            parts in prop::collection::vec((1u32..60, 1u32..60), 1..8),
            left_out in prop::collection::vec(1u32..60, 0..8),
        ) {
            let text = parts.iter().map(|(a, b)| format!("{a}-{b}")).collect::<Vec<_>>().join(",");
            let ranges: PageRanges = text.parse().expect("generated from the grammar");
            let mut expected = ranges.resolve(59);
            expected.retain(|page| !left_out.contains(page));
            let left = ranges.without(&left_out);
            prop_assert_eq!(left.as_ref().map(|left| left.resolve(59)).unwrap_or_default(), expected);
            if let Some(left) = left {
                prop_assert_eq!(left.to_string().parse::<PageRanges>().expect("displays as it parses"), left);
            }
        }

        #[test]
        fn any_text_parses_or_is_refused_without_a_panic(text in ".{0,40}") {
            let _ = text.parse::<PageRanges>();
        }

        #[test]
        fn a_selection_is_the_union_of_its_parts(parts in prop::collection::vec((1u32..60, 1u32..60), 1..8)) {
            let text = parts.iter().map(|(a, b)| format!("{a}-{b}")).collect::<Vec<_>>().join(",");
            let ranges: PageRanges = text.parse().expect("generated from the grammar");
            let expected: Vec<u32> = (1..=50)
                .filter(|page| parts.iter().any(|(a, b)| (*a.min(b)..=*a.max(b)).contains(page)))
                .collect();
            prop_assert_eq!(ranges.resolve(50), expected);
            prop_assert_eq!(ranges.to_string().parse::<PageRanges>().expect("displays as it parses"), ranges);
        }
    }
}
