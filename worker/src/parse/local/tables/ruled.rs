//! Tables of closed grids: text goes into the cells that the rules enclose. Pure.

use quire_schemas::element::{BBox, CellRole};

use super::{
    super::{
        grids::Grid,
        rows::{self, Item, Row},
    },
    LaidCell, Layout, Place,
    columns::{Columns, Entry},
    gate, heads,
    pieces::{TextRow, extent, first_word_width, is_figure},
    thresholds::{
        DENSE_CELLS, HIGH_CELLS, LABELLED, LEAST_CELLS, LEAST_HEIGHT, LEAST_LABELS, ONE_BAND, PARTED_CELLS,
        ROWS_OF_SPLIT_COLUMN, SPACE, SPARSE, UNWRAPPED,
    },
};

/// Lays the items that lie in a grid out as its table. `None` if it holds too little text to be one: a frame, a chart,
/// the boxes of a form. Trusts the grid otherwise: its cells and spans are those that are drawn, however many are
/// empty.
pub(in crate::parse::local) fn ruled<'a>(grid: &Grid, items: &[Item<'a>]) -> Option<Layout<'a>> {
    let mut cells: Vec<LaidCell<'a>> = grid
        .cells
        .iter()
        .map(|cell| LaidCell {
            place: Place { row: cell.row, col: cell.col, row_span: cell.row_span, col_span: cell.col_span },
            bbox: cell.bbox,
            role: CellRole::Body,
            content: Vec::new(),
        })
        .collect();
    for item in items {
        cells[grid.cell_at(item.bbox.middle_x(), item.bbox.middle_y())].content.push(*item);
    }
    let table = Layout { bbox: grid.bbox, num_rows: grid.num_rows, num_cols: grid.num_cols, is_ruled: true, cells };
    let mut table = by_columns(split(by_white_space(split(table), grid)));
    if !is_table(&table) {
        return None;
    }
    heads::mark(&mut table, 0);
    Some(table)
}

/// Splits cells over several columns whose texts each stand in one: the rule between them is not drawn in every row.
fn by_white_space<'a>(mut table: Layout<'a>, grid: &Grid) -> Layout<'a> {
    let mut cells = Vec::with_capacity(table.cells.len());
    for cell in table.cells {
        let Some(parts) = split_by_borders(&cell, grid) else {
            cells.push(cell);
            continue;
        };
        let side = |(left, right): (f64, f64)| BBox::new(left, cell.bbox.top(), right, cell.bbox.bottom());
        cells.extend(parts.into_iter().map(|(col, reach, items)| LaidCell {
            place: Place { col, col_span: 1, ..cell.place },
            bbox: side(reach),
            role: CellRole::Body,
            content: items,
        }));
    }
    table.cells = cells;
    table
}

/// A column, where it begins and ends, and what stands in it.
type InColumn<'a> = (usize, (f64, f64), Vec<Item<'a>>);

/// Returns what stands in each column that a cell spans. `None` if it spans one, or holds one text.
fn split_by_borders<'a>(cell: &LaidCell<'a>, grid: &Grid) -> Option<Vec<InColumn<'a>>> {
    if cell.place.col_span == 1 || cell.content.len() < 2 {
        return None;
    }
    let reaches: Vec<(f64, f64)> =
        (cell.place.col..cell.place.col + cell.place.col_span).map(|col| grid.column(col)).collect::<Option<_>>()?;
    let mut parts: Vec<InColumn<'a>> = Vec::with_capacity(reaches.len());
    for (number, reach) in reaches.iter().enumerate() {
        parts.push((cell.place.col + number, *reach, Vec::new()));
    }
    for row in rows::rows(cell.content.clone()) {
        let row = TextRow::of(&row);
        for piece in &row.pieces {
            let items = &row.items[piece.clone()];
            let (left, right) = extent(items);
            let middle = f64::midpoint(left, right);
            let part = parts.iter_mut().find(|(_, reach, _)| (reach.0..=reach.1).contains(&middle))?;
            if left < part.1.0 - 1.0 || right > part.1.1 + 1.0 {
                return None;
            }
            part.2.extend(items);
        }
    }
    (parts.iter().filter(|(_, _, items)| !items.is_empty()).count() > 1).then_some(parts)
}

