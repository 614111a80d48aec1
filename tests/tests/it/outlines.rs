//! Bookmarks of documents that lead elsewhere, in circles, or without end.

use quire_producer::schemas::result::ParseResult;
use quire_tests::{documents::pdf, processed::Processed};

/// Number of the first bookmark of [`with_bookmarks`].
const FIRST: usize = 5;

/// Builds a document of one page with these bookmarks, which are numbered from [`FIRST`].
fn with_bookmarks(bookmarks: impl IntoIterator<Item = String>) -> Vec<u8> {
    let fixed = [
        "<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>".to_owned(),
        format!("<< /Type /Outlines /First {FIRST} 0 R >>"),
    ];
    pdf(&fixed.into_iter().chain(bookmarks).collect::<Vec<_>>())
}

fn bookmark(title: &str, entries: &str) -> String {
    format!("<< /Title ({title}) /Parent 4 0 R {entries} >>")
}

fn read(document: Vec<u8>) -> ParseResult {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("outline.pdf");
    std::fs::write(&path, document).expect("a fresh folder");
    let processed = Processed::run(&[path.as_os_str(), "--no-images".as_ref()]);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    processed.result("outline")
}

fn outline(result: &ParseResult) -> Vec<(&str, u32, Option<u32>)> {
    let outline = &result.document.as_ref().expect("it opens").outline;
    outline.iter().map(|entry| (entry.title.as_str(), entry.level, entry.page_number)).collect()
}

fn limits(result: &ParseResult) -> Vec<&str> {
    let limits = result.warnings.iter().filter(|warning| warning.code == "limit_reached");
    limits.map(|warning| warning.message.as_str()).collect()
}

#[test]
fn a_bookmark_that_leads_out_of_the_document_has_no_page() {
    let targets = [
        ("here", "/Dest [3 0 R /Fit]"),
        ("action", "/A << /S /GoTo /D [3 0 R /Fit] >>"),
        ("by number", "/A << /S /GoTo /D [0 /Fit] >>"),
        ("remote", "/A << /S /GoToR /F (other.pdf) /D [0 /Fit] >>"),
        ("embedded", "/A << /S /GoToE /D [0 /Fit] >>"),
        ("launch", "/A << /S /Launch /F (other.pdf) /D [0 /Fit] >>"),
        ("address", "/A << /S /URI /URI (https://a.example/) /D [0 /Fit] >>"),
        ("beyond", "/Dest [7 /Fit]"),
        ("no page", "/Dest [4 0 R /Fit]"),
        ("no name", "/Dest (nowhere)"),
        ("nothing", ""),
    ];
    let bookmarks = (FIRST + 1..).zip(targets).map(|(next, (title, entries))| {
        let next = if title == "nothing" { String::new() } else { format!("/Next {next} 0 R") };
        bookmark(title, &format!("{entries} {next}"))
    });
    let result = read(with_bookmarks(bookmarks));
    let here = ["here", "action", "by number"];
    let expected = targets.map(|(title, _)| (title, 1, here.contains(&title).then_some(1)));
    assert_eq!(outline(&result), expected);
    assert_eq!(limits(&result), [""; 0]);
}

#[test]
fn an_outline_that_runs_in_a_circle_ends() {
    let result = read(with_bookmarks([
        bookmark("a", "/First 6 0 R /Next 7 0 R"),
        bookmark("below", "/First 5 0 R /Next 6 0 R"),
        bookmark("b", "/First 7 0 R /Next 5 0 R"),
    ]));
    assert_eq!(outline(&result), [("a", 1, None), ("below", 2, None), ("b", 1, None)]);
    assert_eq!(limits(&result), [""; 0]);
}

#[test]
fn an_outline_without_end_is_cut_and_says_so() {
    let deep = (FIRST + 1..FIRST + 100).map(|next| bookmark("deep", &format!("/First {next} 0 R")));
    let result = read(with_bookmarks(deep.chain([bookmark("last", "")])));
    assert_eq!(outline(&result).last(), Some(&("deep", 64, None)));
    assert_eq!(limits(&result), ["the document has bookmarks on more than 64 levels; what is deeper is left out"]);

    let wide = (FIRST + 1..FIRST + 20_010).map(|next| bookmark("wide", &format!("/Next {next} 0 R")));
    let result = read(with_bookmarks(wide));
    assert_eq!(outline(&result).len(), 20_000);
    assert_eq!(limits(&result).len(), 1, "{:?}", limits(&result));
    assert!(limits(&result)[0].contains("20000 bookmarks"), "{:?}", limits(&result));
}
