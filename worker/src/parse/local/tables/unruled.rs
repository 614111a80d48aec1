//! Tables that nothing but white space and a few rules part into columns. Pure.

use quire_schemas::element::{BBox, CellRole};

use super::{
    super::{
        channels::median,
        containers::Ground,
        justified::justified,
        rows::{Item, Row},
        rulings::Rule,
    },
    LaidCell, Layout, Narrow, Place,
    columns::{Columns, Entry},
    gate::{self, Evidence},
    heads,
    pieces::{TextRow, are_bold, count_words, extent},
    thresholds::{
        DRAWN, HEAD_RULE, HEAD_STEP, LARGER_THAN_LABEL, LARGEST_STEP, LEAST_DRAWING, LEAST_ROWS, LINE_STEP,
        MOST_HEAD_LINES, PARTING_STEP, ROW_RULE, SINGLE_ROWS, STEP_RATIO, WORDS_OF_LABEL, WORDS_OF_SECTION,
    },
    wrapped::{self, Line},
};

/// Rows of a page that are looked at in all its attempts together: a hostile page may fail in all of them.
pub(in crate::parse::local) const MOST_TRIED_ROWS: usize = 60_000;

/// A table and the rows of the region that it takes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::parse::local) struct Found<'a> {
    pub(in crate::parse::local) first: usize,
    pub(in crate::parse::local) last: usize,
    pub(in crate::parse::local) layout: Layout<'a>,
}

/// Finds the tables among the rows of a region, from top to bottom. `budget` is how many rows may still be looked at,
/// again and again; nothing is left of it once it is not enough. `ground` is what is drawn there. What is nearly
/// decided otherwise is added to `narrow`.
pub(in crate::parse::local) fn unruled<'a>(
    rows: &[Row<'a>],
    ground: &Ground,
    budget: &mut usize,
    narrow: &mut Narrow,
) -> Vec<Found<'a>> {
    let stretched = justified(rows);
    let of_row = |(row, is_stretched)| TextRow { is_stretched, ..TextRow::of(row) };
    let mut rows: Vec<TextRow<'_, 'a>> = rows.iter().zip(stretched).map(of_row).collect();
    for index in 1..rows.len() {
        let (above, below) = rows.split_at_mut(index);
        let (above, below) = (&mut above[index - 1], &mut below[0]);
        if above.is_parted() { below.part_as(above) } else { above.part_as(below) }
    }
    let mut found = Vec::new();
    for run in runs(&rows) {
        let mut search = Search { rows: &rows, ground, budget: &mut *budget, narrow: &mut *narrow, found: &mut found };
        search.run(run);
    }
    found.sort_by_key(|table| table.first);
    found
}

/// Lists rows that may be one table: they begin and end with several pieces, and not many between them have one only.
fn runs(rows: &[TextRow<'_, '_>]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for index in (0..rows.len()).filter(|index| rows[*index].is_parted()) {
        let goes_on = |last: usize| {
            let between = &rows[last..=index];
            index - last <= SINGLE_ROWS + 1
                && between.iter().all(|row| !row.has_block && !row.is_caption)
                && between
                    .windows(2)
                    .all(|pair| pair[1].baseline - pair[0].baseline <= LARGEST_STEP * pair[1].size.max(pair[0].size))
        };
        match runs.last_mut().filter(|run| goes_on(run.1)) {
            Some(run) => run.1 = index,
            None => runs.push((index, index)),
        }
    }
    runs.retain(|(first, last)| last > first);
    runs
}

struct Search<'s, 'r, 'a> {
    rows: &'s [TextRow<'r, 'a>],
    ground: &'s Ground,
    budget: &'s mut usize,
    narrow: &'s mut Narrow,
    found: &'s mut Vec<Found<'a>>,
}

