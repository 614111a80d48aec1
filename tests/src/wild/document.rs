//! Checks on the end of a job, its warnings, and what it says of the document as a whole. An error of a check tells
//! what was found.

use std::collections::BTreeMap;

use quire_producer::schemas::result::{Document, JobStatus, OutlineEntry, ParseResult, Warning};
use serde_json::Value;

/// Warnings that say nothing of a page's text.
const NOT_OF_TEXT: [&str; 3] = ["image_scaled_down", "forms_left_out", "sandbox_reduced"];

/// Title, level and page of a bookmark.
pub(super) type Bookmark = (String, u32, Option<u32>);

fn end(result: &ParseResult) -> String {
    let codes = result.errors.iter().map(|error| error.code.as_str());
    std::iter::once(result.status.as_str()).chain(codes).collect::<Vec<_>>().join(" ")
}

fn codes<'a>(warnings: impl Iterator<Item = &'a Warning>) -> Vec<&'a str> {
    warnings.map(|warning| warning.code.as_str()).collect()
}

fn is_of_text(code: &&str) -> bool {
    !NOT_OF_TEXT.contains(code)
}

fn or_else(holds: bool, found: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(found()) }
}

pub(super) fn status(result: &ParseResult, wanted: &[String]) -> Result<(), String> {
    or_else(wanted.iter().any(|wanted| wanted == result.status.as_str()), || end(result))
}

pub(super) fn error(result: &ParseResult, wanted: &[String]) -> Result<(), String> {
    let has_code = result.errors.iter().any(|error| wanted.contains(&error.code));
    or_else(result.status == JobStatus::Failed && has_code, || end(result))
}

pub(super) fn warning_any(result: &ParseResult, wanted: &[String]) -> Result<(), String> {
    let said = codes(result.warnings.iter());
    let is_wanted = |code: &&str| wanted.iter().any(|wanted| wanted == code || (wanted == "*" && is_of_text(code)));
    or_else(said.iter().any(is_wanted), || format!("the warnings {said:?}"))
}

pub(super) fn warning_none(result: &ParseResult, unwanted: &[String]) -> Result<(), String> {
    let said = codes(result.warnings.iter());
    let is_unwanted = said.iter().any(|code| unwanted.iter().any(|unwanted| unwanted == code));
    or_else(!is_unwanted, || format!("the warnings {said:?}"))
}

pub(super) fn warning_on(result: &ParseResult, page: u32) -> Result<(), String> {
    let said = codes(result.warnings.iter().filter(|warning| warning.page_number == Some(page)));
    or_else(said.iter().any(is_of_text), || format!("the warnings {said:?} about the page"))
}

pub(super) fn links(result: &ParseResult, wanted: usize) -> Result<(), String> {
    let found: usize = result.elements.iter().map(|element| element.links.len()).sum();
    or_else(found == wanted, || format!("{found} links"))
}

pub(super) fn outline(result: &ParseResult, wanted: &[Bookmark]) -> Result<(), String> {
    let bookmark = |entry: &OutlineEntry| (entry.title.clone(), entry.level, entry.page_number);
    let found: Vec<Bookmark> = result.document.iter().flat_map(|document| &document.outline).map(bookmark).collect();
    if found.len() != wanted.len() {
        return Err(format!("{} bookmarks", found.len()));
    }
    let differ: Vec<_> = found.iter().zip(wanted).filter(|(found, wanted)| found != wanted).collect();
    or_else(differ.is_empty(), || format!("{:?}", differ.iter().map(|(found, _)| found).collect::<Vec<_>>()))
}

/// Looks for each name in every string that is said of an attachment: a name, or the end of a key.
pub(super) fn attachments(result: &ParseResult, wanted: &[String]) -> Result<(), String> {
    let attachments = result.document.as_ref().map(|document| &document.attachments);
    let said = serde_json::to_value(attachments).expect("a part of a result is JSON");
    let strings = strings(&said);
    let is_named = |name: &String| strings.iter().any(|said| said.contains(name.as_str()));
    or_else(wanted.iter().all(is_named), || format!("the attachments {said}"))
}

/// Lists every string in a JSON value. The value is one of our own, so that it is not deep.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn metadata_title(result: &ParseResult, wanted: Option<&str>) -> Result<(), String> {
    let title = |document: &Document| document.title.clone();
    let found = result.document.as_ref().and_then(title);
    or_else(found.as_deref() == wanted, || format!("{found:?}"))
}

pub(super) fn value(result: &ParseResult, wanted: &BTreeMap<String, Value>) -> Result<(), String> {
    let result = serde_json::to_value(result).expect("a result is JSON");
    for (path, wanted) in wanted {
        let found = path.split('.').try_fold(&result, |value, key| value.get(key)).unwrap_or(&Value::Null);
        if found != wanted {
            return Err(format!("{path} is {found}"));
        }
    }
    Ok(())
}
