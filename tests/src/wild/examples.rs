//! Made-up results, and of every check a result with which it holds and some with which it must not.

use std::collections::{BTreeMap, BTreeSet};

use quire_producer::schemas::result::ParseResult;
use serde_json::{Value, from_value, json};

use super::{check::Check, outcome::Outcome};

/// A check, a result with which it holds, and results with which it does not.
type Example = (Value, Outcome, Vec<Outcome>);

/// Lays the fields of one object over those of another.
fn patched(mut base: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { panic!("a patch is an object") };
    base.as_object_mut().expect("a base is an object").extend(patch);
    base
}

/// Makes a result with these fields.
fn made(patch: Value) -> Outcome {
    let base = json!({
        "schema_version": "1.0",
        "job_id": "0192f0c1-7c1b-7d4e-9a53-3f1c7e0d5b11",
        "status": "succeeded",
        "source": {},
        "branches": {"parse": {"status": "succeeded"}, "images": {"status": "succeeded"}},
        "pages": [],
        "elements": [],
        "page_images": {},
        "errors": [],
        "provenance": {"worker": "w1", "worker_version": "0.1.0"},
    });
    let result: ParseResult = from_value(patched(base, patch)).expect("a result");
    Outcome { result, markdown: None, images: BTreeMap::new() }
}

fn nothing() -> Outcome {
    made(json!({}))
}

fn element(patch: Value) -> Value {
    let base = json!({
        "id": "p1-e0001",
        "type": "text",
        "page_number": 1,
        "reading_order": 0,
        "text": "",
        "regions": [],
        "native": {"engine": "e", "type": "t"},
    });
    patched(base, patch)
}

fn elements(patches: Vec<Value>) -> Outcome {
    made(json!({"elements": patches.into_iter().map(element).collect::<Vec<_>>()}))
}

/// Makes a result with an element in the body for each text.
pub(super) fn texts(texts: &[&str]) -> Outcome {
    elements(texts.iter().map(|text| json!({"text": text, "content_layer": "body"})).collect())
}

fn one(patch: Value) -> Outcome {
    elements(vec![patch])
}

fn failed(code: &str) -> Outcome {
    let error = json!({"code": code, "message": "m", "retryable": false, "phase": "parse"});
    made(json!({"status": "failed", "errors": [error]}))
}

fn warned(code: &str, page: Option<u32>) -> Outcome {
    made(json!({"warnings": [{"code": code, "message": "m", "page_number": page}]}))
}

fn document(patch: Value) -> Outcome {
    made(json!({"document": patch}))
}

fn marked_down(markdown: &str) -> Outcome {
    Outcome { markdown: Some(markdown.to_owned()), ..nothing() }
}

fn page(patch: Value) -> Outcome {
    let base = json!({"page_number": 1, "unit": "pt", "status": "succeeded", "width": 40, "height": 20});
    made(json!({"source": {"page_count": 1}, "pages": [patched(base, patch)]}))
}

/// The columns and rows of ink in the image of [`drawn`].
const INK: ([u32; 2], [u32; 2]) = ([12, 38], [11, 19]);

/// Makes a result whose one page has this box and an image of two pixels a point, 80 by 40, said to be so wide.
fn drawn(bbox: Value, said_width: u32) -> Outcome {
    let object = json!({
        "key": "a/pages/0001.png",
        "media_type": "image/png",
        "size_bytes": 1,
        "sha256": "0".repeat(64),
    });
    let image = json!({"page_number": 1, "object": object, "width_px": said_width, "height_px": 40, "scale": 2.0});
    let region = json!({"page_number": 1, "bbox": bbox});
    let outcome = made(json!({"page_images": {"1": image}, "elements": [element(json!({"regions": [region]}))]}));
    Outcome { images: BTreeMap::from([(1, picture())]), ..outcome }
}

fn picture() -> Vec<u8> {
    let ([left, right], [top, bottom]) = INK;
    let is_ink = |x: u32, y: u32| (left..right).contains(&x) && (top..bottom).contains(&y);
    let pixels: Vec<u8> = (0..40).flat_map(|y| (0..80).map(move |x| if is_ink(x, y) { 0 } else { 255 })).collect();
    let mut file = Vec::new();
    let encoder = png::Encoder::new(&mut file, 80, 40);
    encoder.write_header().expect("a Vec takes all").write_image_data(&pixels).expect("80 by 40 pixels");
    file
}