impl<'a> Search<'_, '_, 'a> {
    /// Takes a run as one table, or else looks for one in its parts.
    fn run(&mut self, (first, last): (usize, usize)) {
        let mut pending = vec![(first, last)];
        while let Some((first, last)) = pending.pop() {
            // A table found before may have taken in lines around it.
            let is_free = |index: &usize| self.rows[*index].is_parted() && !self.is_taken(*index);
            let (Some(first), Some(last)) = ((first..=last).find(is_free), (first..=last).rfind(is_free)) else {
                continue;
            };
            if last <= first {
                continue;
            }
            let tried = last - first + 1;
            if *self.budget < tried {
                *self.budget = 0;
                return;
            }
            *self.budget -= tried;
            match self.attempt(first, last) {
                Ok(table) => self.found.push(table),
                Err(at) => pending.extend(self.parts(first, last, at)),
            }
        }
    }

    fn is_taken(&self, row: usize) -> bool {
        self.found.iter().any(|table| (table.first..=table.last).contains(&row))
    }

    /// Parts rows that are no table: at the row that forbids it, else at the largest step.
    fn parts(&self, first: usize, last: usize, at: Option<usize>) -> Vec<(usize, usize)> {
        if let Some(at) = at.filter(|at| (first..=last).contains(at)) {
            let above = at.checked_sub(1).filter(|above| *above >= first).map(|above| (first, above));
            return above.into_iter().chain((at < last).then_some((at + 1, last))).collect();
        }
        let step = |index: usize| self.rows[index + 1].baseline - self.rows[index].baseline;
        let largest = (first..last).max_by(|a, b| step(*a).total_cmp(&step(*b)));
        let usual = median((first..last).map(step).collect()).unwrap_or_default();
        match largest.filter(|index| step(*index) > PARTING_STEP * usual) {
            Some(at) => vec![(first, at), (at + 1, last)],
            None => Vec::new(),
        }
    }

    /// Makes a table of rows, or says at which row it must end.
    fn attempt(&mut self, first: usize, last: usize) -> Result<Found<'a>, Option<usize>> {
        let within = &self.rows[first..=last];
        let parted: Vec<&TextRow<'_, 'a>> = within.iter().filter(|row| row.is_parted()).collect();
        let size = median(parted.iter().map(|row| row.size).collect()).ok_or(None)?;
        let steps = within.windows(2).map(|pair| pair[1].baseline - pair[0].baseline);
        let usual = median(steps.collect()).unwrap_or_default();
        let is_far = |index: &usize| {
            self.rows[index + 1].baseline - self.rows[*index].baseline > (STEP_RATIO * usual).max(2.0 * size)
        };
        if let Some(far) = (first..last).find(is_far) {
            // The rows around a wide step are parted there: the row itself stays with what is above it.
            return if far == first { Err(Some(first)) } else { Err(None) };
        }
        let columns = Columns::of(&parted, size).ok_or(None)?;
        let mut lines: Vec<Line<'a>> = Vec::new();
        for index in first..=last {
            let row = &self.rows[index];
            let entries = columns.entries(row);
            let is_long = |entry: &Entry<'_>| entry.last > entry.first && count_words(&entry.items) > WORDS_OF_SECTION;
            if entries.iter().any(is_long) {
                return Err(Some(index));
            }
            lines.push(self.line(index, columns.whole(), entries));
        }
        if columns.count() == 2
            && let Some(heading) =
                (first + 1..last).find(|index| self.is_heading(*index, &lines[index - first], &lines[0]))
        {
            return Err(Some(heading));
        }
        let entries: Vec<&[Entry<'a>]> = lines.iter().map(|line| line.entries.as_slice()).collect();
        let bbox = around(&lines);
        let evidence = Evidence {
            is_ruled: self.is_ruled(bbox, size),
            has_head: is_bold(&lines[0]) && !is_bold(&lines[lines.len() - 1]),
        };
        if self.is_drawn_over(bbox) {
            return Err(None);
        }
        let joins = wrapped::by_ground(&lines);
        if !gate::is_table(&entries, &joins, &columns, evidence) {
            let is_near = gate::is_nearly_table(&entries, &joins, &columns, evidence);
            self.narrow.refused.extend(is_near.then_some(bbox));
            return Err(None);
        }
        let is_weak = gate::is_weak_list(&entries, &joins, &columns, evidence);
        let (first, last) = self.extended((first, last), &columns, &mut lines, size);
        let layout = layout(&lines, &columns, &self.ground.rules);
        if layout.num_rows < LEAST_ROWS {
            return Err(None);
        }
        self.narrow.accepted.extend(is_weak.then_some(bbox));
        Ok(Found { first, last, layout })
    }

