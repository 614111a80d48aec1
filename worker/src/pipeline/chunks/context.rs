//! The headings above a chunk, as its contextualised text begins. Pure.

use super::tokens::Counted;

/// Writes titles, each on a line, the innermost last. Those that are too much are left out from the outermost on; if
/// the innermost alone is too much, it is cut.
pub(super) fn context(titles: &[String], most_tokens: usize) -> String {
    let mut context = String::new();
    for title in titles.iter().rev() {
        let mut longer = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if longer.is_empty() {
            continue;
        }
        if context.is_empty() {
            context = beginning(&longer, most_tokens);
            if context.len() < longer.len() {
                break;
            }
            continue;
        }
        longer.push('\n');
        longer.push_str(&context);
        if !Counted::up_to(most_tokens).append("", &longer, "") {
            break;
        }
        context = longer;
    }
    context
}

/// Returns as many words of a line as fit.
fn beginning(line: &str, most_tokens: usize) -> String {
    let mut counted = Counted::up_to(most_tokens);
    for word in line.split(' ') {
        let separator = if counted.text().is_empty() { "" } else { " " };
        if !counted.append(separator, word, "") {
            if separator.is_empty() {
                counted.append_beginning(separator, word, "");
            }
            break;
        }
    }
    counted.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(titles: &[&str], most_tokens: usize) -> String {
        context(&titles.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>(), most_tokens)
    }

    #[test]
    fn the_innermost_titles_stay() {
        assert_eq!(written(&["One  two", "", "three\nfour"], 100), "One two\nthree four");
        assert_eq!(written(&["one two three four", "five", "six"], 4), "five\nsix");
        assert_eq!(written(&["one", "two three four five six"], 3), "two three four");
        assert!(written(&["one", &"x".repeat(1_000)], 3).starts_with("xx"));
        assert_eq!(written(&[], 3), "");
    }
}
