//! Parsed pages as JSON in a temporary file while a job runs, so that memory holds one at a time.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use quire_schemas::{failure::ErrorCode, result::Phase};

use crate::{
    job::Fault,
    parse::{MAX_PAGE_BYTES, ParsedPage},
};

/// Most lists and objects inside each other in a page's JSON. Readers of a result take about 128, and a page stands
/// one deeper in it.
const MAX_NESTING: usize = 100;

/// Pages as JSON in an unnamed temporary file, found by number. Blocking: not for the async runtime.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    end: u64,
    pages: BTreeMap<u32, PageSpan>,
    max_bytes: u64,
}

/// Where the JSON of a page lies in the file.
#[derive(Debug, Clone, Copy)]
struct PageSpan {
    start: u64,
    bytes: usize,
}

impl Spool {
    /// Makes an empty spool for at most `max_bytes` of JSON: ten thousand pages may share one content
    /// stream, so a small document may have large pages.
    ///
    /// # Errors
    /// `internal` if the temporary folder has no room.
    pub(crate) fn create(folder: &Path, max_bytes: u64) -> Result<Self, Fault> {
        let file = tempfile::tempfile_in(folder).map_err(unusable)?;
        Ok(Self { file, end: 0, pages: BTreeMap::new(), max_bytes })
    }

    /// Adds a page, or replaces it. `json` is that of a [`ParsedPage`] with this number, on one line: the caller has
    /// checked it.
    ///
    /// # Errors
    /// `resource_limit` on the page if it is larger than [`MAX_PAGE_BYTES`] or the spool would grow past its limit;
    /// `internal` if the disk is full.
    pub(crate) fn push_json(&mut self, number: u32, json: &[u8]) -> Result<(), Fault> {
        if json.len() > MAX_PAGE_BYTES {
            let message = format!("the page's elements have {} bytes, more than {MAX_PAGE_BYTES}", json.len());
            return Err(beyond_limit(number, message));
        }
        if self.end + json.len() as u64 > self.max_bytes {
            let message = format!("the document's elements have more than {} bytes", self.max_bytes);
            return Err(beyond_limit(number, message));
        }
        self.append(number, json)
    }

    fn append(&mut self, number: u32, json: &[u8]) -> Result<(), Fault> {
        self.file.seek(SeekFrom::Start(self.end)).and_then(|_| self.file.write_all(json)).map_err(unusable)?;
        self.pages.insert(number, PageSpan { start: self.end, bytes: json.len() });
        self.end += json.len() as u64;
        Ok(())
    }

    /// Adds a page, or replaces it.
    ///
    /// # Errors
    /// As [`Spool::push_json`]; `resource_limit` also if the page nests so deep that no reader would take it.
    pub(crate) fn push(&mut self, page: &ParsedPage) -> Result<(), Fault> {
        let (number, json) = (page.page.page_number, to_json(page)?);
        if nesting(&json) > MAX_NESTING {
            let message = format!("the page's elements nest more than {MAX_NESTING} lists and objects");
            return Err(beyond_limit(number, message));
        }
        self.push_json(number, &json)
    }

    /// Adds a page that failed, which is small, whatever the spool holds already.
    ///
    /// # Errors
    /// `internal` if the disk is full.
    pub(crate) fn push_failed(&mut self, page: &ParsedPage) -> Result<(), Fault> {
        self.append(page.page.page_number, &to_json(page)?)
    }

    /// Forgets a page. Its bytes still count toward the limit.
    pub(crate) fn remove(&mut self, number: u32) {
        self.pages.remove(&number);
    }

    /// Returns how many bytes it has taken.
    pub(crate) const fn bytes(&self) -> u64 {
        self.end
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Lists the pages, ascending.
    pub(crate) fn page_numbers(&self) -> Vec<u32> {
        self.pages.keys().copied().collect()
    }

    /// Reads a page's JSON back; `None` if there is no such page.
    ///
    /// # Errors
    /// `internal` if it cannot be read.
    pub(crate) fn read_json(&mut self, number: u32) -> Result<Option<String>, Fault> {
        let Some(&PageSpan { start, bytes }) = self.pages.get(&number) else { return Ok(None) };
        let mut json = vec![0; bytes];
        self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.read_exact(&mut json)).map_err(unusable)?;
        let json = String::from_utf8(json);
        json.map(Some).map_err(|error| unusable(io::Error::other(error.utf8_error())).on_page(number))
    }
}

