//! What elements of small documents are.

use quire_schemas::element::{BBox, ContentLayer, Element, ElementType, Formatting, Granularity, Region};

use super::{super::spooled_page::SpooledPage, PageFacts, Structure};
use crate::{parse::ParsedPage, pipeline::testing::parsed_page};

/// An element in the making: its text, size, whether it is bold, its left side, its top and its tag. Pages are 800
/// points high.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) text: &'static str,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) tag: Option<&'static str>,
}

pub(super) const fn given(text: &'static str, top: f64) -> Given {
    Given { text, size: 10.0, bold: false, left: 50.0, top, tag: None }
}

pub(super) const BODY: &str =
    "This is running text that goes on for a while, so that the size of the body can be told from it.";

fn element(given: &Given) -> Element {
    let mut element = parsed_page(1, &[given.text]).elements.remove(0);
    element.native.engine = "pdfium".to_owned();
    element.native.kind = "paragraph".to_owned();
    element.content_layer = Some(ContentLayer::Body);
    element.formatting =
        Some(Formatting { font_size: Some(given.size), bold: Some(given.bold), ..Formatting::default() });
    element.extra.extend(given.tag.map(|tag| ("tag".to_owned(), tag.into())));
    let bbox = BBox::new(given.left, given.top, given.left + 300.0, given.top + 1.2 * given.size);
    element.regions = vec![Region {
        page_number: 1,
        bbox: Some(bbox),
        polygon: None,
        angle: None,
        confidence: None,
        char_span: None,
        granularity: Some(Granularity::Element),
        label: None,
    }];
    element
}

pub(super) fn page(number: u32, elements: &[Given]) -> ParsedPage {
    let mut page = parsed_page(number, &[]);
    page.page.height = Some(800.0);
    page.elements = elements.iter().map(element).collect();
    page
}

pub(super) fn structure(pages: &[ParsedPage]) -> Structure {
    let mut structure = Structure::default();
    for page in pages {
        let json = serde_json::to_string(page).expect("plain data");
        let page = SpooledPage::read(&json, page.page.page_number).expect("a page");
        structure.begin_page(&page).expect("a page");
        page.elements().for_each(|element| structure.add(&element.expect("an element")).expect("an element"));
    }
    structure
}

