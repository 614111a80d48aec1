//! Whether the two sides of a channel are columns, which are read one after the other, or cells, which are read row by
//! row. Pure.

use super::{
    blocks,
    cells::Cell,
    channels::{Channel, channels, median, parted, pitches},
    rows::Row,
};

// In units of the font size.
/// Narrowest channel.
const LEAST_WIDTH: f64 = 0.8;
/// A channel of few rows is at least this wide: words of two or three lines may end at one place by chance.
const LEAST_WIDTH_OF_FEW: f64 = 1.5;
/// From this many rows on, a channel is not there by chance.
const MANY_ROWS: usize = 4;

/// Rows whose pitch is larger than most by this factor do not belong together.
const WIDER_PITCH: f64 = 1.4;
/// Channels of different rows whose parts are looked at: a hostile page may have any number.
const MOST_TRIED: usize = 16;
/// An address has so many lines.
const LEAST_ADDRESS: usize = 3;

/// Sides of a channel share this part of the height of the lower one.
const LEAST_OVERLAP: f64 = 0.3;
/// A sidebar has so many lines, and the text goes on past this share of them, the first one left aside.
const LEAST_SIDEBAR: usize = 3;
const MOST_OF_SIDEBAR: f64 = 0.7;
/// The lines of that text have so many characters, on average: those of an address have fewer.
const LENGTH_OF_PROSE: f64 = 28.0;
/// Sides of so many lines beside each other, of so many words each on average, may be columns although the rules say
/// that they are rows.
const ROWS_OF_DOUBT: usize = 6;
const WORDS_OF_DOUBT: f64 = 2.0;
/// A line of text is full if it ends so near to the edge, in units of the font size.
const FULL_WITHIN: f64 = 4.0;

/// Lines on both sides of a channel are beside each other if they share this part of their height.
const SAME_HEIGHT: f64 = 0.7;

/// How a region is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Parting {
    /// One side of its channels after the other; they are ordered from left to right.
    Columns(Vec<Channel>),
    /// Row by row, though there may be a channel whose sides could be columns.
    Rows(Option<Channel>),
}

impl Parting {
    /// Returns the channels between its columns, and the first one of them.
    pub(super) fn channels(&self) -> Option<(&[Channel], &Channel)> {
        match self {
            Self::Columns(channels) => channels.first().map(|first| (channels.as_slice(), first)),
            Self::Rows(_) => None,
        }
    }
}

