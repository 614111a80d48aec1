//! Channels: white space that runs down a region between two columns, and whether its two sides are read one after the
//! other or row by row. Pure.

use super::{
    characters,
    lines::CHARACTERS_OF_A_WORD,
    rows::{Item, Row},
};

// In units of the font size.
/// Narrowest channel.
const LEAST_WIDTH: f64 = 0.8;
/// A channel of few rows is at least this wide: words of two or three lines may end at one place by chance.
const LEAST_WIDTH_OF_FEW: f64 = 1.5;
/// Short blocks beside each other, such as two addresses, are at least this far apart.
const LEAST_WIDTH_OF_SHORT: f64 = 2.0;
/// From this many rows on, a channel is not there by chance.
const MANY_ROWS: usize = 4;
/// Rows of a form are at least this far apart; lines of an address are closer.
const PITCH_OF_FORM: f64 = 1.35;

/// Lines on both sides of a channel are beside each other if they share this part of their height.
const SAME_HEIGHT: f64 = 0.7;

/// Channels that are followed at once; more begin only on hostile pages.
const MAX_OPEN: usize = 32;

/// White space between two columns, from the row `first` to the row `last`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Channel {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Channel {
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.left, self.right)
    }
}

/// Finds the channel whose sides are columns, if there is one: the one that most rows prove.
pub(super) fn columns(rows: &[Row<'_>], size: f64) -> Option<Channel> {
    let mut found: Vec<(Sides, Channel)> = candidates(rows, LEAST_WIDTH * size)
        .into_iter()
        .map(|channel| trimmed(rows, channel, size))
        .map(|channel| (Sides::of(rows, &channel), channel))
        .filter(|(sides, _)| sides.proof() > 0)
        .collect();
    let width = |channel: &Channel| channel.right - channel.left;
    found.sort_by(|(a, one), (b, other)| b.proof().cmp(&a.proof()).then(width(other).total_cmp(&width(one))));
    found
        .into_iter()
        .find(|(sides, channel)| sides.are_columns(width(channel) / size, size))
        .map(|(_, channel)| channel)
}

/// Follows every gap of a row, and its margins, down through the rows below, as far as it goes on. Where several gaps of
/// the next row go on, each is followed.
fn candidates(rows: &[Row<'_>], least: f64) -> Vec<Channel> {
    let mut open: Vec<Channel> = Vec::new();
    let mut ended: Vec<Channel> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let gaps = gaps(row, least);
        let mut next: Vec<Channel> = Vec::new();
        for channel in open {
            let common = common(&channel, &gaps, least);
            if common.is_empty() {
                ended.push(channel);
            }
            for (left, right) in common {
                add(&mut next, Channel { left, right, last: index, ..channel });
            }
        }
        for &(left, right) in &gaps {
            add(&mut next, Channel { left, right, first: index, last: index });
        }
        open = next;
    }
    ended.extend(open);
    ended.retain(|channel| channel.left.is_finite() && channel.right.is_finite());
    for channel in &mut ended {
        *channel = upwards(rows, *channel, least);
    }
    ended
}

/// Adds a channel unless one that began further up is as wide.
fn add(channels: &mut Vec<Channel>, channel: Channel) {
    let is_known = channels.iter().any(|known| known.left <= channel.left && known.right >= channel.right);
    if !is_known && channels.len() < MAX_OPEN {
        channels.push(channel);
    }
}

/// Lets a channel begin further up, where one of its sides has no text yet.
fn upwards(rows: &[Row<'_>], mut channel: Channel, least: f64) -> Channel {
    while let Some(above) = channel.first.checked_sub(1) {
        let Some(&(left, right)) = common(&channel, &gaps(&rows[above], least), least).first() else { break };
        channel = Channel { left, right, first: above, ..channel };
    }
    channel
}

/// Lists the gaps of a row that are at least so wide, with the margins, which have no outer end.
fn gaps(row: &Row<'_>, least: f64) -> Vec<(f64, f64)> {
    let mut gaps = Vec::new();
    let mut end = f64::NEG_INFINITY;
    let caps = row.drop_cap.iter();
    for item in caps.chain(&row.items) {
        if item.bbox.left() - end >= least {
            gaps.push((end, item.bbox.left()));
        }
        end = end.max(item.bbox.right());
    }
    gaps.push((end, f64::INFINITY));
    gaps
}

/// Lists what a channel shares with each gap of a row, if that is wide enough; the widest finite one comes first.
fn common(channel: &Channel, gaps: &[(f64, f64)], least: f64) -> Vec<(f64, f64)> {
    let shared = gaps.iter().map(|&(left, right)| (left.max(channel.left), right.min(channel.right)));
    let mut common: Vec<(f64, f64)> = shared.filter(|(left, right)| right - left >= least).collect();
    let width = |gap: &(f64, f64)| if (gap.1 - gap.0).is_finite() { gap.1 - gap.0 } else { 0.0 };
    common.sort_by(|a, b| width(b).total_cmp(&width(a)));
    common
}

/// Takes rows off both ends that stand on one side only and far from the rest: a line below two short columns belongs
/// to neither.
fn trimmed(rows: &[Row<'_>], channel: Channel, size: f64) -> Channel {
    let has_both = |row: &Row<'_>| {
        let (left, right) = parted(row, &channel);
        !left.is_empty() && !right.is_empty()
    };
    let within = channel.first..=channel.last;
    let first_both = within.clone().find(|&index| has_both(&rows[index]));
    let last_both = within.clone().rev().find(|&index| has_both(&rows[index]));
    let (Some(first_both), Some(last_both)) = (first_both, last_both) else {
        // No row has both: two columns whose lines lie at different heights, if both are there.
        return channel;
    };
    let pitches = pitches(&rows[channel.first..=channel.last]);
    let usual = median(pitches).unwrap_or(1.2 * size);
    let is_far =
        |above: usize, below: usize| rows[below].top() - rows[above].bottom() > (1.2 * usual - size).max(0.9 * size);
    let mut channel = channel;
    for index in (channel.first..first_both).rev() {
        if is_far(index, index + 1) {
            channel.first = index + 1;
            break;
        }
    }
    for index in last_both + 1..=channel.last {
        if is_far(index - 1, index) {
            channel.last = index - 1;
            break;
        }
    }
    channel
}

fn pitches(rows: &[Row<'_>]) -> Vec<f64> {
    rows.windows(2).map(|pair| pair[1].baseline - pair[0].baseline).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Parts the items of a row by a channel.
pub(super) fn parted<'r, 'a>(row: &'r Row<'a>, channel: &Channel) -> (&'r [Item<'a>], &'r [Item<'a>]) {
    let at = row.items.partition_point(|item| item.bbox.middle_x() < channel.middle());
    row.items.split_at(at)
}

/// What stands in one row on one side of a channel.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    words: usize,
    letters: usize,
    digits: usize,
    characters: usize,
    /// Texts with wide gaps between them.
    parts: usize,
    size: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    ends_with_colon: bool,
    has_block: bool,
    /// A number, letter or bullet of a list, and nothing else.
    is_marker: bool,
}

impl Cell {
    /// `None` if there is nothing.
    fn of(items: &[Item<'_>]) -> Option<Self> {
        let first = items.first()?;
        let (left, right, top, bottom) = (first.bbox.left(), first.bbox.right(), first.bbox.top(), first.bbox.bottom());
        let mut cell = Self { parts: 1, size: first.size, left, right, top, bottom, ..Self::default() };
        let mut end = first.bbox.left();
        for item in items {
            let gap = item.bbox.left() - end;
            cell.words += usize::from(gap > 0.14 * item.size || cell.words == 0);
            cell.parts += usize::from(gap > LEAST_WIDTH_OF_FEW * item.size);
            end = end.max(item.bbox.right());
            cell.right = end;
            cell.top = cell.top.min(item.bbox.top());
            cell.bottom = cell.bottom.max(item.bbox.bottom());
            let unspaced = item.text.chars().filter(|character| characters::is_unspaced(*character)).count();
            cell.words += unspaced / CHARACTERS_OF_A_WORD;
            for character in item.text.chars() {
                cell.characters += 1;
                cell.letters += usize::from(character.is_alphabetic());
                cell.digits += usize::from(character.is_numeric());
            }
            cell.has_block |= item.is_block();
        }
        cell.ends_with_colon = items.last().is_some_and(|item| item.text.ends_with(':'));
        cell.is_marker = cell.words == 1 && cell.characters <= 4 && (cell.letters <= 1 || cell.digits > 0);
        Some(cell)
    }
}

/// The two sides of a channel.
struct Sides {
    left: Vec<Cell>,
    right: Vec<Cell>,
    /// Lines that stand at one height on both sides; their baselines may differ a little.
    both: Vec<(Cell, Cell)>,
    /// Between neighbouring lines on the left that have something beside them.
    pitch: Option<f64>,
    /// Whether a side holds nothing but ruled areas and pictures.
    blocks_only: bool,
}

impl Sides {
    fn of(rows: &[Row<'_>], channel: &Channel) -> Self {
        let mut sides = Self { left: Vec::new(), right: Vec::new(), both: Vec::new(), pitch: None, blocks_only: false };
        for row in &rows[channel.first..=channel.last] {
            let (left, right) = parted(row, channel);
            sides.left.extend(Cell::of(left));
            sides.right.extend(Cell::of(right));
        }
        sides.blocks_only = [&sides.left, &sides.right].iter().any(|cells| cells.iter().all(|cell| cell.has_block));
        sides.left.retain(|cell| !cell.has_block);
        sides.right.retain(|cell| !cell.has_block);
        sides.both = beside_each_other(&sides.left, &sides.right);
        sides.pitch = median(sides.both.windows(2).map(|pair| pair[1].0.bottom - pair[0].0.bottom).collect());
        sides
    }

    /// Returns how many rows prove the channel: those of its shorter side.
    fn proof(&self) -> usize {
        if self.blocks_only {
            return self.left.len().max(self.right.len()).max(1);
        }
        self.left.len().min(self.right.len())
    }

    /// Says whether the two sides of a channel are read one after the other; `width` is its width in units of the font
    /// size. The rules, in this order:
    ///
    /// 1. Ruled areas and pictures beside text, with nothing else on their side, are read by themselves.
    /// 2. Lines of running text on both sides are columns.
    /// 3. Several texts in a row on a side are cells of a table, labels that end with a colon, numbers and bullets of
    ///    lists have their text beside them, and where figures stand on the right of words or of figures only, they are
    ///    values: row by row.
    /// 4. Sides whose lines lie at different heights, or differ in size, are blocks: a margin note, a sidebar.
    /// 5. Two blocks of short lines, as of addresses, have several words in a line on both sides, and stand closer than
    ///    the rows of a form or have figures on both sides.
    fn are_columns(&self, width: f64, size: f64) -> bool {
        if self.blocks_only {
            return true;
        }
        let fewer = self.proof();
        if fewer < 2 {
            return false;
        }
        if is_running_text(&self.left) && is_running_text(&self.right) {
            return fewer >= MANY_ROWS || width >= LEAST_WIDTH_OF_FEW;
        }
        if width < LEAST_WIDTH_OF_FEW || self.are_cells() {
            return false;
        }
        let aligned = self.both.len() as f64 / fewer as f64;
        if aligned < 0.5 {
            return true;
        }
        let of_size = |cells: &[Cell]| median(cells.iter().map(|cell| cell.size).collect()).unwrap_or(size);
        let (left, right) = (of_size(&self.left), of_size(&self.right));
        if (left - right).abs() > 0.08 * size && aligned < 0.8 {
            return true;
        }
        let has_several_words =
            mean(&self.left, |cell| cell.words) >= 2.0 && mean(&self.right, |cell| cell.words) >= 2.0;
        let has_digits = |cells: &[Cell]| cells.iter().any(|cell| cell.digits > 0);
        let is_close = self.pitch.is_none_or(|pitch| pitch < PITCH_OF_FORM * size);
        let is_pair = has_digits(&self.left) && has_digits(&self.right);
        has_several_words && width >= LEAST_WIDTH_OF_SHORT && (is_close || is_pair)
    }

    fn are_cells(&self) -> bool {
        let rows = self.both.len().max(1);
        let share = |is: fn(&(Cell, Cell)) -> bool| self.both.iter().filter(|row| is(row)).count() as f64 / rows as f64;
        let many_parts = mean(&self.left, |cell| cell.parts) > 1.4 || mean(&self.right, |cell| cell.parts) > 1.4;
        let values = share(|(left, right)| right.digits > 0 && left.digits == 0);
        let figures = share(|(left, right)| is_figure(left) && is_figure(right));
        many_parts
            || values >= 0.6
            || figures >= 0.6
            || share(|(left, _)| left.ends_with_colon) >= 0.5
            || share(|(left, _)| left.is_marker) >= 0.6
    }
}

/// Pairs the lines of two sides that share most of their height. Both sides are ordered from top to bottom.
fn beside_each_other(left: &[Cell], right: &[Cell]) -> Vec<(Cell, Cell)> {
    let mut pairs = Vec::new();
    let mut next = 0;
    for cell in left {
        while right.get(next).is_some_and(|other| other.bottom <= cell.top) {
            next += 1;
        }
        let shares = |other: &&Cell| {
            let shared = other.bottom.min(cell.bottom) - other.top.max(cell.top);
            shared >= SAME_HEIGHT * (other.bottom - other.top).min(cell.bottom - cell.top)
        };
        let beside = right[next..].iter().take_while(|other| other.top < cell.bottom).find(shares);
        pairs.extend(beside.map(|other| (*cell, *other)));
    }
    pairs
}

fn is_figure(cell: &Cell) -> bool {
    2 * cell.digits >= cell.characters
}

fn mean(cells: &[Cell], of: fn(&Cell) -> usize) -> f64 {
    cells.iter().map(of).sum::<usize>() as f64 / cells.len().max(1) as f64
}

fn is_running_text(cells: &[Cell]) -> bool {
    let letters = mean(cells, |cell| cell.letters) / mean(cells, |cell| cell.characters).max(1.0);
    // Chinese and Japanese lines are one long word.
    let parts = mean(cells, |cell| cell.parts).max(1.0);
    let is_long = mean(cells, |cell| cell.words) / parts >= 3.0 || mean(cells, |cell| cell.characters) / parts >= 16.0;
    letters >= 0.6 && (is_long || is_justified(cells))
}

/// Says whether most lines of a side begin and end at the same edges, as justified text does: its gaps may be so wide that
/// its words look like cells.
fn is_justified(cells: &[Cell]) -> bool {
    let left = median(cells.iter().map(|cell| cell.left).collect()).unwrap_or_default();
    let right = median(cells.iter().map(|cell| cell.right).collect()).unwrap_or_default();
    let is_full = |cell: &&Cell| {
        (cell.left - left).abs() <= 0.3 * cell.size && (cell.right - right).abs() <= 0.3 * cell.size && cell.words > 1
    };
    cells.len() >= MANY_ROWS
        && mean(cells, |cell| cell.characters) >= 12.0
        && 2 * cells.iter().filter(is_full).count() >= cells.len()
}
