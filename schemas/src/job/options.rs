//! What is done with the document: the two branches and their options.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    invalid::{InvalidJob, refuse},
    known_options::OptionsSchema,
};
use crate::{closed_enum::closed_enum, object_text::ObjectText, page_ranges::PageRanges, result::BranchName};

closed_enum! {
    /// One of the two things done to a document.
    pub enum Branch: "branch" {
        /// Elements with page numbers.
        Parse => "parse",
        /// An image of every page.
        Images => "images",
    }
}

impl From<Branch> for BranchName {
    fn from(branch: Branch) -> Self {
        match branch {
            Branch::Parse => Self::Parse,
            Branch::Images => Self::Images,
        }
    }
}

closed_enum! {
    /// What turns a document into elements.
    #[derive(Default)]
    pub enum Engine: "engine", listed "pdfium, llamaparse, none" {
        /// The PDF's own text, read locally. Free, fast, no OCR.
        #[default]
        Pdfium => "pdfium",
        /// LlamaParse, a paid service.
        Llamaparse => "llamaparse",
        /// A docling-serve. No worker of this version has it: a job that asks for it ends with
        /// `parser_not_configured`.
        Docling => "docling",
        /// An unstructured API. No worker of this version has it: a job that asks for it ends with
        /// `parser_not_configured`.
        Unstructured => "unstructured",
        /// No parse.
        None => "none",
    }
}

impl Engine {
    /// Says whether workers of this version have the engine, so that help and lists may name it.
    #[must_use]
    pub const fn is_built(self) -> bool {
        !matches!(self, Self::Docling | Self::Unstructured)
    }
}

/// Largest options of a parse, as compact JSON, in bytes.
pub const MAX_OPTIONS_BYTES: usize = 64 * 1024;

/// How a document is parsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
pub struct ParseOptions {
    /// What parses it.
    #[serde(default, deserialize_with = "null_as_default")]
    #[schemars(with = "Option<Engine>")]
    pub engine: Engine,
    /// Engines to try, in order, when the first one fails.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Option<Vec<Engine>>")]
    pub fallback: Vec<Engine>,
    /// Which pages; absent or `null` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<PageRanges>,
    /// Options of the engine, passed to it as they are, but for `chunks`, `min_recall` and `markdown`, which hold for
    /// every engine and are read by Quire itself. `pdfium` has `words`, `tables`, `headings` and `attachments`, each
    /// true or false. A fallback engine gets none of the other options.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectText::is_empty")]
    #[schemars(with = "Option<OptionsSchema>")]
    pub options: ObjectText<MAX_OPTIONS_BYTES>,
}

closed_enum! {
    /// Format of page images.
    #[derive(Default)]
    pub enum ImageFormat: "image format" {
        /// Lossless, fast; grey pages are stored as grey.
        #[default]
        Png => "png",
        /// Lossless; smaller than PNG and slower to make.
        Webp => "webp",
        /// Lossy.
        Jpeg => "jpeg" | "jpg",
    }
}

impl ImageFormat {
    /// Returns the file extension, without a dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Jpeg => "jpg",
        }
    }

    /// Returns the media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// How pages are drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImageOptions {
    /// PNG, WebP or JPEG.
    #[serde(default, deserialize_with = "null_as_default")]
    #[schemars(with = "Option<ImageFormat>")]
    pub format: ImageFormat,
    /// Pixels per inch, 10 to 1200; a point is 1/72 inch.
    #[serde(default = "default_dpi", deserialize_with = "null_as_default_dpi")]
    #[schemars(with = "Option<u32>", range(min = 10, max = 1200))]
    pub dpi: u32,
    /// Quality of JPEG, 1 to 100; absent: 85.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: Option<u8>,
    /// Which pages; absent or `null` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<PageRanges>,
    /// Scales a page down until neither side has more pixels than this, 16 to 32768.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16, max = 32768))]
    pub max_side_px: Option<u32>,
}

const fn default_dpi() -> u32 {
    150
}

/// Reads `null` for an optional field as if the field were absent.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn null_as_default_dpi<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(default_dpi()))
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self { format: ImageFormat::default(), dpi: default_dpi(), quality: None, pages: None, max_side_px: None }
    }
}

impl ImageOptions {
    pub(super) fn validate(&self) -> Result<(), InvalidJob> {
        if !(10..=1200).contains(&self.dpi) {
            return Err(refuse("images.dpi", "a whole number from 10 to 1200"));
        }
        if self.quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(refuse("images.quality", "a whole number from 1 to 100"));
        }
        if self.max_side_px.is_some_and(|side| !(16..=32768).contains(&side)) {
            return Err(refuse("images.max_side_px", "a whole number from 16 to 32768"));
        }
        Ok(())
    }
}
