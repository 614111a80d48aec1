//! Stores what a run came to, `result.json` last: everything it names is there when it appears.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

use bytes::Bytes;
use quire_schemas::{
    element::Element,
    failure::ErrorCode,
    keys::JobKeys,
    result::{Artifact, JobStatus, ObjectRef, Page, PageStatus, ParseResult, Phase},
};
use tokio::time::Instant;

use super::{
    Context, Identity, Outcome, Spool,
    assemble::milliseconds,
    existing::{self, Existing, named_keys},
    state::stored_state,
};
use crate::{
    fail_point,
    job::Fault,
    parse::ParsedPage,
    store::{Object, Store},
    telemetry::Stage,
};

const JSON: &str = "application/json";
/// Commits ahead of this one take seconds, unless storage does not answer.
const TURN: Duration = Duration::from_secs(300);

/// A result that is in storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The replay generation that it is the result of.
    pub generation: u32,
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
/// `invalid_job` if the id belongs to another body's result.
pub async fn commit(context: &Context, who: &Identity, mut outcome: Outcome) -> Result<Committed, Fault> {
    let (started, keys) = (Instant::now(), &who.keys);
    fail_point::reach("assembled");
    let turn = tokio::time::timeout(TURN, context.assembling.acquire()).await;
    let _turn = turn.map_err(|_| waited_too_long())?.expect("the semaphore is never closed");
    // Before anything is stored: what a result names must stay as it was when it was named.
    if let Some(theirs) = better_result(context, who, &outcome.result).await? {
        return adopt(context, keys, theirs, &outcome.result).await;
    }
    let body = write_down(context, keys, &mut outcome).await?;
    fail_point::reach("artifacts_stored");
    let mut result = outcome.result;
    result.artifacts.extend(body.artifacts);
    result.timings.commit = Some(milliseconds(started.elapsed()));
    result.completed_at = Some(chrono::Utc::now());
    let (json, elements) = tokio::task::spawn_blocking({
        let result = result.clone();
        move || to_json(&result, &body.elements)
    })
    .await
    .expect("writing JSON does not panic")?;
    let object = off_runtime(keys.result(), json, JSON).await;
    if let Some(theirs) = better_result(context, who, &result).await? {
        return adopt(context, keys, theirs, &result).await;
    }
    let named = named_keys(&result);
    let listed = list_named(context, keys, &named).await?;
    // Asked before the result is there: afterwards nobody would come again to tidy up.
    let is_last = !is_replayed(context, keys, result.generation, &listed).await?;
    let stored = context.store.put(&object, Phase::Commit).await?;
    fail_point::reach("result_stored");
    context.metrics.stage_took(Stage::Commit, started.elapsed());
    if is_last {
        delete_unnamed(context, keys, &listed, &named).await;
    }
    let elements = elements + body.elements_elsewhere;
    Ok(Committed::of(&result, stored.uri.unwrap_or_default(), stored.sha256, elements))
}

/// A result is never downgraded, and the first of two equals stays: two workers may have worked on
/// one job after a partition, and both must come to the same.
async fn better_result(context: &Context, who: &Identity, result: &ParseResult) -> Result<Option<Existing>, Fault> {
    if matches!(context.store, Store::Directory(_)) {
        // Somebody who processes a file again wants what comes out now.
        return Ok(None);
    }
    let found = existing::find(&context.store, &who.keys, Phase::Commit).await?;
    Ok(found.filter(|found| stays(found, result, who.supersedes_success)))
}

async fn adopt(context: &Context, keys: &JobKeys, theirs: Existing, ours: &ParseResult) -> Result<Committed, Fault> {
    tracing::info!(status = %theirs.committed.status, "another run has left a result; it stays");
    sweep(context, keys, theirs.committed.generation.max(ours.generation), &theirs.named).await;
    if theirs.committed.generation == ours.generation {
        theirs.check_body(ours.request_sha256.as_deref(), Phase::Commit)?;
    }
    Ok(theirs.committed)
}

fn stays(found: &Existing, ours: &ParseResult, forced: bool) -> bool {
    let succeeded = found.committed.status == JobStatus::Succeeded;
    match found.committed.generation.cmp(&ours.generation) {
        Ordering::Greater => true,
        Ordering::Less => succeeded && !forced,
        // What came of a message that could not be read is the result of nobody.
        Ordering::Equal if found.request_sha256 != ours.request_sha256 => found.request_sha256.is_some(),
        Ordering::Equal => rank(&found.committed.status) >= rank(&ours.status),
    }
}

