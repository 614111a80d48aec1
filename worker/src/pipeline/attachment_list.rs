//! Which files of a document are stored, and why the others are not. Pure.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::{
    failure::WarningCode,
    page_ranges::PageRanges,
    result::{Attachment, BranchName, ObjectRef, Phase, Warning},
};

use crate::render::{AttachmentRefusal, RefusedAttachment};

/// Most bytes that the stored files of a document have together.
const MAX_STORED_BYTES: usize = 64 << 20;
/// Most bytes that are read to store them: one that turns out too large was read in vain, and a thousand of these would
/// keep a renderer busy for minutes.
const MAX_READ_BYTES: usize = 8 * MAX_STORED_BYTES;
/// Renderers that the files of a document may cost. Then no further one is read.
const MOST_RENDERERS_LOST: usize = 3;

/// The files of a document of which it is decided whether they are stored. Numbers are places in the list of
/// attachments, from 1.
#[derive(Debug)]
pub(super) struct AttachmentList {
    stored: BTreeMap<u32, ObjectRef>,
    too_large: Vec<u32>,
    unreadable: Vec<u32>,
    /// Those that a renderer did not survive, and those that were not tried because of them.
    given_up: Vec<u32>,
    room: usize,
    readable: usize,
    renderers_left: usize,
}

impl Default for AttachmentList {
    fn default() -> Self {
        Self {
            stored: BTreeMap::new(),
            too_large: Vec::new(),
            unreadable: Vec::new(),
            given_up: Vec::new(),
            room: MAX_STORED_BYTES,
            readable: MAX_READ_BYTES,
            renderers_left: MOST_RENDERERS_LOST,
        }
    }
}

impl AttachmentList {
    /// Returns how many bytes the next file may have. `None` if it is not to be read; that is noted.
    pub(super) fn room_for(&mut self, number: u32) -> Option<usize> {
        if self.renderers_left == 0 {
            self.given_up.push(number);
            return None;
        }
        let most = self.room.min(self.readable);
        if most == 0 {
            self.too_large.push(number);
        }
        (most > 0).then_some(most)
    }

    /// Says whether an object of this size, which an earlier run has stored, still fits.
    pub(super) fn has_room(&self, size_bytes: u64) -> bool {
        size_bytes <= self.room as u64
    }

    pub(super) fn store(&mut self, number: u32, object: ObjectRef) {
        let bytes = usize::try_from(object.size_bytes).unwrap_or(usize::MAX);
        self.room = self.room.saturating_sub(bytes);
        self.readable = self.readable.saturating_sub(bytes);
        self.stored.insert(number, object);
    }

    /// Notes why a file is not stored.
    pub(super) fn refuse(&mut self, number: u32, refused: RefusedAttachment) {
        self.readable = self.readable.saturating_sub(refused.read_bytes);
        match refused.reason {
            AttachmentRefusal::TooLarge => self.too_large.push(number),
            AttachmentRefusal::Unreadable => self.unreadable.push(number),
        }
    }

    /// Notes a file that a renderer did not survive.
    pub(super) fn give_up(&mut self, number: u32) {
        self.renderers_left = self.renderers_left.saturating_sub(1);
        self.given_up.push(number);
    }

    /// Returns how many files are stored.
    pub(super) fn stored(&self) -> usize {
        self.stored.len()
    }

    /// Names the stored files in the list of attachments.
    pub(super) fn name_in(&self, attachments: &[Attachment]) -> Vec<Attachment> {
        let named = |(number, attachment): (u32, &Attachment)| Attachment {
            object: self.stored.get(&number).cloned(),
            ..attachment.clone()
        };
        (1..).zip(attachments).map(named).collect()
    }

    /// Says which files are not stored, and why.
    pub(super) fn warnings(&self, attachments: &[Attachment]) -> Vec<Warning> {
        let stored = MAX_STORED_BYTES - self.room;
        let limit = format!(
            "the stored files of a document have at most {MAX_STORED_BYTES} bytes together, of which {stored} are taken"
        );
        let cases = [
            (WarningCode::LimitReached, &self.too_large, limit.as_str()),
            (WarningCode::AttachmentsNotStored, &self.unreadable, "damaged, or encoded in a way that is not known"),
            (WarningCode::AttachmentsNotStored, &self.given_up, "reading them ended renderers"),
        ];
        let warning = |(code, numbers, why): (WarningCode, &Vec<u32>, &str)| {
            let which = which(numbers, attachments);
            let warning = Warning::of(code, format!("attachments that are not stored: {which}; {why}"));
            warning.in_branch(BranchName::Parse).in_phase(Phase::Upload)
        };
        cases.into_iter().filter(|(_, numbers, _)| !numbers.is_empty()).map(warning).collect()
    }
}

