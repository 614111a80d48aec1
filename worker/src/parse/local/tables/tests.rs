//! Tables of pages, each with what makes it one, or none.

use quire_schemas::element::{BBox, CellRole};

use super::super::{
    Block, PageText,
    content::{Shape, ShapeKind},
    lay_out,
    table_text::{TableText, to_cell},
    testing::Page,
};

fn tables(page: &PageText) -> Vec<&TableText> {
    page.blocks.iter().filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None }).collect()
}

/// Returns the rows of the only table: texts, `*` before those of the head, `<n>` behind those that span.
fn rows(page: &Page) -> Vec<String> {
    let page = lay_out(page.content());
    let tables = tables(&page);
    assert_eq!(tables.len(), 1, "{:?}", page.blocks);
    let mut rows = vec![Vec::new(); tables[0].table.num_rows];
    for cell in &tables[0].table.cells {
        let cell = to_cell(cell.clone(), 1, false);
        let head = if cell.role == Some(CellRole::ColumnHeader) { "*" } else { "" };
        let span = if cell.col_span > 1 { format!("<{}>", cell.col_span) } else { String::new() };
        rows[cell.row as usize].push(format!("{head}{}{span}", cell.text));
    }
    rows.into_iter().map(|row| row.join("|")).collect()
}

fn count(page: &Page) -> usize {
    tables(&lay_out(page.content())).len()
}

/// Writes rows of cells, each column from its place.
fn written(page: Page, columns: &[f64], first: f64, step: f64, cells: &[&[&str]]) -> Page {
    cells.iter().enumerate().fold(page, |page, (row, texts)| {
        let y = first + step * row as f64;
        texts
            .iter()
            .zip(columns)
            .filter(|(text, _)| !text.is_empty())
            .fold(page, |page, (text, x)| page.write(text, *x, y))
    })
}

fn ruled(page: Page, levels: &[(f64, f64, f64)], uprights: &[(f64, f64, f64)]) -> Page {
    let kind = ShapeKind::Rule { width: 1.0 };
    let level = levels.iter().map(|(from, to, y)| BBox::new(*from, y - 0.5, *to, y + 0.5));
    let upright = uprights.iter().map(|(from, to, x)| BBox::new(x - 0.5, *from, x + 0.5, *to));
    let shapes = level.chain(upright).map(|bbox| Shape { order: 0, bbox, kind }).collect();
    page.and(|page| page.shapes = shapes)
}

const PLACES: [f64; 3] = [50.0, 200.0, 300.0];

#[test]
fn columns_of_figures_below_words_are_a_table_with_a_head() {
    let cells: [&[&str]; 4] = [
        &["Country", "Sales", "Costs"],
        &["Finland", "12.5", "1,300"],
        &["Norway", "7.0", ""],
        &["Sweden", "9.1", "22"],
    ];
    let page = written(Page::new(), &PLACES, 100.0, 14.0, &cells);
    assert_eq!(rows(&page), ["*Country|*Sales|*Costs", "Finland|12.5|1,300", "Norway|7.0|", "Sweden|9.1|22"]);
}

#[test]
fn labels_that_are_equally_far_apart_are_a_head_above_columns_and_a_stretched_line_elsewhere() {
    let places = [100.0, 160.0, 220.0, 280.0];
    let head: [&[&str]; 1] = [&["Jan", "Feb", "Mar", "Apr"]];
    let figures: [&[&str]; 3] =
        [&["12.5", "9.1", "1.5", "7"], &["7.0", "22.0", "3.5", "8"], &["9.1", "13.1", "4.5", "9"]];
    let page = written(Page::new(), &places, 100.0, 14.0, &[&head[..], &figures].concat());
    assert_eq!(rows(&page)[..2], ["*Jan|*Feb|*Mar|*Apr", "12.5|9.1|1.5|7"]);
    assert_eq!(count(&written(Page::new(), &places, 100.0, 14.0, &head)), 0);
}

