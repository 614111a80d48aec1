//! The Markdown of an element (CommonMark, tables as in GitHub's). What a page says is text: nothing of it becomes markup, and
//! links lead to `http`, `https` and `mailto` addresses only. Pure.

use std::fmt::Write;

use quire_schemas::element::{Cell, CellRole, ElementType, Link, ListInfo, Table};

use super::json_fields::JsonFields;

/// Headings deeper than this are written as this deep: Markdown has no others.
const DEEPEST_HEADING: u32 = 6;
/// Spaces before an item of a list inside of another one.
const INDENT: usize = 4;
/// Items deeper than this are set in as this deep: each level costs every item of it its spaces.
const DEEPEST_ITEM: u32 = 32;
/// Bytes of a column header, at most, for it to stand over each of its columns: there may be thousands of them.
const REPEATED_BYTES: usize = 200;

/// Writes an element, as far as its text alone is not its Markdown. `None` if it is, or if there is no text. A table that pipes
/// cannot show whole is HTML if `html_tables`.
pub(super) fn of(element: &JsonFields<'_>, html_tables: bool) -> serde_json::Result<Option<String>> {
    if let Some(table) = element.get::<Table>("table")? {
        let written = if html_tables && needs_html(&table) { html_table(&table) } else { pipe_table(&table) };
        return Ok(Some(written).filter(|table| !table.is_empty()));
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
        _ => block(&inline(&text, &links)),
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
    format!("{}{sign} {}", " ".repeat(depth * INDENT), block_line(&one_line(rest)))
}

/// Takes a marker off an escaped text.
fn without_marker<'t>(written: &'t str, marker: &str) -> &'t str {
    let escaped = escaped(marker);
    written.strip_prefix(escaped.as_str()).or_else(|| written.strip_prefix(marker)).unwrap_or(written)
}

/// Writes program text between fences that are longer than any in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}\n{}\n{fence}", text.trim_end())
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Escapes what makes a block of a text at the beginning of its lines.
fn block(text: &str) -> String {
    let lines: Vec<String> = text.split(['\n', '\r']).map(block_line).collect();
    lines.join("\n")
}

fn block_line(line: &str) -> String {
    let line = line.trim_start();
    let first = line.chars().next().unwrap_or_default();
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let rest = &line[digits..];
    let is_number = (1..=9).contains(&digits)
        && rest.starts_with(['.', ')'])
        && rest[1..].chars().next().is_none_or(char::is_whitespace);
    let behind = line.chars().nth(1);
    let is_sign = matches!(first, '-' | '+') && behind.is_none_or(char::is_whitespace);
    let is_rule =
        matches!(first, '-' | '=' | '+') && line.chars().all(|character| character == first || character == ' ');
    let is_task = ["[ ]", "[x]", "[X]"].iter().any(|task| line.starts_with(task));
    if is_number {
        format!("{}\\{rest}", &line[..digits])
    } else if first == '#' || first == '>' || is_sign || is_rule || is_task {
        format!("\\{line}")
    } else {
        line.to_owned()
    }
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
    spans.sort_unstable_by_key(|(start, end, _)| (*start, *end));
    let mut written = String::with_capacity(text.len() + 16);
    let characters: Vec<char> = if spans.is_empty() { Vec::new() } else { text.chars().collect() };
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
    let rest: String = if characters.is_empty() { text.to_owned() } else { characters[done..].iter().collect() };
    written + &escaped(&rest)
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

/// Escapes what is markup inside of a line.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        let is_markup = match character {
            '*' | '`' | '<' => true,
            '\\' => next.is_ascii_punctuation(),
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            ']' => matches!(next, '(' | '[' | ':'),
            '~' => next == '~' || before == '~',
            '&' => next == '#' || next.is_ascii_alphabetic(),
            _ => false,
        };
        if is_markup {
            written.push('\\');
        }
        written.push(character);
        before = character;
    }
    written
}

/// Says whether a table has cells that span, or a head of several rows.
fn needs_html(table: &Table) -> bool {
    let is_head_below = |cell: &Cell| cell.row > 0 && cell.role == Some(CellRole::ColumnHeader);
    table.cells.iter().any(|cell| cell.row_span > 1 || cell.col_span > 1 || is_head_below(cell))
}

/// Writes a table as a block of HTML, which an empty line would end.
fn html_table(table: &Table) -> String {
    let mut cells: Vec<&Cell> = table.cells.iter().collect();
    cells.sort_by_key(|cell| (cell.row, cell.col));
    let mut written = "<table>\n".to_owned();
    for row in cells.chunk_by(|a, b| a.row == b.row) {
        let row: String = row.iter().map(|cell| html_cell(cell)).collect();
        let _ = writeln!(written, "<tr>{row}</tr>");
    }
    written + "</table>"
}

