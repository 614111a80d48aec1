//! Pages that are hard on tables, and documents that are hard on what joins their pages.

use std::{collections::BTreeSet, ffi::OsStr};

use quire_producer::schemas::{
    chunk::Chunk,
    element::{Element, ElementType, Table},
    result::{JobStatus, ParseResult},
};
use quire_tests::{
    drawn::{Drawn, document},
    processed::Processed,
};

/// Processes pages, which has to succeed, with chunks.
fn processed(pages: &[Drawn]) -> Processed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("hostile.pdf");
    std::fs::write(&path, document(pages)).expect("a fresh folder");
    let options = ["--no-images", "--parse-option", "chunks=true"].map(OsStr::new);
    let processed = Processed::run(&[path.as_os_str(), options[0], options[1], options[2]]);
    assert_eq!(processed.code(), 0, "{:?}", processed.output);
    processed
}

fn on_page(result: &ParseResult, page: u32) -> Vec<&Element> {
    result.elements.iter().filter(|element| element.page_number == page).collect()
}

fn texts(result: &ParseResult, page: u32) -> Vec<&str> {
    on_page(result, page).iter().map(|element| element.text.as_str()).collect()
}

/// Returns the only element of a page, which is a table.
fn only_table(result: &ParseResult, page: u32) -> &Table {
    let elements = on_page(result, page);
    assert_eq!(elements.len(), 1, "{elements:?}");
    elements[0].table.as_ref().expect("it is a table")
}

fn cells(table: &Table, row: u32) -> Vec<&str> {
    table.cells.iter().filter(|cell| cell.row == row).map(|cell| cell.text.as_str()).collect()
}

fn page() -> Drawn {
    Drawn::new(612, 792)
}

/// A page of a hundred thousand rules with a text among them.
fn hatched() -> Drawn {
    let rules = (0..100_000_u32).map(|number| {
        let (x, y) = (number * 379 % 580, number * 609 % 760);
        let end = if number % 2 == 0 { (x, y + 10) } else { (x + 10, y) };
        ((x, y), end)
    });
    rules.fold(page(), |page, (from, to)| page.rule(from, to)).write("Words among the rules", (72, 700), 10)
}

/// A grid of ten thousand cells, each with its place.
fn wide_grid() -> Drawn {
    let places = (0..100).flat_map(|row| (0..100).map(move |column| (row, column)));
    let grid = Drawn::new(2_040, 1_040).grid((20, 20), (100, 100), (20, 10));
    places.fold(grid, |page, (row, column)| {
        page.write(&format!("{row}.{column}"), (21 + 20 * column, 22 + 10 * (99 - row)), 5)
    })
}

/// A grid in the middle cell of another one.
fn nested() -> Drawn {
    let outer = page().grid((50, 100), (3, 3), (150, 150)).grid((210, 260), (2, 2), (60, 50));
    let places = (0..3).flat_map(|row| (0..3).map(move |column| (row, column))).filter(|place| *place != (1, 1));
    let outer = places.fold(outer, |page, (row, column)| {
        page.write(&format!("outer {row}{column}"), (60 + 150 * column, 520 - 150 * row), 10)
    });
    [("a", 215, 335), ("b", 275, 335), ("c", 215, 285), ("d", 275, 285)]
        .iter()
        .fold(outer, |page, (text, x, y)| page.write(text, (*x, *y), 8))
}

/// A line over a grid, with values along its axes.
fn chart() -> Drawn {
    let axes = (0..9_u32).fold(page().grid((80, 100), (8, 8), (50, 40)), |page, step| {
        page.write(&format!("{step}0"), (60, 97 + 40 * step), 9).write(&format!("201{step}"), (72 + 50 * step, 86), 9)
    });
    let line: String = (1..9_u32).map(|step| format!("{} {} l ", 80 + 50 * step, 120 + 4 * step * step)).collect();
    axes.operators(&format!("80 120 m {line} S")).write("Prices by year", (200, 440), 10)
}

const LABELS: [&str; 5] = ["First name:", "Last name:", "Date of birth:", "Street:", "Telephone:"];

/// A form to be filled in by hand: labels, and rules to write on.
fn form() -> Drawn {
    LABELS.iter().zip(0..).fold(page(), |page, (label, row)| {
        let y = 700 - 24 * row;
        page.write(label, (72, y), 10).rule((180, y - 2), (500, y - 2))
    })
}

const TOWNS: [[&str; 3]; 4] =
    [["Town", "Sales", "Costs"], ["Oslo", "1.5", "2.5"], ["Turku", "3.5", "4.5"], ["Malmo", "5.5", "6.5"]];

