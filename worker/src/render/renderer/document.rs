//! A document that is open in libpdfium, and the bytes that it is read from.

use std::{fs::File, os::raw::c_int, sync::Arc};

use memmap2::{Mmap, MmapOptions};
use pdfium_render::prelude::FPDF_DOCUMENT;

use super::{
    super::protocol::{AttachmentWork, OpenRefusal, RefusedAttachment},
    file_facts::FileFacts,
    form::Form,
    library::Library,
};

/// Errors that libpdfium numbers so; all others mean that the document is damaged.
mod last_error {
    pub(super) const PASSWORD: u32 = 4;
    pub(super) const SECURITY: u32 = 5;
}

/// Maps the bytes of a document into memory.
pub(in crate::render) fn map_document(file: &File, size_bytes: u64) -> Result<Arc<Mmap>, OpenRefusal> {
    let length = usize::try_from(size_bytes).map_err(|_| OpenRefusal::Unreadable)?;
    // SAFETY: the file is a private one without a name, which the parent has written once; or the user's own, who is
    // asked to leave it alone.
    let map = unsafe { MmapOptions::new().len(length).map(file) };
    map.map(Arc::new).map_err(|_| OpenRefusal::Unreadable)
}

/// A document that is open.
pub(in crate::render) struct Document {
    // Fields are dropped in this order: the form goes before the document, and the document before
    // the bytes that it reads from.
    form: Option<Form>,
    opened: Opened,
    facts: FileFacts,
    _corrected: Option<Vec<u8>>,
    _map: Option<Arc<Mmap>>,
}

/// The handle of a document. Closes it.
struct Opened {
    library: Library,
    handle: FPDF_DOCUMENT,
}

impl Document {
    /// Opens a document. Reading what libpdfium does not tell
    /// may take this CPU time, and ends the process if it takes more; `None` leaves it out.
    pub(in crate::render) fn open(
        library: Library,
        map: Arc<Mmap>,
        password: Option<&str>,
        facts_cpu_seconds: Option<u64>,
    ) -> Result<Self, OpenRefusal> {
        let (corrected, facts) = match facts_cpu_seconds {
            Some(seconds) => FileFacts::read(&map, password, seconds),
            None => (None, FileFacts::default()),
        };
        // A correction that libpdfium does not read as it is meant is none.
        let mended = corrected.and_then(|bytes| {
            let opened = Opened::load(library, &bytes, password).ok()?;
            facts.agree(opened.page_count()).then_some((opened, Some(bytes)))
        });
        let (opened, corrected) = match mended {
            Some(mended) => mended,
            None => (Opened::load(library, &map, password)?, None),
        };
        let facts = if facts.agree(opened.page_count()) { facts } else { FileFacts::default() };
        let form = Form::of(library, opened.handle);
        let document = Self { form, opened, facts, _corrected: corrected, _map: Some(map) };
        // Without the right key the page tree cannot be read, and libpdfium finds no page in it.
        if document.page_count() == 0 && document.is_encrypted() {
            return Err(OpenRefusal::Password);
        }
        Ok(document)
    }

    pub(super) const fn library(&self) -> Library {
        self.opened.library
    }

    pub(super) const fn handle(&self) -> FPDF_DOCUMENT {
        self.opened.handle
    }

    pub(super) const fn form(&self) -> Option<&Form> {
        self.form.as_ref()
    }

    pub(super) const fn facts(&self) -> &FileFacts {
        &self.facts
    }

    /// Reads a file that the document carries.
    pub(in crate::render) fn attachment(&self, work: AttachmentWork) -> Result<Vec<u8>, RefusedAttachment> {
        self.facts.attachment(work)
    }

    /// Returns how many pages libpdfium finds.
    pub(in crate::render) fn page_count(&self) -> u32 {
        self.opened.page_count()
    }

    /// Returns how many points a unit of a page's user space has.
    pub(super) fn user_unit(&self, index: u32) -> f64 {
        let stated = self.facts.user_unit(index);
        if stated.is_finite() && stated > 0.0 { stated } else { 1.0 }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        // SAFETY: the document is open.
        unsafe { self.library().FPDF_GetSecurityHandlerRevision(self.handle()) != -1 }
    }

    /// Makes a document of one page of this one; pages count from 0.
    pub(super) fn copy_of_page(&self, index: u32) -> Option<Self> {
        let (library, index) = (self.library(), c_int::try_from(index).ok()?);
        // SAFETY: the library is loaded.
        let handle = unsafe { library.FPDF_CreateNewDocument() };
        if handle.is_null() {
            return None;
        }
        let opened = Opened { library, handle };
        // SAFETY: both documents are open, and the pointer leads to one index.
        let copied = unsafe { library.FPDF_ImportPagesByIndex(handle, self.handle(), &raw const index, 1, 0) } != 0;
        copied.then(|| Self { form: None, opened, facts: FileFacts::default(), _corrected: None, _map: None })
    }
}

impl Opened {
    /// Opens a document. `bytes` must stay where they are until it is closed.
    fn load(library: Library, bytes: &[u8], password: Option<&str>) -> Result<Self, OpenRefusal> {
        // A password with a zero inside cannot reach libpdfium, and no document has one.
        if password.is_some_and(|password| password.contains('\0')) {
            return Err(OpenRefusal::Password);
        }
        // SAFETY: `Document` keeps what the bytes lie in, a map or a vector, until after it is closed.
        let handle = unsafe { library.FPDF_LoadMemDocument64(bytes, password) };
        if !handle.is_null() {
            return Ok(Self { library, handle });
        }
        // SAFETY: the library is loaded.
        match unsafe { library.FPDF_GetLastError() } as u32 {
            last_error::PASSWORD => Err(OpenRefusal::Password),
            last_error::SECURITY => Err(OpenRefusal::Security),
            _ => Err(OpenRefusal::Damaged),
        }
    }
}

impl Opened {
    fn page_count(&self) -> u32 {
        // SAFETY: the document is open.
        u32::try_from(unsafe { self.library.FPDF_GetPageCount(self.handle) }).unwrap_or_default()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: the handle is closed once, after the form and all pages.
        unsafe { self.library.FPDF_CloseDocument(self.handle) };
    }
}
