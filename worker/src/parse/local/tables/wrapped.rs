//! Which lines of a table without a grid are one row: a cell may have several lines. Pure.

use super::{
    columns::{Columns, Entry},
    pieces::{are_bold, extent, first_word_width, is_figure, is_year},
    thresholds::{
        BEGINS, LINE_STEP, LINE_STEP_RATIO, LINES_ABOVE_HEAD_RULE, LINES_OF_BAND, OUTDENT, OVERLAPPING_STEP, ROW_STEP,
        SPACE,
    },
};

/// A line of a table and what stands in its columns.
#[derive(Debug, Clone)]
pub(super) struct Line<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) baseline: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) size: f64,
    /// Whether a rule runs above it, and whether that is as wide as the table.
    pub(super) is_below_rule: bool,
    pub(super) is_below_wide_rule: bool,
}

impl Line<'_> {
    fn has(&self, column: usize) -> bool {
        self.at(column).is_some()
    }

    fn at(&self, column: usize) -> Option<&Entry<'_>> {
        self.entries.iter().find(|entry| (entry.first..=entry.last).contains(&column))
    }

    pub(super) fn spans(&self) -> bool {
        self.entries.iter().any(|entry| entry.last > entry.first)
    }

    /// Says whether figures, and not years alone, stand in half of its columns behind the first one.
    pub(super) fn has_figures(&self) -> bool {
        let others = || self.entries.iter().filter(|entry| entry.first > 0);
        let figures = || others().filter(|entry| is_figure(&entry.items));
        2 * figures().count() >= others().count() && figures().any(|entry| !is_year(&entry.items))
    }
}

/// Gathers lines into rows. The lines of a head, which are the first ones, are gathered by column.
pub(super) fn rows<'l, 'a>(lines: &'l [Line<'a>], columns: &Columns) -> Vec<&'l [Line<'a>]> {
    let steps: Vec<f64> = lines.windows(2).map(|pair| pair[1].baseline - pair[0].baseline).collect();
    let mut joins = vec![false; lines.len()];
    let head = head(lines);
    let ruled = between_rules(lines, head);
    let spaced = if ruled.is_none() { by_steps(lines, &steps, head) } else { None };
    let least = smallest(&steps);
    let mut first = 0;
    for index in 1..lines.len() {
        let (step, size) = (steps[index - 1], lines[index].size);
        let is_near = step <= LINE_STEP * size && step <= LINE_STEP_RATIO * least.max(0.9 * size);
        let group = &lines[first..index];
        joins[index] = match (&ruled, &spaced) {
            _ if index < head => is_near && !lines[index].is_below_rule && may_be_stacked(group, &lines[index]),
            _ if index >= head && is_another_label(group, &lines[index], columns) => false,
            (Some(ruled), _) => ruled[index],
            _ if lines[index].is_below_rule || index == head => false,
            _ if step < OVERLAPPING_STEP * size => true,
            (_, Some(spaced)) => spaced[index],
            _ => is_near && goes_on(group, &lines[index], columns),
        };
        if !joins[index] {
            first = index;
        }
    }
    let mut rows = Vec::new();
    let mut first = 0;
    for index in 1..=lines.len() {
        if index == lines.len() || !joins[index] {
            rows.push(&lines[first..index]);
            first = index;
        }
    }
    rows
}

/// Says whether a line of a head stands below others of the same cells: not below one that heads several columns.
fn may_be_stacked(group: &[Line<'_>], line: &Line<'_>) -> bool {
    let spans = |above: &Entry<'_>| above.last > above.first;
    let is_below = |entry: &Entry<'_>| {
        group
            .iter()
            .flat_map(|line| &line.entries)
            .any(|above| spans(above) && above.first <= entry.last && entry.first <= above.last)
    };
    !line.spans() && !line.entries.iter().any(is_below)
}

