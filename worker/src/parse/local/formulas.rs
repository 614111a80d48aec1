//! Formulas that stand in lines of their own: signs and single letters, and hardly a word. Pure.

use super::{line_ends::starts_with_bullet, lines::Line};

/// At most this share of a line of a formula is words, and it has so many parts.
const WORDS: f64 = 0.25;
const LEAST_PARTS: usize = 3;
/// It is set in so far, in units of the font size, or it has so many signs.
const SET_IN: f64 = 1.5;
const SIGNS_AT_EDGE: usize = 2;
/// A word has so many letters.
const LETTERS_OF_WORD: usize = 3;
/// Lines of one formula are no further apart, in units of the font size.
const LARGEST_STEP: f64 = 2.2;

/// What stands between terms.
const RELATIONS: &str = "=≈≡≤≥≠<>∼≃≅∝→⇒⇔↦∈∉⊂⊆⊃⊇≪≫";
const OPERATORS: &str = "+−±∓×÷·∗∘∑∏∫∮√∂∇∞∀∃∪∩∧∨⊕⊗";
/// Names of functions, which are no words.
const FUNCTIONS: [&str; 22] = [
    "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "exp",
    "lim", "max", "min", "sup", "inf", "det", "mod", "argmax",
];

/// Says of each line in which formula of its column it stands, if it does.
pub(super) fn formulas(lines: &[Line]) -> Vec<Option<usize>> {
    let outer = lines.iter().map(|line| line.start).fold(f64::INFINITY, f64::min);
    let mut formulas: Vec<Option<usize>> = vec![None; lines.len()];
    let mut count = 0;
    for index in 0..lines.len() {
        let before = index.checked_sub(1).and_then(|before| formulas[before].map(|formula| (before, formula)));
        let follows = |before: usize| {
            let step = (lines[index].baseline - lines[before].baseline) / lines[index].size;
            step <= LARGEST_STEP && lines[before].frame == lines[index].frame
        };
        if is_formula(&lines[index], outer) {
            formulas[index] = match before.filter(|(before, _)| follows(*before)) {
                Some((_, formula)) => Some(formula),
                None => {
                    count += 1;
                    Some(count)
                }
            };
        }
    }
    formulas
}

fn is_formula(line: &Line, outer: f64) -> bool {
    let words: Vec<bool> = line.words.iter().map(|word| has_word(&word.text)).collect();
    let count = words.iter().filter(|is_word| **is_word).count();
    // A line of running text has words behind each other, or goes on with one.
    let reads = words[0] || words.windows(2).any(|pair| pair[0] && pair[1]);
    let characters = || line.words.iter().flat_map(|word| word.text.chars());
    let relations = characters().filter(|character| RELATIONS.contains(*character)).count();
    let signs = relations + characters().filter(|character| OPERATORS.contains(*character)).count();
    let is_set_in = line.start - outer > SET_IN * line.size;
    relations > 0
        && characters().any(char::is_alphabetic)
        && words.len() >= LEAST_PARTS
        && !line.has_rtl
        && !reads
        && count as f64 <= WORDS * words.len() as f64
        && !starts_with_bullet(line)
        && (is_set_in || signs >= SIGNS_AT_EDGE)
}

/// Says whether a part of a line has a word of a language in it.
fn has_word(part: &str) -> bool {
    part.split(|character: char| !character.is_alphabetic()).any(is_word)
}

/// Says whether letters in a row are a word of a language.
fn is_word(letters: &str) -> bool {
    letters.chars().count() >= LETTERS_OF_WORD && !FUNCTIONS.contains(&letters) && !letters.chars().any(is_greek)
}

const fn is_greek(letter: char) -> bool {
    matches!(letter, '\u{370}'..='\u{3ff}')
}

#[cfg(test)]
mod tests {
    use super::super::{kinds::Kind, layout::lay_out, testing::Page};

    fn kinds(lines: &[(&str, f64)]) -> Vec<(Kind, String)> {
        let write =
            |page: Page, (row, (text, left)): (usize, &(&str, f64))| page.write(text, *left, 100.0 + 12.0 * row as f64);
        let page = lines.iter().enumerate().fold(Page::new(), write);
        let text = lay_out(page.content());
        text.paragraphs().map(|paragraph| (paragraph.kind, paragraph.text.clone())).collect()
    }

    const BEFORE: &str = "From what was said above it follows for every value that";
    const AFTER: &str = "where the last term is smaller than all of those before it.";

    #[test]
    fn a_line_of_signs_and_letters_stands_apart_from_the_text_around_it() {
        for formula in ["f(x) = a + b x (3)", "x ∈ A ∪ B ⇒ x ∉ C", "max(a, b) ≤ |a| + |b|"] {
            let found = kinds(&[(BEFORE, 50.0), (formula, 120.0), (AFTER, 50.0)]);
            let text = |text: &str| (Kind::Text, text.to_owned());
            assert_eq!(found, [text(BEFORE), (Kind::Formula, formula.to_owned()), text(AFTER)]);
        }
    }

    #[test]
    fn words_around_a_sign_are_text() {
        for line in
            ["CI = confidence interval; OR = odds ratio", "P = pension", "see http://a.example/?b=c&d=e", "12 = 12"]
        {
            let found = kinds(&[(BEFORE, 50.0), (line, 120.0), (AFTER, 50.0)]);
            assert!(found.iter().all(|(kind, _)| *kind == Kind::Text), "{line}");
        }
    }
}
