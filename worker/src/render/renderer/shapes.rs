//! What a painted path is: rules, filled rectangles, or a drawing. Points are on the displayed page.
//! Pure.

use quire_schemas::element::BBox;

use super::placement::{Point, around};
use crate::parse::local::winding;

/// A line that leaves its axis by no more than this over its length runs along the axis: half a degree.
const SLOPE: f64 = 0.0087;
/// Or by no more than this, in points, unless it is short.
const DRIFT: f64 = 0.1;
/// How far a short line may leave its axis, as a share of its length.
const SHORT_SLOPE: f64 = 0.1;
/// A line that is shorter, in points, is no line.
const LEAST_LENGTH: f64 = 0.01;
/// A path of more subpaths is not searched for holes.
const MAX_SUBPATHS_WITH_HOLES: usize = 64;

/// A point of a subpath.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PathPoint {
    pub(super) at: Point,
    /// Whether it is one of the three points of a curve.
    pub(super) of_curve: bool,
}

/// A part of a path that is drawn without lifting the pen.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Subpath {
    pub(super) points: Vec<PathPoint>,
    /// Whether its end is joined to its start.
    pub(super) closed: bool,
}

/// Which way a straight line runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Across,
    Down,
}

/// What a path is made of.
#[derive(Debug, PartialEq)]
pub(super) struct Parts<T> {
    pub(super) found: Vec<T>,
    /// Whether it has something else too.
    pub(super) others: bool,
}

/// Finds the straight lines along an axis in a path that is stroked, and the box around each, which
/// has no width yet.
pub(super) fn lines(subpaths: &[Subpath]) -> Parts<(Axis, BBox)> {
    let mut parts = Parts { found: Vec::new(), others: false };
    for subpath in subpaths {
        let closing = subpath.points.first().filter(|_| subpath.closed);
        let closing = closing.map(|first| PathPoint { at: first.at, of_curve: false });
        let ends = subpath.points.iter().skip(1).copied().chain(closing);
        for (start, end) in subpath.points.iter().zip(ends) {
            let (across, down) = ((end.at.0 - start.at.0).abs(), (end.at.1 - start.at.1).abs());
            match axis(across, down) {
                _ if end.of_curve => parts.others = true,
                _ if across.max(down) < LEAST_LENGTH => {}
                Some(axis) => parts.found.extend(around([start.at, end.at]).map(|bbox| (axis, bbox))),
                None => parts.others = true,
            }
        }
    }
    parts
}

fn axis(across: f64, down: f64) -> Option<Axis> {
    let (along, aside, axis) = if across >= down { (across, down, Axis::Across) } else { (down, across, Axis::Down) };
    let allowed = (along * SLOPE).max(DRIFT.min(along * SHORT_SLOPE));
    (aside <= allowed).then_some(axis)
}

/// Finds the upright rectangles in a path that is filled. One with a hole in it is none, and neither is
/// the hole: an area inside an area is one if `even_odd`, or if it runs the other way round.
pub(super) fn rectangles(subpaths: &[Subpath], even_odd: bool) -> Parts<BBox> {
    let mut parts = Parts { found: Vec::new(), others: false };
    let sides: Vec<Option<Rectangle>> = subpaths.iter().map(Rectangle::of).collect();
    for (index, rectangle) in sides.iter().enumerate() {
        let holed = |rectangle: &Rectangle| {
            sides.len() <= MAX_SUBPATHS_WITH_HOLES
                && sides.iter().enumerate().any(|(other, sides)| {
                    let cuts = |other: &Rectangle| even_odd || other.clockwise != rectangle.clockwise;
                    other != index
                        && sides.as_ref().is_some_and(|sides| cuts(sides) && sides.bbox.overlap(rectangle.bbox) > 0.0)
                })
        };
        match rectangle {
            Some(rectangle) if !holed(rectangle) => parts.found.push(rectangle.bbox),
            // A subpath of a single point paints nothing.
            None if subpaths[index].points.len() < 2 => {}
            _ => parts.others = true,
        }
    }
    parts
}

struct Rectangle {
    bbox: BBox,
    clockwise: bool,
}

