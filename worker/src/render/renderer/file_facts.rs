//! What the file itself says and libpdfium does not: asked page by page, and believed only where both see the same
//! pages.

use std::sync::Arc;

use memmap2::Mmap;
use quire_schemas::result::PdfBox;

use super::super::file_facts::{self, Attachments, HiddenObjects};

/// Facts of a document that libpdfium does not tell.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    /// `None` if nothing can be read, or libpdfium has other pages.
    file: Option<file_facts::FileFacts>,
}

impl FileFacts {
    /// Reads a file before libpdfium does. Returns the bytes that libpdfium opens in its place, if its page tree has a
    /// false count.
    pub(super) fn read(file: &Arc<Mmap>, password: Option<&str>) -> (Option<Vec<u8>>, Self) {
        let reading = file_facts::read(file, password);
        (reading.corrected, Self { file: reading.facts })
    }

    /// Says whether the file has as many pages as libpdfium has found.
    pub(super) fn agree(&self, page_count: u32) -> bool {
        self.file.as_ref().is_some_and(|file| file.page_count() == page_count as usize)
    }

    /// Returns how many points a unit of user space has. Pages count from 0.
    pub(super) fn user_unit(&self, page_index: u32) -> f64 {
        self.file.as_ref().map_or(1.0, |file| file.user_unit(page_index))
    }

    /// Returns the media box and the crop box of a page, with what it inherits. `None` if the file states no media box.
    pub(super) fn inherited_boxes(&self, page_index: u32) -> Option<(PdfBox, Option<PdfBox>)> {
        let area = self.file.as_ref()?.page_area(page_index);
        Some((area.media_box?, area.crop_box))
    }

    /// Tells which objects of a page lie in layers that are off.
    pub(super) fn hidden_objects(&self, page_index: u32) -> Option<HiddenObjects> {
        self.file.as_ref()?.hidden_objects(page_index)
    }

    /// Lists the files that the document carries.
    pub(super) fn attachments(&self) -> Attachments {
        self.file.as_ref().map(|file| file.attachments().clone()).unwrap_or_default()
    }
}
