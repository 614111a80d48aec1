//! How the lines of a column are set: their edges, pitch, size and indents, and so where a paragraph ends. Pure.

use super::{
    channels::median,
    characters,
    line_ends::{
        Joint, LONGEST_OVERHANG, counting_number, counts_on, ends_sentence, ends_with_leader, joint, starts_sentence,
        starts_small, starts_with_bullet, starts_with_dash, starts_with_marker,
    },
    lines::Line,
    markers::{Mark, MarkKind},
    tags::Tag,
};

// In units of the font size, but for the tolerances, which are factors.
/// Baselines further apart are different paragraphs, unless the whole column is set that wide.
const LARGEST_PITCH: f64 = 1.75;
/// Baselines further apart are different paragraphs, even if the whole column is set that wide.
const LARGEST_USUAL_PITCH: f64 = 3.2;
/// Baselines closer than this are one row of a table, not two lines of a paragraph.
const SMALLEST_PITCH: f64 = 0.5;
/// A line that begins this much further right or left begins at another edge.
const INDENT: f64 = 0.8;
/// An edge further away is another column of a table.
const LARGEST_INDENT: f64 = 8.0;
/// Lines whose middles, or ends, are closer than this are centred, or set to the right.
const CENTRED: f64 = 0.5;
/// The pitch within a paragraph varies by this factor.
const PITCH_TOLERANCE: f64 = 1.25;
/// Pitches of a column that is set wide vary by this factor.
const USUAL_TOLERANCE: f64 = 1.1;
/// Sizes that differ by less than this share are the same.
const SAME_SIZE: f64 = 0.03;
/// The font size within a paragraph varies by this factor,
pub(super) const SIZE_TOLERANCE: f64 = 1.18;
/// and by this one behind a line that ends early.
const SIZE_OF_HEADING: f64 = 1.08;
/// Most characters of a word of Thai or its neighbours.
const LONGEST_UNSPACED: usize = 6;
/// Lines of running text have so many words at least, on average; those of forms and lists may have fewer.
const LEAST_WORDS: usize = 3;
/// Width of a character that is not measured.
const CHARACTER: f64 = 0.5;
/// One in so many lines may be too long for its column, if half of the others come as near to an edge as this.
const LINES_OF_ONE_TOO_LONG: usize = 6;
const NEAR_EDGE: f64 = 4.0;
/// So many lines have an edge of their own.
const LINES_AT_EDGE: usize = 3;
/// Lines of running text of one indent that all end this far before the edge of the column have an edge of their own,
/// as a quotation has.
const OWN_EDGE: f64 = 1.5;
/// So many of them are full then. A share.
const FULL_OF_OWN: f64 = 0.7;
/// Where so many lines are sentences, each is a paragraph if they are set wide. A share.
const SENTENCES: f64 = 0.6;

/// An item of a list has so many lines, at most, before the next one is looked for.
const LINES_OF_ITEM: usize = 12;

/// What the lines of a column have in common, and how each is set.
#[derive(Debug)]
pub(super) struct Setting<'l> {
    lines: &'l [Line],
    /// Where each line ends if it is full.
    edges: Vec<f64>,
    /// The pitch of most lines, if there are enough to tell.
    pitch: Option<f64>,
    /// The font size that half of the lines do not exceed.
    size: f64,
    /// Where the lines begin that begin furthest left.
    outer: f64,
    indents: Indents,
    /// Whether most lines end only because the next word had no room: running text.
    is_running: bool,
    /// Whether most lines are sentences.
    is_of_sentences: bool,
    /// Which lines begin with numbers or letters that count.
    counts: Vec<bool>,
}

/// How a column shows where its paragraphs begin.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Indents {
    None,
    /// Paragraphs begin at the outer edge, and go on at the inner one.
    Hanging {
        outer: f64,
    },
    /// Paragraphs begin at the inner edge, and go on at the outer one.
    FirstLine {
        inner: f64,
    },
}

