//! Small documents with one trap each, through the whole pipeline.

use quire_tests::wild::{Case, Known, assert_right, cases};

/// Cases that are still wrong. A case that becomes right has to be taken out.
const KNOWN: &[Known] = &[];

/// How a file is opened, repaired or refused, and what it says of itself.
const OF_FILES: &[&str] = &["damage", "encryption", "outline", "page labels", "page tree", "title", "xfa"];

/// What a page shows: its boxes, its pictures, and whether the text is among it.
const OF_PAGES: &[&str] =
    &["hidden text", "inherited boxes", "outside page", "page boxes", "picture", "scan", "user unit"];

/// Runs the cases of these kinds.
#[track_caller]
fn assert_kinds(is_wanted: impl Fn(&str) -> bool) {
    let cases: Vec<Case> = cases().into_iter().filter(|case| is_wanted(&case.kind)).collect();
    assert_right(&cases, KNOWN);
}

#[test]
fn files_are_opened_repaired_or_refused() {
    assert_kinds(|kind| OF_FILES.contains(&kind));
}

#[test]
fn pages_are_given_as_they_are_displayed() {
    assert_kinds(|kind| OF_PAGES.contains(&kind));
}

/// All other kinds, so that a new one is never left out.
#[test]
fn text_is_given_as_a_reader_sees_it() {
    assert_kinds(|kind| !OF_FILES.contains(&kind) && !OF_PAGES.contains(&kind));
}

#[test]
fn the_lists_name_only_kinds_and_cases_that_exist() {
    let cases = cases();
    for kind in [OF_FILES, OF_PAGES].concat() {
        assert!(cases.iter().any(|case| case.kind == kind), "no case is of the kind {kind}");
    }
    for known in KNOWN {
        assert!(cases.iter().any(|case| case.name() == known.case), "no case is called {}", known.case);
    }
}
