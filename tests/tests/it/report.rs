//! The HTML report, in a browser: what a document cannot do there, and what a reader can.

use std::{
    ffi::OsStr,
    fs,
    io::ErrorKind,
    net::TcpListener,
    path::{Path, PathBuf},
};

use quire_producer::report::{self, PageImages};
use quire_tests::{browser::Browser, documents::pdf, processed::Processed, samples};
use serde_json::{Value, json};
use url::Url;

/// True if nothing in the page came from the markup of a document.
const IS_CLEAN: &str = "(() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const isOneOf = (...names) => (name) => names.includes(name);
    return !('owned' in window)
        && all('iframe, object, embed, form, base, link, audio, video').length === 0
        && all('*').every((found) => found.getAttributeNames().every((name) => !name.startsWith('on')))
        && all('a').map((link) => link.protocol).every(isOneOf('http:', 'https:', 'mailto:'))
        && all('img, image').every((image) => image.matches('.page-image, .crop image'))
        && all('script').map((script) => script.type).every(isOneOf('application/json', 'text/plain', 'module'));
})()";

/// A server that nobody may call.
struct Stranger {
    listener: TcpListener,
    address: String,
}

impl Stranger {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        Self { listener, address }
    }

    /// Markup that calls the server or leaves a mark, in each way that a page could be made to fetch or run something.
    fn markup(&self) -> String {
        let address = &self.address;
        format!(
            "</script><script>window.owned=1</script><script src={address}/a></script>\
             <img src={address}/b onerror=window.owned=1><svg onload=window.owned=1><iframe src={address}/c></iframe>\
             <link rel=stylesheet href={address}/d><style>@import '{address}/e'</style><base href={address}/>\
             <meta http-equiv=refresh content='0;url={address}/f'><!-- {{{{script}}}}"
        )
    }

    fn assert_not_called(&self) {
        let called = self.listener.accept();
        assert!(called.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "{called:?}");
    }
}

/// Builds a PDF of one page whose text, bookmark and links are hostile.
fn hostile_pdf(stranger: &Stranger) -> Vec<u8> {
    let markup = stranger.markup();
    let starts = (0..markup.len()).step_by(60);
    let lines: String =
        starts.map(|start| format!("({}) Tj 0 -14 Td ", &markup[start..markup.len().min(start + 60)])).collect();
    let content = format!("BT /F1 12 Tf 20 760 Td {lines}(follow me) Tj ET");
    let inline = "data:text/html,<script>window.owned=1</script>";
    let links = ["javascript:window.owned=1", inline, stranger.address.as_str()]
        .map(|uri| format!("<< /Type /Annot /Subtype /Link /Rect [0 0 612 792] /A << /S /URI /URI ({uri}) >> >>"));
    pdf(&[
        "<< /Type /Catalog /Pages 2 0 R /Outlines << /First 6 0 R /Last 6 0 R /Count 1 >> >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots [{}] \
             /Resources << /Font << /F1 5 0 R >> >> >>",
            links.join(" ")
        ),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Title ({markup}) /Dest [3 0 R /Fit] >>"),
    ])
}

/// Makes a result that no engine would write: every string is hostile, and so are types, ids and numbers.
fn hostile_result(stranger: &Stranger) -> Value {
    let markup = stranger.markup();
    let link = |uri: &str| json!({ "uri": uri, "text": markup, "char_span": null });
    let links = ["javascript:window.owned=1", " data:text/html,x", "//x", stranger.address.as_str()].map(link);
    let region = json!({ "page_number": 1, "bbox": [10, 10, 200, 60] });
    let broken = json!({ "page_number": "1", "bbox": [1e99, {}, -1, 0] });
    let element = |kind: &str| {
        json!({
            "id": markup, "type": kind, "page_number": 1, "text": markup, "markdown": markup, "html": markup,
            "content_layer": markup, "language": markup, "regions": [region, broken], "links": links,
            "table": { "cells": [{ "row": 0, "col": 0, "row_span": 1e9, "text": markup, "role": markup }] },
            "image": { "alt_text": markup, "kind": markup },
            "list": { "marker": markup, "depth": -1 },
        })
    };
    let kinds = ["text", "table", "picture", "list_item", "code", "title", "constructor", "__proto__", markup.as_str()];
    let chunk = json!({
        "id": markup, "text": markup, "headings": [markup], "element_ids": [markup], "regions": [region, broken],
    });
    json!({
        "status": markup,
        "job_id": markup,
        "source": { "uri": stranger.address, "media_type": markup },
        "document": { "title": markup, "outline": [{ "title": markup, "level": -3, "page_number": 1 }] },
        "pages": [{ "page_number": 1, "page_label": markup, "width": 612, "height": 792, "status": "failed" }],
        "elements": kinds.map(element),
        "chunks": [chunk],
        "page_images": { "1": { "object": { "key": format!("job/pages/{}", stranger.address) } } },
        "errors": [{ "code": markup, "message": markup, "page_number": 1 }],
        "warnings": [{ "code": markup, "message": markup }],
    })
}

/// Makes the report build what it builds only when it is asked for: overlays, outline, details, chunks.
fn open_everything(browser: &mut Browser) {
    for key in ["o", "r", "l", "w", "e", "i"] {
        browser.press(key);
    }
    browser.evaluate("document.querySelector('#summary').open = true");
    browser.press("j");
    browser.press("Enter");
    browser.shows("#details .json");
    browser.press("c");
    browser.shows("#chunks > *");
}

fn address_of(file: &Path) -> String {
    Url::from_file_path(file).expect("an absolute path").into()
}

