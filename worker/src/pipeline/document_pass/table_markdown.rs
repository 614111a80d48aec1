//! A table as Markdown: with pipes as in GitHub's, or as a block of HTML. What its cells say is text. Pure.
//!
//! The time is linear in the places and the text of the table.

use std::{fmt::Write, iter};

use quire_schemas::element::{Cell, CellRole, Table};

use crate::pipeline::escape::escaped;

/// A title over several columns that has more characters stands at the first of them only.
const LONGEST_REPEATED: usize = 200;
/// And so does every one behind those that have taken so many bytes at further columns.
const MOST_REPEATED_BYTES: usize = 1 << 16;

/// Writes a table, which may be empty. One that pipes cannot show whole is HTML if `html_tables`.
pub(super) fn of(table: &Table, html_tables: bool) -> String {
    let is_inside = |cell: &&Cell| cell.row < table.num_rows && cell.col < table.num_cols;
    let mut cells: Vec<&Cell> = table.cells.iter().filter(is_inside).collect();
    cells.sort_by_key(|cell| (cell.row, cell.col));
    if cells.iter().all(|cell| cell.text.is_empty()) {
        String::new()
    } else if html_tables && needs_html(&cells) {
        html_table(table.num_rows, &cells)
    } else {
        pipe_table(table, &cells)
    }
}

/// Says whether a table has cells that span, or a head of several rows.
fn needs_html(cells: &[&Cell]) -> bool {
    let is_head_below = |cell: &Cell| cell.row > 0 && cell.role == Some(CellRole::ColumnHeader);
    cells.iter().any(|cell| cell.row_span > 1 || cell.col_span > 1 || is_head_below(cell))
}

/// Writes a table as a block of HTML, which an empty line would end. A row whose cells all come from above has none of
/// its own.
fn html_table(num_rows: u32, cells: &[&Cell]) -> String {
    let mut written = "<table>\n".to_owned();
    let mut cells = cells.iter().peekable();
    for row in 0..num_rows {
        let of_row = iter::from_fn(|| cells.next_if(|cell| cell.row == row));
        let of_row: String = of_row.map(|cell| html_cell(cell)).collect();
        let _ = writeln!(written, "<tr>{of_row}</tr>");
    }
    written + "</table>"
}

fn html_cell(cell: &Cell) -> String {
    let name = if matches!(cell.role, Some(CellRole::ColumnHeader | CellRole::RowHeader)) { "th" } else { "td" };
    let span = |name: &str, count: u32| if count > 1 { format!(" {name}=\"{count}\"") } else { String::new() };
    let lines = cell.text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(html_text).collect();
    let (rows, columns) = (span("rowspan", cell.row_span), span("colspan", cell.col_span));
    format!("<{name}{rows}{columns}>{}</{name}>", lines.join("<br>"))
}

fn html_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Writes a table with pipes. A head of several rows is one; a cell of the body that spans stands at its first place.
fn pipe_table(table: &Table, cells: &[&Cell]) -> String {
    let is_title = |cell: &&&Cell| cell.role == Some(CellRole::ColumnHeader);
    let head = cells.iter().filter(is_title).map(|cell| cell.row + 1).max().unwrap_or_default();
    let (head_cells, body) = cells.split_at(cells.partition_point(|cell| cell.row < head));
    let titles = titles(table.num_cols as usize, head_cells).into_iter().map(|titles| {
        let titles: Vec<String> = titles.into_iter().map(pipe_text).collect();
        titles.join(" ")
    });
    let rule = iter::repeat_n("---".to_owned(), table.num_cols as usize);
    let mut lines = vec![pipe_row(titles), pipe_row(rule)];
    let mut body = body.iter().peekable();
    for row in head..table.num_rows {
        let texts = (0..table.num_cols).map(|col| {
            // The last one counts where several say that they stand here.
            let here = iter::from_fn(|| body.next_if(|cell| (cell.row, cell.col) == (row, col)));
            here.last().map(|cell| pipe_text(&cell.text)).unwrap_or_default()
        });
        lines.push(pipe_row(texts));
    }
    lines.join("\n")
}

