//! Elements that are longer than a chunk: tables and code between their lines, all other text behind sentences, then
//! words, then characters. Pure.

use std::ops::Range;

use super::{
    filling::{Filling, Sink},
    framed::Framed,
    open::{Part, number},
    outline::Place,
    sentences::{sentences, words},
    source::{Kind, Source},
};
use crate::job::Fault;

/// Puts an element into the open chunk and as many further ones as it needs.
pub(super) fn put(source: &Source, place: &Place, filling: &mut Filling, sink: Sink<'_>) -> Result<(), Fault> {
    let framed = Framed::of(source).filter(|framed| filling.is_small(framed.head) && filling.is_small(framed.foot));
    let separator = source.separator(filling.open.ends_with_item());
    let rows = framed.as_ref().and_then(|framed| first_row(source, framed)).map(|row| (row, row));
    let mut splitting = Splitting { source, place, filling, separator, done: None, rows, byte: 0, characters: 0 };
    match framed {
        Some(framed) => splitting.put_lines(&framed, sink),
        None => splitting.put_text(0..source.text.len(), sink),
    }
}

/// Returns the row of a table that its first line is, below its head.
fn first_row(source: &Source, framed: &Framed<'_>) -> Option<u32> {
    let Kind::Table { num_rows } = source.kind else { return None };
    let lines = framed.lines().filter(|(_, line)| !line.is_empty()).count();
    Some(num_rows.saturating_sub(number(lines)))
}

/// An element that is being split.
struct Splitting<'s> {
    source: &'s Source,
    place: &'s Place,
    filling: &'s mut Filling,
    /// What stands before the element.
    separator: &'static str,
    /// Where what was put last ends, in bytes.
    done: Option<usize>,
    /// The rows of a table that are put next: the first, and the one behind them.
    rows: Option<(u32, u32)>,
    /// How far characters are counted, in bytes.
    byte: usize,
    characters: u32,
}

impl<'s> Splitting<'s> {
    fn put_text(&mut self, range: Range<usize>, sink: Sink<'_>) -> Result<(), Fault> {
        let mut end = range.start;
        for sentence in sentences(&self.source.text[range]) {
            let start = end;
            end += sentence.len();
            if !self.put_piece(start, sentence, sink)? {
                self.put_words(start, sentence, sink)?;
            }
        }
        Ok(())
    }

    fn put_words(&mut self, start: usize, sentence: &str, sink: Sink<'_>) -> Result<(), Fault> {
        let mut end = start;
        for word in words(sentence) {
            let start = end;
            end += word.len();
            if !self.put_piece(start, word, sink)? {
                self.put_characters(start, word.trim(), sink)?;
            }
            self.filling.open.end_sentences();
        }
        Ok(())
    }

    /// Puts a word that begins at a place and is longer than a chunk.
    fn put_characters(&mut self, start: usize, word: &str, sink: Sink<'_>) -> Result<(), Fault> {
        let mut taken = 0;
        while taken < word.len() {
            let separator = self.separator_before(start + taken);
            match self.filling.open.append_beginning(separator, &word[taken..]) {
                0 => self.go_on(sink)?,
                bytes => {
                    self.note(start + taken, start + taken + bytes);
                    taken += bytes;
                }
            }
        }
        Ok(())
    }

    /// Puts a piece that begins at a place into the open chunk or the next one; says whether it fits. White space around
    /// it is left out at the ends of a chunk.
    fn put_piece(&mut self, start: usize, piece: &str, sink: Sink<'_>) -> Result<bool, Fault> {
        let start = start + piece.len() - piece.trim_start().len();
        let piece = piece.trim();
        if piece.is_empty() {
            return Ok(true);
        }
        let mut fits = self.append(start, piece);
        if !fits && self.filling.open.has_content() {
            self.go_on(sink)?;
            fits = self.append(start, piece);
        }
        if !fits && self.filling.open.is_blank() {
            self.filling.repeat_nothing(self.place);
            fits = self.append(start, piece);
        }
        if fits {
            self.note(start, start + piece.len());
        }
        Ok(fits)
    }

    fn append(&mut self, start: usize, piece: &str) -> bool {
        let separator = self.separator_before(start);
        self.filling.open.append(separator, piece, "")
    }