impl Rectangle {
    fn of(subpath: &Subpath) -> Option<Self> {
        if subpath.points.iter().any(|point| point.of_curve) {
            return None;
        }
        let corners: Vec<Point> = subpath.points.iter().map(|point| point.at).collect();
        let [first, second, third, fourth] = match corners.as_slice() {
            [a, b, c, d] => [*a, *b, *c, *d],
            [a, b, c, d, end] if near(*a, *end) => [*a, *b, *c, *d],
            _ => return None,
        };
        let (level, plumb) = (
            |a: Point, b: Point| (a.1 - b.1).abs() <= DRIFT.max((a.0 - b.0).abs() * SLOPE),
            |a: Point, b: Point| (a.0 - b.0).abs() <= DRIFT.max((a.1 - b.1).abs() * SLOPE),
        );
        let across_first = level(first, second) && plumb(second, third) && level(third, fourth) && plumb(fourth, first);
        let down_first = plumb(first, second) && level(second, third) && plumb(third, fourth) && level(fourth, first);
        if !across_first && !down_first {
            return None;
        }
        let turn = (second.0 - first.0) * (third.1 - first.1) - (second.1 - first.1) * (third.0 - first.0);
        Some(Self { bbox: around([first, second, third, fourth])?, clockwise: turn > 0.0 })
    }
}

/// Returns the points of each subpath; for a curve those that shape it.
pub(super) fn outlines(subpaths: &[Subpath]) -> Vec<Vec<Point>> {
    subpaths.iter().map(|subpath| subpath.points.iter().map(|point| point.at).collect()).collect()
}

/// Says whether a box lies inside a path as a whole, whichever rule says what is inside.
pub(super) fn holds(subpaths: &[Subpath], bbox: BBox) -> bool {
    let outlines = outlines(subpaths);
    let crosses = |outline: &Vec<Point>| {
        outline.iter().zip(outline.iter().cycle().skip(1)).any(|(from, to)| touches(*from, *to, bbox))
    };
    !outlines.iter().any(crosses) && winding(&outlines, (bbox.middle_x(), bbox.middle_y())) % 2 != 0
}

/// Says whether a part of a line lies in a box.
fn touches(from: Point, to: Point, bbox: BBox) -> bool {
    let (across, down) = (to.0 - from.0, to.1 - from.1);
    let (mut first, mut last) = (0.0_f64, 1.0_f64);
    let sides = [
        (-across, from.0 - bbox.left()),
        (across, bbox.right() - from.0),
        (-down, from.1 - bbox.top()),
        (down, bbox.bottom() - from.1),
    ];
    for (step, room) in sides {
        if step == 0.0 {
            if room < 0.0 {
                return false;
            }
        } else if step < 0.0 {
            first = first.max(room / step);
        } else {
            last = last.min(room / step);
        }
    }
    first <= last
}