fn of_text() -> Vec<Example> {
    let hidden = |text: &str| one(json!({"text": text, "content_layer": "body", "extra": {"hidden": "clipped"}}));
    let layer = |text: &str, layer: &str| one(json!({"text": text, "content_layer": layer}));
    let cells = json!([{"row": 0, "col": 0, "text": "1"}, {"row": 0, "col": 1, "text": "2"}]);
    let table = one(json!({"table": {"num_rows": 1, "num_cols": 2, "cells": cells}}));
    vec![
        (json!({"element": "a b"}), texts(&["x", "a \n b"]), vec![texts(&["a", "b"]), texts(&["a b c"]), nothing()]),
        (json!({"contains": "b c"}), texts(&["a b", "c d"]), vec![texts(&["a c b"]), texts(&["bc"]), nothing()]),
        (json!({"contains": "é"}), texts(&["e\u{301}"]), vec![texts(&["e"])]),
        (
            json!({"contains": "City Oslo"}),
            one(json!({"text": "City", "field": {"value": "Oslo"}})),
            vec![texts(&["City"]), one(json!({"text": "City Rome", "field": {"value": "Rome"}}))],
        ),
        (json!({"contains": "1 2"}), table, vec![texts(&["12"])]),
        (
            json!({"order": ["a", "b", "a"]}),
            texts(&["a b", "a"]),
            vec![texts(&["b a"]), texts(&["a", "b"]), texts(&["a a b"]), nothing()],
        ),
        (
            json!({"count": {"a": 1, "b": 2}}),
            texts(&["a b", "b"]),
            vec![texts(&["a b"]), texts(&["a a b b"]), texts(&["b b"])],
        ),
        (
            json!({"shown": "a"}),
            layer("a", "furniture"),
            vec![layer("a", "invisible"), layer("a", "background"), hidden("a"), texts(&["b"]), nothing()],
        ),
        (
            json!({"not_body": "a"}),
            layer("a", "invisible"),
            vec![texts(&["a"]), one(json!({"text": "a"})), one(json!({"text": "a", "extra": {"note": "clipped"}}))],
        ),
        (json!({"not_body": "a"}), hidden("a"), vec![texts(&["b a"])]),
        (json!({"absent": "a"}), texts(&["b"]), vec![texts(&["a"]), layer("a", "invisible"), hidden("a")]),
        (json!({"not_markdown": "a b"}), marked_down("a c\nb"), vec![marked_down("# a\n\nc a\nb")]),
        (json!({"not_markdown": "a"}), texts(&["a"]), vec![marked_down("a")]),
        (json!({"max_elements": 1}), texts(&["a", " "]), vec![texts(&["a", "b"])]),
        (
            json!({"ticks": 1}),
            one(json!({"field": {"checked": true}})),
            vec![one(json!({"field": {"checked": false}})), texts(&["4"]), nothing()],
        ),
        (json!({"ticks": 2}), texts(&["✓ yes", "◉ card"]), vec![texts(&["✓ yes", "card"])]),
    ]
}

