//! Documents whose structure tree is right, in circles, wrong, or without end.

use quire_producer::schemas::{element::ElementType, result::ParseResult};
use quire_tests::{documents::pdf, processed::Processed};

/// Number of the root of the structure tree, and of the first element in [`tagged`].
const ROOT: usize = 6;
const FIRST: usize = 8;
const PROSE: &str = "and so it goes on for a good while, as running text does that nobody has to read";

/// Text behind a mark, and how far its baseline is above the lower edge of the page.
type Line<'a> = (&'a str, u32, &'a str);

/// Builds a document of one page with these lines and elements, which are numbered from [`FIRST`]. `marks` are the
/// elements of the marked contents, in the order of their numbers.
fn tagged(lines: &[Line<'_>], marks: &str, elements: impl IntoIterator<Item = String>) -> Vec<u8> {
    let line = |(mark, y, text): &Line<'_>| format!("{mark} BDC BT /F 10 Tf 50 {y} Td ({text}) Tj ET EMC\n");
    let content: String = lines.iter().map(line).collect();
    let fixed = [
        format!("<< /Type /Catalog /Pages 2 0 R /MarkInfo << /Marked true >> /StructTreeRoot {ROOT} 0 R >>"),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /StructParents 0 \
         /Resources << /Font << /F 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Type /StructTreeRoot /K {FIRST} 0 R /RoleMap << /Big /H1 >> /ParentTree << /Nums [0 7 0 R] >> >>"),
        format!("[{marks}]"),
    ];
    pdf(&fixed.into_iter().chain(elements).collect::<Vec<_>>())
}

fn read(document: Vec<u8>) -> ParseResult {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tags.pdf");
    std::fs::write(&path, document).expect("a fresh folder");
    let processed = Processed::run(&[path.as_os_str(), "--no-images".as_ref()]);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    processed.result("tags")
}

/// The first words of an element, its type, its level and its tag.
type Found<'a> = (String, &'a str, Option<u32>, Option<&'a str>);

/// Returns what was found, without the groups of lists.
fn found(result: &ParseResult) -> Vec<Found<'_>> {
    let elements = result.elements.iter().filter(|element| element.kind != ElementType::List);
    let words = |text: &str| text.split(' ').take(2).collect::<Vec<_>>().join(" ");
    elements
        .map(|element| {
            let tag = element.extra.get("tag").and_then(|tag| tag.as_str());
            (words(&element.text), element.kind.as_str(), element.level, tag)
        })
        .collect()
}

fn limits(result: &ParseResult) -> Vec<(Option<u32>, &str)> {
    let limits = result.warnings.iter().filter(|warning| warning.code == "limit_reached");
    limits.map(|warning| (warning.page_number, warning.message.as_str())).collect()
}

fn expected<'a>(elements: &[(&str, &'a str, Option<u32>, Option<&'a str>)]) -> Vec<Found<'a>> {
    elements.iter().map(|(words, kind, level, tag)| ((*words).to_owned(), *kind, *level, *tag)).collect()
}

#[test]
fn a_tagged_document_has_the_headings_items_and_furniture_of_its_tags() {
    let lines = [
        ("/Artifact << /Type /Pagination >>", 780, "Water board"),
        ("/Big << /MCID 0 >>", 720, "Methods here"),
        ("/P << /MCID 1 >>", 700, PROSE),
        ("/Span << /MCID 2 >>", 670, "Apples, green"),
        ("/Span << /MCID 3 >>", 650, "Plums, blue"),
        ("/H2 << /MCID 4 >>", 590, "Samples here"),
        ("/P << /MCID 1 >>", 570, PROSE),
    ];
    let elements = [
        "<< /S /Document /P 6 0 R >>",
        "<< /S /Big /P 8 0 R >>",
        "<< /S /P /P 8 0 R >>",
        "<< /S /L /P 8 0 R >>",
        "<< /S /LI /P 11 0 R >>",
        "<< /S /LI /P 11 0 R >>",
        "<< /S /LBody /P 13 0 R >>",
        "<< /S /H2 /P 8 0 R >>",
    ];
    let document = tagged(&lines, "9 0 R 10 0 R 12 0 R 14 0 R 15 0 R", elements.map(str::to_owned));
    let result = read(document);
    let elements = [
        ("Water board", "page_header", None, Some("Artifact")),
        ("Methods here", "section_header", Some(1), Some("H1")),
        ("and so", "text", None, None),
        ("Apples, green", "list_item", None, Some("LI1")),
        ("Plums, blue", "list_item", None, Some("LI1")),
        ("Samples here", "section_header", Some(2), Some("H2")),
        ("and so", "text", None, None),
    ];
    assert_eq!(found(&result), expected(&elements));
    assert_eq!(result.elements.last().map(|element| element.section_path.len()), Some(2));
}

