//! One page of a result, and its images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{pdf_box::PdfBox, report::JobError};
use crate::{
    element::TextSource,
    object::{JsonObject, ObjectRef},
    open_enum::open_enum,
};

/// Describes one page; a page that failed is listed too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// From 1.
    #[schemars(range(min = 1))]
    pub page_number: u32,
    /// The number as the document prints it, such as `iv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_label: Option<String>,
    /// Of the page as displayed, after rotation, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// Of the page as displayed, after rotation, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
    pub unit: Unit,
    /// How far the file turns the page for display, in degrees clockwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [0, 90, 180, 270, null]))]
    pub rotation: Option<u16>,
    /// `[left, bottom, right, top]` in PDF user space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_box: Option<PdfBox>,
    /// `[left, bottom, right, top]` in PDF user space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop_box: Option<PdfBox>,
    pub status: PageStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_source: Option<TextSource>,
    /// A BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The engine's own estimate, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// Keys into `page_images`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// In reading order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub element_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<JobError>,
    /// What the engine said of the page that has no place here.
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub extra: JsonObject,
}

impl Page {
    /// Makes a succeeded page with nothing but its number, from 1.
    #[must_use]
    pub fn new(page_number: u32) -> Self {
        Self {
            page_number,
            page_label: None,
            width: None,
            height: None,
            unit: Unit::Point,
            rotation: None,
            media_box: None,
            crop_box: None,
            status: PageStatus::Succeeded,
            text_source: None,
            language: None,
            confidence: None,
            text: None,
            markdown: None,
            images: Vec::new(),
            element_ids: Vec::new(),
            errors: Vec::new(),
            extra: JsonObject::new(),
        }
    }
}

/// Names the unit of a page's size. Closed: a reader that does not know the unit must not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    #[default]
    #[serde(rename = "pt")]
    Point,
}

open_enum! {
    /// Tells how a page went.
    pub enum PageStatus {
        Succeeded => "succeeded",
        PartialSuccess => "partial_success",
        Failed => "failed",
        Skipped => "skipped",
    }
}

/// Describes the stored image of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PageImage {
    /// From 1.
    #[schemars(range(min = 1))]
    pub page_number: u32,
    pub object: ObjectRef,
    pub width_px: u32,
    pub height_px: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<f64>,
    /// Pixels per point: px = pt * scale.
    pub scale: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ImageRole>,
    /// The renderer and its build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renderer: Option<String>,
}

open_enum! {
    /// Tells what an image of a page is for.
    pub enum ImageRole {
        Page => "page",
        Thumbnail => "thumbnail",
    }
}
