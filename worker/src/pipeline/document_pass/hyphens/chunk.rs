//! What stands around a hyphen up to the next spaces, and whether it is no prose: an address, a path, the name of
//! something in a program. No hyphen is added to such a text where a line ends. Pure.

/// More characters on one side of the hyphen are not looked at.
const MOST_CHARACTERS: usize = 200;

/// What a hyphen stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surroundings {
    Prose,
    /// A path, an option or two compounds with a slash between them.
    PerhapsCode,
    Code,
}

/// Tells what the hyphen at a byte, which has so many bytes, stands in. It is code
///
/// - that has an `@`, `\`, `_`, `=` or `://`, begins with `www.`, or begins with `--` and a letter, as options do;
/// - or that has a dot between letters, the second part in small letters and of two at least (`example.com`).
///
/// It may be code that has a slash, or begins with a hyphen, and has another hyphen between letters
/// (`feature/new-login-form`). One slash alone says nothing: prose has it between words.
pub(crate) fn surroundings(text: &str, byte: usize, bytes: usize) -> Surroundings {
    let Some((before, rest)) = text.split_at_checked(byte) else { return Surroundings::Prose };
    let after = rest.get(bytes..).unwrap_or_default();
    // All of what is counted is ASCII.
    let before = &before[before.len() - before.chars().rev().take(MOST_CHARACTERS).take_while(is_inside).count()..];
    let after = &after[..after.chars().take(MOST_CHARACTERS).take_while(is_inside).count()];
    if before.is_empty() || after.is_empty() {
        return Surroundings::Prose;
    }
    let has = |sign: &str| before.contains(sign) || after.contains(sign);
    let joins_letters = |sign: u8, least: usize| [before, after].into_iter().any(|side| joins(side, sign, least));
    let is_option =
        before.strip_prefix("--").is_some_and(|name| name.starts_with(|name: char| name.is_ascii_alphabetic()));
    let is_code = ["@", "\\", "_", "=", "://"].into_iter().any(has)
        || before.starts_with("www.")
        || is_option
        || joins_letters(b'.', 2);
    if is_code {
        Surroundings::Code
    } else if (has("/") || before.starts_with('-')) && joins_letters(b'-', 1) {
        Surroundings::PerhapsCode
    } else {
        Surroundings::Prose
    }
}

/// Says whether addresses, paths and identifiers have it inside.
fn is_inside(character: &char) -> bool {
    character.is_ascii_graphic()
        && !matches!(character, '"' | '\'' | '(' | ')' | '<' | '>' | '[' | ']' | ',' | ';' | '|')
}

/// Says whether a sign stands between letters or digits, and so many small letters at least behind it.
fn joins(text: &str, sign: u8, least: usize) -> bool {
    text.as_bytes()
        .windows(2 + least)
        .any(|part| part[0].is_ascii_alphanumeric() && part[1] == sign && part[2..].iter().all(u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::{Surroundings::*, *};

    /// Of a text whose hyphen at the line end is marked by a bar behind it.
    fn of(text: &str) -> Surroundings {
        let byte = text.find("-|").expect("a mark");
        surroundings(&text.replacen("-|", "-", 1), byte, 1)
    }

    #[test]
    fn addresses_file_names_and_options_are_code() {
        for text in [
            "at https://www.example-|company.com/en/terms.html where",
            "at www.example-|company",
            "write to berlin-|office@example.com instead",
            "(example-|company.com)",
            "the option --max-old-space-|size to",
            "the option --dry-|run",
            "file C:\\long-|names and",
            "the field first_name-|suffix",
            "the file customer-|service.txt.",
            "set mode=read-|only here",
        ] {
            assert_eq!(of(text), Code, "{text}");
        }
    }

    #[test]
    fn compounds_beside_a_slash_may_be_a_path() {
        for text in
            ["branch feature/new-|login-form before", "the option -max-|old-size", "decision-making/problem-solv-|ing"]
        {
            assert_eq!(of(text), PerhapsCode, "{text}");
        }
    }

    #[test]
    fn all_else_is_prose() {
        for text in [
            "an inter-|national one",
            "a well-estab-|lished one",
            "client/ser-|ver",
            "him/her-|self",
            "Kunden/Liefe-|ranten",
            "die Ein-/Aus-|gabe",
            "at the end.Inter-|national",
            "a footnote interna-|tional.a",
            "der COVID-19-Pan-|demie",
            "mail@example.com, inter-|national",
            "的inter-|national公司",
            "-Vorstands-|vorsitz",
            "word--inter-|national",
            "-| item",
        ] {
            assert_eq!(of(text), Prose, "{text}");
        }
    }

    #[test]
    fn no_more_is_looked_at_than_an_address_has() {
        let far = format!("{}@{}-|b", "a".repeat(10), "a".repeat(MOST_CHARACTERS));
        assert_eq!(of(&far), Prose);
        for (text, byte) in [("é_-b", 1), ("é_-b", 9), ("a_-", 2), ("", 0)] {
            assert_eq!(surroundings(text, byte, 1), Prose, "{text}");
        }
    }
}
