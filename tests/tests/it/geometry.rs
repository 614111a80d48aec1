//! What is on a page and where: boxes in points from the top-left of the page as displayed.

use std::process::Command;

use quire_producer::schemas::{
    element::{BBox, ContentLayer, Element},
    result::{OutlineEntry, ParseResult},
};
use quire_tests::{processed::Processed, samples};
use serde_json::Value;

/// The box of a line holds its whole height; what is described is the ink of its capitals.
const TOLERANCE_PT: f64 = 8.0;

/// Asks the generator what it has put into a sample.
fn described(name: &str) -> Value {
    let mut command = Command::new("python3");
    let output = command.arg(samples::path("generate.py")).arg("--describe").output().expect("python3 is there");
    let mut all: Value = serde_json::from_slice(&output.stdout).expect("the generator describes in JSON");
    all[name].take()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is described"))
}

fn bbox(value: &Value) -> BBox {
    serde_json::from_value(value.clone()).expect("a described box has four numbers")
}

fn edges_apart(a: BBox, b: BBox) -> f64 {
    a.sides().into_iter().zip(b.sides()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn texts(result: &ParseResult, page: u32) -> Vec<&str> {
    result.elements.iter().filter(|element| element.page_number == page).map(|element| element.text.as_str()).collect()
}

/// Asserts that these texts, or elements that begin with them, come in this order.
fn assert_in_order(found: &[&str], expected: &[&str]) {
    let mut rest = found.iter();
    for wanted in expected {
        assert!(rest.any(|text| text.starts_with(wanted)), "{wanted:?} is missing or comes too early in {found:#?}");
    }
}

#[test]
fn pages_have_the_size_rotation_and_label_that_the_file_gives_them() {
    for name in ["report", "rotated", "scanned"] {
        let described = described(&format!("{name}.pdf"));
        let result = Processed::sample(&format!("{name}.pdf")).result(name);
        let expected = described["pages"].as_array().expect("pages are described");
        assert_eq!(result.pages.len(), expected.len());
        for (page, expected) in result.pages.iter().zip(expected) {
            assert_eq!((page.width, page.height), (expected["width"].as_f64(), expected["height"].as_f64()), "{name}");
            assert_eq!(page.rotation.map(u64::from), expected["rotation"].as_u64(), "{name}");
            assert_eq!(page.page_label.as_deref(), expected["label"].as_str(), "{name}");
        }
    }
}

#[test]
fn a_word_on_a_turned_and_cropped_page_is_where_it_is_seen() {
    let described = described("rotated.pdf");
    let result = Processed::sample("rotated.pdf").result("rotated");
    for number in 1..=3 {
        let expected = &described["pages"][number - 1];
        let anchor = &expected["anchor"];
        let ink = bbox(&anchor["bbox"]);
        let elements = result.elements.iter().filter(|element| element.page_number as usize == number);
        let mut regions = elements
            .filter(|element| element.text.contains(text(anchor, "word")))
            .flat_map(|element| &element.regions)
            .filter_map(|region| region.bbox);
        let near = regions.find(|found| edges_apart(*found, ink) <= TOLERANCE_PT);
        assert!(near.is_some(), "page {number}: nothing within {TOLERANCE_PT} pt of {ink:?}");
        let said = text(expected, "text");
        assert!(texts(&result, number as u32).iter().any(|text| text.contains(said)), "page {number}: {said:?}");
    }
}

#[test]
fn a_line_that_reads_upright_on_a_turned_page_is_one_element() {
    let result = Processed::sample("rotated.pdf").result("rotated");
    for page in 1..=3 {
        let wanted = |text: &str| text == "This line is upright when the page is displayed.";
        let found = result.elements.iter().find(|element| element.page_number == page && wanted(&element.text));
        let size = found.and_then(|element| element.formatting.as_ref()?.font_size);
        assert_eq!(size, Some(14.0), "{:#?}", texts(&result, page));
    }
}

#[test]
fn every_region_lies_on_its_page() {
    for name in ["report", "rotated"] {
        let result = Processed::sample(&format!("{name}.pdf")).result(name);
        for region in result.elements.iter().flat_map(|element| &element.regions) {
            let page = &result.pages[region.page_number as usize - 1];
            let (width, height) = (page.width.expect("known"), page.height.expect("known"));
            let bbox = region.bbox.expect("the local engine knows where everything is");
            let [x0, y0, x1, y1] = bbox.sides();
            assert!(0.0 <= x0 && x0 < x1 && x1 <= width, "{name}: {region:?}");
            assert!(0.0 <= y0 && y0 < y1 && y1 <= height, "{name}: {region:?}");
        }
    }
}

#[test]
fn headings_and_paragraphs_come_in_reading_order() {
    let described = described("report.pdf");
    let result = Processed::sample("report.pdf").result("report");
    let (title, first) = (text(&described, "title"), texts(&result, 1));
    assert_in_order(
        &first,
        &[
            title,
            title,
            "Preface",
            "A book looks like one object",
            "These notes follow the sheet",
            "The first two pages carry Roman numbers",
            "Sample document",
            "Page i",
        ],
    );
    let items = described["list"]["items"].as_array().expect("the list is described");
    let items: Vec<String> = items.iter().map(|item| format!("• {}", item.as_str().unwrap_or_default())).collect();
    let accents = text(&described["accents"], "text");
    let mut second = vec![title, "Terms", "A binder's vocabulary is small and exact."];
    second.extend(items.iter().map(String::as_str));
    second.extend(["Usage is not always so tidy.", "Words from other languages", accents, "Set by hand,"]);
    assert_in_order(&texts(&result, 2), &second);
}

#[test]
fn words_that_were_broken_at_a_line_end_are_whole() {
    let described = described("report.pdf");
    let result = Processed::sample("report.pdf").result("report");
    let broken = described["words_across_lines"].as_array().expect("they are described");
    assert_eq!(broken.len(), 2);
    for entry in broken {
        let page = entry["page"].as_u64().and_then(|page| u32::try_from(page).ok()).expect("a page");
        let words: Vec<&str> = texts(&result, page).into_iter().flat_map(str::split_whitespace).collect();
        assert!(words.contains(&text(entry, "word")), "{entry}: {words:?}");
    }
}

#[test]
fn links_lead_where_the_file_says() {
    let described = described("report.pdf");
    let result = Processed::sample("report.pdf").result("report");
    let expected = described["links"].as_array().expect("links are described");
    let found: Vec<_> = result.elements.iter().flat_map(|element| &element.links).collect();
    assert_eq!(found.len(), expected.len());
    for (link, expected) in found.into_iter().zip(expected) {
        assert_eq!(link.page_number.map(u64::from), expected["to_page"].as_u64());
        assert_eq!(link.uri.as_deref(), expected["uri"].as_str());
        let region = link.region.as_ref().expect("a link has a place");
        assert_eq!(Some(u64::from(region.page_number)), expected["page"].as_u64());
        let apart = edges_apart(region.bbox.expect("a box"), bbox(&expected["bbox"]));
        assert!(apart <= 1.0, "{region:?} is {apart} pt from {}", expected["bbox"]);
    }
}

#[test]
fn bookmarks_keep_their_levels_and_pages_and_lead_to_their_headings() {
    let described = described("report.pdf");
    let result = Processed::sample("report.pdf").result("report");
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok()).expect("a number");
    let entries = described["outline"].as_array().expect("bookmarks are described").iter();
    let expected: Vec<OutlineEntry> = entries
        .map(|entry| OutlineEntry {
            title: text(entry, "title").to_owned(),
            level: number(&entry["level"]),
            page_number: Some(number(&entry["page"])),
            element_id: None,
        })
        .collect();
    let outline = result.document.expect("a document opened").outline;
    let headings: Vec<Option<&str>> = outline
        .iter()
        .map(|entry| {
            let heading = result.elements.iter().find(|element| entry.element_id.as_ref() == Some(&element.id))?;
            (Some(heading.page_number) == entry.page_number).then_some(heading.text.as_str())
        })
        .collect();
    let titles: Vec<Option<&str>> = outline.iter().map(|entry| Some(entry.title.as_str())).collect();
    assert_eq!(headings, titles);
    let outline: Vec<OutlineEntry> =
        outline.iter().map(|entry| OutlineEntry { element_id: None, ..entry.clone() }).collect();
    assert_eq!(outline, expected);
}

#[test]
fn pages_that_are_pictures_need_recognition() {
    let result = Processed::sample("scanned.pdf").result("scanned");
    let warnings: Vec<_> = result.warnings.iter().map(|warning| (warning.code.as_str(), warning.page_number)).collect();
    // The first one names the pages for the whole document.
    assert_eq!(warnings, [("ocr_required", None), ("ocr_required", Some(1)), ("ocr_required", Some(2))]);
    assert!(result.elements.is_empty(), "{:?}", result.elements);
}

#[test]
fn the_markdown_holds_every_page_and_paragraph() {
    let processed = Processed::sample("report.pdf");
    let markdown = String::from_utf8(processed.read("report/document.md")).expect("Markdown is text");
    let mut rest = markdown.as_str();
    let result = processed.result("report");
    for page in 1..=4 {
        let comment = format!("<!-- page {page} -->");
        // Running heads are left out; what is no plain text has Markdown of its own.
        let body =
            |element: &&Element| element.page_number == page && element.content_layer != Some(ContentLayer::Furniture);
        let of_page = result
            .elements
            .iter()
            .filter(body)
            .map(|element| element.markdown.as_ref().unwrap_or(&element.text).as_str());
        for wanted in std::iter::once(comment.as_str()).chain(of_page) {
            let at = rest.find(wanted).unwrap_or_else(|| panic!("page {page}: {wanted:?} is missing"));
            rest = &rest[at + wanted.len()..];
        }
    }
}

#[test]
fn an_image_has_as_many_pixels_as_its_scale_says() {
    for name in ["report", "rotated", "scanned"] {
        let result = Processed::sample(&format!("{name}.pdf")).result(name);
        for (number, image) in &result.page_images {
            let page = &result.pages[*number as usize - 1];
            let pixels = |points: Option<f64>| (points.expect("a size") * image.scale).round();
            let expected = (pixels(page.width), pixels(page.height));
            assert_eq!((f64::from(image.width_px), f64::from(image.height_px)), expected, "{name} {number}");
            assert!((image.scale - 150.0 / 72.0).abs() < 1e-9, "{name} {number}: {}", image.scale);
        }
        assert_eq!(result.page_images.len(), result.pages.len(), "{name}");
    }
}
