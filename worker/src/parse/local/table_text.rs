//! From the lines in the cells of a table to their texts. Pure.

use quire_schemas::element::{BBox, Cell, Granularity, Region};

use super::{
    content::PageContent,
    field_rows::FieldRows,
    frames::Frame,
    lines::Line,
    paragraphs::{Span, paragraphs},
    placed::{part, region},
    tables::{Table, TableCell},
    visibility::Layer,
};

/// A table with the texts of its cells. Boxes are on the displayed page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableText {
    pub(super) frame: Frame,
    pub(super) layer: Layer,
    pub(super) table: Table<CellText>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct CellText {
    /// Its paragraphs, each on a line of its own.
    pub(super) text: String,
    words: Vec<Span>,
    /// Where in the text the hyphens of broken words stand, in Unicode scalar values.
    pub(super) hyphens: Vec<u32>,
}

impl TableText {
    /// Reads the cells of a table. `None` if none of them holds text.
    pub(super) fn of(frame: Frame, table: Table<Vec<Line>>, content: &PageContent) -> Option<Self> {
        let layer = table.cells.iter().flat_map(|cell| &cell.content).map(|line| line.layer).next()?;
        let on_page = |bbox: BBox| frame.quarter().map_or(bbox, |turns| turns.bbox(bbox));
        Some(Self { frame, layer, table: table.moved(on_page).map(|lines| CellText::of(lines, content)) })
    }
}

impl CellText {
    fn of(lines: Vec<Line>, content: &PageContent) -> Self {
        let (mut text, mut length, mut words, mut hyphens) = (String::new(), 0_u32, Vec::new(), Vec::new());
        for paragraph in paragraphs(lines, content, &FieldRows::default()) {
            if length > 0 {
                text.push('\n');
                length += 1;
            }
            hyphens.extend(paragraph.line_end_hyphens.iter().map(|at| length + at));
            words.extend(paragraph.words.iter().map(|word| Span {
                bbox: word.bbox,
                start: length + word.start,
                end: length + word.end,
            }));
            text.push_str(&paragraph.text);
            length = length.saturating_add(u32::try_from(paragraph.text.chars().count()).unwrap_or(u32::MAX));
        }
        Self { text, words, hyphens }
    }
}

/// Makes a cell of a result.
pub(super) fn to_cell(cell: TableCell<CellText>, page_number: u32, with_words: bool) -> Cell {
    let TableCell { place, bbox, role, content: CellText { text, words, .. } } = cell;
    let of = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut regions = vec![Region { granularity: Some(Granularity::Cell), ..region(page_number, bbox) }];
    if with_words {
        regions.extend(words.iter().map(|word| part(page_number, word, Granularity::Word)));
    }
    Cell {
        row: of(place.row),
        col: of(place.col),
        row_span: of(place.row_span),
        col_span: of(place.col_span),
        text,
        role: Some(role),
        value: None,
        regions,
    }
}
