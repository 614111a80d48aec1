//! Carries the text that a paused run has read to the next run of the job: without it a document whose
//! text takes longer than a lease would never be finished.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use quire_schemas::{
    failure::ErrorCode,
    keys::JobKeys,
    result::{Phase, Warning},
    sha256::Sha256,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    document_pass::NativeText,
    page::{Pages, TextRead},
    spool::Spool,
};
use crate::{
    job::Fault,
    lock::lock,
    parse::local::{Placement, check_page_json},
    store::{Store, StoredObject},
};

/// A part ends with the page that brings it to this size. Parts are written and read one at a time.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// Largest part that is read: its last page may take it far beyond [`PART_BYTES`].
const MOST_PART_BYTES: usize = 256 * 1024 * 1024;

/// Facts about a page whose text lies in the spool.
#[derive(Debug)]
pub(super) struct CarriedPage {
    /// Characters that are not spaces.
    characters: u32,
    placement: Option<Placement>,
    pub(super) warnings: Vec<Warning>,
}

impl CarriedPage {
    pub(super) fn read(&self) -> TextRead {
        TextRead { characters: self.characters, native: self.placement.map(NativeText::Placed) }
    }
}

/// Pages whose text earlier runs have read; it lies in the spool.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pages: BTreeMap<u32, CarriedPage>,
}

impl Carried {
    pub(super) fn page(&self, number: u32) -> Option<&CarriedPage> {
        self.pages.get(&number)
    }
}

/// The folder of a job's carried parts.
#[derive(Debug)]
pub(super) struct CarriedFolder<'a> {
    store: &'a Store,
    keys: &'a JobKeys,
    /// Keys of the parts that earlier runs have stored.
    parts: Vec<&'a String>,
    reader: String,
}

/// One line of a part.
#[derive(Serialize, Deserialize)]
struct CarriedLine {
    /// Identifies the document and the version that has read it.
    reader: String,
    characters: u32,
    #[serde(default)]
    placement: Option<Placement>,
    warnings: Vec<Warning>,
    /// A [`ParsedPage`](crate::parse::ParsedPage) of the local engine.
    parsed: Box<RawValue>,
}

impl<'a> CarriedFolder<'a> {
    /// `existing` are the keys that lie under the job.
    pub(super) fn new(store: &'a Store, keys: &'a JobKeys, existing: &'a [String], as_read: Sha256) -> Self {
        let folder = keys.carried();
        let parts = existing.iter().filter(|key| key.starts_with(&folder)).collect();
        let reader = reader(as_read, env!("CARGO_PKG_VERSION"));
        Self { store, keys, parts, reader }
    }

    /// Loads the wanted pages of all parts into the spool.
    ///
    /// # Errors
    /// A fault of storage or of the temporary folder.
    pub(super) async fn load(&self, wanted: &BTreeSet<u32>, spool: &Arc<Mutex<Spool>>) -> Result<Carried, Fault> {
        let mut carried = Carried::default();
        for key in &self.parts {
            let Some(part) = self.store.get(key, MOST_PART_BYTES, Phase::Fetch).await? else { continue };
            let (spool, reader, wanted) = (Arc::clone(spool), self.reader.clone(), wanted.clone());
            let loading = tokio::task::spawn_blocking(move || read_part(&part, &reader, &wanted, &mut lock(&spool)));
            carried.pages.extend(loading.await.expect("reading lines does not panic")?);
        }
        Ok(carried)
    }

    /// Stores the pages that this run has read; `carried` are those of earlier runs.
    ///
    /// # Errors
    /// A fault of storage or of the temporary folder: the next run reads the pages again.
    pub(super) async fn save(&self, carried: &Carried, pages: &Pages, spool: &Arc<Mutex<Spool>>) -> Result<(), Fault> {
        let read = read_now(carried, pages).into_iter();
        let mut parts = Parts { spool: Arc::clone(spool), reader: self.reader.clone(), read };
        let stored = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        for number in stored.saturating_add(1).. {
            let part;
            // A task of its own for each part: one that waited for its part to be stored would hold a thread that the
            // store may need.
            (part, parts) = tokio::task::spawn_blocking(move || (parts.next_part(), parts))
                .await
                .expect("writing lines does not panic");
            let Some(lines) = part? else { break };
            let key = self.keys.carried_part(number);
            let object = StoredObject::hashed(key, Bytes::from(lines), "application/x-ndjson").await;
            self.store.put(&object, Phase::Upload).await?;
        }
        Ok(())
    }
}

