//! The grid of a table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::region::Region;
use crate::open_enum::open_enum;

/// Holds a table as a grid; a cell that spans is listed once, at its top-left place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    pub num_rows: u32,
    pub num_cols: u32,
    pub cells: Vec<Cell>,
    /// The ids of the elements that caption it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caption_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The id of the element that holds the part before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continued_from: Option<String>,
    /// The id of the element that holds the part after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues_in: Option<String>,
    /// The pages, from 1, whose parts the engine joined into this table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_from_pages: Option<Vec<u32>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerns: Vec<TableConcern>,
}

/// Holds one cell of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// From 0.
    pub row: u32,
    /// From 0.
    pub col: u32,
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub row_span: u32,
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub col_span: u32,
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<CellRole>,
    /// The content as a typed value, where the engine gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

open_enum! {
    /// Tells headings from content in a table.
    pub enum CellRole {
        ColumnHeader => "column_header",
        RowHeader => "row_header",
        RowSection => "row_section",
        Body => "body",
    }
}

/// Says what the engine doubts about a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TableConcern {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

fn one() -> u32 {
    1
}