/// Returns what is known of texts of the body's size, each with its left side and its top.
pub(super) fn facts(number: u32, elements: &[(&'static str, f64, f64)]) -> PageFacts {
    let elements: Vec<Given> =
        elements.iter().map(|(text, left, top)| Given { left: *left, ..given(text, *top) }).collect();
    structure(&[page(number, &elements)]).pages.remove(0)
}

/// Returns the types of the elements of the first page: `-` for what stays as it is.
pub(super) fn kinds(pages: &[ParsedPage]) -> Vec<String> {
    let decisions = structure(pages).decide(true, &[]);
    let kind = |index: usize| {
        let Some(decision) = decisions.of((1, index)) else { return "-".to_owned() };
        let level = decision.level.map(|level| level.to_string()).unwrap_or_default();
        let depth = decision
            .list
            .as_ref()
            .and_then(|list| list.info.depth)
            .map(|depth| format!("@{depth}"))
            .unwrap_or_default();
        let kind =
            if decision.kind == ElementType::ListItem { "item".to_owned() } else { decision.kind.as_str().to_owned() };
        format!("{kind}{level}{depth}")
    };
    (0..pages[0].elements.len()).map(kind).collect()
}

#[test]
fn larger_numbered_and_bold_lines_are_headings_and_sentences_are_not() {
    let bold = |text, top| Given { bold: true, ..given(text, top) };
    let sized = |text, top, size| Given { size, ..given(text, top) };
    let elements = [
        sized("A report on water", 60.0, 20.0),
        given(BODY, 100.0),
        sized("1 Methods", 150.0, 14.0),
        given(BODY, 180.0),
        bold("1.1 Samples", 220.0),
        given(BODY, 240.0),
        bold("Where they came from", 280.0),
        given(BODY, 300.0),
        bold("All of this line is bold, and it is a sentence.", 340.0),
        given(BODY, 360.0),
        bold("Table 3: A caption", 400.0),
        given(BODY, 420.0),
    ];
    let kinds = kinds(&[page(1, &elements)]);
    assert_eq!(
        kinds,
        [
            "title1",
            "-",
            "section_header2",
            "-",
            "section_header3",
            "-",
            "section_header3",
            "-",
            "-",
            "-",
            "caption",
            "-"
        ]
    );
}

#[test]
fn items_count_and_are_nested_by_their_indent() {
    let set_in = |text, top| Given { left: 70.0, ..given(text, top) };
    let elements = [
        given(BODY, 60.0),
        given("1. the first thing", 90.0),
        set_in("(a) a part of it", 105.0),
        set_in("(b) another part", 120.0),
        given("2. the second thing", 135.0),
        given(BODY, 160.0),
        given("7. no item, because nothing follows", 200.0),
        given(BODY, 220.0),
        given("• a bullet is an item by itself", 260.0),
        given(BODY, 280.0),
    ];
    let kinds = kinds(&[page(1, &elements)]);
    assert_eq!(kinds, ["-", "item@0", "item@1", "item@1", "item@0", "-", "-", "-", "item@0", "-"]);
}

#[test]
fn what_repeats_at_the_edge_of_pages_is_furniture_and_so_is_a_lone_page_number() {
    let of = |number: u32, foot: &'static str, body: &'static str| {
        let elements = [
            given("The Journal of Water", 30.0),
            given(body, 150.0),
            given(BODY, 200.0),
            given(BODY, 300.0),
            given(foot, 770.0),
        ];
        page(number, &elements)
    };
    let pages = [of(1, "11", BODY), of(2, "12", "Other text of the body stands here on this page."), of(3, "13", BODY)];
    assert_eq!(kinds(&pages), ["page_header", "-", "-", "-", "page_number"]);
    let heads = [1, 2, 3].map(|number| page(number, &[given("The Journal of Water", 30.0)]));
    assert_eq!(kinds(&heads), ["page_header"]);
    let lone = [given(BODY, 100.0), given(BODY, 200.0), given(BODY, 300.0), given("Page 3 of 9", 770.0)];
    assert_eq!(kinds(&[page(1, &lone)]), ["-", "-", "-", "page_number"]);
}

#[test]
fn notes_are_small_and_at_the_foot_and_contents_lead_to_pages() {
    let note = Given { size: 8.0, ..given("1 A note that says where this is from", 740.0) };
    assert_eq!(kinds(&[page(1, &[given(BODY, 100.0), given(BODY, 300.0), note])]), ["-", "-", "footnote"]);
    let contents = [
        given("Methods ........ 3", 100.0),
        given("Results ........ 7", 115.0),
        given("Notes ........ 9", 130.0),
        given(BODY, 300.0),
    ];
    assert_eq!(kinds(&[page(1, &contents)]), ["document_index", "document_index", "document_index", "-"]);
}

#[test]
fn a_paragraph_beside_what_repeats_is_no_furniture_and_neither_are_headings_that_count() {
    let long = "This is a paragraph that is a good deal longer than any line that stands beside a running head, because it \
                goes on and on, for more than the ninety characters that such a line may have.";
    let beside = Given { left: 400.0, ..given(long, 30.0) };
    let first = [given("Experience", 30.0), beside, given(BODY, 200.0), given(BODY, 300.0)];
    let other = [given("Experience", 30.0), given("Other text on another page.", 200.0)];
    assert_eq!(kinds(&[page(1, &first), page(2, &other)]), ["-", "-", "-", "-"]);
    let chapter = |text| Given { size: 18.0, ..given(text, 40.0) };
    let pages = [
        page(1, &[chapter("Chapter 1 Water"), given(BODY, 100.0)]),
        page(2, &[chapter("Chapter 2 Water"), given("Other text on another page, which goes on.", 100.0)]),
    ];
    assert_eq!(kinds(&pages), ["section_header1", "-"]);
}

#[test]
fn a_list_goes_on_behind_a_long_list_inside_of_it() {
    let set_in = |text, top| Given { left: 70.0, ..given(text, top) };
    let inner = ["(a) one", "(b) two", "(c) three", "(d) four", "(e) five", "(f) six"];
    let inner = inner.iter().enumerate().map(|(row, text)| set_in(*text, 105.0 + 15.0 * row as f64));
    let mut elements = vec![given("1. the first thing", 90.0)];
    elements.extend(inner);
    elements.push(given("2. the second thing", 200.0));
    let expected = ["item@0", "item@1", "item@1", "item@1", "item@1", "item@1", "item@1", "item@0"];
    assert_eq!(kinds(&[page(1, &elements)]), expected);
}

#[test]
fn a_list_behind_a_break_is_no_part_of_one_that_is_like_it_and_none_is_nested_without_end() {
    let numbered = |left: f64, top: f64| {
        let at = |text, top| Given { left, ..given(text, top) };
        [at("1. the first thing", top), at("2. the second thing", top + 15.0)]
    };
    let mut beside = numbered(50.0, 100.0).to_vec();
    beside.extend(numbered(320.0, 100.0));
    assert_eq!(kinds(&[page(1, &beside)]), ["item@0"; 4]);
    let lists: Vec<Given> =
        (0..20).flat_map(|depth| numbered(50.0 + 4.0 * f64::from(depth), 35.0 * f64::from(depth))).collect();
    let pages = [page(1, &numbered(50.0, 300.0)), page(2, &numbered(50.0, 300.0))];
    let decisions = structure(&pages).decide(true, &[]);
    let depth = |at| decisions.of(at).and_then(|decision| decision.list.as_ref()).and_then(|list| list.info.depth);
    assert_eq!([(1, 0), (1, 1), (2, 0), (2, 1)].map(depth), [Some(0); 4]);
    assert_eq!(kinds(&[page(1, &lists)]).last().map(String::as_str), Some("item@16"));
}

#[test]
fn any_number_of_styles_has_an_order_and_six_levels() {
    let mut elements = Vec::new();
    for number in 0..40 {
        let (size, bold) = (12.0 + 0.25 * f64::from(number), number % 3 == 0);
        let text = if number % 2 == 0 { "A heading of its own" } else { "A HEADING OF ITS OWN" };
        elements.push(Given { size, bold, ..given(text, 20.0 * f64::from(number)) });
        elements.push(given(BODY, 20.0 * f64::from(number) + 15.0));
    }
    let kinds = kinds(&[page(1, &elements)]);
    let levels: Vec<&str> = kinds.iter().filter_map(|kind| kind.strip_prefix("section_header")).collect();
    assert!(levels.len() > 10 && levels.iter().all(|level| ("1"..="6").contains(level)), "{levels:?}");
}

#[test]
fn a_caption_of_a_figure_belongs_to_the_picture_right_above_or_below_it() {
    let elements = [
        given(BODY, 60.0),
        given("Figure 1: A boat on a lake", 90.0),
        given("", 110.0),
        given("Figure 2: A tree", 200.0),
        given("Table 3: Trees", 140.0),
    ];
    let mut page = page(1, &elements);
    page.elements[2].native.kind = "image_object".to_owned();
    let tagged = Given { tag: Some("Caption"), ..given("A boat in the old harbour", 125.0) };
    page.elements.push(element(&tagged));
    let decisions = structure(&[page]).decide(true, &[]);
    let captioned = [1, 3, 4, 5].map(|index| decisions.captioned_by((1, index)));
    assert_eq!(captioned, [Some((1, 2)), None, None, Some((1, 2))]);
    assert_eq!(decisions.belongings_of((1, 2)).map(|found| found.captions.clone()), Some(vec![(1, 1), (1, 5)]));
}

#[test]
fn letters_and_dashes_are_items_in_runs_only() {
    for (first, next, expected) in [
        ("(a) the first", "(b) the second", ["item@0", "item@0"]),
        ("(iii) the third", "(iv) the fourth", ["-", "-"]),
        ("(i) the first", "(ii) the second", ["item@0", "item@0"]),
        ("(a) the first", "(d) another one", ["-", "-"]),
        ("- one of two", "- two of them", ["item@0", "item@0"]),
        ("- one alone", "and other text", ["-", "-"]),
        ("1.1 the first", "1.2 the second", ["item@0", "item@0"]),
    ] {
        let elements = [given(BODY, 200.0), given(first, 230.0), given(next, 245.0), given(BODY, 270.0)];
        assert_eq!(kinds(&[page(1, &elements)])[1..3], expected, "{first}");
    }
}

#[test]
fn titles_with_rising_page_numbers_far_beside_them_are_contents() {
    let number = |text, top| Given { left: 400.0, ..given(text, top) };
    let of = |pages: &[&'static str]| {
        let titles = ["Methods", "Results", "Discussion", "Notes"];
        let line = |(row, (title, page)): (usize, (&&'static str, &&'static str))| {
            let top = 200.0 + 15.0 * row as f64;
            [given(title, top), number(page, top)]
        };
        let lines = titles.iter().zip(pages).enumerate().flat_map(line);
        kinds(&[page(1, &lines.chain([given(BODY, 300.0)]).collect::<Vec<_>>())])
    };
    assert_eq!(of(&["3", "7", "9", "12"])[..8], ["document_index"; 8]);
    assert_eq!(of(&["3", "7", "9", "5"])[..8], ["-"; 8]);
    assert_eq!(of(&["3", "7", "9"])[..6], ["-"; 6]);
}

#[test]
fn elements_behind_so_many_are_not_judged_and_a_warning_says_so() {
    let page = page(1, &[given("- an item", 100.0)]);
    let json = serde_json::to_string(&page).expect("plain data");
    let page = SpooledPage::read(&json, 1).expect("a page");
    let element = page.elements().next().expect("it has one").expect("an element");
    let mut structure = Structure::default();
    structure.begin_page(&page).expect("a page");
    structure.add(&element).expect("an element");
    structure.bytes = super::MOST_BYTES - structure.bytes;
    structure.add(&element).expect("an element");
    assert_eq!((structure.warning(), structure.pages[0].facts.len()), (None, 2));
    structure.add(&element).expect("an element");
    let warning = structure.warning().expect("one is too many");
    assert!(warning.message.contains("the first 2 only"), "{}", warning.message);
    assert_eq!(structure.pages[0].facts.len(), 2);
}
