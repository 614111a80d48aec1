//! Compares what an engine found on each page with what the PDF itself holds. Pure.

use std::collections::BTreeMap;

use quire_schemas::{
    failure::WarningCode,
    result::{BranchName, Phase, Warning},
};

use super::statistics::{OfPage, Statistics};

/// Pages with fewer native characters are not judged.
const ENOUGH_TO_JUDGE: u32 = 40;
/// Share of the native characters that an engine should find.
const LOW_RECALL: f64 = 0.5;

/// Names the pages on which the engine found too little. `native` counts the characters of each page
/// that are not spaces; pages that it does not name are not judged.
pub(super) fn warnings(statistics: &Statistics, native: &BTreeMap<u32, u32>) -> Vec<Warning> {
    let of_page = |page: &OfPage| native.get(&page.number).and_then(|native| warning(page, *native));
    statistics.pages().iter().filter_map(of_page).collect()
}

fn warning(page: &OfPage, native: u32) -> Option<Warning> {
    if native < ENOUGH_TO_JUDGE || page.has_failed {
        return None;
    }
    let found = page.visible_characters;
    let (code, message) = match found {
        0 => (WarningCode::EmptyPage, "the engine found nothing on a page that has text".to_owned()),
        _ if f64::from(found) < f64::from(native) * LOW_RECALL => {
            (WarningCode::LowTextRecall, format!("the engine found {found} of {native} characters"))
        }
        _ => return None,
    };
    Some(Warning::of(code, message).on_page(page.number).in_branch(BranchName::Parse).in_phase(Phase::Parse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::testing::{failed_page, parsed_page};

    #[test]
    fn only_pages_with_enough_text_and_too_few_elements_are_named() {
        let statistics = Statistics::of(&[
            parsed_page(1, &[&"x".repeat(50)]),
            parsed_page(2, &["x"]),
            parsed_page(3, &[]),
            parsed_page(4, &[]),
            failed_page(5),
            parsed_page(6, &[]),
        ]);
        let native = BTreeMap::from([(1, 100), (2, 100), (3, 100), (4, 39), (5, 100)]);
        let found: Vec<_> =
            warnings(&statistics, &native).into_iter().map(|warning| (warning.page_number, warning.code)).collect();
        assert_eq!(found, [(Some(2), "low_text_recall".to_owned()), (Some(3), "empty_page".to_owned())]);
    }
}