fn rank(status: &JobStatus) -> u8 {
    match status {
        JobStatus::Succeeded => 2,
        JobStatus::PartialSuccess => 1,
        _ => 0,
    }
}

impl Committed {
    pub(super) fn of(result: &ParseResult, uri: String, sha256: String, elements: usize) -> Self {
        Self {
            generation: result.generation,
            status: result.status.clone(),
            uri,
            sha256,
            code: result.errors.first().map(|error| error.code.clone()),
            pages: result.pages.len(),
            elements,
            images: result.page_images.len(),
        }
    }
}

fn waited_too_long() -> Fault {
    Fault::new(ErrorCode::StorageUnavailable, Phase::Commit, "earlier results are not getting into storage")
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
    artifacts: Vec<Artifact>,
}

async fn write_down(context: &Context, keys: &JobKeys, outcome: &mut Outcome) -> Result<Body, Fault> {
    let mut artifacts = Vec::new();
    if let Some(raw) = outcome.raw.take() {
        artifacts.push(artifact("raw_result", context.store.put(&raw, Phase::Commit).await?));
    }
    let Some(spool) = outcome.spool.take() else {
        return Ok(Body { elements: Vec::new(), elements_elsewhere: 0, artifacts });
    };
    let limit = usize::try_from(context.max_result_bytes).unwrap_or(usize::MAX);
    let pages = std::mem::take(&mut outcome.result.pages);
    // One part at a time: each is stored while the next one is written.
    let (sender, mut parts) = tokio::sync::mpsc::channel(1);
    let keys = keys.clone();
    let unspooling = tokio::task::spawn_blocking(move || unspool(spool, pages, limit, &keys, &sender));
    while let Some((kind, part)) = parts.recv().await {
        artifacts.push(artifact(kind, context.store.put(&part, Phase::Commit).await?));
    }
    let unspooled = unspooling.await.expect("reading the spool does not panic")?;
    outcome.result.pages = unspooled.pages;
    Ok(Body { elements: unspooled.inline, elements_elsewhere: unspooled.elements_elsewhere, artifacts })
}

fn artifact(kind: &str, object: ObjectRef) -> Artifact {
    Artifact { kind: kind.to_owned(), object, page_number: None, element_id: None }
}

type Parts = tokio::sync::mpsc::Sender<(&'static str, Object)>;

struct Unspooled {
    pages: Vec<Page>,
    inline: Vec<u8>,
    elements_elsewhere: usize,
}

/// Reads the parsed pages back, one at a time.
fn unspool(
    mut spool: Spool,
    mut pages: Vec<Page>,
    limit: usize,
    keys: &JobKeys,
    parts: &Parts,
) -> Result<Unspooled, Fault> {
    let in_parts = spool.size_bytes() > limit as u64;
    let mut text = ElementText { buffer: Vec::new(), in_parts, limit, written: 0, order: 0, keys, parts };
    let mut markdown = String::new();
    let mut numbers: BTreeMap<u32, usize> = pages.iter().enumerate().map(|(at, page)| (page.page_number, at)).collect();
    for number in spool.page_numbers() {
        let Some(parsed) = spool.read(number)? else { continue };
        add_markdown(&mut markdown, &parsed);
        for element in &parsed.elements {
            text.push(element)?;
        }
        match numbers.remove(&number) {
            Some(at) => merge(&mut pages[at], parsed.page),
            None => pages.push(parsed.page),
        }
    }
    pages.sort_by_key(|page| page.page_number);
    let elements_elsewhere = if in_parts { text.order as usize } else { 0 };
    let inline = text.finish();
    let markdown = Object::new(keys.markdown(), Bytes::from(markdown), "text/markdown; charset=utf-8");
    hand_over(parts, "markdown", markdown);
    Ok(Unspooled { pages, inline, elements_elsewhere })
}

fn hand_over(parts: &Parts, kind: &'static str, object: Object) {
    // Nobody receives any more if storing an earlier part failed; that fault is what is reported.
    let _ = parts.blocking_send((kind, object));
}

/// Elements as JSON: separated by commas inside the result, or one a line in parts.
struct ElementText<'a> {
    buffer: Vec<u8>,
    in_parts: bool,
    limit: usize,
    written: u32,
    order: u32,
    keys: &'a JobKeys,
    parts: &'a Parts,
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
        self.written += 1;
        let body = Bytes::from(std::mem::take(&mut self.buffer));
        hand_over(self.parts, "elements", Object::new(self.keys.elements(self.written), body, "application/x-ndjson"));
    }

    fn finish(mut self) -> Vec<u8> {
        if self.in_parts && !self.buffer.is_empty() {
            self.end_part();
        }
        self.buffer
    }
}

