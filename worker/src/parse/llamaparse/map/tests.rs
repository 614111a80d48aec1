//! Tests of the mapping: answers in the service's form, pages and elements in ours.

use quire_schemas::{
    element::{BBox, ContentLayer, ElementType},
    job::Password,
    sha256::Sha256,
};
use serde_json::{Map, json};

use super::*;
use crate::parse::{ParseRequest, llamaparse::call};

struct Mapped {
    pages: Vec<ParsedPage>,
    nothing_parsed: Option<String>,
    warnings: Vec<Warning>,
}

fn mapped(answer: &Value, page_count: usize) -> Mapped {
    let answer = Answer::decode(answer.to_string().as_bytes()).expect("an answer");
    let pages: Vec<u32> = (1..=u32::try_from(page_count).expect("few pages")).collect();
    let request = ParseRequest {
        file: &std::fs::File::open("/dev/null").expect("every Linux has it"),
        filename: "a.pdf",
        size_bytes: 1,
        sha256: Sha256::of(b"a.pdf"),
        page_sizes: &vec![(612.0, 792.0); page_count],
        pages: &pages,
        options: &Map::new(),
        job_key: "acme/0192",
        resume: None,
    };
    let call = call("parsing the page with LlamaParse", None);
    let wanted = Wanted::new(&request, call, "pjb-1".to_owned(), Password::new("llx-secret"));
    let mut mapping = Mapping::new(answer, wanted);
    let pages = mapping.by_ref().collect();
    let nothing_parsed = mapping.nothing_parsed().map(str::to_owned);
    Mapped { pages, nothing_parsed, warnings: mapping.into_warnings() }
}

fn page_with(items: Value) -> Value {
    json!({ "items": { "pages": [{
        "page_number": 1, "page_width": 1224.0, "page_height": 1584.0, "success": true, "items": items,
    }] } })
}

fn elements_of(items: Value) -> Vec<Element> {
    mapped(&page_with(items), 1).pages.remove(0).elements
}

fn kinds(elements: &[Element]) -> Vec<&str> {
    elements.iter().map(|element| element.kind.as_str()).collect()
}

#[test]
fn a_page_is_mapped_with_its_order_headings_and_places() {
    let elements = elements_of(json!([
        { "type": "header", "md": "ACME", "items": [{ "type": "text", "md": "*ACME*", "value": "ACME" }] },
        { "type": "heading", "level": 1, "md": "# Report", "value": "Report",
          "bbox": [{ "x": 100, "y": 200, "w": 50, "h": 10, "confidence": 0.9, "label": "doc_title", "r": null }] },
        { "type": "heading", "level": 1, "md": "# Results" },
        { "type": "text", "md": "It **works**.", "value": "It works.", "bbox": [] },
    ]));

    assert_eq!(kinds(&elements), ["page_header", "title", "section_header", "text"]);
    let ids: Vec<&str> = elements.iter().map(|element| element.id.as_str()).collect();
    assert_eq!(ids, ["p1-e0001", "p1-e0002", "p1-e0003", "p1-e0004"]);
    let order: Vec<u32> = elements.iter().map(|element| element.reading_order).collect();
    assert_eq!(order, [0, 1, 2, 3]);
    let texts: Vec<&str> = elements.iter().map(|element| element.text.as_str()).collect();
    assert_eq!(texts, ["ACME", "Report", "Results", "It works."]);

    assert_eq!(elements[0].content_layer, Some(ContentLayer::Furniture));
    assert_eq!(elements[1].regions[0].bbox, Some(BBox::new(50.0, 100.0, 75.0, 105.0)));
    assert_eq!((elements[1].level, elements[2].level), (None, Some(1)));
    assert_eq!(elements[3].section_path, ["Results"]);
    assert_eq!(elements[3].text_source, Some(TextSource::Llm));
    assert_eq!(elements[3].native.path.as_deref(), Some("/items/pages/0/items/3"));
}

