//! Rows of a table in HTML: how far their cells reach, which of rows above reach into them, and what they say without
//! tags. Pure.

use std::ops::Range;

use crate::pipeline::escape::{escaped, escaped_lines};

/// Cells that reach into later rows beside each other, at most: of a table with more none is repeated.
const MOST_REACHING: usize = 256;
/// HTML has no larger spans.
const LARGEST_SPAN: usize = 65_534;

/// Tags that part no words.
const INSIDE_WORDS: [&str; 12] = ["a", "b", "code", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u"];
/// What text in HTML is written as; the last one begins the others.
const ENTITIES: [(&str, &str); 6] =
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];

/// A cell of a row; places are in bytes of the row.
struct Cell {
    place: Range<usize>,
    columns: usize,
    rows: usize,
    /// The digits of the number of rows; empty if it states none.
    digits: Range<usize>,
}

/// Returns how many rows the cells of a row reach over, itself included.
pub(super) fn rows_reached(row: &str) -> usize {
    cells(row).iter().map(|cell| cell.rows).max().unwrap_or(1)
}

/// The cells of rows above that reach into the next row.
#[derive(Debug, Default)]
pub(super) struct Reaching<'t> {
    /// The number of the next row.
    row: usize,
    /// From left to right.
    cells: Vec<Reach<'t>>,
}

#[derive(Debug)]
struct Reach<'t> {
    column: usize,
    columns: usize,
    /// The first row that it does not reach into.
    end: usize,
    html: &'t str,
    /// The digits of its number of rows.
    digits: Range<usize>,
}

impl<'t> Reaching<'t> {
    /// Writes the next row with the cells that reach into it, as the first row of a table has them.
    pub(super) fn with_next(&self, row: &str) -> String {
        let cells = cells(row);
        let end = cells.last().map_or_else(|| end_of_cells(row), |cell| cell.place.end);
        let first = cells.first().map_or(end, |cell| cell.place.start);
        let mut written = row[..first].to_owned();
        let mut reaching = self.cells.iter().peekable();
        for (cell, column) in cells.iter().zip(self.columns(&cells)) {
            while let Some(reach) = reaching.next_if(|reach| reach.column < column) {
                self.repeat(reach, &mut written);
            }
            written.push_str(&row[cell.place.clone()]);
        }
        reaching.for_each(|reach| self.repeat(reach, &mut written));
        written + &row[end..]
    }

    /// Goes on behind the next row.
    pub(super) fn pass(&mut self, row: &'t str) {
        let cells = cells(row);
        let columns = self.columns(&cells);
        let end = |rows: usize| self.row + rows;
        let new = cells.iter().zip(columns).filter(|(cell, _)| cell.rows > 1).map(|(cell, column)| Reach {
            column,
            columns: cell.columns,
            end: end(cell.rows),
            html: &row[cell.place.clone()],
            digits: cell.digits.start - cell.place.start..cell.digits.end - cell.place.start,
        });
        let new: Vec<Reach<'t>> = new.collect();
        self.row += 1;
        self.cells.extend(new);
        self.cells.retain(|reach| reach.end > self.row);
        self.cells.sort_by_key(|reach| reach.column);
        if self.cells.len() > MOST_REACHING {
            self.cells.clear();
        }
    }

    /// Writes a cell as it reaches on from the next row.
    fn repeat(&self, reach: &Reach<'_>, written: &mut String) {
        written.push_str(&reach.html[..reach.digits.start]);
        written.push_str(&(reach.end - self.row).to_string());
        written.push_str(&reach.html[reach.digits.end..]);
    }

    /// Returns the columns in which cells of the next row stand: those that are left free.
    fn columns(&self, cells: &[Cell]) -> Vec<usize> {
        let mut reaching = self.cells.iter().peekable();
        let mut column = 0;
        let place = |cell: &Cell| {
            while let Some(reach) = reaching.next_if(|reach| reach.column <= column) {
                column = column.max(reach.column + reach.columns);
            }
            column += cell.columns;
            column - cell.columns
        };
        cells.iter().map(place).collect()
    }
}

