//! A character of a page and where it stands.

use quire_schemas::element::BBox;

use super::{fonts::FontId, quarter_turns::QuarterTurns};

/// A character, in points from the top-left of the displayed page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    pub(crate) character: char,
    /// Around it, with its font's ascent and descent.
    pub(crate) bbox: BBox,
    /// Its place on the baseline.
    pub(crate) origin: (f64, f64),
    /// Font size in points.
    pub(crate) size: f64,
    /// Direction of writing as displayed.
    pub(crate) direction: QuarterTurns,
    pub(crate) font: FontId,
    /// Whether pdfium added it: a space or line end that is not in the file.
    pub(crate) generated: bool,
}

impl Glyph {
    /// Makes a space or line end that has no place of its own.
    pub(crate) const fn generated(character: char) -> Self {
        Self {
            character,
            bbox: BBox::new(0.0, 0.0, 0.0, 0.0),
            origin: (0.0, 0.0),
            size: 0.0,
            direction: QuarterTurns::NONE,
            font: FontId::UNKNOWN,
            generated: true,
        }
    }

    /// Says whether every number of it is finite: a damaged document may have others, and JSON has none.
    pub(crate) const fn is_finite(&self) -> bool {
        self.bbox.is_finite() && self.origin.0.is_finite() && self.origin.1.is_finite() && self.size.is_finite()
    }

    /// Turns it so that its writing runs to the right; it keeps its direction.
    pub(super) const fn upright(&self) -> Self {
        let turns = self.direction.inverse();
        Self { bbox: turns.bbox(self.bbox), origin: turns.point(self.origin), ..*self }
    }
}
