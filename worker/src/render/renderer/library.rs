//! The libpdfium that this process has loaded.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
};

use pdfium_render::prelude::{Pdfium, PdfiumLibraryBindings};

/// Why no libpdfium could be used.
#[derive(Debug, thiserror::Error)]
#[error("no usable libpdfium: {0}")]
pub(crate) struct NoPdfium(String);

/// The functions of libpdfium, ready for use. All of them are called from one thread: libpdfium has
/// state that is shared and not guarded.
#[derive(Clone, Copy)]
pub(in crate::render) struct Library(&'static dyn PdfiumLibraryBindings);

impl Deref for Library {
    type Target = dyn PdfiumLibraryBindings;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

/// Loads libpdfium from the first of `candidates` that works; an empty one asks the system.
/// Returns the library and where it was found. The error is that of the last candidate.
pub(in crate::render) fn load_library(candidates: &[PathBuf]) -> Result<(Library, &Path), NoPdfium> {
    let mut last = "no place to look for it".to_owned();
    for candidate in candidates {
        let bound = if candidate.as_os_str().is_empty() {
            Pdfium::bind_to_system_library()
        } else {
            Pdfium::bind_to_library(candidate)
        };
        match bound {
            Ok(bindings) => {
                // Never unloaded: documents borrow from it, and the process ends with its document.
                let library = Library(Box::leak(bindings));
                // SAFETY: the library is loaded, and no other function of it has been called yet.
                unsafe { library.FPDF_InitLibrary() };
                return Ok((library, candidate));
            }
            Err(error) => last = format!("{}: {error:?}", candidate.display()),
        }
    }
    Err(NoPdfium(last))
}
