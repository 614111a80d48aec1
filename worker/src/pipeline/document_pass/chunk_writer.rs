//! `chunks.jsonl`: the elements that the document shows, cut into chunks, in a temporary file.

use std::{convert::Infallible, path::Path};

use quire_schemas::{
    chunk::Chunk,
    element::{BBox, ElementType, Region},
    job::ChunkOptions,
    result::Warning,
};

use super::{
    json_fields::{JsonFields, JsonText, ObjectList},
    limits::limit_reached,
    scratch::Scratch,
    spooled_page::unreadable,
};
use crate::{
    job::Fault,
    pipeline::chunks::{Chunker, Kind, MOST_PAGES, Source},
};

/// Largest `chunks.jsonl`, which is uploaded from memory.
const MOST_BYTES: u64 = 64 << 20;

/// Takes the elements of the document in their order.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    chunker: Chunker,
    chunks: Chunks,
}

/// `chunks.jsonl` in a temporary file. Ends between two chunks.
#[derive(Debug)]
pub(crate) struct Chunks {
    scratch: Scratch,
    most_bytes: u64,
    /// The id of the first chunk that did not fit.
    ends_before: Option<String>,
}

impl ChunkWriter {
    pub(super) fn create(folder: &Path, options: &ChunkOptions) -> Result<Self, Fault> {
        let scratch = Scratch::create(folder)?;
        let chunks = Chunks { scratch, most_bytes: MOST_BYTES, ends_before: None };
        Ok(Self { chunker: Chunker::new(options), chunks })
    }

    /// Writes the next element of a page, of which the document shows a text.
    pub(super) fn write(&mut self, page: u32, element: &JsonFields<'_>, shown: JsonText<'_>) -> Result<(), Fault> {
        let Self { chunker, chunks } = self;
        if chunks.ends_before.is_some() {
            return Ok(());
        }
        let source = source(element, shown).map_err(|error| unreadable(page, error))?;
        chunker.add(source, &mut |chunk| chunks.push(&chunk))
    }

    pub(super) fn finish(self) -> Result<Chunks, Fault> {
        let Self { chunker, mut chunks } = self;
        chunker.finish(&mut |chunk| chunks.push(&chunk))?;
        Ok(chunks)
    }
}

impl Chunks {
    fn push(&mut self, chunk: &Chunk) -> Result<(), Fault> {
        if self.ends_before.is_some() {
            return Ok(());
        }
        let mut line = serde_json::to_vec(chunk).expect("a chunk has string keys only");
        line.push(b'\n');
        if self.scratch.bytes() + line.len() as u64 > self.most_bytes {
            self.ends_before = Some(chunk.id.clone());
            return Ok(());
        }
        self.scratch.put(&line)
    }

    pub(super) fn warning(&self) -> Option<Warning> {
        let id = self.ends_before.as_ref()?;
        let message = format!("chunks.jsonl ends before chunk {id}; it may have {} bytes", self.most_bytes);
        Some(limit_reached(message))
    }

    /// Reads them into memory.
    ///
    /// # Errors
    /// `internal` if they cannot be read back.
    pub(crate) fn into_bytes(self) -> Result<Vec<u8>, Fault> {
        self.scratch.into_bytes(0)
    }
}

fn source(element: &JsonFields<'_>, shown: JsonText<'_>) -> serde_json::Result<Source> {
    let mut text = String::new();
    let Ok(()) = shown.each_piece(|piece| {
        text.push_str(piece);
        Ok::<_, Infallible>(())
    });
    Ok(Source {
        id: element.require("id")?,
        kind: kind(element)?,
        page_number: element.require("page_number")?,
        section_path: element.get("section_path")?.unwrap_or_default(),
        text,
        regions: regions(element)?,
    })
}

fn kind(element: &JsonFields<'_>) -> serde_json::Result<Kind> {
    if let Some(table) = element.fields("table")? {
        return Ok(Kind::Table { num_rows: table.get("num_rows")?.unwrap_or_default() });
    }
    let heading = |usual_level: u32| -> serde_json::Result<Kind> {
        let level: Option<u32> = element.get("level")?;
        let title: Option<String> = element.get("text")?;
        Ok(Kind::Heading { level: level.unwrap_or(usual_level), title: title.unwrap_or_default() })
    };
    match element.require::<ElementType>("type")? {
        ElementType::Title => heading(1),
        ElementType::SectionHeader => heading(2),
        ElementType::ListItem => Ok(Kind::Item),
        ElementType::Caption => Ok(Kind::Caption),
        ElementType::Table => Ok(Kind::Table { num_rows: 0 }),
        ElementType::Picture | ElementType::Chart => Ok(Kind::Picture),
        ElementType::Code => Ok(Kind::Code),
        _ => Ok(Kind::Text),
    }
}

