//! Where a line has spaces: from its gaps, where the file has none. Pure.

use quire_schemas::element::BBox;

use super::{characters, tokens::Token};

// In units of the font size.
/// A gap that is wider by this than the gaps inside of words is a space. Of 12,300 gaps between letters of real
/// documents, whose words told what they are, it takes 11 spaces for none and 32 that are none for spaces.
const SPACE: f64 = 0.12;
/// Fewer gaps inside of words say nothing.
const LEAST_KERNS: usize = 5;
/// A gap wider than this is a space between a character of Chinese or Japanese and any other; theirs are set apart by a
/// quarter of their size without one.
const SPACE_BESIDE_CJK: f64 = 0.5;
/// A gap wider than this is a space in Thai and its neighbours, which have spaces between sentences only.
const SPACE_OF_UNSPACED: f64 = 0.17;
/// So many gaps of a line tell how far its letters are set apart by justification.
const LETTER_GAPS: usize = 8;
/// Characters that stay together in such a line are a letter with its vowels and marks: on average at most so many.
const CLUSTER: f64 = 3.0;
/// A space in such a line is wider than the gaps between letters by this.
const WIDER: f64 = 0.1;
/// Letters of a spaced word are further apart than this, and closer than the next.
const LETTER_GAP: (f64, f64) = (0.1, 1.2);
/// Gaps between spaced letters differ by this factor, and words are at least as much further apart.
const EVEN: f64 = 1.4;
/// This many single letters with even gaps are a spaced word.
const LETTERS: usize = 4;

/// Says between which neighbours of a row, ordered from left to right, a space stands: one entry less than tokens.
pub(super) fn spaces(tokens: &[&Token]) -> Vec<bool> {
    let gaps = gaps(tokens.iter().map(|token| (token.bbox, token.size)));
    let widened = space_of_widened(tokens, &gaps).unwrap_or(0.0);
    let written: Vec<bool> = tokens.windows(2).map(|pair| pair[0].spaced.1 || pair[1].spaced.0).collect();
    let usual = usual_kern(tokens);
    let mut spaces: Vec<bool> = tokens
        .windows(2)
        .zip(gaps.iter().zip(&written))
        .map(|(pair, (gap, written))| {
            // Letters of a script without spaces may be set apart, and its signs stand over and under them.
            let inside = if are_unspaced(pair[0], pair[1]) { 0.0 } else { usual };
            *written || gap - inside > least_space(pair[0], pair[1]).max(widened)
        })
        .collect();
    close_spaced_words(tokens, &gaps, &written, &mut spaces);
    spaces
}

/// Returns the gaps between neighbours, given by box and font size from left to right, in units of the larger font
/// size. A mark over a letter ends before the letter does, so a gap begins where all that comes before has ended.
pub(super) fn gaps(places: impl Iterator<Item = (BBox, f64)>) -> Vec<f64> {
    let mut gaps = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for (bbox, size) in places {
        if let Some((end, last)) = before {
            gaps.push((bbox.left() - end) / size.max(last));
        }
        let end = before.map_or(bbox.right(), |(end, _)| end.max(bbox.right()));
        before = Some((end, size));
    }
    gaps
}

/// Returns the usual gap between the letters of words, in units of the font size.
fn usual_kern(tokens: &[&Token]) -> f64 {
    let mut kerns: Vec<f32> = tokens.iter().flat_map(|token| token.kerns.iter().copied()).collect();
    if kerns.len() < LEAST_KERNS {
        return 0.0;
    }
    kerns.sort_by(f32::total_cmp);
    f64::from(kerns[kerns.len() / 2])
}

fn are_unspaced(left: &Token, right: &Token) -> bool {
    characters::is_unspaced(left.last()) && characters::is_unspaced(right.first())
}

fn are_beside_cjk(left: &Token, right: &Token) -> bool {
    characters::is_cjk(left.last()) || characters::is_cjk(right.first())
}

fn least_space(left: &Token, right: &Token) -> f64 {
    match (are_unspaced(left, right), are_beside_cjk(left, right)) {
        (true, true) => f64::INFINITY,
        (true, false) => SPACE_OF_UNSPACED,
        (false, true) => SPACE_BESIDE_CJK,
        (false, false) => SPACE,
    }
}

/// Returns the least width of a space in a line of Thai or its neighbours that is justified by setting every letter
/// apart: a space there is clearly wider than most gaps. `None` if the line is no such line.
fn space_of_widened(tokens: &[&Token], gaps: &[f64]) -> Option<f64> {
    let is_inside = |pair: &[&Token]| are_unspaced(pair[0], pair[1]) && !are_beside_cjk(pair[0], pair[1]);
    let (mut inside, mut characters) = (Vec::new(), 0_usize);
    for (pair, gap) in tokens.windows(2).zip(gaps).filter(|(pair, _)| is_inside(pair)) {
        inside.push(*gap);
        characters += pair[1].text.chars().count();
    }
    if inside.len() < LETTER_GAPS || characters as f64 > CLUSTER * inside.len() as f64 {
        return None;
    }
    even_gap(&inside).map(|usual| (usual * EVEN).max(usual + WIDER))
}

