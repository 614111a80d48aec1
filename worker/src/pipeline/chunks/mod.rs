//! Cuts a document into chunks for retrieval, out of its elements in reading order. Pure.
//!
//! - A chunk is elements of one section, as many as its tokens allow, and never has more tokens than it may.
//! - Headings go with what follows them. Items of one list, and a table or picture and its caption, stay together where
//!   they fit one chunk.
//! - What is longer than a chunk is [cut](split): tables and code between lines, with their head in each part; all
//!   other text behind sentences, then words, then characters.
//!
//! The time is linear in the text, whatever it says. Beside the element that is read, the chunker holds one open chunk
//! and the list, or the table and its caption, that may go into it.

mod block;
mod chunker;
mod context;
mod filling;
mod framed;
mod html_rows;
mod open;
mod outline;
mod sentences;
mod source;
mod split;
#[cfg(test)]
mod tests;
mod tokens;

pub(super) use self::{
    chunker::Chunker,
    source::{Kind, MOST_PAGES, Source},
};
