//! Three and more blocks of short lines side by side, as of addresses, contacts and the foot of a letter, told from a
//! table of as many columns: a block is read by itself, a table row by row. Pure.

use super::{
    cells::Cell,
    channels::{Channel, median, parted, pitches},
    rows::Row,
};

// In units of the font size.
/// Blocks of short lines beside each other, such as two addresses, are at least this far apart.
pub(super) const LEAST_WIDTH: f64 = 2.0;
/// Rows of a form are at least this far apart; lines of an address are closer.
pub(super) const PITCH_OF_FORM: f64 = 1.35;
/// Lines of a block are no further apart.
const LARGEST_PITCH: f64 = 1.9;

/// Fewer rows say nothing.
const LEAST_ROWS: usize = 3;
/// So many of the lines beside each other are of one kind, and at most so many of those below each other.
const ALIKE_IN_ROW: f64 = 0.75;
const ALIKE_IN_COLUMN: f64 = 0.7;
/// A figure of a table has at most a unit; numbers of banks and registers have more words.
const WORDS_OF_FIGURE: usize = 2;
/// Lines of blocks that end at different heights have so many words, on average.
const LEAST_WORDS: f64 = 1.8;

/// Returns the channels between the blocks that stand in the rows of a channel, from left to right. Empty if there are
/// fewer than three, or if they are not read one after the other.
pub(super) fn channels(rows: &[Row<'_>], channel: Channel, size: f64) -> Vec<Channel> {
    let beside = &rows[channel.first..=channel.last];
    let pitch = median(pitches(beside)).unwrap_or(f64::INFINITY);
    if beside.len() < LEAST_ROWS || pitch > LARGEST_PITCH * size {
        return Vec::new();
    }
    let between: Vec<Channel> =
        free(beside, LEAST_WIDTH * size).into_iter().map(|(left, right)| Channel { left, right, ..channel }).collect();
    let are_blocks = between.len() >= 2 && are_blocks(&columns(beside, &between), pitch < PITCH_OF_FORM * size);
    if are_blocks { between } else { Vec::new() }
}

/// Lists the white space that runs through all rows, if it is so wide.
fn free(rows: &[Row<'_>], least: f64) -> Vec<(f64, f64)> {
    let mut places: Vec<(f64, f64)> = rows
        .iter()
        .flat_map(|row| row.drop_cap.iter().chain(&row.items))
        .map(|item| (item.bbox.left(), item.bbox.right()))
        .collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = Vec::new();
    let mut end = f64::INFINITY;
    for (left, right) in places {
        if left - end >= least {
            free.push((end, left));
        }
        end = if end.is_finite() { end.max(right) } else { right };
    }
    free
}

/// What stands in each row of each column.
fn columns(rows: &[Row<'_>], between: &[Channel]) -> Vec<Vec<Option<Cell>>> {
    let mut columns = vec![Vec::with_capacity(rows.len()); between.len() + 1];
    for row in rows {
        let mut rest = row.items.as_slice();
        for (number, channel) in between.iter().enumerate() {
            let (left, right) = parted(rest, channel);
            columns[number].push(Cell::of(left));
            rest = right;
        }
        columns[between.len()].push(Cell::of(rest));
    }
    columns
}

/// Says whether columns are blocks. None of them has a hole, several texts in a line, labels or figures alone; and
/// either they end at different heights, and lie close or have figures, or their lines differ in kind (a name, a
/// street, a town), and lie close or differ as those beside them do. The columns of a table end together, and each
/// holds one kind of things.
fn are_blocks(columns: &[Vec<Option<Cell>>], is_close: bool) -> bool {
    let cells = || columns.iter().flatten().flatten();
    let share = |is: fn(&Cell) -> bool| cells().filter(|cell| is(cell)).count() as f64 / cells().count().max(1) as f64;
    let has_figures = |column: &Vec<Option<Cell>>| {
        let figures = column.iter().flatten().filter(|cell| cell.is_figure() && cell.words <= WORDS_OF_FIGURE).count();
        2 * figures >= column.iter().flatten().count()
    };
    let is_whole = |column: &Vec<Option<Cell>>| {
        let lines = column.iter().flatten().count();
        let from_first = column.iter().skip_while(|cell| cell.is_none());
        lines >= 2 && from_first.take(lines).all(Option::is_some)
    };
    if cells().any(|cell| cell.parts > 1 || cell.has_block)
        || share(|cell| cell.ends_with_colon) > 0.3
        || share(|cell| cell.is_marker) > 0.3
        || columns.iter().any(has_figures)
        || !columns.iter().all(is_whole)
    {
        return false;
    }
    let height = |column: &Vec<Option<Cell>>| column.iter().rposition(Option::is_some);
    let is_ragged = columns.windows(2).any(|pair| height(&pair[0]) != height(&pair[1]));
    let words = cells().map(|cell| cell.words).sum::<usize>() as f64 / cells().count().max(1) as f64;
    let have_digits = || columns.iter().all(|column| column.iter().flatten().any(|cell| cell.digits > 0));
    let (in_rows, in_columns) = alike(columns);
    let has_words = words >= LEAST_WORDS;
    is_ragged && has_words && (is_close || have_digits())
        || in_columns <= ALIKE_IN_COLUMN && (in_rows >= ALIKE_IN_ROW || has_words && is_close)
}

/// Returns which share of the lines beside each other, and of those below each other, is of one kind.
fn alike(columns: &[Vec<Option<Cell>>]) -> (f64, f64) {
    let kind = |cell: &Cell| (cell.digits > 0, cell.is_figure(), cell.has_at);
    let share = |pairs: &mut dyn Iterator<Item = (&Option<Cell>, &Option<Cell>)>| {
        let (mut alike, mut count) = (0_usize, 0_usize);
        for (one, other) in pairs.filter_map(|(one, other)| one.as_ref().zip(other.as_ref())) {
            alike += usize::from(kind(one) == kind(other));
            count += 1;
        }
        alike as f64 / count.max(1) as f64
    };
    let in_rows = share(&mut columns.windows(2).flat_map(|pair| pair[0].iter().zip(&pair[1])));
    let in_columns = share(&mut columns.iter().flat_map(|column| column.iter().zip(column.iter().skip(1))));
    (in_rows, in_columns)
}
