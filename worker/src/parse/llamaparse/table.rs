//! Reads a table item.

use quire_schemas::element::{Cell, Table, TableConcern};
use serde_json::Value;

use crate::parse::remote::{Fields, count};

/// Takes a table's own keys out of an item. The engine repeats the content of a spanning cell or
/// leaves it out, and does not say which: every cell is one by one.
pub(super) fn take_table(item: &mut Fields) -> Table {
    let rows: Vec<Vec<Value>> = item.take_list("rows").unwrap_or_default().into_iter().map(row).collect();
    let num_cols = rows.iter().map(Vec::len).max().unwrap_or(0);
    let num_rows = rows.len();
    // Not rows times columns: one wide row among many short ones must not reserve the whole square.
    let mut cells = Vec::with_capacity(rows.iter().map(Vec::len).sum());
    for (row, values) in (0u32..).zip(rows) {
        cells.extend((0u32..).zip(values).map(|(col, value)| cell(row, col, value)));
    }
    let pages = item.take_list("merged_from_pages").map(|pages| pages.iter().filter_map(count).collect());
    let concerns = item.take_list("parse_concerns").unwrap_or_default();
    Table {
        num_rows: u32::try_from(num_rows).unwrap_or(u32::MAX),
        num_cols: u32::try_from(num_cols).unwrap_or(u32::MAX),
        cells,
        csv: item.take_text("csv"),
        html: item.take_text("html"),
        caption_ids: Vec::new(),
        continued_from: None,
        continues_in: None,
        merged_from_pages: pages,
        concerns: concerns.into_iter().filter_map(Fields::from_value).filter_map(concern).collect(),
    }
}

/// Writes a table as lines of cells with tabs between them.
pub(super) fn plain_text(table: &Table) -> String {
    let rows = table.cells.chunk_by(|cell, next| cell.row == next.row);
    let lines = rows.map(|row| row.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("\t"));
    lines.collect::<Vec<_>>().join("\n")
}

fn row(value: Value) -> Vec<Value> {
    match value {
        Value::Array(cells) => cells,
        other => vec![other],
    }
}

/// A cell that is not text keeps its typed value beside its text.
fn cell(row: u32, col: u32, value: Value) -> Cell {
    let (text, value) = match value {
        Value::String(text) => (text, None),
        Value::Null => (String::new(), None),
        other => (other.to_string(), Some(other)),
    };
    Cell { row, col, row_span: 1, col_span: 1, text, role: None, value, regions: Vec::new() }
}

fn concern(mut fields: Fields) -> Option<TableConcern> {
    Some(TableConcern { kind: fields.take_text("type")?, details: fields.take_text("details") })
}