impl<'l> Setting<'l> {
    pub(super) fn of(lines: &'l [Line]) -> Self {
        let pitch = usual_pitch(lines);
        let words = lines.iter().map(Line::length_in_words).sum::<usize>();
        let sentences = lines.windows(2).filter(|pair| ends_sentence(&pair[0]) && starts_sentence(&pair[1])).count();
        let outer = lines.iter().map(|line| line.start).fold(f64::INFINITY, f64::min);
        let mut setting = Self {
            lines,
            edges: edges(lines, pitch, outer),
            pitch,
            size: median(lines.iter().map(|line| line.size).collect()).unwrap_or_default(),
            outer,
            indents: Indents::None,
            is_running: false,
            counts: counting(lines),
            is_of_sentences: sentences as f64 >= SENTENCES * lines.len().saturating_sub(1).max(1) as f64,
        };
        let full = (1..lines.len()).filter(|next| setting.is_full(next - 1)).count();
        setting.is_running = 2 * full + 1 >= lines.len() && words >= LEAST_WORDS * lines.len();
        setting.indents = setting.indents();
        setting
    }

    /// Tells a hanging indent from an indented first line: a line that begins a paragraph stands after one that
    /// has ended early, and a line that goes on stands after one that was full.
    fn indents(&self) -> Indents {
        let (lines, outer) = (self.lines, self.outer);
        let size = lines.iter().map(|line| line.size).fold(1.0, f64::max);
        let is_outer = |line: &Line| line.start - outer <= INDENT * size;
        let inner = lines.iter().filter(|line| !is_outer(line)).map(|line| line.start).fold(f64::INFINITY, f64::min);
        let is_inner = |line: &Line| (line.start - inner).abs() <= 0.5 * INDENT * size;
        let count = |is: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| is(line)).count();
        let goes_on_outside = |at: usize| is_inner(&lines[at - 1]) && is_outer(&lines[at]) && self.is_full(at - 1);
        let outer_lines = count(&is_outer);
        // In a dialogue hardly a paragraph has a second line.
        let is_dialogue = || count(&is_inner) >= 3 && (1..lines.len()).any(goes_on_outside);
        if inner - outer > LARGEST_INDENT * size || count(&is_inner) < 2 || outer_lines < 2 && !is_dialogue() {
            return Indents::None;
        }
        let (mut hanging, mut first_line) = (0, usize::from(lines.first().is_some_and(is_inner)));
        for (index, pair) in lines.windows(2).enumerate() {
            let (last, next) = (&pair[0], &pair[1]);
            if is_inner(next) && !is_inner(last) || is_outer(next) && !is_outer(last) {
                if is_inner(next) == self.is_full(index) { hanging += 1 } else { first_line += 1 }
            }
        }
        match hanging.cmp(&first_line) {
            std::cmp::Ordering::Greater => Indents::Hanging { outer },
            std::cmp::Ordering::Less => Indents::FirstLine { inner },
            std::cmp::Ordering::Equal => Indents::None,
        }
    }

    /// Says whether the first word of the next line had no room in a line. The last line of a column is not full.
    pub(super) fn is_full(&self, index: usize) -> bool {
        self.lines.get(index + 1).is_some_and(|next| is_full(&self.lines[index], next, self.edges[index]))
    }

    /// Says whether a line goes on with the paragraph that begins with the line `first` and ends before it.
    pub(super) fn belongs(&self, first: usize, next: usize) -> bool {
        let (last, line) = (&self.lines[next - 1], &self.lines[next]);
        let is_full = self.is_full(next - 1);
        let size = last.size.max(line.size);
        let pitch = self.pitch_before(next);
        let established = (next - first >= 2).then(|| self.pitch_before(next - 1));
        // Of a paragraph's first line that ends early the column tells how far the next one is, if both are set as it
        // is.
        let is_of_column = (size - self.size).abs() <= SAME_SIZE * self.size;
        let is_apart = || is_of_column && !self.is_alike(next, next + 1) && !is_full;
        let established = established.or_else(|| self.pitch.filter(|_| is_apart()));
        let ratio = (last.size / line.size.max(0.1)).max(line.size / last.size.max(0.1));
        // A word that goes on is of one paragraph, however far its second part is.
        let is_in_word =
            pitch <= LARGEST_USUAL_PITCH * size && joint(last, line) == Joint::Hyphen && starts_small(line);
        last.layer == line.layer
            && last.tag.and_then(Tag::as_heading) == line.tag.and_then(Tag::as_heading)
            && ratio <= if is_full { SIZE_TOLERANCE } else { SIZE_OF_HEADING }
            && (last.bold == line.bold || last.bold_ends.1 == line.bold_ends.0 && is_full)
            && pitch > SMALLEST_PITCH * size
            && (pitch <= LARGEST_PITCH * size || self.is_set_wide(next) || is_in_word)
            && (established.is_none_or(|usual| pitch <= usual * PITCH_TOLERANCE) || is_in_word)
            && last.bbox.shared_width(line.bbox) > 0.0
            && !self.is_item(first, next)
            && !self.ends_paragraph(first, next)
            && !ends_with_leader(last)
            && self.indents_allow(first, next)
    }

    /// Returns the distance of a line from the one before it.
    fn pitch_before(&self, index: usize) -> f64 {
        self.lines[index].baseline - self.lines[index - 1].baseline
    }

    /// Says whether two lines have the same pitch, each to the line before it.
    fn is_alike(&self, one: usize, other: usize) -> bool {
        let pitch = |index: usize| {
            (1..self.lines.len()).contains(&index).then(|| self.pitch_before(index)).filter(|pitch| *pitch > 0.0)
        };
        pitch(one).zip(pitch(other)).is_some_and(|(a, b)| a <= b * USUAL_TOLERANCE && b <= a * USUAL_TOLERANCE)
    }

    /// Says whether a line begins an item of a list: with a bullet, a raised number, the number behind that of the
    /// paragraph before it, or, where the line before had room, with any number that counts. A dash is a bullet behind
    /// another one, and where the line before had room or has ended its sentence.
    fn is_item(&self, first: usize, next: usize) -> bool {
        let (begin, last, line) = (&self.lines[first], &self.lines[next - 1], &self.lines[next]);
        let had_room = || !self.is_full(next - 1);
        if starts_with_bullet(line) || line.has_dot || line.has_sign || line.note.is_some() || self.counts[next] {
            return true;
        }
        if starts_with_dash(line) {
            return had_room() || starts_with_dash(begin) || ends_sentence(last);
        }
        if counts_on(begin, line) {
            return true;
        }
        counting_number(line).is_some_and(|number| {
            let follows = counting_number(begin).is_some_and(|before| before.checked_add(1) == Some(number));
            follows || had_room()
        })
    }

    /// Says whether a line of running text ends with its sentence although the next word had room, and a longer line
    /// begins another one: paragraphs that neither an indent nor a gap parts. Beside a picture all lines are short. A
    /// heading that takes less than half of its line ends there, too.
    fn ends_paragraph(&self, first: usize, next: usize) -> bool {
        let (last, line) = (&self.lines[next - 1], &self.lines[next]);
        let before = (next - first >= 2).then(|| self.lines[next - 2].end);
        let edge = before.unwrap_or(self.edges[next - 1]).min(line.end);
        // The first line of running text is full, unless nothing follows.
        let is_heading = || next - first == 1 && edge - last.end >= last.end - last.start;
        self.is_running
            && !self.is_full(next - 1)
            && edge - last.end > LONGEST_OVERHANG * last.size
            && (ends_sentence(last) || is_heading())
            && starts_sentence(line)
    }

    /// Says whether the whole column, or the lines beside it, are set with the pitch of a line, and the one before goes
    /// on.
    fn is_set_wide(&self, next: usize) -> bool {
        let pitch = self.pitch_before(next);
        let is_usual =
            self.pitch.is_some_and(|usual| pitch <= usual * USUAL_TOLERANCE && pitch * USUAL_TOLERANCE >= usual);
        (is_usual || self.is_alike(next, next - 1) || self.is_alike(next, next + 1))
            && self.is_running
            && !self.is_of_sentences
            && pitch <= LARGEST_USUAL_PITCH * self.lines[next - 1].size
            && self.is_full(next - 1)
    }

    fn indents_allow(&self, first: usize, next: usize) -> bool {
        let (last, line) = (&self.lines[next - 1], &self.lines[next]);
        let is_full = self.is_full(next - 1);
        let size = last.size.max(line.size);
        let is_at = |line: &Line, edge: f64| (line.start - edge).abs() <= 0.5 * INDENT * size;
        // A part of a column may be set otherwise: there a full line goes on at the same edge. Paragraphs of one line
        // may be full, too; then their sentence is at its end.
        let goes_on = |edge: f64| {
            let has_second = next - first >= 2 && is_at(&self.lines[next - 2], edge);
            is_at(last, edge) && (is_full && (has_second || !ends_sentence(last)) || is_in_sentence(last, line))
        };
        match self.indents {
            Indents::Hanging { outer: edge } | Indents::FirstLine { inner: edge }
                if is_at(line, edge) && !goes_on(edge) =>
            {
                return false;
            }
            _ => {}
        }
        let step = line.start - last.start;
        let is_inside = |line: &Line| line.start - self.outer > INDENT * size;
        let is_centred = (line.bbox.middle_x() - last.bbox.middle_x()).abs() <= CENTRED * size
            && (!self.is_running || is_full || is_inside(last));
        let is_set_right = !self.is_running && (line.end - last.end).abs() <= CENTRED * size;
        if step.abs() <= INDENT * size || is_centred || is_set_right {
            return true;
        }
        // The second line of a paragraph may begin at another edge than the first one; the third may not.
        next - first == 1 && step.abs() <= LARGEST_INDENT * size && (starts_with_marker(last) || is_full)
    }
}

