//! A line of `chunks.jsonl`: a piece of the document for retrieval.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::element::{CharSpan, Region};

/// Holds a piece of the document for retrieval: elements of one section that follow each other, as many as a number of
/// tokens allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chunk {
    /// `c0001` for the first one; stable for one source and configuration.
    pub id: String,
    /// The place among the chunks, from 0.
    pub index: u32,
    /// The Markdown of its elements, as `document.md` has it.
    pub text: String,
    /// The text below the headings that stand above it: what is to be embedded.
    pub contextualized_text: String,
    /// Tokens of `contextualized_text` by the encoding `cl100k_base`.
    pub token_count: u32,
    /// How many Unicode scalar values at the beginning of `text` repeat the chunk before it: the overlap that the job
    /// asked for, or the head of a table that goes on. Not counting them, what the document shows stands in one chunk.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated_characters: u32,
    /// The titles of the section that it is part of, outermost first: at most the 16 innermost, each cut after 200
    /// characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
    /// The pages that it stands on, from 1, ascending.
    #[schemars(inner(range(min = 1)))]
    pub page_numbers: Vec<u32>,
    /// The elements that it holds, wholly or in part, in reading order; not those that it only repeats.
    pub element_ids: Vec<String>,
    /// Where its elements stand: for each of them, in their order, and for each page one region, around all of the
    /// element that stands there, even if the chunk holds only a part. At most 32 for an element.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
    /// Which part it holds of each element that was too long for a chunk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ChunkPart>,
}

/// Says which part of an element a chunk holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ChunkPart {
    pub element_id: String,
    /// The part of the element's `markdown`, or of its `text` if it has none: `[start, end)` in Unicode scalar values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub char_span: Option<CharSpan>,
    /// The rows of a table: `[start, end)`, from 0, as its cells count them. The head that is repeated is no part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<[u32; 2]>,
}

const fn is_zero(count: &u32) -> bool {
    *count == 0
}
