//! From the lines of one column to paragraphs. Pure.

use quire_schemas::element::BBox;

use super::{
    characters,
    content::PageContent,
    field_rows::FieldRows,
    fonts::FontTable,
    frames::Frame,
    line_ends::{
        Joint, counting_number, ends_sentence, ends_with_leader, joint, starts_sentence, starts_small,
        starts_with_bullet, starts_with_marker,
    },
    lines::Line,
    mended_lines::{join_broken_numbers, pair_brackets},
    regions::Flow,
    visibility::Layer,
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
/// Lines whose middles are closer than this are centred.
const CENTRED: f64 = 0.5;
/// The pitch within a paragraph varies by this factor.
const PITCH_TOLERANCE: f64 = 1.25;
/// Pitches of a column that is set wide vary by this factor.
const USUAL_TOLERANCE: f64 = 1.1;
/// Sizes that differ by less than this share are the same.
const SAME_SIZE: f64 = 0.03;
/// The font size within a paragraph varies by this factor.
pub(super) const SIZE_TOLERANCE: f64 = 1.18;
/// Most characters of a word of Thai or its neighbours.
const LONGEST_UNSPACED: usize = 6;
/// Lines of running text have so many words at least, on average; those of forms and lists may have fewer.
const LEAST_WORDS: usize = 3;
/// Width of a character that is not measured.
const CHARACTER: f64 = 0.5;
/// A line of a script without spaces that ends further from the edge ends there on purpose: the rules of its punctuation
/// take a few characters along to the next line, not more.
const LONGEST_OVERHANG: f64 = 4.5;

/// Lines that belong together. Boxes are on the displayed page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paragraph {
    /// Lines joined; a word that is broken at a line end keeps its hyphen.
    pub(super) text: String,
    /// Its place in each column that it stands in: one, but for a paragraph that goes on in the next one.
    pub(super) columns: Vec<Span>,
    pub(super) frame: Frame,
    /// The font of its longest line.
    pub(super) font: Option<String>,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) layer: Layer,
    pub(super) lines: Vec<Span>,
    /// Around the ink of each word.
    pub(super) words: Vec<Span>,
    /// Where in the text the hyphens of broken words stand, in Unicode scalar values.
    pub(super) line_end_hyphens: Vec<u32>,
}

/// A part of a paragraph's text and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) bbox: BBox,
    /// Its first character, in Unicode scalar values.
    pub(super) start: u32,
    /// One past its last.
    pub(super) end: u32,
}

/// Gathers the lines of a column into paragraphs. Labels of `fields` are paragraphs of their own.
pub(super) fn paragraphs(mut flow: Flow, content: &PageContent, fields: &FieldRows) -> Vec<Paragraph> {
    begin_beside_drop_cap(&mut flow);
    let column = Column::of(&flow);
    let mut paragraphs = Vec::new();
    let mut open: Vec<Line> = Vec::new();
    let runs = runs(&flow);
    for (line, run) in flow.into_iter().zip(runs) {
        let is_parted = open.last().is_some_and(|last| fields.part(last, &line, column.is_full(last, &line)));
        if !open.is_empty() && (is_parted || !column.belongs(&open, &line, run)) {
            paragraphs.push(join(std::mem::take(&mut open), &content.fonts));
        }
        open.push(line);
    }
    if !open.is_empty() {
        paragraphs.push(join(open, &content.fonts));
    }
    paragraphs
}

/// Whether a line has the same pitch to the line before as that one has to its own, and as the next line has to it.
#[derive(Debug, Clone, Copy)]
struct Run {
    goes_on: bool,
    begins: bool,
}

fn runs(flow: &[Line]) -> Vec<Run> {
    let pitch = |index: usize| -> Option<f64> {
        let above = flow.get(index.checked_sub(1)?)?;
        let pitch = flow.get(index)?.baseline - above.baseline;
        (pitch > 0.0).then_some(pitch)
    };
    let is_alike = |a: f64, b: Option<f64>| b.is_some_and(|b| a <= b * USUAL_TOLERANCE && b <= a * USUAL_TOLERANCE);
    let run = |index: usize| {
        let is_alike = |other: usize| pitch(index).is_some_and(|own| is_alike(own, pitch(other)));
        Run { goes_on: is_alike(index.wrapping_sub(1)), begins: is_alike(index + 1) }
    };
    (0..flow.len()).map(run).collect()
}

