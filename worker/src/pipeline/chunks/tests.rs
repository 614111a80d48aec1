//! What holds of the chunks of any document, and how single documents are cut.

use std::collections::BTreeSet;

use bpe_openai::cl100k_base;
use proptest::prelude::*;
use quire_schemas::{
    chunk::{Chunk, ChunkPart},
    element::{BBox, Region},
    job::ChunkOptions,
};

use super::{Chunker, Kind, Source};
use crate::job::Fault;

/// An element of page 1.
pub(super) fn source(kind: Kind, text: &str) -> Source {
    Source {
        id: String::new(),
        kind,
        page_number: 1,
        section_path: Vec::new(),
        text: text.to_owned(),
        regions: Vec::new(),
    }
}

fn heading(level: u32, title: &str) -> Source {
    source(Kind::Heading { level, title: title.to_owned() }, &format!("{} {title}", "#".repeat(level as usize)))
}

fn text(text: &str) -> Source {
    source(Kind::Text, text)
}

fn item(text: &str) -> Source {
    source(Kind::Item, text)
}

/// A table of three columns with so many rows below its head.
fn table(rows: usize) -> Source {
    let lines: Vec<String> = (0..rows).map(|row| format!("| Port {row} | {row} | open |")).collect();
    let text = format!("{HEAD}{}", lines.join("\n"));
    source(Kind::Table { num_rows: u32::try_from(rows + 1).expect("a few") }, &text)
}

const HEAD: &str = "| Port | Number | State |\n| --- | --- | --- |\n";

/// Cuts elements, which get the ids `e0`, `e1` and so on.
fn cut(options: ChunkOptions, sources: Vec<Source>) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut sink = |chunk: Chunk| -> Result<(), Fault> {
        chunks.push(chunk);
        Ok(())
    };
    let mut chunker = Chunker::new(&options);
    for (index, source) in sources.into_iter().enumerate() {
        chunker.add(Source { id: format!("e{index}"), ..source }, &mut sink).expect("the sink takes everything");
    }
    chunker.finish(&mut sink).expect("the sink takes everything");
    chunks
}

fn at_most(max_tokens: u32) -> ChunkOptions {
    ChunkOptions { max_tokens, overlap: 0 }
}

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

/// Returns what a chunk does not repeat.
fn own(chunk: &Chunk) -> String {
    chunk.text.chars().skip(chunk.repeated_characters as usize).collect()
}