/// Says of each line whether it begins with a mark of a list that goes on: others that begin where it does count up to
/// it, or on from it.
fn counting(lines: &[Line]) -> Vec<bool> {
    let mark = |line: &Line| {
        let first = line.words.first().filter(|_| line.words.len() > 1)?;
        Mark::of_word(&first.text).filter(|mark| mark.is_certain() && mark.kind != MarkKind::Bullet)
    };
    let marks: Vec<Option<Mark>> = lines.iter().map(mark).collect();
    let mut counting = vec![false; lines.len()];
    for first in 0..lines.len() {
        let Some(mark) = &marks[first] else { continue };
        let is_next = |next: &usize| {
            let is_below = (lines[*next].start - lines[first].start).abs() <= INDENT * lines[first].size;
            is_below && marks[*next].as_ref().is_some_and(|next| next.follows(mark))
        };
        let next = (first + 1..lines.len()).take(LINES_OF_ITEM).find(is_next);
        if let Some(next) = next.filter(|_| mark.begins() || counting[first]) {
            counting[first] = true;
            counting[next] = true;
        }
    }
    counting
}

/// Says whether the first word of the next line had no room in a line before its edge.
fn is_full(line: &Line, next: &Line, edge: f64) -> bool {
    let Some(word) = next.words.first() else { return edge - line.end < 1.5 * CHARACTER * line.size };
    let count = word.text.chars().count();
    let width = match word.text.chars().next() {
        // Punctuation that may not begin a line takes a character along.
        Some(first) if characters::is_cjk(first) => 2.0 * line.size,
        // Words of other scripts without spaces between them are short.
        Some(first) if characters::is_unspaced(first) => CHARACTER * line.size * count.min(LONGEST_UNSPACED) as f64,
        // Capitals and typewriter letters are wider than others.
        _ => (CHARACTER * line.size * count as f64).max(word.place.width().max(word.place.height())),
    };
    edge - line.end < width + 0.5 * CHARACTER * line.size
}

