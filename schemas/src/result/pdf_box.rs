//! Boxes in PDF user space.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A box in PDF user space as the file has it, before the page is turned: `[left, bottom, right, top]` in points,
/// origin bottom-left, y upwards.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct PdfBox([f64; 4]);

impl PdfBox {
    /// Makes a box of two opposite corners, in whichever order the document has them.
    #[must_use]
    pub const fn new(left: f64, bottom: f64, right: f64, top: f64) -> Self {
        Self([left.min(right), bottom.min(top), left.max(right), bottom.max(top)])
    }

    /// Returns the smaller horizontal coordinate.
    #[must_use]
    pub const fn left(self) -> f64 {
        self.0[0]
    }

    /// Returns the smaller vertical coordinate.
    #[must_use]
    pub const fn bottom(self) -> f64 {
        self.0[1]
    }

    /// Returns the larger horizontal coordinate.
    #[must_use]
    pub const fn right(self) -> f64 {
        self.0[2]
    }

    /// Returns the larger vertical coordinate.
    #[must_use]
    pub const fn top(self) -> f64 {
        self.0[3]
    }

    /// Returns the distance from left to right.
    #[must_use]
    pub const fn width(self) -> f64 {
        self.right() - self.left()
    }

    /// Returns the distance from bottom to top.
    #[must_use]
    pub const fn height(self) -> f64 {
        self.top() - self.bottom()
    }

    /// Returns width times height.
    #[must_use]
    pub const fn area(self) -> f64 {
        self.width() * self.height()
    }

    /// Returns the area that both boxes cover.
    #[must_use]
    pub fn overlap(self, other: Self) -> f64 {
        self.intersection(other).map_or(0.0, Self::area)
    }

    /// Returns the box that both cover, if it has an area.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let shared = Self([
            self.left().max(other.left()),
            self.bottom().max(other.bottom()),
            self.right().min(other.right()),
            self.top().min(other.top()),
        ]);
        shared.has_area().then_some(shared)
    }

    /// Says whether there is anything between its sides.
    #[must_use]
    pub const fn has_area(self) -> bool {
        self.left() < self.right() && self.bottom() < self.top()
    }

    /// Says whether every side is a finite number: a damaged document may have others, and JSON has none.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.left().is_finite() && self.bottom().is_finite() && self.right().is_finite() && self.top().is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_corners_in_any_order_share_what_both_cover() {
        let (one, other) = (PdfBox::new(0.0, 0.0, 10.0, 10.0), PdfBox::new(20.0, 20.0, 8.0, 8.0));
        assert_eq!(one.overlap(other), 4.0);
        assert_eq!(one.intersection(PdfBox::new(11.0, 0.0, 12.0, 10.0)), None);
    }

    #[test]
    fn a_box_is_its_four_sides_on_the_wire() {
        let stated = PdfBox::new(10.0, 20.0, 0.0, 0.0);
        assert_eq!(serde_json::to_string(&stated).expect("numbers"), "[0.0,0.0,10.0,20.0]");
        assert_eq!(serde_json::from_str::<PdfBox>("[0,0,10,20]").expect("four numbers"), stated);
    }
}
