//! The document-level pass: decisions that need the whole document in view. The commit runs it over the
//! spool of gathered pages before it stores anything of them; it reads the spool twice, one page at a time, and again
//! for each paragraph the pages on which it goes on.
//!
//! 1. [`Statistics`] is a pure fold over the pages: numbers about the whole document; [`Structure`] keeps what its
//!    rules must know of each element; [`Reconciliation`] compares each page with the text that the PDF itself holds.
//! 2. [`rewrite`] decides what changes in a page, purely, out of the page and the statistics. What comes of it goes to
//!    several [writers](writers::Writers): elements, `document.md`, page rows, and [chunks](chunk_writer) if the job
//!    asks for them.
//!
//! A rule about the document (a heading, a running head, a list) stands in [`structure`]; what comes of it is written
//! by [`course`] and [`markdown`]. A consumer of finished pages becomes a writer.
//!
//! The pass is linear in the size of the spool and holds at most 64 MiB, whatever the document: the JSON of two pages
//! ([`MAX_PAGE_BYTES`](crate::parse::MAX_PAGE_BYTES)), two changed copies of one element's text, a table of
//! [words](hyphens) and little else. An element stays [JSON text](json_fields), of which a rule reads the fields that
//! it needs. Chunks take a third copy of one element's text, and the table of tokens, which the process holds once,
//! about 20 MiB. The words of the PDF itself, which another engine's are compared with, take 32 MiB beside that, or 512
//! bytes a page. Every element of every page is written. What the [`PassLimits`] leave out is text that stands in the
//! elements too, and a warning `limit_reached` names the limit.

mod chunk_writer;
mod course;
mod hyphens;
mod joined;
mod json_fields;
mod languages;
mod limits;
mod markdown;
mod of_document;
mod options;
mod page_writer;
mod reconcile;
mod rewrite;
mod scratch;
mod spooled_page;
mod statistics;
mod structure;
mod table_markdown;
mod writers;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use quire_schemas::result::{OutlineEntry, Page};

use self::{
    course::id_of,
    of_document::OfDocument,
    page_writer::PageWriter,
    reconcile::Reconciliation,
    spooled_page::{SpooledPage, unreadable},
    statistics::Statistics,
    structure::Structure,
    writers::Writers,
};
use super::spool::Spool;
use crate::job::Fault;

pub(super) use chunk_writer::Chunks;
pub(crate) use limits::PassLimits;
pub(crate) use options::PassOptions;
pub(crate) use reconcile::{NativeText, PageWords};
pub(super) use scratch::{JsonLines, json_bytes};
pub(super) use writers::Markdown;
pub(crate) use writers::Written;

/// Parsed pages that wait for the pass.
#[derive(Debug)]
pub(crate) struct ParsedDocument {
    pub(crate) spool: Spool,
    /// What is known of the text that the PDF itself holds on each page; pages that are not named are not judged.
    pub(crate) natives: BTreeMap<u32, NativeText>,
    pub(crate) options: PassOptions,
}

/// Runs the pass. `rows` are the page rows without their parse. Entries of the outline gain the ids of the headings
/// that they name. Temporary files go to `folder`. Blocking: not for the async runtime.
///
/// # Errors
/// `internal` if a page cannot be read back or the temporary folder is full.
pub(crate) fn run(
    parsed: ParsedDocument,
    rows: Vec<Page>,
    outline: &mut [OutlineEntry],
    folder: &Path,
    limits: &PassLimits,
) -> Result<Written, Fault> {
    let ParsedDocument { mut spool, natives, options } = parsed;
    let numbers = spool.page_numbers();
    let (statistics, structure, reconciliation) = fold(&mut spool, &numbers, &natives)?;
    let reconciled = reconciliation.finish(options.min_recall);
    let decisions = structure.decide(options.headings, outline);
    for (place, entry) in outline.iter_mut().enumerate() {
        entry.element_id = decisions.bookmarked(place).map(id_of);
    }
    let cut = structure.warning();
    drop(structure);
    let of_document = OfDocument { statistics: &statistics, decisions: &decisions, limits, options: &options };
    let mut rows: BTreeMap<u32, Page> = rows.into_iter().map(|row| (row.page_number, row)).collect();
    let every_number: BTreeSet<u32> = rows.keys().copied().chain(numbers).collect();
    let writers = Writers::create(folder, limits, options.chunks.as_ref())?;
    let mut pages = PageWriter::new(&of_document, &mut spool, writers);
    for number in every_number {
        pages.write(&rows.remove(&number).unwrap_or_else(|| Page::new(number)))?;
    }
    let mut warnings = reconciled.warnings;
    warnings.extend(statistics.warnings(limits));
    warnings.extend(cut);
    Ok(Written { is_partial: reconciled.is_partial, ..pages.finish(warnings)? })
}

