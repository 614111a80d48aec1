//! Boxes on a page as it is displayed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A box on the displayed page, after its rotation: `[left, top, right, bottom]` in points, origin top-left,
/// y downwards.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct BBox([f64; 4]);

impl BBox {
    /// Makes a box of its sides, as they are.
    #[must_use]
    pub const fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self([left, top, right, bottom])
    }

    /// Makes the smallest box with these two points in it.
    #[must_use]
    pub const fn spanning((ax, ay): (f64, f64), (bx, by): (f64, f64)) -> Self {
        Self::new(ax.min(bx), ay.min(by), ax.max(bx), ay.max(by))
    }

    /// Returns left, top, right and bottom.
    #[must_use]
    pub const fn sides(self) -> [f64; 4] {
        self.0
    }

    /// Returns the distance of the left side from the left side of the page.
    #[must_use]
    pub const fn left(self) -> f64 {
        self.0[0]
    }

    /// Returns the distance of the upper side from the top of the page.
    #[must_use]
    pub const fn top(self) -> f64 {
        self.0[1]
    }

    /// Returns the distance of the right side from the left side of the page.
    #[must_use]
    pub const fn right(self) -> f64 {
        self.0[2]
    }

    /// Returns the distance of the lower side from the top of the page.
    #[must_use]
    pub const fn bottom(self) -> f64 {
        self.0[3]
    }

    /// Returns the distance from left to right.
    #[must_use]
    pub const fn width(self) -> f64 {
        self.right() - self.left()
    }

    /// Returns the distance from top to bottom.
    #[must_use]
    pub const fn height(self) -> f64 {
        self.bottom() - self.top()
    }

    /// Returns the middle between left and right.
    #[must_use]
    pub const fn middle_x(self) -> f64 {
        f64::midpoint(self.left(), self.right())
    }

    /// Returns the middle between top and bottom.
    #[must_use]
    pub const fn middle_y(self) -> f64 {
        f64::midpoint(self.top(), self.bottom())
    }

    /// Returns the area; 0 for a box whose sides are the wrong way round.
    #[must_use]
    pub const fn area(self) -> f64 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// Says whether the middle of another box lies in this one.
    #[must_use]
    pub fn has_middle_of(self, other: Self) -> bool {
        (self.left()..=self.right()).contains(&other.middle_x())
            && (self.top()..=self.bottom()).contains(&other.middle_y())
    }

    /// Returns the smallest box around both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self::new(
            self.left().min(other.left()),
            self.top().min(other.top()),
            self.right().max(other.right()),
            self.bottom().max(other.bottom()),
        )
    }

    /// Returns the width that both boxes cover; negative where there is a gap between them.
    #[must_use]
    pub const fn shared_width(self, other: Self) -> f64 {
        self.right().min(other.right()) - self.left().max(other.left())
    }

    /// Returns the area that both boxes cover.
    #[must_use]
    pub const fn overlap(self, other: Self) -> f64 {
        let shared_height = self.bottom().min(other.bottom()) - self.top().max(other.top());
        self.shared_width(other).max(0.0) * shared_height.max(0.0)
    }

    /// Rounds every side to a hundredth of a point: finer than any renderer; more digits are noise and bytes.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self(self.0.map(|side| (side * 100.0).round() / 100.0))
    }

    /// Says whether every side is a finite number: a damaged document may have others, and JSON has none.
    #[must_use]
    pub const fn is_finite(self) -> bool {
        self.left().is_finite() && self.top().is_finite() && self.right().is_finite() && self.bottom().is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_apart_share_no_area_and_a_negative_width() {
        let (left, right) = (BBox::new(0.0, 0.0, 10.0, 10.0), BBox::new(15.0, 0.0, 20.0, 10.0));
        assert_eq!((left.shared_width(right), left.overlap(right)), (-5.0, 0.0));
        assert_eq!(left.union(right), BBox::new(0.0, 0.0, 20.0, 10.0));
    }

    #[test]
    fn a_box_is_its_four_sides_on_the_wire() {
        let bbox = BBox::new(1.0, 2.004, 3.5, 4.0).rounded();
        assert_eq!(serde_json::to_string(&bbox).expect("numbers"), "[1.0,2.0,3.5,4.0]");
        assert_eq!(serde_json::from_str::<BBox>("[1,2,3.5,4]").expect("four numbers"), bbox);
    }
}
