//! Turns the engine's answer into pages and elements; pure.
//!
//! The document's own pages decide: one entry for every wanted page comes out, whatever the engine
//! thinks it saw.

use quire_schemas::{
    element::{Element, TextSource},
    failure::{ErrorCode, WarningCode},
    job::{Branch, Password},
    result::{BranchName, Object, Page, PageStatus, Phase, Unit, Warning},
};
use serde_json::{Value, json};

use super::{
    geometry::Geometry,
    item::{Outline, PageReader},
    setback::{Call, presentable},
    wire::{Answer, AnswerPage, Section},
};
use crate::{job::Fault, parse::ParsedPage};

/// Names in a warning no more pages than this.
const MAX_LISTED_PAGES: usize = 50;

/// What the answer is brought to.
#[derive(Debug)]
pub(super) struct Expected {
    /// Displayed size of every page of the document in points.
    pub(super) sizes: Vec<(f64, f64)>,
    /// The pages that were asked for, from 1.
    pub(super) wanted: Vec<u32>,
    pub(super) job_id: String,
    /// Kept out of what the engine says.
    pub(super) api_key: Password,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) pages: Vec<ParsedPage>,
    pub(super) warnings: Vec<Warning>,
}

impl Mapped {
    /// Returns what went wrong with the first page if there is none that went right.
    pub(super) fn nothing_parsed(&self) -> Option<&str> {
        if self.pages.iter().any(|parsed| parsed.page.status != PageStatus::Failed) {
            return None;
        }
        self.pages.first()?.page.errors.first().map(|error| error.message.as_str())
    }
}

/// Maps an answer. Element ids count from 1 within their page, so that a page keeps its ids
/// whatever becomes of the others; the reading order counts from 0 through the whole answer.
pub(super) fn map(mut answer: Answer, expected: &Expected) -> Mapped {
    let mut wanted = expected.wanted.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let mut outline = Outline::default();
    let mut missing = Vec::new();
    let mut pages = Vec::with_capacity(wanted.len());
    for number in wanted {
        let sheet = Sheet { number, size: expected.size_of(number) };
        let entry = answer.pages.remove(&number).filter(AnswerPage::has_content);
        pages.push(match entry {
            Some(entry) => read_page(sheet, entry, &mut outline, expected),
            None => {
                missing.push(number);
                sheet.failed("the answer does not hold the page", expected)
            }
        });
    }
    let surplus: Vec<u32> = answer.pages.into_keys().collect();
    Mapped { pages, warnings: mismatch(&missing, &surplus).into_iter().collect() }
}

impl Expected {
    fn size_of(&self, page: u32) -> (f64, f64) {
        let index = usize::try_from(page).ok().and_then(|page| page.checked_sub(1));
        index.and_then(|index| self.sizes.get(index)).copied().unwrap_or_default()
    }
}

/// A page of the document itself.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    number: u32,
    size: (f64, f64),
}

impl Sheet {
    fn blank(self, status: PageStatus) -> Page {
        Page {
            page_number: self.number,
            page_label: None,
            width: Some(self.size.0),
            height: Some(self.size.1),
            unit: Unit::Point,
            rotation: None,
            media_box: None,
            crop_box: None,
            status,
            text_source: None,
            language: None,
            confidence: None,
            text: None,
            markdown: None,
            images: Vec::new(),
            element_ids: Vec::new(),
            errors: Vec::new(),
            extra: Object::new(),
        }
    }

    /// An empty page that says why: without it, the numbering of the others would shift.
    fn failed(self, reason: &str, expected: &Expected) -> ParsedPage {
        let call = Call { purpose: "parsing the page with LlamaParse", job_id: Some(&expected.job_id) };
        let fault = Fault::new(ErrorCode::PageFailed, Phase::Parse, call.purpose)
            .on_page(self.number)
            .from_provider(call.provider())
            .because(presentable(reason, expected.api_key.reveal()));
        let mut page = self.blank(PageStatus::Failed);
        page.errors = vec![fault.to_job_error(Some(Branch::Parse))];
        ParsedPage { page, elements: Vec::new() }
    }
}

