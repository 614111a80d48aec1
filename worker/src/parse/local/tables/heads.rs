//! Which rows of a table are its head, and which rows inside it are labels of sections. Pure.

use quire_schemas::element::CellRole;

use super::{
    super::rulings::Rule,
    LaidCell, Layout,
    columns::{Columns, Entry},
    pieces::{are_bold, extent, is_figure, is_unit, is_year},
    thresholds::{CENTRED_SHARE, CENTRED_WITHIN, MOST_HEAD_ROWS, UNDERLINE},
    wrapped::{self, Line},
};

/// Lets entries of the head reach over the columns that they head: those that a rule below them underlines, or over
/// whose middle they stand. `lines` are those of a table without a grid.
pub(super) fn spread<'a>(lines: &[Line<'a>], columns: &Columns, rules: &[Rule]) -> Vec<Line<'a>> {
    let mut spread = lines.to_vec();
    let head = wrapped::head(lines).min(MOST_HEAD_ROWS + 2);
    for index in 0..head.min(lines.len().saturating_sub(1)) {
        let (line, below) = (&lines[index], &lines[index + 1]);
        let is_free = |column: usize| line.entries.iter().all(|entry| !(entry.first..=entry.last).contains(&column));
        for (place, entry) in line.entries.iter().enumerate() {
            let bounds = (
                (0..entry.first).rev().take_while(|column| is_free(*column)).last().unwrap_or(entry.first),
                (entry.last + 1..columns.count()).take_while(|column| is_free(*column)).last().unwrap_or(entry.last),
            );
            let reach = underlined(entry, line, below, columns, rules)
                .filter(|(first, last)| *first >= bounds.0 && *last <= bounds.1)
                .or_else(|| over_the_middle(entry, below, columns, bounds));
            if let Some((first, last)) = reach.filter(|(first, last)| first < last) {
                (spread[index].entries[place].first, spread[index].entries[place].last) = (first, last);
            }
        }
    }
    spread
}

/// Returns the columns that a rule between two lines of a head underlines below an entry.
fn underlined(
    entry: &Entry<'_>,
    line: &Line<'_>,
    below: &Line<'_>,
    columns: &Columns,
    rules: &[Rule],
) -> Option<(usize, usize)> {
    let (left, right) = extent(&entry.items);
    let width = columns.reach(columns.count() - 1).1 - columns.reach(0).0;
    let underlines = |rule: &&Rule| {
        let (from, to) = rule.reach();
        (line.baseline - 0.1 * line.size..below.baseline - 0.4 * below.size).contains(&rule.at())
            && from <= left + 0.5 * line.size
            && to >= right - 0.5 * line.size
            && to - from <= UNDERLINE * width
    };
    let (from, to) = rules.iter().find(underlines)?.reach();
    let is_over = |column: &usize| {
        let (start, end) = columns.text_reach(*column);
        to.min(end) - from.max(start) >= 0.5 * (end - start)
    };
    let mut over = (0..columns.count()).filter(is_over);
    let first = over.next()?;
    Some((first, over.next_back().unwrap_or(first)))
}

/// Returns the columns over whose middle an entry stands, within bounds, unless it stands over one entry of the line
/// below.
fn over_the_middle(
    entry: &Entry<'_>,
    below: &Line<'_>,
    columns: &Columns,
    bounds: (usize, usize),
) -> Option<(usize, usize)> {
    let (left, right) = extent(&entry.items);
    let within = CENTRED_WITHIN * entry.items[0].size;
    let place =
        |column: usize| below.entries.iter().find(|other| other.first == column).map(|other| extent(&other.items));
    let own = place(entry.first);
    let is_near = |a: f64, b: f64| (a - b).abs() <= within;
    let middle = f64::midpoint(left, right);
    if own
        .is_some_and(|(from, to)| is_near(from, left) || is_near(to, right) || is_near(f64::midpoint(from, to), middle))
    {
        return None;
    }
    let mut best: Option<(f64, (usize, usize))> = None;
    for first in bounds.0..=entry.first {
        for last in entry.last.max(first + 1)..=bounds.1 {
            let (Some(start), Some(end)) = (place(first), place(last)) else { continue };
            let reach = |column: usize| columns.text_reach(column);
            let of_text = (f64::midpoint(start.0, end.1) - middle).abs();
            let of_columns = (f64::midpoint(reach(first).0, reach(last).1) - middle).abs();
            let distance = of_text.min(of_columns);
            let within = within.max(CENTRED_SHARE * (end.1 - start.0));
            if distance <= within && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, (first, last)));
            }
        }
    }
    best.map(|(_, reach)| reach)
}

/// Gives every cell its role. `known` rows are the head for other reasons, if any.
pub(super) fn mark(table: &mut Layout<'_>, known: usize) {
    let head = if known > 0 { known } else { head(table) };
    for cell in &mut table.cells {
        let is_whole_row = cell.place.col_span == table.num_cols && table.num_cols > 1;
        cell.role = if cell.place.row < head {
            CellRole::ColumnHeader
        } else if is_whole_row && !cell.content.is_empty() {
            CellRole::RowSection
        } else {
            CellRole::Body
        };
    }
}

/// Returns how many rows are the head.
fn head(table: &Layout<'_>) -> usize {
    let mut rows: Vec<Vec<&LaidCell<'_>>> = vec![Vec::new(); table.num_rows];
    for cell in table.cells.iter().filter(|cell| !cell.content.is_empty()) {
        rows[cell.place.row].push(cell);
    }
    let most = MOST_HEAD_ROWS.min(table.num_rows.saturating_sub(1));
    let is_bold = |row: &Vec<&LaidCell<'_>>| !row.is_empty() && row.iter().all(|cell| are_bold(cell.content.iter()));
    let is_value = |cell: &&&LaidCell<'_>| {
        cell.place.col > 0 && is_figure(&cell.content) && !is_year(&cell.content) && !is_unit(&cell.content)
    };
    let figures: Vec<usize> = rows.iter().map(|row| row.iter().filter(is_value).count()).collect();
    // A label of a section, alone in its row, is no head.
    let is_label = |row: &&Vec<&LaidCell<'_>>| row.len() == 1 && row[0].place.col == 0;
    let without_labels = |count: usize| count - rows[..count].iter().rev().take_while(is_label).count();
    // Totals may be bold, and so may every row with figures be: these are no head if others follow.
    let bold = rows.iter().take(most).take_while(|row| is_bold(row)).count();
    let bold_figures =
        (0..table.num_rows.saturating_sub(1)).filter(|row| is_bold(&rows[*row]) && figures[*row] > 0).count();
    let bold =
        if bold_figures > 1 { figures.iter().take(bold).take_while(|figures| **figures == 0).count() } else { bold };
    let bold = without_labels(bold);
    let plain = figures.iter().take(most + 1).take_while(|figures| **figures == 0).count();
    let has_figures = figures.iter().skip(plain).filter(|figures| **figures > 0).count() * 2 > table.num_rows - plain;
    let plain = without_labels(plain);
    let by_figures = if has_figures && plain <= most { plain } else { 0 };
    let are_all_bold = rows.iter().all(is_bold);
    let least = if are_all_bold { by_figures } else { bold.max(by_figures) };
    // A cell over several rows takes those with it; one over several columns has the heads of these below it.
    let reach = |head: usize| {
        let cells = table.cells.iter().filter(|cell| cell.place.row < head);
        cells.map(|cell| cell.place.row + cell.place.row_span).max().unwrap_or(head).min(most)
    };
    let mut head = least;
    while reach(head) > head {
        head = reach(head);
    }
    head
}