/// Says whether a sentence goes on from a line to the next one.
fn is_in_sentence(last: &Line, next: &Line) -> bool {
    starts_small(next) && !ends_sentence(last) && last.length_in_words() >= LEAST_WORDS
}

/// Returns where each line ends if it is full: at the edge of the column, or at that of the lines around it that begin
/// where it begins and are all shorter, as those of a quotation are.
fn edges(lines: &[Line], pitch: Option<f64>, outer: f64) -> Vec<f64> {
    // What stands apart, such as the number of the page, has an edge of its own.
    let is_usual = |index: usize| {
        let pitch =
            pitch.zip(index.checked_sub(1).and_then(|above| Some(lines.get(index)?.baseline - lines[above].baseline)));
        pitch.is_some_and(|(usual, pitch)| pitch > 0.0 && pitch <= usual * PITCH_TOLERANCE)
    };
    let is_beside_others = |index: usize| pitch.is_none() || is_usual(index) || is_usual(index + 1);
    let of_column = shared_edge((0..lines.len()).filter(|&index| is_beside_others(index)).map(|index| &lines[index]));
    let mut edges = Vec::with_capacity(lines.len());
    let begins_alike = |a: &Line, b: &Line| {
        let pitch = b.baseline - a.baseline;
        (a.start - b.start).abs() <= 0.5 * INDENT * a.size
            && (a.size - b.size).abs() <= SAME_SIZE * a.size
            && (0.0..=LARGEST_USUAL_PITCH * a.size).contains(&pitch)
    };
    for stretch in lines.chunk_by(begins_alike) {
        let own = shared_edge(stretch.iter());
        let words = stretch.iter().map(Line::length_in_words).sum::<usize>();
        let is_inside = stretch[0].start - outer > INDENT * stretch[0].size;
        let is_running = stretch.len() >= LINES_AT_EDGE && words > LEAST_WORDS * stretch.len();
        let is_own = is_inside && is_running && of_column - own >= OWN_EDGE * stretch[0].size && {
            let full = stretch.windows(2).filter(|pair| is_full(&pair[0], &pair[1], own)).count();
            full as f64 >= FULL_OF_OWN * (stretch.len() - 1) as f64
        };
        edges.extend(std::iter::repeat_n(if is_own { own } else { of_column }, stretch.len()));
    }
    edges
}

