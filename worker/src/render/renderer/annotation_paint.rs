//! What annotations paint over a page: areas that may cover text, and pictures.

use std::os::raw::c_int;

use quire_schemas::element::BBox;

use super::{
    super::geometry::Transform,
    annotation::{Annotation, subtype},
    page::Page,
    page_object::{ObjectKind, PageObject},
};
use crate::parse::local::{Cover, Picture};

/// Of more annotations only so many are told apart.
const MAX_LOOKED_AT: c_int = 5_000;
/// Appearances of a page beyond this are not searched for a picture: many annotations may share a long one.
const MAX_SEARCHED: usize = 32;
/// Objects of one annotation beyond this are not looked at.
const MAX_OBJECTS: usize = 200;
/// A smaller picture, as a share of the page, is a logo or a signature on its content.
const LEAST_PICTURE: f64 = 0.5;

/// What the annotations of a page paint.
#[derive(Debug, Default, PartialEq)]
pub(super) struct AnnotationPaint {
    /// What may cover text.
    pub(super) covers: Vec<Cover>,
    /// Pictures that make up the page, as of a scan that is a stamp.
    pub(super) pictures: Vec<Picture>,
}

impl AnnotationPaint {
    pub(super) fn of(page: &Page<'_>, transform: &Transform) -> Self {
        let (width, height) = page.displayed_size();
        let displayed = BBox::new(0.0, 0.0, width, height);
        let (mut found, mut searched) = (Self::default(), 0);
        let count = page.annotation_count();
        for index in 0..count.min(MAX_LOOKED_AT) {
            let Some(annotation) = page.annotation(index).filter(Annotation::covers) else { continue };
            let Some(bbox) = annotation.rect().map(|rect| transform.bbox(rect)) else { continue };
            if annotation.is_hidden() || !bbox.is_finite() || bbox.overlap(displayed) <= 0.0 {
                continue;
            }
            found.covers.push(cover(bbox));
            let is_large = bbox.overlap(displayed) >= LEAST_PICTURE * displayed.area();
            searched += usize::from(is_large);
            if is_large && searched <= MAX_SEARCHED && has_picture(&annotation) {
                found.pictures.push(Picture { order: u32::MAX, bbox, opaque: false, layer_off: false });
            }
        }
        if count > MAX_LOOKED_AT {
            found.covers.push(cover(displayed));
        }
        found
    }
}

/// Annotations are painted after the page.
const fn cover(bbox: BBox) -> Cover {
    Cover { order: u32::MAX, bbox, outlines: Vec::new() }
}

impl Annotation<'_> {
    /// Says whether it is of a kind that paints an area. Lines beside text, icons and links do not, and the fields of a
    /// form are not text of the page.
    fn covers(&self) -> bool {
        subtype::AREAS.contains(&self.subtype())
    }
}

fn has_picture(annotation: &Annotation<'_>) -> bool {
    let mut pending: Vec<PageObject<'_>> = annotation.objects().take(MAX_OBJECTS).collect();
    let mut looked_at = 0;
    while let Some(object) = pending.pop() {
        looked_at += 1;
        match object.kind() {
            ObjectKind::Image => return true,
            ObjectKind::Form => {
                let room = MAX_OBJECTS.saturating_sub(looked_at + pending.len());
                let children = (0..object.child_count()).filter_map(|index| object.child(index));
                pending.extend(children.take(room));
            }
            _ => {}
        }
    }
    false
}
