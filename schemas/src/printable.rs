//! Texts of strangers on a terminal: keys, names and messages may hold escape sequences.

/// Returns a text without characters that a terminal obeys: control characters but for line feed and tab, and those that
/// turn the direction of what follows. Each becomes a mark.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if is_obeyed(character) { '\u{fffd}' } else { character }).collect()
}

/// Returns JSON in which such characters are escaped: JSON itself escapes only the first of them.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_obeyed(character) {
            shown.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

fn is_obeyed(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (character.is_control() && !matches!(character, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nothing_of_what_is_shown() {
        assert_eq!(printable("a\u{1b}[2J\u{9b}31m\u{202e}fdp\r\n\tb\u{7f}"), "a�[2J�31m�fdp�\n\tb�");
        assert_eq!(printable("Überblick – 日本語"), "Überblick – 日本語");
        let json = serde_json::to_string("\u{9b}31m\u{202e}").expect("a text");
        let shown = printable_json(&json);
        assert_eq!(shown, "\"\\u009b31m\\u202e\"");
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), "\u{9b}31m\u{202e}");
    }
}
