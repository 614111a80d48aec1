//! Elements that are longer than a chunk: tables and code between their lines, all other text behind sentences, then
//! words, then characters. Pure.
//!
//! What is cut stays what it was: each part of a table is a table, each part of code is code, and what cannot be so is
//! text without markup.

use std::{borrow::Cow, ops::Range};

use super::{
    filling::{Filling, Sink},
    framed::{Framed, Lines},
    html_rows::{Reaching, without_tags},
    open::{Earlier, Part, number},
    outline::Place,
    sentences::{sentences, words},
    source::{Kind, Source},
};
use crate::job::Fault;

/// Puts an element into the open chunk and as many further ones as it needs.
pub(super) fn put(source: &Source, place: &Place, filling: &mut Filling, sink: Sink<'_>) -> Result<(), Fault> {
    let framed = Framed::of(source);
    let has_room = framed.as_ref().is_some_and(|framed| filling.is_small(&framed.around()));
    let separator = source.separator(filling.open.ends_with_item());
    let framed = framed.filter(|framed| has_room || framed.lines == Lines::Html);
    let rows = framed.as_ref().and_then(|framed| first_row(source, framed)).map(|row| (row, row));
    let mut splitting = Splitting { source, place, filling, separator, done: None, rows, byte: 0, characters: 0 };
    match framed {
        Some(framed) if has_room => splitting.put_lines(&framed, sink),
        Some(framed) => splitting.put_rows_without_tags(&framed, sink),
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
            match self.filling.open.append_beginning(separator, &word[taken..], "") {
                0 => self.go_on(sink)?,
                bytes => {
                    self.note(start + taken, start + taken + bytes);
                    taken += bytes;
                }
            }
        }
        Ok(())
    }

    /// Puts a piece that begins at a place into the open chunk or the next one; says whether it fits. White space
    /// around it is left out at the ends of a chunk.
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
        let mut frame = Frame::of(framed);
        for unit in framed.units() {
            if unit.len() == 1 || !self.put_unit(&mut frame, &unit, sink)? {
                self.put_rows(&mut frame, &unit, sink)?;
            }
        }
        self.close(&mut frame);
        self.show_head(&mut frame, sink)
    }

    /// Puts rows that should not be parted into the open chunk or the next one; says whether they fit.
    fn put_unit(&mut self, frame: &mut Frame<'_>, unit: &[(usize, &str)], sink: Sink<'_>) -> Result<bool, Fault> {
        let (Some((start, _)), Some((last, row))) = (unit.first(), unit.last()) else { return Ok(true) };
        let (start, end) = (*start, last + row.len());
        let rows = &self.source.text[start..end];
        let fits = self.append_line(frame, start, rows);
        if !fits && !self.filling.has_room_for(self.place, frame.head, rows, &frame.close) {
            return Ok(false);
        }
        let before = self.rows;
        self.count_rows(number(unit.len()));
        if !fits {
            self.close(frame);
            if !self.begin_frame(frame, start, rows, sink)? {
                self.rows = before;
                return Ok(false);
            }
        }
        self.note(start, end);
        Ok(true)
    }

    /// Puts lines one by one. A row that a chunk begins with has the cells that reach into it from above.
    fn put_rows(&mut self, frame: &mut Frame<'_>, unit: &[(usize, &str)], sink: Sink<'_>) -> Result<(), Fault> {
        let mut reaching = Reaching::default();
        for (start, line) in unit {
            self.count_rows(1);
            if self.append_line(frame, *start, line) {
                self.note(*start, start + line.len());
            } else {
                let whole = if unit.len() > 1 { Cow::Owned(reaching.with_next(line)) } else { Cow::Borrowed(*line) };
                let has_room = self.filling.has_room_for(self.place, frame.head, &whole, &frame.close);
                let shown = if has_room { &*whole } else { *line };
                self.put_in_next(frame, *start..start + line.len(), shown, sink)?;
            }
            if unit.len() > 1 {
                reaching.pass(line);
            }
        }
        Ok(())
    }

    /// Puts a line, as it is shown, behind the head into the open chunk or the next one, or cuts it.
    fn put_in_next(
        &mut self,
        frame: &mut Frame<'_>,
        place: Range<usize>,
        shown: &str,
        sink: Sink<'_>,
    ) -> Result<(), Fault> {
        self.close(frame);
        if self.begin_frame(frame, place.start, shown, sink)? {
            self.note(place.start, place.end);
            return Ok(());
        }
        match frame.lines {
            Lines::Code => self.put_pieces(frame, place, sink),
            Lines::Html => self.put_without_tags(shown, place.end, sink),
            Lines::Pipes => self.put_text(place, sink),
        }
    }

    /// Puts a line of code that is longer than a chunk in pieces, each in a frame of its own, so that none of them is
    /// taken for markup. The last frame stays open.
    fn put_pieces(&mut self, frame: &mut Frame<'_>, place: Range<usize>, sink: Sink<'_>) -> Result<(), Fault> {
        let mut start = place.start;
        while start < place.end {
            let is_fresh = self.filling.open.is_blank();
            let rest = &self.source.text[start..place.end];
            let end = start + self.append_piece(frame, start, rest);
            if end > start {
                self.note(start, end);
            } else if !is_fresh {
                self.go_on(sink)?;
                continue;
            } else if !rest.starts_with(char::is_whitespace) {
                // Not even a character fits the frame, which no document of Quire's own has.
                return self.put_text(start..place.end, sink);
            }
            start = place.end - self.source.text[end..place.end].trim_start().len();
            if start < place.end {
                self.close(frame);
                self.go_on(sink)?;
            }
        }
        Ok(())
    }

    /// Puts what a table says whose head is too long to be repeated.
    fn put_rows_without_tags(&mut self, framed: &Framed<'_>, sink: Sink<'_>) -> Result<(), Fault> {
        self.put_without_tags(framed.head, 0, sink)?;
        for (start, row) in framed.lines().filter(|(_, row)| !row.is_empty()) {
            self.count_rows(1);
            self.put_without_tags(row, start + row.len(), sink)?;
        }
        Ok(())
    }

    /// Puts what a piece of HTML says that ends at a place: cut, its tags would not be whole.
    fn put_without_tags(&mut self, html: &str, end: usize, sink: Sink<'_>) -> Result<(), Fault> {
        let source = Source {
            id: self.source.id.clone(),
            kind: self.source.kind.clone(),
            page_number: self.source.page_number,
            section_path: Vec::new(),
            text: without_tags(html),
            regions: self.source.regions.clone(),
        };
        let separator = if self.done.is_none() { self.separator } else { "\n\n" };
        let (place, rows, filling) = (self.place, self.rows, &mut *self.filling);
        let mut splitting =
            Splitting { source: &source, place, filling, separator, done: None, rows, byte: 0, characters: 0 };
        splitting.put_text(0..source.text.len(), sink)?;
        self.done = Some(end);
        Ok(())
    }

    /// Goes on to so many further rows.
    fn count_rows(&mut self, count: u32) {
        self.rows = self.rows.map(|(_, row)| (row, row.saturating_add(count)));
    }

    /// Adds a line to the open frame; says whether it has.
    fn append_line(&mut self, frame: &Frame<'_>, start: usize, line: &str) -> bool {
        let separator = self.separator_before(start);
        frame.is_open && self.filling.open.append(separator, line, &frame.close)
    }

    /// Puts a line behind the head into the open chunk or the next one; says whether it fits. If it does not, a chunk
    /// has the head of a table nevertheless.
    fn begin_frame(&mut self, frame: &mut Frame<'_>, start: usize, line: &str, sink: Sink<'_>) -> Result<bool, Fault> {
        if self.append_framed(frame, start, line) {
            return Ok(true);
        }
        if !self.filling.open.has_content() && !self.filling.open.is_blank() {
            // Headings do not stand alone, and the line has no room below them.
            if frame.lines == Lines::Code {
                return Ok(false);
            }
            self.show_head(frame, sink)?;
        }
        // A head may say nothing that could stand below the headings.
        if !self.filling.open.is_blank() {
            self.go_on(sink)?;
        }
        self.filling.repeat_nothing(self.place);
        let fits = self.append_framed(frame, start, line);
        if !fits {
            self.show_head(frame, sink)?;
        }
        Ok(fits)
    }

    /// Adds a line behind the head to the open chunk; says whether it has.
    fn append_framed(&mut self, frame: &mut Frame<'_>, start: usize, line: &str) -> bool {
        let earlier = self.filling.open.state();
        let separator = self.append_head(frame, start);
        let fits = separator.is_some_and(|separator| self.filling.open.append(separator, line, &frame.close));
        self.open_frame(frame, earlier, fits);
        fits
    }

    /// Adds as much of a line as fits behind the head to the open chunk; returns its bytes.
    fn append_piece(&mut self, frame: &mut Frame<'_>, start: usize, line: &str) -> usize {
        let earlier = self.filling.open.state();
        let separator = self.append_head(frame, start);
        let open = &mut self.filling.open;
        let bytes = separator.map_or(0, |separator| open.append_beginning(separator, line, &frame.close));
        self.open_frame(frame, earlier, bytes > 0);
        bytes
    }

    /// Adds the head to the open chunk; returns what stands between it and a line that begins at a place. `None` if it
    /// has no room.
    fn append_head(&mut self, frame: &Frame<'_>, start: usize) -> Option<&'s str> {
        match (frame.head, frame.is_shown) {
            ("", _) => Some(self.separator_before(start)),
            (head, true) => self.filling.open.repeat(head).then_some("\n"),
            (head, false) => self.filling.open.append(self.separator, head, "").then_some("\n"),
        }
    }

    /// Keeps a frame that has a line, or forgets what was added of it.
    fn open_frame(&mut self, frame: &mut Frame<'_>, earlier: Earlier, has_line: bool) {
        frame.is_open = has_line;
        frame.is_shown |= has_line;
        if !has_line {
            self.filling.open.reset(earlier);
        }
    }

    /// Shows the head of a table, unless a chunk has it.
    fn show_head(&mut self, frame: &mut Frame<'_>, sink: Sink<'_>) -> Result<(), Fault> {
        if frame.lines == Lines::Code || std::mem::replace(&mut frame.is_shown, true) {
            return Ok(());
        }
        let rows = self.rows;
        self.rows = rows.map(|(row, _)| (row, row));
        let start = self.source.text.len() - self.source.text.trim_start().len();
        let end = start + frame.head.len();
        match frame.lines {
            Lines::Html => self.put_without_tags(frame.head, end, sink)?,
            Lines::Pipes | Lines::Code => self.put_text(start..end, sink)?,
        }
        self.rows = rows;
        Ok(())
    }

    /// Closes the frame that the open chunk ends with, if it is open: it has kept room for that.
    fn close(&mut self, frame: &mut Frame<'_>) {
        if std::mem::replace(&mut frame.is_open, false) {
            if !frame.foot.is_empty() {
                self.filling.open.append("\n", frame.foot, "");
            }
            self.filling.open.end_sentences();
        }
    }
}

/// What stands around lines that are put.
struct Frame<'t> {
    lines: Lines,
    head: &'t str,
    foot: &'t str,
    /// The foot as it stands behind a line.
    close: String,
    /// Whether a chunk has the head already.
    is_shown: bool,
    /// Whether the open chunk ends with a line of it.
    is_open: bool,
}

impl<'t> Frame<'t> {
    fn of(framed: &Framed<'t>) -> Self {
        let &Framed { lines, head, foot, .. } = framed;
        let close = if foot.is_empty() { String::new() } else { format!("\n{foot}") };
        Self { lines, head, foot, close, is_shown: head.is_empty(), is_open: false }
    }
}