#[cfg(test)]
impl Spool {
    /// Makes a spool on a disk that is full.
    pub(super) fn on_full_disk() -> Self {
        let file = File::options().read(true).write(true).open("/dev/full").expect("every Linux has it");
        Self { file, end: 0, pages: BTreeMap::new(), max_bytes: u64::MAX }
    }

    /// Reads a page back; `None` if there is no such page.
    pub(super) fn read(&mut self, number: u32) -> Option<ParsedPage> {
        let json = self.read_json(number).expect("readable")?;
        Some(serde_json::from_str(&json).expect("a page"))
    }

    /// Overwrites the first byte of a page, as a defective disk would.
    pub(super) fn damage(&mut self, number: u32) {
        let start = self.pages[&number].start;
        self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.write_all(b"\xff")).expect("a writable spool");
    }
}

fn to_json(page: &ParsedPage) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(page).map_err(|error| unusable(error.into()))
}

/// Returns how many lists and objects stand inside each other.
fn nesting(json: &[u8]) -> usize {
    let (mut deepest, mut depth, mut is_text, mut is_escaped) = (0_usize, 0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn beyond_limit(page: u32, message: String) -> Fault {
    Fault::new(ErrorCode::ResourceLimit, Phase::Parse, message).on_page(page)
}

fn unusable(error: io::Error) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Assemble, "the temporary folder does not hold the parsed pages")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::testing::{failed_page, parsed_page, spool};

    #[test]
    fn pages_come_back_in_order_whatever_order_they_came_in() {
        let mut spool = spool([parsed_page(3, &[]), parsed_page(1, &[]), parsed_page(2, &["text"])]);
        assert_eq!(spool.page_numbers(), [1, 2, 3]);
        assert_eq!(spool.read(2), Some(parsed_page(2, &["text"])));
        assert_eq!(spool.read(9), None);
    }

    #[test]
    fn a_page_that_is_put_twice_is_the_later_one() {
        let mut spool = spool([parsed_page(1, &["first"]), parsed_page(1, &["second"])]);
        assert_eq!(spool.read(1), Some(parsed_page(1, &["second"])));
        spool.remove(1);
        assert!(spool.is_empty());
    }

    #[test]
    fn a_page_beyond_the_limit_is_refused_and_named() {
        let mut spool = Spool::create(&std::env::temp_dir(), 10).expect("a temporary folder");
        let fault = spool.push(&parsed_page(7, &[])).expect_err("more than ten bytes");
        assert_eq!((fault.code, fault.page), (ErrorCode::ResourceLimit, Some(7)));
        assert!(spool.is_empty());
        // That it failed is kept nevertheless.
        spool.push_failed(&failed_page(7)).expect("it has no limit");
        assert_eq!(spool.read(7), Some(failed_page(7)));
    }

    #[test]
    fn a_page_beyond_what_the_pass_can_hold_is_refused_and_named() {
        let mut spool = Spool::create(&std::env::temp_dir(), u64::MAX).expect("a temporary folder");
        spool.push_json(1, &vec![b' '; MAX_PAGE_BYTES]).expect("as much as a page may have");
        let fault = spool.push_json(2, &vec![b' '; MAX_PAGE_BYTES + 1]).expect_err("one byte more");
        assert_eq!((fault.code, fault.page), (ErrorCode::ResourceLimit, Some(2)));
        assert_eq!(spool.page_numbers(), [1]);
    }

    #[test]
    fn a_page_that_no_reader_would_take_is_refused_and_named() {
        // The page, its `extra` and the field in it are three.
        for (depth, is_taken) in [(MAX_NESTING - 3, true), (MAX_NESTING - 2, false)] {
            let mut page = parsed_page(1, &["[[[\\\"[[["]);
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            page.page.extra.insert("nested".to_owned(), serde_json::from_str(&nested).expect("not too deep yet"));
            let pushed = spool([]).push(&page).map_err(|fault| (fault.code, fault.page));
            assert_eq!(pushed, if is_taken { Ok(()) } else { Err((ErrorCode::ResourceLimit, Some(1))) }, "{depth}");
        }
    }

    #[test]
    fn a_page_that_cannot_be_read_back_is_an_error() {
        let mut spool = spool([parsed_page(4, &["text"])]);
        spool.damage(4);
        let fault = spool.read_json(4).expect_err("it is no text any more");
        assert_eq!((fault.code, fault.page), (ErrorCode::Internal, Some(4)));
    }

    #[test]
    fn a_full_disk_is_a_fault_of_the_worker() {
        let fault = Spool::on_full_disk().push(&parsed_page(1, &["text"])).expect_err("it is full");
        assert_eq!((fault.code, fault.page), (ErrorCode::Internal, None));
    }
}
