//! Pages of engines, each beside the text that the PDF itself holds.

use quire_schemas::element::{ContentLayer, ElementType};

use super::*;
use crate::{
    parse::{ParsedPage, local::Findings},
    pipeline::testing::{failed_page, parsed_page},
};

const OWN: &str = "Quarterly report: sales of the company rose by twelve per cent in the second quarter of the year";

fn words(text: &str, findings: Findings) -> NativeText {
    let element = json!({ "text": text, "content_layer": "body", "text_source": "native" });
    let json = json!({ "page": { "page_number": 1 }, "elements": [element] }).to_string();
    let characters = text.chars().filter(|character| !character.is_whitespace()).count() as u32;
    let findings = Findings { visible_characters: characters, ..findings };
    NativeText::Words(PageWords::of_page(&json, 1, &findings, 1024).expect("a page").expect("a text to trust"))
}

fn own(text: &str) -> NativeText {
    words(text, Findings::default())
}

/// Compares pages with what is known of them, in their order.
fn reconciled(pages: Vec<(ParsedPage, NativeText)>, min_recall: Option<f64>) -> Reconciled {
    let number = |page: &ParsedPage| page.page.page_number;
    let natives = pages.iter().map(|(page, native)| (number(page), native.clone())).collect();
    let mut reconciliation = Reconciliation::new(&natives);
    for (page, _) in &pages {
        let json = serde_json::to_string(page).expect("a page is plain data");
        let page = SpooledPage::read(&json, number(page)).expect("a page");
        reconciliation.begin_page(&page).expect("a page");
        page.elements().for_each(|element| reconciliation.add(&element.expect("an element")).expect("an element"));
    }
    reconciliation.finish(min_recall)
}

/// Returns page and code of each warning.
fn codes(reconciled: &Reconciled) -> Vec<(Option<u32>, &str)> {
    reconciled.warnings.iter().map(|warning| (warning.page_number, warning.code.as_str())).collect()
}

#[test]
fn only_pages_with_enough_text_of_which_too_little_is_found_are_named() {
    let half = OWN.split_at(39).0;
    let reconciled = reconciled(
        vec![
            (parsed_page(1, &[&OWN.to_uppercase()]), own(OWN)),
            (parsed_page(2, &[half, "Quarterly report"]), own(OWN)),
            (parsed_page(3, &["", "…"]), own(OWN)),
            (parsed_page(4, &[]), own("few words")),
            (failed_page(5), own(OWN)),
        ],
        None,
    );
    assert_eq!(codes(&reconciled), [(Some(2), "low_text_recall"), (Some(3), "empty_page")]);
    assert!(!reconciled.is_partial);
    let Warning { message, details, .. } = &reconciled.warnings[0];
    assert_eq!(message, "the engine found 33.3 % of the words that the PDF itself holds on the page");
    assert_eq!(Value::Object(details.clone()), json!({ "recall": 0.333 }));
}

#[test]
fn a_page_below_the_bar_of_the_job_makes_the_parse_partial() {
    let most = OWN.rsplit_once(' ').expect("it has words").0;
    let pages = || vec![(parsed_page(1, &[OWN]), own(OWN)), (parsed_page(2, &[most]), own(OWN))];
    let enough = reconciled(pages(), Some(0.9));
    assert_eq!((codes(&enough), enough.is_partial), (vec![], false));
    let strict = reconciled(pages(), Some(0.95));
    assert_eq!(codes(&strict), [(Some(2), "low_text_recall"), (None, "low_text_recall")]);
    assert!(strict.is_partial);
    let expected = "the parse is partial: pages 2 have a recall below parse.options.min_recall (0.95)";
    assert_eq!(strict.warnings[1].message, expected);
    // A bar below the usual one silences no warning.
    let none = reconciled(vec![(parsed_page(1, &["Quarterly"]), own(OWN))], Some(0.0));
    assert_eq!((codes(&none), none.is_partial), (vec![(Some(1), "low_text_recall")], false));
}

#[test]
fn what_the_page_does_not_hold_is_invented_if_nothing_else_explains_it() {
    let invented: Vec<String> = (0..20).map(|number| format!("fiction{number}")).collect();
    let page = || parsed_page(1, &[OWN, &invented.join(" ")]);
    let told = |page: ParsedPage, findings: Findings| {
        let reconciled = reconciled(vec![(page, words(OWN, findings))], None);
        reconciled.warnings.into_iter().map(|warning| warning.message).collect::<Vec<_>>()
    };
    let expected = "52.6 % of the engine's words stand nowhere in the PDF's own text of the page";
    assert_eq!(told(page(), Findings::default()), [expected]);
    let with_pictures = Findings { has_pictures: true, ..Findings::default() };
    assert!(told(page(), with_pictures).is_empty());
    let mut described = page();
    described.elements[1].kind = ElementType::Picture;
    assert!(told(described, Findings::default()).is_empty());
    let twice = parsed_page(1, &[OWN, OWN, OWN, OWN]);
    assert!(told(twice, Findings::default()).is_empty());
}

#[test]
fn text_that_nobody_sees_is_not_found() {
    let mut page = parsed_page(1, &[OWN]);
    page.elements[0].content_layer = Some(ContentLayer::Invisible);
    assert_eq!(codes(&reconciled(vec![(page, own(OWN))], None)), [(Some(1), "empty_page")]);
}

#[test]
fn the_local_engine_is_judged_by_the_letters_that_stand_in_elements() {
    let placed = |placed| NativeText::Placed(Placement { given: 130, repeated: 20, letters: 100, placed });
    let pages = vec![
        (parsed_page(1, &[]), placed(100)),
        (parsed_page(2, &[]), placed(97)),
        (parsed_page(3, &[]), placed(0)),
        (parsed_page(4, &[]), NativeText::Placed(Placement { letters: 39, ..Placement::default() })),
    ];
    let reconciled = reconciled(pages, Some(0.98));
    let expected = [(Some(2), "low_text_recall"), (Some(3), "empty_page"), (None, "low_text_recall")];
    assert_eq!(codes(&reconciled), expected);
    let Warning { message, details, .. } = &reconciled.warnings[0];
    assert_eq!(message, "97 of 100 letters and digits that the page shows stand in elements");
    let expected = json!({ "recall": 0.97, "given_characters": 130, "repeated_characters": 20 });
    assert_eq!(Value::Object(details.clone()), expected);
}
