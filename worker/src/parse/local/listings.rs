//! Program text: lines in type of a fixed pitch that do not read as sentences. Pure.

use std::{collections::BTreeSet, iter};

use super::{
    channels::median,
    fonts::FontTable,
    lines::{Line, Word},
    visibility::Layer,
};

// In units of the font size.
/// Lines of a listing are no further apart, empty ones between them included.
const LARGEST_STEP: f64 = 2.6;
const SMALLEST_STEP: f64 = 0.5;
/// Parts of a listing, which the page is cut between, are no further apart, and no further set in.
const LARGEST_GAP: f64 = 4.0;
const MOST_SET_IN: f64 = 20.0;
/// Lines without an empty one between them are no further apart.
const LARGEST_PITCH: f64 = 1.5;
/// Sizes of a listing differ by this factor.
const SAME_SIZE: f64 = 1.08;
/// An indent is as wide.
const INDENT: f64 = 0.9;

/// Shares of characters that are signs of programming languages: of one line, of several, and of several on a page that
/// is set in such type throughout.
const SIGNS_OF_LINE: f64 = 0.08;
const SIGNS_OF_LINES: f64 = 0.035;
const SIGNS_OF_TYPEWRITTEN: f64 = 0.06;
/// And of lines that are set in as those of programs are.
const SIGNS_OF_INDENTED: f64 = 0.015;
/// Fewer different signs are a ruler or a leader.
const LEAST_SIGNS: usize = 2;
/// Lines of a listing on such a page, at least.
const LEAST_TYPEWRITTEN: usize = 3;
/// A line of running text has so many words, on average.
const WORDS_OF_PROSE: f64 = 6.0;
/// Ink of a character of fixed pitch that stands alone is narrower than its advance by this share.
const BEARING: f64 = 0.25;
/// Most empty lines and spaces that are written.
const MOST_BLANKS: usize = 200;

const SIGNS: &str = "{}()[]<>=;/\\_#$*&|+%@^~`";
/// What stands before a command, and before an answer.
const PROMPTS: [&str; 5] = ["$", ">>>", "...", "%", "C:\\>"];

/// Says of each line in which listing of its column it stands, if it does.
pub(super) fn listings(lines: &[Line], fonts: &FontTable, is_typewritten: bool) -> Vec<Option<usize>> {
    let is_fixed = |line: &Line| is_fixed(line, fonts);
    let mut listings = vec![None; lines.len()];
    let (mut first, mut count) = (0, 0);
    while first < lines.len() {
        let mut end = first + 1;
        while end < lines.len() && is_fixed(&lines[end]) && follows(&lines[end - 1], &lines[end], LARGEST_STEP) {
            end += 1;
        }
        if is_fixed(&lines[first]) && is_listing(&lines[first..end], is_typewritten) {
            listings[first..end].fill(Some(count));
            count += 1;
        }
        first = end;
    }
    listings
}

/// Says whether lines go on with a listing, from which a cut of the page has parted them, if both are in type of a
/// fixed pitch.
pub(super) fn go_on(listing: &[Line], lines: &[Line]) -> bool {
    let (Some(first), Some(last), Some(next)) = (listing.first(), listing.last(), lines.first()) else { return false };
    let start = lines.iter().map(|line| line.start).fold(f64::INFINITY, f64::min);
    follows(last, next, LARGEST_GAP) && (start - first.start).abs() <= MOST_SET_IN * first.size
}

/// Says whether lines are all in type of a fixed pitch, and too short for running text.
pub(super) fn may_be_listing(lines: &[Line], fonts: &FontTable) -> bool {
    lines.iter().all(|line| is_fixed(line, fonts)) && !is_prose(lines)
}

fn is_fixed(line: &Line, fonts: &FontTable) -> bool {
    fonts.get(line.font).is_some_and(|font| font.is_fixed_pitch) && !line.has_rtl && line.layer != Layer::Ocr
}

fn is_prose(lines: &[Line]) -> bool {
    lines.iter().map(|line| line.words.len()).sum::<usize>() as f64 >= WORDS_OF_PROSE * lines.len() as f64
}

