//! The columns of a table without rules: what the white space that runs down between its rows leaves. Pure.

use super::{
    super::rows::Item,
    pieces::{TextRow, extent, words},
    thresholds::{
        LEAST_SUPPORT, MOST_COLUMNS, OVER_SEPARATOR, PROVEN_SEPARATOR, ROWS_PER_CROSSING, SEPARATOR, WIDER_THAN_SPACE,
    },
};

/// What stands in neighbouring columns of one row, from the column `first` to the column `last`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) first: usize,
    pub(super) last: usize,
    /// From left to right.
    pub(super) items: Vec<Item<'a>>,
}

/// The columns of a table, from left to right.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// The white space between each two.
    separators: Vec<(f64, f64)>,
    left: f64,
    right: f64,
}

impl Columns {
    /// Finds the columns of rows that have several pieces each. `None` if there are not two, or more than a table has.
    pub(super) fn of(rows: &[&TextRow<'_, '_>], size: f64) -> Option<Self> {
        let body = body(rows);
        let least = size * SEPARATOR[if body.len() <= 3 { 0 } else { usize::from(body.len() > 6) + 1 }];
        let left = body.iter().map(|row| row.left()).fold(f64::INFINITY, f64::min);
        let right = body.iter().map(|row| row.right()).fold(f64::NEG_INFINITY, f64::max);
        let mut separators = free(&body, least, body.len() / ROWS_PER_CROSSING);
        // Each separator is compared with each row.
        if separators.len() >= MOST_COLUMNS {
            return None;
        }
        separators.retain(|separator| is_proven(&body, *separator));
        let mut columns = Self { separators, left, right };
        columns.drop_weak(&body);
        (columns.count() > 1).then_some(columns)
    }

    pub(super) fn count(&self) -> usize {
        self.separators.len() + 1
    }

    /// Returns where the first column begins and the last one ends.
    pub(super) const fn whole(&self) -> (f64, f64) {
        (self.left, self.right)
    }

    /// Returns where a column begins and ends, with half of the white space on both sides.
    pub(super) fn reach(&self, column: usize) -> (f64, f64) {
        let middle = |separator: &(f64, f64)| f64::midpoint(separator.0, separator.1);
        let left = column.checked_sub(1).map_or(self.left, |before| middle(&self.separators[before]));
        (left, self.separators.get(column).map_or(self.right, middle))
    }

    /// Returns where the text of a column may begin and end.
    pub(super) fn text_reach(&self, column: usize) -> (f64, f64) {
        let left = column.checked_sub(1).map_or(self.left, |before| self.separators[before].1);
        (left, self.separators.get(column).map_or(self.right, |separator| separator.0))
    }

    /// Returns the column in which a point lies.
    fn at(&self, x: f64) -> usize {
        self.separators.partition_point(|separator| f64::midpoint(separator.0, separator.1) <= x)
    }

    /// Parts the items of a row by columns. Words that go on over white space are one entry of several columns.
    pub(super) fn entries<'a>(&self, row: &TextRow<'_, 'a>) -> Vec<Entry<'a>> {
        let mut entries: Vec<Entry<'a>> = Vec::new();
        let mut end = f64::NEG_INFINITY;
        for piece in &row.pieces {
            let mut is_first = true;
            for word in words(&row.items[piece.clone()]) {
                let (left, right) = extent(word);
                let (first, last) = self.columns_of(left, right);
                let is_wide = left - end > WIDER_THAN_SPACE * row.space;
                let is_over = |entry: &Entry<'_>| entry.last < first && self.is_free(end, left);
                let is_parted = is_first || is_wide && entries.last().is_none_or(is_over);
                match entries.last_mut().filter(|entry| !is_parted || entry.last >= first) {
                    Some(entry) => {
                        entry.items.extend(word);
                        entry.last = entry.last.max(last);
                    }
                    None => entries.push(Entry { first, last, items: word.to_vec() }),
                }
                end = right;
                is_first = false;
            }
        }
        entries
    }

    /// Returns the columns on which a word stands by more than its margin.
    fn columns_of(&self, left: f64, right: f64) -> (usize, usize) {
        let inside = |separator: &&(f64, f64)| separator.0 > left && separator.1 < right;
        if self.separators.iter().any(|separator| inside(&separator)) {
            return (self.at(left), self.at(right));
        }
        let middle = self.at(f64::midpoint(left, right));
        (middle, middle)
    }