/// Lets the lines beside a drop cap begin where it begins.
fn begin_beside_drop_cap(flow: &mut [Line]) {
    let mut drop: Option<BBox> = None;
    for line in flow {
        drop = line.drop.or(drop);
        let Some(cap) = drop else { continue };
        let is_beside = line.baseline <= cap.bottom() && line.bbox.left() <= cap.right() + 2.0 * line.size;
        if is_beside {
            line.start = cap.left();
        } else {
            drop = None;
        }
    }
}

/// What the lines of a column have in common.
#[derive(Debug)]
struct Column {
    /// Where its longest lines end.
    end: f64,
    /// The pitch of most of its lines, if there are enough to tell.
    pitch: Option<f64>,
    /// The font size of most of its lines.
    size: f64,
    indents: Indents,
    /// Whether most of its lines end only because the next word had no room: running text.
    is_running: bool,
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

impl Column {
    fn of(lines: &[Line]) -> Self {
        let mut column = Self {
            end: lines.iter().map(|line| line.end).fold(f64::NEG_INFINITY, f64::max),
            pitch: usual_pitch(lines),
            size: usual_size(lines),
            indents: Indents::None,
            is_running: false,
        };
        let full = lines.windows(2).filter(|pair| column.is_full(&pair[0], &pair[1])).count();
        let words = lines.iter().map(Line::length_in_words).sum::<usize>();
        column.is_running = 2 * full + 1 >= lines.len() && words >= LEAST_WORDS * lines.len();
        column.indents = column.indents(lines);
        column
    }

    /// Tells a hanging indent from an indented first line: a line that begins a paragraph stands after one that
    /// has ended early, and a line that goes on stands after one that was full.
    fn indents(&self, lines: &[Line]) -> Indents {
        let size = lines.iter().map(|line| line.size).fold(1.0, f64::max);
        let outer = lines.iter().map(|line| line.start).fold(f64::INFINITY, f64::min);
        let is_outer = |line: &Line| line.start - outer <= INDENT * size;
        let inner = lines.iter().filter(|line| !is_outer(line)).map(|line| line.start).fold(f64::INFINITY, f64::min);
        let is_inner = |line: &Line| (line.start - inner).abs() <= 0.5 * INDENT * size;
        let count = |is: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| is(line)).count();
        if inner - outer > LARGEST_INDENT * size || count(&is_outer) < 2 || count(&is_inner) < 2 {
            return Indents::None;
        }
        let (mut hanging, mut first_line) = (0, usize::from(lines.first().is_some_and(is_inner)));
        for pair in lines.windows(2) {
            let (last, next) = (&pair[0], &pair[1]);
            let goes_on = self.is_full(last, next);
            if is_inner(next) && !is_inner(last) || is_outer(next) && !is_outer(last) {
                if is_inner(next) == goes_on { hanging += 1 } else { first_line += 1 }
            }
        }
        if hanging > first_line { Indents::Hanging { outer } } else { Indents::FirstLine { inner } }
    }

    /// Says whether the first word of the next line had no room in a line.
    fn is_full(&self, line: &Line, next: &Line) -> bool {
        let Some(word) = next.words.first() else { return self.end - line.end < 1.5 * CHARACTER * line.size };
        let count = word.text.chars().count();
        let width = match word.text.chars().next() {
            // Punctuation that may not begin a line takes a character along.
            Some(first) if characters::is_cjk(first) => 2.0 * line.size,
            // Words of other scripts without spaces between them are short.
            Some(first) if characters::is_unspaced(first) => CHARACTER * line.size * count.min(LONGEST_UNSPACED) as f64,
            // Capitals and typewriter letters are wider than others.
            _ => (CHARACTER * line.size * count as f64).max(word.place.width().max(word.place.height())),
        };
        self.end - line.end < width + 0.5 * CHARACTER * line.size
    }

    /// `run` is that of the next line.
    fn belongs(&self, open: &[Line], next: &Line, run: Run) -> bool {
        let Some(last) = open.last() else { return true };
        let size = last.size.max(next.size);
        let pitch = next.baseline - last.baseline;
        let established = open.len().checked_sub(2).map(|before| last.baseline - open[before].baseline);
        // Of a paragraph's first line that ends early the column tells how far the next one is, if both are set as it is.
        let is_of_column = (size - self.size).abs() <= SAME_SIZE * self.size;
        let is_apart = || is_of_column && !run.begins && !self.is_full(last, next);
        let established = established.or_else(|| self.pitch.filter(|_| is_apart()));
        let same_size = (last.size / next.size.max(0.1)).max(next.size / last.size.max(0.1)) <= SIZE_TOLERANCE;
        // A word that goes on is of one paragraph, however far its second part is.
        let is_in_word =
            pitch <= LARGEST_USUAL_PITCH * size && joint(last, next) == Joint::Hyphen && starts_small(next);
        last.layer == next.layer
            && same_size
            && (last.bold == next.bold || !last.bold_ends.1 && !next.bold_ends.0)
            && pitch > SMALLEST_PITCH * size
            && (pitch <= LARGEST_PITCH * size || self.is_set_wide(last, next, pitch, run) || is_in_word)
            && (established.is_none_or(|usual| pitch <= usual * PITCH_TOLERANCE) || is_in_word)
            && last.bbox.shared_width(next.bbox) > 0.0
            && !starts_with_bullet(next)
            && !self.counts(open, last, next)
            && !self.ends_paragraph(open, last, next)
            && !ends_with_leader(last)
            && self.indents_allow(open, last, next)
    }

