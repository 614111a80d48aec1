//! Ruled areas, shaded areas and pictures that hold text: each is laid out by itself and enters the order as one
//! block. Pure.

use quire_schemas::element::BBox;

use super::content::{Colour, PageContent, ShapeKind};

/// Rules that are looked at; a drawing has any number of them.
const MAX_RULES: usize = 2_000;
/// Bands of the page in which rules that touch are sought.
const BANDS: usize = 64;
/// Rules this near to each other, in points, touch.
const TOUCH: f64 = 2.5;
/// A filled rectangle that is thinner is a rule.
const RULE: f64 = 5.0;
/// A block covers at most this share of the page; more is the page's own frame or ground.
const LARGEST_SHARE: f64 = 0.7;
/// A shaded area below this height, in points, is a mark on a line.
const LEAST_HEIGHT: f64 = 24.0;
/// A side is closed if rules run along this share of it.
const CLOSED: f64 = 0.9;
/// Containers of a page; a drawing has any number of shaded areas.
const MAX_CONTAINERS: usize = 500;
/// Cells of a grid are cut out of it at most so often.
const MAX_CELLS: usize = 2_000;

/// An area that is laid out by itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Container {
    pub(super) bbox: BBox,
    /// The cells of a grid in the order of reading; the area itself if it is none.
    pub(super) cells: Vec<BBox>,
    /// Whether it parts columns even if no text lies in it.
    pub(super) is_picture: bool,
}

#[derive(Debug, Clone, Copy)]
struct Rule {
    bbox: BBox,
    is_upright: bool,
}

/// Finds the containers of a page, the largest first. Places are on the displayed page.
pub(super) fn containers(content: &PageContent) -> Vec<Container> {
    let page = content.width * content.height;
    let fits = |bbox: &BBox| {
        let area = bbox.area();
        area > 0.0 && area <= LARGEST_SHARE * page && bbox.height() >= LEAST_HEIGHT && bbox.width() >= LEAST_HEIGHT
    };
    let mut containers: Vec<Container> = grids(&rules(content)).into_iter().filter(|grid| fits(&grid.bbox)).collect();
    let shaded = content.shapes.iter().filter_map(|shape| match shape.kind {
        ShapeKind::Area { colour } if colour.is_none_or(is_seen) => Some(shape.bbox),
        _ => None,
    });
    let pictures = content.pictures.iter().filter(|picture| !picture.layer_off).map(|picture| (picture.bbox, true));
    for (bbox, is_picture) in shaded.map(|bbox| (bbox, false)).chain(pictures).filter(|(bbox, _)| fits(bbox)) {
        let is_grid = |known: &Container| known.cells.len() > 1 && known.bbox.overlap(bbox) >= 0.9 * known.bbox.area();
        if !containers.iter().any(is_grid) && containers.len() < MAX_CONTAINERS {
            containers.push(Container { bbox, cells: vec![bbox], is_picture });
        }
    }
    containers.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
    containers
}

/// White on the white page shows nothing.
fn is_seen(colour: Colour) -> bool {
    colour.alpha > 0 && colour.rgb.iter().any(|channel| *channel < 250)
}

fn rules(content: &PageContent) -> Vec<Rule> {
    let mut rules: Vec<Rule> = content
        .shapes
        .iter()
        .filter_map(|shape| {
            let bbox = shape.bbox;
            let is_upright = bbox.height() > bbox.width();
            let thickness = if is_upright { bbox.width() } else { bbox.height() };
            match shape.kind {
                ShapeKind::Rule { .. } => Some(Rule { bbox, is_upright }),
                ShapeKind::Area { .. } if thickness <= RULE => Some(Rule { bbox, is_upright }),
                _ => None,
            }
        })
        .collect();
    rules.sort_by(|a, b| b.bbox.width().max(b.bbox.height()).total_cmp(&a.bbox.width().max(a.bbox.height())));
    rules.truncate(MAX_RULES);
    rules
}

/// Gathers rules that touch into grids that are closed on all sides.
fn grids(rules: &[Rule]) -> Vec<Container> {
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    sorted.sort_by(|a, b| a.bbox.left().total_cmp(&b.bbox.left()));
    let mut groups = Groups::new(sorted.len());
    let (bands, first) = bands(&sorted);
    for (number, band) in bands.iter().enumerate() {
        // Two that share several bands are looked at in the first of these: one of them begins there.
        for &index in band.iter().filter(|index| first[**index] == number) {
            let (rule, mut root) = (sorted[index].bbox, groups.root(index));
            for &other in band {
                let next = sorted[other].bbox;
                if next.left() > rule.right() + TOUCH {
                    break;
                }
                let is_looked_at = first[other] == number && other <= index;
                if !is_looked_at && touch(rule, next) {
                    root = groups.join(root, other);
                }
            }
        }
    }
    groups
        .into_lists()
        .into_iter()
        .flat_map(|group| {
            let members: Vec<&Rule> = group.into_iter().map(|index| sorted[index]).collect();
            parts(grid(&members))
        })
        .collect()
}

