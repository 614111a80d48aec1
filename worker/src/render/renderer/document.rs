//! A document that is open in pdfium, and what it says of itself.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use memmap2::Mmap;
use pdfium_render::prelude::{
    PdfDocument, PdfDocumentMetadataTagType, PdfDocumentVersion, PdfFormType, PdfPage, PdfSecurityHandlerRevision,
    Pdfium, PdfiumError, PdfiumInternalError,
};

use super::{
    super::{
        bounds::cut_texts,
        protocol::{DocumentInfo, OpenRefusal},
    },
    boxes::side,
    links::outline,
};

/// Why no libpdfium could be used.
#[derive(Debug, thiserror::Error)]
#[error("no usable libpdfium: {0}")]
pub(crate) struct NoPdfium(String);

/// A document that is open.
pub(in crate::render) struct Document {
    // Before the map: fields are dropped in this order, and the document reads from the map.
    document: PdfDocument<'static>,
    _map: Mmap,
}

/// Loads libpdfium from the first of `candidates` that works; an empty one asks the system.
/// Returns the library and where it was found. The error is that of the last candidate.
pub(in crate::render) fn load_library(candidates: &[PathBuf]) -> Result<(&'static Pdfium, &Path), NoPdfium> {
    let mut last = "no place to look for it".to_owned();
    for candidate in candidates {
        let bound = if candidate.as_os_str().is_empty() {
            Pdfium::bind_to_system_library()
        } else {
            Pdfium::bind_to_library(candidate)
        };
        match bound {
            // Never unloaded: documents borrow from it, and the process ends with its document.
            Ok(bindings) => return Ok((Box::leak(Box::new(Pdfium::new(bindings))), candidate)),
            Err(error) => last = format!("{}: {error:?}", candidate.display()),
        }
    }
    Err(NoPdfium(last))
}

impl Document {
    /// Opens a document from a file that stays as it is while this process lives.
    pub(in crate::render) fn open(
        pdfium: &'static Pdfium,
        path: &Path,
        password: Option<&str>,
    ) -> Result<Self, OpenRefusal> {
        let file = File::open(path).map_err(|_| OpenRefusal::Unreadable)?;
        // SAFETY: the file is a private temporary file of the parent, which writes it once and
        // unlinks it after the last renderer of the document has ended.
        let map = unsafe { Mmap::map(&file) }.map_err(|_| OpenRefusal::Unreadable)?;
        // SAFETY: the mapping does not move with the value that owns it, and `Document` keeps that
        // value until after the document is closed.
        let bytes: &'static [u8] = unsafe { std::slice::from_raw_parts(map.as_ptr(), map.len()) };
        match pdfium.load_pdf_from_byte_slice(bytes, password) {
            // Without the right key the page tree cannot be read, and pdfium finds no page in it.
            Ok(document) if document.pages().is_empty() && is_encrypted(&document) => Err(OpenRefusal::Password),
            Ok(document) => Ok(Self { document, _map: map }),
            Err(PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::PasswordError)) => {
                Err(OpenRefusal::Password)
            }
            Err(PdfiumError::PdfiumLibraryInternalError(PdfiumInternalError::SecurityError)) => {
                Err(OpenRefusal::Security)
            }
            Err(_) => Err(OpenRefusal::Damaged),
        }
    }

    /// Returns how many pages the page tree claims.
    pub(in crate::render) fn page_count(&self) -> u32 {
        u32::try_from(self.document.pages().len()).unwrap_or_default()
    }

    /// Reads what the document says of itself, cut to what a frame may have.
    pub(in crate::render) fn describe(&self) -> DocumentInfo {
        let page_count = self.page_count();
        let mut info = DocumentInfo {
            page_count,
            page_sizes: (0..page_count).map(|index| self.page_size(index)).collect(),
            pdf_version: version(self.document.version()),
            tagged: self.document.catalog().is_tagged(),
            encrypted: is_encrypted(&self.document),
            form_type: self.document.form().and_then(|form| form_name(form.form_type())),
            language: self.document.catalog().get_language().ok().filter(|language| !language.is_empty()),
            outline: outline(&self.document),
            ..DocumentInfo::default()
        };
        for tag in self.document.metadata().iter() {
            let value = tag.value().to_owned();
            match tag.tag_type() {
                _ if value.is_empty() => {}
                PdfDocumentMetadataTagType::Title => info.title = Some(value),
                PdfDocumentMetadataTagType::Author => info.author = Some(value),
                other => info.metadata.push((metadata_key(other).to_owned(), value)),
            }
        }
        cut_texts(info)
    }

    fn page_size(&self, index: u32) -> (f64, f64) {
        let size = i32::try_from(index).ok().and_then(|index| self.document.pages().page_size(index).ok());
        size.map_or((0.0, 0.0), |size| (side(size.width().value), side(size.height().value)))
    }

    /// Loads a page; pages count from 1. The error is pdfium's.
    pub(in crate::render) fn page(&self, number: u32) -> Result<PdfPage<'static>, String> {
        let index = i32::try_from(number).map_err(|error| error.to_string())? - 1;
        self.document.pages().get(index).map_err(|error| format!("the page does not load: {error:?}"))
    }
}

fn is_encrypted(document: &PdfDocument<'_>) -> bool {
    !matches!(document.permissions().security_handler_revision(), Ok(PdfSecurityHandlerRevision::Unprotected))
}

fn form_name(form: PdfFormType) -> Option<String> {
    match form {
        PdfFormType::None => None,
        PdfFormType::Acrobat => Some("acrobat".to_owned()),
        PdfFormType::XfaFull | PdfFormType::XfaForeground => Some("xfa".to_owned()),
    }
}

const fn metadata_key(tag: PdfDocumentMetadataTagType) -> &'static str {
    match tag {
        PdfDocumentMetadataTagType::Title => "title",
        PdfDocumentMetadataTagType::Author => "author",
        PdfDocumentMetadataTagType::Subject => "subject",
        PdfDocumentMetadataTagType::Keywords => "keywords",
        PdfDocumentMetadataTagType::Creator => "creator",
        PdfDocumentMetadataTagType::Producer => "producer",
        PdfDocumentMetadataTagType::CreationDate => "creation_date",
        PdfDocumentMetadataTagType::ModificationDate => "modification_date",
    }
}

fn version(version: PdfDocumentVersion) -> Option<String> {
    let digits = match version {
        PdfDocumentVersion::Unset => return None,
        PdfDocumentVersion::Pdf1_0 => 10,
        PdfDocumentVersion::Pdf1_1 => 11,
        PdfDocumentVersion::Pdf1_2 => 12,
        PdfDocumentVersion::Pdf1_3 => 13,
        PdfDocumentVersion::Pdf1_4 => 14,
        PdfDocumentVersion::Pdf1_5 => 15,
        PdfDocumentVersion::Pdf1_6 => 16,
        PdfDocumentVersion::Pdf1_7 => 17,
        PdfDocumentVersion::Pdf2_0 => 20,
        PdfDocumentVersion::Other(digits) => digits,
    };
    Some(format!("{}.{}", digits / 10, digits % 10))
}