#[test]
fn a_nested_list_names_its_parents_and_says_its_text_once() {
    let elements = elements_of(json!([{ "type": "list", "ordered": false, "md": "- a\n  1. b", "items": [
        { "type": "text", "md": "a", "value": "a" },
        { "type": "list", "ordered": true, "md": "1. b", "items": ["b"] },
    ] }]));

    assert_eq!(kinds(&elements), ["list", "list_item", "list", "list_item"]);
    let parents: Vec<Option<&str>> = elements.iter().map(|element| element.parent_id.as_deref()).collect();
    assert_eq!(parents, [None, Some("p1-e0001"), Some("p1-e0001"), Some("p1-e0003")]);
    let texts: Vec<&str> = elements.iter().map(|element| element.text.as_str()).collect();
    assert_eq!(texts, ["", "a", "", "b"]);
    let inner = elements[3].list.as_ref().expect("an item knows its list");
    assert_eq!((inner.ordered, inner.depth), (Some(true), Some(1)));
    assert_eq!(elements[3].native.path.as_deref(), Some("/items/pages/0/items/0/items/1/items/0"));
}

#[test]
fn a_table_keeps_typed_values_and_where_it_came_from() {
    let elements = elements_of(json!([{
        "type": "table", "csv": "a,1.5", "html": "<table></table>", "md": "|a|1.5||", "bbox": [],
        "rows": [["a", 1.5, null], ["b"]], "merged_from_pages": [1, 2], "merged_into_page": 4,
        "parse_concerns": [{ "type": "inconsistent_row_cell_count", "details": "row 2" }],
    }]));

    let table = elements[0].table.as_ref().expect("a table");
    assert_eq!((table.num_rows, table.num_cols, table.cells.len()), (2, 3, 4));
    assert_eq!((table.cells[1].text.as_str(), &table.cells[1].value), ("1.5", &Some(json!(1.5))));
    assert_eq!(table.merged_from_pages, Some(vec![1, 2]));
    assert_eq!(table.concerns[0].kind, "inconsistent_row_cell_count");
    assert_eq!(elements[0].text, "a\t1.5\t\nb");
    assert_eq!(elements[0].extra.get("merged_into_page"), Some(&json!(4)));
}

#[test]
fn what_is_not_known_is_kept_and_signatures_are_not() {
    let elements = elements_of(json!([
        { "type": "hologram", "md": "~x~", "value": "x", "glow": 3, "bbox": null },
        { "type": "image", "caption": "A chart", "md": "![A chart](i)",
          "url": "https://s3.example/i.png?X-Amz-Signature=abc" },
        { "type": "link", "text": "here", "url": "https://a.example/?q=1", "md": "[here](https://a.example/?q=1)" },
        { "value": "no type" },
        null,
    ]));

    assert_eq!(kinds(&elements), ["other", "picture", "link", "other"]);
    assert_eq!((elements[0].native.kind.as_str(), elements[0].extra.get("glow")), ("hologram", Some(&json!(3))));
    assert_eq!(elements[1].extra.get("url"), Some(&json!("https://s3.example/i.png")));
    assert_eq!(elements[1].image.as_ref().and_then(|image| image.alt_text.as_deref()), Some("A chart"));
    // An address that the document itself holds is its content.
    assert_eq!(elements[2].links[0].uri.as_deref(), Some("https://a.example/?q=1"));
    assert_eq!(elements[3].kind, ElementType::Unclassified);
}

#[test]
fn every_field_may_be_null() {
    let nothing = json!({ "type": null, "md": null, "value": null, "bbox": null, "items": null, "rows": null });
    let mut items: Vec<Value> = Vec::new();
    for kind in ["heading", "text", "list", "table", "image", "link", "code", "header", "footer", "formula"] {
        let mut item = nothing.clone();
        item["type"] = json!(kind);
        item["level"] = Value::Null;
        item["bbox"] = json!([{ "x": null, "y": 1.0, "w": null, "h": 2.0 }]);
        items.push(item);
    }
    let mut answer = page_with(Value::Array(items));
    answer["items"]["pages"][0]["page_width"] = Value::Null;
    answer["items"]["pages"][0]["success"] = Value::Null;
    answer["markdown"] = Value::Null;
    answer["metadata"] = json!({ "pages": [{ "page_number": 1, "confidence": null, "printed_page_number": null }] });

    let parsed = mapped(&answer, 1).pages.remove(0);
    assert_eq!(parsed.page.status, PageStatus::Succeeded);
    assert_eq!(parsed.elements.len(), 10);
    assert!(parsed.elements.iter().all(|element| element.text.is_empty() && element.regions.is_empty()));
    assert_eq!(parsed.page.text_source, Some(TextSource::None));
}