fn of_document() -> Vec<Example> {
    let links = |count| one(json!({"text": "a", "links": vec![json!({}); count]}));
    let bookmark = |page: Option<u32>| json!({"title": "A", "level": 1, "page_number": page});
    let outline = |entries: &[Value]| document(json!({"outline": entries}));
    let attached = |key: &str| {
        let object = json!({"key": key, "media_type": "m", "size_bytes": 1, "sha256": "0".repeat(64)});
        document(json!({"attachments": [{"kind": "attachment", "object": object}]}))
    };
    vec![
        (json!({"status": "succeeded"}), nothing(), vec![failed("not_a_pdf")]),
        (
            json!({"status": ["failed", "succeeded"]}),
            failed("not_a_pdf"),
            vec![made(json!({"status": "partial_success"}))],
        ),
        (json!({"error": "not_a_pdf"}), failed("not_a_pdf"), vec![nothing(), failed("internal")]),
        (json!({"error": ["not_a_pdf", "internal"]}), failed("internal"), vec![failed("timeout")]),
        (
            json!({"warning_any": ["ocr_required"]}),
            warned("ocr_required", None),
            vec![nothing(), warned("suspicious_text", Some(1))],
        ),
        (
            json!({"warning_any": ["*"]}),
            warned("suspicious_text", None),
            vec![nothing(), warned("sandbox_reduced", None)],
        ),
        (
            json!({"warning_none": ["ocr_required"]}),
            warned("suspicious_text", None),
            vec![warned("ocr_required", Some(2))],
        ),
        (
            json!({"warning_on": 1}),
            warned("suspicious_text", Some(1)),
            vec![
                nothing(),
                warned("suspicious_text", None),
                warned("suspicious_text", Some(2)),
                warned("image_scaled_down", Some(1)),
            ],
        ),
        (json!({"links": 2}), links(2), vec![links(1), links(3), nothing()]),
        (
            json!({"outline": [["A", 1, null]]}),
            outline(&[bookmark(None)]),
            vec![
                outline(&[bookmark(Some(1))]),
                outline(&[bookmark(None), bookmark(None)]),
                outline(&[json!({"title": "A", "level": 2})]),
                outline(&[json!({"title": "B", "level": 1})]),
                nothing(),
            ],
        ),
        (json!({"attachments": ["a.csv"]}), attached("x/a.csv"), vec![attached("x/b.csv"), nothing()]),
        (
            json!({"metadata_title": "Ü"}),
            document(json!({"title": "Ü"})),
            vec![document(json!({"title": "U"})), nothing()],
        ),
        (json!({"metadata_title": null}), nothing(), vec![document(json!({"title": ""}))]),
        (
            json!({"value": {"document.form_type": "xfa"}}),
            document(json!({"form_type": "xfa"})),
            vec![document(json!({"form_type": "acroform"})), document(json!({})), nothing()],
        ),
        (json!({"any": [{"contains": "a"}, {"contains": "b"}]}), texts(&["b"]), vec![texts(&["c"]), nothing()]),
        (json!({"all": [{"contains": "a"}, {"contains": "b"}]}), texts(&["a b"]), vec![texts(&["a"]), texts(&["b"])]),
    ]
}

fn of_pages() -> Vec<Example> {
    let boxes = |media: Value, crop: Value| page(json!({"media_box": media, "crop_box": crop}));
    let row = json!({"page_number": 1, "unit": "pt", "status": "succeeded"});
    let without_size = made(json!({"source": {"page_count": 1}, "pages": [row.clone()]}));
    let shorter_list = made(json!({"source": {"page_count": 2}, "pages": [row.clone()]}));
    let longer_list = made(json!({"source": {"page_count": 1}, "pages": [row.clone(), row]}));
    vec![
        (json!({"pages": 1}), page(json!({})), vec![nothing(), shorter_list, longer_list]),
        (
            json!({"page_labels": ["iv"]}),
            page(json!({"page_label": "iv"})),
            vec![page(json!({"page_label": "4"})), page(json!({})), nothing()],
        ),
        (json!({"page_labels": ["*"]}), page(json!({})), vec![nothing()]),
        (
            json!({"page_size": [1, 40.4, 20]}),
            page(json!({})),
            vec![page(json!({"width": 39.8})), page(json!({"height": 20.6})), without_size, nothing()],
        ),
        (
            json!({"page_boxes": [1, [0, 0, 4, 2], null]}),
            boxes(json!([0, 0, 4.005, 2]), json!(null)),
            vec![
                boxes(json!([0, 0, 3, 2]), json!(null)),
                boxes(json!([0, 0, 4, 2]), json!([0, 0, 1, 1])),
                boxes(json!(null), json!(null)),
                nothing(),
            ],
        ),
        (
            json!({"page_boxes": [1, [0, 0, 4, 2], [1, 1, 2, 2]]}),
            boxes(json!([0, 0, 4, 2]), json!([1, 1, 2, 2])),
            vec![boxes(json!([0, 0, 4, 2]), json!([1, 1, 3, 2])), boxes(json!([0, 0, 4, 2]), json!(null))],
        ),
    ]
}

