//! Where on the displayed page something lies whose numbers are in the space of a form. Pure.

use quire_schemas::{element::BBox, result::PdfBox};

use super::super::geometry::Transform;

/// A point: across, then up or down.
pub(super) type Point = (f64, f64);

/// A map from one plane to another: (x, y) goes to (ax + cy + e, bx + dy + f).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix {
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) c: f64,
    pub(super) d: f64,
    pub(super) e: f64,
    pub(super) f: f64,
}

impl Matrix {
    pub(super) const IDENTITY: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    pub(super) const fn point(&self, (x, y): Point) -> Point {
        (self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)
    }

    /// Returns the size in which a font is drawn. It grows with the length of the matrix' second row, of
    /// which `d` alone is 0 for text that runs up or down the page.
    pub(super) fn drawn_size(&self, font_size: f64) -> f64 {
        font_size.abs() * self.c.hypot(self.d)
    }

    /// Returns how far a point lies from the baseline of a text that begins at the origin of this matrix.
    pub(super) fn rise(&self, (x, y): Point) -> f64 {
        let length = self.a.hypot(self.b);
        if length > 0.0 { (self.a * (y - self.f) - self.b * (x - self.e)) / length } else { f64::INFINITY }
    }

    /// Returns the map that does this one first and then `outer`.
    pub(super) const fn then(&self, outer: &Self) -> Self {
        let (e, f) = outer.point((self.e, self.f));
        Self {
            a: outer.a * self.a + outer.c * self.b,
            b: outer.b * self.a + outer.d * self.b,
            c: outer.a * self.c + outer.c * self.d,
            d: outer.b * self.c + outer.d * self.d,
            e,
            f,
        }
    }
}

/// Maps the space of a page or of a form on it to the displayed page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placement {
    to_user_space: Matrix,
    transform: Transform,
}

impl Placement {
    /// Makes the map from the user space of a page.
    pub(super) const fn of_page(transform: Transform) -> Self {
        Self { to_user_space: Matrix::IDENTITY, transform }
    }

    /// Returns the map from a space inside this one.
    pub(super) const fn inside(&self, inner: &Matrix) -> Self {
        Self { to_user_space: inner.then(&self.to_user_space), transform: self.transform }
    }

    /// Returns the map from a space inside this one to the user space of the page.
    pub(super) const fn in_user_space(&self, inner: &Matrix) -> Matrix {
        inner.then(&self.to_user_space)
    }

    pub(super) fn point(&self, point: Point) -> Point {
        self.transform.point(self.to_user_space.point(point))
    }

    /// Returns where a step goes, wherever it begins.
    pub(super) fn step(&self, step: Point) -> Point {
        let ((x, y), (from_x, from_y)) = (self.point(step), self.point((0.0, 0.0)));
        (x - from_x, y - from_y)
    }

    /// Returns the box around a box; `None` if a side of it is not finite.
    pub(super) fn bbox(&self, stated: PdfBox) -> Option<BBox> {
        let corners = [
            (stated.left(), stated.bottom()),
            (stated.right(), stated.bottom()),
            (stated.right(), stated.top()),
            (stated.left(), stated.top()),
        ];
        around(corners.map(|corner| self.point(corner)))
    }
}

/// Returns the box around points; `None` without points, or if one is not finite.
pub(super) fn around(points: impl IntoIterator<Item = Point>) -> Option<BBox> {
    let mut found: Option<BBox> = None;
    for point in points {
        // `min` and `max` would drop what is no number.
        if !point.0.is_finite() || !point.1.is_finite() {
            return None;
        }
        let bbox = BBox::spanning(point, point);
        found = Some(found.map_or(bbox, |found| found.union(bbox)));
    }
    found
}

/// Returns what two boxes share; a box without area if they are apart.
pub(super) const fn shared(one: BBox, other: BBox) -> BBox {
    let (left, top) = (one.left().max(other.left()), one.top().max(other.top()));
    BBox::new(left, top, one.right().min(other.right()).max(left), one.bottom().min(other.bottom()).max(top))
}

