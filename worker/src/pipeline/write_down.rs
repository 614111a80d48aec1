//! Stores what a result names, and writes the JSON of the result itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    result::{Artifact, ParseResult, Phase},
};
use serde_json::value::RawValue;

use super::{
    assemble::make_parse_partial,
    committed::count_elements,
    document_pass::{self, Chunks, JsonLines, Markdown, ParsedDocument, PassLimits, Written},
    run::RawAnswer,
};
use crate::{
    job::Fault,
    store::{Store, StoredObject},
};

const JSON: &str = "application/json";
const JSON_LINES: &str = "application/x-ndjson";
/// Largest part of the elements, unless one element is larger.
const PART_BYTES: usize = 8 << 20;
/// Room for what a result gains after its size was measured: the artifacts of its Markdown and chunks, times.
const GROWTH_BYTES: u64 = 4 << 10;

/// Stores the objects of one result.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteDown<'a> {
    pub(super) store: &'a Store,
    pub(super) keys: &'a JobKeys,
    pub(super) temp_dir: &'a Path,
    /// Beyond it, elements are stored in parts.
    pub(super) max_result_bytes: u64,
    /// Largest `result.json` that its readers take.
    pub(super) readable_bytes: u64,
}

/// The large fields of a result as JSON: they are never in memory as values and as text at once.
#[derive(Debug)]
struct LargeFields {
    pages: Box<RawValue>,
    elements: Box<RawValue>,
}

/// The pages and elements of a result, beside its [`ParseResult`].
#[derive(Debug)]
pub(super) struct Body {
    /// Absent if pages and elements are in the result.
    text: Option<LargeFields>,
    pub(super) pages: usize,
    pub(super) elements: usize,
    /// Keys of pictures that only the text names.
    pub(super) pictures: BTreeSet<String>,
}

impl Body {
    /// Describes a result that has its pages and elements in it.
    pub(super) fn of(result: &ParseResult) -> Self {
        let (pages, elements) = (result.pages.len(), count_elements(result));
        Self { text: None, pages, elements, pictures: BTreeSet::new() }
    }
}

