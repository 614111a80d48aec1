//! Texts that know how many tokens they have, by the encoding `cl100k_base`. Pure.
//!
//! The encoding first cuts a text into words, and then each word by itself into tokens. What is added behind a text
//! that does not end with white space changes its last word at most. So a text that grows counts only that word anew:
//! the number is exact, and the time linear.

use bpe_openai::cl100k_base;

/// No token of the encoding has more bytes.
const LONGEST_TOKEN_BYTES: usize = 128;
/// Bytes of a token in ordinary text.
const LIKELY_TOKEN_BYTES: usize = 4;

/// A text that grows, up to a number of tokens. What is added does not end with white space.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    text: String,
    most: usize,
    count: Count,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    tokens: usize,
    /// Where the last word begins, in bytes.
    last_word: usize,
    /// Tokens before the last word.
    before: usize,
}

/// An earlier end of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    bytes: usize,
    count: Count,
}

impl Counted {
    /// Makes an empty text that may grow to so many tokens.
    pub(super) fn up_to(most: usize) -> Self {
        Self { text: String::new(), most, count: Count::default() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) const fn tokens(&self) -> usize {
        self.count.tokens
    }

    pub(super) const fn mark(&self) -> Mark {
        Mark { bytes: self.text.len(), count: self.count }
    }

    /// Forgets what came after an earlier end.
    pub(super) fn reset(&mut self, mark: Mark) {
        self.text.truncate(mark.bytes);
        self.count = mark.count;
    }

    /// Adds a separator and a piece, if they fit and `after` would still fit behind them; says whether it has.
    pub(super) fn append(&mut self, separator: &str, piece: &str, after: &str) -> bool {
        // A text with more bytes has more tokens: it is not looked at.
        if separator.len() + piece.len() > self.most.saturating_mul(LONGEST_TOKEN_BYTES) {
            return false;
        }
        let mark = self.mark();
        self.text.push_str(separator);
        self.text.push_str(piece);
        match self.recount().filter(|_| self.has_room_for(after)) {
            Some(count) => self.count = count,
            None => self.reset(mark),
        }
        self.text.len() > mark.bytes
    }

    /// Adds a separator and as much of a piece as fits while `after` would still fit behind it, which may be nothing;
    /// returns its bytes. It ends with a word, if a whole one fits.
    pub(super) fn append_beginning(&mut self, separator: &str, piece: &str, after: &str) -> usize {
        let most = self.most.saturating_sub(cl100k_base().count(after));
        let mut window = self.most * LIKELY_TOKEN_BYTES;
        let end = loop {
            let tried = &piece[..piece.floor_char_boundary(window)];
            match self.first_too_many(separator, tried, most) {
                Some(end) => break end,
                None if tried.len() == piece.len() => break piece.len(),
                None => window *= 2,
            }
        };
        let mut end = cut(piece, end);
        // A token may end inside of a character; the shorter text is cut into other tokens then.
        while end > 0 && !self.append(separator, &piece[..end], after) {
            end = cut(piece, piece.floor_char_boundary(end - 1));
        }
        end
    }

    fn has_room_for(&mut self, after: &str) -> bool {
        let end = self.text.len();
        self.text.push_str(after);
        let has_room = after.is_empty() || self.recount().is_some();
        self.text.truncate(end);
        has_room
    }

    /// Counts the tokens of the text from its last known word on; `None` if they are too many.
    fn recount(&self) -> Option<Count> {
        let Count { last_word, before, .. } = self.count;
        let mut count = Count { tokens: before, last_word, before };
        let mut end = last_word;
        for word in cl100k_base().split(&self.text[last_word..]) {
            (count.last_word, count.before) = (end, count.tokens);
            end += word.len();
            count.tokens += cl100k_base().bpe.count(word.as_bytes());
            if count.tokens > self.most {
                return None;
            }
        }
        Some(count)
    }

    /// Returns where in a piece the first token begins with which the text has more than so many; `None` if there is
    /// none.
    fn first_too_many(&mut self, separator: &str, piece: &str, most: usize) -> Option<usize> {
        let mark = self.mark();
        self.text.push_str(separator);
        self.text.push_str(piece);
        let (mut tokens, mut end, mut cut) = (self.count.before, self.count.last_word, None);
        for word in cl100k_base().split(&self.text[end..]) {
            let found = cl100k_base().bpe.encode_via_backtracking(word.as_bytes());
            if tokens + found.len() > most {
                let fitting = found.iter().take(most.saturating_sub(tokens));
                cut = Some(end + fitting.map(|token| cl100k_base().bpe.token_len(*token)).sum::<usize>());
                break;
            }
            tokens += found.len();
            end += word.len();
        }
        self.reset(mark);
        cut.map(|cut| piece.floor_char_boundary(cut.saturating_sub(mark.bytes + separator.len())))
    }
}

/// Returns where a piece may be cut, no further than at a place: behind a word, or inside of the first one, but never
/// between a backslash and what it escapes.
fn cut(piece: &str, end: usize) -> usize {
    let (begun, rest) = piece.split_at(end);
    let words = begun.trim_end();
    if rest.is_empty() || rest.starts_with(char::is_whitespace) || words.len() < end {
        return words.len();
    }
    match begun.rfind(char::is_whitespace).map_or(0, |space| begun[..space].trim_end().len()) {
        0 => end - (end - begun.trim_end_matches('\\').len()) % 2,
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens_of(text: &str) -> usize {
        cl100k_base().count(text)
    }

    #[test]
    fn words_are_counted_as_the_encoding_counts_them() {
        let mut text = Counted::up_to(100);
        assert!(text.append("", "hello world", "") && text.append(" ", "12345 |", ""));
        assert_eq!((text.tokens(), text.text()), (6, "hello world 12345 |"));
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut text = Counted::up_to(3);
        assert!(text.append("", "one two", ""));
        assert!(!text.append(" ", "three", "\n```"));
        assert!(!text.append(" ", "three four", ""));
        assert!(!text.append(" ", &"x".repeat(1 << 20), ""));
        assert!(text.append(" ", "three", ""));
        assert_eq!((text.tokens(), text.text()), (3, "one two three"));
    }

    #[test]
    fn a_word_of_any_length_is_cut_where_the_tokens_end() {
        let word = "a".repeat(3 << 20);
        let (mut place, mut pieces) = (0, 0);
        while place < word.len() {
            let mut text = Counted::up_to(8_192);
            assert!(text.append("", "Above", ""));
            let taken = text.append_beginning("\n\n", &word[place..], "");
            assert!(taken > 8_192 || place + taken == word.len());
            (place, pieces) = (place + taken, pieces + 1);
        }
        assert!(pieces < 400, "{pieces}");
    }

    #[test]
    fn a_piece_ends_with_a_word_or_inside_of_the_first_one_but_not_behind_a_backslash_that_escapes() {
        let ends = |piece: &str| (0..=piece.len()).map(|end| cut(piece, end)).collect::<Vec<_>>();
        assert_eq!(ends("a bc d"), [0, 1, 1, 1, 4, 4, 6]);
        assert_eq!(ends("  ab"), [0, 0, 0, 3, 4]);
        assert_eq!(ends(r"a\\<\"), [0, 1, 1, 3, 4, 5]);
        let mut text = Counted::up_to(8);
        assert_eq!(text.append_beginning("", "one two three four five six seven eight", "\n```"), 27);
        assert_eq!((text.tokens(), text.text()), (6, "one two three four five six"));
    }

    proptest! {
        #[test]
        fn a_text_that_has_grown_has_as_many_tokens_as_the_same_text_at_once(
            pieces in prop::collection::vec("([ \\n\\ta-zA-Z0-9'.|é中。🙂(-]|\\PC){1,8}", 1..12),
            separator in "[ \\n]{0,3}",
        ) {
            let mut text = Counted::up_to(40);
            for piece in &pieces {
                let piece = piece.trim();
                if !piece.is_empty() && !text.append(&separator, piece, "") {
                    text.append_beginning(&separator, piece, "```");
                }
                prop_assert_eq!(text.tokens(), tokens_of(text.text()));
                prop_assert!(text.tokens() <= 40);
            }
        }
    }
}
