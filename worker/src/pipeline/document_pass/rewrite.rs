//! Second phase of the pass: a page as the result has it, out of the parsed page and the statistics of
//! the whole document. Pure.

use quire_schemas::{
    element::ElementType,
    result::{Page, PageStatus},
};
use serde::de::Error as _;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    course::Course,
    hyphens::{Words, undo_line_ends},
    json_fields::{JsonFields, is_local},
    languages::language_of,
    limits::PassLimits,
    markdown,
    of_document::OfDocument,
    statistics::{OfPage, Statistics},
    structure::{At, Decision, Decisions},
    writers::is_too_long,
};

/// Rewrites the elements of one page, one after the other.
#[derive(Debug)]
pub(super) struct Rewriting<'a> {
    page: u32,
    /// Those of the whole document.
    words: &'a Words,
    decisions: &'a Decisions,
    /// Whether tables with cells that span are written as HTML.
    html_tables: bool,
    course: &'a mut Course,
    /// The place of the next element on its page.
    index: usize,
    /// Pictures that may still be named.
    pictures_left: u32,
    /// The ids so far as a JSON list without its end; empty if there are none.
    ids: String,
}

impl<'a> Rewriting<'a> {
    /// Begins a page of the document that the statistics tell of.
    pub(super) const fn of_page(page: &OfPage, document: &OfDocument<'a>, course: &'a mut Course) -> Self {
        let OfDocument { statistics, decisions, limits, options } = *document;
        Self {
            page: page.number,
            words: statistics.words(),
            decisions,
            html_tables: options.html_tables,
            course,
            index: 0,
            pictures_left: limits.pictures.saturating_sub(page.pictures_before),
            ids: String::new(),
        }
    }

    /// Makes the group of the list that the next element is the first item of.
    pub(super) fn group(&mut self) -> serde_json::Result<Option<String>> {
        let Some(list) = self.decisions.of(self.at()).and_then(|decision| decision.list.as_ref()) else {
            return Ok(None);
        };
        let group = self.course.group(self.page, list)?;
        if let Some(group) = &group {
            let group: JsonFields<'_> = serde_json::from_str(group)?;
            self.note_id(&group)?;
        }
        Ok(group)
    }

    /// Returns the place of the next element.
    pub(super) const fn at(&self) -> At {
        (self.page, self.index)
    }