#[test]
fn a_page_takes_text_markdown_and_metadata_from_their_sections() {
    let answer = json!({
        "job": { "id": "pjb-1", "status": "COMPLETED", "usage": { "credits": 3.0 } },
        "items": { "pages": [{ "page_number": 1, "items": [{ "type": "text", "md": "a", "value": "a" }] }] },
        "markdown": { "pages": [
            { "page_number": 1, "markdown": "a\n", "header": "H", "footer": "", "success": true },
        ] },
        "text": { "pages": [{ "page_number": 1, "text": "a" }] },
        "metadata": { "pages": [{
            "page_number": 1, "confidence": 0.98, "printed_page_number": "iv", "original_orientation_angle": 90,
        }] },
    });
    let page = mapped(&answer, 1).pages.remove(0).page;

    assert_eq!((page.text.as_deref(), page.markdown.as_deref()), (Some("a"), Some("a\n")));
    assert_eq!((page.page_label.as_deref(), page.confidence), (Some("iv"), Some(0.98)));
    assert_eq!((page.width, page.height), (Some(612.0), Some(792.0)));
    assert_eq!(page.element_ids, ["p1-e0001"]);
    let extra = json!({ "markdown": { "header": "H" }, "metadata": { "original_orientation_angle": 90 } });
    assert_eq!(Value::Object(page.extra), extra);
}

#[test]
fn a_tier_without_items_gives_one_element_a_page() {
    let pages = json!([{ "page_number": 1, "text": "plain" }, { "page_number": 2, "text": " " }]);
    let answer = json!({ "text": { "pages": pages } });
    let pages = mapped(&answer, 2).pages;

    let element = &pages[0].elements[0];
    assert_eq!((element.text.as_str(), element.native.kind.as_str()), ("plain", "text"));
    assert_eq!(element.native.path.as_deref(), Some("/text/pages/0"));
    assert_eq!((pages[1].elements.len(), &pages[1].page.status), (0, &PageStatus::Succeeded));
}

#[test]
fn a_failed_page_is_an_empty_one_that_says_why() {
    let answer = json!({ "items": { "pages": [
        { "page_number": 1, "success": true, "items": [{ "type": "text", "value": "a" }] },
        { "page_number": 2, "success": false, "error": "model overloaded for llx-secret" },
    ] } });
    let mapped = mapped(&answer, 2);

    let failed = &mapped.pages[1];
    assert_eq!((failed.page.page_number, &failed.page.status), (2, &PageStatus::Failed));
    let error = &failed.page.errors[0];
    assert_eq!((error.code.as_str(), error.page_number, error.retryable), ("page_failed", Some(2), false));
    assert_eq!(error.message, "parsing the page with LlamaParse: model overloaded for …");
    assert_eq!((mapped.nothing_parsed, mapped.warnings.len()), (None, 0));
}

#[test]
fn pages_that_are_missing_or_too_many_are_told_and_numbering_holds() {
    let page = |number: u32| json!({ "page_number": number, "items": [{ "type": "text", "value": "a" }] });
    let mapped = mapped(&json!({ "items": { "pages": [page(1), page(3), page(9)] } }), 3);

    let statuses: Vec<(u32, &str)> =
        mapped.pages.iter().map(|parsed| (parsed.page.page_number, parsed.page.status.as_str())).collect();
    assert_eq!(statuses, [(1, "succeeded"), (2, "failed"), (3, "succeeded")]);
    assert_eq!(mapped.warnings[0].code, "page_count_mismatch");
    assert_eq!(mapped.warnings[0].message, "llamaparse returned page 9 instead of page 2");
    // Ids do not depend on other pages; the order runs through all of them.
    let third = &mapped.pages[2].elements[0];
    assert_eq!((third.id.as_str(), third.reading_order), ("p3-e0001", 1));
}

#[test]
fn an_answer_without_a_single_good_page_is_no_result() {
    let answer = json!({ "metadata": { "pages": [{ "page_number": 1, "confidence": 0.5 }] } });
    let reason = "parsing the page with LlamaParse: the answer does not hold the page";
    assert_eq!(mapped(&answer, 1).nothing_parsed.as_deref(), Some(reason));
}