fn read_page(sheet: Sheet, mut entry: AnswerPage, outline: &mut Outline, expected: &Expected) -> ParsedPage {
    let (items_refused, markdown_refused) = (refusal(&mut entry.items), refusal(&mut entry.markdown));
    let refused = if entry.items.is_some() { items_refused } else { markdown_refused };
    if let Some(reason) = refused {
        return sheet.failed(&reason, expected);
    }
    let markdown = take_text(&mut entry.markdown, "markdown");
    let text = take_text(&mut entry.text, "text");
    let elements = read_elements(sheet, &mut entry, outline, markdown.as_deref(), text.as_deref());

    let mut page = sheet.blank(PageStatus::Succeeded);
    page.element_ids = elements.iter().map(|element| element.id.clone()).collect();
    let text = text.unwrap_or_else(|| joined(elements.iter().map(|element| element.text.as_str()), "\n"));
    page.text_source = Some(if text.trim().is_empty() { TextSource::None } else { TextSource::Llm });
    page.text = Some(text);
    page.markdown = Some(markdown.unwrap_or_else(|| markdown_of(&elements)));
    page.page_label = take_text(&mut entry.metadata, "printed_page_number");
    page.confidence = entry.metadata.as_mut().and_then(|section| section.fields.take_number("confidence"));
    page.extra = left_over(entry);
    ParsedPage { page, elements }
}

fn read_elements(
    sheet: Sheet,
    entry: &mut AnswerPage,
    outline: &mut Outline,
    markdown: Option<&str>,
    text: Option<&str>,
) -> Vec<Element> {
    let mut items = Vec::new();
    let mut items_path = String::new();
    let mut seen = (None, None);
    if let Some(Section { position, fields }) = &mut entry.items {
        seen = (fields.take_number("page_width"), fields.take_number("page_height"));
        items = fields.take_list("items").unwrap_or_default();
        items_path = format!("/items/pages/{position}/items");
    }
    let mut reader = PageReader::new(Geometry::new(sheet.number, sheet.size, seen), outline);
    reader.read_items(items, &items_path);
    // Older versions of the tier `fast` have no items: one element is better than none.
    for (name, plain, section) in [("markdown", markdown, &entry.markdown), ("text", text, &entry.text)] {
        if let (Some(plain), Some(section)) = (plain, section)
            && reader.is_empty()
            && !plain.trim().is_empty()
        {
            reader.read_plain(name, plain.to_owned(), &format!("/{name}/pages/{}", section.position));
        }
    }
    reader.into_elements()
}

/// Returns why the engine could not parse the page, if it says so.
fn refusal(section: &mut Option<Section>) -> Option<String> {
    let fields = &mut section.as_mut()?.fields;
    let success = fields.take_flag("success");
    let error = fields.take_text("error");
    (success == Some(false)).then(|| error.unwrap_or_else(|| "the service gives no reason".to_owned()))
}

fn take_text(section: &mut Option<Section>, key: &str) -> Option<String> {
    section.as_mut()?.fields.take_text(key).filter(|text| !text.is_empty())
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>, between: &str) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(between)
}

/// The Markdown of an element holds that of its children.
fn markdown_of(elements: &[Element]) -> String {
    let outermost = elements.iter().filter(|element| element.parent_id.is_none());
    joined(outermost.filter_map(|element| element.markdown.as_deref()), "\n\n")
}

/// Keeps what was not understood, by the section that said it.
fn left_over(entry: AnswerPage) -> Object {
    let sections =
        [("items", entry.items), ("markdown", entry.markdown), ("text", entry.text), ("metadata", entry.metadata)];
    let said = sections.into_iter().filter_map(|(name, section)| Some((name, section?.fields.into_extra())));
    said.filter(|(_, extra)| !extra.is_empty()).map(|(name, extra)| (name.to_owned(), Value::Object(extra))).collect()
}

fn mismatch(missing: &[u32], surplus: &[u32]) -> Option<Warning> {
    let named = |pages: &[u32]| pages.iter().take(MAX_LISTED_PAGES).map(u32::to_string).collect::<Vec<_>>().join(", ");
    let message = match (missing, surplus) {
        ([], []) => return None,
        (_, []) => format!("LlamaParse did not return page {}", named(missing)),
        ([], _) => format!("LlamaParse returned page {}, which was not asked for", named(surplus)),
        _ => format!("LlamaParse returned page {} instead of page {}", named(surplus), named(missing)),
    };
    let listed = |pages: &[u32]| pages.iter().copied().take(MAX_LISTED_PAGES).collect::<Vec<_>>();
    let details = json!({ "missing_pages": listed(missing), "surplus_pages": listed(surplus) });
    Some(Warning {
        code: WarningCode::PageCountMismatch.as_str().to_owned(),
        message,
        retryable: None,
        phase: Some(Phase::Parse),
        branch: Some(BranchName::Parse),
        page_number: None,
        provider: None,
        details: details.as_object().cloned().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