/// Parts a page into bands across it and lists the rules that lie in each, in their order, and of each rule its first band.
/// Two that touch share a band.
fn bands(rules: &[&Rule]) -> (Vec<Vec<usize>>, Vec<usize>) {
    let top = rules.iter().map(|rule| rule.bbox.top()).fold(f64::INFINITY, f64::min);
    let bottom = rules.iter().map(|rule| rule.bbox.bottom()).fold(f64::NEG_INFINITY, f64::max);
    let band = |y: f64| (((y - top) / (bottom - top).max(TOUCH) * BANDS as f64) as usize).min(BANDS - 1);
    let mut bands = vec![Vec::new(); BANDS];
    let mut first = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let (from, to) = (band(rule.bbox.top() - TOUCH), band(rule.bbox.bottom() + TOUCH));
        first.push(from);
        for band in &mut bands[from..=to] {
            band.push(index);
        }
    }
    (bands, first)
}

/// Takes a grid of one column apart: its cells are boxes below each other, as of a form, with labels beside them.
fn parts(grid: Option<Container>) -> Vec<Container> {
    let Some(grid) = grid else { return Vec::new() };
    let has_one_column = grid.cells.iter().all(|cell| cell.width() >= CLOSED * grid.bbox.width());
    if !has_one_column {
        return vec![grid];
    }
    let part = |cell: BBox| Container { bbox: cell, cells: vec![cell], is_picture: false };
    grid.cells.into_iter().map(part).collect()
}

fn grid(rules: &[&Rule]) -> Option<Container> {
    if rules.len() < 4 {
        return None;
    }
    let bbox = rules.iter().map(|rule| rule.bbox).reduce(BBox::union)?;
    let [left, top, right, bottom] = bbox.sides();
    let is_closed =
        [(true, left), (true, right), (false, top), (false, bottom)].into_iter().all(|(is_upright, side)| {
            let length = if is_upright { bbox.height() } else { bbox.width() };
            ruled_length(rules, is_upright, side, bbox) >= CLOSED * length
        });
    is_closed.then(|| Container { bbox, cells: cells(bbox, rules), is_picture: false })
}

/// Returns how much of a line across an area rules run along.
fn ruled_length(rules: &[&Rule], is_upright: bool, at: f64, area: BBox) -> f64 {
    let (from, to) = if is_upright { (area.top(), area.bottom()) } else { (area.left(), area.right()) };
    let mut parts: Vec<(f64, f64)> = rules
        .iter()
        .filter(|rule| rule.is_upright == is_upright)
        .map(|rule| if is_upright { turned(rule.bbox) } else { rule.bbox })
        .filter(|rule| rule.top() - TOUCH <= at && at <= rule.bottom() + TOUCH)
        .map(|rule| (rule.left().max(from), rule.right().min(to)))
        .filter(|(from, to)| to > from)
        .collect();
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut length, mut end) = (0.0, f64::NEG_INFINITY);
    for (from, to) in parts {
        length += (to - from.max(end)).max(0.0);
        end = end.max(to);
    }
    length
}

/// Exchanges the two directions.
const fn turned(bbox: BBox) -> BBox {
    BBox::new(bbox.top(), bbox.left(), bbox.bottom(), bbox.right())
}

/// Cuts a grid into its cells: at rules from side to side first, else at rules from top to bottom, again and again.
fn cells(area: BBox, rules: &[&Rule]) -> Vec<BBox> {
    let mut cells = Vec::new();
    let mut pending = vec![(area, rules.to_vec())];
    while let Some((area, rules)) = pending.pop() {
        let parts = if cells.len() + pending.len() < MAX_CELLS { cut(area, &rules) } else { Vec::new() };
        if parts.len() > 1 {
            let with_rules = |part| (part, rules.iter().copied().filter(|rule| touch(rule.bbox, part)).collect());
            pending.extend(parts.into_iter().rev().map(with_rules));
        } else {
            cells.push(area);
        }
    }
    cells
}

fn touch(a: BBox, b: BBox) -> bool {
    a.left() <= b.right() + TOUCH
        && b.left() <= a.right() + TOUCH
        && a.top() <= b.bottom() + TOUCH
        && b.top() <= a.bottom() + TOUCH
}

