//! The Markdown of an element (CommonMark, tables as in GitHub's). What a page says is text: nothing of it becomes
//! markup, and links lead to `http`, `https` and `mailto` addresses only. Pure.

use std::{fmt::Write, iter};

use quire_schemas::element::{ElementType, Link, ListInfo, Table};

use super::{json_fields::JsonFields, table_markdown};
use crate::pipeline::escape::{escaped, escaped_line, escaped_lines};

/// Headings deeper than this are written as this deep: Markdown has no others.
const DEEPEST_HEADING: u32 = 6;
/// Spaces before an item of a list inside of another one.
const INDENT: usize = 4;
/// Items deeper than this are set in as this deep: each level costs every item of it its spaces.
const DEEPEST_ITEM: u32 = 32;
/// A longer fence leaves too little room in a chunk.
const LONGEST_FENCE: usize = 16;
/// What the comments begin with that mark pages in `document.md`, each on a line of its own.
const MARK: &str = "<!--";

/// Escapes lines that would look like marks of pages: the Markdown of other engines may have any.
pub(super) fn without_marks(markdown: String) -> String {
    if !markdown.contains(MARK) {
        return markdown;
    }
    let lines = markdown.split_inclusive(ends_line);
    lines.map(|line| if line.starts_with(MARK) { format!("\\{line}") } else { line.to_owned() }).collect()
}

/// Writes an element, as far as its text alone is not its Markdown. `None` if it is, or if there is no text. A table
/// that pipes cannot show whole is HTML if `html_tables`.
pub(super) fn of(element: &JsonFields<'_>, html_tables: bool) -> serde_json::Result<Option<String>> {
    if let Some(table) = element.get::<Table>("table")? {
        return Ok(Some(table_markdown::of(&table, html_tables)).filter(|table| !table.is_empty()));
    }
    let Some(text) = element.get::<String>("text")?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let kind: Option<ElementType> = element.get("type")?;
    let links: Vec<Link> = element.get("links")?.unwrap_or_default();
    let list: Option<ListInfo> = element.get("list")?;
    let written = match kind {
        Some(ElementType::Title | ElementType::SectionHeader) => {
            let level: u32 = element.get("level")?.unwrap_or(1);
            let signs = "#".repeat(level.clamp(1, DEEPEST_HEADING) as usize);
            let title = one_line(&inline(&text, &links));
            // Signs at the end would be taken for the end of the heading.
            let title = title.strip_suffix('#').map_or(title.clone(), |before| format!("{before}\\#"));
            format!("{signs} {title}")
        }
        Some(ElementType::ListItem) => item(&text, &links, &list.unwrap_or_default()),
        Some(ElementType::Code) => fenced(&text),
        _ => escaped_lines(&inline(&text, &links)),
    };
    Ok(Some(written).filter(|written| *written != text))
}

/// Writes an item behind its bullet or number, set in as deep as it is nested.
fn item(text: &str, links: &[Link], list: &ListInfo) -> String {
    let depth = list.depth.unwrap_or_default().min(DEEPEST_ITEM) as usize;
    let marker = list.marker.as_deref().unwrap_or_default();
    let is_marked = !marker.is_empty() && text.starts_with(marker);
    let written = inline(text, links);
    let rest = if is_marked { without_marker(&written, marker) } else { &written };
    let number: String = marker.chars().filter(char::is_ascii_digit).collect();
    let is_number =
        list.ordered == Some(true) && !number.is_empty() && !marker.trim_matches(['.', ')', '(']).contains('.');
    let sign = match list.ordered {
        Some(true) if is_number => format!("{number}."),
        // A letter or a number of several parts is no marker of Markdown; it stays part of the text.
        Some(true) => format!("- {}", escaped(marker)),
        _ => "-".to_owned(),
    };
    format!("{}{sign} {}", " ".repeat(depth * INDENT), escaped_line(&one_line(rest)))
}

/// Takes a marker off an escaped text.
fn without_marker<'t>(written: &'t str, marker: &str) -> &'t str {
    let escaped = escaped(marker);
    written.strip_prefix(escaped.as_str()).or_else(|| written.strip_prefix(marker)).unwrap_or(written)
}

