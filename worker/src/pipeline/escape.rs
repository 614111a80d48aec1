//! Text as Markdown (CommonMark) that shows it as it is: nothing of it becomes markup. Pure.

use std::borrow::Cow;

/// Escapes what is markup inside of a line.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        let is_markup = match character {
            '*' | '`' | '<' => true,
            '\\' => next.is_ascii_punctuation(),
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            ']' => matches!(next, '(' | '[' | ':'),
            '~' => next == '~' || before == '~',
            '&' => next == '#' || next.is_ascii_alphabetic(),
            _ => false,
        };
        if is_markup {
            written.push('\\');
        }
        written.push(character);
        before = character;
    }
    written
}

/// Escapes what makes a block of a text at the beginning of its lines.
pub(super) fn escaped_lines(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    for (index, line) in text.split(['\n', '\r']).enumerate() {
        if index > 0 {
            written.push('\n');
        }
        written.push_str(&escaped_line(line));
    }
    written
}

/// Escapes what makes a block of a line at its beginning.
pub(super) fn escaped_line(line: &str) -> Cow<'_, str> {
    let line = line.trim_start();
    let first = line.chars().next().unwrap_or_default();
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let rest = &line[digits..];
    let is_number = (1..=9).contains(&digits)
        && rest.starts_with(['.', ')'])
        && rest[1..].chars().next().is_none_or(char::is_whitespace);
    let behind = line.chars().nth(1);
    let is_sign = matches!(first, '-' | '+') && behind.is_none_or(char::is_whitespace);
    let is_rule =
        matches!(first, '-' | '=' | '+') && line.chars().all(|character| character == first || character == ' ');
    let is_task = ["[ ]", "[x]", "[X]"].iter().any(|task| line.starts_with(task));
    if is_number {
        Cow::Owned(format!("{}\\{rest}", &line[..digits]))
    } else if first == '#' || first == '>' || is_sign || is_rule || is_task {
        Cow::Owned(format!("\\{line}"))
    } else {
        Cow::Borrowed(line)
    }
}