fn fold<'n>(
    spool: &mut Spool,
    numbers: &[u32],
    natives: &'n BTreeMap<u32, NativeText>,
) -> Result<(Statistics, Structure, Reconciliation<'n>), Fault> {
    let (mut statistics, mut structure) = (Statistics::default(), Structure::default());
    let mut reconciliation = Reconciliation::new(natives);
    for &number in numbers {
        let Some(json) = spool.read_json(number)? else { continue };
        let added = SpooledPage::read(&json, number).and_then(|page| {
            statistics.begin_page(&page);
            structure.begin_page(&page)?;
            reconciliation.begin_page(&page)?;
            page.elements().try_for_each(|element| {
                let element = element?;
                statistics.add(&element)?;
                reconciliation.add(&element)?;
                structure.add(&element)
            })
        });
        added.map_err(|error| unreadable(number, error))?;
    }
    Ok((statistics, structure, reconciliation))
}

#[cfg(test)]
mod tests {
    use quire_schemas::{
        chunk::Chunk,
        element::{BBox, Cell, ContentLayer, Element, ElementType, Formatting, Region, Table},
        failure::ErrorCode,
        job::ChunkOptions,
        result::{PageStatus, Phase},
    };

    use super::*;
    use crate::{
        parse::{MAX_PAGE_BYTES, ParsedPage},
        pipeline::testing::{failed_page, parsed_page, picture, spool},
    };

    const LIMITS: PassLimits = PassLimits::for_result(32 << 20);

    fn parsed(pages: impl IntoIterator<Item = ParsedPage>) -> ParsedDocument {
        ParsedDocument { spool: spool(pages), natives: BTreeMap::new(), options: PassOptions::default() }
    }

    fn written(pages: impl IntoIterator<Item = ParsedPage>, limits: &PassLimits) -> Written {
        run(parsed(pages), Vec::new(), &mut [], &std::env::temp_dir(), limits).expect("readable pages")
    }

    fn elements(written: Written) -> Vec<Element> {
        let array = written.elements.into_array().expect("readable");
        serde_json::from_str(array.get()).expect("elements")
    }

    fn rows(lines: JsonLines) -> Vec<Page> {
        serde_json::from_str(lines.into_array().expect("readable").get()).expect("rows")
    }

    #[test]
    fn elements_are_numbered_through_the_document_whatever_order_the_pages_came_in() {
        let written =
            written([parsed_page(3, &["e"]), parsed_page(1, &["a", "b", "c"]), parsed_page(2, &["d"])], &LIMITS);
        assert_eq!(written.elements.count(), 5);
        let elements = elements(written);
        let numbers: Vec<u32> = elements.iter().map(|element| element.reading_order).collect();
        let texts: String = elements.iter().map(|element| element.text.as_str()).collect();
        assert_eq!((numbers, texts.as_str()), (vec![0, 1, 2, 3, 4], "abcde"));
    }

    #[test]
    fn parts_hold_whole_elements_in_their_order() {
        let long = "x".repeat(300);
        let written = written([parsed_page(1, &["a", &long]), parsed_page(2, &["b", "c"])], &LIMITS);
        let mut parts = written.elements.into_parts().expect("readable");
        let mut found = Vec::new();
        let mut count = 0;
        while let Some(part) = parts.next(256).expect("readable") {
            count += 1;
            let lines =
                part.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").expect("an end"));
            found.extend(lines.map(|line| serde_json::from_slice::<Element>(line).expect("an element").text));
        }
        assert!(count > 1, "{count}");
        assert_eq!(found, ["a", &long, "b", "c"]);
    }

