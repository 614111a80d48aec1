//! From the lines of one column to paragraphs. Pure.

use quire_schemas::element::BBox;

use super::{
    content::PageContent,
    field_rows::FieldRows,
    fonts::FontTable,
    frames::Frame,
    kinds::Kind,
    line_ends::{Joint, LONGEST_OVERHANG, joint},
    lines::Line,
    listings::Pitch,
    mended_lines::{join_broken_numbers, pair_brackets},
    setting::Setting,
    tags::{self, Tag},
    visibility::Layer,
};

/// Lines that belong together. Boxes are on the displayed page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paragraph {
    pub(super) kind: Kind,
    /// Lines joined; a word that is broken at a line end keeps its hyphen. Lines of program text stay lines.
    pub(super) text: String,
    /// Its place in each column that it stands in: one, but for a paragraph that goes on in the next one.
    pub(super) columns: Vec<Span>,
    pub(super) frame: Frame,
    /// The font of its longest line.
    pub(super) font: Option<String>,
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    /// Of most of its characters.
    pub(super) tag: Option<Tag>,
    pub(super) layer: Layer,
    /// The bullet before it that the page paints, or that it begins with in a font of signs.
    pub(super) bullet: Option<String>,
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
pub(super) fn paragraphs(mut flow: Vec<Line>, content: &PageContent, fields: &FieldRows) -> Vec<Paragraph> {
    begin_beside_drop_cap(&mut flow);
    let begins = begins(&flow, fields);
    let mut paragraphs = Vec::new();
    let mut open: Vec<Line> = Vec::new();
    for (line, begins) in flow.into_iter().zip(begins) {
        if begins && !open.is_empty() {
            paragraphs.push(join(std::mem::take(&mut open), &content.fonts, Kind::Text));
        }
        open.push(line);
    }
    if !open.is_empty() {
        paragraphs.push(join(open, &content.fonts, Kind::Text));
    }
    paragraphs
}