/// Says whether a line follows another one in a listing, if both are in type of a fixed pitch.
fn follows(line: &Line, next: &Line, largest_step: f64) -> bool {
    let step = (next.baseline - line.baseline) / line.size;
    let ratio = line.size / next.size;
    line.frame == next.frame
        && line.layer == next.layer
        && (SMALLEST_STEP..=largest_step).contains(&step)
        && (1.0 / SAME_SIZE..=SAME_SIZE).contains(&ratio)
}

fn is_listing(lines: &[Line], is_typewritten: bool) -> bool {
    let words = || lines.iter().flat_map(|line| &line.words);
    let characters = words().map(|word| word.text.chars().count()).sum::<usize>().max(1) as f64;
    let signs: Vec<char> = words().flat_map(|word| signs(&word.text)).collect();
    let different = signs.iter().collect::<BTreeSet<_>>().len();
    let share = if different < LEAST_SIGNS { 0.0 } else { signs.len() as f64 / characters };
    if is_typewritten {
        return lines.len() >= LEAST_TYPEWRITTEN && share >= SIGNS_OF_TYPEWRITTEN;
    }
    let first = lines[0].words[0].text.as_str();
    let is_command = PROMPTS.contains(&first) && lines[0].words.len() > 1 || words().any(|word| is_option(&word.text));
    if lines.len() == 1 {
        return share >= SIGNS_OF_LINE || is_command;
    }
    // Fields that are filled in and addresses begin with capitals and digits.
    let begins_small =
        |line: &Line| !line.words[0].text.starts_with(|first: char| first.is_uppercase() || first.is_numeric());
    let is_prose = is_prose(lines);
    let is_set_in = |line: &&Line| line.start - lines[0].start > INDENT * line.size;
    let is_indented = share >= SIGNS_OF_INDENTED && !is_prose && lines.iter().any(|line| is_set_in(&line));
    let has_letters = words().any(|word| word.text.contains(char::is_alphabetic));
    let is_small = has_letters && !is_prose && lines.iter().all(begins_small);
    share >= SIGNS_OF_LINES || is_command || is_indented || is_small
}

/// Lists the signs of programming languages in a word. An address has none, and neither has a slash between letters and
/// digits, as in paths, dates and alternatives.
fn signs(word: &str) -> impl Iterator<Item = char> {
    let is_address = word.contains("://") || word.starts_with("www.");
    let text = if is_address { "" } else { word };
    let mut characters = text.chars().peekable();
    let mut is_behind = false;
    iter::from_fn(move || {
        let character = characters.next()?;
        let is_before = characters.peek().is_some_and(|next| next.is_alphanumeric());
        let is_between = is_behind && is_before;
        is_behind = character.is_alphanumeric();
        Some((character, is_between))
    })
    .filter(|(character, is_between)| SIGNS.contains(*character) && !(*character == '/' && *is_between))
    .map(|(character, _)| character)
}

/// Says whether a word is an option of a command, such as `--pages`.
fn is_option(word: &str) -> bool {
    word.strip_prefix("--").is_some_and(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
}

/// How the characters of a listing stand below each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pitch {
    /// Where its first character stands.
    start: f64,
    /// From one character to the next, and from one line to the next.
    advance: f64,
    step: f64,
}

impl Pitch {
    /// `None` if no word is long enough to tell.
    pub(super) fn of(lines: &[Line]) -> Option<Self> {
        let characters = |word: &Word| word.text.chars().count() as f64;
        // Most words stand one space apart.
        let pairs = lines.iter().flat_map(|line| line.words.windows(2));
        let steps = pairs.map(|pair| (pair[1].place.left() - pair[0].place.left()) / (characters(&pair[0]) + 1.0));
        let long = lines.iter().flat_map(|line| &line.words).filter(|word| characters(word) > 1.0);
        let widths = long.map(|word| word.place.width() / (characters(word) - BEARING));
        let advance = median(steps.collect()).or_else(|| median(widths.collect()))?;
        let start = lines.iter().map(|line| line.start).fold(f64::INFINITY, f64::min);
        let steps = lines.windows(2).map(|pair| pair[1].baseline - pair[0].baseline);
        let step = steps.fold(LARGEST_PITCH * lines.first()?.size, f64::min);
        (advance > 0.0).then_some(Self { start, advance, step })
    }