    #[test]
    fn the_markdown_has_every_page_in_order() {
        let mut second = parsed_page(2, &["not shown"]);
        second.page.markdown = Some("# Two".to_owned());
        let written = written([second, parsed_page(1, &["one", ""]), parsed_page(3, &[])], &LIMITS);
        let markdown = String::from_utf8(written.markdown.into_bytes().expect("readable")).expect("text");
        assert_eq!(markdown, "<!-- page 1 -->\n\none\n\n<!-- page 2 -->\n\n# Two\n\n<!-- page 3 -->\n\n");
    }

    #[test]
    fn markdown_beyond_its_limit_ends_between_two_pages_and_says_so() {
        let limits = PassLimits { markdown_bytes: 30, ..LIMITS };
        let written = written([parsed_page(1, &["one"]), parsed_page(2, &["two"]), parsed_page(3, &[])], &limits);
        let codes: Vec<&str> = written.warnings.iter().map(|warning| warning.code.as_str()).collect();
        assert_eq!(codes, ["limit_reached"]);
        assert!(written.warnings[0].message.contains("30"), "{}", written.warnings[0].message);
        let markdown = written.markdown.into_bytes().expect("readable");
        assert_eq!(markdown, b"<!-- page 1 -->\n\none\n\n");
    }

    #[test]
    fn a_page_as_large_as_a_page_may_be_keeps_every_element() {
        let text = "a label with a few words, as it stands on a plan ".repeat(8);
        let texts = vec![text.as_str(); 25_000];
        let json = serde_json::to_vec(&parsed_page(2, &texts)).expect("plain data");
        assert!((8 << 20..MAX_PAGE_BYTES).contains(&json.len()), "{} bytes", json.len());
        let mut spool = Spool::create(&std::env::temp_dir(), 1 << 30).expect("a temporary folder");
        spool.push(&parsed_page(1, &["a"])).expect("room");
        spool.push_json(2, &json).expect("room");
        let parsed = ParsedDocument { spool, ..parsed([]) };
        let written = run(parsed, vec![Page::new(1), Page::new(2)], &mut [], &std::env::temp_dir(), &LIMITS);
        let written = written.expect("readable pages");
        assert!(written.warnings.is_empty(), "{:?}", written.warnings);
        assert_eq!((written.rows.count(), written.elements.count()), (2, 25_001));
        assert!(written.markdown.bytes() > (text.len() * 25_000) as u64);
        let rows = rows(written.rows);
        assert_eq!((rows[1].status.clone(), rows[1].element_ids.len()), (PageStatus::Succeeded, 25_000));
    }

    #[test]
    fn a_table_of_a_hundred_thousand_cells_of_another_engine_stays_whole_and_its_chunks_have_each_row_once() {
        let places = (0..1_000).flat_map(|row| (0..100).map(move |col| (row, col)));
        let cell = |(row, col): (u32, u32)| Cell {
            row,
            col,
            row_span: 1,
            col_span: 1,
            text: (col % 7).to_string(),
            role: None,
            value: None,
            regions: Vec::new(),
        };
        let line = |text: &str| format!("|{}\n", format!(" {text} |").repeat(100));
        let mut page = parsed_page(1, &[""]);
        let element = &mut page.elements[0];
        element.kind = ElementType::Table;
        element.markdown = Some(line("a") + &line("-") + &line("1").repeat(999));
        element.table =
            Some(Table { num_rows: 1_000, num_cols: 100, cells: places.map(cell).collect(), ..Table::default() });
        let mut spool = Spool::create(&std::env::temp_dir(), 1 << 30).expect("a temporary folder");
        spool.push(&page).expect("room");
        let chunks = Some(ChunkOptions { max_tokens: 8_192, overlap: 0 });
        let options = PassOptions { chunks, ..PassOptions::default() };
        let parsed = ParsedDocument { spool, options, ..parsed([]) };
        let mut written = run(parsed, Vec::new(), &mut [], &std::env::temp_dir(), &LIMITS).expect("readable pages");
        assert_eq!(written.warnings, []);
        let chunks = written.chunks.take().expect("they are asked for").into_bytes().expect("readable");
        let chunks = String::from_utf8(chunks).expect("text");
        let chunks = chunks.lines().map(|line| serde_json::from_str::<Chunk>(line).expect("a chunk"));
        let rows: Vec<[u32; 2]> = chunks.flat_map(|chunk| chunk.parts).filter_map(|part| part.rows).collect();
        assert!(rows.len() > 1 && rows.windows(2).all(|pair| pair[0][1] == pair[1][0]), "{rows:?}");
        assert_eq!((rows[0][0], rows[rows.len() - 1][1]), (1, 1_000));
        assert_eq!(elements(written)[0].table, page.elements[0].table);
    }