    /// Rewrites the next element.
    pub(super) fn element(&mut self, element: &mut JsonFields<'_>) -> serde_json::Result<()> {
        element.set("reading_order", &self.course.next_place())?;
        self.limit_pictures(element)?;
        undo_line_ends(element, self.words)?;
        // Of notes only those have Markdown that the page shows; the engine marks them by theirs.
        let is_note = element.raw("content_layer").is_some_and(|layer| layer.get() == r#""notes""#);
        let has_markdown = element.raw("markdown").is_some();
        if is_local(element)? {
            self.course.write(element, self.at(), self.decisions)?;
            write_language(element)?;
            if !is_note || has_markdown {
                write_markdown(element, self.html_tables)?;
            }
        } else if !is_note && !has_markdown && element.raw("table").is_none() && !is_too_long(element)? {
            // The Markdown of another engine is its own, but what it gives as text is text.
            write_markdown(element, self.html_tables)?;
        }
        self.index += 1;
        self.note_id(element)
    }

    /// Rewrites the part of a paragraph that goes on behind a break as its page shows it. `kind` is what the whole
    /// paragraph is.
    pub(super) fn part(&self, part: &mut JsonFields<'_>, kind: Option<&Decision>) -> serde_json::Result<()> {
        undo_line_ends(part, self.words)?;
        if let Some(decision) = kind {
            part.set("type", &decision.kind)?;
            if let Some(list) = &decision.list {
                part.set("list", &list.info)?;
            }
        }
        write_markdown(part, self.html_tables)
    }

    /// Passes over the next element, which is part of a paragraph that begins before it.
    pub(super) const fn pass_over(&mut self) {
        self.index += 1;
    }

    fn note_id(&mut self, element: &JsonFields<'_>) -> serde_json::Result<()> {
        let id = element.raw("id").ok_or_else(|| serde_json::Error::missing_field("id"))?;
        self.ids.push(if self.ids.is_empty() { '[' } else { ',' });
        self.ids.push_str(id.get());
        Ok(())
    }

    fn limit_pictures(&mut self, element: &mut JsonFields<'_>) -> serde_json::Result<()> {
        let Some(mut image) = element.fields("image")?.filter(|image| image.raw("object").is_some()) else {
            return Ok(());
        };
        if let Some(left) = self.pictures_left.checked_sub(1) {
            self.pictures_left = left;
            return Ok(());
        }
        image.put("object", None);
        let image = to_raw_value(&image)?;
        element.put("image", Some(image));
        Ok(())
    }

    /// Ends the page: lists the ids of its elements, unless there are none.
    fn into_ids(self) -> serde_json::Result<Option<Box<RawValue>>> {
        let Self { ids, .. } = self;
        if ids.is_empty() { Ok(None) } else { RawValue::from_string(ids + "]").map(Some) }
    }
}

fn write_language(element: &mut JsonFields<'_>) -> serde_json::Result<()> {
    let kind: Option<ElementType> = element.get("type")?;
    if matches!(kind, Some(ElementType::Code | ElementType::Formula)) {
        return Ok(());
    }
    let text: Option<String> = element.get("text")?;
    match text.as_deref().and_then(language_of) {
        Some(language) => element.set("language", language),
        None => Ok(()),
    }
}

fn write_markdown(element: &mut JsonFields<'_>, html_tables: bool) -> serde_json::Result<()> {
    match markdown::of(element, html_tables)? {
        Some(markdown) => element.set("markdown", &markdown),
        None => Ok(()),
    }
}

/// Joins the row that the parse gives with the row of the page without its parse, once its elements are rewritten.
pub(super) fn row(
    parsed: &mut JsonFields<'_>,
    known: &Page,
    rewritten: Rewriting<'_>,
    statistics: &Statistics,
    limits: &PassLimits,
) -> serde_json::Result<()> {
    let has_errors = join_errors(parsed, known)?;
    let parsed_status: PageStatus = parsed.require("status")?;
    let has_output = !known.images.is_empty() || parsed_status == PageStatus::Succeeded;
    let status = match (has_errors, has_output) {
        (false, _) => parsed_status,
        (true, true) => PageStatus::PartialSuccess,
        (true, false) => PageStatus::Failed,
    };
    parsed.set("status", &status)?;
    for (name, side) in [("width", known.width), ("height", known.height)] {
        if let Some(side) = side {
            parsed.set(name, &side)?;
        }
    }
    let images = (!known.images.is_empty()).then(|| to_raw_value(&known.images));
    parsed.put("images", images.transpose()?);
    parsed.put("element_ids", rewritten.into_ids()?);
    if !statistics.rows_carry_text(limits) {
        parsed.put("text", None);
        parsed.put("markdown", None);
    }
    if !statistics.rows_carry_extra(limits) {
        parsed.put("extra", None);
    }
    Ok(())
}

/// Puts the known errors of a page before those of its parse; says whether there are any.
fn join_errors(parsed: &mut JsonFields<'_>, known: &Page) -> serde_json::Result<bool> {
    let of_parse = parsed.raw("errors").map(RawValue::get).filter(|list| *list != "[]");
    if known.errors.is_empty() {
        return Ok(of_parse.is_some());
    }
    let mut list = serde_json::to_string(&known.errors)?;
    if let Some(more) = of_parse.and_then(|list| list.strip_prefix('[')) {
        list.pop();
        list.push(',');
        list.push_str(more);
    }
    let list = RawValue::from_string(list)?;
    parsed.put("errors", Some(list));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use quire_schemas::{failure::ErrorCode, result::Phase};

    use super::{
        super::{options::PassOptions, spooled_page::SpooledPage},
        *,
    };
    use crate::{
        job::Fault,
        parse::ParsedPage,
        pipeline::testing::{failed_page, parsed_page, picture},
    };

    const LIMITS: PassLimits = PassLimits::for_result(32 << 20);

    /// Rewrites a page with statistics that know it.
    fn rewritten(known: &Page, parsed: &ParsedPage, statistics: &Statistics, limits: &PassLimits) -> ParsedPage {
        let json = serde_json::to_string(parsed).expect("a page is plain data");
        let SpooledPage { mut row, .. } = SpooledPage::read(&json, parsed.page.page_number).expect("a page");
        let page = SpooledPage::read(&json, parsed.page.page_number).expect("a page");
        let of_page = statistics.of_page(page.number).expect("the statistics know it");
        let (decisions, options, mut course) = (Decisions::default(), PassOptions::default(), Course::default());
        let document = OfDocument { statistics, decisions: &decisions, limits, options: &options };
        let mut rewriting = Rewriting::of_page(of_page, &document, &mut course);
        let mut elements = Vec::new();
        for element in page.elements() {
            let mut element = element.expect("an element");
            rewriting.element(&mut element).expect("an element");
            let json = serde_json::to_string(&element).expect("JSON");
            elements.push(serde_json::from_str(&json).expect("an element"));
        }
        super::row(&mut row, known, rewriting, statistics, limits).expect("a row");
        let page = serde_json::to_string(&row).expect("JSON");
        ParsedPage { page: serde_json::from_str(&page).expect("a row"), elements }
    }

    fn joined(known: &Page, parsed: &ParsedPage) -> Page {
        rewritten(known, parsed, &Statistics::of([parsed]), &LIMITS).page
    }

    #[test]
    fn pictures_beyond_the_limit_are_left_out_wherever_they_stand() {
        let pages = [1, 2].map(|page| {
            let mut parsed = parsed_page(page, &["a", "b"]);
            for (index, element) in parsed.elements.iter_mut().enumerate() {
                element.image = Some(picture(&format!("{page}-{index}.png")));
            }
            parsed
        });
        let statistics = Statistics::of(&pages);
        let limits = PassLimits { pictures: 3, ..LIMITS };
        let left = pages.map(|page| {
            let page = rewritten(&page.page, &page, &statistics, &limits);
            assert!(page.elements.iter().all(|element| element.image.is_some()));
            page.elements.iter().filter(|element| element.picture().is_some()).count()
        });
        assert_eq!(left, [2, 1]);
        assert_eq!(statistics.warnings(&limits).len(), 1);
    }

    #[test]
    fn everything_else_that_the_parse_says_stays_as_it_is() {
        let mut parsed = parsed_page(3, &["a\n\u{1f600}", "b"]);
        let json = r#"{"language":"de","confidence":0.25,"text":"x\ty","page_label":"iv","extra":{"a":[null,1.0]}}"#;
        let said: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).expect("an object");
        let mut page = serde_json::to_value(&parsed.page).expect("plain data");
        page.as_object_mut().expect("an object").extend(said);
        parsed.page = serde_json::from_value(page).expect("a page");
        parsed.elements[0].extra.insert("deep".to_owned(), serde_json::json!([[{}], "\\"]));
        parsed.elements[1].reading_order = 1;
        let page = rewritten(&Page::new(3), &parsed, &Statistics::of([&parsed]), &LIMITS);
        assert_eq!(page, parsed);
    }

