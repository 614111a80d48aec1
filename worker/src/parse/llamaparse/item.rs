//! Turns the engine's items into elements.

use quire_schemas::element::{
    CodeInfo, ContentLayer, Element, ElementType, FormulaInfo, ImageInfo, Link, ListInfo, Native, Region, TextSource,
};
use serde_json::{Value, json};

use super::{ENGINE, region::region, table};
use crate::parse::remote::{Fields, Geometry, Outline};

/// Reads the items of one page.
#[derive(Debug)]
pub(super) struct PageReader<'a> {
    geometry: Geometry,
    outline: &'a mut Outline,
    elements: Vec<Element>,
}

/// Where an item stands.
#[derive(Debug, Clone)]
struct Place {
    /// JSON pointer into the answer.
    path: String,
    parent_id: Option<String>,
    layer: ContentLayer,
    /// The list that the item is in.
    list: Option<ListInfo>,
}

impl<'a> PageReader<'a> {
    pub(super) fn new(geometry: Geometry, outline: &'a mut Outline) -> Self {
        Self { geometry, outline, elements: Vec::new() }
    }

    /// Reads items in their order; `path` points to their list in the answer.
    pub(super) fn read_items(&mut self, items: Vec<Value>, path: &str) {
        let place = Place { path: path.to_owned(), parent_id: None, layer: ContentLayer::Body, list: None };
        self.read_list(items, &place);
    }

