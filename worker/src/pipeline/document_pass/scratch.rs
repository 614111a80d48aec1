//! Temporary files that the pass writes from beginning to end and the commit reads once.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::Path,
};

use quire_schemas::{failure::ErrorCode, result::Phase};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::job::Fault;

/// An unnamed temporary file.
#[derive(Debug)]
pub(super) struct Scratch {
    file: BufWriter<File>,
    bytes: u64,
}

impl Scratch {
    pub(super) fn create(folder: &Path) -> Result<Self, Fault> {
        let file = tempfile::tempfile_in(folder).map_err(unusable)?;
        Ok(Self { file: BufWriter::new(file), bytes: 0 })
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write_all(bytes).map_err(unusable)
    }

    /// Forgets everything behind the first so many bytes.
    pub(super) fn truncate(&mut self, bytes: u64) -> Result<(), Fault> {
        // Writes first what is buffered.
        self.file.seek(SeekFrom::Start(bytes)).and_then(|_| self.file.get_ref().set_len(bytes)).map_err(unusable)?;
        self.bytes = bytes;
        Ok(())
    }

    /// Reads everything, with so many bytes of room behind it.
    pub(super) fn into_bytes(self, room: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or_default() + room);
        self.into_file()?.read_to_end(&mut bytes).map_err(unusable)?;
        Ok(bytes)
    }

    fn into_file(self) -> Result<File, Fault> {
        let mut file = self.file.into_inner().map_err(|error| unusable(error.into_error()))?;
        file.rewind().map_err(unusable)?;
        Ok(file)
    }
}

impl Write for Scratch {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// JSON values in a temporary file, one a line.
#[derive(Debug)]
pub(crate) struct JsonLines {
    scratch: Scratch,
    count: usize,
}

impl JsonLines {
    pub(super) fn create(folder: &Path) -> Result<Self, Fault> {
        Ok(Self { scratch: Scratch::create(folder)?, count: 0 })
    }

    pub(super) fn push(&mut self, value: &impl Serialize) -> Result<(), Fault> {
        serde_json::to_writer(&mut self.scratch, value).map_err(|error| unusable(error.into()))?;
        self.count += 1;
        self.scratch.put(b"\n")
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.scratch.bytes()
    }

    /// Reads the values as one array into memory.
    ///
    /// # Errors
    /// `internal` if they cannot be read back.
    pub(crate) fn into_array(self) -> Result<Box<RawValue>, Fault> {
        let mut json = self.scratch.into_bytes(2)?;
        // A line end inside a value is escaped, so each one in the file ends a value.
        json.pop();
        json.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b',');
        json.insert(0, b'[');
        json.push(b']');
        let json = String::from_utf8(json).map_err(|error| unusable(io::Error::other(error)))?;
        RawValue::from_string(json).map_err(|error| unusable(error.into()))
    }

    /// Hands the values out in parts.
    ///
    /// # Errors
    /// `internal` if they cannot be read back.
    pub(crate) fn into_parts(self) -> Result<Parts, Fault> {
        Ok(Parts { lines: BufReader::new(self.scratch.into_file()?), next: Vec::new() })
    }
}

/// Reads JSON lines in parts of whole lines.
#[derive(Debug)]
pub(crate) struct Parts {
    lines: BufReader<File>,
    /// A line that did not fit the part before.
    next: Vec<u8>,
}

impl Parts {
    /// Returns the next lines: at least one, and no more than `most_bytes` of several. `None` at the end.
    ///
    /// # Errors
    /// `internal` if they cannot be read back.
    pub(crate) fn next(&mut self, most_bytes: usize) -> Result<Option<Vec<u8>>, Fault> {
        let mut part = std::mem::take(&mut self.next);
        loop {
            let end = part.len();
            if self.lines.read_until(b'\n', &mut part).map_err(unusable)? == 0 {
                return Ok(Some(part).filter(|part| !part.is_empty()));
            }
            if end > 0 && part.len() > most_bytes {
                self.next = part.split_off(end);
                return Ok(Some(part));
            }
        }
    }
}

/// Returns how many bytes a value has as JSON.
pub(crate) fn json_bytes(value: &(impl Serialize + ?Sized)) -> u64 {
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).expect("rows, elements and results have string keys only");
    count.0
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0 += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn unusable(error: io::Error) -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Assemble, "the temporary folder does not hold the result's text")
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(values: &[&str]) -> JsonLines {
        let mut lines = JsonLines::create(&std::env::temp_dir()).expect("a temporary folder");
        values.iter().for_each(|value| lines.push(value).expect("room"));
        lines
    }

    #[test]
    fn lines_become_an_array_even_if_there_are_none() {
        assert_eq!(lines(&[]).into_array().expect("readable").get(), "[]");
        assert_eq!(lines(&["a\nb", "c"]).into_array().expect("readable").get(), r#"["a\nb","c"]"#);
    }

    #[test]
    fn a_part_holds_as_many_lines_as_fit_and_at_least_one() {
        let mut parts = lines(&["1", "2", "a longer one", "3"]).into_parts().expect("readable");
        let mut found = Vec::new();
        while let Some(part) = parts.next(9).expect("readable") {
            found.push(String::from_utf8(part).expect("text"));
        }
        assert_eq!(found, ["\"1\"\n\"2\"\n", "\"a longer one\"\n", "\"3\"\n"]);
        assert_eq!(lines(&[]).into_parts().expect("readable").next(9).expect("readable"), None);
    }

    #[test]
    fn what_is_truncated_is_written_over() {
        let mut scratch = Scratch::create(&std::env::temp_dir()).expect("a temporary folder");
        for text in ["kept", "forgotten"] {
            scratch.put(text.as_bytes()).expect("room");
        }
        scratch.truncate(4).expect("room");
        scratch.put(b"!").expect("room");
        assert_eq!((scratch.bytes(), scratch.into_bytes(0).expect("readable")), (5, b"kept!".to_vec()));
    }

    #[test]
    fn bytes_are_counted_as_they_are_written() {
        assert_eq!(json_bytes("a\n\"é"), r#""a\n\"é""#.len() as u64);
        assert_eq!(lines(&["a"]).bytes(), 4);
    }
}
