//! What is no table, however well its pieces stand below each other: above all, running text. Pure.

use super::{
    super::{characters, rows::text},
    columns::{Columns, Entry},
    pieces::{count_words, extent, first_word_width, is_figure, is_marker},
    thresholds::{
        ALIGNED, ALIGNED_INDENTED, ALIGNED_OF_NEAR, ALIGNED_WITHIN, CHARACTERS_OF_LIST, COLUMNS_OF_NEAR, FEW_ROWS,
        FIGURES, FULL_LINE, FULL_LINES, GAP_OF_LIST, GOES_ON, LEAST_FILLED, LEAST_FILLED_OF_TEXT, LEAST_LABEL,
        LEAST_ROWS, LEAST_ROWS_OF_TWO_COLUMNS, LONGER_VALUE, MARKED, MOST_CROSSED, MOST_HEAD_LINES, MOST_WORDS,
        MUCH_LONGER_VALUE, NEAR, ROWS_OF_LIST, ROWS_OF_NEAR, SAME_EDGE, SPACE, STRETCHED, STRETCHED_GAP,
        STRETCHED_LINES, STRONG_ROWS, WORDS_OF_FULL_LINES, WORDS_OF_LABEL, WORDS_OF_LIST, WORDS_OF_PROSE,
    },
};

/// What is known of a table beside its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    /// Whether rules run above and below it, or between its rows.
    pub(super) is_ruled: bool,
    /// Whether its first row is set otherwise than the others.
    pub(super) has_head: bool,
}