/// Joins the regions of an element to one for each page, in the order in which they come.
fn regions(element: &JsonFields<'_>) -> serde_json::Result<Vec<Region>> {
    let mut of_pages: Vec<Region> = Vec::new();
    let Some(list) = element.raw("regions") else { return Ok(of_pages) };
    for region in ObjectList::of(list)? {
        let region = region?;
        let (page_number, bbox): (u32, Option<BBox>) = (region.require("page_number")?, region.get("bbox")?);
        match of_pages.iter().position(|known| known.page_number == page_number) {
            Some(known) => of_pages[known].bbox = around(of_pages[known].bbox, bbox),
            None if of_pages.len() < MOST_PAGES => of_pages.push(Region::new(page_number, bbox)),
            None => {}
        }
    }
    Ok(of_pages)
}

fn around(one: Option<BBox>, other: Option<BBox>) -> Option<BBox> {
    one.zip(other).map(|(one, other)| one.union(other)).or(one).or(other)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn writer(most_bytes: u64) -> ChunkWriter {
        let options = ChunkOptions { max_tokens: 64, overlap: 0 };
        let mut writer = ChunkWriter::create(&std::env::temp_dir(), &options).expect("a temporary folder");
        writer.chunks.most_bytes = most_bytes;
        writer
    }

    /// Writes elements, of each of which the document shows the `markdown`.
    fn written(most_bytes: u64, elements: &[Value]) -> Chunks {
        let mut writer = writer(most_bytes);
        for element in elements {
            let json = element.to_string();
            let element: JsonFields<'_> = serde_json::from_str(&json).expect("an object");
            let shown = element.text("markdown").expect("a string").expect("it is there");
            writer.write(1, &element, shown).expect("room");
        }
        writer.finish().expect("room")
    }

    fn read(chunks: Chunks) -> Vec<Chunk> {
        let lines = String::from_utf8(chunks.into_bytes().expect("readable")).expect("text");
        lines.lines().map(|line| serde_json::from_str(line).expect("a chunk")).collect()
    }

    #[test]
    fn an_element_becomes_part_of_a_chunk_with_its_heading_and_its_places() {
        let region = |page: u32, top: f64| json!({ "page_number": page, "bbox": [10.0, top, 20.0, top + 5.0] });
        let chunks = written(
            1 << 20,
            &[
                json!({ "id": "p1-e0001", "type": "section_header", "level": 1, "page_number": 1, "text": "A *b*",
                        "markdown": "# A \\*b\\*", "regions": [{ "page_number": 1 }] }),
                json!({ "id": "p1-e0002", "type": "text", "page_number": 1, "text": "c", "markdown": "c \u{1f600}",
                        "section_path": ["A *b*"], "regions": [region(1, 50.0), region(2, 1.0), region(1, 70.0)] }),
            ],
        );
        assert!(chunks.warning().is_none());
        let chunks = read(chunks);
        assert_eq!(chunks.len(), 1);
        assert_eq!(
            (chunks[0].text.as_str(), chunks[0].page_numbers.as_slice()),
            ("# A \\*b\\*\n\nc \u{1f600}", &[1, 2][..])
        );
        assert_eq!(
            (&chunks[0].headings[..], &chunks[0].element_ids[..]),
            (&["A *b*".to_owned()][..], &["p1-e0001".to_owned(), "p1-e0002".to_owned()][..],)
        );
        let expected = [
            Region::new(1, None),
            Region::new(1, Some(BBox::new(10.0, 50.0, 20.0, 75.0))),
            Region::new(2, Some(BBox::new(10.0, 1.0, 20.0, 6.0))),
        ];
        assert_eq!(chunks[0].regions, expected);
    }

    #[test]
    fn chunks_beyond_the_limit_are_left_out_and_a_warning_says_so() {
        let element = |number: u32| {
            json!({ "id": format!("p1-e{number:04}"), "type": "title", "level": 1, "page_number": 1, "text": "a",
                    "markdown": "a text of several words ".repeat(10) })
        };
        let elements: Vec<Value> = (1..=9).map(element).collect();
        let chunks = written(2_000, &elements);
        let warning = chunks.warning().expect("they do not fit");
        assert_eq!(warning.code, "limit_reached");
        let kept = read(chunks);
        let next = format!("chunk c{:04}; it may have 2000 bytes", kept.len() + 1);
        assert!((1..9).contains(&kept.len()) && warning.message.ends_with(&next), "{}", warning.message);
    }
}
