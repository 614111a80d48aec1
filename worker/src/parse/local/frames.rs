//! Directions of writing: a frame turns a page so that writing of one direction runs to the right.

use quire_schemas::element::BBox;

use super::{content::Glyph, quarter_turns::QuarterTurns};

/// Baselines within this many degrees of a quarter turn count as turned by that quarter: scans are a little askew.
const ASKEW: f64 = 5.0;
/// Largest distance of ink from the origin, in units of the font size, that is a bearing.
const BEARING: f64 = 0.15;

/// A page turned so that writing of one direction runs to the right. Frames of the same direction are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Frame {
    /// Whole degrees clockwise, 0 to 359.
    degrees: u16,
}

impl Frame {
    pub(super) const UPRIGHT: Self = Self { degrees: 0 };
    /// Writing runs down the page.
    pub(super) const DOWNWARDS: Self = Self { degrees: 90 };

    /// Returns the frame of a baseline at an angle in degrees clockwise.
    pub(super) fn of_angle(angle: f64) -> Self {
        let angle = if angle.is_finite() { angle.rem_euclid(360.0) } else { 0.0 };
        let quarter = (angle / 90.0).round() * 90.0;
        let degrees = if (angle - quarter).abs() <= ASKEW { quarter } else { angle.round() };
        Self { degrees: degrees as u16 % 360 }
    }

    pub(super) const fn degrees(self) -> u16 {
        self.degrees
    }

    /// Returns the quarter turn that the frame is; `None` if it is askew.
    pub(super) const fn quarter(self) -> Option<QuarterTurns> {
        if self.degrees.is_multiple_of(90) { Some(QuarterTurns::new((self.degrees / 90) as u8)) } else { None }
    }

    /// Brings a point of the page into the frame.
    pub(super) fn point(self, (x, y): (f64, f64)) -> (f64, f64) {
        match self.quarter() {
            Some(turns) => turns.inverse().point((x, y)),
            None => {
                let (sin, cos) = f64::from(self.degrees).to_radians().sin_cos();
                (x * cos + y * sin, y * cos - x * sin)
            }
        }
    }

    /// Brings a box of the page into the frame. A box around askew writing says little: such a character gets a box
    /// of its own size around its origin.
    pub(super) fn character_box(self, bbox: BBox, origin: (f64, f64), size: f64) -> BBox {
        match self.quarter() {
            Some(turns) => turns.inverse().bbox(bbox),
            None => {
                let (x, y) = self.point(origin);
                let width = self.advance(bbox, size);
                BBox::new(x, y - 0.8 * size, x + width, y + 0.2 * size)
            }
        }
    }

    /// Returns the box of a character from its origin to where the next one would begin. libpdfium adds to it what
    /// overhangs; where it knows no width, its box is that of the ink, which then has the same bearing on both sides.
    pub(super) fn advance_box(self, glyph: &Glyph, size: f64) -> BBox {
        let bbox = self.character_box(glyph.bbox, glyph.origin, size);
        let bearing = bbox.left() - self.point(glyph.origin).0;
        if self.quarter().is_none() || bearing.abs() > BEARING * size || 2.0 * bearing < -bbox.width() {
            return bbox;
        }
        let after = if glyph.bbox == glyph.ink { bearing } else { 0.0 };
        BBox::new(bbox.left() - bearing, bbox.top(), bbox.right() + after, bbox.bottom())
    }

    /// Solves for the width of a turned box out of the upright box around it: w·cos + h·sin and w·sin + h·cos are its
    /// sides.
    fn advance(self, bbox: BBox, size: f64) -> f64 {
        let (sin, cos) = f64::from(self.degrees).to_radians().sin_cos();
        let (sin, cos) = (sin.abs(), cos.abs());
        let determinant = cos.mul_add(cos, -(sin * sin));
        let width = if determinant.abs() > 0.2 {
            (bbox.width() * cos - bbox.height() * sin) / determinant
        } else {
            // Near 45° both sides say the same: w + h.
            bbox.width() / cos.max(0.1) - size
        };
        width.clamp(0.0, 1.2 * size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_runs_to_the_right_in_its_frame() {
        for degrees in [0.0, 30.0, 45.0, 90.0, 135.0, 180.0, 270.0, 300.0] {
            let frame = Frame::of_angle(degrees);
            let (sin, cos) = degrees.to_radians().sin_cos();
            let (from, to) = (frame.point((10.0, 20.0)), frame.point((10.0 + cos, 20.0 + sin)));
            assert!((to.0 - from.0 - 1.0).abs() < 1e-9 && (to.1 - from.1).abs() < 1e-9, "{degrees}: {from:?} {to:?}");
        }
    }

    #[test]
    fn a_baseline_that_is_a_little_askew_is_of_the_quarter() {
        let degrees = [3.0, -4.0, 93.0, 359.9, 45.0, 12.4, f64::NAN].map(|angle| Frame::of_angle(angle).degrees());
        assert_eq!(degrees, [0, 0, 90, 0, 45, 12, 0]);
    }
}
