//! Checks whether a renderer's answer can be true. A renderer reads hostile documents and is not
//! trusted: one whose answer fails here is killed. Pure.

use quire_schemas::result::{Attachment, OutlineEntry};

use super::{
    bounds::{
        MAX_ATTACHMENTS, MAX_BOOKMARK_LEVEL, MAX_BOOKMARK_TITLE_BYTES, MAX_BOOKMARKS, MAX_MESSAGE_BYTES,
        MAX_METADATA_BYTES, MAX_METADATA_ENTRIES, MAX_NAME_BYTES, MAX_OUTLINE_BYTES,
    },
    encode,
    geometry::{asked_scale, longest_side},
    protocol::{AttachmentWork, DocumentInfo, ImageHead, ImageSpec},
};
use crate::parse::{
    MAX_PAGE_BYTES,
    local::{Findings, MAX_GLYPHS, Placement, check_page_json},
};

/// The page tree counts in signed 32 bits.
const MAX_PAGE_COUNT: u32 = i32::MAX as u32;
/// pdfium has sizes in single precision.
const MAX_SIDE_PT: f64 = f32::MAX as f64;
/// Rounding of numbers on their way through JSON.
const TOLERANCE: f64 = 1e-9;

/// An answer that is well-formed and cannot be true.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Violation {
    #[error("an answer to another question")]
    OutOfTurn,
    #[error("a body with an answer that has none")]
    UnexpectedBody,
    #[error("{count} pages")]
    PageCount { count: u32 },
    #[error("{described} pages described of a document with {opened}")]
    OtherPageCount { described: u32, opened: u32 },
    #[error("page {page} asked for of a document with {opened} pages")]
    PageBeyondEnd { page: u32, opened: u32 },
    #[error("{sizes} page sizes for {page_count} pages")]
    PageSizes { sizes: usize, page_count: u32 },
    #[error("page {page} of {width_pt} × {height_pt} points")]
    PageSize { page: usize, width_pt: f64, height_pt: f64 },
    #[error("{count} bookmarks")]
    Bookmarks { count: usize },
    #[error("a bookmark on level {level}")]
    BookmarkLevel { level: u32 },
    #[error("a bookmark that names an element, which no renderer does")]
    ElementOfBookmark,
    #[error("{count} attachments")]
    Attachments { count: usize },
    #[error("an attachment that is stored, which no renderer does")]
    ObjectOfAttachment,
    #[error("an attachment of {bytes} bytes, which may have {most}")]
    AttachmentSize { bytes: usize, most: usize },
    #[error("{count} entries of metadata")]
    Metadata { count: usize },
    #[error("{bytes} bytes of {text}")]
    TooLong { text: &'static str, bytes: usize },
    #[error("an image of {width_px} × {height_px} pixels at scale {scale} that was not asked for")]
    Image { width_px: u32, height_px: u32, scale: f64 },
    #[error("an image without bytes")]
    EmptyImage,
    #[error("an image of {bytes} bytes, which has at most {most}")]
    ImageTooLarge { bytes: u64, most: u64 },
    #[error("{count} characters on a page")]
    Characters { count: u32 },
    #[error("{placed} letters in elements of {letters} on a page")]
    Letters { letters: u32, placed: u32 },
    #[error("more findings about a page than there are kinds of")]
    Findings,
    #[error("{bytes} bytes of text on a page")]
    TextSize { bytes: usize },
    #[error("the text of page {found} in place of page {asked}")]
    OtherPage { found: u32, asked: u32 },
    #[error("the text of a page is not on one line")]
    SeveralLines,
    #[error("the text of a page is not UTF-8")]
    TextEncoding(#[source] std::str::Utf8Error),
    #[error("the text of a page is not a parsed page")]
    TextShape(#[source] serde_json::Error),
}

/// Checks the number of pages of a document that a child says it has opened.
pub(super) fn page_count(count: u32) -> Result<(), Violation> {
    if count > MAX_PAGE_COUNT { Err(Violation::PageCount { count }) } else { Ok(()) }
}

/// Checks that a page that is asked for is one of the pages that the child has opened.
pub(super) fn page_exists(page: u32, opened: u32) -> Result<(), Violation> {
    if (1..=opened).contains(&page) { Ok(()) } else { Err(Violation::PageBeyondEnd { page, opened }) }
}

/// Checks a description against the number of pages that the child has opened.
pub(super) fn description(info: &DocumentInfo, opened: u32) -> Result<(), Violation> {
    let &DocumentInfo { page_count, ref page_sizes, .. } = info;
    if page_count != opened {
        return Err(Violation::OtherPageCount { described: page_count, opened });
    }
    if page_sizes.len() != page_count as usize {
        return Err(Violation::PageSizes { sizes: page_sizes.len(), page_count });
    }
    let possible = |side: f64| (0.0..=MAX_SIDE_PT).contains(&side);
    let impossible = page_sizes.iter().position(|(width, height)| !possible(*width) || !possible(*height));
    if let Some(index) = impossible {
        let (width_pt, height_pt) = page_sizes[index];
        return Err(Violation::PageSize { page: index + 1, width_pt, height_pt });
    }
    texts(info)?;
    attachments(&info.attachments)?;
    outline(&info.outline)
}

fn texts(info: &DocumentInfo) -> Result<(), Violation> {
    let DocumentInfo { title, author, metadata, pdf_version, form_type, language, .. } = info;
    if metadata.len() > MAX_METADATA_ENTRIES {
        return Err(Violation::Metadata { count: metadata.len() });
    }
    let stated = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    no_more("the title", stated(title), MAX_METADATA_BYTES)?;
    no_more("the author", stated(author), MAX_METADATA_BYTES)?;
    no_more("the PDF version", stated(pdf_version), MAX_NAME_BYTES)?;
    no_more("the kind of form", stated(form_type), MAX_NAME_BYTES)?;
    no_more("the language", stated(language), MAX_NAME_BYTES)?;
    metadata.iter().try_for_each(|(key, value)| {
        no_more("a key of the metadata", key.len(), MAX_NAME_BYTES)?;
        no_more("a value of the metadata", value.len(), MAX_METADATA_BYTES)
    })
}

fn attachments(attachments: &[Attachment]) -> Result<(), Violation> {
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(Violation::Attachments { count: attachments.len() });
    }
    if attachments.iter().any(|attachment| attachment.object.is_some()) {
        return Err(Violation::ObjectOfAttachment);
    }
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    attachments.iter().try_for_each(|attachment| {
        no_more("the name of an attachment", length(&attachment.name), MAX_BOOKMARK_TITLE_BYTES)?;
        no_more("the description of an attachment", length(&attachment.description), MAX_BOOKMARK_TITLE_BYTES)?;
        no_more("the media type of an attachment", length(&attachment.media_type), MAX_NAME_BYTES)
    })
}

fn outline(entries: &[OutlineEntry]) -> Result<(), Violation> {
    if entries.len() > MAX_BOOKMARKS {
        return Err(Violation::Bookmarks { count: entries.len() });
    }
    if entries.iter().any(|entry| entry.element_id.is_some()) {
        return Err(Violation::ElementOfBookmark);
    }
    if let Some(entry) = entries.iter().find(|entry| !(1..=MAX_BOOKMARK_LEVEL).contains(&entry.level)) {
        return Err(Violation::BookmarkLevel { level: entry.level });
    }
    let titles = || entries.iter().map(|entry| entry.title.len());
    no_more("the title of a bookmark", titles().max().unwrap_or_default(), MAX_BOOKMARK_TITLE_BYTES)?;
    no_more("the titles of bookmarks", titles().sum(), MAX_OUTLINE_BYTES)
}

/// Checks the size of a file that the document carries before it is read.
pub(super) const fn attachment(body_bytes: usize, work: AttachmentWork) -> Result<(), Violation> {
    let most = work.max_bytes;
    if body_bytes > most { Err(Violation::AttachmentSize { bytes: body_bytes, most }) } else { Ok(()) }
}

/// Checks how long the message is with which a part of a page has failed.
pub(super) fn message(message: &str) -> Result<(), Violation> {
    no_more("the message about a page", message.len(), MAX_MESSAGE_BYTES)
}

const fn no_more(text: &'static str, bytes: usize, limit: usize) -> Result<(), Violation> {
    if bytes > limit { Err(Violation::TooLong { text, bytes }) } else { Ok(()) }
}

/// Checks an image, before its body is read, against the specification with which it was asked for.
pub(super) fn image(head: &ImageHead, body_bytes: usize, spec: &ImageSpec) -> Result<(), Violation> {
    let &ImageHead { width_px, height_px, scale, scaled_down } = head;
    let asked = asked_scale(spec);
    let fits = |side: u32| side > 0 && f64::from(side) <= longest_side(spec).round().max(1.0);
    // Each side is rounded by up to half a pixel after the scale was chosen.
    let rounded_up = u64::from(width_px) + u64::from(height_px);
    let area = u64::from(width_px) * u64::from(height_px);
    let least = if scaled_down { f64::MIN_POSITIVE } else { asked * (1.0 - TOLERANCE) };
    let scale_fits = (least..=asked * (1.0 + TOLERANCE)).contains(&scale);
    if !fits(width_px) || !fits(height_px) || area > spec.max_pixels.saturating_add(rounded_up) || !scale_fits {
        return Err(Violation::Image { width_px, height_px, scale });
    }
    let (bytes, most) = (body_bytes as u64, encode::largest_file(spec.format, spec.quality, width_px, height_px));
    match bytes {
        0 => Err(Violation::EmptyImage),
        _ if bytes > most => Err(Violation::ImageTooLarge { bytes, most }),
        _ => Ok(()),
    }
}

/// Checks the numbers of a page's text, and how large it is, before it is read.
pub(super) fn text(findings: &Findings, body_bytes: usize) -> Result<(), Violation> {
    if let Some(count) = findings.counts().find(|count| *count as usize > MAX_GLYPHS) {
        return Err(Violation::Characters { count });
    }
    let Placement { letters, placed, .. } = findings.placement;
    if !findings.placement.is_possible() {
        return Err(Violation::Letters { letters, placed });
    }
    if findings.lists_too_much() {
        return Err(Violation::Findings);
    }
    if body_bytes > MAX_PAGE_BYTES { Err(Violation::TextSize { bytes: body_bytes }) } else { Ok(()) }
}

/// Checks that a body is the JSON of this page as the local engine writes it, on one line. Reads it once and builds
/// nothing: the spool keeps the bytes as they are.
pub(super) fn parsed_page(json: &[u8], page: u32) -> Result<(), Violation> {
    if json.contains(&b'\n') {
        return Err(Violation::SeveralLines);
    }
    let text = std::str::from_utf8(json).map_err(Violation::TextEncoding)?;
    let found = check_page_json(text).map_err(Violation::TextShape)?;
    if found == page { Ok(()) } else { Err(Violation::OtherPage { found, asked: page }) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quire_schemas::{element::BBox, job::ImageFormat, object::ObjectRef};

    use super::{
        super::geometry::{ImageSize, image_size},
        *,
    };
    use crate::parse::local::{Cut, PageLink, lay_out, testing::Page, to_parsed_page};

    fn info(page_count: u32, page_sizes: Vec<(f64, f64)>) -> DocumentInfo {
        DocumentInfo { page_count, page_sizes, ..DocumentInfo::default() }
    }

    fn spec() -> ImageSpec {
        ImageSpec { format: ImageFormat::Png, dpi: 72, quality: 85, max_side_px: Some(1000), max_pixels: 500_000 }
    }

    fn head(width_px: u32, height_px: u32, scale: f64, scaled_down: bool) -> ImageHead {
        ImageHead { width_px, height_px, scale, scaled_down }
    }

    fn page_json(number: u32) -> Vec<u8> {
        let link = PageLink {
            bbox: BBox::new(1.0, 2.0, 3.0, 4.0),
            parts: Vec::new(),
            uri: Some("https://a.example/\n".to_owned()),
            page_number: None,
        };
        let page = Page::new().and(|page| (page.page_number, page.links) = (number, vec![link]));
        serde_json::to_vec(&to_parsed_page(lay_out(page.content()), false)).expect("a page is plain data")
    }

    #[test]
    fn a_page_count_is_one_that_a_page_tree_can_have() {
        assert!(page_count(0).is_ok() && page_count(MAX_PAGE_COUNT).is_ok());
        assert!(matches!(page_count(MAX_PAGE_COUNT + 1), Err(Violation::PageCount { .. })));
    }

    #[test]
    fn a_page_beyond_what_the_child_has_opened_is_a_violation() {
        assert!(page_exists(1, 3).is_ok() && page_exists(3, 3).is_ok());
        assert!(matches!(page_exists(4, 3), Err(Violation::PageBeyondEnd { page: 4, opened: 3 })));
        assert!(page_exists(0, 3).is_err());
    }

    #[test]
    fn a_description_fits_the_document_that_was_opened() {
        assert!(description(&info(2, vec![(612.0, 792.0), (0.0, MAX_SIDE_PT)]), 2).is_ok());
        let other = description(&info(3, vec![(1.0, 1.0); 3]), 2);
        assert!(matches!(other, Err(Violation::OtherPageCount { described: 3, opened: 2 })));
        for sizes in [0, 1, 3] {
            let described = description(&info(2, vec![(1.0, 1.0); sizes]), 2);
            assert!(matches!(described, Err(Violation::PageSizes { .. })), "{sizes} sizes");
        }
    }

    #[test]
    fn a_page_size_that_no_page_can_have_is_a_violation() {
        for side in [-1.0, 1e300, f64::NAN, f64::INFINITY] {
            for size in [(side, 1.0), (1.0, side)] {
                let described = description(&info(2, vec![(1.0, 1.0), size]), 2);
                assert!(matches!(described, Err(Violation::PageSize { page: 2, .. })), "{size:?}");
            }
        }
        // On its way through JSON such a number is lost, and the frame does not decode.
        let json = serde_json::to_string(&info(1, vec![(f64::NAN, 1.0)])).expect("a value");
        assert!(serde_json::from_str::<DocumentInfo>(&json).is_err());
    }

    #[test]
    fn an_endless_outline_is_a_violation() {
        let entry = OutlineEntry { title: String::new(), level: 1, page_number: None, element_id: None };
        let many = DocumentInfo { outline: vec![entry; MAX_BOOKMARKS + 1], ..info(0, Vec::new()) };
        assert!(matches!(description(&many, 0), Err(Violation::Bookmarks { .. })));
    }

    #[test]
    fn a_text_of_a_document_that_is_too_long_is_a_violation() {
        let long = || "x".repeat(MAX_METADATA_BYTES + 1);
        let none = || info(0, Vec::new());
        for wrong in [
            DocumentInfo { title: Some(long()), ..none() },
            DocumentInfo { author: Some(long()), ..none() },
            DocumentInfo { pdf_version: Some(long()), ..none() },
            DocumentInfo { form_type: Some(long()), ..none() },
            DocumentInfo { language: Some(long()), ..none() },
            DocumentInfo { metadata: vec![("subject".to_owned(), long())], ..none() },
            DocumentInfo { metadata: vec![(long(), String::new())], ..none() },
        ] {
            assert!(matches!(description(&wrong, 0), Err(Violation::TooLong { .. })), "{wrong:?}");
        }
        let entry = ("subject".to_owned(), String::new());
        let many = DocumentInfo { metadata: vec![entry; MAX_METADATA_ENTRIES + 1], ..none() };
        assert!(matches!(description(&many, 0), Err(Violation::Metadata { .. })));
    }

    #[test]
    fn attachments_without_end_or_with_an_object_are_a_violation() {
        let described = |attachments| description(&DocumentInfo { attachments, ..info(0, Vec::new()) }, 0);
        let named = |bytes: usize| Attachment { name: Some("x".repeat(bytes)), ..Attachment::default() };
        assert!(described(vec![named(MAX_BOOKMARK_TITLE_BYTES); MAX_ATTACHMENTS]).is_ok());
        let many = described(vec![named(1); MAX_ATTACHMENTS + 1]);
        assert!(matches!(many, Err(Violation::Attachments { .. })));
        assert!(matches!(described(vec![named(MAX_BOOKMARK_TITLE_BYTES + 1)]), Err(Violation::TooLong { .. })));
        let object: ObjectRef = serde_json::from_str(
            r#"{"key":"k","media_type":"m","size_bytes":1,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#,
        )
        .expect("an object");
        let stored = Attachment { object: Some(object), ..Attachment::default() };
        assert!(matches!(described(vec![stored]), Err(Violation::ObjectOfAttachment)));
    }

    #[test]
    fn a_bookmark_with_more_than_a_title_and_a_page_is_a_violation() {
        let entry = |title_bytes| OutlineEntry {
            title: "x".repeat(title_bytes),
            level: 1,
            page_number: Some(1),
            element_id: None,
        };
        let described = |outline| description(&DocumentInfo { outline, ..info(0, Vec::new()) }, 0);
        let longest = entry(MAX_BOOKMARK_TITLE_BYTES);
        let many = MAX_OUTLINE_BYTES / MAX_BOOKMARK_TITLE_BYTES;
        assert!(described(vec![longest.clone(); many]).is_ok());
        assert!(matches!(described(vec![longest; many + 1]), Err(Violation::TooLong { .. })));
        assert!(matches!(described(vec![entry(MAX_BOOKMARK_TITLE_BYTES + 1)]), Err(Violation::TooLong { .. })));
        let of_element = OutlineEntry { element_id: Some("p1-e1".to_owned()), ..entry(1) };
        assert!(matches!(described(vec![of_element]), Err(Violation::ElementOfBookmark)));
        for level in [0, MAX_BOOKMARK_LEVEL + 1] {
            let wrong = described(vec![OutlineEntry { level, ..entry(1) }]);
            assert!(matches!(wrong, Err(Violation::BookmarkLevel { .. })), "{level}");
        }
    }

    #[test]
    fn an_attachment_has_no_more_bytes_than_it_may() {
        let work = AttachmentWork { index: 0, max_bytes: 5 };
        assert!(attachment(0, work).is_ok() && attachment(5, work).is_ok());
        assert!(matches!(attachment(6, work), Err(Violation::AttachmentSize { bytes: 6, most: 5 })));
    }

    #[test]
    fn a_long_message_about_a_page_is_a_violation() {
        assert!(message(&"x".repeat(MAX_MESSAGE_BYTES)).is_ok());
        assert!(matches!(message(&"x".repeat(MAX_MESSAGE_BYTES + 1)), Err(Violation::TooLong { .. })));
    }

    #[test]
    fn an_image_that_does_not_match_its_specification_is_a_violation() {
        assert!(image(&head(612, 792, 1.0, false), 9, &spec()).is_ok());
        for wrong in [
            head(0, 792, 1.0, false),
            head(612, 1001, 1.0, false),
            head(900, 900, 1.0, false),
            head(612, 792, 0.5, false),
            head(612, 792, 1.5, true),
            head(612, 792, 0.0, true),
            head(612, 792, -0.5, true),
            head(612, 792, f64::NAN, true),
            head(612, 792, f64::NAN, false),
        ] {
            assert!(matches!(image(&wrong, 9, &spec()), Err(Violation::Image { .. })), "{wrong:?}");
        }
        assert!(matches!(image(&head(612, 792, 1.0, false), 0, &spec()), Err(Violation::EmptyImage)));
    }

    #[test]
    fn an_image_is_not_larger_than_its_pixels_can_be() {
        let sized = |body_bytes| image(&head(612, 792, 1.0, false), body_bytes, &spec());
        assert!(sized(612 * 792 * 4).is_ok());
        assert!(matches!(sized(612 * 792 * 5), Err(Violation::ImageTooLarge { .. })));
    }

    #[test]
    fn numbers_of_a_text_that_no_page_has_are_a_violation() {
        let text_of = |visible_characters| Findings { visible_characters, ..Findings::default() };
        assert!(text(&text_of(MAX_GLYPHS as u32), MAX_PAGE_BYTES).is_ok());
        assert!(matches!(text(&text_of(MAX_GLYPHS as u32 + 1), 0), Err(Violation::Characters { .. })));
        assert!(matches!(text(&text_of(0), MAX_PAGE_BYTES + 1), Err(Violation::TextSize { .. })));
        let unmapped = Findings { unmapped: Some((1, u32::MAX)), ..Findings::default() };
        assert!(matches!(text(&unmapped, 0), Err(Violation::Characters { .. })));
        for (letters, placed) in [(1, 2), (u32::MAX, 1)] {
            let placement = Placement { letters, placed, ..Placement::default() };
            let wrong = text(&Findings { placement, ..Findings::default() }, 0);
            assert!(matches!(wrong, Err(Violation::Letters { .. })), "{letters}");
        }
        let endless = Findings { cut: vec![Cut::Links; 100], ..Findings::default() };
        assert!(matches!(text(&endless, 0), Err(Violation::Findings)));
    }

    #[test]
    fn a_text_is_the_page_that_was_asked_for_on_one_line() {
        let json = page_json(3);
        assert!(parsed_page(&json, 3).is_ok());
        assert!(matches!(parsed_page(&json, 4), Err(Violation::OtherPage { found: 3, asked: 4 })));
        assert!(matches!(parsed_page(&[&json[..], b"\n"].concat(), 3), Err(Violation::SeveralLines)));
        assert!(matches!(parsed_page(b"\xff", 3), Err(Violation::TextEncoding(_))));
        assert!(matches!(parsed_page(b"{}", 3), Err(Violation::TextShape(_))));
        assert!(matches!(parsed_page(&[&json[..], b"{}"].concat(), 3), Err(Violation::TextShape(_))));
    }

    #[test]
    fn a_box_without_numbers_is_a_violation() {
        let json = String::from_utf8(page_json(1)).expect("JSON");
        assert!(json.contains("[1.0,2.0,3.0,4.0]"), "{json}");
        for sides in ["[null,2.0,3.0,4.0]", "[1e999,2.0,3.0,4.0]", "[1.0,2.0,3.0]", "\"everywhere\""] {
            let wrong = json.replacen("[1.0,2.0,3.0,4.0]", sides, 1);
            assert!(matches!(parsed_page(wrong.as_bytes(), 1), Err(Violation::TextShape(_))), "{sides}");
        }
    }

    #[test]
    fn a_page_that_names_a_stored_object_or_nests_without_end_is_a_violation() {
        let json = String::from_utf8(page_json(1)).expect("JSON");
        let object = r#"{"object":{"key":"another/job/result.json","media_type":"a","size_bytes":1,"sha256":"b"}}"#;
        let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for field in [format!(r#""image":{object}"#), format!(r#""extra":{nested}"#), format!(r#""unknown":{nested}"#)]
        {
            let wrong = json.replacen(r#"{"id":"#, &format!(r#"{{{field},"id":"#), 1);
            assert_ne!(wrong, json);
            assert!(matches!(parsed_page(wrong.as_bytes(), 1), Err(Violation::TextShape(_))), "{}", &field[..9]);
        }
    }

    proptest! {
        #[test]
        fn every_image_that_is_drawn_as_asked_passes(
            width in 0.1_f64..20_000.0, height in 0.1_f64..20_000.0, dpi in 10_u32..1200, max_side in 1_u32..20_000,
            max_pixels in 1_u64..100_000_000,
        ) {
            let spec = ImageSpec { dpi, max_side_px: Some(max_side), max_pixels, ..spec() };
            if let Some(ImageSize { width_px, height_px, scale, scaled_down }) = image_size(width, height, &spec) {
                let drawn = head(width_px, height_px, scale, scaled_down);
                prop_assert!(image(&drawn, 1, &spec).is_ok(), "{drawn:?}");
            }
        }
    }
}
