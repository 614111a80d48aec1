//! What the file itself says and libpdfium does not: asked page by page, and believed only where both see the same
//! pages.

use std::sync::Arc;

use memmap2::Mmap;
use quire_schemas::result::PdfBox;

use super::super::{
    file_facts::{self, Attachments, HiddenObjects},
    sandbox::within_cpu,
};

/// Facts of a document that libpdfium does not tell.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    /// `None` if nothing can be read, or libpdfium has other pages.
    file: Option<file_facts::FileFacts>,
    /// CPU time that each reading may take: a hostile file can make one as slow as it likes.
    cpu_seconds: u64,
}

/// Facts of a page that libpdfium does not tell.
#[derive(Debug, Default)]
pub(super) struct PageFacts {
    /// The media box and the crop box, with what the page inherits. `None` if the file states no media box.
    pub(super) boxes: Option<(PdfBox, Option<PdfBox>)>,
    /// Which objects lie in layers that are off. `None` if none does, or nothing is known.
    pub(super) hidden: Option<HiddenObjects>,
}

impl FileFacts {
    /// Reads a file before libpdfium does. Returns the bytes that libpdfium opens in its place, if its page tree has a
    /// false count.
    pub(super) fn read(file: &Arc<Mmap>, password: Option<&str>, cpu_seconds: u64) -> (Option<Vec<u8>>, Self) {
        let reading = within_cpu(cpu_seconds, || file_facts::read(file, password));
        (reading.corrected, Self { file: reading.facts, cpu_seconds })
    }

    /// Says whether the file has as many pages as libpdfium has found.
    pub(super) fn agree(&self, page_count: u32) -> bool {
        self.file.as_ref().is_some_and(|file| file.page_count() == page_count as usize)
    }

    /// Returns how many points a unit of user space has. Pages count from 0.
    pub(super) fn user_unit(&self, page_index: u32) -> f64 {
        self.file.as_ref().map_or(1.0, |file| file.user_unit(page_index))
    }

    /// Reads what the file says of a page.
    pub(super) fn of_page(&self, page_index: u32) -> PageFacts {
        let Some(file) = &self.file else { return PageFacts::default() };
        within_cpu(self.cpu_seconds, || {
            let area = file.page_area(page_index);
            let boxes = area.media_box.map(|media| (media, area.crop_box));
            PageFacts { boxes, hidden: file.hidden_objects(page_index) }
        })
    }

    /// Lists the files that the document carries.
    pub(super) fn attachments(&self) -> Attachments {
        let Some(file) = &self.file else { return Attachments::default() };
        within_cpu(self.cpu_seconds, || file.attachments().clone())
    }
}