#[test]
fn a_head_over_several_columns_spans_them_and_lines_of_one_title_are_one_cell() {
    let page = Page::new().write("Sales by year", 227.0, 88.0);
    let page = written(page, &PLACES, 102.0, 12.0, &[&["", "first", "second"], &["Town", "half", "half"]]);
    let cells: [&[&str]; 3] = [&["Oslo", "12.5", "13.1"], &["Turku", "7.0", "4.4"], &["Malmo", "9.1", "8.8"]];
    let page = written(page, &PLACES, 128.0, 14.0, &cells);
    assert_eq!(rows(&page)[..2], ["*|*Sales by year<2>", "*Town|*first half|*second half"]);
}

#[test]
fn two_columns_of_running_text_are_no_table_however_well_their_lines_stand_beside_each_other() {
    let left = [
        "the first words of a",
        "column that goes on",
        "for some lines until",
        "it comes to an end at",
        "the foot of this page",
    ];
    let right = [
        "and then the second",
        "column has its words",
        "beside those of the",
        "first one and both of",
        "them are read alone",
    ];
    let page = left.iter().zip(right).enumerate().fold(Page::new(), |page, (row, (left, right))| {
        let y = 100.0 + 12.0 * row as f64;
        page.write(left, 50.0, y).write(right, 200.0, y)
    });
    assert_eq!(count(&page), 0);
}

#[test]
fn lists_contents_and_stretched_lines_are_no_tables() {
    let list: [&[&str]; 4] = [&["1.", "apples"], &["2.", "pears"], &["3.", "plums"], &["4.", "figs"]];
    assert_eq!(count(&written(Page::new(), &[50.0, 80.0], 100.0, 12.0, &list)), 0);
    let contents: [&[&str]; 4] = [&["Methods", "3"], &["Results", "7"], &["Discussion", "9"], &["Notes", "12"]];
    assert_eq!(count(&written(Page::new(), &[50.0, 400.0], 100.0, 12.0, &contents)), 0);
    let stretched: [&[&str]; 3] =
        [&["four", "words", "of", "text"], &["more", "words", "in", "line"], &["last", "words", "of", "all"]];
    assert_eq!(count(&written(Page::new(), &[50.0, 92.0, 139.0, 171.0], 100.0, 12.0, &stretched)), 0);
}

#[test]
fn labels_and_their_values_are_a_table_of_two_columns() {
    let cells: [&[&str]; 4] = [
        &["Name", "Ada Lovelace of London"],
        &["Phone", "a number that nobody has"],
        &["Mail", "ada at example dot org"],
        &["Born", "in the winter of 1815"],
    ];
    let page = written(Page::new(), &[50.0, 160.0], 100.0, 16.0, &cells);
    assert_eq!(rows(&page)[0], "Name|Ada Lovelace of London");
}

#[test]
fn lines_of_a_cell_are_one_row_if_rows_are_set_further_apart() {
    let mut page = Page::new();
    for (row, (name, lines, figure)) in [
        ("Alpha", ["a text of two", "short lines"], "1.5"),
        ("Beta", ["another text", "of two lines"], "2.5"),
        ("Gamma", ["the last one", "of them all"], "3.5"),
    ]
    .into_iter()
    .enumerate()
    {
        let y = 100.0 + 34.0 * row as f64;
        page = page
            .write(name, 50.0, y)
            .write(lines[0], 130.0, y)
            .write(lines[1], 130.0, y + 12.0)
            .write(figure, 300.0, y);
    }
    assert_eq!(
        rows(&page),
        [
            "Alpha|a text of two short lines|1.5",
            "Beta|another text of two lines|2.5",
            "Gamma|the last one of them all|3.5"
        ]
    );
}