    fn separator_before(&self, start: usize) -> &'s str {
        match self.done {
            Some(done) => &self.source.text[done..start],
            None => self.separator,
        }
    }

    fn go_on(&mut self, sink: Sink<'_>) -> Result<(), Fault> {
        self.filling.go_on(self.place, sink)
    }

    /// Notes what was put last.
    fn note(&mut self, start: usize, end: usize) {
        let part = match self.rows {
            Some((first, end)) => Part::Rows(first, end),
            None => {
                let first = self.count_to(start);
                Part::Characters(first, self.count_to(end))
            }
        };
        self.filling.open.note(self.source, self.place, Some(part));
        self.done = Some(end);
    }

    /// Counts the characters before a place, which is no earlier than the one before it.
    fn count_to(&mut self, byte: usize) -> u32 {
        self.characters = self.characters.saturating_add(number(self.source.text[self.byte..byte].chars().count()));
        self.byte = byte;
        self.characters
    }

    fn put_lines(&mut self, framed: &Framed<'_>, sink: Sink<'_>) -> Result<(), Fault> {
        let mut head = Head { text: framed.head, is_shown: framed.head.is_empty() };
        let close = if framed.foot.is_empty() { String::new() } else { format!("\n{}", framed.foot) };
        // Whether the open chunk ends with a line of the frame.
        let mut is_in_frame = false;
        for (start, line) in framed.lines().filter(|(_, line)| !line.is_empty()) {
            self.rows = self.rows.map(|(_, row)| (row, row.saturating_add(1)));
            let separator = self.separator_before(start);
            if !is_in_frame || !self.filling.open.append(separator, line, &close) {
                if is_in_frame {
                    self.close_frame(framed);
                }
                is_in_frame = self.begin_frame(&mut head, (start, line), &close, sink)?;
            }
            if is_in_frame {
                self.note(start, start + line.len());
            } else {
                self.put_text(start..start + line.len(), sink)?;
            }
        }
        if is_in_frame {
            self.close_frame(framed);
        }
        self.show_head(&mut head, sink)
    }

    /// Puts a line behind the head into the open chunk or the next one; says whether it fits. If it does not, a chunk has
    /// the head nevertheless.
    fn begin_frame(
        &mut self,
        head: &mut Head<'_>,
        line: (usize, &str),
        close: &str,
        sink: Sink<'_>,
    ) -> Result<bool, Fault> {
        if self.append_framed(head, line, close) {
            return Ok(true);
        }
        if !self.filling.open.has_content() && !self.filling.open.is_blank() {
            // Headings do not stand alone, and the line has no room below them.
            self.show_head(head, sink)?;
        }
        if self.filling.open.has_content() {
            self.go_on(sink)?;
        }
        if self.filling.open.is_blank() {
            self.filling.repeat_nothing(self.place);
        }
        let fits = self.append_framed(head, line, close);
        if !fits {
            self.show_head(head, sink)?;
        }
        Ok(fits)
    }

    /// Adds a line behind the head to the open chunk; says whether it has.
    fn append_framed(&mut self, head: &mut Head<'_>, (start, line): (usize, &str), close: &str) -> bool {
        let separator = self.separator_before(start);
        let open = &mut self.filling.open;
        let earlier = open.state();
        let fits = match (head.text, head.is_shown) {
            ("", _) => open.append(separator, line, close),
            (text, true) => open.repeat(text) && open.append("\n", line, close),
            (text, false) => open.append(self.separator, text, "") && open.append("\n", line, close),
        };
        if fits {
            head.is_shown = true;
        } else {
            open.reset(earlier);
        }
        fits
    }

    /// Shows the head as text, unless a chunk has it.
    fn show_head(&mut self, head: &mut Head<'_>, sink: Sink<'_>) -> Result<(), Fault> {
        if std::mem::replace(&mut head.is_shown, true) {
            return Ok(());
        }
        let rows = self.rows;
        self.rows = rows.map(|(row, _)| (row, row));
        let start = self.source.text.len() - self.source.text.trim_start().len();
        self.put_text(start..start + head.text.len(), sink)?;
        self.rows = rows;
        Ok(())
    }

    /// Closes the frame of the lines that the open chunk ends with: it has kept room for that.
    fn close_frame(&mut self, framed: &Framed<'_>) {
        if !framed.foot.is_empty() {
            self.filling.open.append("\n", framed.foot, "");
        }
        self.filling.open.end_sentences();
    }
}

/// The head of a frame.
struct Head<'t> {
    text: &'t str,
    /// Whether a chunk has it already.
    is_shown: bool,
}