#[test]
fn a_document_full_of_markup_runs_nothing_and_fetches_page_images_only() {
    let Some(mut browser) = Browser::start() else { return };
    let (stranger, inbox) = (Stranger::new(), tempfile::tempdir().expect("a temporary folder"));
    let file = inbox.path().join("<img src=x onerror=window.owned=1>.pdf");
    fs::write(&file, hostile_pdf(&stranger)).expect("a fresh folder");
    let processed = Processed::run(&[file.as_os_str(), OsStr::new("--report")]);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    let folder = processed.path("<img src=x onerror=window.owned=1>");
    let page = folder.join(report::FILE_NAME);

    browser.open(&page);
    browser.until("document.querySelector('.page-image')?.naturalWidth > 0");
    browser.until("document.querySelector('#text').textContent.includes('<script>window.owned=1')");
    open_everything(&mut browser);
    assert_eq!(browser.evaluate(IS_CLEAN), json!(true));
    assert_eq!(browser.requests(), [address_of(&page), address_of(&folder.join("pages/0001.png"))]);
    assert_eq!(browser.suspicions(), Vec::<Value>::new());
    stranger.assert_not_called();
}

#[test]
fn a_result_in_which_every_string_is_hostile_shows_as_text() {
    let Some(mut browser) = Browser::start() else { return };
    let (stranger, folder) = (Stranger::new(), tempfile::tempdir().expect("a temporary folder"));
    fs::write(folder.path().join("result.json"), hostile_result(&stranger).to_string()).expect("a fresh folder");
    for images in [PageImages::Linked, PageImages::Embedded] {
        let page = report::write(folder.path(), &stranger.markup(), images).expect("a report");
        browser.open(&page);
        open_everything(&mut browser);
        browser.shows(".chunk-text");
        assert_eq!(browser.evaluate(IS_CLEAN), json!(true));
        assert_eq!(browser.requests(), [address_of(&page)]);
        assert_eq!(browser.suspicions(), Vec::<Value>::new());
    }
    stranger.assert_not_called();
}

#[test]
fn an_embedded_report_is_one_file_that_fetches_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let sample = samples::path("report.pdf");
    let processed = Processed::run(&[OsStr::new("--report"), OsStr::new("--embed"), sample.as_os_str()]);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    let page = processed.path("alone.html");
    fs::rename(processed.path("report").join(report::FILE_NAME), &page).expect("one folder");

    browser.open(&page);
    browser.until("document.querySelector('.page-image')?.naturalWidth > 0");
    let fetched = browser.requests().into_iter().filter(|address| !address.starts_with("data:image/"));
    assert_eq!(fetched.collect::<Vec<_>>(), [address_of(&page)]);
    assert_eq!(browser.suspicions(), Vec::<Value>::new());
}

/// Processes the sample, makes a chunk of each heading by hand, and writes the report of that.
fn report_with_chunks() -> (Processed, PathBuf) {
    let processed = Processed::sample("report.pdf");
    let folder = processed.path("report");
    let mut result: Value = serde_json::from_slice(&processed.read("report/result.json")).expect("a result");
    let elements = result["elements"].as_array().expect("a list").iter();
    let chunks = elements.filter(|element| element["type"] == "section_header").map(|heading| {
        json!({
            "id": "a chunk", "text": heading["text"], "token_count": 7, "headings": ["Notes"],
            "element_ids": [heading["id"]], "page_numbers": [heading["page_number"]],
            "regions": [heading["regions"][0]],
        })
    });
    let lines: String = chunks.map(|chunk| format!("{chunk}\n")).collect();
    fs::write(folder.join("chunks.jsonl"), lines).expect("its own folder");
    let named = json!({ "kind": "chunks", "object": { "key": "report/chunks.jsonl" } });
    result["artifacts"].as_array_mut().expect("document.md is one").push(named);
    fs::write(folder.join("result.json"), result.to_string()).expect("its own folder");
    let page = report::write(&folder, "report.pdf", PageImages::Linked).expect("a report");
    (processed, page)
}

#[test]
fn boxes_text_and_chunks_are_linked_and_follow_pointer_and_keys() {
    let Some(mut browser) = Browser::start() else { return };
    let (_processed, page) = report_with_chunks();
    browser.open(&page);
    browser.shows("#pages .t-title");
    browser.shows("#text .t-title");

    browser.point_at("#pages .t-title");
    browser.shows("#text .t-title.is-hovered");
    browser.point_at("#text .t-section_header");
    browser.shows("#pages .t-section_header.is-hovered");

    browser.press("1");
    browser.lacks("#pages .t-title");
    browser.shows("#text .t-title.is-off");
    browser.press("1");
    browser.shows("#pages .t-title");
    browser.press("r");
    browser.shows(".order polyline");

    browser.press("/");
    browser.enter("bookbinding");
    browser.until("/^[1-9]/.test(document.querySelector('#hits').textContent)");
    browser.press("Enter");
    browser.shows(".hit.is-current");
    browser.press("Escape");
    browser.until("document.querySelector('#hits').textContent === ''");

    browser.press("n");
    browser.until("document.querySelector('#page-number').value === '2'");
    browser.press("p");
    browser.press("j");
    browser.press("Enter");
    browser.until("document.querySelector('#details .json')?.textContent.includes('page_number') === true");
    browser.press("Escape");
    browser.shows("#details[hidden]");
    browser.lacks(".is-selected");

    browser.press("c");
    browser.until("document.querySelector('.chunk header')?.textContent.includes('7 tokens') === true");
    browser.point_at(".chunk");
    browser.until("document.querySelectorAll('#pages .chunk-box').length === 1");
    browser.point_at("#pages .t-section_header");
    browser.shows(".chunk.is-hovered .path");
    browser.press("j");
    browser.shows(".chunk.is-selected");
    browser.shows("#details .member");
    assert_eq!(browser.suspicions(), Vec::<Value>::new());
}
