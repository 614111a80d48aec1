//! libpdfium, as one renderer process uses it. Only files of this folder name it.

mod actual_text;
mod annotation;
mod annotation_paint;
mod annotations;
mod appearances;
mod bitmap;
mod boxes;
mod characters;
mod clips;
mod content;
mod covering;
mod description;
mod document;
mod file_facts;
mod form;
mod library;
mod links;
mod marks;
mod objects;
mod outline;
mod page;
mod page_object;
mod paths;
mod placement;
mod render_mode;
mod seen;
mod shapes;
mod sides;
mod strings;
mod text_page;

pub(super) use bitmap::{Canvas, EncodedImage, ImageError};
pub(super) use content::read_content;
pub(super) use document::Document;
pub(super) use library::{NoPdfium, load_library};
