//! Turns the service's answer into pages and elements, one page at a time. Pure.

use quire_schemas::{
    element::{Element, TextSource},
    result::{JsonObject, PageStatus, Warning},
};
use serde_json::Value;

use super::{
    item::PageReader,
    wire::{Answer, AnswerPage, AnswerSection},
};
use crate::parse::{
    ParsedPage,
    remote::{Geometry, Outline, Sheet, Wanted},
};

/// Yields one page for every wanted page. Element ids count from 1 within their page, so that they do
/// not depend on other pages; the reading order counts from 0 through the whole answer.
#[derive(Debug)]
pub(super) struct Mapping {
    answer: Answer,
    wanted: Wanted,
    outline: Outline,
    missing: Vec<u32>,
    any_parsed: bool,
    /// Why the first page failed, if it did.
    first_reason: Option<String>,
}

impl Mapping {
    pub(super) fn new(answer: Answer, wanted: Wanted) -> Self {
        let outline = Outline::default();
        Self { answer, wanted, outline, missing: Vec::new(), any_parsed: false, first_reason: None }
    }

    /// Returns why the first page failed, if all of those so far did.
    pub(super) fn nothing_parsed(&self) -> Option<&str> {
        self.first_reason.as_deref().filter(|_| !self.any_parsed)
    }

    /// Warns, at the end, about pages that did not come and about others that did.
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let surplus: Vec<u32> = self.answer.pages.into_keys().collect();
        self.wanted.mismatch(&self.missing, &surplus).into_iter().collect()
    }

    fn read(&mut self, sheet: Sheet) -> ParsedPage {
        match self.answer.pages.remove(&sheet.number).filter(AnswerPage::has_content) {
            Some(entry) => {
                read_page(sheet, entry, &mut self.outline).unwrap_or_else(|reason| self.wanted.failed(sheet, &reason))
            }
            None => {
                self.missing.push(sheet.number);
                self.wanted.failed(sheet, "the answer does not hold the page")
            }
        }
    }
}

impl Iterator for Mapping {
    type Item = ParsedPage;

    fn next(&mut self) -> Option<ParsedPage> {
        let sheet = self.wanted.take_next()?;
        let parsed = self.read(sheet);
        if parsed.page.status != PageStatus::Failed {
            self.any_parsed = true;
        } else if !self.any_parsed && self.first_reason.is_none() {
            self.first_reason = parsed.page.errors.first().map(|error| error.message.clone());
        }
        Some(parsed)
    }
}

/// Reads one page; the error is the service's reason for not having parsed it.
fn read_page(sheet: Sheet, mut entry: AnswerPage, outline: &mut Outline) -> Result<ParsedPage, String> {
    let (items_refused, markdown_refused) = (refusal(&mut entry.items), refusal(&mut entry.markdown));
    let refused = if entry.items.is_some() { items_refused } else { markdown_refused };
    if let Some(reason) = refused {
        return Err(reason);
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
    Ok(ParsedPage { page, elements })
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
    if let Some(AnswerSection { position, fields }) = &mut entry.items {
        seen = (fields.take_number("page_width"), fields.take_number("page_height"));
        items = fields.take_list("items").unwrap_or_default();
        items_path = format!("/items/pages/{position}/items");
    }
    let mut reader = PageReader::new(Geometry::new(sheet, seen), outline);
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

/// Returns why the service could not parse the page, if it says so.
fn refusal(section: &mut Option<AnswerSection>) -> Option<String> {
    let fields = &mut section.as_mut()?.fields;
    let success = fields.take_flag("success");
    let error = fields.take_text("error");
    (success == Some(false)).then(|| error.unwrap_or_else(|| "the service gives no reason".to_owned()))
}

fn take_text(section: &mut Option<AnswerSection>, key: &str) -> Option<String> {
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

/// Keeps the keys that no reader took, by section.
fn left_over(entry: AnswerPage) -> JsonObject {
    let sections =
        [("items", entry.items), ("markdown", entry.markdown), ("text", entry.text), ("metadata", entry.metadata)];
    let said = sections.into_iter().filter_map(|(name, section)| Some((name, section?.fields.into_extra())));
    said.filter(|(_, extra)| !extra.is_empty()).map(|(name, extra)| (name.to_owned(), Value::Object(extra))).collect()
}

#[cfg(test)]
mod tests;
