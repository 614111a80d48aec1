//! The chunk that is being filled, and the way from one to the next. Pure.

use quire_schemas::{chunk::Chunk, job::ChunkOptions};

use super::{context::context, open::Open, outline::Place, source::Source};
use crate::job::Fault;

/// A chunk has room for a character below any heading.
const FEWEST_TOKENS: usize = 64;
/// The headings above a text may take one in so many of a chunk's tokens.
const PARTS_FOR_HEADINGS: usize = 4;

/// Takes finished chunks.
pub(in crate::pipeline) type Sink<'s> = &'s mut dyn FnMut(Chunk) -> Result<(), Fault>;

/// The open chunk, and how large chunks are.
#[derive(Debug)]
pub(super) struct Filling {
    pub(super) open: Open,
    pub(super) most_tokens: usize,
    most_overlap: usize,
    /// Chunks that are finished.
    count: u32,
}

impl Filling {
    pub(super) fn new(options: &ChunkOptions) -> Self {
        let most_tokens = (options.max_tokens as usize).max(FEWEST_TOKENS);
        let most_overlap = (options.overlap as usize).min(most_tokens / 2);
        Self { open: Open::below("", most_tokens), most_tokens, most_overlap, count: 0 }
    }

    /// Prepares the open chunk for elements: ends that of another section.
    pub(super) fn begin(&mut self, sources: &[Source], place: &Place, sink: Sink<'_>) -> Result<(), Fault> {
        let begins_section = sources.iter().any(Source::is_heading) || self.open.section() != place.section;
        if self.open.has_content() && begins_section {
            self.end(sink)?;
        }
        if self.open.is_blank() {
            self.open = self.below(&place.above);
        }
        Ok(())
    }

    /// Puts elements into the open chunk or the next one, all or none; says whether they fit.
    pub(super) fn put_whole(&mut self, sources: &[Source], place: &Place, sink: Sink<'_>) -> Result<bool, Fault> {
        if self.open.take(sources, place) {
            return Ok(true);
        }
        // Headings may stand alone only where another heading has no room below them.
        let may_end = self.open.has_content() || self.open.is_blank() || sources.iter().all(Source::is_heading);
        let mut next = self.below(&place.above);
        if !may_end || !next.take(sources, place) {
            return Ok(false);
        }
        let mut repeating = self.below(&place.above);
        let overlap = self.open.last_sentences(self.most_overlap);
        if !overlap.is_empty() && repeating.repeat(overlap) && repeating.take(sources, place) {
            next = repeating;
        }
        self.end(sink)?;
        self.open = next;
        Ok(true)
    }

    /// Ends the open chunk, and begins one that goes on in its section.
    pub(super) fn go_on(&mut self, place: &Place, sink: Sink<'_>) -> Result<(), Fault> {
        let mut next = self.below(&place.section);
        let overlap = self.open.last_sentences(self.most_overlap);
        if !overlap.is_empty() {
            next.repeat(overlap);
        }
        self.end(sink)?;
        self.open = next;
        Ok(())
    }

    /// Begins the open chunk anew, without what it repeats; it has nothing else.
    pub(super) fn repeat_nothing(&mut self, place: &Place) {
        self.open = self.below(&place.section);
    }

    /// Ends the open chunk, if it has anything.
    pub(super) fn end(&mut self, sink: Sink<'_>) -> Result<(), Fault> {
        let open = std::mem::replace(&mut self.open, Open::below("", self.most_tokens));
        let Some(chunk) = open.into_chunk(self.count) else { return Ok(()) };
        self.count = self.count.saturating_add(1);
        sink(chunk)
    }

    /// Says whether a text has no more than half of the tokens of a chunk.
    pub(super) fn is_small(&self, text: &str) -> bool {
        text.is_empty() || Open::below("", self.most_tokens / 2).append("", text, "")
    }

    /// Says whether a piece fits a chunk of its own behind a head, and `after` behind them.
    pub(super) fn has_room_for(&self, place: &Place, head: &str, piece: &str, after: &str) -> bool {
        let mut open = self.below(&place.section);
        (head.is_empty() || open.repeat(head)) && open.append("\n", piece, after)
    }

    fn below(&self, headings: &[String]) -> Open {
        Open::below(&context(headings, self.most_tokens / PARTS_FOR_HEADINGS), self.most_tokens)
    }
}