/// Returns what a piece of HTML says as Markdown without its tags, each cell on a line of its own.
pub(super) fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, behind)) = rest.split_once('<') {
        text.push_str(before);
        rest = behind;
        if !behind.starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')) {
            text.push('<');
            continue;
        }
        let Some((tag, behind)) = behind.split_once('>') else {
            text.push('<');
            break;
        };
        let name = tag.trim_start_matches('/').split(|next: char| !next.is_ascii_alphanumeric()).next();
        if !name.is_some_and(|name| INSIDE_WORDS.contains(&name)) {
            text.push('\n');
        }
        rest = behind;
    }
    text.push_str(rest);
    let text = ENTITIES.iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    escaped_lines(&escaped(&lines.join("\n")))
}

/// Lists the cells of a row.
fn cells(row: &str) -> Vec<Cell> {
    let end = end_of_cells(row);
    let starts = row[..end].match_indices("<t").map(|(start, _)| start);
    let starts: Vec<usize> = starts.filter(|start| begins_cell(&row[*start..])).collect();
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts.iter().zip(ends).map(|(start, end)| cell(row, *start..end)).collect()
}

fn end_of_cells(row: &str) -> usize {
    row.rfind("</tr").unwrap_or(row.len())
}

fn begins_cell(html: &str) -> bool {
    let behind = html.strip_prefix("<td").or_else(|| html.strip_prefix("<th"));
    behind.is_some_and(|behind| behind.starts_with(|next: char| next == '>' || next.is_ascii_whitespace()))
}

fn cell(row: &str, place: Range<usize>) -> Cell {
    let tag = row[place.clone()].split('>').next().unwrap_or_default();
    let digits = |attribute: &str| digits(tag, attribute).unwrap_or(0..0);
    // More rows than there are, and 0, mean all that follow.
    let number = |digits: Range<usize>| match tag[digits.clone()].parse::<usize>() {
        _ if digits.is_empty() => 1,
        Ok(number) if number > 0 => number.min(LARGEST_SPAN),
        _ => LARGEST_SPAN,
    };
    let rows = digits("rowspan");
    Cell {
        columns: number(digits("colspan")),
        rows: number(rows.clone()),
        digits: place.start + rows.start..place.start + rows.end,
        place,
    }
}

/// Returns where the digits of an attribute stand in a tag.
fn digits(tag: &str, attribute: &str) -> Option<Range<usize>> {
    let behind = &tag[tag.find(attribute)? + attribute.len()..];
    let value = behind.trim_start_matches([' ', '=', '"', '\'']);
    let start = tag.len() - value.len();
    let count = value.bytes().take_while(u8::is_ascii_digit).count();
    (count > 0).then_some(start..start + count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_cells_that_reach_into_it_in_their_columns() {
        let rows = [
            "<tr><th rowspan=\"3\">a</th><td>b</td><td rowspan='2' colspan=2>c</td></tr>",
            "<tr><td>d</td></tr>",
            "<tr><td>e</td><td>f</td></tr>",
            "<tr></tr>",
        ];
        assert_eq!(rows.map(rows_reached), [3, 1, 1, 1]);
        let mut reaching = Reaching::default();
        let written = rows.map(|row| {
            let written = reaching.with_next(row);
            reaching.pass(row);
            written
        });
        let second = "<tr><th rowspan=\"2\">a</th><td>d</td><td rowspan='1' colspan=2>c</td></tr>";
        let third = "<tr><th rowspan=\"1\">a</th><td>e</td><td>f</td></tr>";
        assert_eq!(written, [rows[0], second, third, rows[3]]);
        let mut reaching = Reaching::default();
        reaching.pass("<tr><td rowspan=0>a</td>");
        assert_eq!(reaching.with_next("<tr></tr>"), "<tr><td rowspan=65533>a</td></tr>");
    }

    #[test]
    fn what_a_table_says_without_its_tags_is_no_markup() {
        let html = "<tr><td>a &lt;b&gt; &amp;lt; <b>c</b>d</td><td>[x](javascript:y)<br># 3 < 4</td></tr>";
        assert_eq!(without_tags(html), "a \\<b> \\&lt; cd\n[x\\](javascript:y)\n\\# 3 \\< 4");
        assert_eq!(without_tags("<td>a <img src=x"), "a \\<img src=x");
    }
}
