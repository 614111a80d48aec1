//! Where bookmarks and link annotations lead.

use pdfium_render::prelude::{PdfAction, PdfBookmark, PdfDestination, PdfDocument, PdfLink};
use quire_schemas::result::OutlineEntry;

use super::{
    super::{bounds::BoundedOutline, geometry::Transform},
    boxes::pdf_box,
};
use crate::parse::local::PageLink;

/// Lists a document's bookmarks, depth first, up to the bounds: a cyclic outline has no end.
pub(super) fn outline(document: &PdfDocument<'_>) -> Vec<OutlineEntry> {
    let mut outline = BoundedOutline::default();
    let mut pending: Vec<(PdfBookmark<'_>, u32)> =
        document.bookmarks().root().into_iter().map(|bookmark| (bookmark, 1)).collect();
    while let Some((bookmark, level)) = pending.pop() {
        let title = bookmark.title().unwrap_or_default();
        let page_number = target_page(bookmark.destination(), bookmark.action());
        if !outline.add(OutlineEntry { title, level, page_number, element_id: None }) {
            break;
        }
        pending.extend(bookmark.next_sibling().map(|sibling| (sibling, level)));
        pending.extend(bookmark.first_child().map(|child| (child, level + 1)));
    }
    outline.into_entries()
}

/// Reads a link annotation. `None` if it leads nowhere or has no place.
pub(super) fn page_link(link: &PdfLink<'_>, transform: &Transform) -> Option<PageLink> {
    let bbox = transform.bbox(pdf_box(&link.rect().ok()?));
    let uri = link.action().and_then(|action| action.as_uri_action()?.uri().ok()).filter(|uri| !uri.is_empty());
    let page_number = if uri.is_some() { None } else { target_page(link.destination(), link.action()) };
    let leads_somewhere = uri.is_some() || page_number.is_some();
    (leads_somewhere && bbox.is_finite()).then_some(PageLink { bbox, uri, page_number })
}

fn target_page(destination: Option<PdfDestination<'_>>, action: Option<PdfAction<'_>>) -> Option<u32> {
    let from_destination = destination.and_then(|destination| destination.page_index().ok());
    let index = from_destination.or_else(|| {
        let action = action?;
        action.as_local_destination_action()?.destination().ok()?.page_index().ok()
    })?;
    u32::try_from(index).ok().map(|index| index + 1)
}
