//! Checks on text and on the layers that it is in. An error of a check tells what was found.

use std::collections::BTreeMap;

use quire_producer::schemas::{
    element::{ContentLayer, Element},
    result::ParseResult,
};
use unicode_normalization::UnicodeNormalization as _;

/// Characters that stand for a ticked box or a chosen button.
const TICKS: [char; 10] = ['☑', '☒', '✓', '✔', '✗', '✘', '●', '◉', '⬤', '⦿'];
/// So many characters of a text are shown.
const EXCERPT: usize = 160;
/// Of them, so many bytes before the place in question.
const BEFORE: usize = 30;

/// Returns a text as texts are compared: in NFC, and every run of white space one space.
pub(super) fn normal(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns everything that an element says: its text, the cells of a table that has no text, and the value of a
/// field where the text lacks it.
fn text_of(element: &Element) -> String {
    let cells = element.table.iter().flat_map(|table| &table.cells).map(|cell| cell.text.as_str());
    let text = if element.text.is_empty() { cells.collect::<Vec<_>>().join(" ") } else { element.text.clone() };
    let value = element.field.as_ref().and_then(|field| field.value.as_deref()).unwrap_or_default();
    let (text, value) = (normal(&text), normal(value));
    if text.contains(&value) { text } else { normal(&format!("{text} {value}")) }
}

/// Returns the text of those elements that are wanted, in their order.
fn text(result: &ParseResult, is_wanted: impl Fn(&Element) -> bool) -> String {
    let texts = result.elements.iter().filter(|element| is_wanted(element)).map(text_of);
    normal(&texts.collect::<Vec<_>>().join(" "))
}

fn whole(result: &ParseResult) -> String {
    text(result, |_| true)
}

/// Says whether the result marks the element as one that the page image does not show.
fn is_marked_hidden(element: &Element) -> bool {
    element.extra.contains_key("hidden")
}

fn is_body(element: &Element) -> bool {
    matches!(element.content_layer, None | Some(ContentLayer::Body)) && !is_marked_hidden(element)
}

fn is_shown(element: &Element) -> bool {
    let hides = matches!(element.content_layer, Some(ContentLayer::Invisible | ContentLayer::Background));
    !hides && !is_marked_hidden(element)
}

fn must_contain(found: &str, wanted: &str) -> Result<(), String> {
    let wanted = normal(wanted);
    if found.contains(&wanted) { Ok(()) } else { Err(excerpt(found, &wanted)) }
}

fn must_not_contain(found: &str, unwanted: &str) -> Result<(), String> {
    let unwanted = normal(unwanted);
    if found.contains(&unwanted) { Err(excerpt(found, &unwanted)) } else { Ok(()) }
}

/// Quotes a text around the place where most of the beginning of another one stands.
fn excerpt(text: &str, wanted: &str) -> String {
    let mut beginnings = wanted.char_indices().map(|(at, last)| &wanted[..at + last.len_utf8()]).rev();
    let place = beginnings.find_map(|beginning| text.find(beginning)).unwrap_or(0);
    let start = text.floor_char_boundary(place.saturating_sub(BEFORE));
    let shown: String = text[start..].chars().take(EXCERPT).collect();
    let (before, after) = (if start > 0 { "…" } else { "" }, if start + shown.len() < text.len() { "…" } else { "" });
    format!("{before}{shown:?}{after}")
}

pub(super) fn element(result: &ParseResult, wanted: &str) -> Result<(), String> {
    let (wanted, texts) = (normal(wanted), result.elements.iter().map(text_of).collect::<Vec<_>>());
    if texts.contains(&wanted) { Ok(()) } else { Err(format!("{texts:?}")) }
}

pub(super) fn contains(result: &ParseResult, wanted: &str) -> Result<(), String> {
    must_contain(&whole(result), wanted)
}

pub(super) fn order(result: &ParseResult, wanted: &[String]) -> Result<(), String> {
    let whole = whole(result);
    let mut rest = whole.as_str();
    for wanted in wanted {
        let wanted = normal(wanted);
        let Some((_, after)) = rest.split_once(&wanted) else {
            return Err(format!("no {wanted:?} in the rest, {}", excerpt(rest, &wanted)));
        };
        rest = after;
    }
    Ok(())
}

pub(super) fn count(result: &ParseResult, wanted: &BTreeMap<String, usize>) -> Result<(), String> {
    let whole = whole(result);
    for (text, times) in wanted {
        let text = normal(text);
        let found = whole.matches(&text).count();
        if found != *times {
            return Err(format!("{text:?} {found} times in {}", excerpt(&whole, &text)));
        }
    }
    Ok(())
}

pub(super) fn shown(result: &ParseResult, wanted: &str) -> Result<(), String> {
    must_contain(&text(result, is_shown), wanted)
}

pub(super) fn not_body(result: &ParseResult, unwanted: &str) -> Result<(), String> {
    must_not_contain(&text(result, is_body), unwanted)
}

pub(super) fn absent(result: &ParseResult, unwanted: &str) -> Result<(), String> {
    must_not_contain(&whole(result), unwanted)
}

pub(super) fn not_markdown(markdown: Option<&str>, unwanted: &str) -> Result<(), String> {
    must_not_contain(&normal(markdown.unwrap_or_default()), unwanted)
}

pub(super) fn max_elements(result: &ParseResult, limit: usize) -> Result<(), String> {
    let texts: Vec<_> = result.elements.iter().map(text_of).filter(|text| !text.is_empty()).collect();
    if texts.len() <= limit { Ok(()) } else { Err(format!("{}: {texts:?}", texts.len())) }
}

pub(super) fn ticks(result: &ParseResult, wanted: usize) -> Result<(), String> {
    let is_ticked = |element: &&Element| {
        let checked = element.field.as_ref().and_then(|field| field.checked);
        checked == Some(true) || text_of(element).contains(TICKS)
    };
    let found = result.elements.iter().filter(is_ticked).count();
    if found >= wanted { Ok(()) } else { Err(format!("{found} in {}", excerpt(&whole(result), ""))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_where_what_was_wanted_begins() {
        let text = format!("{} first second {}", "ä".repeat(100), "z".repeat(400));
        let shown = excerpt(&text, "second third");
        assert!(shown.starts_with("…\"ä") && shown.contains(" first second z") && shown.ends_with("z\"…"), "{shown}");
        assert_eq!(excerpt("short", "elsewhere"), "\"short\"");
        assert_eq!(excerpt("", "anything"), "\"\"");
    }

    #[test]
    fn texts_are_compared_composed_and_without_their_line_breaks() {
        assert_eq!(normal(" e\u{301}\u{a0}\n b\t"), "é b");
    }
}
