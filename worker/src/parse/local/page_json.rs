//! Checks that JSON is a page as this engine writes it. Builds nothing of it. Pure.

use std::{fmt, marker::PhantomData};

use quire_schemas::{
    element::{BBox, CharSpan},
    result::{PageStatus, PdfBox, Unit},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

/// Places of a table, at most: more than a page has characters.
const MAX_PLACES: u64 = 4_000_000;

/// Checks that JSON is a succeeded page with the fields that [`to_parsed_page`](super::to_parsed_page) writes, and no
/// others; returns its number. No field of them is free JSON, and none names a stored object. JSON has no number that
/// is not finite: a box of such numbers does not pass. Holds no more than the longest string of the page.
pub(crate) fn check_page_json(json: &str) -> Result<u32, serde_json::Error> {
    let ParsedPageShape { page: PageShape { page_number, status, .. }, elements } = serde_json::from_str(json)?;
    if status != PageStatus::Succeeded {
        return Err(Error::custom("a page that has not succeeded"));
    }
    if elements.pages.is_some_and(|(first, last)| (first, last) != (page_number, page_number)) {
        return Err(Error::custom("an element of another page"));
    }
    Ok(page_number)
}

/// The shape of a [`ParsedPage`](crate::parse::ParsedPage), without its content.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParsedPageShape {
    page: PageShape,
    elements: Elements,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct PageShape {
    page_number: u32,
    page_label: Option<Text>,
    width: Option<f64>,
    height: Option<f64>,
    unit: Unit,
    rotation: Option<u16>,
    media_box: Option<PdfBox>,
    crop_box: Option<PdfBox>,
    status: PageStatus,
    text_source: Option<Text>,
    #[serde(default)]
    element_ids: Each<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct ElementShape {
    id: Text,
    #[serde(rename = "type")]
    kind: Text,
    page_number: u32,
    reading_order: u32,
    content_layer: Option<Text>,
    text: Text,
    markdown: Option<Text>,
    text_source: Option<Text>,
    regions: Each<RegionShape>,
    formatting: Option<FormattingShape>,
    #[serde(default)]
    links: Each<LinkShape>,
    list: Option<ListShape>,
    table: Option<TableShape>,
    field: Option<FieldShape>,
    native: NativeShape,
    #[serde(default)]
    extra: ExtraShape,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct ListShape {
    marker: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct TableShape {
    num_rows: u32,
    num_cols: u32,
    cells: Each<CellShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct CellShape {
    row: u32,
    col: u32,
    row_span: u32,
    col_span: u32,
    text: Text,
    role: Option<Text>,
    #[serde(default)]
    regions: Each<RegionShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct FieldShape {
    name: Option<Text>,
    kind: Option<Text>,
    value: Option<Text>,
    checked: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct ExtraShape {
    #[serde(default)]
    hidden: Option<Text>,
    tag: Option<Text>,
    #[serde(default)]
    line_end_hyphens: Each<u32>,
    #[serde(default)]
    cell_line_end_hyphens: Each<(u32, u32)>,
    subtype: Option<Text>,
    author: Option<Text>,
    value_not_shown: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct RegionShape {
    page_number: u32,
    bbox: Option<BBox>,
    angle: Option<f64>,
    char_span: Option<CharSpan>,
    granularity: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct FormattingShape {
    font: Option<Text>,
    font_size: Option<f64>,
    bold: Option<bool>,
    italic: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct LinkShape {
    uri: Option<Text>,
    page_number: Option<u32>,
    text: Option<Text>,
    char_span: Option<CharSpan>,
    region: Option<RegionShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded to be checked")]
struct NativeShape {
    engine: Text,
    #[serde(rename = "type")]
    kind: Text,
}

/// A string that is decoded and dropped.
struct Text;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(AnyText)
    }
}

struct AnyText;

impl Visitor<'_> for AnyText {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, _: &str) -> Result<Text, E> {
        Ok(Text)
    }
}

/// A list whose items are decoded one by one and dropped.
struct Each<T>(PhantomData<T>);

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<T> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<T>()?.is_some() {}
        Ok(self)
    }
}

/// The elements, decoded one by one.
#[derive(Default)]
struct Elements {
    /// The first and the last page that an element names; `None` if there are no elements.
    pages: Option<(u32, u32)>,
}

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for Elements {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Self, A::Error> {
        while let Some(ElementShape { page_number, table, .. }) = elements.next_element()? {
            if table.is_some_and(|table| u64::from(table.num_rows) * u64::from(table.num_cols) > MAX_PLACES) {
                return Err(Error::custom("a table of too many rows and columns"));
            }
            let (first, last) = self.pages.unwrap_or((page_number, page_number));
            self.pages = Some((first.min(page_number), last.max(page_number)));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::{FieldKind, PageField, PageLink, PageNote, Tag, lay_out, testing::Page, to_parsed_page},
        *,
    };
    use crate::parse::ParsedPage;

    /// A page with everything that the engine can write.
    fn page() -> Value {
        let bbox = BBox::new(50.0, 90.0, 80.0, 103.0);
        let page =
            Page::new().write("of a 😀 word", 50.0, 100.0).write("broken- ", 50.0, 112.0).write("up", 50.0, 124.0);
        let page = page.write("unseen", 50.0, 300.0).with(|text| text.layer_off = true);
        let page = page.write("down", 400.0, 300.0).with(|text| (text.angle, text.tag) = (90.0, Some(Tag::heading(2))));
        let page = page.and(|page| {
            page.page_number = 7;
            page.label = Some("iv".to_owned());
            page.crop_box = Some(PdfBox::default());
            let uri = Some("https://a.example/".to_owned());
            let link = PageLink { bbox, parts: vec![bbox], uri, page_number: None };
            let bbox_alone = BBox::new(500.0, 50.0, 560.0, 60.0);
            let alone = PageLink { bbox: bbox_alone, parts: Vec::new(), uri: None, page_number: Some(2) };
            page.links = vec![link, alone];
            let ticked = PageField {
                bbox,
                name: "a".to_owned(),
                kind: FieldKind::Checkbox,
                value: "Yes".to_owned(),
                shown_text: None,
                checked: Some(true),
                shown: true,
            };
            let shown_text = Some("100".to_owned());
            let other = PageField { kind: FieldKind::Text, checked: None, shown_text, ..ticked.clone() };
            page.fields = vec![ticked, other];
            let (subtype, author) = ("Stamp".to_owned(), Some("B".to_owned()));
            page.notes = vec![PageNote { bbox, subtype, text: "APPROVED".to_owned(), author, shown: true }];
        });
        serde_json::to_value(to_parsed_page(lay_out(page.content()), true)).expect("a page is plain data")
    }

    fn check(page: &Value) -> Result<u32, serde_json::Error> {
        check_page_json(&page.to_string())
    }

    /// Lists the pointers to every value of a document.
    fn pointers(value: &Value, at: &str) -> Vec<String> {
        let below: Vec<String> = match value {
            Value::Object(fields) => {
                fields.iter().flat_map(|(name, value)| pointers(value, &format!("{at}/{name}"))).collect()
            }
            Value::Array(items) => {
                items.iter().enumerate().flat_map(|(index, item)| pointers(item, &format!("{at}/{index}"))).collect()
            }
            _ => Vec::new(),
        };
        std::iter::once(at.to_owned()).chain(below).collect()
    }

    #[test]
    fn everything_that_the_engine_writes_passes() {
        assert_eq!(check(&page()).expect("our own page"), 7);
        let empty = to_parsed_page(lay_out(Page::new().content()), false);
        let empty = serde_json::to_value(empty).expect("a page is plain data");
        assert_eq!(check(&empty).expect("our own page"), 1);
    }

    #[test]
    fn whatever_passes_is_a_parsed_page() {
        let (mut refused, mut passed) = (0, 0);
        let pointers = pointers(&page(), "");
        let others = [Value::Null, json!(true), json!(1), json!(-1), json!(2.5), json!("text"), json!([]), json!({})];
        for (pointer, other) in pointers.iter().flat_map(|pointer| others.iter().map(move |other| (pointer, other))) {
            let mut changed = page();
            *changed.pointer_mut(pointer).expect("it is listed") = other.clone();
            match check(&changed) {
                Ok(_) => {
                    passed += 1;
                    let read = serde_json::from_value::<ParsedPage>(changed);
                    assert!(read.is_ok(), "{pointer}: {other}: {}", read.expect_err("it is not read"));
                }
                Err(_) => refused += 1,
            }
        }
        assert!(passed > 100 && refused > passed, "{passed} {refused}");
    }

    #[test]
    fn a_page_without_a_required_field_is_refused() {
        for pointer in pointers(&page(), "") {
            let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
            let mut changed = page();
            let Some(fields) = changed.pointer_mut(parent).and_then(Value::as_object_mut) else { continue };
            fields.remove(name);
            let is_page = serde_json::from_value::<ParsedPage>(changed.clone()).is_ok();
            assert_eq!(check(&changed).is_ok(), is_page, "{pointer}");
        }
    }

    #[test]
    fn a_field_that_the_engine_does_not_write_is_refused() {
        for pointer in pointers(&page(), "") {
            let mut changed = page();
            let Some(fields) = changed.pointer_mut(&pointer).and_then(Value::as_object_mut) else { continue };
            fields.insert("unknown".to_owned(), json!({}));
            assert!(check(&changed).is_err(), "{pointer}");
        }
    }

    #[test]
    fn a_page_that_failed_and_an_element_of_another_page_are_refused() {
        for (pointer, value) in [("/page/status", json!("failed")), ("/elements/0/page_number", json!(8))] {
            let mut changed = page();
            *changed.pointer_mut(pointer).expect("it is there") = value;
            assert!(check(&changed).is_err(), "{pointer}");
        }
    }
}