fn without_space(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// Sentences of about ten tokens each.
fn sentences(count: usize) -> String {
    let sentences: Vec<String> =
        (0..count).map(|number| format!("Ship {number} leaves the old port at noon.")).collect();
    sentences.join(" ")
}

#[test]
fn elements_of_a_section_are_joined_and_a_heading_begins_a_chunk() {
    let sources = vec![
        text("Before."),
        heading(1, "Ports"),
        heading(2, "North"),
        text("Bergen is wet."),
        item("- rain"),
        item("    - more rain"),
        heading(2, "South"),
        text("Nice is dry."),
        heading(1, "End"),
    ];
    let chunks = cut(at_most(64), sources);
    let expected = [
        "Before.",
        "# Ports\n\n## North\n\nBergen is wet.\n\n- rain\n    - more rain",
        "## South\n\nNice is dry.",
        "# End",
    ];
    assert_eq!(texts(&chunks), expected);
    assert_eq!(chunks[2].contextualized_text, "Ports\n\n## South\n\nNice is dry.");
    assert_eq!(chunks[2].headings, ["Ports", "South"]);
    assert_eq!((chunks[1].id.as_str(), chunks[1].index), ("c0002", 1));
    assert_eq!(chunks[1].element_ids, ["e1", "e2", "e3", "e4", "e5"]);
}

#[test]
fn what_follows_a_heading_without_text_stands_in_its_chunk() {
    let chunks = cut(at_most(64), vec![heading(2, "A"), heading(2, "B"), heading(1, "C"), text("Text.")]);
    assert_eq!(texts(&chunks), ["## A\n\n## B\n\n# C\n\nText."]);
    assert_eq!(
        (chunks[0].headings.as_slice(), chunks[0].contextualized_text.as_str()),
        (&["C".to_owned()][..], texts(&chunks)[0])
    );
}

#[test]
fn a_list_or_a_table_with_its_caption_goes_into_the_next_chunk_rather_than_into_two() {
    let items = (0..4).map(|_| item("- one more of the things that are in this list"));
    let sources = [vec![text(&sentences(4))], items.collect()].concat();
    let chunks = cut(at_most(64), sources);
    assert_eq!(chunks.iter().map(|chunk| chunk.element_ids.len()).collect::<Vec<_>>(), [1, 4]);
    let sources = vec![text(&sentences(4)), source(Kind::Caption, "Table 1: ports"), table(3)];
    let chunks = cut(at_most(64), sources);
    assert_eq!(chunks[1].element_ids, ["e1", "e2"]);
    assert_eq!(chunks[1].text, format!("Table 1: ports\n\n{}", table(3).text));
}

#[test]
fn long_text_ends_behind_sentences_and_tells_which_part_a_chunk_holds() {
    let whole = format!("{}\n", sentences(12));
    let chunks = cut(at_most(64), vec![heading(1, "Ships"), text(&whole)]);
    assert!(chunks.len() >= 2);
    let mut end = 0;
    for chunk in &chunks {
        assert!(chunk.text.ends_with("noon."), "{}", chunk.text);
        let [ChunkPart { element_id, char_span: Some([from, to]), rows: None }] = &chunk.parts[..] else {
            panic!("{:?}", chunk.parts)
        };
        let part: String = whole.chars().skip(*from as usize).take((to - from) as usize).collect();
        assert_eq!((element_id.as_str(), chunk.text.trim_start_matches("# Ships\n\n")), ("e1", part.as_str()));
        assert!(*from >= end);
        end = *to;
    }
    assert_eq!(end as usize, whole.trim_end().len());
    assert!(chunks[1].contextualized_text.starts_with("Ships\n\nShip "));
}

#[test]
fn a_chunk_repeats_whole_sentences_of_the_one_before_it_inside_a_section() {
    let overlapping = ChunkOptions { max_tokens: 64, overlap: 20 };
    let sources = vec![text(&sentences(12)), text("A last word."), heading(1, "Next"), text("More.")];
    let chunks = cut(overlapping, sources);
    for pair in chunks.windows(2) {
        let repeated: String = pair[1].text.chars().take(pair[1].repeated_characters as usize).collect();
        let is_next_section = pair[1].text.starts_with('#');
        assert_eq!(repeated.is_empty(), is_next_section);
        assert!(is_next_section || (repeated.starts_with("Ship ") && pair[0].text.ends_with(repeated.trim_end())));
        assert!(cl100k_base().count(repeated.trim_end()) <= 20);
    }
}

#[test]
fn a_long_table_repeats_its_head_in_each_part_and_counts_its_rows() {
    let chunks = cut(at_most(64), vec![text(&sentences(2)), source(Kind::Caption, "Table 1"), table(20)]);
    let parts: Vec<&Chunk> = chunks.iter().filter(|chunk| chunk.text.contains("| Port")).collect();
    assert!(parts.len() >= 3);
    let mut next_row = 1;
    for (index, part) in parts.iter().enumerate() {
        let before = if index == 0 { "Table 1\n\n" } else { "" };
        let first = format!("{before}{HEAD}| Port {} |", next_row - 1);
        assert!(part.text.starts_with(&first), "{}", part.text);
        assert_eq!(part.repeated_characters as usize, if index == 0 { 0 } else { HEAD.len() });
        let rows = part.parts[0].rows.expect("a table has rows");
        assert_eq!(
            (rows[0], rows[1] - rows[0]),
            (next_row, u32::try_from(own(part).matches("open").count()).expect("few"))
        );
        next_row = rows[1];
    }
    assert_eq!(next_row, 21);
}

#[test]
fn code_is_cut_between_lines_and_each_part_is_fenced() {
    let lines: Vec<String> = (0..40).map(|line| format!("    let number_{line} = {line};")).collect();
    let code = source(Kind::Code, &format!("```rust\n{}\n```", lines.join("\n")));
    let chunks = cut(at_most(64), vec![code]);
    assert!(chunks.len() >= 3);
    for chunk in &chunks {
        assert!(chunk.text.starts_with("```rust\n    let") && chunk.text.ends_with(";\n```"), "{}", chunk.text);
    }
    let all: Vec<&str> =
        chunks.iter().flat_map(|chunk| chunk.text.lines()).filter(|line| !line.starts_with('`')).collect();
    assert_eq!(all, lines);
}

#[test]
fn a_row_that_is_longer_than_a_chunk_is_cut_as_text() {
    let mut long = table(3);
    long.text = long.text.replace("| Port 1 |", &format!("| {} |", sentences(20)));
    let chunks = cut(at_most(64), vec![heading(1, "Ports"), long]);
    assert!(chunks[0].text.starts_with("# Ports\n\n| Port |"));
    let last = chunks.last().expect("chunks");
    assert_eq!(last.text, format!("{HEAD}| Port 2 | 2 | open |"));
    assert!(chunks.iter().flat_map(|chunk| &chunk.parts).all(|part| part.char_span.is_none()));
}

#[test]
fn a_line_of_code_that_is_longer_than_a_chunk_stays_code() {
    let line = "x[0] = \"<script>alert(1)</script>\"; ".repeat(40);
    let code = source(Kind::Code, &format!("```\nif a {{\n    {line}\n}}\n```"));
    let chunks = cut(at_most(64), vec![heading(1, "Code"), code]);
    assert!(chunks.len() > 4);
    let mut all = String::new();
    for chunk in &chunks {
        let text = chunk.text.trim_start_matches("# Code\n\n");
        let inside = text.strip_prefix("```\n").and_then(|text| text.strip_suffix("\n```")).expect("it is fenced");
        assert!(!inside.contains("```"), "{text}");
        all += inside;
    }
    assert_eq!(without_space(&all), without_space(&format!("if a {{{line}}}")));
}

#[test]
fn rows_below_a_cell_that_reaches_over_them_stay_together_or_have_it_again() {
    let region = |name: &str, rows: usize| -> String {
        let spanning = |row| if row == 0 { format!("<td rowspan=\"{rows}\">{name}</td>") } else { String::new() };
        (0..rows).map(|row| format!("<tr>{}<td>City {row}</td></tr>\n", spanning(row))).collect()
    };
    let regions = [region("North", 2), region("South", 3), region("East", 20)].concat();
    let table = format!("<table>\n<tr><th>Region</th><th>City</th></tr>\n{regions}</table>");
    let chunks = cut(at_most(128), vec![source(Kind::Table { num_rows: 26 }, &table)]);
    for chunk in &chunks {
        let mut reached = 0;
        for row in chunk.text.lines().filter(|line| line.starts_with("<tr><td")) {
            let rows = row.split_once("rowspan=\"").and_then(|(_, rows)| rows.split_once('"'));
            reached = rows.map_or(reached, |(rows, _)| rows.parse::<u32>().expect("a number"));
            assert!(reached > 0, "{}", chunk.text);
            reached -= 1;
        }
    }
    let count = |name: &str| chunks.iter().filter(|chunk| chunk.text.contains(name)).count();
    assert_eq!((count("North"), count("South"), count("East") > 1), (1, 1, true));
    let rows: Vec<[u32; 2]> = chunks.iter().filter_map(|chunk| chunk.parts[0].rows).collect();
    assert!(rows.windows(2).all(|pair| pair[0][1] == pair[1][0]), "{rows:?}");
    assert_eq!((rows[0][0], rows[rows.len() - 1][1]), (1, 26));
}

#[test]
fn a_row_in_html_that_is_longer_than_a_chunk_is_text_without_tags() {
    let long = "a &lt;b&gt; c ".repeat(40);
    let rows = format!("<tr><td>{long}</td></tr>\n<tr><td>end</td></tr>");
    let table = format!("<table>\n<tr><th>A</th></tr>\n{rows}\n</table>");
    let chunks = cut(at_most(64), vec![source(Kind::Table { num_rows: 3 }, &table)]);
    let (last, cut) = chunks.split_last().expect("chunks");
    assert_eq!(last.text, "<table>\n<tr><th>A</th></tr>\n<tr><td>end</td></tr>\n</table>");
    let all: Vec<&str> = texts(cut).into_iter().flat_map(str::split_whitespace).collect();
    assert_eq!(all.join(" "), format!("A{}", r" a \<b> c".repeat(40)));
}

#[test]
fn what_is_escaped_is_not_parted_from_its_backslash() {
    let chunks = cut(at_most(64), vec![text(&r"\*".repeat(500))]);
    assert!(chunks.len() > 2);
    assert!(chunks.iter().all(|chunk| chunk.text.starts_with(r"\*")), "{:?}", texts(&chunks));
}

#[test]
fn pages_and_regions_are_those_of_the_elements() {
    let region = |page_number, top| Region::new(page_number, Some(BBox::new(1.0, top, 9.0, 9.0)));
    let spanning = Source { regions: vec![region(3, 1.0), region(4, 2.0)], ..text("It goes on.") };
    let silent = Source { page_number: 2, ..text("Somewhere.") };
    let chunks = cut(at_most(64), vec![spanning, silent]);
    assert_eq!(chunks[0].page_numbers, [2, 3, 4]);
    assert_eq!(chunks[0].regions, [region(3, 1.0), region(4, 2.0)]);
}

#[test]
fn a_section_that_only_its_path_tells_is_one() {
    let of = |title: &str, words: &str| Source { section_path: vec![title.to_owned()], ..text(words) };
    let chunks = cut(at_most(64), vec![of("A", "one"), of("A", "two"), of("B", "three")]);
    assert_eq!(texts(&chunks), ["one\n\ntwo", "three"]);
    assert_eq!(chunks[1].contextualized_text, "B\n\nthree");
}

#[test]
fn a_text_of_one_letter_or_of_nothing_but_full_stops_is_cut_too() {
    for unit in ["a", "。", ". ", ".)", "\u{301}", " \n", "a ", "|"] {
        let long = unit.repeat(100_000 / unit.len());
        for kind in [Kind::Text, Kind::Code, Kind::Table { num_rows: 9 }] {
            let chunks = cut(ChunkOptions { max_tokens: 128, overlap: 30 }, vec![source(kind, &long)]);
            let all: String = chunks.iter().map(own).collect();
            assert!(without_space(&all) == without_space(&long), "{unit:?}");
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 .,!?]{1,300}",
        "([a-z]{1,9}[ .]){1,80}",
        "([一-三。\n |🙂é'\u{301}-]|\\PC){1,120}",
        "[a-f]{200,900}"
    ]
}

fn any_source() -> impl Strategy<Value = Source> {
    let titled = (1u32..4, any_text()).prop_map(|(level, title)| {
        let markdown = format!("# {}", title.replace('\n', " "));
        source(Kind::Heading { level, title }, &markdown)
    });
    prop_oneof![
        2 => titled,
        4 => any_text().prop_map(|words| text(&words)),
        3 => any_text().prop_map(|words| item(&format!("- {words}"))),
        1 => any_text().prop_map(|words| source(Kind::Caption, &words)),
        2 => (1usize..30).prop_map(table),
    ]
}

/// Returns the elements of each section, without its heading.
fn sections(sources: &[Source]) -> Vec<BTreeSet<String>> {
    let mut sections = vec![BTreeSet::new()];
    for (index, source) in sources.iter().enumerate() {
        if matches!(source.kind, Kind::Heading { .. }) {
            sections.push(BTreeSet::new());
        } else if !source.text.trim().is_empty() {
            sections.last_mut().expect("there is one").insert(format!("e{index}"));
        }
    }
    sections
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunks_hold_every_character_once_in_order_and_none_is_too_long(
        sources in prop::collection::vec(any_source(), 1..14),
        max_tokens in 64u32..200,
        overlap in 0u32..32,
    ) {
        let chunks = cut(ChunkOptions { max_tokens, overlap }, sources.clone());
        let all: String = chunks.iter().map(own).collect();
        let expected: String = sources.iter().map(|source| source.text.as_str()).collect();
        prop_assert_eq!(without_space(&all), without_space(&expected));
        let sections = sections(&sources);
        let mut last = 0;
        for (index, chunk) in chunks.iter().enumerate() {
            prop_assert_eq!(chunk.index as usize, index);
            prop_assert_eq!(chunk.token_count as usize, cl100k_base().count(&chunk.contextualized_text));
            prop_assert!(chunk.token_count <= max_tokens);
            prop_assert!(chunk.contextualized_text.ends_with(&chunk.text));
            let touched = sections.iter().filter(|section| chunk.element_ids.iter().any(|id| section.contains(id)));
            prop_assert!(touched.count() <= 1, "{:?}", chunk);
            for id in &chunk.element_ids {
                let place: usize = id[1..].parse().expect("a number");
                prop_assert!(place >= last);
                last = place;
            }
        }
    }
}
