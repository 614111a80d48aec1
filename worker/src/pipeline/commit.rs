//! Stores what a run came to, `result.json` last: everything it names is there when it appears.

use std::{collections::BTreeSet, fmt::Write as _};

use bytes::Bytes;
use quire_schemas::{
    element::Element,
    failure::ErrorCode,
    keys::JobKeys,
    result::{Artifact, JobStatus, Page, ParseResult, Phase},
};
use tokio::time::Instant;

use super::{Context, Outcome, Spool, assemble::milliseconds};
use crate::{job::Fault, parse::ParsedPage, store::Object};

const JSON: &str = "application/json";

/// A result that is in storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// How the job ended.
    pub status: JobStatus,
    /// Where the result lies.
    pub uri: String,
    /// Its hex sha256.
    pub sha256: String,
    /// The first error's code, if there is one.
    pub code: Option<String>,
    /// Pages, elements and images, for summaries.
    pub pages: usize,
    /// How many elements were found.
    pub elements: usize,
    /// How many page images there are.
    pub images: usize,
}

/// Stores a run's objects and then its result. Idempotent: a second commit of the same run
/// overwrites the first. Not to be cut: the caller runs it as a task of its own.
///
/// # Errors
/// `storage_unavailable` or `storage_denied`; the result is not there then, or is the old one.
pub async fn commit(context: &Context, keys: &JobKeys, mut outcome: Outcome) -> Result<Committed, Fault> {
    let started = Instant::now();
    let _turn = context.assembling.acquire().await.expect("the semaphore is never closed");
    let body = write_down(context, keys, &mut outcome).await?;
    let mut result = outcome.result;
    for object in body.objects {
        let kind = object.1;
        let stored = context.store.put(&object.0, Phase::Commit).await?;
        result.artifacts.push(Artifact { kind, object: stored, page_number: None, element_id: None });
    }
    result.timings.commit = Some(milliseconds(started.elapsed()));
    result.completed_at = Some(chrono::Utc::now());
    let (json, elements) = tokio::task::spawn_blocking({
        let result = result.clone();
        move || to_json(&result, &body.elements)
    })
    .await
    .expect("writing JSON does not panic")?;
    let object = off_runtime(keys.result(), json, JSON).await;
    let stored = context.store.put(&object, Phase::Commit).await?;
    sweep(context, keys, &outcome.existing, &result).await;
    Ok(Committed {
        status: result.status.clone(),
        uri: stored.uri.unwrap_or_default(),
        sha256: stored.sha256,
        code: result.errors.first().map(|error| error.code.clone()),
        pages: result.pages.len(),
        elements: elements + body.elements_elsewhere,
        images: result.page_images.len(),
    })
}

async fn off_runtime(key: String, body: Vec<u8>, media_type: &'static str) -> Object {
    tokio::task::spawn_blocking(move || Object::new(key, body.into(), media_type))
        .await
        .expect("hashing does not panic")
}

/// What is stored beside the result.
struct Body {
    /// Elements that go into the result, as JSON, comma-separated.
    elements: Vec<u8>,
    elements_elsewhere: usize,
    objects: Vec<(Object, String)>,
}

async fn write_down(context: &Context, keys: &JobKeys, outcome: &mut Outcome) -> Result<Body, Fault> {
    let mut objects: Vec<(Object, String)> =
        outcome.raw.take().map(|raw| (raw, "raw_result".to_owned())).into_iter().collect();
    let Some(spool) = outcome.spool.take() else {
        return Ok(Body { elements: Vec::new(), elements_elsewhere: 0, objects });
    };
    let limit = usize::try_from(context.max_result_bytes).unwrap_or(usize::MAX);
    let pages = std::mem::take(&mut outcome.result.pages);
    let keys = keys.clone();
    let unspooled = tokio::task::spawn_blocking(move || unspool(spool, pages, limit, &keys)).await;
    let unspooled = unspooled.expect("reading the spool does not panic")?;
    outcome.result.pages = unspooled.pages;
    objects.push((unspooled.markdown, "markdown".to_owned()));
    objects.extend(unspooled.parts.into_iter().map(|part| (part, "elements".to_owned())));
    Ok(Body { elements: unspooled.inline, elements_elsewhere: unspooled.elements_elsewhere, objects })
}

struct Unspooled {
    pages: Vec<Page>,
    inline: Vec<u8>,
    elements_elsewhere: usize,
    parts: Vec<Object>,
    markdown: Object,
}

/// Reads the parsed pages back, one at a time.
fn unspool(mut spool: Spool, mut pages: Vec<Page>, limit: usize, keys: &JobKeys) -> Result<Unspooled, Fault> {
    let in_parts = spool.size_bytes() > limit as u64;
    let mut text = ElementText { buffer: Vec::new(), in_parts, limit, parts: Vec::new(), order: 0, keys };
    let mut markdown = String::new();
    for number in spool.page_numbers() {
        let Some(parsed) = spool.read(number)? else { continue };
        add_markdown(&mut markdown, &parsed);
        for element in &parsed.elements {
            text.push(element)?;
        }
        match pages.iter_mut().find(|page| page.page_number == number) {
            Some(page) => merge(page, parsed.page),
            None => pages.push(parsed.page),
        }
    }
    pages.sort_by_key(|page| page.page_number);
    let elements_elsewhere = if in_parts { text.order as usize } else { 0 };
    let (inline, parts) = text.finish();
    let markdown = Object::new(keys.markdown(), Bytes::from(markdown), "text/markdown; charset=utf-8");
    Ok(Unspooled { pages, inline, elements_elsewhere, parts, markdown })
}

