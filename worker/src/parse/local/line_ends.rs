//! How lines begin and end: sentences, leaders, marks of lists; and what stands between a line and the next one. Pure.

use super::{characters, lines::Line, markers::Mark};

/// Most characters of a word before the number that a leader leads to.
const LONGEST_UNIT: usize = 5;
/// A line of a script without spaces that ends further from the edge, in units of the font size, ends there on purpose:
/// the rules of its punctuation take a few characters along to the next line, not more.
pub(super) const LONGEST_OVERHANG: f64 = 4.5;

pub(super) fn starts_small(line: &Line) -> bool {
    line.words.first().and_then(|word| word.text.chars().next()).is_some_and(char::is_lowercase)
}

/// Says whether a line ends with a leader and a page number, as each of a table of contents does. A short word may
/// stand before the number: `p. 5`. The leader may touch the title and the number.
pub(super) fn ends_with_leader(line: &Line) -> bool {
    let mut words = line.words.iter().rev().map(|word| word.text.as_str()).peekable();
    let Some(last) = words.next() else { return false };
    let (before, number) = last.rfind(characters::is_dot).map_or(("", last), |dot| {
        let behind = dot + last[dot..].chars().next().map_or(0, char::len_utf8);
        last.split_at(behind)
    });
    if !characters::is_page_number(number) {
        return false;
    }
    let dots_of = |text: &str| text.chars().rev().take_while(|character| characters::is_dot(*character)).count();
    let mut dots = dots_of(before);
    if dots < before.chars().count() {
        return dots >= characters::LEAST_LEADER;
    }
    if dots == 0 {
        let _ = words.next_if(|word| word.chars().count() <= LONGEST_UNIT && dots_of(word) == 0);
    }
    for word in words {
        let of_word = dots_of(word);
        dots += of_word;
        if of_word < word.chars().count() {
            break;
        }
    }
    dots >= characters::LEAST_LEADER
}

pub(super) fn ends_sentence(line: &Line) -> bool {
    let last = line.words.last().map_or("", |word| word.text.as_str());
    last.trim_end_matches(['"', '\'', '”', '’', '»', '“', ')', ']', '」', '』'])
        .ends_with(['.', '!', '?', ':', '…', '。', '！', '？', '：', '؟', '۔', '।', '॥', '։', '።', '។', '။'])
}

pub(super) fn starts_sentence(line: &Line) -> bool {
    let opens =
        |character: &char| matches!(character, '"' | '\'' | '“' | '‘' | '«' | '»' | '„' | '(' | '[' | '¿' | '¡');
    let first = line.words.first().and_then(|word| word.text.chars().find(|character| !opens(character)));
    first.is_some_and(|first| first.is_alphabetic() && !first.is_lowercase())
}

pub(super) fn starts_with_bullet(line: &Line) -> bool {
    let first = line.words.first().map_or("", |word| word.text.as_str());
    first.starts_with(['•', '‣', '◦', '▪', '●', '○', '■', '□', '➢', '✓', '☐', '☑', '☒'])
}

/// Says whether a line begins with a dash or an asterisk: a bullet, or part of a sentence.
pub(super) fn starts_with_dash(line: &Line) -> bool {
    line.words.len() > 1 && line.words.first().is_some_and(|word| matches!(word.text.as_str(), "–" | "-" | "*" | "—"))
}

/// Returns the number that a line begins with, if it counts: `1.`, `2)`, `(3)`, `[4]`.
pub(super) fn counting_number(line: &Line) -> Option<u32> {
    let first = line.words.first().filter(|_| line.words.len() > 1)?.text.as_str();
    let number = first.trim_start_matches(['(', '[']).trim_end_matches([')', ']', '.']);
    let is_counting = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_counting && first.ends_with([')', ']', '.']))
}

/// Says whether a line begins with the letter or roman number behind that of the first line of its paragraph.
pub(super) fn counts_on(begin: &Line, line: &Line) -> bool {
    let mark = |line: &Line| {
        let first = line.words.first().filter(|_| line.words.len() > 1)?;
        Mark::of_word(&first.text)
    };
    mark(line).zip(mark(begin)).is_some_and(|(next, before)| next.follows(&before))
}

/// Says whether a line begins with the number, letter or bullet of a list.
pub(super) fn starts_with_marker(line: &Line) -> bool {
    let first = line.words.first().map_or("", |word| word.text.as_str());
    let number = first.trim_start_matches(['(', '[']).trim_end_matches([')', ']', '.', ':']);
    let is_short = number.chars().count() <= 4 && number.len() < first.len();
    starts_with_bullet(line) || starts_with_dash(line) || (is_short && number.chars().all(char::is_alphanumeric))
}

