//! From the lines in the cells of a table to their texts. Pure.

use quire_schemas::element::{BBox, Cell, CellRole, Granularity, Region};

use super::{
    content::PageContent,
    field_rows::FieldRows,
    frames::Frame,
    paragraphs::{Span, paragraphs},
    placed::{part, region},
    regions::{ReadCell, ReadTable},
    tables::Place,
    visibility::Layer,
};

/// A table with the texts of its cells. Boxes are on the displayed page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableText {
    pub(super) bbox: BBox,
    pub(super) frame: Frame,
    pub(super) layer: Layer,
    pub(super) num_rows: usize,
    pub(super) num_cols: usize,
    /// Whether rules enclose its cells.
    pub(super) is_ruled: bool,
    /// Row by row, empty ones too.
    pub(super) cells: Vec<CellText>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct CellText {
    place: Place,
    bbox: BBox,
    role: CellRole,
    /// Its paragraphs, each on a line of its own.
    pub(super) text: String,
    words: Vec<Span>,
    /// Where in the text the hyphens of broken words stand, in Unicode scalar values.
    pub(super) hyphens: Vec<u32>,
}

impl TableText {
    /// Reads the cells of a table. `None` if none of them holds text.
    pub(super) fn of(table: ReadTable, content: &PageContent) -> Option<Self> {
        let ReadTable { frame, bbox, num_rows, num_cols, is_ruled, cells } = table;
        let layer = cells.iter().flat_map(|cell| &cell.lines).map(|line| line.layer).next()?;
        let on_page = |bbox: BBox| frame.quarter().map_or(bbox, |turns| turns.bbox(bbox));
        let cells = cells.into_iter().map(|cell| CellText::of(cell, content, on_page)).collect();
        Some(Self { bbox: on_page(bbox), frame, layer, num_rows, num_cols, is_ruled, cells })
    }
}

impl CellText {
    fn of(cell: ReadCell, content: &PageContent, on_page: impl Fn(BBox) -> BBox) -> Self {
        let ReadCell { place, bbox, role, lines } = cell;
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
        Self { place, bbox: on_page(bbox), role, text, words, hyphens }
    }

    /// Makes it a cell of a result.
    pub(super) fn into_cell(self, page_number: u32, with_words: bool) -> Cell {
        let of = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut regions = vec![Region { granularity: Some(Granularity::Cell), ..region(page_number, self.bbox) }];
        if with_words {
            regions.extend(self.words.iter().map(|word| part(page_number, word, Granularity::Word)));
        }
        Cell {
            row: of(self.place.row),
            col: of(self.place.col),
            row_span: of(self.place.row_span),
            col_span: of(self.place.col_span),
            text: self.text,
            role: Some(self.role),
            value: None,
            regions,
        }
    }
}