/// A table that is turned by a quarter.
fn turned() -> Drawn {
    let table = page().operators("q 0 1 -1 0 400 200 cm").grid((0, 0), (3, 4), (90, 20));
    let table = (0..).zip(TOWNS).fold(table, |page, (row, texts)| {
        (0..).zip(texts).fold(page, |page, (column, text)| page.write(text, (6 + 90 * column, 66 - 20 * row), 10))
    });
    table.operators("Q")
}

#[test]
fn rules_without_end_grids_charts_and_forms_become_what_they_are() {
    let empty =
        Drawn::new(2_040, 1_100).grid((20, 20), (100, 100), (20, 10)).write("A sheet of squares", (20, 1_050), 10);
    let pages = [hatched(), wide_grid(), empty, nested(), chart(), form(), turned()];
    let result = processed(&pages).result("hostile");
    assert_eq!(result.status, JobStatus::Succeeded);
    let warnings: Vec<_> = result.warnings.iter().map(|warning| (warning.code.as_str(), warning.page_number)).collect();
    assert_eq!(warnings, [("limit_reached", Some(1))]);

    assert_eq!((texts(&result, 1), texts(&result, 3)), (vec!["Words among the rules"], vec!["A sheet of squares"]));
    let grid = only_table(&result, 2);
    assert_eq!((grid.num_rows, grid.num_cols, grid.cells.len()), (100, 100, 10_000));
    assert!((0..).zip(&grid.cells).all(|(at, cell)| cell.text == format!("{}.{}", at / 100, at % 100)));
    let outer = only_table(&result, 4);
    assert_eq!((outer.num_rows, outer.num_cols), (3, 3));
    assert_eq!(cells(outer, 1), ["outer 10", "a\nb\nc\nd", "outer 12"]);
    assert_eq!(on_page(&result, 5).iter().filter(|element| element.table.is_some()).count(), 0);
    assert!(texts(&result, 5).contains(&"Prices by year"));
    assert_eq!(texts(&result, 6), LABELS);
    let turned = only_table(&result, 7);
    assert_eq!((0..4).map(|row| cells(turned, row)).collect::<Vec<_>>(), TOWNS.map(|row| row.to_vec()));
}

#[test]
fn paragraphs_and_tables_that_go_on_over_many_pages_are_bounded_and_linked() {
    const LINE: &str = "the words of this paragraph go on and on without an end, from line to line";
    let prose = (0..48).fold(page(), |page, line| page.write(LINE, (72, 740 - 14 * line), 10));
    let table = (0..30).fold(page().grid((72, 100), (3, 30), (120, 20)), |page, row| {
        (0..).zip(TOWNS[0]).fold(page, |page, (column, title)| {
            let text = if row == 0 { title.to_owned() } else { format!("{row}{column}.5") };
            page.write(&text, (78 + 120 * column, 686 - 20 * row), 10)
        })
    });
    let processed = processed(&[vec![prose; 40], vec![table; 30]].concat());
    let result = processed.result("hostile");
    assert_eq!((result.status.clone(), result.warnings.len()), (JobStatus::Succeeded, 0));

    // A paragraph has so many parts behind its first one, at most; the rest begins another.
    let parts = |element: &Element| element.regions.iter().map(|region| region.page_number).max();
    let paragraphs: Vec<_> = result.elements.iter().filter(|element| element.kind == ElementType::Text).collect();
    let reach: Vec<_> = paragraphs.iter().map(|element| (element.page_number, parts(element))).collect();
    assert_eq!(reach, [(1, Some(33)), (34, Some(40))]);
    let characters: usize = paragraphs.iter().map(|element| element.text.chars().count()).sum();
    assert_eq!(characters, 40 * 48 * (LINE.len() + 1) - 2);

    let tables: Vec<&Element> = result.elements.iter().filter(|element| element.table.is_some()).collect();
    let id = |index: usize| tables.get(index).map(|element| element.id.as_str());
    let links = tables.iter().filter_map(|element| element.table.as_ref());
    let links = links.map(|table| (table.continued_from.as_deref(), table.continues_in.as_deref()));
    let expected = (0..30_usize).map(|index| (index.checked_sub(1).and_then(id), id(index + 1)));
    assert_eq!(links.collect::<Vec<_>>(), expected.collect::<Vec<_>>());

    let chunks = String::from_utf8(processed.read("hostile/chunks.jsonl")).expect("JSON is text");
    let chunks: Vec<Chunk> = chunks.lines().map(|line| serde_json::from_str(line).expect("a chunk")).collect();
    let most = chunks.iter().map(|chunk| chunk.token_count).max();
    assert!(most.is_some_and(|most| most <= 512), "{most:?}");
    let held: BTreeSet<&String> = chunks.iter().flat_map(|chunk| &chunk.element_ids).collect();
    let shown: BTreeSet<&String> = result.elements.iter().map(|element| &element.id).collect();
    assert_eq!(held, shown);
}