/// Names files by their numbers, with the size that the document states of them all.
fn which(numbers: &[u32], attachments: &[Attachment]) -> String {
    let wanted: BTreeSet<u32> = numbers.iter().copied().collect();
    let listed = (1..).zip(attachments).filter(|(number, _)| wanted.contains(number));
    let sizes: Option<Vec<u64>> = listed.map(|(_, attachment)| attachment.size_bytes).collect();
    let numbers = PageRanges::of_pages(wanted);
    match sizes {
        Some(sizes) => {
            let bytes = sizes.into_iter().fold(0, u64::saturating_add);
            format!("{numbers}, of {bytes} bytes as the document states it")
        }
        None => numbers.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::testing::object;

    fn object_of(size_bytes: usize) -> ObjectRef {
        ObjectRef { size_bytes: size_bytes as u64, ..object("attachments/0001") }
    }

    fn refused(reason: AttachmentRefusal, read_bytes: usize) -> RefusedAttachment {
        RefusedAttachment { reason, read_bytes }
    }

    fn carried(sizes: &[Option<u64>]) -> Vec<Attachment> {
        sizes.iter().map(|size| Attachment { size_bytes: *size, ..Attachment::default() }).collect()
    }

    #[test]
    fn files_are_stored_while_they_fit_together() {
        let mut list = AttachmentList::default();
        assert_eq!(list.room_for(1), Some(MAX_STORED_BYTES));
        list.store(1, object_of(MAX_STORED_BYTES - 10));
        assert_eq!(list.room_for(2), Some(10));
        list.refuse(2, refused(AttachmentRefusal::TooLarge, 10));
        assert!(list.has_room(10) && !list.has_room(11));
        list.store(3, object_of(10));
        assert_eq!(list.room_for(4), None);

        let named = list.name_in(&carried(&[None; 4]));
        assert_eq!(named.iter().map(|file| file.object.is_some()).collect::<Vec<_>>(), [true, false, true, false]);
        assert_eq!(list.stored(), 2);
        let warnings = list.warnings(&carried(&[Some(1), Some(70), Some(2), Some(30)]));
        let texts: Vec<_> = warnings.iter().map(|warning| (warning.code.as_str(), warning.message.as_str())).collect();
        let expected = "attachments that are not stored: 2,4, of 100 bytes as the document states it; the stored files of a \
                        document have at most 67108864 bytes together, of which 67108864 are taken";
        assert_eq!(texts, [("limit_reached", expected)]);
    }

    #[test]
    fn files_that_are_read_in_vain_end_the_reading() {
        let mut list = AttachmentList::default();
        let mut read = 0;
        for number in 1..=1_000 {
            if let Some(most) = list.room_for(number) {
                read += most;
                list.refuse(number, refused(AttachmentRefusal::TooLarge, most));
            }
        }
        assert_eq!(read, MAX_READ_BYTES);
        let warnings = list.warnings(&carried(&[None; 1_000]));
        assert!(warnings[0].message.starts_with("attachments that are not stored: 1-1000; "), "{warnings:?}");
    }

    #[test]
    fn files_that_end_renderers_end_the_reading() {
        let mut list = AttachmentList::default();
        list.refuse(1, refused(AttachmentRefusal::Unreadable, 0));
        (2..=4).for_each(|number| list.give_up(number));
        assert_eq!(list.room_for(5), None);
        let texts: Vec<_> = list.warnings(&carried(&[None; 5])).into_iter().map(|warning| warning.message).collect();
        assert_eq!(
            texts,
            [
                "attachments that are not stored: 1; damaged, or encoded in a way that is not known",
                "attachments that are not stored: 2-5; reading them ended renderers",
            ]
        );
    }

    #[test]
    fn where_everything_is_stored_there_is_nothing_to_say() {
        let mut list = AttachmentList::default();
        list.store(1, object_of(5));
        assert_eq!(list.warnings(&carried(&[None])), []);
    }
}