    #[test]
    fn markdown_shows_an_element_as_its_own_markdown_or_as_its_text() {
        let mut page = parsed_page(1, &["one \"quoted\"\n\u{1f600}", "two", "", "four", "<!-- page 2 -->"]);
        page.elements[1].markdown = Some("## two".to_owned());
        page.elements[2].markdown = Some("![nothing]".to_owned());
        let markdown = written([page], &LIMITS).markdown.into_bytes().expect("readable");
        let expected = "<!-- page 1 -->\n\none \"quoted\"\n\u{1f600}\n\n## two\n\nfour\n\n\\<!-- page 2 -->\n\n";
        assert_eq!(String::from_utf8(markdown).expect("text"), expected);
    }

    #[test]
    fn markdown_shows_nothing_that_nobody_sees_and_only_those_notes_that_the_page_shows() {
        let mut page = parsed_page(1, &["seen", "unseen", "a comment", "a stamp"]);
        let layers = [ContentLayer::Body, ContentLayer::Invisible, ContentLayer::Notes, ContentLayer::Notes];
        for (element, layer) in page.elements.iter_mut().zip(layers) {
            element.content_layer = Some(layer);
        }
        page.elements[3].markdown = Some("a stamp".to_owned());
        let markdown = written([page], &LIMITS).markdown.into_bytes().expect("readable");
        assert_eq!(String::from_utf8(markdown).expect("text"), "<!-- page 1 -->\n\nseen\n\na stamp\n\n");
    }

    #[test]
    fn words_of_any_page_decide_about_the_hyphens_of_each() {
        let page = |number, text: &str| {
            let mut page = parsed_page(number, &[text]);
            let element = &mut page.elements[0];
            element.native.engine = "pdfium".to_owned();
            if let Some((before, _)) = text.split_once('-').filter(|_| number == 1) {
                element.extra.insert("line_end_hyphens".to_owned(), serde_json::json!([before.len()]));
            }
            page
        };
        for (other, expected) in [("a waveguide", "a waveguide"), ("a Wave-Guide", "a wave-guide")] {
            let written = written([page(1, "a wave-guide"), page(2, other)], &LIMITS);
            let elements = elements(written);
            assert_eq!((elements[0].text.as_str(), elements[1].text.as_str()), (expected, other));
            assert!(elements[0].extra.is_empty());
        }
    }

    #[test]
    fn pictures_are_named_with_their_page_and_element() {
        let mut page = parsed_page(4, &["a", "b"]);
        page.elements[1].image = Some(picture("job/pictures/1.png"));
        let pictures = written([page], &LIMITS).pictures;
        let named: Vec<_> = pictures.iter().map(|picture| (picture.object.key.as_str(), picture.page_number)).collect();
        assert_eq!(named, [("job/pictures/1.png", Some(4))]);
        assert_eq!(pictures[0].element_id.as_deref(), Some("p4-e0002"));
    }