/// Splits columns in which texts stand below each other in several columns: only some columns are ruled.
fn by_columns(mut table: Layout<'_>) -> Layout<'_> {
    let mut col = 0;
    while col < table.num_cols {
        let Some(columns) = columns_within(&table, col) else {
            col += 1;
            continue;
        };
        let more = columns.count() - 1;
        let cells = std::mem::take(&mut table.cells);
        for mut cell in cells {
            let Place { col: first, col_span, .. } = cell.place;
            if first > col {
                cell.place.col += more;
            } else if first == col && col_span == 1 && has_columns(&cell, &columns) {
                table.cells.extend(split_cell(&cell, &columns));
                continue;
            } else if first + col_span > col {
                cell.place.col_span += more;
            }
            table.cells.push(cell);
        }
        table.num_cols += more;
        col += more + 1;
    }
    table
}

/// Finds the columns within one column of a grid, if most of its cells have them.
fn columns_within(table: &Layout<'_>, col: usize) -> Option<Columns> {
    let cells: Vec<&LaidCell<'_>> = table
        .cells
        .iter()
        .filter(|cell| cell.place.col == col && cell.place.col_span == 1 && !cell.content.is_empty())
        .collect();
    let rows: Vec<Row<'_>> = cells.iter().flat_map(|cell| rows::rows(cell.content.clone())).collect();
    let rows: Vec<TextRow<'_, '_>> = rows.iter().map(TextRow::of).collect();
    let parted: Vec<&TextRow<'_, '_>> = rows.iter().filter(|row| row.is_parted()).collect();
    if parted.len() < ROWS_OF_SPLIT_COLUMN || (parted.len() as f64) < PARTED_CELLS * rows.len() as f64 {
        return None;
    }
    let size = parted[0].size;
    let columns = Columns::of(&parted, size)?;
    let entries: Vec<Vec<Entry<'_>>> = rows.iter().map(|row| columns.entries(row)).collect();
    let entries: Vec<&[Entry<'_>]> = entries.iter().map(Vec::as_slice).collect();
    gate::are_columns(&entries, &columns).then_some(columns)
}

fn has_columns(cell: &LaidCell<'_>, columns: &Columns) -> bool {
    let rows = rows::rows(cell.content.clone());
    let spans = |row: &Row<'_>| columns.entries(&TextRow::of(row)).iter().any(|entry| entry.last > entry.first);
    !rows.iter().any(spans)
}

fn split_cell<'a>(cell: &LaidCell<'a>, columns: &Columns) -> Vec<LaidCell<'a>> {
    let mut items: Vec<Vec<Item<'a>>> = vec![Vec::new(); columns.count()];
    for row in rows::rows(cell.content.clone()) {
        for entry in columns.entries(&TextRow::of(&row)) {
            items[entry.first].extend(entry.items);
        }
    }
    let last = items.len() - 1;
    let part = |(number, items): (usize, Vec<Item<'a>>)| {
        let (from, to) = columns.reach(number);
        let left = if number == 0 { cell.bbox.left() } else { from };
        let right = if number == last { cell.bbox.right() } else { to };
        LaidCell {
            place: Place { col: cell.place.col + number, ..cell.place },
            bbox: BBox::new(left, cell.bbox.top(), right, cell.bbox.bottom()),
            role: CellRole::Body,
            content: items,
        }
    };
    items.into_iter().enumerate().map(part).collect()
}

fn is_table(table: &Layout<'_>) -> bool {
    let filled = || table.cells.iter().filter(|cell| !cell.content.is_empty());
    let share = |is: &dyn Fn(&LaidCell<'_>) -> bool| {
        let (all, with_text) = (table.cells.iter().filter(|cell| is(cell)), filled().filter(|cell| is(cell)).count());
        with_text as f64 / all.count().max(1) as f64
    };
    let is_high = |cell: &&LaidCell<'_>| cell.bbox.height() >= LEAST_HEIGHT * cell.content[0].size;
    if (filled().filter(is_high).count() as f64) < HIGH_CELLS * filled().count() as f64 {
        return false;
    }
    // A head, or labels on the left: several texts that take most of the first row, or of the first column.
    let is_labelled = |is_of: &dyn Fn(Place) -> bool, span: &dyn Fn(Place) -> usize, all: usize| {
        let labels = || filled().map(|cell| cell.place).filter(|place| is_of(*place));
        labels().count() >= LEAST_LABELS && labels().map(span).sum::<usize>() as f64 >= LABELLED * all as f64
    };
    let has_labels = || {
        is_labelled(&|place| place.row == 0, &|place| place.col_span, table.num_cols)
            || is_labelled(&|place| place.col == 0, &|place| place.row_span, table.num_rows)
    };
    if share(&|_| true) < SPARSE && !has_labels() {
        return false;
    }
    let several = |of: &dyn Fn(&LaidCell<'_>) -> usize| {
        let first = filled().next().map(of);
        filled().any(|cell| Some(of(cell)) != first)
    };
    filled().count() >= LEAST_CELLS && several(&|cell| cell.place.row) && several(&|cell| cell.place.col)
}

