//! A corrected copy of a file: the file itself, and behind it an incremental update that writes
//! the wrong nodes of the page tree anew. Pure.

use hayro_syntax::{
    object::{
        Array, Dict, ObjectIdentifier,
        dict::keys::{COUNT, ENCRYPT, KIDS, ROOT},
    },
    xref::XRef,
};

use super::{
    scan::first,
    section::{Section, size},
    syntax::{Strings, write_array, write_dict},
    tree::WrongNode,
};

/// How large an update may become.
const MAX_UPDATE_BYTES: usize = 64 << 20;
/// What a cross-reference section says of itself; the update's says it anew.
const OF_THE_SECTION: [&[u8]; 10] =
    [b"Type", b"Size", b"W", b"Index", b"Prev", b"Length", b"Filter", b"DecodeParms", b"XRefStm", b"DL"];

/// Writes the corrected copy. `start` is where the file's header stands: offsets count from there.
/// `None` if the file has to stay as it is.
pub(super) fn corrected(file: &[u8], start: usize, xref: &XRef, wrong: &[WrongNode]) -> Option<Vec<u8>> {
    let section = Section::of(file.get(start..)?);
    let mut update = Update { written: Vec::new(), out: Vec::new(), offset: file.len() - start };
    if matches!(section, Section::Damaged { .. }) {
        // A file that is cut off may end in a string or a stream, which would swallow what follows.
        update.out.extend_from_slice(b"\n)\nendstream\nendobj");
    }
    update.out.push(b'\n');
    let strings = if is_encrypted(file, &section) { Strings::Refused } else { Strings::Plain };
    for node in wrong {
        update.node(xref, node, strings)?;
    }
    update.section(&section, xref.root_id())?;
    let mut copy = Vec::with_capacity(file.len() + update.out.len());
    copy.extend_from_slice(file);
    copy.extend_from_slice(&update.out);
    Some(copy)
}

fn is_encrypted(file: &[u8], section: &Section<'_>) -> bool {
    match section.trailer() {
        Some(trailer) => trailer.contains_key(ENCRYPT),
        None => first(file, b"/Encrypt", 0).is_some(),
    }
}

struct Update {
    /// The objects in it and their offsets.
    written: Vec<(ObjectIdentifier, u64)>,
    out: Vec<u8>,
    /// Where it begins.
    offset: usize,
}

impl Update {
    fn node(&mut self, xref: &XRef, node: &WrongNode, strings: Strings) -> Option<()> {
        let dict = xref.get::<Dict<'_>>(node.id)?;
        let mut own = b"/Kids ".to_vec();
        write_array(&mut own, &dict.get::<Array<'_>>(KIDS)?, &node.dropped, strings)?;
        own.extend_from_slice(format!("/Count {}", node.count).as_bytes());
        self.begin(node.id)?;
        write_dict(&mut self.out, &dict, &[KIDS, COUNT], &own, strings)?;
        self.out.extend_from_slice(b"\nendobj\n");
        (self.out.len() <= MAX_UPDATE_BYTES).then_some(())
    }

    /// Begins an object. `None` if no section can have it.
    fn begin(&mut self, id: ObjectIdentifier) -> Option<()> {
        let generation = u16::try_from(id.gen_number).ok()?;
        let offset = self.here()?;
        self.written.push((id, offset));
        self.out.extend_from_slice(format!("{} {generation} obj\n", id.obj_number).as_bytes());
        Some(())
    }

    fn here(&self) -> Option<u64> {
        u64::try_from(self.offset + self.out.len()).ok().filter(|offset| *offset < 10_000_000_000)
    }

    /// Ends with a section of the kind of the last one: libpdfium follows no chain of both kinds
    /// into its oldest part.
    fn section(&mut self, section: &Section<'_>, root: ObjectIdentifier) -> Option<()> {
        let offset = match section {
            Section::Table { offset, trailer } => self.table(Some(trailer), root, Some(*offset)),
            Section::Stream { offset, id, trailer } => self.stream(trailer, *id, *offset),
            Section::Damaged { trailer } => {
                self.table(trailer.as_ref(), root, None)?;
                // Its table lists too little to be read by. Nought sends every reader scanning, as before.
                Some(0)
            }
        }?;
        self.out.extend_from_slice(format!("startxref\n{offset}\n%%EOF\n").as_bytes());
        Some(())
    }

    fn table(&mut self, trailer: Option<&Dict<'_>>, root: ObjectIdentifier, previous: Option<u64>) -> Option<u64> {
        let size = self.size(trailer)?;
        let offset = self.here()?;
        self.out.extend_from_slice(b"xref\n");
        for run in self.runs() {
            let first = run.first().map_or(0, |(id, _)| id.obj_number);
            self.out.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for (id, offset) in run {
                self.out.extend_from_slice(format!("{offset:010} {:05} n \n", id.gen_number).as_bytes());
            }
        }
        let mut own = format!("/Size {size}/Root {} {} R", root.obj_number, root.gen_number);
        if let Some(previous) = previous {
            own.push_str(&format!("/Prev {previous}"));
        }
        self.out.extend_from_slice(b"trailer\n");
        let none = Dict::empty();
        let skip = [&OF_THE_SECTION[..], &[ROOT]].concat();
        write_dict(&mut self.out, trailer.unwrap_or(&none), &skip, own.as_bytes(), Strings::Plain)?;
        self.out.push(b'\n');
        Some(offset)
    }

    /// Writes a stream under the object number of the last one, which nothing else refers to.
    fn stream(&mut self, trailer: &Dict<'_>, id: ObjectIdentifier, previous: u64) -> Option<u64> {
        if self.written.iter().any(|(written, _)| written.obj_number == id.obj_number) {
            return None;
        }
        let offset = self.here()?;
        self.begin(id)?;
        let size = self.size(Some(trailer))?;
        let (mut index, mut entries) = (String::new(), Vec::new());
        for run in self.runs() {
            let first = run.first().map_or(0, |(id, _)| id.obj_number);
            index.push_str(&format!("{first} {} ", run.len()));
            for (id, offset) in run {
                entries.push(1);
                entries.extend_from_slice(&offset.to_be_bytes());
                entries.extend_from_slice(&u16::try_from(id.gen_number).ok()?.to_be_bytes());
            }
        }
        let length = entries.len();
        let own = format!("/Type/XRef/Size {size}/W[1 8 2]/Index[{index}]/Prev {previous}/Length {length}");
        write_dict(&mut self.out, trailer, &OF_THE_SECTION, own.as_bytes(), Strings::Plain)?;
        self.out.extend_from_slice(b"\nstream\n");
        self.out.extend_from_slice(&entries);
        self.out.extend_from_slice(b"\nendstream\nendobj\n");
        Some(offset)
    }

    /// Returns one more than the highest object number.
    fn size(&self, trailer: Option<&Dict<'_>>) -> Option<u32> {
        let written = self.written.iter().map(|(id, _)| id.obj_number).max()?.checked_add(1)?;
        Some(written.max(trailer.and_then(size).unwrap_or_default()))
    }

    /// Groups what is written into runs of consecutive numbers.
    fn runs(&self) -> Vec<Vec<(ObjectIdentifier, u64)>> {
        let mut sorted = self.written.clone();
        sorted.sort_unstable_by_key(|(id, _)| id.obj_number);
        sorted
            .chunk_by(|(one, _), (next, _)| one.obj_number.checked_add(1) == Some(next.obj_number))
            .map(<[_]>::to_vec)
            .collect()
    }
}
