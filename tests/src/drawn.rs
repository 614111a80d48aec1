//! PDFs that are drawn rule by rule and text by text.

use std::fmt::Write as _;

use crate::documents::{pdf, stream};

/// Number of the first object of the first page.
const FIRST: usize = 4;

/// A page in the making. Places are in points from its bottom-left.
#[derive(Debug, Clone)]
pub struct Drawn {
    width: u32,
    height: u32,
    content: String,
}

impl Drawn {
    /// Begins a page of this size in points.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height, content: String::new() }
    }

    /// Writes a text to the right of a point on its baseline. It holds no parentheses and no backslash.
    #[must_use]
    pub fn write(self, text: &str, (x, y): (u32, u32), size: u32) -> Self {
        self.operators(&format!("BT /F {size} Tf {x} {y} Td ({text}) Tj ET"))
    }

    /// Draws a straight rule.
    #[must_use]
    pub fn rule(self, (x0, y0): (u32, u32), (x1, y1): (u32, u32)) -> Self {
        self.operators(&format!("{x0} {y0} m {x1} {y1} l S"))
    }

    /// Draws the rules of a grid from its bottom-left corner: columns and rows, then their width and height.
    #[must_use]
    pub fn grid(self, (x, y): (u32, u32), (columns, rows): (u32, u32), (width, height): (u32, u32)) -> Self {
        let (right, top) = (x + columns * width, y + rows * height);
        let levels = (0..=rows).map(|row| ((x, y + row * height), (right, y + row * height)));
        let uprights = (0..=columns).map(|column| ((x + column * width, y), (x + column * width, top)));
        levels.chain(uprights).fold(self, |page, (from, to)| page.rule(from, to))
    }

    /// Adds operators of a content stream.
    #[must_use]
    pub fn operators(mut self, operators: &str) -> Self {
        let _ = writeln!(self.content, "{operators}");
        self
    }
}

/// Builds a document of these pages.
#[must_use]
pub fn document(pages: &[Drawn]) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", FIRST + 2 * page)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    for Drawn { width, height, content } in pages {
        let contents = objects.len() + 2;
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {contents} 0 R \
             /Resources << /Font << /F 3 0 R >> >> >>"
        ));
        objects.push(stream("", content));
    }
    pdf(&objects)
}