impl WriteDown<'_> {
    /// Stores an engine's answer as it came.
    pub(super) async fn raw(&self, raw: RawAnswer) -> Result<Artifact, Fault> {
        self.artifact("raw_result", StoredObject::hashed(raw.key, raw.body, JSON).await).await
    }

    /// Runs the document-level pass and stores what comes of it. The result gains warnings and artifacts, and its parse
    /// becomes partial if the engine found too little text; its pages become part of the body.
    ///
    /// # Errors
    /// `internal` if a page cannot be read back or the temporary folder is full. `resource_limit` if no reader would
    /// take the result; nothing is stored then.
    pub(super) async fn document(
        &self,
        parsed: ParsedDocument,
        mut result: Box<ParseResult>,
    ) -> Result<(Body, Box<ParseResult>), Fault> {
        let (folder, limits) = (self.temp_dir.to_owned(), PassLimits::for_result(self.max_result_bytes));
        let (written, head_bytes, mut result) = blocking(move || {
            let rows = std::mem::take(&mut result.pages);
            let outline = result.document.as_mut().map_or(&mut [][..], |document| &mut document.outline);
            let mut written = document_pass::run(parsed, rows, outline, &folder, &limits)?;
            result.warnings.append(&mut written.warnings);
            result.warnings.sort_by_key(|warning| warning.page_number);
            if written.is_partial {
                make_parse_partial(&mut result);
            }
            let head_bytes = document_pass::json_bytes(&*result);
            Ok::<_, Fault>((written, head_bytes, result))
        })
        .await?;
        let Written { rows, elements, markdown, chunks, pictures, .. } = written;
        let (pages, found) = (rows.count(), elements.count());
        let with_elements = head_bytes + rows.bytes() + elements.bytes();
        let is_inline = with_elements + GROWTH_BYTES <= self.max_result_bytes;
        self.check_size(if is_inline { with_elements } else { head_bytes + rows.bytes() })?;
        // Before elements and rows are read back: each of them may be as large as they are.
        let markdown = self.markdown(markdown).await?;
        let chunks = match chunks {
            Some(chunks) => Some(self.chunks(chunks).await?),
            None => None,
        };
        let (elements, named) = if is_inline {
            let named = pictures.into_iter().map(|picture| picture.object.key).collect();
            (blocking(|| elements.into_array()).await?, named)
        } else {
            // What only parts name would be taken for a leftover by the next delivery.
            result.artifacts.extend(pictures);
            result.artifacts.append(&mut self.parts(elements).await?);
            (none(), BTreeSet::new())
        };
        result.artifacts.push(markdown);
        result.artifacts.extend(chunks);
        let text = LargeFields { pages: blocking(|| rows.into_array()).await?, elements };
        Ok((Body { text: Some(text), pages, elements: found, pictures: named }, result))
    }

    /// Refuses a result that no reader would take.
    ///
    /// # Errors
    /// `resource_limit`.
    pub(super) fn check_size(&self, bytes: u64) -> Result<(), Fault> {
        let most = self.readable_bytes;
        if bytes <= most {
            return Ok(());
        }
        let message = format!("result.json would have {bytes} bytes; readers take {most}");
        Err(Fault::new(ErrorCode::ResourceLimit, Phase::Commit, message))
    }

    /// Stores `document.md`, and holds it no longer.
    async fn markdown(&self, markdown: Markdown) -> Result<Artifact, Fault> {
        let key = self.keys.markdown();
        let object = blocking(move || {
            let text = markdown.into_bytes()?;
            Ok::<_, Fault>(StoredObject::new(key, text.into(), "text/markdown; charset=utf-8"))
        })
        .await?;
        self.artifact("markdown", object).await
    }

    /// Stores `chunks.jsonl`, and holds it no longer.
    async fn chunks(&self, chunks: Chunks) -> Result<Artifact, Fault> {
        let key = self.keys.chunks();
        let object = blocking(move || {
            let lines = chunks.into_bytes()?;
            Ok::<_, Fault>(StoredObject::new(key, lines.into(), JSON_LINES))
        })
        .await?;
        self.artifact("chunks", object).await
    }

    /// Stores elements one part at a time, and holds no more than one.
    async fn parts(&self, elements: JsonLines) -> Result<Vec<Artifact>, Fault> {
        let most_bytes = usize::try_from(self.max_result_bytes).unwrap_or(usize::MAX).min(PART_BYTES);
        let mut parts = blocking(|| elements.into_parts()).await?;
        let mut artifacts = Vec::new();
        for number in 1.. {
            let key = self.keys.elements(number);
            let part;
            (part, parts) = blocking(move || {
                let part = parts.next(most_bytes)?;
                Ok::<_, Fault>((part.map(|lines| StoredObject::new(key, lines.into(), JSON_LINES)), parts))
            })
            .await?;
            let Some(part) = part else { break };
            artifacts.push(self.artifact("elements", part).await?);
        }
        Ok(artifacts)
    }

    async fn artifact(&self, kind: &str, object: StoredObject) -> Result<Artifact, Fault> {
        Ok(Artifact::new(kind, self.store.put(&object, Phase::Commit).await?))
    }

    /// Writes the JSON of the result; the caller stores it.
    pub(super) async fn result(
        &self,
        result: Box<ParseResult>,
        body: Body,
    ) -> Result<(StoredObject, Box<ParseResult>), Fault> {
        let key = self.keys.result();
        blocking(move || Ok((StoredObject::new(key, to_json(&result, body.text)?.into(), JSON), result))).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("writing a result down does not panic")
}

fn none() -> Box<RawValue> {
    RawValue::from_string("[]".to_owned()).expect("an array is JSON")
}