/// Returns what a clip leaves of a box; `None` if nothing.
pub(super) fn clipped(bbox: BBox, clip: Option<BBox>) -> Option<BBox> {
    let Some(clip) = clip else { return Some(bbox) };
    let apart = clip.right() <= clip.left()
        || clip.bottom() <= clip.top()
        || bbox.right() < clip.left()
        || bbox.left() > clip.right()
        || bbox.bottom() < clip.top()
        || bbox.top() > clip.bottom();
    (!apart).then(|| shared(bbox, clip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::local::QuarterTurns;

    const DOUBLED: Matrix = Matrix { a: 2.0, d: 2.0, e: 10.0, f: 10.0, ..Matrix::IDENTITY };

    fn page() -> Placement {
        Placement::of_page(Transform::new(PdfBox::new(0.0, 0.0, 100.0, 200.0), QuarterTurns::NONE, 100.0))
    }

    #[test]
    fn a_form_inside_a_form_is_placed_by_both() {
        let turned = Matrix { a: 0.0, b: 1.0, c: -1.0, d: 0.0, e: 5.0, f: 0.0 };
        let inner = page().inside(&DOUBLED).inside(&turned);
        // (3, 1) is turned to (4, 3), doubled to (18, 16), and measured from the top.
        assert_eq!(inner.point((3.0, 1.0)), (18.0, 184.0));
        assert_eq!(inner.step((1.0, 0.0)), (0.0, -2.0));
        assert_eq!(inner.bbox(PdfBox::new(0.0, 0.0, 3.0, 1.0)), Some(BBox::new(18.0, 184.0, 20.0, 190.0)));
    }

    #[test]
    fn a_box_that_leaves_the_range_of_numbers_is_none() {
        let huge = Matrix { a: 1e300, ..Matrix::IDENTITY };
        let placement = page().inside(&huge).inside(&huge);
        assert_eq!(placement.bbox(PdfBox::new(0.0, 0.0, 3.0, 1.0)), None);
        assert_eq!(around([(0.0, f64::NAN), (1.0, 1.0)]), None);
        assert_eq!(around([]), None);
    }

    #[test]
    fn a_clip_without_area_leaves_nothing_and_boxes_apart_share_no_area() {
        let bbox = BBox::new(0.0, 0.0, 10.0, 10.0);
        assert_eq!(clipped(bbox, None), Some(bbox));
        assert_eq!(clipped(bbox, Some(BBox::new(5.0, 5.0, 20.0, 20.0))), Some(BBox::new(5.0, 5.0, 10.0, 10.0)));
        assert_eq!(clipped(bbox, Some(BBox::new(5.0, 5.0, 5.0, 20.0))), None);
        assert_eq!(clipped(bbox, Some(BBox::new(11.0, 0.0, 20.0, 20.0))), None);
        // A rule has no area and is there all the same.
        let rule = BBox::new(0.0, 5.0, 10.0, 5.0);
        assert_eq!(clipped(rule, Some(bbox)), Some(rule));
        let apart = shared(bbox, BBox::new(20.0, 20.0, 30.0, 30.0));
        assert_eq!((apart.width(), apart.bottom() - apart.top()), (0.0, 0.0));
    }

    #[test]
    fn an_accent_has_the_baseline_of_its_letter_and_the_next_line_has_not() {
        let upright = Matrix { a: 10.0, d: 10.0, e: 100.0, f: 500.0, ..Matrix::IDENTITY };
        assert_eq!([(130.0, 500.0), (100.0, 503.0), (90.0, 488.0)].map(|point| upright.rise(point)), [0.0, 3.0, -12.0]);
        let upwards = Matrix { a: 0.0, b: 10.0, c: -10.0, d: 0.0, ..upright };
        assert_eq!([(100.0, 530.0), (97.0, 500.0)].map(|point| upwards.rise(point)), [0.0, 3.0]);
        assert_eq!((upwards.drawn_size(-12.0), Matrix { a: 0.0, ..upright }.rise((0.0, 0.0))), (120.0, f64::INFINITY));
    }
}