fn unwritable(error: std::io::Error) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Assemble, "an element cannot be written as JSON").because(error)
}

/// Joins what the parse says of a page with what the images say of it.
fn merge(page: &mut Page, parsed: Page) {
    let mut errors = std::mem::take(&mut page.errors);
    errors.extend(parsed.errors);
    let something = !page.images.is_empty() || parsed.status == PageStatus::Succeeded;
    let status = match (errors.is_empty(), something) {
        (true, _) => parsed.status,
        (false, true) => PageStatus::PartialSuccess,
        (false, false) => PageStatus::Failed,
    };
    *page = Page {
        images: std::mem::take(&mut page.images),
        width: page.width.or(parsed.width),
        height: page.height.or(parsed.height),
        status,
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

/// Deletes what lies under a job that has ended and its result does not name: pages of another format,
/// what runs left for each other, and the cancellation marker, which it no longer needs. The result is
/// written: what cannot be deleted now is litter, not a reason to fail. Nothing is deleted while a later
/// generation is under way.
pub async fn sweep(context: &Context, keys: &JobKeys, generation: u32, named: &BTreeSet<String>) {
    let found = async {
        let listed = context.store.list(keys.folder(), Phase::Commit).await?;
        let is_replayed = is_replayed(context, keys, generation, &listed).await?;
        Ok::<_, Fault>((listed, is_replayed))
    };
    match found.await {
        Ok((listed, false)) => delete_unnamed(context, keys, &listed, named).await,
        Ok((_, true)) => {}
        Err(fault) => tracing::warn!("leftovers of a finished job stay for now: {}", fault.chain()),
    }
}

/// Says whether a later generation of a job is under way: what that one has stored is not named by a
/// result of this one.
async fn is_replayed(context: &Context, keys: &JobKeys, generation: u32, listed: &[String]) -> Result<bool, Fault> {
    if !listed.contains(&keys.state()) {
        return Ok(false);
    }
    let state = stored_state(&context.store, keys, Phase::Commit).await?;
    Ok(state.is_some_and(|state| state.generation > generation))
}

/// Lists what lies under the job, and makes sure that everything its result will name is there:
/// another run of the job that has ended meanwhile deletes what its own result does not name.
async fn list_named(context: &Context, keys: &JobKeys, named: &BTreeSet<String>) -> Result<Vec<String>, Fault> {
    if matches!(context.store, Store::Directory(_)) {
        return Ok(Vec::new());
    }
    let listed = context.store.list(keys.folder(), Phase::Commit).await?;
    let there: BTreeSet<&String> = listed.iter().collect();
    match named.iter().find(|key| !there.contains(key)) {
        None => Ok(listed),
        Some(gone) => {
            let message = format!("{gone} is gone: another run of the job has ended meanwhile");
            Err(Fault::new(ErrorCode::StorageUnavailable, Phase::Commit, message))
        }
    }
}

async fn delete_unnamed(context: &Context, keys: &JobKeys, listed: &[String], named: &BTreeSet<String>) {
    let kept = |key: &&String| **key == keys.result() || named.contains(*key);
    for key in listed.iter().filter(|key| !kept(key)) {
        if let Err(fault) = context.store.delete(key, Phase::Commit).await {
            tracing::warn!(key, "an object of an earlier run stays behind: {}", fault.chain());
        }
    }
}

/// A result without a run: nothing to store but itself.
impl From<ParseResult> for Outcome {
    fn from(result: ParseResult) -> Self {
        Self { result: Box::new(result), spool: None, raw: None, fault: None }
    }
}
