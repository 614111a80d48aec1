//! What a run that is interrupted in order has read of a document, for the next one: without it a
//! document whose text takes longer than a lease would never come to its end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use quire_schemas::{
    failure::ErrorCode,
    result::{Phase, Warning},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Context, Run, pages::Pages, plan::Plan, spool::Spool};
use crate::{
    job::Fault,
    parse::ParsedPage,
    store::{Object, digest},
};

/// Parts are written and read one at a time.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// The elements of one page may be larger than a part.
const MOST_PART_BYTES: usize = 256 * 1024 * 1024;

/// What is known of a page without looking at it again.
#[derive(Debug)]
pub(super) struct CarriedPage {
    /// Characters that are not spaces.
    pub(super) characters: u32,
    pub(super) warnings: Vec<Warning>,
}

/// Pages whose text lies in the spool already.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pages: BTreeMap<u32, CarriedPage>,
}

/// One line of a part.
#[derive(Serialize, Deserialize)]
struct Line {
    /// Of the document and of what read it.
    reader: String,
    characters: u32,
    warnings: Vec<Warning>,
    parsed: ParsedPage,
}

/// Texts that another version has read may have other elements.
fn reader(source_sha256: &str) -> String {
    digest(format!("{source_sha256}\n{}", env!("CARGO_PKG_VERSION")).as_bytes())
}

impl Carried {
    pub(super) fn page(&self, number: u32) -> Option<&CarriedPage> {
        self.pages.get(&number)
    }

    /// Loads what earlier runs have carried into the spool.
    ///
    /// # Errors
    /// A fault of storage or of the temporary folder.
    pub(super) async fn load(
        context: &Context,
        run: &Run,
        source_sha256: &str,
        plan: &Plan,
        spool: &Arc<Mutex<Spool>>,
    ) -> Result<Self, Fault> {
        let folder = run.identity.keys.carried();
        let mut carried = Self::default();
        for key in run.existing.iter().filter(|key| key.starts_with(&folder)) {
            let Some(part) = context.store.get(key, MOST_PART_BYTES, Phase::Fetch).await? else { continue };
            let (spool, reader, wanted) = (Arc::clone(spool), reader(source_sha256), plan.parse_pages.clone());
            let loading = tokio::task::spawn_blocking(move || {
                let mut pages = Vec::new();
                let mut spool = spool.lock().unwrap_or_else(PoisonError::into_inner);
                // A line that cannot be read is of another version: its page is read again.
                let lines =
                    part.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
                for line in lines.filter(|line| line.reader == reader) {
                    let number = line.parsed.page.page_number;
                    if wanted.contains(&number) {
                        spool.push(&line.parsed)?;
                        pages.push((number, CarriedPage { characters: line.characters, warnings: line.warnings }));
                    }
                }
                Ok::<_, Fault>(pages)
            });
            carried.pages.extend(loading.await.expect("reading lines does not panic")?);
        }
        Ok(carried)
    }

    /// Stores what this run has read.
    ///
    /// # Errors
    /// A fault of storage or of the temporary folder: the pages are read again.
    pub(super) async fn save(
        &self,
        context: &Context,
        run: &Run,
        source_sha256: &str,
        pages: &Pages,
        spool: &Arc<Mutex<Spool>>,
    ) -> Result<(), Fault> {
        let read: Vec<_> = pages
            .characters
            .iter()
            .filter(|(number, _)| !self.pages.contains_key(*number))
            .map(|(number, characters)| {
                let of_page = |warning: &&Warning| warning.page_number == Some(*number);
                (*number, *characters, pages.warnings.iter().filter(of_page).cloned().collect())
            })
            .collect();
        let (keys, reader, spool) = (run.identity.keys.clone(), reader(source_sha256), Arc::clone(spool));
        let earlier = run.existing.iter().filter(|key| key.starts_with(&keys.carried())).count();
        let (sender, mut parts) = mpsc::channel(1);
        let writing = tokio::task::spawn_blocking(move || {
            write_parts(&mut spool.lock().unwrap_or_else(PoisonError::into_inner), read, &reader, &sender)
        });
        let mut part = u32::try_from(earlier).unwrap_or(u32::MAX);
        while let Some(lines) = parts.recv().await {
            part += 1;
            let object = Object::new(keys.carried_part(part), bytes::Bytes::from(lines), "application/x-ndjson");
            context.store.put(&object, Phase::Upload).await?;
        }
        writing.await.expect("writing lines does not panic")
    }
}

fn write_parts(
    spool: &mut Spool,
    read: Vec<(u32, u32, Vec<Warning>)>,
    reader: &str,
    parts: &mpsc::Sender<Vec<u8>>,
) -> Result<(), Fault> {
    let mut lines = Vec::new();
    for (number, characters, warnings) in read {
        // An engine elsewhere has it, or its text was only counted.
        let Some(parsed) = spool.read(number)? else { continue };
        let line = Line { reader: reader.to_owned(), characters, warnings, parsed };
        serde_json::to_writer(&mut lines, &line).map_err(|error| {
            Fault::new(ErrorCode::Internal, Phase::Upload, "a page cannot be written as JSON").because(error)
        })?;
        lines.push(b'\n');
        if lines.len() >= PART_BYTES {
            // Nobody receives any more if storing an earlier part failed; that fault is reported.
            let _ = parts.blocking_send(std::mem::take(&mut lines));
        }
    }
    if !lines.is_empty() {
        let _ = parts.blocking_send(lines);
    }
    Ok(())
}
