//! pdfium, as one renderer process uses it. Only files of this folder name it.

mod bitmap;
mod boxes;
mod document;
mod glyphs;
mod links;

pub(super) use bitmap::{Canvas, EncodedImage, ImageError};
pub(super) use document::{Document, NoPdfium, load_library};
pub(super) use glyphs::read_text;