    #[test]
    fn a_picture_names_its_caption_which_has_it_as_parent_and_is_not_in_the_markdown() {
        let mut page = parsed_page(1, &["", "Figure 1: A boat"]);
        for (element, (kind, top)) in page.elements.iter_mut().zip([("image_object", 200.0), ("paragraph", 225.0)]) {
            element.native.engine = "pdfium".to_owned();
            element.native.kind = kind.to_owned();
            element.content_layer = Some(ContentLayer::Body);
            element.formatting = Some(Formatting { font_size: Some(10.0), ..Formatting::default() });
            element.regions = vec![Region {
                page_number: 1,
                bbox: Some(BBox::new(50.0, top, 200.0, top + 20.0)),
                polygon: None,
                angle: None,
                confidence: None,
                char_span: None,
                granularity: None,
                label: None,
            }];
        }
        let markdown = written([page.clone()], &LIMITS).markdown.into_bytes().expect("readable");
        assert_eq!(String::from_utf8(markdown).expect("text"), "<!-- page 1 -->\n\nFigure 1: A boat\n\n");
        let elements = elements(written([page], &LIMITS));
        let image = elements[0].image.clone().expect("it has a caption");
        assert_eq!(image.caption_ids, ["p1-e0002"]);
        assert_eq!(
            (elements[1].kind.clone(), elements[1].parent_id.as_deref()),
            (ElementType::Caption, Some("p1-e0001"))
        );
    }

    #[test]
    fn further_fields_and_errors_of_the_rows_count_toward_their_limit() {
        let page = |number| {
            let mut page = parsed_page(number, &["a"]);
            page.page.text = Some("t".repeat(10));
            // `{"a":"xxxxxxxxxx"}` has 18 bytes.
            page.page.extra.insert("a".to_owned(), "x".repeat(10).into());
            page
        };
        for (row_bytes, has_text, has_extra) in
            [(60, true, true), (59, false, true), (36, false, true), (35, false, false)]
        {
            let written = written([page(1), page(2)], &PassLimits { row_bytes, ..LIMITS });
            assert_eq!(written.warnings.len(), usize::from(!has_text) + usize::from(!has_extra), "{row_bytes}");
            for row in rows(written.rows) {
                assert_eq!((row.text.is_some(), row.extra.is_empty()), (has_text, !has_extra), "{row_bytes}");
            }
        }
        let mut failed = failed_page(1);
        failed.page.errors = vec![Fault::new(ErrorCode::PageFailed, Phase::Parse, "no").to_job_error(None)];
        let written = written([failed, page(2)], &PassLimits { row_bytes: 31, ..LIMITS });
        let rows = rows(written.rows);
        assert_eq!((rows[0].errors.len(), rows[1].text.is_some()), (1, false));
    }

    #[test]
    fn rows_lose_their_text_only_beyond_the_limit() {
        let page = |number| {
            let mut page = parsed_page(number, &["a"]);
            page.page.text = Some("t".repeat(10));
            page.page.markdown = Some("m".repeat(10));
            page
        };
        for (row_bytes, is_kept) in [(48, true), (47, false)] {
            let written = written([page(1), page(2)], &PassLimits { row_bytes, ..LIMITS });
            assert_eq!(written.warnings.is_empty(), is_kept);
            let markdown_has_it = written.markdown.bytes() > 20;
            for row in rows(written.rows) {
                assert_eq!((row.text.is_some(), row.markdown.is_some()), (is_kept, is_kept));
                assert_eq!(row.element_ids, [format!("p{}-e0001", row.page_number)]);
            }
            assert!(markdown_has_it);
        }
    }

    #[test]
    fn a_damaged_page_is_an_error_and_not_a_page_without_text() {
        let mut pages = parsed([parsed_page(1, &["a"]), parsed_page(2, &["b"])]);
        pages.spool.damage(2);
        let fault = run(pages, Vec::new(), &mut [], &std::env::temp_dir(), &LIMITS).expect_err("it cannot be read");
        assert_eq!((fault.code, fault.page), (ErrorCode::Internal, Some(2)));
    }

    #[test]
    fn pages_without_a_parse_keep_their_row() {
        let mut known = Page::new(2);
        known.images = vec!["2".to_owned()];
        let written = run(parsed([parsed_page(1, &["a"])]), vec![known], &mut [], &std::env::temp_dir(), &LIMITS);
        let rows = rows(written.expect("readable").rows);
        let numbers: Vec<(u32, usize)> = rows.iter().map(|row| (row.page_number, row.images.len())).collect();
        assert_eq!(numbers, [(1, 0), (2, 1)]);
    }
}