/// Says whether a line is another label than the one in the row above: it begins further left, or stands alone and is
/// bold where that is not, or follows it though it had room there.
fn is_another_label(row: &[Line<'_>], line: &Line<'_>, columns: &Columns) -> bool {
    let Some(label) = line.at(0) else { return false };
    let labels = || row.iter().filter_map(|above| above.at(0));
    let (Some(first), Some(last)) = (labels().next(), labels().next_back()) else { return false };
    let is_alone = line.entries.len() == 1 && row.iter().any(|above| above.entries.len() > 1);
    extent(&label.items).0 < extent(&first.items).0 - OUTDENT * label.items[0].size
        || is_alone && !wraps(last, label, columns)
}

/// Says of each line whether rules or steps, and not its words, show that it goes on with the row above.
pub(super) fn by_ground(lines: &[Line<'_>]) -> Vec<bool> {
    let steps: Vec<f64> = lines.windows(2).map(|pair| pair[1].baseline - pair[0].baseline).collect();
    let head = head(lines);
    let joins = between_rules(lines, head).or_else(|| by_steps(lines, &steps, head));
    joins.unwrap_or_else(|| vec![false; lines.len()])
}

/// Returns how many lines are the head: those above a rule along the whole table, or, as far as figures tell, those
/// above the first line that has some.
pub(super) fn head(lines: &[Line<'_>]) -> usize {
    let inside = (1..lines.len()).filter(|index| lines[*index].is_below_wide_rule);
    let rules: Vec<usize> = inside.collect();
    if let Some(&first) = rules.first().filter(|_| lines[0].is_below_wide_rule)
        && first <= LINES_ABOVE_HEAD_RULE
        && lines.len() - first >= 2
        && (rules.len() == 1 || !lines[..first].iter().any(Line::has_figures))
        && 3 * rules.len() <= lines.len() + 3
    {
        return first;
    }
    let with_figures = lines.iter().filter(|line| line.has_figures()).count();
    let first = lines.iter().position(Line::has_figures).unwrap_or(0);
    if 2 * with_figures >= lines.len() - first { first } else { 0 }
}

fn smallest(steps: &[f64]) -> f64 {
    let mut sorted = steps.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 8).copied().unwrap_or_default()
}

/// Says of each line whether it goes on with the row above, where rules run between rows. `None` if they do not.
fn between_rules(lines: &[Line<'_>], head: usize) -> Option<Vec<bool>> {
    let body = &lines[head.min(lines.len())..];
    let bands = body.iter().skip(1).filter(|line| line.is_below_rule).count() + 1;
    if bands < 3 || body.len() as f64 > LINES_OF_BAND * bands as f64 || body.len() == bands {
        return None;
    }
    // Figures below each other in two lines of a band are rows of their own.
    let doubled =
        body.windows(2).filter(|pair| !pair[1].is_below_rule && have_figures_in_one_column(&pair[0], &pair[1])).count();
    (doubled * 4 <= bands).then(|| lines.iter().map(|line| !line.is_below_rule).collect())
}

fn have_figures_in_one_column(line: &Line<'_>, next: &Line<'_>) -> bool {
    let figures = line.entries.iter().filter(|entry| is_figure(&entry.items));
    figures.into_iter().any(|entry| next.at(entry.first).is_some_and(|below| is_figure(&below.items)))
}

/// Says of each line whether it goes on with the row above, where rows are set further apart than the lines of a cell.
/// `None` if they are not.
fn by_steps(lines: &[Line<'_>], steps: &[f64], head: usize) -> Option<Vec<bool>> {
    let body = steps.get(head..)?;
    let least = smallest(body);
    let is_large = |step: f64| step > ROW_STEP * least;
    let large = body.iter().filter(|step| is_large(**step)).count();
    let starts: Vec<&Line<'_>> =
        (head + 1..lines.len()).filter(|index| is_large(steps[index - 1])).map(|index| &lines[index]).collect();
    let begin = starts.iter().filter(|line| line.has(0)).count();
    let inside: Vec<usize> = (head + 1..lines.len()).filter(|index| !is_large(steps[index - 1])).collect();
    let first_column = inside.iter().filter(|index| lines[**index].has(0) && lines[**index].entries.len() > 1).count();
    let doubled =
        inside.iter().filter(|index| have_figures_in_one_column(&lines[**index - 1], &lines[**index])).count();
    let are_rows = large >= 2
        && inside.len() >= 2
        && begin as f64 >= BEGINS * starts.len() as f64
        && doubled == 0
        && 2 * first_column <= inside.len();
    let joins = |index: usize| index > head && !is_large(steps[index - 1]);
    are_rows.then(|| (0..lines.len()).map(joins).collect())
}

/// Says whether a line goes on with the row that the lines above it are.
fn goes_on(row: &[Line<'_>], line: &Line<'_>, columns: &Columns) -> bool {
    let last_of = |column: usize| row.iter().rev().find_map(|above| above.at(column));
    if line.spans() || row.iter().any(Line::spans) {
        return false;
    }
    let wraps = |entry: &Entry<'_>| last_of(entry.first).is_some_and(|above| wraps(above, entry, columns));
    let figures =
        |line: &Line<'_>| line.entries.iter().filter(|entry| entry.first > 0 && is_figure(&entry.items)).count();
    if !line.has(0) {
        // The lines of a cell below the first one: no figures, and each goes on with what stands above it.
        return figures(line) == 0
            && line.entries.iter().all(|entry| last_of(entry.first).is_some())
            && line.entries.iter().any(wraps);
    }
    let label = line.at(0).expect("it was looked for");
    let is_label_only = line.entries.len() == 1;
    let was_label_only = row.iter().all(|above| above.entries.len() == 1 && above.has(0));
    (is_label_only || was_label_only) && wraps(label)
        || is_label_only && begins_small(label)
        || line.entries.len() < row[0].entries.len() && figures(line) == 0 && line.entries.iter().all(wraps)
}

fn begins_small(entry: &Entry<'_>) -> bool {
    entry.items[0].text.chars().next().is_some_and(char::is_lowercase)
}

/// Says whether the first word of a line had no room in its column behind the line above, or both are one sentence.
fn wraps(above: &Entry<'_>, entry: &Entry<'_>, columns: &Columns) -> bool {
    let size = above.items[0].size;
    let (from, to) = columns.text_reach(above.first);
    let has_room =
        extent(&above.items).1 - extent(&above.items).0 + SPACE * size + first_word_width(&entry.items) <= to - from;
    let is_ended = above.items.last().is_some_and(|item| item.text.ends_with([':', '.']));
    !is_figure(&entry.items)
        && !is_figure(&above.items)
        && are_bold(entry.items.iter()) == are_bold(above.items.iter())
        && (!has_room && !is_ended || begins_small(entry))
}