    /// Says whether a gap of a row lies over white space between two columns.
    fn is_free(&self, from: f64, to: f64) -> bool {
        self.separators.iter().any(|separator| {
            from <= separator.1 && to >= separator.0 && {
                let shared = to.min(separator.1) - from.max(separator.0);
                shared >= OVER_SEPARATOR * (separator.1 - separator.0).min(to - from)
            }
        })
    }

    /// Gives up columns in which hardly any row has text.
    fn drop_weak(&mut self, rows: &[&TextRow<'_, '_>]) {
        loop {
            let mut support = vec![0_usize; self.count()];
            for row in rows {
                let mut columns: Vec<usize> =
                    row.words().map(|word| self.columns_of(extent(word).0, extent(word).1).0).collect();
                columns.dedup();
                columns.into_iter().for_each(|column| support[column] += 1);
            }
            let least = ((LEAST_SUPPORT * rows.len() as f64).ceil() as usize).max(if rows.len() > 3 { 2 } else { 1 });
            let weak =
                (0..support.len()).filter(|column| support[*column] < least).min_by_key(|column| support[*column]);
            let Some(weak) = weak.filter(|_| self.count() > 1) else { return };
            let width = |index: &usize| self.separators[*index].1 - self.separators[*index].0;
            let beside = [weak.checked_sub(1), Some(weak).filter(|index| *index < self.separators.len())];
            let narrow = beside.into_iter().flatten().min_by(|a, b| width(a).total_cmp(&width(b)));
            self.separators.remove(narrow.expect("a column has a neighbour"));
        }
    }
}

/// Leaves out rows with far fewer pieces than most: heads over several columns, and labels.
fn body<'r, 'x, 'a>(rows: &[&'x TextRow<'r, 'a>]) -> Vec<&'x TextRow<'r, 'a>> {
    let mut counts: Vec<usize> = rows.iter().map(|row| row.pieces.len()).collect();
    counts.sort_unstable();
    let most = counts[counts.len() * 3 / 4];
    rows.iter().filter(|row| 2 * row.pieces.len() >= most).copied().collect()
}

/// Lists the white space that runs down between the words of rows, of which so many may have words across it.
fn free(rows: &[&TextRow<'_, '_>], least: f64, crossing: usize) -> Vec<(f64, f64)> {
    let mut words: Vec<(f64, f64)> = rows.iter().flat_map(|row| row.words().map(extent)).collect();
    words.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ends: Vec<(f64, bool)> = words.iter().flat_map(|(left, right)| [(*left, true), (*right, false)]).collect();
    // What ends where something begins leaves no room between.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let mut found: Vec<(f64, f64)> = Vec::new();
    let (mut over, mut from) = (0_usize, None);
    for (at, begins) in ends {
        if begins {
            over += 1;
            if over == crossing + 1
                && let Some(from) = from.take()
            {
                found.push((from, at));
            }
        } else {
            over -= 1;
            if over == crossing {
                from = Some(at);
            }
        }
    }
    let inside = |space: (f64, f64)| -> Vec<(f64, f64)> {
        let first = words.partition_point(|(left, _)| *left < space.0);
        let begin_inside = words[first..].iter().take_while(|(left, _)| *left <= space.1);
        begin_inside.filter(|(_, right)| *right <= space.1).copied().collect()
    };
    // What stands alone in the white space is a column by itself.
    found
        .into_iter()
        .flat_map(|space| {
            let mut parts = Vec::new();
            let mut from = space.0;
            for (left, right) in if crossing > 0 { inside(space) } else { Vec::new() } {
                parts.push((from, left));
                from = from.max(right);
            }
            parts.push((from, space.1));
            parts
        })
        .filter(|(left, right)| right - left >= least)
        .collect()
}

/// Says whether enough rows have a gap between pieces, and no mere space, at some white space.
fn is_proven(rows: &[&TextRow<'_, '_>], (left, right): (f64, f64)) -> bool {
    let middle = f64::midpoint(left, right);
    let (mut both, mut proven) = (0_usize, 0_usize);
    for row in rows {
        if row.left() < middle && row.right() > middle {
            both += 1;
            let ends = row.pieces.iter().map(|piece| extent(&row.items[piece.clone()]));
            proven += usize::from(!ends.clone().any(|(from, to)| from < middle && to > middle));
        }
    }
    both > 0 && proven as f64 >= PROVEN_SEPARATOR * both as f64 && (proven >= 2 || both < 4)
}
