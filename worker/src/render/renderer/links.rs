//! Link annotations, and where actions lead.

use pdfium_render::prelude::{FPDF_ACTION, FPDF_DEST, FPDF_LINK};

use super::{
    super::geometry::Transform,
    document::Document,
    page::Page,
    sides::{EMPTY_RECT, rect_box},
    strings::{byte_length, byte_text},
};
use crate::parse::local::{MAX_ANNOTATION_BYTES, MAX_ANNOTATIONS, PageLink};

/// Actions that lead out of the document, as libpdfium numbers them.
mod action_type {
    use std::os::raw::c_ulong;

    pub(super) const REMOTE_GOTO: c_ulong = 2;
    pub(super) const LAUNCH: c_ulong = 4;
    pub(super) const EMBEDDED_GOTO: c_ulong = 5;
}

/// Reads the link annotations of a page. The second value says whether some were left out.
pub(super) fn page_links(page: &Page<'_>, transform: &Transform) -> (Vec<PageLink>, bool) {
    let (mut links, mut address_bytes, mut position) = (Vec::new(), 0, 0);
    while let Some(handle) = page.next_link(&mut position) {
        let Some(link) = page_link(page, handle, transform) else { continue };
        address_bytes += link.uri.as_ref().map_or(0, String::len);
        if links.len() == MAX_ANNOTATIONS || address_bytes > MAX_ANNOTATION_BYTES {
            return (links, true);
        }
        links.push(link);
    }
    (links, false)
}

/// Reads a link annotation. `None` if it leads nowhere or has no place.
fn page_link(page: &Page<'_>, link: FPDF_LINK, transform: &Transform) -> Option<PageLink> {
    let (document, library) = (page.document(), page.library());
    let mut rect = EMPTY_RECT;
    // SAFETY: the link belongs to the page, which is loaded.
    let placed = unsafe { library.FPDFLink_GetAnnotRect(link, &raw mut rect) } != 0;
    let bbox = transform.bbox(rect_box(&rect).filter(|_| placed)?);
    // SAFETY: the link belongs to the page, which is loaded.
    let action = unsafe { library.FPDFLink_GetAction(link) };
    let uri = Some(uri(document, action)).filter(|uri| !uri.is_empty());
    let page_number = if uri.is_some() {
        None
    } else {
        // SAFETY: the link belongs to a page of the document, which is open.
        target_page(document, action, unsafe { library.FPDFLink_GetDest(document.handle(), link) })
    };
    let leads_somewhere = uri.is_some() || page_number.is_some();
    (leads_somewhere && bbox.is_finite()).then_some(PageLink { bbox, uri, page_number })
}

/// Returns the address that an action opens; empty if it opens none.
fn uri(document: &Document, action: FPDF_ACTION) -> String {
    if action.is_null() {
        return String::new();
    }
    // SAFETY: the action belongs to the document, and the buffer has the length that is stated.
    byte_text(|buffer| unsafe {
        let (start, length) = (buffer.as_mut_ptr().cast(), byte_length(buffer));
        document.library().FPDFAction_GetURIPath(document.handle(), action, start, length)
    })
}

/// Returns the page of this document, from 1, to which a bookmark or a link leads. libpdfium takes
/// `destination` from the action where there is no other, also where the page it names is another file's.
pub(super) fn target_page(document: &Document, action: FPDF_ACTION, destination: FPDF_DEST) -> Option<u32> {
    if destination.is_null() || leads_elsewhere(document, action) {
        return None;
    }
    // SAFETY: the destination belongs to the document, which is open.
    let index = unsafe { document.library().FPDFDest_GetDestPageIndex(document.handle(), destination) };
    u32::try_from(index).ok().filter(|index| *index < document.page_count()).map(|index| index + 1)
}

fn leads_elsewhere(document: &Document, action: FPDF_ACTION) -> bool {
    if action.is_null() {
        return false;
    }
    // SAFETY: the action belongs to the document, which is open.
    let kind = unsafe { document.library().FPDFAction_GetType(action) };
    matches!(kind, action_type::REMOTE_GOTO | action_type::LAUNCH | action_type::EMBEDDED_GOTO)
}