fn cut(area: BBox, rules: &[&Rule]) -> Vec<BBox> {
    for is_upright in [false, true] {
        let frame = if is_upright { turned(area) } else { area };
        let length = frame.width();
        let mut places: Vec<f64> = rules
            .iter()
            .filter(|rule| rule.is_upright == is_upright)
            .map(|rule| if is_upright { rule.bbox.middle_x() } else { rule.bbox.middle_y() })
            .filter(|place| (frame.top() + 2.0 * TOUCH..=frame.bottom() - 2.0 * TOUCH).contains(place))
            .collect();
        places.sort_by(f64::total_cmp);
        places.dedup_by(|a, b| (*a - *b).abs() <= 2.0 * TOUCH);
        places.retain(|place| ruled_length(rules, is_upright, *place, area) >= CLOSED * length);
        if places.is_empty() {
            continue;
        }
        let mut parts = Vec::with_capacity(places.len() + 1);
        let mut from = frame.top();
        for to in places.into_iter().chain([frame.bottom()]) {
            let part = BBox::new(frame.left(), from, frame.right(), to);
            parts.push(if is_upright { turned(part) } else { part });
            from = to;
        }
        return parts;
    }
    Vec::new()
}

/// Sets that grow together (union-find).
struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    /// Joins the set of a root and that of another member. Returns the root of both.
    fn join(&mut self, root: usize, other: usize) -> usize {
        // Most are joined already: a hatched area has as many pairs as its lines have by twos.
        if self.parents[other] == root {
            return root;
        }
        let other = self.root(other);
        self.parents[root.max(other)] = root.min(other);
        root.min(other)
    }

    fn into_lists(mut self) -> Vec<Vec<usize>> {
        let mut lists: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
        for index in 0..self.parents.len() {
            let root = self.root(index);
            lists.entry(root).or_default().push(index);
        }
        lists.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{content::Shape, testing::Page},
        *,
    };

    fn horizontal(x0: f64, x1: f64, y: f64) -> Shape {
        Shape { order: 0, bbox: BBox::new(x0, y - 0.5, x1, y + 0.5), kind: ShapeKind::Rule { width: 1.0 } }
    }

    fn upright(y0: f64, y1: f64, x: f64) -> Shape {
        Shape { order: 0, bbox: BBox::new(x - 0.5, y0, x + 0.5, y1), kind: ShapeKind::Rule { width: 1.0 } }
    }

    fn found(shapes: Vec<Shape>) -> Vec<Container> {
        containers(&Page::new().and(|page| page.shapes = shapes).content())
    }

    fn frame() -> Vec<Shape> {
        vec![
            horizontal(100.0, 300.0, 100.0),
            horizontal(100.0, 300.0, 200.0),
            upright(100.0, 200.0, 100.0),
            upright(100.0, 200.0, 300.0),
        ]
    }

    #[test]
    fn a_closed_frame_is_one_and_an_open_one_is_none() {
        let closed = found(frame());
        assert_eq!((closed.len(), closed[0].cells.len()), (1, 1));
        let open = frame().into_iter().take(3).collect();
        assert_eq!(found(open), []);
        let booktabs =
            vec![horizontal(100.0, 300.0, 100.0), horizontal(100.0, 300.0, 120.0), horizontal(100.0, 300.0, 200.0)];
        assert_eq!(found(booktabs), []);
    }

    #[test]
    fn the_cells_of_a_grid_are_read_row_by_row() {
        let mut shapes = frame();
        // Two rows; only the lower one has two columns.
        shapes.extend([horizontal(100.0, 300.0, 150.0), upright(150.0, 200.0, 200.0)]);
        let grid = found(shapes).remove(0);
        let corners: Vec<(f64, f64)> =
            grid.cells.iter().map(|cell| (cell.left().round(), cell.top().round())).collect();
        assert_eq!(corners, [(100.0, 100.0), (100.0, 150.0), (200.0, 150.0)]);
    }

    #[test]
    fn shaded_areas_count_if_they_are_seen_and_are_no_mark_on_a_line() {
        let area = |height: f64, rgb| Shape {
            order: 0,
            bbox: BBox::new(100.0, 100.0, 300.0, 100.0 + height),
            kind: ShapeKind::Area { colour: Some(Colour { rgb, alpha: 255 }) },
        };
        assert_eq!(found(vec![area(80.0, [220, 230, 255])]).len(), 1);
        assert_eq!(found(vec![area(80.0, [255; 3])]).len(), 0);
        assert_eq!(found(vec![area(12.0, [255, 255, 0])]).len(), 0);
        let ground = Shape { bbox: BBox::new(0.0, 0.0, 600.0, 800.0), ..area(80.0, [240; 3]) };
        assert_eq!(found(vec![ground]).len(), 0);
    }
}