fn to_json(result: &ParseResult, text: Option<LargeFields>) -> Result<Vec<u8>, Fault> {
    let written = || match text {
        None => serde_json::to_vec(result),
        Some(LargeFields { pages, elements }) => {
            let head = serde_json::to_string(result)?;
            let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&head)?;
            fields.extend([("pages".to_owned(), pages), ("elements".to_owned(), elements)]);
            serde_json::to_vec(&fields)
        }
    };
    written().map_err(|error| {
        Fault::new(ErrorCode::Internal, Phase::Assemble, "the result cannot be written as JSON").because(error)
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use quire_schemas::{
        chunk::Chunk,
        job::{ChunkOptions, LocalOptions, OwnOptions},
        result::{JobStatus, Page},
    };

    use super::*;
    use crate::{
        parse::{ParsedPage, local::Placement},
        pipeline::{
            document_pass::{NativeText, PassOptions},
            existing::named_keys,
            testing::{parsed_document, parsed_page, picture, result_with_every_object},
        },
        store::DirectoryStore,
    };

    struct WrittenDown {
        result: ParseResult,
        body: Body,
        named: BTreeSet<String>,
        folder: PathBuf,
        _guard: tempfile::TempDir,
    }

    /// Writes pages down as `process` would, and reads `result.json` back.
    async fn written(pages: Vec<ParsedPage>, max_result_bytes: u64) -> WrittenDown {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let folder = guard.path().to_owned();
        let store = Store::Directory(DirectoryStore::new(folder.clone()));
        let keys = JobKeys::in_folder("job");
        let (temp_dir, readable_bytes) = (guard.path(), u64::MAX);
        let write_down = WriteDown { store: &store, keys: &keys, temp_dir, max_result_bytes, readable_bytes };
        let (mut result, _) = result_with_every_object("job/");
        result.elements.clear();
        result.artifacts.clear();
        result.pages = pages.iter().map(|page| Page::new(page.page.page_number)).collect();
        let parsed = parsed_document(pages);
        let (body, result) = write_down.document(parsed, Box::new(result)).await.expect("readable pages");
        let mut named = named_keys(&result);
        named.extend(body.pictures.clone());
        let counts = Body { text: None, pages: body.pages, elements: body.elements, pictures: body.pictures.clone() };
        let (object, _) = write_down.result(result, body).await.expect("JSON");
        let result = serde_json::from_slice(&object.body).expect("a result");
        WrittenDown { result, body: counts, named, folder, _guard: guard }
    }

    /// Writes a parsed document down below a folder, and returns its result.
    async fn document(parsed: ParsedDocument, folder: &Path) -> ParseResult {
        let store = Store::Directory(DirectoryStore::new(folder.to_owned()));
        let keys = JobKeys::in_folder("job");
        let (temp_dir, max_result_bytes, readable_bytes) = (folder, 1 << 20, u64::MAX);
        let write_down = WriteDown { store: &store, keys: &keys, temp_dir, max_result_bytes, readable_bytes };
        let (result, _) = result_with_every_object("job/");
        let (_, result) = write_down.document(parsed, Box::new(result)).await.expect("readable pages");
        *result
    }

    fn pages() -> Vec<ParsedPage> {
        let mut with_picture = parsed_page(2, &["c", "d"]);
        with_picture.elements[1].image = Some(picture("job/pictures/1.png"));
        vec![parsed_page(1, &["a", "b"]), with_picture]
    }

    #[tokio::test]
    async fn a_small_document_stands_in_the_result() {
        let WrittenDown { result, body, named, .. } = written(pages(), 1 << 20).await;
        let texts: String = result.elements.iter().map(|element| element.text.as_str()).collect();
        assert_eq!((texts.as_str(), body.elements, body.pages), ("abcd", 4, 2));
        assert_eq!(result.pages.iter().map(|page| page.element_ids.len()).collect::<Vec<_>>(), [2, 2]);
        assert!(named.contains("job/pictures/1.png"));
        assert_eq!(named, named_keys(&result));
    }

    #[tokio::test]
    async fn a_large_document_stands_in_parts_and_names_its_pictures_in_the_result() {
        let WrittenDown { result, body, named, folder, _guard } = written(pages(), 1_000).await;
        assert!(result.elements.is_empty());
        assert_eq!((body.elements, count_elements(&result)), (4, 4));
        assert!(named.contains("job/pictures/1.png"));
        assert_eq!(named, named_keys(&result));
        let parts = result.artifacts.iter().filter(|artifact| artifact.kind == "elements");
        let lines: usize = parts
            .map(|part| std::fs::read_to_string(folder.join(&part.object.key)).expect("a part").lines().count())
            .sum();
        assert_eq!(lines, 4);
    }

    #[tokio::test]
    async fn chunks_are_stored_and_named_if_the_job_asks_for_them() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let own = OwnOptions { chunks: Some(ChunkOptions::default()), ..OwnOptions::default() };
        let options = PassOptions::new(own, LocalOptions::default());
        let parsed = ParsedDocument { options, ..parsed_document(pages()) };
        let result = document(parsed, guard.path()).await;
        let named = result.artifacts.iter().find(|artifact| artifact.kind == "chunks").expect("it is named");
        let object = (named.object.key.as_str(), named.object.media_type.as_str());
        assert_eq!(object, ("job/chunks.jsonl", "application/x-ndjson"));
        let lines = std::fs::read_to_string(guard.path().join("job/chunks.jsonl")).expect("it is stored");
        let chunk: Chunk = serde_json::from_str(&lines).expect("one line");
        assert_eq!((chunk.text.as_str(), chunk.page_numbers.as_slice()), ("a\n\nb\n\nc\n\nd", &[1, 2][..]));
        assert!(!written(pages(), 1 << 20).await.folder.join("job/chunks.jsonl").exists());
    }

    #[tokio::test]
    async fn a_parse_with_less_recall_than_the_job_asks_for_is_partial() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let own = OwnOptions { min_recall: Some(0.9), ..OwnOptions::default() };
        for (placed, expected) in [(90, JobStatus::Succeeded), (89, JobStatus::PartialSuccess)] {
            let placement = Placement { letters: 100, placed, ..Placement::default() };
            let parsed = ParsedDocument {
                natives: BTreeMap::from([(1, NativeText::Placed(placement))]),
                options: PassOptions::new(own, LocalOptions::default()),
                ..parsed_document([parsed_page(1, &["a"])])
            };
            let result = document(parsed, guard.path()).await;
            assert_eq!((&result.status, result.warnings.is_empty()), (&expected, expected == JobStatus::Succeeded));
        }
    }

    #[tokio::test]
    async fn a_result_that_no_reader_would_take_is_refused_before_anything_is_stored() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let scratch = tempfile::tempdir().expect("a temporary folder");
        let store = Store::Directory(DirectoryStore::new(folder.path().to_owned()));
        let keys = JobKeys::in_folder("job");
        let (temp_dir, readable_bytes) = (scratch.path(), 5_000);
        // Inline and in parts: the rows stand in the result even if the elements do not.
        for max_result_bytes in [1 << 20, 2_000] {
            let write_down = WriteDown { store: &store, keys: &keys, temp_dir, max_result_bytes, readable_bytes };
            let (result, _) = result_with_every_object("job/");
            let mut page = parsed_page(1, &["a"]);
            page.page.page_label = Some("x".repeat(6_000));
            let written = write_down.document(parsed_document(vec![page]), Box::new(result)).await;
            assert_eq!(written.map(drop).map_err(|fault| fault.code), Err(ErrorCode::ResourceLimit));
            assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
        }
    }

    #[tokio::test]
    async fn page_text_counts_toward_the_limit_of_a_result() {
        let page = |text: Option<String>| {
            let mut page = parsed_page(1, &["a"]);
            page.page.text = text;
            vec![page]
        };
        let limit = 12_000;
        assert_eq!(written(page(None), limit).await.result.elements.len(), 1);
        let WrittenDown { result, .. } = written(page(Some("x".repeat(8_000))), limit).await;
        assert!(result.pages[0].text.is_some());
        assert!(result.elements.is_empty());
    }
}
