//! Puts elements into chunks: which of them stay together, and which are split. Pure.

use std::slice;

use quire_schemas::job::ChunkOptions;

use super::{
    block::Block,
    filling::{Filling, Sink},
    outline::{Outline, Place},
    source::Source,
    split,
};
use crate::job::Fault;

/// Cuts one document.
#[derive(Debug)]
pub(in crate::pipeline) struct Chunker {
    outline: Outline,
    block: Block,
    filling: Filling,
}

impl Chunker {
    pub(in crate::pipeline) fn new(options: &ChunkOptions) -> Self {
        Self { outline: Outline::default(), block: Block::default(), filling: Filling::new(options) }
    }

    /// Takes the next element that the document shows.
    ///
    /// # Errors
    /// Those of the sink.
    pub(in crate::pipeline) fn add(&mut self, source: Source, sink: Sink<'_>) -> Result<(), Fault> {
        if source.text.trim().is_empty() {
            return Ok(());
        }
        let place = self.outline.place(&source);
        if !self.block.takes(&source, &place) {
            self.end_block(sink)?;
        }
        self.block.push(source, place);
        if self.block.is_complete(self.filling.most_tokens) { self.end_block(sink) } else { Ok(()) }
    }

    /// Ends the last chunk.
    ///
    /// # Errors
    /// Those of the sink.
    pub(in crate::pipeline) fn finish(mut self, sink: Sink<'_>) -> Result<(), Fault> {
        self.end_block(sink)?;
        self.filling.end(sink)
    }

    fn end_block(&mut self, sink: Sink<'_>) -> Result<(), Fault> {
        let Block { sources, place, .. } = std::mem::take(&mut self.block);
        place.map_or(Ok(()), |place| self.put(&sources, &place, sink))
    }

    /// Puts elements that should stay together into the open chunk, the next one, or as many as they need.
    fn put(&mut self, sources: &[Source], place: &Place, sink: Sink<'_>) -> Result<(), Fault> {
        let filling = &mut self.filling;
        filling.begin(sources, place, sink)?;
        if filling.put_whole(sources, place, sink)? {
            return Ok(());
        }
        if filling.open.has_content() && !sources.iter().all(Source::is_running_text) {
            filling.go_on(place, sink)?;
        }
        for source in sources {
            if !filling.put_whole(slice::from_ref(source), place, sink)? {
                split::put(source, place, filling, sink)?;
            }
        }
        Ok(())
    }
}