/// Says of each line whether it begins a paragraph.
fn begins(lines: &[Line], fields: &FieldRows) -> Vec<bool> {
    let setting = Setting::of(lines);
    let mut begins = Vec::with_capacity(lines.len());
    let mut first = 0;
    for next in 0..lines.len() {
        let is_parted = || fields.part(&lines[next - 1], &lines[next], setting.is_full(next - 1));
        if next > 0 && (is_parted() || !setting.belongs(first, next)) {
            first = next;
        }
        begins.push(first == next);
    }
    begins
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

/// Makes one paragraph of lines, of which there is one at least.
pub(super) fn join(mut lines: Vec<Line>, fonts: &FontTable, kind: Kind) -> Paragraph {
    let pitch = if kind == Kind::Code { Pitch::of(&lines) } else { None };
    if pitch.is_none() {
        join_broken_numbers(&mut lines);
        pair_brackets(&mut lines);
    }
    let edge = lines.iter().map(|line| line.end).fold(f64::NEG_INFINITY, f64::max);
    let mut text = Text::default();
    let (mut spans, mut words, mut hyphens) = (Vec::with_capacity(lines.len()), Vec::new(), Vec::new());
    for (index, line) in lines.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &lines[before]);
        match (pitch, before.map(|before| joint(before, line))) {
            (Some(pitch), _) => {
                let line_ends = before.map_or(0, |before| 1 + pitch.empty_lines(before, line));
                text.push(&"\n".repeat(line_ends));
                text.push(&" ".repeat(pitch.indent(line)));
            }
            (None, Some(Joint::Unspaced)) if edge - lines[index - 1].end > LONGEST_OVERHANG * line.size => {
                text.push(" ")
            }
            (None, Some(Joint::Space)) => text.push(" "),
            (None, Some(Joint::Hyphen)) => hyphens.push(text.length.saturating_sub(1)),
            (None, Some(Joint::Nothing | Joint::Unspaced) | None) => {}
        }
        let start = text.length;
        for (index, word) in line.words.iter().enumerate() {
            if index > 0 {
                let distance = word.place.left() - line.words[0].place.left();
                let spaces = pitch.map_or(1, |pitch| pitch.spaces(distance, (text.length - start) as usize));
                text.push(&" ".repeat(spaces));
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
        kind,
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
        tag: tags::of_most(lines.iter().map(|line| (line.tag, length(line)))),
        layer: longest.layer,
        bullet: bullet(&lines[0]),
        lines: spans,
        words,
        line_end_hyphens: hyphens,
    }
}

fn bullet(line: &Line) -> Option<String> {
    let sign = line.words.first().filter(|_| line.has_sign).map(|word| word.text.clone());
    sign.or_else(|| line.has_dot.then(|| "•".to_owned()))
}

fn length(line: &Line) -> usize {
    line.words.iter().map(|word| word.text.len()).sum()
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
        super::{
            containers::Ground,
            lines::Piece,
            regions::{Flow, flows},
            testing::Page,
            tokens::tokens,
        },
        *,
    };

    fn read(page: &Page) -> Vec<Paragraph> {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let pieces: Vec<Piece> = tokens.into_iter().map(|token| Piece { token, layer: Layer::Native }).collect();
        let (flows, _) = flows(&pieces, &content.fonts, &Ground::default(), false);
        flows
            .into_iter()
            .filter_map(Flow::into_lines)
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
            ("see https://", "www.example.org", "see https://www.example.org", 0),
            ("at a.example/search?q=", "words&n=3 there", "at a.example/search?q= words&n=3 there", 0),
            ("at http://a.example/search?q=", "words there", "at http://a.example/search?q=words there", 0),
            ("https://a.example/docu", "ments/report.pdf", "https://a.example/documents/report.pdf", 0),
            ("doi:10.1016/j.", "cell.2024.01", "doi:10.1016/j.cell.2024.01", 0),
            ("john.doe@", "example.com or", "john.doe@example.com or", 0),
            ("at www.example.org.", "The next", "at www.example.org. The next", 0),
            ("at www.example.org", "and more", "at www.example.org and more", 0),
            ("使用 IT", "服务器", "使用 IT服务器", 0),
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
    fn a_quotation_that_is_set_in_on_both_sides_is_one_paragraph() {
        let quoted = "and it has been said of this work that";
        let body = [(OUTER, 0.0), (OUTER, 0.0), (INNER, 0.0)];
        let quotation = [(quoted, 30.0), (quoted, 30.0), (quoted, 30.0), ("it is one.", 30.0)];
        let found = texts(&lines(&[&body[..], &quotation, &body].concat(), 12.0));
        assert_eq!(found[1], format!("{quoted} {quoted} {quoted} it is one."));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn each_line_of_a_dialogue_is_a_paragraph() {
        let said = "It was said that nobody had been there before.";
        let dialogue = [(said, 12.0), (said, 12.0), (OUTER, 12.0), ("knew about it.", 0.0), (said, 12.0)];
        let expected = [said.to_owned(), said.to_owned(), format!("{OUTER} knew about it."), said.to_owned()];
        assert_eq!(texts(&lines(&dialogue, 12.0)), expected);
    }

    #[test]
    fn a_raised_number_begins_a_note_and_a_dash_an_item_where_the_line_before_had_room() {
        let note = |page: Page, number: &str, y: f64| {
            page.size(6.0).write(number, 50.0, y - 3.0).size(10.0).write(OUTER, 55.0, y)
        };
        let page = note(note(Page::new(), "1", 100.0), "2", 112.0);
        assert_eq!(texts(&page), [format!("1 {OUTER}"), format!("2 {OUTER}")]);
        let dashed =
            |last: &'static str| texts(&lines(&[(OUTER, 0.0), (last, 0.0), ("– one of them", 0.0)], 12.0)).len();
        assert_eq!([dashed(OUTER), dashed("are these")], [1, 2]);
    }

    #[test]
    fn letters_that_count_begin_paragraphs_whatever_their_lines_are() {
        let of = |lines: &[(&str, f64)]| texts(&self::lines(lines, 12.0));
        let question = [(OUTER, 0.0), (INNER, 0.0), ("A. the first answer", 18.0), ("B. another one", 18.0)];
        assert_eq!(of(&question)[1..], ["A. the first answer", "B. another one"]);
        assert_eq!(of(&[(OUTER, 0.0), ("A. Smith and others", 0.0), ("wrote it", 0.0)]).len(), 1);
    }

    #[test]
    fn each_line_of_a_table_of_contents_is_a_paragraph() {
        let contents = [
            ("The first part ......... 5", 0.0),
            ("And the other . . . . . . xii", 0.0),
            ("Third......12", 0.0),
            ("and so on", 0.0),
        ];
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
