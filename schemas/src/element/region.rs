//! Where an element is on a page: its regions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bbox::BBox;
use crate::open_enum::open_enum;

/// A half-open range `[start, end]` of Unicode scalar values in an element's `text`.
pub type CharSpan = [u32; 2];

/// Locates an element, or a part of one, on a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Region {
    /// From 1.
    #[schemars(range(min = 1))]
    pub page_number: u32,
    /// `[x0,y0,x1,y1]` points, origin top-left of the displayed page.
    ///
    /// Absent if only the page is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bbox: Option<BBox>,
    /// `[x0,y0,x1,y1,…]` of four corners or more, in the unit and origin of `bbox`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 8))]
    pub polygon: Option<Vec<f64>>,
    /// The direction of the text in degrees, clockwise, 0 for upright.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub angle: Option<f64>,
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The part of the element's `text` that stands here: `[start, end)` in Unicode scalar values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub char_span: Option<CharSpan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// The engine's own name for the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Region {
    /// Makes a region that tells only where something is.
    #[must_use]
    pub const fn new(page_number: u32, bbox: Option<BBox>) -> Self {
        Self {
            page_number,
            bbox,
            polygon: None,
            angle: None,
            confidence: None,
            char_span: None,
            granularity: None,
            label: None,
        }
    }
}

open_enum! {
    /// Tells how much of an element a region covers.
    pub enum Granularity {
        Element => "element",
        Line => "line",
        Word => "word",
        Cell => "cell",
    }
}
