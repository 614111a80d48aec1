//! The clip of an object: the box around what it leaves, and whether that is all that is known of it.

use quire_schemas::element::BBox;

use super::{
    page_object::PageObject,
    paths::subpaths,
    placement::{Placement, around, shared},
    shapes::{Subpath, holds, rectangles},
};

/// A path with more segments counts as no clip until the image is looked at.
const MAX_SEGMENTS: usize = 1_000;

/// What clips an object, on the displayed page.
pub(super) struct Clip {
    /// `None` for a path with too many segments. Without paths the clip is made of text.
    paths: Vec<Option<Vec<Subpath>>>,
}

impl Clip {
    /// Reads the clip of an object; `None` if nothing clips it. libpdfium takes off a clip that holds the whole object.
    /// `space` is that of the page or form that holds it.
    pub(super) fn of(object: &PageObject<'_>, space: &Placement) -> Option<Self> {
        let paths = object.clip_paths(MAX_SEGMENTS)?;
        let placed = |segments: Option<Vec<_>>| Some(subpaths(segments?.into_iter(), space));
        Some(Self { paths: paths.into_iter().map(placed).collect() })
    }

    /// Returns the part of the page that it leaves at most.
    pub(super) fn bbox(&self) -> Option<BBox> {
        let points = |subpaths: &Vec<Subpath>| {
            around(subpaths.iter().flat_map(|subpath| subpath.points.iter().map(|point| point.at)))
        };
        self.paths.iter().flatten().filter_map(points).reduce(shared)
    }

    /// Says whether only the image tells what it leaves of a box. `after_text` says whether text before the object
    /// clips: libpdfium does not tell whether the object is one of those that it clips.
    pub(super) fn is_unclear(&self, bbox: Option<BBox>, after_text: bool) -> bool {
        let takes = |path: &Option<Vec<Subpath>>| match (path, bbox) {
            (Some(subpaths), Some(bbox)) => takes_from(subpaths, bbox),
            _ => true,
        };
        after_text || self.paths.is_empty() || self.paths.iter().any(takes)
    }
}

/// Says whether a path may take more of a box than the box around the path does.
fn takes_from(subpaths: &[Subpath], bbox: BBox) -> bool {
    let parts = rectangles(subpaths, false);
    let is_rectangle = parts.found.len() == 1 && !parts.others;
    !is_rectangle && !holds(subpaths, bbox)
}

#[cfg(test)]
mod tests {
    use super::{super::shapes::PathPoint, *};

    fn path(corners: &[(f64, f64)]) -> Subpath {
        let points = corners.iter().map(|at| PathPoint { at: *at, of_curve: false }).collect();
        Subpath { points, closed: true }
    }

    fn rectangle(left: f64, top: f64, right: f64, bottom: f64) -> Subpath {
        path(&[(left, top), (right, top), (right, bottom), (left, bottom)])
    }

    #[test]
    fn a_rectangle_is_clear_and_other_clips_are_where_they_leave_the_whole_object() {
        let clip = |subpaths| Clip { paths: vec![Some(subpaths)] };
        let text = BBox::new(40.0, 40.0, 60.0, 60.0);
        let is_unclear = |clip: Clip| clip.is_unclear(Some(text), false);
        assert!(!is_unclear(clip(vec![rectangle(0.0, 0.0, 50.0, 100.0)])));
        assert!(is_unclear(clip(vec![rectangle(0.0, 0.0, 100.0, 20.0), rectangle(0.0, 80.0, 100.0, 100.0)])));
        assert!(!is_unclear(clip(vec![path(&[(0.0, 50.0), (50.0, -50.0), (100.0, 50.0), (50.0, 150.0)])])));
        assert!(is_unclear(clip(vec![path(&[(0.0, 0.0), (50.0, 0.0), (0.0, 50.0)])])));
        assert!(is_unclear(Clip { paths: Vec::new() }));
        assert!(is_unclear(Clip { paths: vec![None] }));
        assert!(clip(vec![rectangle(0.0, 0.0, 100.0, 100.0)]).is_unclear(Some(text), true));
    }

    #[test]
    fn a_clip_leaves_at_most_what_its_paths_share() {
        let paths = [rectangle(0.0, 0.0, 50.0, 100.0), rectangle(20.0, 30.0, 100.0, 40.0)].map(|path| Some(vec![path]));
        assert_eq!(Clip { paths: paths.to_vec() }.bbox(), Some(BBox::new(20.0, 30.0, 50.0, 40.0)));
        assert_eq!(Clip { paths: vec![None] }.bbox(), None);
    }
}
