//! Parsed pages on disk while a job runs: a thousand pages of elements have no business in memory.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use quire_schemas::{failure::ErrorCode, result::Phase};

use crate::{job::Fault, parse::ParsedPage};

/// Pages as JSON in an unnamed temporary file, found by number. Blocking: used off the runtime.
#[derive(Debug)]
pub struct Spool {
    file: File,
    end: u64,
    pages: BTreeMap<u32, (u64, usize)>,
    max_bytes: u64,
}

impl Spool {
    /// Makes an empty spool for at most `max_bytes` of JSON: ten thousand pages may share one content
    /// stream, and what is small in the file is not small here.
    ///
    /// # Errors
    /// `internal` if the temporary folder does not take it.
    pub fn create(folder: &Path, max_bytes: u64) -> Result<Self, Fault> {
        let file = tempfile::tempfile_in(folder).map_err(failed)?;
        Ok(Self { file, end: 0, pages: BTreeMap::new(), max_bytes })
    }

    /// Adds a page, or replaces it.
    ///
    /// # Errors
    /// `resource_limit` on the page if the document's text is beyond all measure; `internal` if the
    /// disk is full.
    pub fn push(&mut self, page: &ParsedPage) -> Result<(), Fault> {
        let json = serde_json::to_vec(page).map_err(|error| failed(error.into()))?;
        if self.end + json.len() as u64 > self.max_bytes {
            let message = format!("the document's elements have more than {} bytes", self.max_bytes);
            let fault = Fault::new(ErrorCode::ResourceLimit, Phase::Parse, message);
            return Err(fault.on_page(page.page.page_number));
        }
        self.file.seek(SeekFrom::Start(self.end)).and_then(|_| self.file.write_all(&json)).map_err(failed)?;
        self.pages.insert(page.page.page_number, (self.end, json.len()));
        self.end += json.len() as u64;
        Ok(())
    }

    /// Lists the pages, ascending.
    #[must_use]
    pub fn page_numbers(&self) -> Vec<u32> {
        self.pages.keys().copied().collect()
    }

    /// Returns how many bytes of JSON the pages have together.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.pages.values().map(|(_, length)| *length as u64).sum()
    }

    /// Reads a page back.
    ///
    /// # Errors
    /// `internal` if it cannot be read.
    pub fn read(&mut self, page: u32) -> Result<Option<ParsedPage>, Fault> {
        let Some(&(start, length)) = self.pages.get(&page) else { return Ok(None) };
        let mut json = vec![0; length];
        self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.read_exact(&mut json)).map_err(failed)?;
        serde_json::from_slice(&json).map(Some).map_err(|error| failed(error.into()))
    }
}

fn failed(error: io::Error) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Assemble, "the temporary folder does not hold the parsed pages")
        .because(error)
}

#[cfg(test)]
mod tests {
    use crate::parse::local::{PageTextBuilder, to_parsed_page};

    use super::*;

    #[test]
    fn pages_come_back_in_order_whatever_order_they_came_in() {
        let mut spool = Spool::create(&std::env::temp_dir(), 1 << 20).expect("a temporary folder");
        for number in [3, 1, 2] {
            let (page, _) = to_parsed_page(PageTextBuilder::new(number, 0).finish());
            spool.push(&page).expect("room");
        }
        assert_eq!(spool.page_numbers(), [1, 2, 3]);
        let page = spool.read(2).expect("readable").expect("there");
        assert_eq!(page.page.page_number, 2);
        assert_eq!(spool.read(9).expect("readable"), None);
    }
}
