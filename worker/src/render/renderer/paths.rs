//! Reads a path of libpdfium: its subpaths, and the shapes that it paints.

use quire_schemas::element::BBox;

use super::{
    page_object::{DrawMode, PageObject, Segment, SegmentKind},
    placement::{Placement, Point, clipped},
    shapes::{Axis, PathPoint, Subpath, lines, outlines, rectangles},
};
use crate::parse::local::{Colour, ShapeKind};

/// A path with more segments is a drawing, whatever it is made of.
const MAX_SEGMENTS: usize = 10_000;

/// Segments that may still be read on a page.
pub(super) struct SegmentBudget(usize);

impl Default for SegmentBudget {
    fn default() -> Self {
        Self(1_000_000)
    }
}

impl SegmentBudget {
    fn take(&mut self, segments: usize) -> bool {
        let has_room = segments <= MAX_SEGMENTS && segments <= self.0;
        if has_room {
            self.0 -= segments;
        }
        has_room
    }
}

/// A path and where it stands.
pub(super) struct PlacedPath<'a, 'p> {
    pub(super) object: &'a PageObject<'p>,
    /// That of the page or form that holds it.
    pub(super) space: &'a Placement,
    pub(super) clip: Option<BBox>,
    /// What it is filled with.
    pub(super) colour: Option<Colour>,
}

/// Returns the shapes that a path paints, clipped: areas, then rules, then at most one drawing for
/// everything else.
pub(super) fn path_shapes(path: &PlacedPath<'_, '_>, budget: &mut SegmentBudget) -> Vec<(BBox, ShapeKind)> {
    let Some(mode) = path.object.draw_mode().filter(|mode| mode.filled || mode.stroked) else { return Vec::new() };
    let mut shapes = Vec::new();
    let is_drawing = if budget.take(path.object.segment_count()) { pieces(path, mode, &mut shapes) } else { true };
    if is_drawing {
        let bounds = path.object.bounds().and_then(|bounds| path.space.bbox(bounds));
        shapes.extend(bounds.map(|bbox| (bbox, ShapeKind::Drawing)));
    }
    shapes.into_iter().filter_map(|(bbox, kind)| Some((clipped(bbox, path.clip)?, kind))).collect()
}

/// Returns the outlines of what a path fills; none if it has too many segments.
pub(super) fn filled_outlines(path: &PlacedPath<'_, '_>, budget: &mut SegmentBudget) -> Vec<Vec<Point>> {
    let Some(own) = path.object.matrix().map(|matrix| path.space.inside(&matrix)) else { return Vec::new() };
    if budget.take(path.object.segment_count()) {
        outlines(&subpaths(path.object.segments(), &own))
    } else {
        Vec::new()
    }
}

/// Adds the areas and rules of a path. Returns whether it paints something else too.
fn pieces(path: &PlacedPath<'_, '_>, mode: DrawMode, shapes: &mut Vec<(BBox, ShapeKind)>) -> bool {
    let Some(own) = path.object.matrix().map(|matrix| path.space.inside(&matrix)) else { return true };
    let subpaths = subpaths(path.object.segments(), &own);
    let mut others = false;
    if mode.filled {
        let areas = rectangles(&subpaths, mode.even_odd);
        shapes.extend(areas.found.into_iter().map(|bbox| (bbox, ShapeKind::Area { colour: path.colour })));
        others |= areas.others;
    }
    if mode.stroked {
        let width = path.object.stroke_width();
        let rules = lines(&subpaths);
        shapes.extend(
            rules.found.into_iter().filter_map(|(axis, bbox)| rule(axis, bbox, stroke_width(&own, axis, width))),
        );
        others |= rules.others;
    }
    others
}

/// Returns how thick a stroke is on the page that runs along an axis: a space may be stretched more one
/// way than the other.
fn stroke_width(own: &Placement, axis: Axis, width: f64) -> f64 {
    let (x, y) = (own.step((1.0, 0.0)), own.step((0.0, 1.0)));
    width
        * match axis {
            Axis::Across => x.1.hypot(y.1),
            Axis::Down => x.0.hypot(y.0),
        }
}

