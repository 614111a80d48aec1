//! The checks that a case may name, and which function each one asks. `tests/wild/README.md` documents every name.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use quire_producer::schemas::result::PdfBox;

use super::{document, image, outcome::Outcome, page, text};

/// What must be true of a result. Pages count from 1; positions are points from the top-left corner of the page
/// as displayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Check {
    #[serde(deserialize_with = "one_or_more")]
    Status(Vec<String>),
    #[serde(deserialize_with = "one_or_more")]
    Error(Vec<String>),
    Element(String),
    Contains(String),
    Order(Vec<String>),
    Count(BTreeMap<String, usize>),
    Shown(String),
    NotBody(String),
    Absent(String),
    NotMarkdown(String),
    MaxElements(usize),
    Ticks(usize),
    WarningAny(Vec<String>),
    WarningNone(Vec<String>),
    WarningOn(u32),
    Pages(u32),
    PageLabels(Vec<String>),
    PageSize(u32, f64, f64),
    PageBoxes(u32, Option<PdfBox>, Option<PdfBox>),
    ImageSize(u32, u32, u32),
    InkInBoxes(u32),
    Pixel(u32, f64, f64, Colour),
    Dark(u32, f64, f64, f64, f64),
    Links(usize),
    Outline(Vec<document::Bookmark>),
    Attachments(Vec<String>),
    MetadataTitle(Option<String>),
    Value(BTreeMap<String, Value>),
    Any(Vec<Self>),
    All(Vec<Self>),
}

impl Check {
    /// Compares a result with the check. An error tells what was found instead.
    pub(super) fn hold(&self, outcome: &Outcome) -> Result<(), String> {
        let result = &outcome.result;
        match self {
            Self::Status(wanted) => document::status(result, wanted),
            Self::Error(wanted) => document::error(result, wanted),
            Self::Element(wanted) => text::element(result, wanted),
            Self::Contains(wanted) => text::contains(result, wanted),
            Self::Order(wanted) => text::order(result, wanted),
            Self::Count(wanted) => text::count(result, wanted),
            Self::Shown(wanted) => text::shown(result, wanted),
            Self::NotBody(unwanted) => text::not_body(result, unwanted),
            Self::Absent(unwanted) => text::absent(result, unwanted),
            Self::NotMarkdown(unwanted) => text::not_markdown(outcome.markdown.as_deref(), unwanted),
            Self::MaxElements(limit) => text::max_elements(result, *limit),
            Self::Ticks(wanted) => text::ticks(result, *wanted),
            Self::WarningAny(codes) => document::warning_any(result, codes),
            Self::WarningNone(codes) => document::warning_none(result, codes),
            Self::WarningOn(page) => document::warning_on(result, *page),
            Self::Pages(wanted) => page::pages(result, *wanted),
            Self::PageLabels(wanted) => page::page_labels(result, wanted),
            Self::PageSize(page, width, height) => page::page_size(result, *page, [*width, *height]),
            Self::PageBoxes(page, media_box, crop_box) => page::page_boxes(result, *page, [*media_box, *crop_box]),
            Self::ImageSize(page, width, height) => image::image_size(outcome, *page, [*width, *height]),
            Self::InkInBoxes(page) => image::ink_in_boxes(outcome, *page),
            Self::Pixel(page, x, y, Colour(colour)) => image::pixel(outcome, *page, [*x, *y], *colour),
            Self::Dark(page, left, top, right, bottom) => image::dark(outcome, *page, [*left, *top, *right, *bottom]),
            Self::Links(wanted) => document::links(result, *wanted),
            Self::Outline(wanted) => document::outline(result, wanted),
            Self::Attachments(wanted) => document::attachments(result, wanted),
            Self::MetadataTitle(wanted) => document::metadata_title(result, wanted.as_deref()),
            Self::Value(wanted) => document::value(result, wanted),
            Self::Any(checks) => {
                let mut found = Vec::new();
                for check in checks {
                    match check.hold(outcome) {
                        Ok(()) => return Ok(()),
                        Err(instead) => found.push(instead),
                    }
                }
                // Alternatives mostly look at the same text.
                found.dedup();
                Err(found.join("; "))
            }
            Self::All(checks) => checks.iter().try_for_each(|check| check.hold(outcome)),
        }
    }

    /// Says whether every result would pass, or none could: a slip in the line.
    pub(super) fn asks_for_nothing(&self) -> bool {
        let nothing = |wanted: &String| text::normal(wanted).is_empty();
        match self {
            Self::Element(wanted)
            | Self::Contains(wanted)
            | Self::Shown(wanted)
            | Self::NotBody(wanted)
            | Self::Absent(wanted)
            | Self::NotMarkdown(wanted) => nothing(wanted),
            Self::Status(wanted)
            | Self::Error(wanted)
            | Self::Order(wanted)
            | Self::WarningAny(wanted)
            | Self::WarningNone(wanted)
            | Self::Attachments(wanted) => wanted.is_empty() || wanted.iter().any(nothing),
            Self::Count(wanted) => wanted.is_empty() || wanted.keys().any(nothing),
            Self::Value(wanted) => wanted.is_empty(),
            Self::Any(checks) | Self::All(checks) => checks.is_empty() || checks.iter().any(Self::asks_for_nothing),
            _ => false,
        }
    }
}

/// As the line has it, so that it can be found there.
impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = serde_json::to_value(self).expect("strings, numbers, lists and maps of strings are JSON");
        let mut named = check.as_object().into_iter().flatten();
        named.try_for_each(|(name, argument)| write!(formatter, "{name} {argument}"))
    }
}

/// Red, green and blue, written as `rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Colour([u8; 3]);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut colour = [0; 3];
        hex::decode_to_slice(&text, &mut colour).map_err(|_| format!("`{text}` is not a colour"))?;
        Ok(Self(colour))
    }
}

impl From<Colour> for String {
    fn from(Colour(colour): Colour) -> Self {
        hex::encode(colour)
    }
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let value = match Value::deserialize(deserializer)? {
        Value::String(only) => return Ok(vec![only]),
        other => other,
    };
    serde_json::from_value(value).map_err(|_| D::Error::custom("neither a string nor a list of strings"))
}
