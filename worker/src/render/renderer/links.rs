//! Link annotations, and where actions lead.

use std::os::raw::c_int;

use pdfium_render::prelude::{FPDF_ACTION, FPDF_DEST, FPDF_LINK, FS_QUADPOINTSF};
use quire_schemas::result::PdfBox;

use super::{
    super::geometry::Transform,
    document::Document,
    page::Page,
    sides::{EMPTY_RECT, pdf_box, rect_box},
    strings::{byte_length, byte_text},
};
use crate::parse::local::{MAX_ANNOTATION_BYTES, MAX_ANNOTATIONS, PageLink};

/// Parts of one link beyond this are not read.
const MAX_PARTS: c_int = 64;
/// Parts of all links of a page beyond this are not read: such a link goes where its box is.
const MAX_PARTS_OF_PAGE: usize = 5_000;
/// How far outside its link a part may begin, in units of user space. Viewers do not believe parts further outside.
const SLACK: f64 = 1.0;

/// Actions that lead out of the document, as libpdfium numbers them.
mod action_type {
    use std::os::raw::c_ulong;

    pub(super) const REMOTE_GOTO: c_ulong = 2;
    pub(super) const LAUNCH: c_ulong = 4;
    pub(super) const EMBEDDED_GOTO: c_ulong = 5;
}

/// Reads the link annotations of a page. The second value says whether some were left out.
pub(super) fn page_links(page: &Page<'_>, transform: &Transform) -> (Vec<PageLink>, bool) {
    let (mut links, mut address_bytes, mut position) = (Vec::<PageLink>::new(), 0, 0);
    let mut parts = 0;
    while let Some(handle) = page.next_link(&mut position) {
        let Some(mut link) = page_link(page, handle, transform) else { continue };
        parts += link.parts.len();
        if parts > MAX_PARTS_OF_PAGE {
            link.parts.clear();
        }
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
    let rect = rect_box(&rect).filter(|_| placed)?;
    let bbox = transform.bbox(rect);
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
    (leads_somewhere && bbox.is_finite()).then(|| {
        let parts = parts_within(rect, &quads(page, link));
        PageLink { bbox, parts: parts.into_iter().map(|part| transform.bbox(part)).collect(), uri, page_number }
    })
}

/// Reads the boxes around the quadrilaterals of a link, in user space.
fn quads(page: &Page<'_>, link: FPDF_LINK) -> Vec<PdfBox> {
    let library = page.library();
    // SAFETY: the link belongs to the page, which is loaded.
    let count = unsafe { library.FPDFLink_CountQuadPoints(link) };
    let quad = |index: c_int| {
        let mut quad = FS_QUADPOINTSF { x1: 0.0, y1: 0.0, x2: 0.0, y2: 0.0, x3: 0.0, y3: 0.0, x4: 0.0, y4: 0.0 };
        // SAFETY: the link belongs to the page, which is loaded; libpdfium refuses an index that no part has.
        let known = unsafe { library.FPDFLink_GetQuadPoints(link, index, &raw mut quad) } != 0;
        let (x, y) = ([quad.x1, quad.x2, quad.x3, quad.x4], [quad.y1, quad.y2, quad.y3, quad.y4]);
        let [left, bottom] = [x, y].map(|sides| sides.into_iter().fold(f32::INFINITY, f32::min));
        let [right, top] = [x, y].map(|sides| sides.into_iter().fold(f32::NEG_INFINITY, f32::max));
        pdf_box([left, bottom, right, top]).filter(|_| known)
    };
    (0..count.min(MAX_PARTS)).filter_map(quad).collect()
}

/// Returns the parts of a link. Empty if they are to be believed no more than its box: none is stated, or one lies
/// outside of it.
fn parts_within(rect: PdfBox, quads: &[PdfBox]) -> Vec<PdfBox> {
    let is_within = |quad: &PdfBox| {
        quad.has_area()
            && quad.left() >= rect.left() - SLACK
            && quad.right() <= rect.right() + SLACK
            && quad.bottom() >= rect.bottom() - SLACK
            && quad.top() <= rect.top() + SLACK
    };
    if quads.iter().all(is_within) { quads.to_vec() } else { Vec::new() }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_believed_within_their_link() {
        let rect = PdfBox::new(72.0, 683.0, 450.0, 711.0);
        let (first, second) = (PdfBox::new(300.0, 697.0, 450.0, 711.0), PdfBox::new(72.0, 683.0, 150.0, 697.0));
        assert_eq!(parts_within(rect, &[first, second]), [first, second]);
        for wrong in [PdfBox::new(0.0, 683.0, 150.0, 697.0), PdfBox::new(72.0, 683.0, 72.0, 697.0)] {
            assert_eq!(parts_within(rect, &[first, wrong]), []);
        }
    }
}