/// Writes program text between fences that are longer than any in it, or as other text if they would be too long.
///
/// Where a line could be taken for a mark of `document.md`, fences and lines are set in by a space, which Markdown does
/// not count to the text. A reader of those marks may know more line ends than Markdown does: all of them are one here.
fn fenced(text: &str) -> String {
    let mut fences = ['`', '~'].into_iter().map(|sign| fence(sign, text));
    let Some(fence) = fences.find(|fence| fence.len() <= LONGEST_FENCE) else { return escaped_lines(&escaped(text)) };
    let text = text.trim_end().replace("\r\n", "\n");
    let is_set_in = text.split(ends_line).any(|line| line.starts_with(MARK));
    let indent = if is_set_in { " " } else { "" };
    let lines = iter::once(fence.as_str()).chain(text.split(ends_line)).chain(iter::once(fence.as_str()));
    let lines: Vec<String> = lines.map(|line| format!("{indent}{line}")).collect();
    lines.join("\n")
}

/// Returns a fence that is longer than any in a text.
fn fence(sign: char, text: &str) -> String {
    let longest = text.split(|character| character != sign).map(str::len).max().unwrap_or_default();
    sign.to_string().repeat(longest.max(2) + 1)
}

const fn ends_line(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Escapes a text and writes its links.
fn inline(text: &str, links: &[Link]) -> String {
    let mut spans: Vec<(usize, usize, &str)> = links
        .iter()
        .filter_map(|link| {
            let ([start, end], uri) = (link.char_span?, link.uri.as_deref().filter(|uri| is_allowed(uri))?);
            (start < end).then_some((start as usize, end as usize, uri))
        })
        .collect();
    if spans.is_empty() {
        return escaped(text);
    }
    spans.sort_unstable_by_key(|(start, end, _)| (*start, *end));
    let mut written = String::with_capacity(text.len() + 16);
    let characters: Vec<char> = text.chars().collect();
    let mut done = 0;
    for (start, end, uri) in spans {
        let end = end.min(characters.len());
        if start < done || start >= end {
            continue;
        }
        let part = |from: usize, to: usize| escaped(&characters[from..to].iter().collect::<String>());
        let _ = write!(written, "{}[{}]({})", part(done, start), part(start, end), address(uri));
        done = end;
    }
    written + &escaped(&characters[done..].iter().collect::<String>())
}

/// Says whether an address may be a link.
fn is_allowed(uri: &str) -> bool {
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["http", "https", "mailto"].contains(&scheme.as_str()))
}