    /// Returns how many spaces a line begins with.
    pub(super) fn indent(&self, line: &Line) -> usize {
        self.characters(line.start - self.start)
    }

    /// Returns how many spaces stand before a word that begins so far behind the start of its line, whose text has so
    /// many characters before it.
    pub(super) fn spaces(&self, distance: f64, characters: usize) -> usize {
        self.characters(distance).saturating_sub(characters).max(1)
    }

    /// Returns how many empty lines stand between two lines.
    pub(super) fn empty_lines(&self, line: &Line, next: &Line) -> usize {
        let steps = ((next.baseline - line.baseline) / self.step.max(f64::MIN_POSITIVE)).round();
        (steps as usize).saturating_sub(1).min(MOST_BLANKS)
    }

    fn characters(&self, distance: f64) -> usize {
        ((distance / self.advance).round().max(0.0) as usize).min(MOST_BLANKS)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{kinds::Kind, layout::lay_out, testing::Page};

    const PROSE: &str = "This is running text in another type, of which the page has more than of any other.";

    /// Lays out lines of a listing below running text, each set in by so many characters. Lines without text are empty.
    fn listing(lines: &[(&str, u32)]) -> Vec<(Kind, String)> {
        let mut page = Page::new();
        for row in 0..4 {
            page = page.write(PROSE, 50.0, 100.0 + 12.0 * f64::from(row));
        }
        page = page.advance(0.6);
        for (row, (line, indent)) in lines.iter().enumerate() {
            let before = page.content().objects.len();
            page = page.write(line, 50.0 + 6.0 * f64::from(*indent), 170.0 + 12.0 * row as f64);
            page = page.and(|content| {
                let id = content.fonts.id("Courier", false);
                content.objects[before..].iter_mut().for_each(|object| object.font = id);
            });
        }
        let text = lay_out(page.content());
        text.paragraphs().skip(1).map(|paragraph| (paragraph.kind, paragraph.text.clone())).collect()
    }

    #[test]
    fn lines_and_spaces_of_a_program_stay() {
        let found = listing(&[("def f(x):", 0), ("if x:", 4), ("return [x]", 8), ("return {}", 4)]);
        assert_eq!(found, [(Kind::Code, "def f(x):\n    if x:\n        return [x]\n    return {}".to_owned())]);
    }

    #[test]
    fn empty_lines_of_a_program_stay_too_whatever_the_page_is_cut_into() {
        let lines = [
            ("import os", 0),
            ("", 0),
            ("def main(argv):", 0),
            ("if len(argv) > 1:", 4),
            ("print(argv[1])", 8),
            ("", 0),
            ("for x in [1, 2]:", 4),
            ("os.remove(x)", 8),
            ("", 0),
            ("", 0),
            ("main([x])", 0),
        ];
        let written = |(text, indent): &(&str, u32)| format!("{}{text}", " ".repeat(*indent as usize));
        let expected = lines.iter().map(written).collect::<Vec<_>>().join("\n");
        assert_eq!(listing(&lines), [(Kind::Code, expected)]);
        let few = [("f(x) = {", 0), ("", 0), ("};", 0)];
        assert_eq!(listing(&few), [(Kind::Code, "f(x) = {\n\n};".to_owned())]);
    }

    #[test]
    fn sentences_and_fields_in_such_type_are_text() {
        for lines in [
            &[("John Smith", 0), ("12 Main Street", 0), ("Springfield", 0)][..],
            &[("It was a bright cold day in April, and", 0), ("the clocks were striking thirteen.", 0)],
            &[("____________________", 0), ("____________________", 0)],
            &[(".22 FOUND _d__", 0), ("WA-GR/GUN DESTRUCTION", 0)],
            &[("1 See https://a.example/b/c/tree/d/Analysis%20II", 0)],
        ] {
            assert!(listing(lines).iter().all(|(kind, _)| *kind == Kind::Text), "{lines:?}");
        }
    }
}