/// Takes the spaces out of words whose letters are set apart. Their letters are tokens of their own with gaps that are
/// all alike; a gap that is clearly wider is the limit of a word. One such word tells the gap for the whole line.
fn close_spaced_words(tokens: &[&Token], gaps: &[f64], written: &[bool], spaces: &mut [bool]) {
    let is_letter = |token: &Token| {
        let mut letters = token.text.chars().filter(|character| !characters::is_combining(*character));
        let (first, second) = (letters.next(), letters.next());
        first.is_some_and(characters::is_spaced_out) && second.is_none()
    };
    // A letter beside another without a gap is part of an ordinary word, of which each character is a token.
    let is_apart = |at: usize| (LETTER_GAP.0..=LETTER_GAP.1).contains(&gaps[at]);
    let is_isolated = |token: usize| {
        (token == 0 || written[token - 1] || gaps[token - 1] >= LETTER_GAP.0)
            && (token == gaps.len() || written[token] || gaps[token] >= LETTER_GAP.0)
    };
    let joins = |at: usize| {
        let are_letters = is_letter(tokens[at]) && is_letter(tokens[at + 1]);
        are_letters && !written[at] && is_apart(at) && is_isolated(at) && is_isolated(at + 1)
    };
    let mut usual: Option<f64> = None;
    let mut at = 0;
    while at < gaps.len() {
        let length = (at..gaps.len()).take_while(|&at| joins(at)).count();
        if length + 1 >= LETTERS {
            usual = usual.or_else(|| even_gap(&gaps[at..at + length]));
        }
        at += length.max(1);
    }
    let Some(usual) = usual else { return };
    for at in 0..gaps.len() {
        let is_pair = tokens[at].size == tokens[at + 1].size && is_isolated(at) && is_isolated(at + 1);
        if !written[at] && is_pair && gaps[at] <= usual * EVEN {
            spaces[at] = false;
        }
    }
}

/// Returns the gap between the letters of spaced words, if most of these gaps are alike and the others clearly wider.
fn even_gap(gaps: &[f64]) -> Option<f64> {
    let mut sorted = gaps.to_vec();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted[sorted.len() / 3];
    let even = sorted.iter().filter(|gap| **gap <= usual * EVEN && **gap * EVEN >= usual).count();
    (even * 10 >= sorted.len() * 6).then_some(usual)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{testing::Page, tokens::tokens},
        *,
    };

    fn line(page: &Page) -> String {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let mut tokens: Vec<&Token> = tokens.iter().collect();
        tokens.sort_by(|a, b| a.bbox.left().total_cmp(&b.bbox.left()));
        let spaces = spaces(&tokens);
        let mut text = String::new();
        for (index, token) in tokens.iter().enumerate() {
            if index > 0 && spaces[index - 1] {
                text.push(' ');
            }
            text.push_str(&token.text);
        }
        text
    }

    #[test]
    fn a_gap_as_wide_as_a_space_is_one_and_a_kern_is_none() {
        let pair = |gap: f64| line(&Page::new().write("two", 50.0, 100.0).write("words", 65.0 + gap, 100.0));
        assert_eq!([pair(2.0), pair(1.1), pair(-1.0)], ["two words", "twowords", "twowords"]);
    }

    #[test]
    fn spaced_words_are_whole_and_their_limits_stay() {
        let spaced = Page::new().spacing(3.0);
        assert_eq!(line(&spaced.clone().write("ANNUAL REPORT OF 1999", 50.0, 100.0)), "ANNUAL REPORT OF 1999");
        let by_gaps =
            spaced.clone().write("ANNUAL", 50.0, 100.0).write("REPORT", 106.0, 100.0).write("OF", 162.0, 100.0);
        assert_eq!(line(&by_gaps), "ANNUAL REPORT OF");
        let inside = Page::new().write("the word ", 50.0, 100.0).spacing(2.0).write("wichtig", 95.0, 100.0);
        assert_eq!(line(&inside.spacing(0.0).write("is spaced", 150.0, 100.0)), "the word wichtig is spaced");
    }

    #[test]
    fn words_of_one_letter_between_words_of_single_characters_stay_apart() {
        let (mut page, mut x) = (Page::new(), 50.0);
        for word in ["мир", "и", "в", "рай", "и", "в", "дом"] {
            for letter in word.chars() {
                page = page.write(&letter.to_string(), x, 100.0);
                x += 5.0;
            }
            x += 2.6;
        }
        assert_eq!(line(&page), "мир и в рай и в дом");
    }

    #[test]
    fn single_letters_with_written_spaces_stay_apart() {
        assert_eq!(line(&Page::new().write("a b c d e", 50.0, 100.0)), "a b c d e");
        assert_eq!(line(&Page::new().write("1", 50.0, 100.0).write("2", 60.0, 100.0).write("3", 70.0, 100.0)), "1 2 3");
    }

    #[test]
    fn letters_of_a_widened_line_of_thai_stay_together_and_its_spaces_stay() {
        let widened = |spacing: f64| {
            let page = Page::new().spacing(spacing).write("อิสรภาพหลักมูล", 50.0, 100.0);
            let end = 50.0 + 14.0 * (5.0 + spacing);
            line(&page.write("โดยร่วมมือ", end + 2.6, 100.0))
        };
        for spacing in [0.0, 0.5, 1.2, 1.6, 2.3, 3.5] {
            assert_eq!(widened(spacing), "อิสรภาพหลักมูล โดยร่วมมือ", "{spacing}");
        }
        let phrases = Page::new().write("คำปรารภ", 50.0, 100.0).write("โดยที่", 88.0, 100.0).write("และ", 121.0, 100.0);
        assert_eq!(line(&phrases), "คำปรารภ โดยที่ และ");
    }

    #[test]
    fn chinese_and_japanese_have_only_written_spaces() {
        let page = Page::new().advance(1.0).write("広", 50.0, 100.0).write("島", 64.0, 100.0);
        assert_eq!(line(&page), "広島");
        assert_eq!(line(&Page::new().advance(1.0).write("広 島", 50.0, 100.0)), "広 島");
    }
}