    /// Says whether a line of running text ends with its sentence although the next word had room, and a longer line begins
    /// another one: paragraphs that neither an indent nor a gap parts. Beside a picture all lines are short.
    fn ends_paragraph(&self, open: &[Line], last: &Line, next: &Line) -> bool {
        let edge = open.iter().rev().nth(1).map_or(self.end, |before| before.end).min(next.end);
        self.is_running
            && !self.is_full(last, next)
            && edge - last.end > LONGEST_OVERHANG * last.size
            && ends_sentence(last)
            && starts_sentence(next)
    }

    /// Says whether a line begins with the number behind that of the paragraph before it, or with any number that counts
    /// where the line before had room.
    fn counts(&self, open: &[Line], last: &Line, next: &Line) -> bool {
        let Some(number) = counting_number(next) else { return false };
        let goes_on =
            open.first().and_then(counting_number).is_some_and(|before| before.checked_add(1) == Some(number));
        goes_on || !self.is_full(last, next)
    }

    /// Says whether the whole column, or the lines beside them, are set with the pitch between two lines, and the first one
    /// goes on.
    fn is_set_wide(&self, last: &Line, next: &Line, pitch: f64, run: Run) -> bool {
        let is_usual =
            self.pitch.is_some_and(|usual| pitch <= usual * USUAL_TOLERANCE && pitch * USUAL_TOLERANCE >= usual);
        (is_usual || run.goes_on || run.begins)
            && self.is_running
            && pitch <= LARGEST_USUAL_PITCH * last.size
            && self.is_full(last, next)
    }

    fn indents_allow(&self, open: &[Line], last: &Line, next: &Line) -> bool {
        let size = last.size.max(next.size);
        let is_at = |line: &Line, edge: f64| (line.start - edge).abs() <= 0.5 * INDENT * size;
        // A part of a column may be set otherwise: there a full line goes on at the same edge.
        let goes_on = |edge: f64| is_at(last, edge) && self.is_full(last, next);
        match self.indents {
            Indents::Hanging { outer: edge } | Indents::FirstLine { inner: edge }
                if is_at(next, edge) && !goes_on(edge) =>
            {
                return false;
            }
            _ => {}
        }
        let step = next.start - last.start;
        let is_centred = (next.bbox.middle_x() - last.bbox.middle_x()).abs() <= CENTRED * size;
        if step.abs() <= INDENT * size || is_centred {
            return true;
        }
        // The second line of a paragraph may begin at another edge than the first one; the third may not.
        open.len() == 1 && step.abs() <= LARGEST_INDENT * size && (starts_with_marker(last) || self.is_full(last, next))
    }
}

