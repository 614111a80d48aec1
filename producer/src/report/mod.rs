//! A result as one HTML page for people: page images with the boxes of the elements over them, text, tables and chunks
//! beside.
//!
//! The page needs nothing but itself and, unless they are embedded, the page images beside it. Everything in it that
//! comes from a document is text in elements that browsers do not run; its script makes text of it, and never markup. A
//! Content-Security-Policy allows that script and that style by their digests, page images, and nothing else.

mod blocks;
mod embed;
mod error;
mod page;
mod raster;
mod sink;
mod stored;

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use self::{blocks::Blocks, sink::Sink, stored::Stored};
pub use self::{error::ReportError, page::PageImages};

/// The name of the report in its folder.
pub const FILE_NAME: &str = "report.html";

/// Writes the report of the result in `folder`, beside it, and returns its path. `title` is the name of the document.
///
/// The folder is laid out as a job's folder in storage: `result.json`, page images in `pages/`, and, where the result
/// names them, elements in `elements/` and `chunks.jsonl`. The page is written block by block: memory holds
/// `result.json` (256 MiB at most) and one page image. Elements and chunks beyond 256 MiB of each are left out, which
/// the report tells. Blocks: files are read, and images decoded.
///
/// # Errors
/// If a file cannot be read or written, if `result.json` is too large or no JSON object.
pub fn write(folder: &Path, title: &str, images: PageImages) -> Result<PathBuf, ReportError> {
    let path = folder.join("result.json");
    let text = stored::read(&path)?;
    let stored = Stored::of(&text).map_err(|cause| ReportError::NotJson { path, cause })?;
    let report = folder.join(FILE_NAME);
    // Only a whole page has its final name.
    let partial = folder.join(format!("{FILE_NAME}.part"));
    let unwritten = |cause| ReportError::Unwritten { path: report.clone(), cause };
    let file = File::create(&partial).map_err(unwritten)?;
    let mut sink = Sink::new(BufWriter::new(file), report.clone());
    let written = write_page(&mut sink, &stored, folder, title, images).and_then(|()| sink.finish());
    let placed = written.and_then(|_| fs::rename(&partial, &report).map_err(unwritten));
    if placed.is_err() {
        // A failure to remove the rest must not hide the reason.
        let _ = fs::remove_file(&partial);
    }
    placed.map(|()| report)
}

fn write_page<W: Write>(
    sink: &mut Sink<W>,
    stored: &Stored<'_>,
    folder: &Path,
    title: &str,
    images: PageImages,
) -> Result<(), ReportError> {
    sink.put(&page::before_data(images))?;
    Blocks { sink: &mut *sink, stored, folder }.write(title, images)?;
    sink.put(&page::behind_data(images))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use quire_schemas::sha256::Sha256;
    use serde_json::{Value, json};

    use super::*;

    /// Makes the page of a result in a folder that holds nothing else.
    fn page_of(result: &Value, title: &str, images: PageImages) -> String {
        let text = result.to_string();
        let stored = Stored::of(&text).expect("an object");
        let mut sink = Sink::new(Vec::new(), PathBuf::from(FILE_NAME));
        write_page(&mut sink, &stored, Path::new("/nowhere"), title, images).expect("a Vec takes all");
        String::from_utf8(sink.finish().expect("a Vec takes all")).expect("a page is text")
    }

    #[test]
    fn nothing_of_a_document_leaves_the_element_that_holds_it() {
        let hostile = r#"</script><script>alert(1)</script><!-- {{script}} "#;
        let result = json!({
            "elements": [{ "text": hostile }],
            "pages": [{ "text": "hidden words", "page_number": 1 }],
            "metadata": { "secret": 1 },
            "chunks": [{ "text": hostile }],
        });
        for images in [PageImages::Linked, PageImages::Embedded] {
            let page = page_of(&result, hostile, images);
            let plain = page_of(&json!({}), "", images);
            assert_eq!(page.matches("<script").count(), plain.matches("<script").count());
            assert_eq!(page.matches("</script>").count(), plain.matches("</script>").count());
            assert_eq!(page.matches(r"\u003c/script>\u003cscript>alert(1)").count(), 3, "title, element and chunk");
            assert_eq!(page.matches("{{script}}").count(), 3);
            assert!(!page.contains("secret") && !page.contains("hidden words"));
        }
    }

    #[test]
    fn the_policy_names_the_script_and_the_style_that_are_there() {
        let page = page_of(&json!({}), "a", PageImages::Linked);
        let between = |start: &str, end: &str| {
            let (_, rest) = page.split_once(start).expect("it begins");
            rest.split_once(end).expect("it ends").0
        };
        for (start, end) in [("<script type=\"module\">", "</script>"), ("<style>", "</style>")] {
            let digest = STANDARD.encode(Sha256::of(between(start, end).as_bytes()).bytes());
            assert!(page.contains(&format!("'sha256-{digest}'")), "{start}");
        }
        assert!(!page.contains("{{"), "a place is left open");
    }

    #[test]
    fn only_a_report_with_embedded_images_may_show_inline_ones() {
        let (linked, embedded) =
            (page_of(&json!({}), "a", PageImages::Linked), page_of(&json!({}), "a", PageImages::Embedded));
        assert!(linked.contains("img-src 'self' file:;") && embedded.contains("img-src data:;"));
    }

    #[test]
    fn a_page_image_that_cannot_be_embedded_is_told_in_its_block() {
        let result = json!({ "page_images": { "7": { "object": { "key": "job/pages/0007.png" } } } });
        let page = page_of(&result, "a", PageImages::Embedded);
        let block = r#"<script type="text/plain" id="quire-image-7">The page image cannot be read.</script>"#;
        assert!(page.contains(block));
    }
}
