//! Rotations of a page by quarters of a turn.

use quire_schemas::element::BBox;

/// A clockwise rotation by 0 to 3 quarters of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct QuarterTurns(u8);

impl QuarterTurns {
    #[cfg(test)]
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn new(clockwise: u8) -> Self {
        Self(clockwise % 4)
    }

    /// Returns the rotation that undoes this one.
    #[must_use]
    pub(crate) const fn inverse(self) -> Self {
        Self::new(4 - self.0)
    }

    pub(crate) const fn swaps_sides(self) -> bool {
        self.0 % 2 == 1
    }

    pub(crate) fn degrees(self) -> u16 {
        u16::from(self.0) * 90
    }

    /// Turns a point around the origin; y grows downwards.
    pub(crate) const fn point(self, (x, y): (f64, f64)) -> (f64, f64) {
        match self.0 {
            0 => (x, y),
            1 => (-y, x),
            2 => (-x, -y),
            _ => (y, -x),
        }
    }

    /// Turns a box around the origin; y grows downwards.
    pub(crate) const fn bbox(self, bbox: BBox) -> BBox {
        BBox::spanning(self.point((bbox.left(), bbox.top())), self.point((bbox.right(), bbox.bottom())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_turned_and_turned_back_is_where_it_was() {
        let bbox = BBox::new(10.0, 20.0, 40.0, 30.0);
        for turns in (0..4).map(QuarterTurns::new) {
            assert_eq!(turns.inverse().bbox(turns.bbox(bbox)), bbox, "{turns:?}");
        }
        assert_eq!(QuarterTurns::new(1).bbox(bbox), BBox::new(-30.0, 10.0, -20.0, 40.0));
    }
}
