//! What the lines of a paragraph mend in each other, where writing runs from right to left. Pure.

use super::{
    lines::{Line, Word},
    reading_order::BRACKETS,
};

/// Opens and closes the brackets of lines again that have letters from right to left, where some are mirrored and some
/// are not, and so no bracket closes another: the first of two opens, and the second closes.
pub(super) fn pair_brackets(lines: &mut [Line]) {
    if !lines.iter().any(|line| line.has_rtl) {
        return;
    }
    let numbered = lines.iter_mut().flat_map(|line| line.words.iter_mut().enumerate());
    let mut words: Vec<&mut Word> =
        numbered.filter(|(place, word)| *place > 0 || !is_list_mark(&word.text)).map(|(_, word)| word).collect();
    for (open, close) in BRACKETS {
        let is_bracket = |character: &char| *character == open || *character == close;
        let brackets: Vec<char> = words.iter().flat_map(|word| word.text.chars().filter(is_bracket)).collect();
        if brackets.len() % 2 == 1 || are_balanced(&brackets, open) {
            continue;
        }
        let mut opens = true;
        for word in words.iter_mut().filter(|word| word.text.contains([open, close])) {
            let paired = word.text.chars().map(|character| {
                if !is_bracket(&character) {
                    return character;
                }
                opens = !opens;
                if opens { close } else { open }
            });
            word.text = paired.collect();
        }
    }
}

/// Says whether a word that begins a line is the mark of a list, such as `a)`, whose bracket has no partner.
fn is_list_mark(word: &str) -> bool {
    let is_bracket = |character: char| BRACKETS.iter().any(|(open, close)| [*open, *close].contains(&character));
    let inner = word.trim_matches(|character| is_bracket(character) || character == '.');
    word.ends_with([')', ']', '}'])
        && word.chars().filter(|character| is_bracket(*character)).count() == 1
        && (1..=3).contains(&inner.chars().count())
        && inner.chars().all(char::is_alphanumeric)
}

fn are_balanced(brackets: &[char], open: char) -> bool {
    let mut depth = 0_usize;
    for bracket in brackets {
        match depth.checked_add_signed(if *bracket == open { 1 } else { -1 }) {
            Some(next) => depth = next,
            None => return false,
        }
    }
    depth == 0
}

/// Puts a hyphen or separator behind a number again that goes on in the next line: at the end of a line from right to
/// left it stands on the side on which a sign would.
pub(super) fn join_broken_numbers(lines: &mut [Line]) {
    for index in 1..lines.len() {
        let (before, next) = lines.split_at_mut(index);
        let (Some(line), Some(first)) = (before.last_mut(), next[0].words.first()) else { continue };
        if !line.is_rtl || !first.text.starts_with(char::is_numeric) {
            continue;
        }
        let Some(last) = line.words.last_mut() else { continue };
        let number = last.text.trim_start_matches(['-', '/', '.', ',', ':']);
        let is_number = number.chars().all(char::is_numeric) && !number.is_empty();
        if is_number && last.text.len() == number.len() + 1 {
            let sign = &last.text[..1];
            last.text = format!("{number}{sign}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lines::Piece, testing::Page, tokens::tokens, visibility::Layer},
        *,
    };

    fn line(page: &Page) -> String {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let pieces: Vec<Piece> = tokens.into_iter().map(|token| Piece { token, layer: Layer::Native }).collect();
        let pieces: Vec<&Piece> = pieces.iter().collect();
        let mut lines: Vec<Line> = Line::of(&pieces, &content.fonts, false).into_iter().collect();
        pair_brackets(&mut lines);
        lines.first().map(Line::text).unwrap_or_default()
    }

    #[test]
    fn numbers_and_brackets_of_a_line_from_right_to_left_are_whole() {
        // Each character is a text object of its own, from left to right: ) U N ( in its mirrored form, 1 2 . 5 0.
        let mut page = Page::new().write_leftwards("שלום", 300.0, 100.0);
        for (index, part) in [")", "U", "N", ")"].into_iter().enumerate() {
            page = page.write(part, 250.0 + 5.0 * index as f64, 100.0);
        }
        for (index, part) in ["1", "2", ".", "5", "0"].into_iter().enumerate() {
            page = page.write(part, 220.0 + 5.0 * index as f64, 100.0);
        }
        assert_eq!(line(&page), "שלום (UN) 12.50");
        assert_eq!(line(&Page::new().write_leftwards("שלו\u{fffd}ם", 300.0, 100.0)), "שלום");
    }

    #[test]
    fn only_marks_of_lists_have_brackets_without_a_partner() {
        assert!(["a)", "12.)", "ב)"].into_iter().all(is_list_mark));
        assert!(!["(a)", "word)", ")", "f(x", "(a"].into_iter().any(is_list_mark));
        assert!(are_balanced(&['(', '(', ')', ')'], '(') && !are_balanced(&[')', '('], '('));
    }
}