/// Identifies a document and the version that reads it: another version may read other elements out of it.
fn reader(as_read: Sha256, version: &str) -> String {
    Sha256::of(format!("{as_read}\n{version}").as_bytes()).to_string()
}

/// Lists the pages that this run has read.
fn read_now(carried: &Carried, pages: &Pages) -> Vec<(u32, CarriedPage)> {
    let mut warnings: BTreeMap<u32, Vec<Warning>> = BTreeMap::new();
    for warning in &pages.warnings {
        if let Some(number) = warning.page_number {
            warnings.entry(number).or_default().push(warning.clone());
        }
    }
    let is_new = |(number, _): &(&u32, &u32)| carried.page(**number).is_none();
    let known = |(number, characters): (&u32, &u32)| {
        let placement = match pages.natives.get(number) {
            Some(NativeText::Placed(placement)) => Some(*placement),
            Some(NativeText::Words(_)) | None => None,
        };
        let warnings = warnings.remove(number).unwrap_or_default();
        (*number, CarriedPage { characters: *characters, placement, warnings })
    };
    pages.characters.iter().filter(is_new).map(known).collect()
}

fn read_part(
    part: &[u8],
    reader: &str,
    wanted: &BTreeSet<u32>,
    spool: &mut Spool,
) -> Result<Vec<(u32, CarriedPage)>, Fault> {
    let mut pages = Vec::new();
    // A line that cannot be read is of another version: its page is read again.
    let lines = part.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<CarriedLine>(line).ok());
    for line in lines.filter(|line| line.reader == reader) {
        let json = line.parsed.get();
        let Some(number) = check_page_json(json).ok().filter(|number| wanted.contains(number)) else { continue };
        match spool.push_json(number, json.as_bytes()) {
            Ok(()) => {
                let CarriedLine { characters, placement, warnings, .. } = line;
                pages.push((number, CarriedPage { characters, placement, warnings }));
            }
            // Read again, the page meets the limit by itself, and the document keeps the others.
            Err(fault) if fault.code == ErrorCode::ResourceLimit => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(pages)
}

/// Writes pages of the spool as lines, one part after the other. Blocking: not for the async runtime.
struct Parts {
    spool: Arc<Mutex<Spool>>,
    reader: String,
    read: std::vec::IntoIter<(u32, CarriedPage)>,
}

impl Parts {
    /// Returns the lines of the next part; `None` at the end.
    fn next_part(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut spool = lock(&self.spool);
        let mut lines = Vec::new();
        while lines.len() < PART_BYTES
            && let Some((number, CarriedPage { characters, placement, warnings })) = self.read.next()
        {
            // Absent if another engine parses and the text was only counted.
            let Some(json) = spool.read_json(number)? else { continue };
            let parsed = RawValue::from_string(json).map_err(unwritable)?;
            let line = CarriedLine { reader: self.reader.clone(), characters, placement, warnings, parsed };
            serde_json::to_writer(&mut lines, &line).map_err(unwritable)?;
            lines.push(b'\n');
        }
        Ok((!lines.is_empty()).then_some(lines))
    }
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Upload, "a page cannot be carried to the next run").because(error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quire_schemas::failure::WarningCode;
    use tokio::time::timeout;

    use super::*;
    use crate::{
        parse::ParsedPage,
        pipeline::testing::{parsed_page, spool},
        store::DirectoryStore,
    };

    fn part_of(pages: [ParsedPage; 2]) -> Vec<u8> {
        let placement = Some(Placement { letters: 7, placed: 6, ..Placement::default() });
        let carried = || CarriedPage { characters: 7, placement, warnings: vec![] };
        let known = pages.iter().map(|page| (page.page.page_number, carried()));
        let read = known.collect::<Vec<_>>().into_iter();
        let spool = Arc::new(Mutex::new(spool(pages)));
        let mut parts = Parts { spool, reader: "reader".to_owned(), read };
        let part = parts.next_part().expect("readable").expect("one part");
        assert!(parts.next_part().expect("readable").is_none());
        part
    }

    #[test]
    fn parts_are_stored_although_only_one_thread_may_block() {
        let disk = tempfile::tempdir().expect("a temporary folder");
        let store = Store::Directory(DirectoryStore::new(disk.path().to_owned()));
        let keys = JobKeys::in_folder("job");
        let text = "x".repeat(PART_BYTES);
        let mut spool = Spool::create(disk.path(), 1 << 30).expect("a temporary folder");
        (1..=3).for_each(|number| spool.push(&parsed_page(number, &[&text])).expect("room"));
        let (carried, spool) = (Carried::default(), Arc::new(Mutex::new(spool)));
        let pages = Pages { characters: BTreeMap::from([(1, 7), (2, 7), (3, 7)]), ..Pages::default() };
        let folder = CarriedFolder::new(&store, &keys, &[], Sha256::of(b"a document"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().max_blocking_threads(1).build();
        let saving = folder.save(&carried, &pages, &spool);
        // A deadlock fails the test instead of blocking it.
        let saved =
            runtime.expect("a runtime starts").block_on(async { timeout(Duration::from_secs(20), saving).await });
        saved.expect("no blocking thread waits for another one").expect("room on the disk");
        for number in 1..=3 {
            assert!(disk.path().join(keys.carried_part(number)).is_file(), "part {number} is missing");
        }
    }

    #[test]
    fn only_wanted_pages_of_the_same_reader_come_back() {
        let part = part_of([parsed_page(1, &["one"]), parsed_page(2, &["two"])]);
        let mut found = spool([]);
        let pages = read_part(&part, "reader", &BTreeSet::from([2, 3]), &mut found).expect("room");
        let native = Some(NativeText::Placed(Placement { letters: 7, placed: 6, ..Placement::default() }));
        let read: Vec<_> = pages.iter().map(|(number, page)| (*number, page.read())).collect();
        assert_eq!(read, [(2, TextRead { characters: 7, native })]);
        assert_eq!(found.read(2), Some(parsed_page(2, &["two"])));
        assert!(read_part(&part, "another", &BTreeSet::from([2]), &mut found).expect("room").is_empty());
    }

    #[test]
    fn a_line_of_another_version_is_read_again() {
        let part = br#"{"reader":"reader","characters":1,"warnings":[],"parsed":{"page":{}}}"#;
        let mut found = spool([]);
        assert!(read_part(part, "reader", &BTreeSet::from([1]), &mut found).expect("room").is_empty());
        assert!(found.is_empty());
    }

    #[test]
    fn pages_that_version_0_1_0_has_carried_are_read() {
        let part = include_bytes!("../../../schemas/examples/0.1.0/carried.jsonl");
        let first: CarriedLine =
            serde_json::from_slice(part.split(|byte| *byte == b'\n').next().expect("a line")).expect("a line");
        let mut found = spool([]);
        let pages = read_part(part, &first.reader, &BTreeSet::from([1, 2, 3]), &mut found).expect("room");
        let characters: Vec<_> = pages.iter().map(|(number, page)| (*number, page.characters)).collect();
        assert_eq!(characters, [(1, 2924), (2, 2977), (3, 1341)]);
        let page = found.read(1).expect("a page");
        assert_eq!((page.elements.len(), page.elements[0].text.as_str()), (11, "Sheet 1, text"));
    }

    #[test]
    fn a_reader_is_derived_as_version_0_1_0_derives_it() {
        let expected = "5997175f890e5c61c10754bf62bbe23d567a31b14a904b550ca9ab01e52b5737";
        let source_sha256 = "0".repeat(64).parse().expect("64 digits");
        assert_eq!(reader(source_sha256, "0.1.0"), expected);
    }

    #[test]
    fn a_carried_page_beyond_a_limit_is_read_again() {
        let part = part_of([parsed_page(1, &["one"]), parsed_page(2, &["two"])]);
        let mut full = Spool::create(&std::env::temp_dir(), 10).expect("a temporary folder");
        assert!(read_part(&part, "reader", &BTreeSet::from([1, 2]), &mut full).expect("no fault").is_empty());
    }

    #[test]
    fn a_page_is_carried_with_its_own_warnings_unless_it_was_carried_before() {
        let warning = |page| Warning::of(WarningCode::OcrRequired, "a picture").on_page(page);
        let characters = BTreeMap::from([(1, 10), (2, 20), (3, 30)]);
        let warnings = vec![warning(3), warning(1), warning(3), Warning::of(WarningCode::FallbackUsed, "no page")];
        let pages = Pages { characters, warnings, ..Pages::default() };
        let before = CarriedPage { characters: 10, placement: None, warnings: Vec::new() };
        let carried = Carried { pages: BTreeMap::from([(1, before)]) };
        let read: Vec<_> = read_now(&carried, &pages)
            .into_iter()
            .map(|(number, page)| (number, page.characters, page.warnings.len()))
            .collect();
        assert_eq!(read, [(2, 20, 0), (3, 30, 2)]);
    }
}