fn html_cell(cell: &Cell) -> String {
    let name = if matches!(cell.role, Some(CellRole::ColumnHeader | CellRole::RowHeader)) { "th" } else { "td" };
    let span = |name: &str, count: u32| if count > 1 { format!(" {name}=\"{count}\"") } else { String::new() };
    let lines: Vec<String> = cell.text.lines().map(str::trim).filter(|line| !line.is_empty()).map(html_text).collect();
    let (rows, columns) = (span("rowspan", cell.row_span), span("colspan", cell.col_span));
    format!("<{name}{rows}{columns}>{}</{name}>", lines.join("<br>"))
}

fn html_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Writes a table with pipes. A head of several rows is one; a cell that spans stands at its first place.
fn pipe_table(table: &Table) -> String {
    let (rows, cols) = (table.num_rows as usize, table.num_cols as usize);
    let cells = table.cells.iter().filter(|cell| (cell.row as usize) < rows && (cell.col as usize) < cols);
    let mut grid: Vec<Vec<String>> = vec![vec![String::new(); cols]; rows];
    let mut head = 0;
    for cell in cells {
        let (row, col) = (cell.row as usize, cell.col as usize);
        let text = escaped(&cell.text).replace('|', "\\|").replace('\n', "<br>");
        if cell.role == Some(CellRole::ColumnHeader) {
            head = head.max(row + 1);
            let span = if text.len() <= REPEATED_BYTES { cell.col_span.max(1) as usize } else { 1 };
            let last = (col + span).min(cols);
            for place in &mut grid[row][col..last] {
                place.clone_from(&text);
            }
        } else {
            grid[row][col] = text;
        }
    }
    if cols == 0 || grid.iter().flatten().all(String::is_empty) {
        return String::new();
    }
    let titles = (0..cols).map(|col| {
        let mut titles: Vec<&str> =
            grid[..head].iter().map(|row| row[col].as_str()).filter(|text| !text.is_empty()).collect();
        titles.dedup();
        titles.join(" ")
    });
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![row(titles.collect()), row(vec!["---".to_owned(); cols])];
    lines.extend(grid[head..].iter().cloned().map(row));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
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
    fn a_table_has_its_head_in_one_row_and_its_pipes_escaped() {
        let cell = |row: u32, col: u32, span: u32, role: &str, text: &str| json!({ "row": row, "col": col, "col_span": span, "role": role, "text": text });
        let cells = [
            cell(0, 1, 2, "column_header", "Sales"),
            cell(1, 0, 1, "column_header", "City"),
            cell(1, 1, 1, "column_header", "2019"),
            cell(1, 2, 1, "column_header", "2020"),
            cell(2, 0, 1, "body", "a|b"),
            cell(2, 1, 1, "body", "1"),
            cell(2, 2, 1, "body", "2\n3"),
        ];
        let table = json!({ "num_rows": 3, "num_cols": 3, "cells": cells });
        let expected = "| City | Sales 2019 | Sales 2020 |\n| --- | --- | --- |\n| a\\|b | 1 | 2<br>3 |";
        assert_eq!(written(&json!({ "type": "table", "text": "", "table": table })).expect("Markdown"), expected);
    }

    #[test]
    fn what_a_page_says_is_not_repeated_without_end() {
        let head = |text: &str| {
            let cells = json!([
                { "row": 0, "col": 0, "col_span": 3, "role": "column_header", "text": text },
                { "row": 1, "col": 0, "text": "1" },
            ]);
            let table = json!({ "num_rows": 2, "num_cols": 3, "cells": cells });
            written(&json!({ "type": "table", "text": "", "table": table })).expect("Markdown").matches(text).count()
        };
        assert_eq!((head("Sales"), head(&"Sales ".repeat(40))), (3, 1));
        let list = json!({ "marker": "-", "ordered": false, "depth": u32::MAX });
        let deep = written(&json!({ "type": "list_item", "text": "- a", "list": list })).expect("Markdown");
        assert_eq!(deep, format!("{}- a", " ".repeat(128)));
    }

    #[test]
    fn a_table_with_spans_is_html_if_that_is_asked_for() {
        let cells = json!([
            { "row": 0, "col": 0, "col_span": 2, "role": "column_header", "text": "a <b> & c" },
            { "row": 1, "col": 0, "text": "1\n\n2" },
            { "row": 1, "col": 1, "text": "x" },
        ]);
        let of = |cells: &Value| {
            let table =
                json!({ "type": "table", "text": "", "table": { "num_rows": 2, "num_cols": 2, "cells": cells } });
            super::of(&serde_json::from_str(&table.to_string()).expect("an object"), true).expect("an element")
        };
        let expected = "<table>\n<tr><th colspan=\"2\">a &lt;b&gt; &amp; c</th></tr>\n<tr><td>1<br>2</td><td>x</td></tr>\n</table>";
        assert_eq!(of(&cells).expect("Markdown"), expected);
        let plain = json!([cells[1], cells[2]]);
        assert!(of(&plain).expect("Markdown").starts_with('|'));
    }
}