fn near(a: Point, b: Point) -> bool {
    (a.0 - b.0).abs() <= DRIFT && (a.1 - b.1).abs() <= DRIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(points: &[Point], closed: bool) -> Subpath {
        let points = points.iter().map(|at| PathPoint { at: *at, of_curve: false }).collect();
        Subpath { points, closed }
    }

    /// As `re` draws it.
    fn rectangle(left: f64, top: f64, right: f64, bottom: f64) -> Subpath {
        polygon(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], true)
    }

    #[test]
    fn a_stroked_rectangle_is_four_rules() {
        let Parts { found, others } = lines(&[rectangle(10.0, 20.0, 50.0, 40.0)]);
        let expected = [
            (Axis::Across, BBox::new(10.0, 20.0, 50.0, 20.0)),
            (Axis::Down, BBox::new(50.0, 20.0, 50.0, 40.0)),
            (Axis::Across, BBox::new(10.0, 40.0, 50.0, 40.0)),
            (Axis::Down, BBox::new(10.0, 20.0, 10.0, 40.0)),
        ];
        assert_eq!((found.as_slice(), others), (&expected[..], false));
    }

    #[test]
    fn a_line_along_an_axis_may_drift_a_little_and_a_slanted_one_is_a_drawing() {
        let found = |end| lines(&[polygon(&[(0.0, 0.0), end], false)]);
        assert_eq!(found((10.0, 0.1)).found.len(), 1);
        assert_eq!(found((1000.0, 8.0)).found.len(), 1);
        assert_eq!(found((-8.0, 1000.0)).found[0].0, Axis::Down);
        assert_eq!(found((10.0, 0.2)), Parts { found: Vec::new(), others: true });
        // A piece of a circle that is drawn in short lines.
        assert!(found((0.1, 0.05)).others);
        assert_eq!(found((0.0, 0.0)), Parts { found: Vec::new(), others: false });
    }

    #[test]
    fn straight_sides_of_a_shape_with_round_corners_are_rules() {
        let mut shape = polygon(&[(0.0, 0.0), (10.0, 0.0), (12.0, 0.0), (12.0, 2.0), (12.0, 2.0), (12.0, 9.0)], false);
        for point in &mut shape.points[2..5] {
            point.of_curve = true;
        }
        let Parts { found, others } = lines(&[shape.clone()]);
        assert_eq!(found.iter().map(|(axis, _)| *axis).collect::<Vec<_>>(), [Axis::Across, Axis::Down]);
        assert!(others);
        assert_eq!(rectangles(&[shape], false), Parts { found: Vec::new(), others: true });
    }

    #[test]
    fn filled_rectangles_are_areas_and_other_outlines_are_not() {
        let open = polygon(&[(0.0, 0.0), (0.0, 5.0), (9.0, 5.0), (9.0, 0.0)], false);
        let triangle = polygon(&[(0.0, 0.0), (9.0, 0.0), (0.0, 5.0)], true);
        let slanted = polygon(&[(0.0, 0.0), (9.0, 2.0), (9.0, 7.0), (0.0, 5.0)], true);
        let Parts { found, others } = rectangles(&[rectangle(20.0, 20.0, 50.0, 20.4), open], false);
        assert_eq!(found, [BBox::new(20.0, 20.0, 50.0, 20.4), BBox::new(0.0, 0.0, 9.0, 5.0)]);
        assert!(!others);
        for other in [triangle, slanted] {
            assert_eq!(rectangles(&[other], false), Parts { found: Vec::new(), others: true });
        }
        assert_eq!(rectangles(&[polygon(&[(1.0, 1.0)], false)], false), Parts { found: Vec::new(), others: false });
    }

    #[test]
    fn a_path_holds_a_box_that_it_neither_crosses_nor_leaves_out() {
        let bbox = BBox::new(10.0, 10.0, 30.0, 20.0);
        let around = polygon(&[(0.0, 0.0), (50.0, 0.0), (60.0, 15.0), (50.0, 40.0), (0.0, 40.0)], true);
        assert!(holds(std::slice::from_ref(&around), bbox));
        assert!(!holds(&[polygon(&[(0.0, 0.0), (20.0, 0.0), (60.0, 40.0), (0.0, 40.0)], true)], bbox));
        let apart = [rectangle(0.0, 0.0, 50.0, 5.0), rectangle(0.0, 30.0, 50.0, 40.0)];
        assert!(!holds(&apart, bbox));
        // A hole in the box, and a box in a hole.
        assert!(!holds(&[around.clone(), rectangle(15.0, 12.0, 16.0, 13.0)], bbox));
        assert!(!holds(&[around, rectangle(5.0, 5.0, 40.0, 30.0)], bbox));
        assert!(!holds(&[], bbox));
    }

    #[test]
    fn a_frame_does_not_cover_what_it_surrounds() {
        let (outer, inner) = (rectangle(0.0, 0.0, 100.0, 100.0), rectangle(2.0, 2.0, 98.0, 98.0));
        let mut reversed = inner.clone();
        reversed.points.reverse();
        assert!(rectangles(&[outer.clone(), inner.clone()], true).found.is_empty());
        assert!(rectangles(&[outer.clone(), reversed], false).found.is_empty());
        // Both are painted where they run the same way round.
        assert_eq!(rectangles(&[outer, inner], false).found.len(), 2);
    }
}
