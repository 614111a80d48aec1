//! A paragraph that goes on behind a break, as one element: the text, regions and links of all its parts. Pure.

use quire_schemas::element::CharSpan;
use serde_json::value::{RawValue, to_raw_value};

use super::json_fields::{JsonFields, ObjectList};
use crate::parse::{Joint, joint_of_words};

/// The field of `extra` that lists the places of hyphens at line ends.
const HYPHENS: &str = "line_end_hyphens";

/// Joins the parts of a paragraph, each the JSON of an element. A hyphen at the break is listed with those at line
/// ends.
pub(super) fn joined(first: &JsonFields<'_>, parts: &[String]) -> serde_json::Result<String> {
    let mut whole = Whole::default();
    whole.add(first)?;
    for part in parts {
        whole.add(&serde_json::from_str(part)?)?;
    }
    let json = serde_json::to_string(first)?;
    let mut element: JsonFields<'_> = serde_json::from_str(&json)?;
    element.set("text", &whole.text)?;
    element.set("regions", &whole.regions)?;
    if !whole.links.is_empty() {
        element.set("links", &whole.links)?;
    }
    if !whole.hyphens.is_empty() {
        let extra = element.raw("extra").map_or("{}", RawValue::get).to_owned();
        let mut extra: JsonFields<'_> = serde_json::from_str(&extra)?;
        extra.set(HYPHENS, &whole.hyphens)?;
        element.set("extra", &extra)?;
    }
    serde_json::to_string(&element)
}

/// What is joined so far.
#[derive(Default)]
struct Whole {
    text: String,
    /// Of the text, in Unicode scalar values.
    length: u32,
    regions: Vec<Box<RawValue>>,
    links: Vec<Box<RawValue>>,
    hyphens: Vec<u32>,
}

impl Whole {
    fn add(&mut self, part: &JsonFields<'_>) -> serde_json::Result<()> {
        let text: String = part.get("text")?.unwrap_or_default();
        self.join(&text);
        let start = self.length;
        self.text.push_str(&text);
        self.length += u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let moved = |[from, to]: CharSpan| [from.saturating_add(start), to.saturating_add(start)];
        for region in objects(part, "regions")? {
            let mut region = region?;
            let span = region.get("char_span")?.map_or([start, self.length], moved);
            region.set("char_span", &span)?;
            self.regions.push(to_raw_value(&region)?);
        }
        for link in objects(part, "links")? {
            let mut link = link?;
            if let Some(span) = link.get("char_span")?.map(moved) {
                link.set("char_span", &span)?;
            }
            self.links.push(to_raw_value(&link)?);
        }
        let hyphens = part.fields("extra")?.map(|extra| extra.get::<Vec<u32>>(HYPHENS)).transpose()?.flatten();
        self.hyphens.extend(hyphens.unwrap_or_default().into_iter().map(|at| at.saturating_add(start)));
        Ok(())
    }

    /// Writes what stands between the text so far and the next part.
    fn join(&mut self, next: &str) {
        let (Some(last), Some(first)) = (self.text.split_whitespace().next_back(), next.split_whitespace().next())
        else {
            return;
        };
        match joint_of_words(last, first) {
            Joint::Space => {
                self.text.push(' ');
                self.length += 1;
            }
            Joint::Hyphen => self.hyphens.push(self.length.saturating_sub(1)),
            Joint::Nothing | Joint::Unspaced => {}
        }
    }
}

fn objects<'a>(
    element: &'a JsonFields<'_>,
    name: &str,
) -> serde_json::Result<impl Iterator<Item = serde_json::Result<JsonFields<'a>>>> {
    Ok(element.raw(name).map(ObjectList::of).transpose()?.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn whole(first: &Value, parts: &[Value]) -> Value {
        let first = first.to_string();
        let parts: Vec<String> = parts.iter().map(Value::to_string).collect();
        let json = joined(&serde_json::from_str(&first).expect("an object"), &parts).expect("elements");
        serde_json::from_str(&json).expect("JSON")
    }

    fn part(page: u32, text: &str) -> Value {
        json!({ "text": text, "regions": [{ "page_number": page, "granularity": "element" }] })
    }

    #[test]
    fn every_part_keeps_its_regions_and_links_with_their_place_in_the_text() {
        let mut last = part(2, "goes on and ends.");
        last["links"] = json!([{ "uri": "a", "text": "on", "char_span": [5, 7] }]);
        last["extra"] = json!({ "line_end_hyphens": [3] });
        let expected = json!({
            "text": "A sentence goes on and ends.",
            "regions": [
                { "page_number": 1, "granularity": "element", "char_span": [0, 10] },
                { "page_number": 2, "granularity": "element", "char_span": [11, 28] },
            ],
            "links": [{ "uri": "a", "text": "on", "char_span": [16, 18] }],
            "extra": { "line_end_hyphens": [14] },
        });
        assert_eq!(whole(&part(1, "A sentence"), &[last]), expected);
    }

    #[test]
    fn parts_are_joined_as_lines_are() {
        let text = |first: &str, next: &str| {
            let whole = whole(&part(1, first), &[part(2, next)]);
            (whole["text"].as_str().expect("a text").to_owned(), whole["extra"]["line_end_hyphens"].clone())
        };
        assert_eq!(text("an interna-", "tional one"), ("an interna-tional one".to_owned(), json!([10])));
        assert_eq!(text("我们在", "使用"), ("我们在使用".to_owned(), Value::Null));
        assert_eq!(text("and/", "or"), ("and/or".to_owned(), Value::Null));
    }
}