/// Returns the font size that half of the lines do not exceed.
fn usual_size(lines: &[Line]) -> f64 {
    let mut sizes: Vec<f64> = lines.iter().map(|line| line.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or_default()
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

fn join(mut lines: Vec<Line>, fonts: &FontTable) -> Paragraph {
    join_broken_numbers(&mut lines);
    pair_brackets(&mut lines);
    let edge = lines.iter().map(|line| line.end).fold(f64::NEG_INFINITY, f64::max);
    let mut text = Text::default();
    let (mut spans, mut words, mut hyphens) = (Vec::with_capacity(lines.len()), Vec::new(), Vec::new());
    for (index, line) in lines.iter().enumerate() {
        match index.checked_sub(1).map(|before| joint(&lines[before], line)) {
            Some(Joint::Unspaced) if edge - lines[index - 1].end > LONGEST_OVERHANG * line.size => text.push(" "),
            Some(Joint::Space) => text.push(" "),
            Some(Joint::Hyphen) => hyphens.push(text.length.saturating_sub(1)),
            Some(Joint::Nothing | Joint::Unspaced) | None => {}
        }
        let start = text.length;
        for (index, word) in line.words.iter().enumerate() {
            if index > 0 {
                text.push(" ");
            }
            let start = text.length;
            text.push(&word.text);
            words.push(Span { bbox: word.place, start, end: text.length });
        }
        spans.push(Span { bbox: on_page(line), start, end: text.length });
    }
    let longest = lines.iter().max_by_key(|line| line.words.len()).expect("a paragraph has a line");
    let font = fonts.get(longest.font).map(|font| font.name.clone()).filter(|name| !name.is_empty());
    Paragraph {
        columns: vec![Span {
            bbox: spans.iter().map(|span| span.bbox).reduce(BBox::union).expect("a paragraph has a line"),
            start: 0,
            end: text.length,
        }],
        text: text.text,
        frame: longest.frame,
        font,
        size: longest.size,
        bold: longest.bold,
        italic: longest.italic,
        layer: longest.layer,
        lines: spans,
        words,
        line_end_hyphens: hyphens,
    }
}

/// Returns the box of a line on the displayed page: as high as its font, or around its ink if it is askew.
fn on_page(line: &Line) -> BBox {
    line.frame.quarter().map_or_else(|| line.place(), |turns| turns.bbox(line.bbox))
}

/// A text and how many characters it has.
#[derive(Default)]
struct Text {
    text: String,
    length: u32,
}

impl Text {
    fn push(&mut self, more: &str) {
        self.text.push_str(more);
        self.length += u32::try_from(more.chars().count()).unwrap_or(u32::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lines::Piece, regions::flows, testing::Page, tokens::tokens},
        *,
    };

    fn read(page: &Page) -> Vec<Paragraph> {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let pieces: Vec<Piece> = tokens.into_iter().map(|token| Piece { token, layer: Layer::Native }).collect();
        flows(&pieces, &content.fonts, &[])
            .into_iter()
            .flat_map(|flow| paragraphs(flow, &content, &FieldRows::default()))
            .collect()
    }

    fn texts(page: &Page) -> Vec<String> {
        read(page).into_iter().map(|paragraph| paragraph.text).collect()
    }

    fn lines(lines: &[(&str, f64)], pitch: f64) -> Page {
        lines.iter().enumerate().fold(Page::new(), |page, (row, (line, indent))| {
            page.write(line, 50.0 + indent, 100.0 + pitch * row as f64)
        })
    }

    #[test]
    fn lines_of_a_paragraph_are_joined_and_a_gap_parts_paragraphs() {
        let page = Page::new().write("one two", 50.0, 100.0).write("three", 50.0, 112.0).write("next one", 50.0, 140.0);
        assert_eq!(texts(&page), ["one two three", "next one"]);
    }

    #[test]
    fn a_broken_word_keeps_its_hyphen_and_the_place_is_noted() {
        let found = read(&lines(&[("of a para-", 0.0), ("graph that goes on", 0.0)], 12.0)).remove(0);
        assert_eq!(
            (found.text.as_str(), found.line_end_hyphens.as_slice()),
            ("of a para-graph that goes on", &[9][..])
        );
        let spans: Vec<_> = found.lines.iter().map(|line| (line.start, line.end)).collect();
        assert_eq!(spans, [(0, 10), (10, 28)]);
        let words: Vec<_> = found.words.iter().map(|word| (word.start, word.end)).collect();
        assert_eq!(words[..4], [(0, 2), (3, 4), (5, 10), (10, 15)]);
    }

    #[test]
    fn what_stands_at_a_line_end_decides_how_lines_are_joined() {
        let joined = |last: &str, next: &str| read(&lines(&[(last, 0.0), (next, 0.0)], 12.0)).remove(0);
        for (last, next, expected, hyphens) in [
            ("pages 120-", "135 of it", "pages 120-135 of it", 1),
            ("vracht-", "en meer", "vracht- en meer", 0),
            ("home \u{2014}", "and left", "home \u{2014} and left", 0),
            ("A\u{2013}", "Z is full", "A\u{2013}Z is full", 0),
            ("and/", "or not so", "and/or not so", 0),
            ("5 -", "3 is two", "5 - 3 is two", 0),
            ("我们在，", "使用我们在", "我们在，使用我们在", 0),
            ("한국어 문장", "계속되는", "한국어 문장 계속되는", 0),
        ] {
            let found = joined(last, next);
            assert_eq!((found.text.as_str(), found.line_end_hyphens.len()), (expected, hyphens));
        }
    }

    const OUTER: &str = "Adams and Clark, the long title of a work about";
    const INNER: &str = "nothing in particular, Journal of Tests.";

    #[test]
    fn hanging_and_first_line_indents_part_paragraphs() {
        let hanging = [(OUTER, 0.0), (INNER, 18.0), (OUTER, 0.0), (INNER, 18.0)];
        assert_eq!(texts(&lines(&hanging, 12.0)), [format!("{OUTER} {INNER}"), format!("{OUTER} {INNER}")]);
        let first_line = [(OUTER, 12.0), (INNER, 0.0), (OUTER, 12.0), (INNER, 0.0)];
        assert_eq!(texts(&lines(&first_line, 12.0)), [format!("{OUTER} {INNER}"), format!("{OUTER} {INNER}")]);
    }

    #[test]
    fn a_sentence_that_ends_early_in_running_text_ends_its_paragraph() {
        let end = "the last words.";
        let of =
            |end, begin| texts(&lines(&[(OUTER, 0.0), (OUTER, 0.0), (end, 0.0), (begin, 0.0), (OUTER, 0.0)], 12.0));
        assert_eq!(of(end, OUTER).len(), 2);
        assert_eq!(of("the last words", OUTER).len(), 1);
        assert_eq!(of(end, "which goes on in the next line and is as long as others").len(), 1);
        // Beside a picture all lines are as short.
        let beside = [(OUTER, 0.0), (OUTER, 0.0), ("a short line", 0.0), (end, 0.0), (OUTER, 0.0), (OUTER, 0.0)];
        assert_eq!(texts(&lines(&beside, 12.0)).len(), 1);
    }

    #[test]
    fn a_number_begins_a_paragraph_where_the_line_before_had_room() {
        let notes =
            [("[1] http://example.com/a/long/address/of/it", 0.0), ("[2] http://a.example", 0.0), ("[3] there", 0.0)];
        assert_eq!(texts(&lines(&notes, 12.0)), notes.map(|(line, _)| line));
        let prose = [(OUTER, 0.0), ("12. of May", 0.0)];
        assert_eq!(texts(&lines(&prose, 12.0)).len(), 1);
    }

    #[test]
    fn each_line_of_a_table_of_contents_is_a_paragraph() {
        let contents =
            [("The first part ......... 5", 0.0), ("And the other . . . . . . xii", 0.0), ("and so on", 0.0)];
        assert_eq!(texts(&lines(&contents, 12.0)), contents.map(|(line, _)| line));
    }

    #[test]
    fn lines_without_spaces_between_words_are_joined_where_they_are_full() {
        let of = |lines: &[(&str, f64)]| texts(&self::lines(lines, 12.0));
        assert_eq!(of(&[("ข้อความ", 0.0), ("ภาษาไทย", 0.0)]), ["ข้อความภาษาไทย"]);
        let heading = of(&[("ข้อความ", 0.0), ("ภาษาไทยที่ยาวกว่าบรรทัดก่อนหน้า", 0.0)]);
        assert_eq!(heading, ["ข้อความ ภาษาไทยที่ยาวกว่าบรรทัดก่อนหน้า"]);
    }

    #[test]
    fn a_full_line_goes_on_at_its_edge_whatever_the_indents_of_its_column_are() {
        let list = [("1. Adams and Clark, the long title of a work abo", 0.0), (INNER, 18.0)];
        let body = [(OUTER, 0.0), (OUTER, 0.0), (INNER, 0.0)];
        let page = lines(&[&list[..], &list, &list, &body].concat(), 12.0);
        assert_eq!(texts(&page).last(), Some(&format!("{OUTER} {OUTER} {INNER}")));
    }

    #[test]
    fn double_spacing_parts_no_paragraph() {
        let wide = [(OUTER, 0.0), (OUTER, 0.0), (OUTER, 0.0), (OUTER, 0.0), (INNER, 0.0)];
        assert_eq!(texts(&lines(&wide, 24.0)).len(), 1);
        let single = [("one", 0.0), ("two", 0.0), ("a longer line that decides", 0.0), ("four", 0.0), ("five", 0.0)];
        assert_eq!(texts(&lines(&single, 24.0)).len(), 5);
    }

    #[test]
    fn a_drop_cap_begins_the_first_word_of_its_paragraph() {
        let page = Page::new().size(40.0).write("O", 50.0, 124.0).size(10.0);
        let page = page.write("nce upon a time there was", 72.0, 100.0).write("a small house beside the", 72.0, 112.0);
        let page = page.write("road that nobody", 72.0, 124.0).write("knew.", 50.0, 136.0);
        assert_eq!(texts(&page), ["Once upon a time there was a small house beside the road that nobody knew."]);
    }

    #[test]
    fn centred_lines_are_one_paragraph() {
        assert_eq!(texts(&lines(&[("a rather long title that", 0.0), ("is centred", 35.0)], 12.0)).len(), 1);
    }
}