/// Finds the channel whose sides are columns, if there is one: the one that most rows prove. Where three and more
/// blocks of short lines stand side by side, the channels between all of them.
pub(super) fn columns(rows: &[Row<'_>], size: f64) -> Parting {
    let mut found: Vec<(Sides, Channel)> = channels(rows, LEAST_WIDTH * size, size)
        .into_iter()
        .map(|channel| (Sides::of(rows, &channel), channel))
        .filter(|(sides, _)| sides.proof() > 0)
        .collect();
    let width = |channel: &Channel| channel.right - channel.left;
    found.sort_by(|(a, one), (b, other)| b.proof().cmp(&a.proof()).then(width(other).total_cmp(&width(one))));
    let mut tried: Vec<(usize, usize)> = Vec::new();
    let mut doubtful = None;
    for (sides, channel) in found {
        if sides.are_columns(width(&channel) / size, size) {
            return Parting::Columns(vec![channel]);
        }
        if doubtful.is_none() && sides.may_be_columns(width(&channel) / size) {
            doubtful = Some(channel);
        }
        let rows_of = (channel.first, channel.last);
        if tried.len() == MOST_TRIED || tried.contains(&rows_of) {
            continue;
        }
        tried.push(rows_of);
        let parts = parts(rows, channel);
        let blocks = parts.iter().map(|part| blocks::channels(rows, *part, size)).find(|found| !found.is_empty());
        let addresses = || parts.into_iter().find(|part| are_addresses(rows, part, size)).map(|part| vec![part]);
        if let Some(channels) = blocks.or_else(addresses) {
            return Parting::Columns(channels);
        }
    }
    Parting::Rows(doubtful)
}

/// Parts the rows of a channel where they are further apart than most of them: two addresses stand above a table.
fn parts(rows: &[Row<'_>], channel: Channel) -> Vec<Channel> {
    let beside = &rows[channel.first..=channel.last];
    let usual = median(pitches(beside)).unwrap_or(f64::INFINITY);
    let mut first = channel.first;
    let mut parts = Vec::new();
    for part in beside.chunk_by(|above, below| below.baseline - above.baseline <= WIDER_PITCH * usual) {
        parts.push(Channel { first, last: first + part.len() - 1, ..channel });
        first += part.len();
    }
    parts
}

/// Says whether two addresses stand beside a part of a channel whose other rows are something else.
fn are_addresses(rows: &[Row<'_>], part: &Channel, size: f64) -> bool {
    let sides = Sides::of(rows, part);
    let is_part = part.last - part.first + 1 < rows.len();
    is_part
        && sides.proof() >= LEAST_ADDRESS
        && sides.is_pair()
        && sides.are_columns((part.right - part.left) / size, size)
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
            let (left, right) = parted(&row.items, channel);
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
    /// size. Sides of which one ends where the other begins are not. The rules, in this order:
    ///
    /// 1. Ruled areas and pictures beside text, with nothing else on their side, are read by themselves.
    /// 2. Lines of running text on both sides are columns.
    /// 3. Short lines beside running text are a sidebar if the text goes on past most of them; else they are its
    ///    labels.
    /// 4. Several texts in a row on a side are cells of a table, labels that end with a colon, numbers and bullets of
    ///    lists have their text beside them, and where figures stand on the right of words or of figures only, they are
    ///    values: row by row.
    ///    But not where running text stands at other heights than the rows of a table beside it.
    /// 5. Sides whose lines lie at different heights, or differ in size, are blocks: a margin note, a sidebar.
    /// 6. Two blocks of short lines, as of addresses, have several words in a line on both sides, and stand closer than
    ///    the rows of a form or have figures on both sides.
    fn are_columns(&self, width: f64, size: f64) -> bool {
        if self.blocks_only {
            return true;
        }
        let fewer = self.proof();
        if fewer < 2 || !self.are_beside_each_other() {
            return false;
        }
        if is_running_text(&self.left) && is_running_text(&self.right) {
            return fewer >= MANY_ROWS || width >= LEAST_WIDTH_OF_FEW;
        }
        if is_sidebar(&self.left, &self.right) || is_sidebar(&self.right, &self.left) {
            return true;
        }
        let aligned = self.both.len() as f64 / fewer as f64;
        if width < LEAST_WIDTH_OF_FEW || self.are_cells() && !self.is_text_beside_table(aligned) {
            return false;
        }
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
        let is_close = self.pitch.is_none_or(|pitch| pitch < blocks::PITCH_OF_FORM * size);
        has_several_words && width >= blocks::LEAST_WIDTH && (is_close || self.is_pair())
    }

    /// Says whether sides that are no columns could be some: many lines stand beside each other with white space for
    /// columns between them, and they are neither cells nor labels of running text.
    fn may_be_columns(&self, width: f64) -> bool {
        let several_words = |cells: &[Cell]| mean(cells, |cell| cell.words) >= WORDS_OF_DOUBT;
        !self.blocks_only
            && self.proof() >= ROWS_OF_DOUBT
            && width >= LEAST_WIDTH_OF_FEW
            && self.are_beside_each_other()
            && several_words(&self.left)
            && several_words(&self.right)
            && !self.are_cells()
            && !is_running_text(&self.right)
    }

    /// Says whether one side is running text whose lines stand at other heights than the rows of a table on the other
    /// side.
    fn is_text_beside_table(&self, aligned: f64) -> bool {
        let (left, right) = (is_running_text(&self.left), is_running_text(&self.right));
        aligned < 0.5 && left != right && self.left.len().min(self.right.len()) >= MANY_ROWS
    }

    /// Says whether the heights of the two sides overlap: the sender of a letter on the right stands above its reader's
    /// address on the left.
    fn are_beside_each_other(&self) -> bool {
        let reach = |cells: &[Cell]| Some((cells.first()?.top, cells.last()?.bottom));
        let Some(((top, bottom), (other_top, other_bottom))) = reach(&self.left).zip(reach(&self.right)) else {
            return true;
        };
        let shared = bottom.min(other_bottom) - top.max(other_top);
        shared >= LEAST_OVERLAP * (bottom - top).min(other_bottom - other_top)
    }

    /// Says whether figures stand on both sides.
    fn is_pair(&self) -> bool {
        [&self.left, &self.right].iter().all(|cells| cells.iter().any(|cell| cell.digits > 0))
    }

    fn are_cells(&self) -> bool {
        let rows = self.both.len().max(1);
        let share = |is: fn(&(Cell, Cell)) -> bool| self.both.iter().filter(|row| is(row)).count() as f64 / rows as f64;
        let many_parts = mean(&self.left, |cell| cell.parts) > 1.4 || mean(&self.right, |cell| cell.parts) > 1.4;
        let values = share(|(left, right)| right.digits > 0 && left.digits == 0);
        let figures = share(|(left, right)| left.is_figure() && right.is_figure());
        many_parts
            || values >= 0.6
            || figures >= 0.6
            || share(|(left, _)| left.ends_with_colon) >= 0.5
            || share(|(left, _)| left.is_marker) >= 0.6
    }
}

/// Says whether a side of short lines stands beside running text that goes on past most of them: the line above is
/// full, and so begins no paragraph that the short line could be the label of.
fn is_sidebar(text: &[Cell], short: &[Cell]) -> bool {
    let is_prose = mean(text, |cell| cell.parts) <= 1.2 && mean(text, |cell| cell.characters) >= LENGTH_OF_PROSE;
    if text.len() < MANY_ROWS || !is_prose || !is_running_text(text) || is_running_text(short) {
        return false;
    }
    let edge = text.iter().map(|cell| cell.right).fold(f64::NEG_INFINITY, f64::max);
    let is_full = |cell: &Cell| edge - cell.right <= FULL_WITHIN * cell.size;
    let beside = beside_each_other(text, short);
    let goes_on = beside.iter().filter(|(line, _)| {
        let above = text.iter().rev().find(|other| other.top < line.top);
        above.is_some_and(|above| is_full(above) && line.top - above.bottom < above.size)
    });
    beside.len() >= LEAST_SIDEBAR && goes_on.count() as f64 >= MOST_OF_SIDEBAR * (beside.len() - 1) as f64
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

/// Says whether most lines of a side begin and end at the same edges, as justified text does: its gaps may be so wide
/// that its words look like cells.
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