    /// Makes one text element of a page that has no items; `path` points to the page's entry.
    pub(super) fn read_plain(&mut self, section: &str, text: String, path: &str) {
        let place = Place { path: path.to_owned(), parent_id: None, layer: ContentLayer::Body, list: None };
        let mut element = self.blank(ElementType::Text, section.to_owned(), &place);
        element.markdown = (section == "markdown").then(|| text.clone());
        element.text = text;
        self.elements.push(element);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    pub(super) fn into_elements(self) -> Vec<Element> {
        self.elements
    }

    fn read_list(&mut self, items: Vec<Value>, around: &Place) {
        for (index, item) in items.into_iter().enumerate() {
            // The engine's lists may hold bare strings.
            let item = if item.is_string() { json!({ "type": "text", "value": item }) } else { item };
            let Some(fields) = Fields::from_value(item) else { continue };
            self.read_item(fields, Place { path: format!("{}/{index}", around.path), ..around.clone() });
        }
    }

    fn read_item(&mut self, mut item: Fields, place: Place) {
        let native_type = item.take_text("type").unwrap_or_else(|| "unknown".to_owned());
        let kind = element_type(&native_type, place.list.is_some());
        let mut children = item.take_list("items").unwrap_or_default();
        let mut element = self.blank(kind.clone(), native_type, &place);
        element.regions = regions(self.geometry, &mut item);
        element.markdown = item.take_text("md");
        let value = item.take_text("value");
        let mut inside = Place {
            path: format!("{}/items", place.path),
            parent_id: Some(element.id.clone()),
            layer: place.layer.clone(),
            list: None,
        };
        match &kind {
            ElementType::SectionHeader => self.read_heading(&mut element, &mut item, value),
            ElementType::List => {
                let depth = place.list.as_ref().map_or(0, |list| list.depth.unwrap_or(0) + 1);
                let list = ListInfo { ordered: item.take_flag("ordered"), marker: None, depth: Some(depth) };
                // The text of a list is that of its items: said once.
                element.text = if children.is_empty() { text_of(value, &element) } else { String::new() };
                element.list = Some(list.clone());
                inside.list = Some(list);
            }
            ElementType::ListItem => {
                element.text = text_of(value, &element);
                element.list.clone_from(&place.list);
                // A list inside it is one deeper.
                inside.list = place.list;
            }
            ElementType::Table => {
                let table = table::take_table(&mut item);
                element.html.clone_from(&table.html);
                let cells = table::plain_text(&table);
                element.text = if cells.is_empty() { text_of(value, &element) } else { cells };
                element.table = Some(table);
            }
            ElementType::Picture | ElementType::Chart => {
                let caption = item.take_text("caption");
                // Its Markdown is a reference to a file, not text.
                element.text = caption.clone().or(value).unwrap_or_default();
                element.image = Some(ImageInfo { alt_text: caption, ..ImageInfo::default() });
            }
            ElementType::Link => {
                let text = item.take_text("text").or(value);
                element.links = vec![Link { uri: item.take_text("url"), text: text.clone(), ..Link::default() }];
                element.text = text_of(text, &element);
            }
            ElementType::Code => {
                element.code = Some(CodeInfo { language: item.take_text("language") });
                element.text = text_of(value, &element);
            }
            ElementType::Formula => {
                element.formula = Some(FormulaInfo { latex: item.take_text("latex").or_else(|| value.clone()) });
                element.text = text_of(value, &element);
            }
            ElementType::PageHeader | ElementType::PageFooter => {
                element.content_layer = Some(ContentLayer::Furniture);
                element.section_path.clear();
                inside.layer = ContentLayer::Furniture;
                let lines = fold_text(&mut children, self.geometry, &mut element.regions);
                element.text = if lines.is_empty() { text_of(value, &element) } else { lines.join("\n") };
            }
            _ => element.text = text_of(value, &element),
        }
        element.extra = item.into_extra();
        self.elements.push(element);
        self.read_list(children, &inside);
    }

    /// The first heading of the first page, if it is one of the highest level, is the title. The
    /// engine has no other word for a title, and gives level 1 to chapters, too.
    fn read_heading(&mut self, element: &mut Element, item: &mut Fields, value: Option<String>) {
        let marks = element.markdown.as_deref().map_or(0, |md| md.chars().take_while(|mark| *mark == '#').count());
        let level = item.take_count("level").or_else(|| u32::try_from(marks).ok()).unwrap_or(1).max(1);
        let markdown = element.markdown.as_deref().unwrap_or_default();
        element.text = value.unwrap_or_else(|| markdown.trim_start_matches('#').trim().to_owned());
        if element.content_layer != Some(ContentLayer::Body) {
            element.level = Some(level);
            return;
        }
        let is_title = level == 1 && self.geometry.page_number() == 1 && self.outline.is_untitled();
        element.section_path = self.outline.enter(level, element.text.clone());
        if is_title {
            element.kind = ElementType::Title;
        } else {
            element.level = Some(level);
        }
    }

    /// Makes an element with its id and its place, and nothing in it.
    fn blank(&mut self, kind: ElementType, native_type: String, place: &Place) -> Element {
        let page_number = self.geometry.page_number();
        let reading_order = self.outline.next_place();
        let section_path = if place.layer == ContentLayer::Body { self.outline.path() } else { Vec::new() };
        let native = Native { engine: ENGINE.to_string(), kind: native_type, id: None, path: Some(place.path.clone()) };
        Element {
            id: format!("p{page_number}-e{:04}", self.elements.len() + 1),
            reading_order,
            parent_id: place.parent_id.clone(),
            section_path,
            content_layer: Some(place.layer.clone()),
            text_source: Some(TextSource::Llm),
            ..Element::new(page_number, kind, native)
        }
    }
}

/// Names an item in our words. What stands directly in a list is an item of it.
fn element_type(native: &str, in_list: bool) -> ElementType {
    match native {
        "text" | "paragraph" if in_list => ElementType::ListItem,
        "text" | "paragraph" => ElementType::Text,
        "heading" => ElementType::SectionHeader,
        "list" => ElementType::List,
        "list_item" => ElementType::ListItem,
        "table" => ElementType::Table,
        "image" | "figure" | "picture" => ElementType::Picture,
        "chart" => ElementType::Chart,
        "code" => ElementType::Code,
        "formula" | "equation" => ElementType::Formula,
        "link" => ElementType::Link,
        "header" => ElementType::PageHeader,
        "footer" => ElementType::PageFooter,
        "caption" => ElementType::Caption,
        "footnote" => ElementType::Footnote,
        _ => ElementType::Unclassified,
    }
}

/// Plain text where the engine gives it, else the Markdown.
fn text_of(value: Option<String>, element: &Element) -> String {
    value.or_else(|| element.markdown.clone()).unwrap_or_default()
}

/// Takes the plain text and the boxes out of a running header or footer, whose lines are one element.
/// Anything else in it remains a child.
fn fold_text(children: &mut Vec<Value>, geometry: Geometry, into: &mut Vec<Region>) -> Vec<String> {
    let given = !into.is_empty();
    let mut lines = Vec::new();
    // Only while every child is text: a path into the answer counts the children before it.
    let is_text = |child: &Value| matches!(child["type"].as_str(), Some("text" | "heading" | "paragraph"));
    if !children.iter().all(is_text) {
        return lines;
    }
    for mut child in children.drain(..).filter_map(Fields::from_value) {
        lines.extend(child.take_text("value").or_else(|| child.take_text("md")));
        if !given {
            into.extend(regions(geometry, &mut child));
        }
    }
    lines
}

/// Takes the boxes of an item: a list, or one alone.
fn regions(geometry: Geometry, item: &mut Fields) -> Vec<Region> {
    let one = item.take_object("bbox");
    let several = item.take_list("bbox").unwrap_or_default();
    let several = several.into_iter().filter_map(Fields::from_value);
    one.into_iter().chain(several).filter_map(|native| region(&geometry, native)).collect()
}