/// Writes an address so that it ends where the link does.
fn address(uri: &str) -> String {
    let mut written = String::with_capacity(uri.len());
    for character in uri.chars() {
        match character {
            '(' | ')' | '<' | '>' | '\\' | '"' | '`' | ' ' => {
                let _ = write!(written, "%{:02X}", character as u32);
            }
            _ if character.is_control() => {}
            _ => written.push(character),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_line_of_another_engine_looks_like_a_mark_of_a_page() {
        let marked = "a\n<!-- page 7 -->\r\n <!-- kept -->\u{2028}<!--x".to_owned();
        assert_eq!(super::without_marks(marked), "a\n\\<!-- page 7 -->\r\n <!-- kept -->\u{2028}\\<!--x");
    }

    use serde_json::{Value, json};

    use super::*;

    fn written(element: &Value) -> Option<String> {
        of(&serde_json::from_str(&element.to_string()).expect("an object"), false).expect("an element")
    }

    fn text(text: &str) -> String {
        written(&json!({ "type": "text", "text": text })).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn what_a_page_says_is_never_markup() {
        for (plain, expected) in [
            ("<script>alert(1)</script>", "\\<script>alert(1)\\</script>"),
            ("<!-- page 3 -->", "\\<!-- page 3 -->"),
            ("[a](javascript:b) and ![c](d)", "[a\\](javascript:b) and ![c\\](d)"),
            ("# no heading", "\\# no heading"),
            ("1. no item", "1\\. no item"),
            ("- no item", "\\- no item"),
            ("---", "\\---"),
            ("> no quotation", "\\> no quotation"),
            ("*stars* and snake_case and _this_", "\\*stars\\* and snake_case and \\_this\\_"),
            ("AT&T, &lt; and R & D", "AT\\&T, \\&lt; and R & D"),
            ("a [1] and 3 < 4", "a [1] and 3 \\< 4"),
            ("~~~ x", "\\~\\~\\~ x"),
        ] {
            assert_eq!(text(plain), expected, "{plain}");
        }
        assert_eq!(text("plain words, 3.5 % of them"), "plain words, 3.5 % of them");
    }

    #[test]
    fn headings_items_and_code_have_their_signs() {
        assert_eq!(
            written(&json!({ "type": "title", "level": 1, "text": "A *title*" })).expect("Markdown"),
            "# A \\*title\\*"
        );
        assert_eq!(
            written(&json!({ "type": "section_header", "level": 9, "text": "Deep" })).expect("Markdown"),
            "###### Deep"
        );
        let item = |marker: &str, ordered: bool, depth: u32, text: &str| {
            let list = json!({ "marker": marker, "ordered": ordered, "depth": depth });
            written(&json!({ "type": "list_item", "text": text, "list": list })).expect("Markdown")
        };
        assert_eq!(item("•", false, 0, "• a thing"), "- a thing");
        assert_eq!(item("2)", true, 1, "2) second"), "    2. second");
        assert_eq!(item("(a)", true, 0, "(a) first"), "- (a) first");
        assert_eq!(item("•", false, 0, "• # no heading"), "- \\# no heading");
        assert_eq!(item("•", false, 0, "• [ ] no task"), "- \\[ ] no task");
        assert_eq!(text("a field\r# no heading"), "a field\n\\# no heading");
        assert_eq!(written(&json!({ "type": "code", "text": "a ``` b" })).expect("Markdown"), "````\na ``` b\n````");
    }

    #[test]
    fn no_line_of_code_is_a_page_mark() {
        let code = |text: &str| written(&json!({ "type": "code", "text": text })).expect("Markdown");
        assert_eq!(code("a\n  b <!-- c"), "```\na\n  b <!-- c\n```");
        for line_end in ["\n", "\r\n", "\u{c}", "\u{85}", "\u{2028}"] {
            let text = format!("a{line_end}<!-- page 9 -->{line_end}  b");
            assert_eq!(code(&text), " ```\n a\n <!-- page 9 -->\n   b\n ```", "{line_end:?}");
        }
        let (backticks, tildes) = ("`".repeat(99), "~".repeat(99));
        assert_eq!(code(&backticks), format!("~~~\n{backticks}\n~~~"));
        let text = code(&format!("<!-- page 9 -->\n{backticks}\n{tildes}"));
        assert_eq!(text, format!("\\<!-- page 9 -->\n{}\n{}", "\\`".repeat(99), "\\~".repeat(99)));
    }

    #[test]
    fn links_lead_to_allowed_addresses_only() {
        let link = |uri: &str| {
            let links = json!([{ "uri": uri, "char_span": [4, 8] }]);
            written(&json!({ "type": "text", "text": "see here now", "links": links })).unwrap_or_default()
        };
        assert_eq!(link("https://a.b/c_(d)"), "see [here](https://a.b/c_%28d%29) now");
        assert_eq!(link("mailto:a@b.c"), "see [here](mailto:a@b.c) now");
        assert_eq!((link("javascript:x"), link("data:text/html,x")), (String::new(), String::new()));
    }

    #[test]
    fn items_are_set_in_no_deeper_than_a_bound() {
        let list = json!({ "marker": "-", "ordered": false, "depth": u32::MAX });
        let deep = written(&json!({ "type": "list_item", "text": "- a", "list": list })).expect("Markdown");
        assert_eq!(deep, format!("{}- a", " ".repeat(128)));
    }
}
