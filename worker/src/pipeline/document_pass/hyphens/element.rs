//! Hyphens of one element of the local engine: its words for the statistics, and its text, regions and links without
//! the hyphens that only divide.

use quire_schemas::element::CharSpan;
use serde_json::value::to_raw_value;

use super::{
    super::json_fields::{JsonFields, ObjectList, is_local},
    edits::{Change, Edits},
    place::Place,
    rule::{Judge, Verdict},
    words::Words,
};

/// The field of `extra` that lists the places of such hyphens in `text`.
const PLACES: &str = "line_end_hyphens";
/// And the one that lists those in the texts of a table's cells, each with the number of its cell.
const PLACES_IN_CELLS: &str = "cell_line_end_hyphens";

/// Counts the words of an element and of its cells. Those of other engines have been joined already, and are not
/// needed. What nobody sees decides nothing.
pub(crate) fn count_words(element: &JsonFields<'_>, words: &mut Words) -> serde_json::Result<()> {
    let is_seen = element.raw("content_layer").is_none_or(|layer| layer.get() != r#""invisible""#);
    if !is_seen || !is_local(element)? {
        return Ok(());
    }
    if let Some(text) = element.text("text")? {
        words.add(text, &places(element)?.unwrap_or_default());
    }
    if let Some(table) = element.fields("table")?
        && let Some(cells) = table.raw("cells")
    {
        let places = places_in_cells(element)?;
        for (number, cell) in (0_u32..).zip(ObjectList::of(cells)?) {
            if let Some(text) = cell?.text("text")? {
                words.add(text, &in_cell(&places, number));
            }
        }
    }
    Ok(())
}

/// Decides about every hyphen that the element lists.
pub(crate) fn undo_line_ends(element: &mut JsonFields<'_>, words: &Words) -> serde_json::Result<()> {
    if !is_local(element)? {
        return Ok(());
    }
    undo_in_cells(element, words)?;
    let Some(places) = places(element)? else { return Ok(()) };
    let text: String = element.get("text")?.unwrap_or_default();
    let edits = edits(&text, &places, words);
    if !edits.is_empty()
        && let Some(changed) = edits.apply(&text, 0)
    {
        drop(text);
        element.set("text", &changed)?;
        element.edit_list("regions", |region| move_span(region, &edits))?;
        element.edit_list("links", |link| edit_link(link, &edits))?;
    }
    forget(element, PLACES)
}

fn undo_in_cells(element: &mut JsonFields<'_>, words: &Words) -> serde_json::Result<()> {
    let places = places_in_cells(element)?;
    let Some(mut table) = element.fields("table")?.filter(|_| !places.is_empty()) else { return Ok(()) };
    let mut number = 0_u32;
    table.edit_list("cells", |cell| {
        let places = in_cell(&places, number);
        number += 1;
        if places.is_empty() {
            return Ok(());
        }
        let text: String = cell.get("text")?.unwrap_or_default();
        let edits = edits(&text, &places, words);
        if let Some(changed) = edits.apply(&text, 0).filter(|_| !edits.is_empty()) {
            cell.set("text", &changed)?;
            cell.edit_list("regions", |region| move_span(region, &edits))?;
        }
        Ok(())
    })?;
    let table = to_raw_value(&table)?;
    element.put("table", Some(table));
    forget(element, PLACES_IN_CELLS)
}

/// Returns the numbers of cells and the places of hyphens in each.
fn places_in_cells(element: &JsonFields<'_>) -> serde_json::Result<Vec<(u32, u32)>> {
    let Some(extra) = element.fields("extra")? else { return Ok(Vec::new()) };
    let mut places: Vec<(u32, u32)> = extra.get(PLACES_IN_CELLS)?.unwrap_or_default();
    places.sort_unstable();
    Ok(places)
}

fn in_cell(places: &[(u32, u32)], number: u32) -> Vec<u32> {
    let from = places.partition_point(|(cell, _)| *cell < number);
    places[from..].iter().take_while(|(cell, _)| *cell == number).map(|(_, place)| *place).collect()
}

fn places(element: &JsonFields<'_>) -> serde_json::Result<Option<Vec<u32>>> {
    let Some(extra) = element.fields("extra")? else { return Ok(None) };
    let mut places: Option<Vec<u32>> = extra.get(PLACES)?;
    if let Some(places) = places.as_mut().filter(|places| !places.is_sorted()) {
        places.sort_unstable();
    }
    Ok(places)
}

/// A place that is not that of a hyphen, or beyond the text, changes nothing.
fn edits(text: &str, places: &[u32], words: &Words) -> Edits {
    let (judge, mut edits) = (Judge::of(text, words), Edits::default());
    let mut places = places.iter().copied().peekable();
    for (offset, (byte, _)) in (0_u32..).zip(text.char_indices()) {
        let mut is_place = false;
        while places.next_if(|place| *place <= offset).is_some() {
            is_place = true;
        }
        if places.peek().is_none() && !is_place {
            break;
        }
        let Some(place) = is_place.then(|| Place::at(text, byte)).flatten() else { continue };
        match judge.verdict(&place) {
            Verdict::Goes => edits.push(offset, Change::Remove),
            Verdict::Stays => {}
            Verdict::StaysApart => edits.push(offset, Change::AddSpace),
        }
    }
    edits
}

fn move_span(fields: &mut JsonFields<'_>, edits: &Edits) -> serde_json::Result<()> {
    match fields.get::<CharSpan>("char_span")? {
        Some(span) => fields.set("char_span", &edits.moved(span)),
        None => Ok(()),
    }
}

fn edit_link(link: &mut JsonFields<'_>, edits: &Edits) -> serde_json::Result<()> {
    if let (Some(text), Some([start, _])) = (link.get::<String>("text")?, link.get::<CharSpan>("char_span")?)
        && let Some(changed) = edits.apply(&text, start)
    {
        link.set("text", &changed)?;
    }
    move_span(link, edits)?;
    if let Some(mut region) = link.fields("region")?.filter(|region| region.raw("char_span").is_some()) {
        move_span(&mut region, edits)?;
        let region = to_raw_value(&region)?;
        link.put("region", Some(region));
    }
    Ok(())
}

fn forget(element: &mut JsonFields<'_>, places: &'static str) -> serde_json::Result<()> {
    let Some(mut extra) = element.fields("extra")? else { return Ok(()) };
    extra.put(places, None);
    let rest = if extra.is_empty() { None } else { Some(to_raw_value(&extra)?) };
    element.put("extra", rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn undone(element: &Value) -> String {
        let json = element.to_string();
        let mut fields: JsonFields<'_> = serde_json::from_str(&json).expect("an object");
        let mut words = Words::default();
        count_words(&fields, &mut words).expect("an element");
        undo_line_ends(&mut fields, &words).expect("an element");
        serde_json::to_string(&fields).expect("JSON")
    }

    fn element(text: &str, places: &[u32]) -> Value {
        json!({ "text": text, "native": { "engine": "pdfium", "type": "paragraph" }, "extra": { PLACES: places } })
    }

    #[test]
    fn cells_of_a_table_lose_their_hyphens() {
        let mut before = element("", &[]);
        before["table"] = json!({ "num_rows": 1, "num_cols": 2, "cells": [
            { "row": 0, "col": 0, "text": "plain", "regions": [] },
            { "row": 0, "col": 1, "text": "an interna-tional one", "regions": [{ "char_span": [3, 17] }] },
        ] });
        before["extra"] = json!({ PLACES_IN_CELLS: [[1, 10], [7, 3]] });
        let mut after = before.clone();
        after["table"]["cells"][1] =
            json!({ "row": 0, "col": 1, "text": "an international one", "regions": [{ "char_span": [3, 16] }] });
        after.as_object_mut().expect("an object").remove("extra");
        assert_eq!(serde_json::from_str::<Value>(&undone(&before)).expect("JSON"), after);
    }

    #[test]
    fn text_regions_and_links_lose_the_same_hyphens() {
        let mut before = element("an interna-tional, price-determining in\u{ad}dex", &[10, 24, 39]);
        before["extra"]["more"] = json!(1);
        before["regions"] = json!([
            { "page_number": 1, "granularity": "element" },
            { "page_number": 1, "granularity": "line", "char_span": [0, 11] },
            { "page_number": 1, "granularity": "line", "char_span": [11, 25] },
            { "page_number": 1, "granularity": "line", "char_span": [25, 40] },
            { "page_number": 1, "granularity": "line", "char_span": [40, 43] },
        ]);
        before["links"] = json!([
            { "uri": "a", "text": "interna-tional", "char_span": [3, 17], "region": { "char_span": [3, 17] } },
            { "uri": "b", "text": "interna-tional" },
            { "uri": "c", "text": "another text", "char_span": [3, 17] },
        ]);
        let after: Value = serde_json::from_str(&undone(&before)).expect("JSON");
        assert_eq!(after["text"], "an international, price-determining index");
        assert_eq!(after["extra"], json!({ "more": 1 }));
        let spans: Vec<&Value> = (0..5).map(|index| &after["regions"][index]["char_span"]).collect();
        assert_eq!(json!(spans), json!([null, [0, 10], [10, 24], [24, 38], [38, 41]]));
        let link =
            json!({ "uri": "a", "text": "international", "char_span": [3, 16], "region": { "char_span": [3, 16] } });
        assert_eq!(after["links"][0], link);
        assert_eq!([&after["links"][1]["text"], &after["links"][2]["text"]], ["interna-tional", "another text"]);
        assert_eq!(after["links"][2]["char_span"], json!([3, 16]));
    }

    #[test]
    fn words_that_nobody_sees_are_not_counted() {
        let hash = super::super::word_hash::WordHash::of("word");
        for (layer, expected) in [("body", 1), ("invisible", 0)] {
            let mut element = element("a word", &[]);
            element["content_layer"] = layer.into();
            let json = element.to_string();
            let mut words = Words::default();
            count_words(&serde_json::from_str(&json).expect("an object"), &mut words).expect("an element");
            assert_eq!(words.count(hash), expected, "{layer}");
        }
    }

    #[test]
    fn a_space_that_is_added_belongs_to_no_line() {
        let mut before = element("der Ein-und Ausgang ist nicht das", &[7]);
        before["regions"] = json!([{ "char_span": [0, 8] }, { "char_span": [8, 33] }]);
        let after: Value = serde_json::from_str(&undone(&before)).expect("JSON");
        let expected = json!({
            "text": "der Ein- und Ausgang ist nicht das",
            "native": before["native"],
            "regions": [{ "char_span": [0, 8] }, { "char_span": [9, 34] }],
        });
        assert_eq!(after, expected);
    }

    #[test]
    fn places_that_are_no_hyphens_change_nothing() {
        let before = element("a-b interna-tional", &[u32::MAX, 11, 11, 0, 5]);
        let after: Value = serde_json::from_str(&undone(&before)).expect("JSON");
        assert_eq!(after, json!({ "text": "a-b international", "native": before["native"] }));
    }

    #[test]
    fn an_element_without_such_places_or_of_another_engine_passes_byte_for_byte() {
        let local = r#"{"text":"a\u002db", "native":{"engine":"pdfium"},"extra":{ "a":1.50},"regions":[ {} ]}"#;
        let other = r#"{"text":"a-b","native":{"engine":"other"},"extra":{"line_end_hyphens":[1]}}"#;
        for json in [local, other] {
            let mut fields: JsonFields<'_> = serde_json::from_str(json).expect("an object");
            undo_line_ends(&mut fields, &Words::default()).expect("an element");
            assert_eq!(serde_json::to_string(&fields).expect("JSON"), json.replacen(", \"n", ",\"n", 1));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_listed_only_hyphens_go_and_spaces_come(
            text in "[a-cA-B1\u{ad}\u{2010}\u{2011}é'-]{0,30}",
            places in proptest::collection::vec(0..40_u32, 0..12),
        ) {
            let after: Value = serde_json::from_str(&undone(&element(&text, &places))).expect("JSON");
            let letters = |text: &str| text.replace(['-', '\u{2010}', SOFT, ' '], "");
            let changed = after["text"].as_str().expect("a text");
            prop_assert_eq!(letters(changed), letters(&text));
            prop_assert!(after.get("extra").is_none());
        }
    }

    const SOFT: char = super::super::place::SOFT_HYPHEN;
}