/// Elements as JSON: separated by commas inside the result, or one a line in parts.
struct ElementText<'a> {
    buffer: Vec<u8>,
    in_parts: bool,
    limit: usize,
    parts: Vec<Object>,
    order: u32,
    keys: &'a JobKeys,
}

impl ElementText<'_> {
    fn push(&mut self, element: &Element) -> Result<(), Fault> {
        let element = Element { reading_order: self.order, ..element.clone() };
        self.order += 1;
        if !self.in_parts && !self.buffer.is_empty() {
            self.buffer.push(b',');
        }
        serde_json::to_writer(&mut self.buffer, &element).map_err(|error| unwritable(error.into()))?;
        if self.in_parts {
            self.buffer.push(b'\n');
            if self.buffer.len() >= self.limit {
                self.end_part();
            }
        }
        Ok(())
    }

    fn end_part(&mut self) {
        let number = u32::try_from(self.parts.len() + 1).unwrap_or(u32::MAX);
        let body = Bytes::from(std::mem::take(&mut self.buffer));
        self.parts.push(Object::new(self.keys.elements(number), body, "application/x-ndjson"));
    }

    fn finish(mut self) -> (Vec<u8>, Vec<Object>) {
        if self.in_parts && !self.buffer.is_empty() {
            self.end_part();
        }
        (self.buffer, self.parts)
    }
}

fn unwritable(error: std::io::Error) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Assemble, "an element cannot be written as JSON").because(error)
}

/// Joins what the parse says of a page with what the images say of it.
fn merge(page: &mut Page, parsed: Page) {
    let mut errors = std::mem::take(&mut page.errors);
    errors.extend(parsed.errors);
    let worst = if errors.is_empty() { parsed.status } else { page.status.clone() };
    *page = Page {
        images: std::mem::take(&mut page.images),
        width: page.width.or(parsed.width),
        height: page.height.or(parsed.height),
        status: worst,
        errors,
        ..parsed
    };
}

fn add_markdown(markdown: &mut String, page: &ParsedPage) {
    // Comments keep the page numbers without showing in what is rendered.
    let _ = writeln!(markdown, "<!-- page {} -->\n", page.page.page_number);
    if let Some(text) = &page.page.markdown {
        markdown.push_str(text);
        markdown.push_str("\n\n");
        return;
    }
    for element in page.elements.iter().filter(|element| !element.text.is_empty()) {
        markdown.push_str(element.markdown.as_deref().unwrap_or(&element.text));
        markdown.push_str("\n\n");
    }
}

/// Writes the result with its elements, which are JSON already: they are never in memory as
/// values and as text at once.
fn to_json(result: &ParseResult, elements: &[u8]) -> Result<(Vec<u8>, usize), Fault> {
    let head = serde_json::to_value(result).map_err(|error| unwritable(error.into()))?;
    let serde_json::Value::Object(head) = head else { unreachable!("a struct serialises as an object") };
    let mut json = Vec::with_capacity(elements.len() + 64 * 1024);
    json.push(b'{');
    for (index, (key, value)) in head.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        serde_json::to_writer(&mut json, key).map_err(|error| unwritable(error.into()))?;
        json.push(b':');
        if key == "elements" {
            json.push(b'[');
            json.extend_from_slice(elements);
            json.push(b']');
        } else {
            serde_json::to_writer(&mut json, value).map_err(|error| unwritable(error.into()))?;
        }
    }
    json.push(b'}');
    let count = result.pages.iter().map(|page| page.element_ids.len()).sum();
    Ok((json, if elements.is_empty() { 0 } else { count }))
}

/// Deletes what earlier runs left under the job and this result does not name. The result is
/// written: what cannot be deleted now is litter, not a reason to fail.
async fn sweep(context: &Context, keys: &JobKeys, existing: &[String], result: &ParseResult) {
    let named = named_keys(result);
    let kept = |key: &&String| **key != keys.result() && !named.contains(key.as_str());
    for key in existing.iter().filter(kept) {
        if let Err(fault) = context.store.delete(key, Phase::Commit).await {
            tracing::warn!(key, "an object of an earlier run stays behind: {}", fault.chain());
        }
    }
    // Written by this run itself, if it paid for a parse.
    if result.branches.parse.external_job_id.is_some() && !existing.contains(&keys.state()) {
        let _ = context.store.delete(&keys.state(), Phase::Commit).await;
    }
}

fn named_keys(result: &ParseResult) -> BTreeSet<&str> {
    let images = result.page_images.values().chain(result.thumbnails.values()).map(|image| image.object.key.as_str());
    images.chain(result.artifacts.iter().map(|artifact| artifact.object.key.as_str())).collect()
}

/// A result without a run: nothing to store but itself.
impl From<ParseResult> for Outcome {
    fn from(result: ParseResult) -> Self {
        Self { result: Box::new(result), spool: None, raw: None, existing: Vec::new(), fault: None }
    }
}
