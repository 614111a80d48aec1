//! The place for a page's image, and how a later run recognises it: decided once per page.

use quire_producer::store::Metadata;
use quire_schemas::result::{ImageRole, ObjectRef, PageImage};

use crate::render::{ImageHead, ImageSpec};

/// The place for the image of a page.
#[derive(Debug, Clone)]
pub(super) struct ImagePlace<'a> {
    /// From 1.
    pub(super) number: u32,
    pub(super) spec: &'a ImageSpec,
    /// The whole key, with the configured prefix.
    pub(super) key: String,
    /// Identifies the document, the specification and the renderer. A stored image is reused if it
    /// carries the one that is wanted; one with an empty fingerprint never is.
    pub(super) fingerprint: &'a str,
    /// Which renderer makes the image.
    pub(super) renderer: &'a str,
}

/// An image that lies in storage.
#[derive(Debug)]
pub(super) struct StoredImage {
    pub(super) object: ObjectRef,
    pub(super) width_px: u32,
    pub(super) height_px: u32,
    /// Pixels per point.
    pub(super) scale: f64,
}

impl ImagePlace<'_> {
    /// Keeps the image from being reused by later runs.
    pub(super) fn not_reusable(self) -> Self {
        Self { fingerprint: "", ..self }
    }

    /// Returns the metadata of an image, by which a later run recognises it.
    pub(super) fn metadata(&self, head: &ImageHead) -> Metadata {
        Metadata::from([
            ("fingerprint".to_owned(), self.fingerprint.to_owned()),
            ("width".to_owned(), head.width_px.to_string()),
            ("height".to_owned(), head.height_px.to_string()),
            ("scale".to_owned(), head.scale.to_string()),
        ])
    }

    /// Lists a stored image in the result.
    pub(super) fn into_image(self, stored: StoredImage) -> PageImage {
        let StoredImage { object, width_px, height_px, scale } = stored;
        PageImage {
            page_number: self.number,
            object,
            width_px,
            height_px,
            dpi: Some(scale * 72.0),
            scale,
            role: Some(ImageRole::Page),
            renderer: Some(self.renderer.to_owned()),
        }
    }
}