#[test]
fn a_structure_tree_with_circles_null_children_and_wrong_types_loses_no_text() {
    let lines = [
        ("/P << /MCID 0 >>", 640, "round about"),
        ("/P << /MCID 1 >>", 610, "no element"),
        ("/H1 << /MCID 2 >>", 580, "Own parent"),
        ("/P << /MCID 3 >>", 550, "wrong type"),
        ("/P << /MCID 4 >>", 520, "a stream"),
        ("/P << /MCID 90 >>", 490, "not listed"),
        ("/H1 << /MCID 5 >>", 460, PROSE),
        ("/H1 << /MCID 5 >>", 448, PROSE),
        ("/H1 << /MCID 5 >>", 436, PROSE),
        ("/H1 << /MCID 5 >>", 424, PROSE),
        ("/P << /MCID 0 >>", 380, PROSE),
        ("/P << /MCID 0 >>", 368, PROSE),
        ("/P << /MCID 0 >>", 356, PROSE),
        ("/P << /MCID 0 >>", 344, PROSE),
        ("/P << /MCID 0 >>", 332, PROSE),
    ];
    let elements = [
        "<< /S /Div /P 9 0 R /K [9 0 R null 8 0 R 99 0 R 3] >>",
        "<< /S /Sect /P 8 0 R /K [8 0 R] >>",
        "<< /S /H1 /P 10 0 R /K 10 0 R >>",
        "<< /S 3 /P (none) /K << /K [] >> >>",
        "<< /S /H1 /P 8 0 R /K [5 null] >>",
    ];
    let document = tagged(&lines, "8 0 R null 10 0 R 11 0 R 4 0 R 12 0 R", elements.map(str::to_owned));
    let result = read(document);
    let elements = [
        ("round about", "text", None, None),
        ("no element", "text", None, None),
        ("Own parent", "section_header", Some(1), Some("H1")),
        ("wrong type", "text", None, None),
        ("a stream", "text", None, None),
        ("not listed", "text", None, None),
        ("and so", "text", None, Some("H1")),
        ("and so", "text", None, None),
    ];
    assert_eq!(found(&result), expected(&elements));
    assert!(limits(&result).is_empty(), "{:?}", limits(&result));
}

#[test]
fn a_structure_tree_without_end_is_cut_and_says_so() {
    const DEPTH: usize = 100_000;
    let lines =
        [("/P << /MCID 0 >>", 700, PROSE), ("/H2 << /MCID 1 >>", 640, "A heading"), ("/P << /MCID 0 >>", 620, PROSE)];
    let outer = format!("<< /S /H1 /P {ROOT} 0 R /K {} 0 R >>", FIRST + 1);
    let inner =
        (FIRST + 1..FIRST + DEPTH).map(|number| format!("<< /S /Div /P {} 0 R /K {} 0 R >>", number - 1, number + 1));
    let last = FIRST + DEPTH;
    let ends = [format!("<< /S /P /P {} 0 R /K 0 >>", last - 1), format!("<< /S /H2 /P {last} 0 R /K 1 >>")];
    let marks = format!("{last} 0 R {} 0 R", last + 1);
    let result = read(tagged(&lines, &marks, std::iter::once(outer).chain(inner).chain(ends)));
    let elements = [
        ("and so", "text", None, None),
        ("A heading", "section_header", Some(2), Some("H2")),
        ("and so", "text", None, None),
    ];
    assert_eq!(found(&result), expected(&elements));
    let message = "the page has more than 64 levels of elements in the structure tree, or 1000000 marked contents; \
                   some of its text counts as not tagged";
    assert_eq!(limits(&result), [(Some(1), message)]);
}