/// Returns where the longest line ends. A few lines that are too long for their column are no measure of it, if half of
/// the lines come near to another edge.
fn shared_edge<'l>(lines: impl Iterator<Item = &'l Line>) -> f64 {
    let mut ends: Vec<(f64, f64)> = lines.map(|line| (line.end, line.size)).collect();
    ends.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (half, too_long) = (ends.len().div_ceil(2), ends.len() / LINES_OF_ONE_TOO_LONG);
    let is_shared = |group: &&[(f64, f64)]| group[0].0 - group[half - 1].0 <= NEAR_EDGE * group[0].1;
    let longest = ends.first().map_or(f64::NEG_INFINITY, |(end, _)| *end);
    if too_long == 0 {
        return longest;
    }
    ends.windows(half).take(1 + too_long).find(is_shared).map_or(longest, |group| group[0].0)
}

/// Returns the pitch of most neighbouring lines; `None` if fewer than three have it.
fn usual_pitch(lines: &[Line]) -> Option<f64> {
    let mut pitches: Vec<f64> = lines
        .windows(2)
        .filter(|pair| pair[0].bbox.shared_width(pair[1].bbox) > 0.0)
        .map(|pair| pair[1].baseline - pair[0].baseline)
        .filter(|pitch| *pitch > 0.0)
        .collect();
    pitches.sort_by(f64::total_cmp);
    let usual = *pitches.get(pitches.len() / 2)?;
    let alike = pitches.iter().filter(|pitch| **pitch <= usual * USUAL_TOLERANCE && **pitch * USUAL_TOLERANCE >= usual);
    (alike.count() >= 3).then_some(usual)
}