/// Lists the titles of each column from top to bottom.
fn titles<'t>(cols: usize, cells: &[&'t Cell]) -> Vec<Vec<&'t str>> {
    let mut titles: Vec<Vec<&str>> = vec![Vec::new(); cols];
    let mut bytes_left = MOST_REPEATED_BYTES;
    for cell in cells.iter().filter(|cell| !cell.text.is_empty()) {
        let (first, text) = (cell.col as usize, cell.text.as_str());
        let spanned = if cell.role == Some(CellRole::ColumnHeader) { cell.col_span.max(1) as usize } else { 1 };
        let more = spanned.min(cols - first) - 1;
        let bytes = more.saturating_mul(text.len());
        let is_repeated = bytes <= bytes_left && text.chars().count() <= LONGEST_REPEATED;
        let last = if is_repeated { first + more } else { first };
        bytes_left -= if is_repeated { bytes } else { 0 };
        for column in &mut titles[first..=last] {
            if column.last() != Some(&text) {
                column.push(text);
            }
        }
    }
    titles
}

fn pipe_row(texts: impl Iterator<Item = String>) -> String {
    format!("| {} |", texts.collect::<Vec<_>>().join(" | "))
}

fn pipe_text(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace(['\n', '\r'], "<br>")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(rows: u32, cols: u32, cells: &[Value], html_tables: bool) -> String {
        let table = json!({ "num_rows": rows, "num_cols": cols, "cells": cells });
        of(&serde_json::from_value(table).expect("a table"), html_tables)
    }

    fn cell(row: u32, col: u32, col_span: u32, role: &str, text: &str) -> Value {
        json!({ "row": row, "col": col, "col_span": col_span, "role": role, "text": text })
    }

    #[test]
    fn a_table_has_its_head_in_one_row_and_its_pipes_escaped() {
        let cells = [
            cell(0, 1, 2, "column_header", "Sales"),
            cell(1, 0, 1, "column_header", "City"),
            cell(1, 1, 1, "column_header", "2019"),
            cell(1, 2, 1, "column_header", "2020"),
            cell(2, 0, 1, "body", "a|b"),
            cell(2, 1, 1, "body", "1"),
            cell(2, 2, 1, "body", "2\n3"),
        ];
        let expected = "| City | Sales 2019 | Sales 2020 |\n| --- | --- | --- |\n| a\\|b | 1 | 2<br>3 |";
        assert_eq!(written(3, 3, &cells, false), expected);
    }

    #[test]
    fn a_long_title_stands_at_the_first_of_its_columns_and_short_ones_fill_no_table_of_any_width() {
        let over = |text: &str| [cell(0, 0, 3, "column_header", text), cell(1, 0, 1, "body", "1")];
        let (short, long) = ("a".repeat(LONGEST_REPEATED), "a".repeat(LONGEST_REPEATED + 1));
        let rest = "| --- | --- | --- |\n| 1 |  |  |";
        assert_eq!(written(2, 3, &over(&short), false), format!("| {short} | {short} | {short} |\n{rest}"));
        assert_eq!(written(2, 3, &over(&long), false), format!("| {long} |  |  |\n{rest}"));
        let wide: Vec<Value> =
            (0..100).map(|row| cell(row, 0, 2_000, "column_header", &format!("{row:0>200}"))).collect();
        assert!(written(101, 2_000, &wide, false).len() < 200_000);
    }

    #[test]
    fn a_table_with_spans_is_html_with_all_its_rows_if_that_is_asked_for() {
        let cells = [
            json!({ "row": 0, "col": 0, "col_span": 2, "role": "column_header", "text": "a <b> & c" }),
            json!({ "row": 1, "col": 0, "row_span": 2, "text": "1\n\r2" }),
            json!({ "row": 1, "col": 1, "row_span": 2, "text": "x" }),
        ];
        let expected = "<table>\n<tr><th colspan=\"2\">a &lt;b&gt; &amp; c</th></tr>\n\
                        <tr><td rowspan=\"2\">1<br>2</td><td rowspan=\"2\">x</td></tr>\n<tr></tr>\n</table>";
        assert_eq!(written(3, 2, &cells, true), expected);
        let plain = [cell(0, 0, 1, "body", "1"), cell(0, 1, 1, "body", "2")];
        assert!(written(1, 2, &plain, true).starts_with('|'));
    }
}
