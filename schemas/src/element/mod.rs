//! What stands on a page: elements, where they are, and what they carry by kind.
//!
//! Pages count from 1. Positions are points (1/72 inch) from the top-left corner of the page as
//! it is displayed, after its rotation. Offsets into text count Unicode scalar values.

mod bbox;
mod parts;
mod region;
mod table;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    bbox::BBox,
    parts::{CodeInfo, FieldInfo, Formatting, FormulaInfo, ImageInfo, Link, ListInfo},
    region::{CharSpan, Granularity, Region},
    table::{Cell, CellRole, Table, TableConcern},
};
use crate::{
    object::{JsonObject, ObjectRef},
    open_enum::open_enum,
};

/// Describes one block of the document in reading order.
///
/// The part that fits its `type` (`list`, `table`, `image`, `code`, `formula`, `field`) is present
/// when the engine gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Element {
    /// `p{page}-e{nnnn}` from the reading order, `p{page}-l{nnnn}` for the group of a list; stable for one source and
    /// configuration.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: ElementType,
    /// The page on which the element starts, from 1.
    #[schemars(range(min = 1))]
    pub page_number: u32,
    /// The element's place in the whole document, from 0.
    pub reading_order: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The texts of the headings above the element, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub section_path: Vec<String>,
    /// The depth of a heading, 1 for the highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub level: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_layer: Option<ContentLayer>,
    /// The plain text, empty if there is none.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The text before the engine cleaned it, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orig_text: Option<String>,
    /// A BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The engine's own estimate, 0 to 1; engines do not compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_source: Option<TextSource>,
    /// Where the element is: several if it spans columns or pages, none if the engine is silent.
    pub regions: Vec<Region>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatting: Option<Formatting>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<FormulaInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldInfo>,
    pub native: Native,
    /// What the engine said that has no place here, under the engine's own keys.
    #[serde(default, skip_serializing_if = "JsonObject::is_empty")]
    pub extra: JsonObject,
}

impl Element {
    /// Makes an element with nothing but its kind, its page and where it comes from; its id and its
    /// place in the reading order are to be set.
    #[must_use]
    pub fn new(page_number: u32, kind: ElementType, native: Native) -> Self {
        Self {
            id: String::new(),
            kind,
            page_number,
            reading_order: 0,
            parent_id: None,
            section_path: Vec::new(),
            level: None,
            content_layer: None,
            text: String::new(),
            markdown: None,
            html: None,
            orig_text: None,
            language: None,
            confidence: None,
            text_source: None,
            regions: Vec::new(),
            formatting: None,
            links: Vec::new(),
            list: None,
            table: None,
            image: None,
            code: None,
            formula: None,
            field: None,
            native,
            extra: JsonObject::new(),
        }
    }

    /// Returns the stored picture that was cut out of the page, if there is one.
    #[must_use]
    pub fn picture(&self) -> Option<&ObjectRef> {
        self.image.as_ref()?.object.as_ref()
    }
}

open_enum! {
    /// Names what an element is.
    pub enum ElementType {
        Title => "title",
        SectionHeader => "section_header",
        Text => "text",
        List => "list",
        ListItem => "list_item",
        Table => "table",
        Picture => "picture",
        Chart => "chart",
        Caption => "caption",
        Footnote => "footnote",
        Formula => "formula",
        Code => "code",
        PageHeader => "page_header",
        PageFooter => "page_footer",
        PageNumber => "page_number",
        Reference => "reference",
        DocumentIndex => "document_index",
        FormField => "form_field",
        KeyValue => "key_value",
        Checkbox => "checkbox",
        Link => "link",
        HandwrittenText => "handwritten_text",
        Watermark => "watermark",
        PageBreak => "page_break",
        /// The wire value `other`: the engine found something and could not say what. Not to be
        /// confused with `Other`, a value that this version cannot read.
        Unclassified => "other",
    }
}

open_enum! {
    /// Tells the running text from what surrounds it.
    pub enum ContentLayer {
        Body => "body",
        /// Page headers, footers and numbers.
        Furniture => "furniture",
        Background => "background",
        /// Text that is in the file and not to be seen, as under a scan.
        Invisible => "invisible",
        Notes => "notes",
    }
}

open_enum! {
    /// Tells where text came from: the file itself, optical recognition or a language model.
    ///
    /// `mixed` and `none` are said of pages only.
    pub enum TextSource {
        Native => "native",
        Ocr => "ocr",
        Llm => "llm",
        Mixed => "mixed",
        None => "none",
    }
}

/// Leads from an element back to the engine's own answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Native {
    pub engine: String,
    /// What the engine calls this kind of element.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the element is in the stored answer of the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::ElementType;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn an_unknown_element_type_is_written_back_as_it_was_read() {
        let wire = json!(["title", "other", "hologram"]);
        let types: Vec<ElementType> = from_value(wire.clone()).expect("any string is a type");

        assert_eq!(types, [ElementType::Title, ElementType::Unclassified, ElementType::Other("hologram".to_owned())]);
        assert_eq!(to_value(types).expect("strings serialise"), wire);
    }
}