    fn line(&self, index: usize, reach: (f64, f64), entries: Vec<Entry<'a>>) -> Line<'a> {
        let row = &self.rows[index];
        let above = index.checked_sub(1).map_or(row.top - 2.0 * row.size, |above| self.rows[above].baseline);
        // The rules are ordered from top to bottom.
        let (from, to) = (above - 0.1 * row.size, row.baseline - 0.2 * row.size);
        let place = |at: f64| self.ground.rules.partition_point(|rule| rule.at() < at);
        let rules = &self.ground.rules[place(from)..place(to.max(from))];
        Line {
            entries,
            baseline: row.baseline,
            top: row.top,
            bottom: row.bottom,
            size: row.size,
            is_below_rule: rules.iter().any(|rule| rule.runs_along((row.left(), row.right()), ROW_RULE)),
            is_below_wide_rule: rules.iter().any(|rule| rule.runs_along(reach, HEAD_RULE)),
        }
    }

    /// Says whether a row of one piece, between the rows of two columns, is a heading: bold or larger where the first
    /// label is not.
    fn is_heading(&self, index: usize, line: &Line<'_>, label: &Line<'_>) -> bool {
        let first = |line: &Line<'_>| line.entries.first().map(|entry| (entry.items[0].bold, entry.items[0].size));
        let (Some(own), Some(label)) = (first(line), first(label)) else { return false };
        !self.rows[index].is_parted() && (own.0 && !label.0 || own.1 > LARGER_THAN_LABEL * label.1)
    }

    /// Says whether rules run above and below a table, or several inside it.
    fn is_ruled(&self, bbox: BBox, size: f64) -> bool {
        let crosses = |rule: &&Rule| rule.runs_along((bbox.left(), bbox.right()), ROW_RULE);
        let places: Vec<f64> = self.ground.rules.iter().filter(crosses).map(Rule::at).collect();
        let near = |at: f64, reach: f64| places.iter().any(|place| (place - at).abs() <= reach);
        let inside = places
            .iter()
            .filter(|place| (bbox.top() + 0.5 * size..bbox.bottom() - 0.5 * size).contains(*place))
            .count();
        inside >= 2
            || inside >= 1 && near(bbox.bottom(), 1.5 * size)
            || near(bbox.top(), 2.0 * size) && near(bbox.bottom(), 1.5 * size)
    }

    /// Says whether curves or slanted lines are drawn over a large part of an area: it is a chart or a map.
    fn is_drawn_over(&self, bbox: BBox) -> bool {
        let is_large = |drawing: &&BBox| drawing.width() >= LEAST_DRAWING && drawing.height() >= LEAST_DRAWING;
        let drawings = self.ground.drawings.iter().filter(is_large);
        drawings.map(|drawing| drawing.overlap(bbox)).sum::<f64>() >= DRAWN * bbox.area()
    }

    /// Takes in the lines above that belong to the head, and those below that go on with the last row.
    fn extended(
        &self,
        (mut first, mut last): (usize, usize),
        columns: &Columns,
        lines: &mut Vec<Line<'a>>,
        size: f64,
    ) -> (usize, usize) {
        for _ in 0..MOST_HEAD_LINES {
            let Some(above) = first.checked_sub(1).filter(|above| !self.is_taken(*above)) else { break };
            let row = &self.rows[above];
            let entries = columns.entries(row);
            let begins = columns.text_reach(0).1;
            let (left, right) = (columns.reach(0).0, columns.reach(columns.count() - 1).1);
            let is_inside = row.left() >= left - size && row.right() <= right + size;
            // A rule above the first line encloses the table, unless there is another one above the head.
            let is_enclosed = lines[0].is_below_rule && !self.line(above, columns.whole(), Vec::new()).is_below_rule;
            let is_head = !row.has_block
                && !is_enclosed
                && !row.is_caption
                && is_inside
                && self.rows[first].baseline - row.baseline <= HEAD_STEP * size.max(row.size)
                && row.left() > begins - 0.5 * size
                && entries.iter().all(|entry| count_words(&entry.items) as f64 <= WORDS_OF_LABEL);
            if !is_head {
                break;
            }
            lines.insert(0, self.line(above, columns.whole(), entries));
            first = above;
        }
        while let Some(row) = self.rows.get(last + 1).filter(|_| !self.is_taken(last + 1)) {
            let step = row.baseline - self.rows[last].baseline;
            let entries = columns.entries(row);
            let goes_on = !row.has_block
                && step <= LINE_STEP * size
                && entries.iter().all(|entry| entry.first > 0 && entry.first == entry.last)
                && row.right() <= columns.reach(columns.count() - 1).1 + size;
            if !goes_on {
                break;
            }
            lines.push(self.line(last + 1, columns.whole(), entries));
            last += 1;
        }
        (first, last)
    }
}

fn is_bold(line: &Line<'_>) -> bool {
    are_bold(line.entries.iter().flat_map(|entry| &entry.items))
}

fn around(lines: &[Line<'_>]) -> BBox {
    let items = lines.iter().flat_map(|line| &line.entries).flat_map(|entry| &entry.items);
    items.map(|item| item.bbox).reduce(BBox::union).unwrap_or_default()
}

/// Lays lines out in rows and columns, with the empty places.
fn layout<'a>(lines: &[Line<'a>], columns: &Columns, rules: &[Rule]) -> Layout<'a> {
    let lines = &heads::spread(lines, columns, rules);
    let rows = wrapped::rows(lines, columns);
    let head_lines = wrapped::head(lines);
    let mut passed = 0;
    let is_in_head = |row: &&&[Line<'_>]| {
        passed += row.len();
        passed <= head_lines
    };
    let head = rows.iter().take_while(is_in_head).count();
    let bbox = around(lines);
    let mut cells: Vec<LaidCell<'a>> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let top = if number == 0 { bbox.top() } else { row.iter().map(|line| line.top).fold(f64::INFINITY, f64::min) };
        let bottom = row.iter().map(|line| line.bottom).fold(f64::NEG_INFINITY, f64::max);
        let mut col = 0;
        while col < columns.count() {
            let last = row
                .iter()
                .flat_map(|line| &line.entries)
                .filter(|entry| entry.first == col)
                .map(|entry| entry.last)
                .max();
            let last = last.unwrap_or(col);
            let items: Vec<Item<'a>> = row
                .iter()
                .flat_map(|line| &line.entries)
                .filter(|entry| (col..=last).contains(&entry.first))
                .flat_map(|entry| entry.items.iter().copied())
                .collect();
            let (left, right) = (columns.reach(col).0, columns.reach(last).1);
            let (text_left, text_right) = extent(&items);
            let bbox = BBox::new(left.min(text_left), top, right.max(text_right), bottom);
            let place = Place { row: number, col, row_span: 1, col_span: last - col + 1 };
            cells.push(LaidCell { place, bbox, role: CellRole::Body, content: items });
            col = last + 1;
        }
    }
    let mut table = Layout { bbox, num_rows: rows.len(), num_cols: columns.count(), is_ruled: false, cells };
    heads::mark(&mut table, if lines.first().is_some_and(|line| line.is_below_wide_rule) { head } else { 0 });
    table
}
