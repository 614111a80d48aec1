//! Channels: white space that runs down a region, between two columns or by chance. Pure.

use super::rows::{Item, Row};

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

/// Lists the channels of a region that are at least so wide, each as far as both of its sides belong together. `size` is the
/// usual font size.
pub(super) fn channels(rows: &[Row<'_>], least: f64, size: f64) -> Vec<Channel> {
    candidates(rows, least).into_iter().map(|channel| trimmed(rows, channel, size)).collect()
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
        let (left, right) = parted(&row.items, &channel);
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