/// Splits the rows that hold a line of text for each row of the table: only some of its rows are ruled.
fn split(table: Layout<'_>) -> Layout<'_> {
    let Layout { bbox, num_rows, num_cols, is_ruled, cells } = table;
    let mut by_row: Vec<Vec<LaidCell<'_>>> = vec![Vec::new(); num_rows];
    let mut starts = vec![0; num_rows + 1];
    for cell in cells {
        by_row[cell.place.row].push(cell);
    }
    // A cell over several rows is not cut: neither are those rows.
    let is_spanned: Vec<bool> = {
        let mut spanned = vec![false; num_rows];
        for place in by_row.iter().flatten().map(|cell| cell.place).filter(|place| place.row_span > 1) {
            spanned[place.row..place.row + place.row_span].fill(true);
        }
        spanned
    };
    let mut rows: Vec<Vec<Vec<LaidCell<'_>>>> = Vec::with_capacity(num_rows);
    for (row, cells) in by_row.into_iter().enumerate() {
        let parts = if is_spanned[row] { vec![cells] } else { bands(cells) };
        starts[row + 1] = starts[row] + parts.len();
        rows.push(parts);
    }
    let mut cells = Vec::new();
    for (row, parts) in rows.into_iter().enumerate() {
        for (part, mut of_part) in parts.into_iter().enumerate() {
            for cell in &mut of_part {
                cell.place.row_span = starts[row + cell.place.row_span] - starts[row];
                if starts[row + 1] - starts[row] > 1 {
                    cell.place.row_span = 1;
                }
                cell.place.row = starts[row] + part;
            }
            cells.append(&mut of_part);
        }
    }
    Layout { bbox, num_rows: starts[num_rows], num_cols, is_ruled, cells }
}

/// Parts the cells of a row into bands of lines, if they are rows of their own.
fn bands(cells: Vec<LaidCell<'_>>) -> Vec<Vec<LaidCell<'_>>> {
    let lines: Vec<Vec<Row<'_>>> = cells.iter().map(|cell| rows::rows(cell.content.clone())).collect();
    let dense = lines.iter().filter(|lines| lines.len() > 1).count();
    if dense < DENSE_CELLS || !(are_rows(&cells, &lines) || agree(&lines)) {
        return vec![cells];
    }
    let mut places: Vec<(f64, f64)> = lines.iter().flatten().map(|line| (line.baseline, line.items[0].size)).collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let starts: Vec<f64> = places.chunk_by(|a, b| b.0 - a.0 <= ONE_BAND * a.1).map(|band| band[0].0).collect();
    let band_of = |line: &Row<'_>| starts.partition_point(|start| *start <= line.baseline) - 1;
    let mut tops = vec![f64::INFINITY; starts.len()];
    for line in lines.iter().flatten() {
        let top = &mut tops[band_of(line)];
        *top = top.min(line.top());
    }
    let side = |cell: &BBox, band: usize| {
        let top = if band == 0 { cell.top() } else { tops[band] };
        let bottom = tops.get(band + 1).copied().unwrap_or(cell.bottom());
        BBox::new(cell.left(), top, cell.right(), bottom.max(top))
    };
    let mut parts: Vec<Vec<LaidCell<'_>>> = (0..starts.len())
        .map(|band| {
            let empty = |cell: &LaidCell<'_>| (cell.place, side(&cell.bbox, band));
            let cell = |(place, bbox)| LaidCell { place, bbox, role: CellRole::Body, content: Vec::new() };
            cells.iter().map(empty).map(cell).collect()
        })
        .collect();
    for (number, lines) in lines.iter().enumerate() {
        for line in lines {
            parts[band_of(line)][number].content.extend(&line.items);
        }
    }
    parts
}

/// Says whether all cells with text of a row have as many lines as the others, on the same baselines, and one of them
/// has figures only: wrapped cells hardly ever agree.
fn agree(lines: &[Vec<Row<'_>>]) -> bool {
    let filled = || lines.iter().filter(|lines| !lines.is_empty());
    let Some(first) = filled().next() else { return false };
    let is_alike = |other: &Vec<Row<'_>>| {
        other.len() == first.len()
            && first.iter().zip(other).all(|(a, b)| (a.baseline - b.baseline).abs() <= ONE_BAND * a.items[0].size)
    };
    let are_figures = |lines: &Vec<Row<'_>>| lines.iter().all(|line| is_figure(&line.items));
    first.len() > 1 && filled().count() >= DENSE_CELLS && filled().all(is_alike) && filled().any(are_figures)
}

/// Says whether the lines of a row's cells are rows of their own: figures stand below each other, or lines end though
/// the next word had room.
fn are_rows(cells: &[LaidCell<'_>], lines: &[Vec<Row<'_>>]) -> bool {
    let (mut apart, mut pairs, mut figures) = (0_usize, 0_usize, false);
    for (cell, lines) in cells.iter().zip(lines) {
        for pair in lines.windows(2) {
            let are_figures = is_figure(&pair[0].items) && is_figure(&pair[1].items);
            figures |= are_figures;
            pairs += 1;
            apart += usize::from(are_figures || has_room(&cell.bbox, &pair[0], &pair[1]));
        }
    }
    figures && apart as f64 >= UNWRAPPED * pairs as f64
}

/// Says whether the first word of the next line had room in a cell behind a line.
fn has_room(cell: &BBox, line: &Row<'_>, next: &Row<'_>) -> bool {
    let size = line.items[0].size;
    let (left, right) = extent(&line.items);
    // As much is free on both sides as on the nearer one.
    let padding = (left - cell.left()).min(cell.right() - right).clamp(0.0, size);
    right - left + SPACE * size + first_word_width(&next.items) <= cell.width() - 2.0 * padding
}