#[test]
fn a_closed_grid_is_a_table_with_the_cells_that_are_drawn() {
    let levels = [(50.0, 350.0, 90.0), (50.0, 350.0, 110.0), (150.0, 350.0, 130.0), (50.0, 350.0, 150.0)];
    let uprights = [(90.0, 150.0, 50.0), (110.0, 150.0, 150.0), (110.0, 150.0, 250.0), (90.0, 150.0, 350.0)];
    let page = Page::new().write("over all of them", 60.0, 104.0).write("left", 60.0, 134.0);
    let cells: [&[&str]; 2] = [&["b", "c"], &["d", "e"]];
    let page = written(page, &[160.0, 260.0], 124.0, 20.0, &cells);
    let page = ruled(page, &levels, &uprights);
    assert_eq!(rows(&page), ["over all of them<3>", "left|b|c", "d|e"]);
}

#[test]
fn rows_and_columns_that_are_not_ruled_are_told_by_their_lines() {
    // Rules around the table, below its head and behind its first column only.
    let levels = [(50.0, 350.0, 90.0), (50.0, 350.0, 110.0), (50.0, 350.0, 160.0)];
    let uprights = [(90.0, 160.0, 50.0), (90.0, 160.0, 140.0), (90.0, 160.0, 350.0)];
    let cells: [&[&str]; 4] =
        [&["Town", "Sales", "Costs"], &["Oslo", "1.5", "2.5"], &["Turku", "3.5", "4.5"], &["Malmo", "5.5", "6.5"]];
    let page = ruled(written(Page::new(), &[60.0, 160.0, 260.0], 104.0, 16.0, &cells), &levels, &uprights);
    assert_eq!(rows(&page), ["*Town|*Sales|*Costs", "Oslo|1.5|2.5", "Turku|3.5|4.5", "Malmo|5.5|6.5"]);
}

#[test]
fn a_frame_and_the_lines_of_a_chart_are_no_tables() {
    let frame = ruled(
        Page::new().write("words in a box", 60.0, 120.0),
        &[(50.0, 350.0, 90.0), (50.0, 350.0, 150.0)],
        &[(90.0, 150.0, 50.0), (90.0, 150.0, 350.0)],
    );
    assert_eq!(count(&frame), 0);
    let lines: Vec<(f64, f64, f64)> = (0..8).map(|row| (50.0, 350.0, 90.0 + 30.0 * f64::from(row))).collect();
    let bars: Vec<(f64, f64, f64)> = (0..8).map(|bar| (90.0, 300.0, 50.0 + 300.0 / 7.0 * f64::from(bar))).collect();
    let chart = Page::new().write("12", 60.0, 140.0).write("17", 150.0, 200.0).write("9", 240.0, 260.0);
    assert_eq!(count(&ruled(chart, &lines, &bars)), 0);
}

#[test]
fn a_table_in_one_of_two_columns_is_found_behind_the_cut() {
    let prose = [
        "and then the second column has its own words",
        "beside those of the first one, and both of them",
        "are read alone, one after the other, because the",
        "lines of this one go on from each to the next one",
        "until they come to their end at the foot of this",
        "page, where nothing is left to be said about them",
    ];
    let cells: [&[&str]; 4] = [&["Town", "Sales"], &["Oslo", "1.5"], &["Turku", "3.5"], &["Malmo", "5.5"]];
    let page = prose
        .iter()
        .enumerate()
        .fold(Page::new(), |page, (row, line)| page.write(line, 300.0, 96.0 + 12.0 * row as f64));
    let page = written(page, &[50.0, 180.0], 100.0, 14.0, &cells);
    assert_eq!(rows(&page), ["*Town|*Sales", "Oslo|1.5", "Turku|3.5", "Malmo|5.5"]);
}

const TOWNS: [&[&str]; 4] =
    [&["Town", "Sales", "Costs"], &["Oslo", "1.5", "2.5"], &["Turku", "3.5", "4.5"], &["Malmo", "5.5", "6.5"]];

#[test]
fn a_title_over_several_columns_spans_those_that_a_rule_below_it_underlines() {
    let page = written(Page::new().write("Sales", 205.0, 88.0), &PLACES, 102.0, 14.0, &TOWNS);
    let page = ruled(page, &[(200.0, 330.0, 92.0)], &[]);
    assert_eq!(rows(&page)[..2], ["*|*Sales<2>", "*Town|*Sales|*Costs"]);
}