    #[test]
    fn a_page_with_an_image_and_no_parse_is_a_partial_success() {
        let fault = |message| Fault::new(ErrorCode::PageFailed, Phase::Parse, message).to_job_error(None);
        let mut failed = failed_page(1);
        failed.page.errors = vec![fault("no parse")];
        assert_eq!(joined(&Page::new(1), &failed).status, PageStatus::Failed);
        let with_image = Page { images: vec!["1".to_owned()], ..Page::new(1) };
        assert_eq!(joined(&with_image, &failed).status, PageStatus::PartialSuccess);
        let without_image = Page { errors: vec![fault("no image")], ..Page::new(1) };
        assert_eq!(joined(&without_image, &parsed_page(1, &["a"])).status, PageStatus::PartialSuccess);
        assert_eq!(joined(&Page::new(1), &parsed_page(1, &["a"])).status, PageStatus::Succeeded);
        let neither = joined(&without_image, &failed);
        let messages: Vec<_> = neither.errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!((neither.status, messages), (PageStatus::Failed, vec!["no image", "no parse"]));
    }

    #[test]
    fn the_displayed_size_that_the_renderer_knows_counts() {
        let known = Page { width: Some(595.0), height: None, ..Page::new(1) };
        let mut parsed = parsed_page(1, &[]);
        (parsed.page.width, parsed.page.height) = (Some(100.0), Some(200.0));
        let row = joined(&known, &parsed);
        assert_eq!((row.width, row.height), (Some(595.0), Some(200.0)));
    }
}