fn of_images() -> Vec<Example> {
    let whole = || drawn(json!([5, 5, 20, 10]), 80);
    let unstored = || Outcome { images: BTreeMap::new(), ..whole() };
    let torn = || Outcome { images: BTreeMap::from([(1, b"\x89PNG".to_vec())]), ..whole() };
    vec![
        (
            json!({"image_size": [1, 80, 40]}),
            whole(),
            vec![drawn(json!(null), 40), drawn(json!(null), 79), unstored(), torn(), nothing()],
        ),
        (json!({"image_size": [1, 81, 39]}), whole(), vec![drawn(json!(null), 82)]),
        (
            json!({"ink_in_boxes": 1}),
            whole(),
            vec![
                drawn(json!([5, 5, 12, 10]), 80),
                drawn(json!([25, 5, 39, 10]), 80),
                drawn(json!([0, 0, 40, 20]), 80),
                drawn(json!(null), 80),
                torn(),
                nothing(),
            ],
        ),
        (json!({"pixel": [1, 6, 6, "280028"]}), whole(), vec![unstored(), torn(), nothing()]),
        (json!({"any": [{"pixel": [1, 30, 6, "ffffff"]}]}), whole(), vec![nothing()]),
        (json!({"dark": [1, 0, 0, 6, 6]}), whole(), vec![unstored(), torn(), nothing()]),
    ]
}

fn check(line: &Value) -> Check {
    from_value(line.clone()).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn examples() -> Vec<Example> {
    [of_text(), of_document(), of_pages(), of_images()].into_iter().flatten().collect()
}

/// Reads the names of all checks off the refusal of one that does not exist.
fn names() -> BTreeSet<String> {
    let refusal = from_value::<Check>(json!({"no such check": 1})).expect_err("there is none").to_string();
    let (_, listed) = refusal.split_once("expected one of ").expect("a refusal lists what it expects");
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_check_holds_with_a_result_that_is_right() {
    for (line, right, _) in examples() {
        assert_eq!(check(&line).hold(&right), Ok(()), "{line}");
    }
}

#[test]
fn every_check_fails_with_a_result_that_is_wrong() {
    for (line, _, wrong) in examples() {
        assert!(!wrong.is_empty(), "{line} has no result that is wrong");
        for (number, outcome) in wrong.iter().enumerate() {
            assert!(check(&line).hold(outcome).is_err(), "{line} holds with result {number}");
        }
    }
}

#[test]
fn another_pixel_is_wrong_and_so_is_one_beyond_the_image() {
    let drawn = drawn(json!([5, 5, 20, 10]), 80);
    for (line, found) in [
        (json!({"pixel": [1, 6, 6, "ffffff"]}), "000000"),
        (json!({"pixel": [1, 6, 6, "290000"]}), "000000"),
        (json!({"pixel": [1, 5.5, 6, "000000"]}), "ffffff"),
        (json!({"pixel": [1, 40, 6, "ffffff"]}), "the image does not reach so far"),
        (json!({"pixel": [2, 6, 6, "000000"]}), "no image of page 2"),
        (json!({"dark": [1, 30, 1, 39, 19]}), "nothing dark"),
        (json!({"dark": [1, 41, 1, 50, 19]}), "nothing dark"),
    ] {
        assert_eq!(check(&line).hold(&drawn), Err(found.to_owned()), "{line}");
    }
}

#[test]
fn every_check_has_an_example_and_a_row_in_the_manual() {
    let named = |example: &Example| example.0.as_object().and_then(|check| check.keys().next()).cloned();
    let exemplified: BTreeSet<String> = examples().iter().filter_map(named).collect();
    assert_eq!(exemplified, names());
    let manual = std::fs::read_to_string(super::folder().join("README.md")).expect("it is part of the repository");
    let rows = manual.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name);
    assert_eq!(rows.map(str::to_owned).collect::<BTreeSet<_>>(), names());
}

#[test]
fn a_check_is_printed_as_its_line_has_it() {
    for (line, printed) in [
        (json!({"contains": "Ä"}), "contains \"Ä\""),
        (json!({"page_boxes": [1, [0, 0, 4, 2], null]}), "page_boxes [1,[0.0,0.0,4.0,2.0],null]"),
        (json!({"pixel": [1, 2, 3, "ff0000"]}), "pixel [1,2.0,3.0,\"ff0000\"]"),
        (
            json!({"any": [{"count": {"a": 1}}, {"status": "failed"}]}),
            "any [{\"count\":{\"a\":1}},{\"status\":[\"failed\"]}]",
        ),
    ] {
        assert_eq!(check(&line).to_string(), printed);
    }
}