#[test]
fn lines_between_two_rules_are_one_row_if_rules_run_between_rows() {
    let names = ["Alpha", "Beta", "Gamma", "Delta"];
    let page = names.iter().enumerate().fold(Page::new(), |page, (row, name)| {
        let y = 112.0 + 24.0 * row as f64;
        let size = format!("{row}.5");
        let page = page.write(name, 50.0, y).write("text of", 200.0, y).write(&size, 300.0, y);
        page.write("two lines", 200.0, y + 12.0)
    });
    let levels = [104.0, 128.0, 152.0, 176.0, 200.0].map(|y| (50.0, 340.0, y));
    let row = |name: &str, size: &str| format!("{name}|text of two lines|{size}");
    assert_eq!(rows(&ruled(page, &levels, &[]))[1..], [row("Beta", "1.5"), row("Gamma", "2.5"), row("Delta", "3.5")]);
}

#[test]
fn a_text_alone_in_a_row_of_a_grid_is_the_label_of_a_section() {
    let cells: [&[&str]; 4] =
        [&["Town", "Sales", "Costs"], &["In the north"], &["Oslo", "1.5", "2.5"], &["Turku", "3.5", "4.5"]];
    let levels = [90.0, 110.0, 130.0, 150.0, 170.0].map(|y| (50.0, 350.0, y));
    let inner = [150.0, 250.0].map(|x| [(90.0, 110.0, x), (130.0, 170.0, x)]);
    let uprights: Vec<(f64, f64, f64)> =
        [(90.0, 170.0, 50.0), (90.0, 170.0, 350.0)].into_iter().chain(inner.into_iter().flatten()).collect();
    let page = ruled(written(Page::new(), &[60.0, 160.0, 260.0], 104.0, 20.0, &cells), &levels, &uprights);
    assert_eq!(rows(&page), ["*Town|*Sales|*Costs", "In the north<3>", "Oslo|1.5|2.5", "Turku|3.5|4.5"]);
    let found = lay_out(page.content());
    let section = tables(&found)[0].table.cells.iter().find(|cell| cell.place.row == 1).map(|cell| cell.role.clone());
    assert_eq!(section, Some(CellRole::RowSection));
}

#[test]
fn cells_that_no_rule_parts_are_parted_where_their_columns_are() {
    let levels = [90.0, 110.0, 130.0, 150.0].map(|y| (50.0, 350.0, y));
    // Between the last two columns the rule ends before the last row.
    let uprights = [(90.0, 150.0, 50.0), (90.0, 150.0, 150.0), (90.0, 130.0, 250.0), (90.0, 150.0, 350.0)];
    let page = ruled(written(Page::new(), &[60.0, 160.0, 260.0], 104.0, 20.0, &TOWNS[..3]), &levels, &uprights);
    assert_eq!(rows(&page), ["*Town|*Sales|*Costs", "Oslo|1.5|2.5", "Turku|3.5|4.5"]);
}

#[test]
fn a_larger_line_between_two_lists_is_a_heading_that_parts_them() {
    let page =
        written(Page::new(), &[50.0, 160.0], 100.0, 14.0, &[&["Mail", "12.5"], &["Post", "11.5"], &["Rail", "10.5"]]);
    let page = page.size(12.0).write("Other things", 50.0, 142.0).size(10.0);
    let page = written(page, &[50.0, 160.0], 156.0, 14.0, &[&["Cars", "2.5"], &["Bikes", "1.5"], &["Ships", "0.5"]]);
    assert_eq!(count(&page), 2);
}

#[test]
fn what_curves_are_drawn_over_is_a_chart() {
    let page = written(Page::new(), &PLACES, 100.0, 14.0, &TOWNS);
    assert_eq!(count(&page), 1);
    let drawing = Shape { order: 0, bbox: BBox::new(60.0, 95.0, 320.0, 140.0), kind: ShapeKind::Drawing };
    assert_eq!(count(&page.and(|page| page.shapes = vec![drawing])), 0);
}
