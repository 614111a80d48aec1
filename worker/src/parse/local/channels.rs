//! Channels: white space that runs down a region, between two columns or by chance. Pure.

use std::ops::RangeInclusive;

use quire_schemas::element::BBox;

use super::rows::{Item, Row};

/// A line whose distance from the one above is smaller than that to the next by this factor belongs to what is above.
const SAME_PITCH: f64 = 0.9;
/// A heading over two columns is so far from the lines above and below it, in units of its size.
const AROUND_HEADING: f64 = 0.35;
/// Of them, so many rows are looked at.
const ROWS_AROUND: usize = 4;
/// Lines of running text, at least, and their characters, on average.
const LEAST_LINES: usize = 4;
const RUNNING_LENGTH: usize = 24;
/// Its paragraphs are no further apart, in units of the font size, and their sizes differ by no more than this share: a
/// footnote is no part of the column.
const LARGEST_GAP: f64 = 3.0;
const SAME_SIZE: f64 = 0.05;
/// A line of running text takes this share of its column.
const FULL_LINE: f64 = 0.85;

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

    /// Returns the box around the rows that it runs through.
    pub(super) fn area(&self, rows: &[Row<'_>]) -> BBox {
        let items = rows[self.first..=self.last].iter().flat_map(|row| &row.items);
        items.map(|item| item.bbox).reduce(BBox::union).unwrap_or_default()
    }
}

/// Lists the channels of a region that are at least so wide, each as far as both of its sides belong together. `size`
/// is the usual font size.
pub(super) fn channels(rows: &[Row<'_>], least: f64, size: f64) -> Vec<Channel> {
    let mut channels: Vec<Channel> =
        candidates(rows, least).into_iter().map(|channel| trimmed(rows, channel, size)).collect();
    // Channels that began at different rows may be one when they are trimmed.
    let in_order = |a: &Channel, b: &Channel| {
        let sides = a.left.total_cmp(&b.left).then(a.right.total_cmp(&b.right));
        (a.first, a.last).cmp(&(b.first, b.last)).then(sides)
    };
    channels.sort_by(in_order);
    channels.dedup();
    channels
}

/// Follows every gap of a row, and its margins, down through the rows below, as far as it goes on. Where several gaps
/// of the next row go on, each is followed.
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
/// to neither. So does the last line of a paragraph above them. What goes on with a column of running text stays. A
/// heading over both columns ends them.
fn trimmed(rows: &[Row<'_>], channel: Channel, size: f64) -> Channel {
    let has_both = |index: &usize| {
        let (left, right) = parted(&rows[*index].items, &channel);
        !left.is_empty() && !right.is_empty()
    };
    let within = channel.first..=channel.last;
    let (first_both, last_both) = (within.clone().find(has_both), within.clone().rev().find(has_both));
    let (Some(first_both), Some(last_both)) = (first_both, last_both) else {
        // No row has both: two columns whose lines lie at different heights, if both are there.
        return channel;
    };
    let usual = median(pitches(&rows[channel.first..=channel.last])).unwrap_or(1.2 * size);
    let gap = |above: usize, below: usize| rows[below].top() - rows[above].bottom();
    let is_far = |above: usize, below: usize| gap(above, below) > (1.2 * usual - size).max(0.9 * size);
    let mut channel = channel;
    let goes_on_above = |index: usize| {
        index > 0
            && rows[index].baseline - rows[index - 1].baseline
                < SAME_PITCH * (rows[index + 1].baseline - rows[index].baseline)
    };
    if channel.first < first_both && goes_on_above(channel.first) {
        channel.first += 1;
    }
    for index in (channel.first..first_both).rev() {
        if is_far(index, index + 1) && !goes_on_in_column(rows, &channel, channel.first..=index) {
            channel.first = index + 1;
            break;
        }
    }
    for index in last_both + 1..=channel.last {
        if is_far(index - 1, index) && !goes_on_in_column(rows, &channel, index..=channel.last) {
            channel.last = index - 1;
            break;
        }
    }
    // Nothing stands beside a heading over both columns, from well above it to well below.
    let is_heading = |index: &usize| {
        let (row, least) = (&rows[*index], AROUND_HEADING * rows[*index].items[0].size);
        let (from, to) = (channel.first.max(index.saturating_sub(ROWS_AROUND)), channel.last.min(index + ROWS_AROUND));
        let above = || rows[from..*index].iter().map(Row::bottom).fold(f64::NEG_INFINITY, f64::max);
        let below = || rows[index + 1..=to].iter().map(Row::top).fold(f64::INFINITY, f64::min);
        !has_both(index) && row.top() - above() >= least && below() - row.bottom() >= least
    };
    if let Some(heading) = (first_both + 1..last_both).find(is_heading) {
        channel.last = heading - 1;
    }
    channel
}

/// Says whether some of these rows, which stand on one side only, are as long as the running text on that side.
fn goes_on_in_column(rows: &[Row<'_>], channel: &Channel, of: RangeInclusive<usize>) -> bool {
    let is_on_left = |row: &Row<'_>| row.left() < channel.middle();
    let is_left = is_on_left(&rows[*of.start()]);
    let of_side = |row: &Row<'_>| -> Option<(f64, f64, usize)> {
        let (left, right) = parted(&row.items, channel);
        let items = if is_left { left } else { right };
        let length = items.iter().map(|item| item.text.chars().count()).sum();
        Some((items.first()?.bbox.left(), items.last()?.bbox.right(), length))
    };
    let others = (channel.first..=channel.last).filter(|index| !of.contains(index));
    let column: Vec<(f64, f64, usize)> = others.filter_map(|index| of_side(&rows[index])).collect();
    let left = column.iter().map(|line| line.0).fold(f64::INFINITY, f64::min);
    let right = column.iter().map(|line| line.1).fold(f64::NEG_INFINITY, f64::max);
    let length = column.iter().map(|line| line.2).sum::<usize>() / column.len().max(1);
    let is_long = |row: &Row<'_>| is_on_left(row) == is_left && row.right() - left >= FULL_LINE * (right - left);
    let is_of_column = |index: usize, beside: usize| {
        let (size, other) = (rows[index].items[0].size, rows[beside].items[0].size);
        let pitch = (rows[index].baseline - rows[beside].baseline).abs();
        (size - other).abs() <= SAME_SIZE * other && pitch <= LARGEST_GAP * size
    };
    let joins = if *of.start() == channel.first {
        is_of_column(*of.end(), *of.end() + 1)
    } else {
        is_of_column(*of.start(), *of.start() - 1)
    };
    column.len() >= LEAST_LINES && length >= RUNNING_LENGTH && joins && rows[of].iter().any(is_long)
}

pub(super) fn pitches(rows: &[Row<'_>]) -> Vec<f64> {
    rows.windows(2).map(|pair| pair[1].baseline - pair[0].baseline).collect()
}

pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Parts the items of a row, which are ordered from left to right, by a channel.
pub(super) fn parted<'r, 'a>(items: &'r [Item<'a>], channel: &Channel) -> (&'r [Item<'a>], &'r [Item<'a>]) {
    items.split_at(items.partition_point(|item| item.bbox.middle_x() < channel.middle()))
}
