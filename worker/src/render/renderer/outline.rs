//! The bookmarks of a document.

use std::collections::BTreeSet;

use pdfium_render::prelude::FPDF_BOOKMARK;
use quire_schemas::result::OutlineEntry;

use super::{
    super::{bounds::BoundedOutline, protocol::DocumentCut},
    document::Document,
    links::target_page,
    strings::{byte_length, utf16_text},
};

/// Lists a document's bookmarks, depth first, up to the bounds, and tells what is left out. A bookmark
/// that comes again ends its branch: an outline may run in a circle.
pub(super) fn outline(document: &Document) -> (Vec<OutlineEntry>, BTreeSet<DocumentCut>) {
    let mut outline = BoundedOutline::default();
    let mut visited = BTreeSet::new();
    let mut pending = vec![(first_child(document, std::ptr::null_mut()), 1)];
    while let Some((bookmark, level)) = pending.pop() {
        if bookmark.is_null() || !visited.insert(bookmark) {
            continue;
        }
        let page_number = page_of(document, bookmark);
        if !outline.add(OutlineEntry { title: title(document, bookmark), level, page_number, element_id: None }) {
            break;
        }
        pending.push((next_sibling(document, bookmark), level));
        let child = first_child(document, bookmark);
        if !child.is_null() && !visited.contains(&child) && outline.goes_below(level) {
            pending.push((child, level + 1));
        }
    }
    outline.into_parts()
}

/// Returns the first bookmark below another; below none is the first of all. Null if there is none.
fn first_child(document: &Document, parent: FPDF_BOOKMARK) -> FPDF_BOOKMARK {
    // SAFETY: the document is open, and the bookmark is null or one of its own.
    unsafe { document.library().FPDFBookmark_GetFirstChild(document.handle(), parent) }
}

fn next_sibling(document: &Document, bookmark: FPDF_BOOKMARK) -> FPDF_BOOKMARK {
    // SAFETY: the document is open, and the bookmark is one of its own.
    unsafe { document.library().FPDFBookmark_GetNextSibling(document.handle(), bookmark) }
}

fn title(document: &Document, bookmark: FPDF_BOOKMARK) -> String {
    // SAFETY: the bookmark belongs to an open document, and the buffer has the length that is stated.
    utf16_text(|buffer| unsafe {
        document.library().FPDFBookmark_GetTitle(bookmark, buffer.as_mut_ptr().cast(), byte_length(buffer))
    })
}

fn page_of(document: &Document, bookmark: FPDF_BOOKMARK) -> Option<u32> {
    let library = document.library();
    // SAFETY: the document is open, and the bookmark is one of its own.
    let (action, destination) = unsafe {
        (library.FPDFBookmark_GetAction(bookmark), library.FPDFBookmark_GetDest(document.handle(), bookmark))
    };
    target_page(document, action, destination)
}