/// What stands between two lines of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    Space,
    Nothing,
    /// Nothing, because both are of scripts without spaces between words.
    Unspaced,
    /// Nothing, and the hyphen before it may only mark the break.
    Hyphen,
}

/// Says how the text of a line goes on in the next one:
///
/// - a hyphen after a letter or digit stays for now, without a space, and the whole document decides about it later;
///   before a word such as "and" it stands for a part that is left out, and stays with its space;
/// - a dash, slash or maqaf without a space before it joins what it stands between;
/// - an address goes on behind a mark at which addresses are broken, and in what can only be the rest of one;
/// - Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan have no spaces between lines that end at the edge, the
///   first two none beside another script either;
/// - everything else has one.
pub(super) fn joint(last: &Line, next: &Line) -> Joint {
    let (Some(end), Some(begin)) = (last.words.last(), next.words.first()) else { return Joint::Nothing };
    joint_of_words(&end.text, &begin.text)
}

/// Says the same of the last word of a line and the first one of the next.
pub(crate) fn joint_of_words(end: &str, begin: &str) -> Joint {
    let mut before = end.chars().rev();
    let (mark, letter) = (before.next().unwrap_or(' '), before.next());
    let follows_word = letter.is_some_and(char::is_alphanumeric);
    let first = begin.chars().next().unwrap_or(' ');
    match mark {
        '-' | '\u{2010}' | characters::SOFT_HYPHEN if follows_word && is_conjunction(begin) => Joint::Space,
        '-' | '\u{2010}' | characters::SOFT_HYPHEN if follows_word && first.is_alphanumeric() => Joint::Hyphen,
        '\u{2011}' | '\u{2012}' | '–' | '—' | '/' | '\u{5be}' if follows_word => Joint::Nothing,
        _ if address_goes_on(end, begin) => Joint::Nothing,
        _ if characters::is_unspaced(mark) && characters::is_unspaced(first) => Joint::Unspaced,
        _ if characters::is_cjk(mark) || characters::is_cjk(first) => Joint::Unspaced,
        _ => Joint::Space,
    }
}

/// Says whether an address of the web, of mail or of a publication that ends a line goes on in the next one.
fn address_goes_on(last: &str, next: &str) -> bool {
    let is_doi = last.starts_with("10.") && last.contains('/') || last.to_ascii_lowercase().starts_with("doi:10.");
    let is_web = last.contains("://") || last.to_ascii_lowercase().starts_with("www.");
    let (before, behind) = last.split_once('@').unwrap_or((last, ""));
    let is_mail = last.contains('@') && before.ends_with(char::is_alphanumeric) && !behind.contains('@');
    if !is_doi && !is_web && !is_mail {
        return false;
    }
    let begins_small = next.starts_with(|first: char| first.is_lowercase() || first.is_ascii_digit());
    let is_rest = next.chars().any(|character| matches!(character, '/' | '=' | '&')) || has_known_end(next);
    match last.chars().next_back() {
        Some('/' | '?' | '&' | '=' | '_' | '#' | '%' | '~' | '@' | '+') => next.starts_with(char::is_alphanumeric),
        Some('.') => begins_small,
        _ if next.starts_with(['/', '?', '&', '=', '_', '#', '%', '.']) => next.chars().nth(1).is_some(),
        Some(end) => !is_mail && end.is_alphanumeric() && begins_small && is_rest && !next.starts_with("and/"),
        None => false,
    }
}

/// Says whether a word ends as names of files and hosts do.
fn has_known_end(word: &str) -> bool {
    const ENDS: [&str; 10] = [".pdf", ".html", ".htm", ".php", ".aspx", ".com", ".org", ".net", ".gov", ".edu"];
    let word = word.trim_end_matches(['.', ',', ';', ')']);
    ENDS.iter().any(|end| word.ends_with(end))
}

/// Says whether a word is "and" or "or" in a language that leaves out parts of compounds: `vracht- en verzendkosten`.
pub(super) fn is_conjunction(word: &str) -> bool {
    const CONJUNCTIONS: [&str; 15] =
        ["and", "or", "und", "oder", "bzw", "bis", "en", "of", "och", "eller", "og", "ja", "tai", "y", "e"];
    CONJUNCTIONS.contains(&word.trim_end_matches(['.', ',']))
}