/// Says whether rows are a table. Lines are those of the page: a wrapped cell has several.
/// `joins` says of each line whether rules or steps show that it goes on with the row above.
pub(super) fn is_table(rows: &[&[Entry<'_>]], joins: &[bool], columns: &Columns, evidence: Evidence) -> bool {
    let count = columns.count();
    let parted: Vec<&[Entry<'_>]> = rows.iter().copied().filter(|row| row.len() > 1).collect();
    let least = if count == 2 { LEAST_ROWS_OF_TWO_COLUMNS } else { LEAST_ROWS };
    if parted.len() < least || parted.len() < FEW_ROWS && 2 * parted.len() < rows.len() {
        return false;
    }
    let facts: Vec<Column> = (0..count).map(|column| Column::of(rows, joins, column, columns)).collect();
    // Signs of a font without letters, as of music, fill nothing.
    let filled = parted.iter().flat_map(|row| row.iter()).filter(|entry| is_written(entry)).count();
    let strong = parted.iter().filter(|row| row.len() * 4 >= count * 3).count();
    if (filled as f64) < LEAST_FILLED * (parted.len() * count) as f64
        || (strong as f64) < STRONG_ROWS * parted.len() as f64
        || strong == 0
    {
        return false;
    }
    // Text of another column of the page runs across the columns in many rows.
    let spans = |row: &&&[Entry<'_>]| row.iter().any(|entry| entry.last > entry.first && count_words(&entry.items) > 2);
    if parted.iter().skip(MOST_HEAD_LINES.min(parted.len() / 2)).filter(spans).count() as f64
        > MOST_CROSSED * parted.len() as f64
    {
        return false;
    }
    let prose = facts.iter().filter(|column| column.is_prose()).count();
    let is_listed = facts[0].markers as f64 >= MARKED * facts[0].lines as f64;
    let is_prose = prose > 0 && (2 * prose >= count || !evidence.is_ruled);
    if is_prose && !(count == 2 && is_list(rows, columns, &facts))
        || is_listed && count <= 3
        || facts.iter().any(|column| column.words > MOST_WORDS)
        || is_contents(&parted, &facts)
    {
        return false;
    }
    let aligned = facts.iter().filter(|column| column.is_aligned()).count();
    if 4 * aligned < 3 * count {
        return false;
    }
    let figures = facts.iter().skip(1).filter(|column| column.is_figures()).count();
    if figures == 0 && (filled as f64) < LEAST_FILLED_OF_TEXT * (parted.len() * count) as f64 {
        return false;
    }
    if count == 2 {
        let has_labels = facts[0].words <= WORDS_OF_LABEL && (!facts[0].is_figures() || evidence.has_head);
        let is_short = evidence.has_head && facts[1].words <= WORDS_OF_LABEL;
        let has_values = figures > 0 && (facts[0].is_labels() || evidence.has_head);
        return has_labels && (has_values || evidence.is_ruled || is_short) || is_list(rows, columns, &facts);
    }
    if parted.len() < LEAST_ROWS_OF_TWO_COLUMNS {
        return 2 * figures >= count - 1 && (evidence.is_ruled || evidence.has_head);
    }
    figures > 0 || evidence.is_ruled || facts.iter().all(|column| column.words <= WORDS_OF_LABEL)
}

/// Says whether rows that are no table are nearly one: three rows and three columns without running text, marks of a
/// list and numbers of pages, with figures, rules or a head, that come near to what each measure asks for.
pub(super) fn is_nearly_table(rows: &[&[Entry<'_>]], joins: &[bool], columns: &Columns, evidence: Evidence) -> bool {
    let count = columns.count();
    let parted: Vec<&[Entry<'_>]> = rows.iter().copied().filter(|row| row.len() > 1).collect();
    if count < COLUMNS_OF_NEAR || parted.len() < ROWS_OF_NEAR || 2 * parted.len() < rows.len() {
        return false;
    }
    let share = |part: usize, all: usize| part as f64 / all as f64;
    let filled = share(parted.iter().map(|row| row.len()).sum(), parted.len() * count);
    let strong = share(parted.iter().filter(|row| row.len() * 4 >= count * 3).count(), parted.len());
    let is_crossed = |row: &&&[Entry<'_>]| row.iter().any(|entry| entry.last > entry.first);
    let crossed = share(parted.iter().filter(is_crossed).count(), parted.len());
    if filled < NEAR * LEAST_FILLED || strong < NEAR * STRONG_ROWS || crossed > MOST_CROSSED {
        return false;
    }
    let facts: Vec<Column> = (0..count).map(|column| Column::of(rows, joins, column, columns)).collect();
    let is_text = |column: &Column| column.is_prose() || NEAR * column.words > WORDS_OF_LABEL;
    let is_listed = facts[0].markers as f64 >= MARKED * facts[0].lines as f64;
    if is_listed || facts.iter().any(is_text) || is_contents(&parted, &facts) {
        return false;
    }
    let has_figures = facts.iter().skip(1).any(Column::is_figures);
    let aligned = share(facts.iter().filter(|column| column.is_aligned()).count(), count);
    (has_figures || evidence.is_ruled || evidence.has_head) && aligned >= ALIGNED_OF_NEAR
}

/// Says whether labels and values are hardly told from two columns of text: nothing but white space shows them, no
/// colon, no figures, and the values are not much longer than the labels.
pub(super) fn is_weak_list(rows: &[&[Entry<'_>]], joins: &[bool], columns: &Columns, evidence: Evidence) -> bool {
    if columns.count() != 2 || evidence.is_ruled || evidence.has_head {
        return false;
    }
    let [labels, values] = [0, 1].map(|column| Column::of(rows, joins, column, columns));
    !values.is_figures()
        && 2 * labels.colons < labels.lines
        && values.characters < MUCH_LONGER_VALUE * labels.characters
}

/// Says whether columns within one column of a grid are columns of their own: no running text, and most of their places
/// filled.
pub(super) fn are_columns(rows: &[&[Entry<'_>]], columns: &Columns) -> bool {
    let joins = vec![false; rows.len()];
    let mut facts = (0..columns.count()).map(|column| Column::of(rows, &joins, column, columns));
    let filled: usize = rows.iter().map(|row| row.len()).sum();
    filled as f64 >= LEAST_FILLED_OF_TEXT * (rows.len() * columns.count()) as f64
        && facts.all(|column| !column.is_prose() && column.is_aligned() && column.words <= WORDS_OF_LABEL)
}

/// Says whether two columns are labels and their values: each label stands beside the first line of its value.
fn is_list(rows: &[&[Entry<'_>]], columns: &Columns, facts: &[Column]) -> bool {
    let labels = rows.iter().filter(|row| row.first().is_some_and(|entry| entry.first == 0 && entry.last == 0));
    let (all, valued) = labels.fold((0, 0), |(all, valued), row| (all + 1, valued + usize::from(row.len() > 1)));
    let size = rows.iter().copied().flatten().map(|entry| entry.items[0].size).fold(0.0, f64::max);
    let gap = columns.text_reach(1).0 - columns.text_reach(0).1;
    valued >= ROWS_OF_LIST
        && 10 * valued >= 9 * all
        && facts[0].is_labels()
        && gap >= GAP_OF_LIST * size
        && facts.iter().all(Column::begins_at_one_place)
        && facts[0].characters >= LEAST_LABEL
        && facts[0].ended * 5 <= facts[0].lines
        && (facts[1].characters >= LONGER_VALUE * facts[0].characters || facts[0].colons * 2 >= facts[0].lines)
}

/// What stands in a column, line by line.
struct Column {
    lines: usize,
    figures: usize,
    markers: usize,
    /// Those that end as a sentence or a clause does, and those that end with a colon.
    ended: usize,
    colons: usize,
    /// On average.
    words: f64,
    characters: f64,
    /// Of the lines that have one below them, how many go on there.
    goes_on: f64,
    /// Which share of its lines fill it; none do where lines are known to be parts of rows.
    full: f64,
    /// Which share of its lines are stretched from edge to edge.
    stretched: f64,
    /// Which share of its entries begin at one place, and which share begin, end or have their middle there.
    begun: f64,
    aligned: f64,
}

impl Column {
    fn of(rows: &[&[Entry<'_>]], joins: &[bool], column: usize, columns: &Columns) -> Self {
        let of_row = |row: &[Entry<'_>]| row.iter().position(|entry| entry.first == column && entry.last == column);
        let entries: Vec<Option<&Entry<'_>>> = rows.iter().map(|row| of_row(row).map(|at| &row[at])).collect();
        let filled = || entries.iter().flatten();
        let lines = filled().count();
        let (mut pairs, mut going) = (0_usize, 0_usize);
        let edge = columns.text_reach(column).1;
        let places: Vec<(f64, f64)> = filled().map(|entry| extent(&entry.items)).collect();
        let size = filled().map(|entry| entry.items[0].size).fold(1.0, f64::max);
        let share = |of: fn(&(f64, f64)) -> f64| at_one_place(places.iter().map(of).collect(), ALIGNED_WITHIN * size);
        let (from, to) = columns.text_reach(column);
        let full = places.iter().filter(|place| place.1 - place.0 >= FULL_LINE * (to - from)).count();
        let is_stretched = |entry: &&&Entry<'_>| {
            let (first, last) = extent(&entry.items);
            let is_at_edges = first - from <= SAME_EDGE * size && to - last <= SAME_EDGE * size;
            let gaps = entry.items.windows(2).map(|pair| pair[1].bbox.left() - pair[0].bbox.right());
            is_at_edges && gaps.fold(0.0, f64::max) >= STRETCHED_GAP * size
        };
        let stretched = filled().filter(is_stretched).count();
        let begun = share(|place| place.0);
        let indented = at_two_places(places.iter().map(|place| place.0).collect(), ALIGNED_WITHIN * size);
        let characters = |entry: &Entry<'_>| entry.items.iter().map(|item| item.text.chars().count()).sum::<usize>();
        for (pair, _) in entries.windows(2).zip(&joins[1..]).filter(|(_, joins)| !**joins) {
            if let [Some(line), Some(next)] = pair {
                pairs += 1;
                going += usize::from(goes_on(line, next, edge));
            }
        }
        Self {
            lines,
            figures: filled().filter(|entry| is_figure(&entry.items)).count(),
            markers: filled().filter(|entry| is_marker(&entry.items)).count(),
            ended: filled().filter(|entry| ends_with(entry, &['.', ',', ';', '!', '?'])).count(),
            colons: filled().filter(|entry| ends_with(entry, &[':'])).count(),
            words: filled().map(|entry| count_words(&entry.items)).sum::<usize>() as f64 / lines.max(1) as f64,
            characters: filled().map(|entry| characters(entry)).sum::<usize>() as f64 / lines.max(1) as f64,
            full: if joins.contains(&true) { 0.0 } else { full as f64 / lines.max(1) as f64 },
            stretched: stretched as f64 / lines.max(1) as f64,
            begun,
            aligned: begun
                .max(indented)
                .max(share(|place| place.1))
                .max(share(|place| f64::midpoint(place.0, place.1))),
            goes_on: if pairs == 0 { 0.0 } else { going as f64 / pairs as f64 },
        }
    }

    fn is_figures(&self) -> bool {
        self.lines > 0 && self.figures as f64 >= FIGURES * self.lines as f64
    }

    fn is_aligned(&self) -> bool {
        self.aligned >= ALIGNED || self.is_figures()
    }

    fn begins_at_one_place(&self) -> bool {
        self.begun >= 0.9
    }

    fn is_labels(&self) -> bool {
        self.words <= WORDS_OF_LIST && self.characters <= CHARACTERS_OF_LIST && !self.is_prose()
    }

    fn is_prose(&self) -> bool {
        let goes_on = self.words >= WORDS_OF_PROSE && self.goes_on >= GOES_ON;
        let is_full = self.words >= WORDS_OF_FULL_LINES && self.full >= FULL_LINES;
        self.lines >= 3 && (goes_on || is_full) || self.lines >= STRETCHED_LINES && self.stretched >= STRETCHED
    }
}

/// Says whether an entry has a letter, a digit, or what stands for a missing figure.
fn is_written(entry: &Entry<'_>) -> bool {
    entry.items.iter().any(|item| item.text.contains(char::is_alphanumeric)) || is_figure(&entry.items)
}

fn ends_with(entry: &Entry<'_>, marks: &[char]) -> bool {
    entry.items.last().is_some_and(|item| item.text.ends_with(marks))
}

/// Returns the largest share of values in a stretch that is twice `within` wide.
fn at_one_place(mut values: Vec<f64>, within: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    densest(&values, within).map_or(0, |(_, count)| count) as f64 / values.len().max(1) as f64
}

/// Returns where the densest stretch of ascending values begins, the last of several, and how many it has. It is twice
/// `within` wide.
fn densest(values: &[f64], within: f64) -> Option<(f64, usize)> {
    let mut end = 0;
    let counts = values.iter().enumerate().map(|(from, value)| {
        end += values[end..].iter().take_while(|other| **other - value <= 2.0 * within).count();
        (*value, end.saturating_sub(from))
    });
    counts.max_by_key(|(_, count)| *count)
}

/// Returns the share of values at the two places where most of them are, if it is large: labels are indented below
/// those of their section.
fn at_two_places(values: Vec<f64>, within: f64) -> f64 {
    let all = values.len();
    let first = at_one_place(values.clone(), within);
    let mut sorted = values;
    sorted.sort_by(f64::total_cmp);
    let Some((place, _)) = densest(&sorted, within) else { return 0.0 };
    sorted.retain(|value| !(0.0..=2.0 * within).contains(&(value - place)));
    let second = at_one_place(sorted.clone(), within) * sorted.len() as f64 / all.max(1) as f64;
    if first + second >= ALIGNED_INDENTED { first + second } else { 0.0 }
}

/// Says whether a line is full and the next one goes on with its sentence.
fn goes_on(line: &Entry<'_>, next: &Entry<'_>, edge: f64) -> bool {
    let size = line.items[0].size;
    let is_full = extent(&line.items).1 + SPACE * size + first_word_width(&next.items) > edge;
    let begins = |is: fn(char) -> bool| next.items[0].text.chars().next().is_some_and(is);
    let is_broken = ends_with(line, &[',', '-', '\u{2010}']);
    is_full
        && (is_broken || begins(char::is_lowercase) || begins(characters::is_unspaced) && count_words(&line.items) > 3)
}

/// Says whether rows are a table of contents: titles, and numbers of pages that hardly ever fall.
fn is_contents(rows: &[&[Entry<'_>]], columns: &[Column]) -> bool {
    let numbers: Vec<u32> =
        rows.iter().filter_map(|row| row.last()).filter_map(|entry| text(&entry.items).parse().ok()).collect();
    let rising = numbers.windows(2).filter(|pair| pair[0] <= pair[1]).count();
    let others = columns.iter().rev().skip(1).filter(|column| column.is_figures()).count();
    rows.len() >= 4
        && numbers.len() * 10 >= rows.len() * 8
        && rising * 10 >= (numbers.len() - 1) * 9
        && others <= usize::from(columns.len() > 2)
        && columns.len() <= 3
}
