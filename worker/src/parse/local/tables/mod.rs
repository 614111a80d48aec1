//! Tables: closed grids of rules, and columns that nothing but white space parts. Pure.
//!
//! A table is found before its region is cut into columns, and enters the order of reading as one block. `grids` finds
//! what rules enclose and `ruled` puts text into it; `unruled` looks for rows whose pieces stand below each other, and
//! above all decides what is none: running text is never a table (`gate`). `wrapped` tells which lines are one row,
//! `heads` which rows are the head. All thresholds are in `thresholds`.

mod columns;
mod gate;
mod heads;
mod pieces;
mod ruled;
#[cfg(test)]
mod tests;
mod thresholds;
mod unruled;
mod wrapped;

use quire_schemas::element::{BBox, CellRole};

use super::rows::Item;

pub(super) use ruled::ruled;
pub(super) use unruled::{MOST_TRIED_ROWS, unruled};

/// A table whose cells hold `C`: the items that lie in them, then the lines that these are, then text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table<C> {
    pub(super) bbox: BBox,
    pub(super) num_rows: usize,
    pub(super) num_cols: usize,
    /// Whether rules enclose its cells.
    pub(super) is_ruled: bool,
    /// Row by row, empty ones too.
    pub(super) cells: Vec<TableCell<C>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableCell<C> {
    pub(super) place: Place,
    pub(super) bbox: BBox,
    pub(super) role: CellRole,
    pub(super) content: C,
}

/// Areas about which the rules nearly decided otherwise.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    /// No tables, but nearly.
    pub(super) refused: Vec<BBox>,
    /// Labels and values that may be two columns of text.
    pub(super) accepted: Vec<BBox>,
}

/// A table before its cells are read.
pub(super) type Layout<'a> = Table<Vec<Item<'a>>>;
pub(super) type LaidCell<'a> = TableCell<Vec<Item<'a>>>;

impl<C> Table<C> {
    /// Brings its places elsewhere.
    pub(super) fn moved(mut self, to: impl Fn(BBox) -> BBox) -> Self {
        self.bbox = to(self.bbox);
        for cell in &mut self.cells {
            cell.bbox = to(cell.bbox);
        }
        self
    }

    /// Reads what its cells hold.
    pub(super) fn map<D>(self, mut read: impl FnMut(C) -> D) -> Table<D> {
        let Self { bbox, num_rows, num_cols, is_ruled, cells } = self;
        let cells = cells.into_iter().map(|TableCell { place, bbox, role, content }| TableCell {
            place,
            bbox,
            role,
            content: read(content),
        });
        Table { bbox, num_rows, num_cols, is_ruled, cells: cells.collect() }
    }
}

/// The first row and column of a cell, from 0, and how many it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) col: usize,
    pub(super) row_span: usize,
    pub(super) col_span: usize,
}