fn rule(axis: Axis, line: BBox, width: f64) -> Option<(BBox, ShapeKind)> {
    let half = width / 2.0;
    let (aside, along) = match axis {
        Axis::Across => (0.0, half),
        Axis::Down => (half, 0.0),
    };
    let bbox = BBox::new(line.left() - aside, line.top() - along, line.right() + aside, line.bottom() + along);
    bbox.is_finite().then_some((bbox, ShapeKind::Rule { width }))
}

/// Gathers segments into subpaths on the displayed page.
pub(super) fn subpaths(segments: impl Iterator<Item = Segment>, own: &Placement) -> Vec<Subpath> {
    let mut subpaths: Vec<Subpath> = Vec::new();
    for segment in segments {
        let point = PathPoint { at: own.point(segment.point), of_curve: segment.kind == SegmentKind::Curve };
        match subpaths.last_mut() {
            Some(open) if segment.kind != SegmentKind::Move && !open.closed => open.points.push(point),
            // What follows a closed subpath without a move begins where that one began.
            Some(closed) if segment.kind != SegmentKind::Move => {
                let start = closed.points.first().map(|start| PathPoint { at: start.at, of_curve: false });
                subpaths.push(Subpath { points: start.into_iter().chain([point]).collect(), closed: false });
            }
            _ => subpaths.push(Subpath { points: vec![point], closed: false }),
        }
        if let Some(open) = subpaths.last_mut() {
            open.closed = segment.closes;
        }
    }
    subpaths
}

#[cfg(test)]
mod tests {
    use quire_schemas::result::PdfBox;

    use super::{
        super::{super::geometry::Transform, placement::Matrix},
        *,
    };
    use crate::parse::local::QuarterTurns;

    fn page() -> Placement {
        Placement::of_page(Transform::new(PdfBox::new(0.0, 0.0, 100.0, 100.0), QuarterTurns::NONE, 100.0))
    }

    fn segment(kind: SegmentKind, x: f64, y: f64, closes: bool) -> Segment {
        Segment { kind, point: (x, y), closes }
    }

    #[test]
    fn a_line_after_a_closed_subpath_begins_where_that_one_began() {
        let path = [
            segment(SegmentKind::Move, 10.0, 90.0, false),
            segment(SegmentKind::Line, 20.0, 90.0, true),
            segment(SegmentKind::Line, 10.0, 80.0, false),
            segment(SegmentKind::Move, 0.0, 0.0, false),
        ];
        let found = subpaths(path.into_iter(), &page());
        let places: Vec<(Vec<_>, bool)> = found
            .iter()
            .map(|subpath| (subpath.points.iter().map(|point| point.at).collect(), subpath.closed))
            .collect();
        let expected = [
            (vec![(10.0, 10.0), (20.0, 10.0)], true),
            (vec![(10.0, 10.0), (10.0, 20.0)], false),
            (vec![(0.0, 100.0)], false),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_stroke_is_as_thick_as_its_space_is_stretched_across_it() {
        let stretched = page().inside(&Matrix { a: 3.0, ..Matrix::IDENTITY });
        assert_eq!(stroke_width(&stretched, Axis::Across, 2.0), 2.0);
        assert_eq!(stroke_width(&stretched, Axis::Down, 2.0), 6.0);
        let line = BBox::new(5.0, 10.0, 5.0, 20.0);
        assert_eq!(
            rule(Axis::Down, line, 6.0),
            Some((BBox::new(2.0, 10.0, 8.0, 20.0), ShapeKind::Rule { width: 6.0 }))
        );
        assert_eq!(rule(Axis::Down, line, f64::INFINITY), None);
    }

    #[test]
    fn a_page_reads_so_many_segments_and_no_more() {
        let mut budget = SegmentBudget(15_000);
        assert_eq!(
            [10_001, 10_000, 6_000, 5_000, 1].map(|count| budget.take(count)),
            [false, true, false, true, false]
        );
    }
}
