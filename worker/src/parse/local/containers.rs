//! Ruled areas, shaded areas and pictures that hold text: each is laid out by itself and enters the order as one
//! block. Pure.

use quire_schemas::element::BBox;

use super::{
    content::{Colour, PageContent, ShapeKind},
    grids::{Grid, grids},
    rulings::{Rule, rules},
};

/// A block covers at most this share of the page; more is the page's own frame or ground.
const LARGEST_SHARE: f64 = 0.7;
/// A grid covers at most this share of it, and then has so many cells.
const LARGEST_GRID: f64 = 0.98;
const CELLS_OF_LARGE_GRID: usize = 6;
/// A shaded area below this height, in points, is a mark on a line.
const LEAST_HEIGHT: f64 = 24.0;
/// Sides of a painted bullet, in points.
const DOT: (f64, f64) = (1.5, 9.0);
/// Containers of a page; a drawing has any number of shaded areas.
const MAX_CONTAINERS: usize = 500;

/// An area that is laid out by itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Container {
    pub(super) bbox: BBox,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// It parts columns even if no text lies in it.
    Picture,
    /// A shaded area, or one in a frame.
    Box,
    /// Several columns of cells.
    Grid(Grid),
}

/// What is drawn on a page beside its text. Places are on the displayed page.
#[derive(Debug, Default)]
pub(super) struct Ground {
    /// The largest first.
    pub(super) containers: Vec<Container>,
    /// That run across, from top to bottom.
    pub(super) rules: Vec<Rule>,
    /// Around curves and slanted lines.
    pub(super) drawings: Vec<BBox>,
    /// Around small discs and squares, which may be the bullets of a list; from top to bottom.
    pub(super) dots: Vec<BBox>,
}

impl Ground {
    pub(super) fn of(content: &PageContent) -> Self {
        let mut rules = rules(content);
        let containers = containers(content, &rules);
        rules.retain(|rule| !rule.is_upright);
        rules.sort_by(|a, b| a.at().total_cmp(&b.at()));
        let drawings = content.shapes.iter().filter(|shape| shape.kind == ShapeKind::Drawing);
        let drawings = drawings.map(|shape| shape.bbox).collect();
        let is_dot = |bbox: &BBox| {
            let (width, height) = (bbox.width(), bbox.height());
            let is_small = |side: f64| (DOT.0..=DOT.1).contains(&side);
            is_small(width) && is_small(height) && width <= 1.4 * height && height <= 1.4 * width
        };
        let mut dots: Vec<BBox> = content
            .shapes
            .iter()
            .filter(|shape| !matches!(shape.kind, ShapeKind::Area { colour: Some(colour) } if !is_seen(colour)))
            .map(|shape| shape.bbox)
            .filter(is_dot)
            .collect();
        dots.sort_by(|a, b| a.top().total_cmp(&b.top()));
        Self { containers, rules, drawings, dots }
    }
}

/// Finds the containers of a page, the largest first. `rules` are those of the page.
fn containers(content: &PageContent, rules: &[Rule]) -> Vec<Container> {
    let page = content.width * content.height;
    let is_high = |bbox: &BBox| bbox.area() > 0.0 && bbox.height() >= LEAST_HEIGHT && bbox.width() >= LEAST_HEIGHT;
    let fits = |bbox: &BBox| is_high(bbox) && bbox.area() <= LARGEST_SHARE * page;
    let mut containers: Vec<Container> = Vec::new();
    for grid in grids(rules) {
        if grid.num_cols == 1 {
            // Boxes below each other, as of a form, with labels beside them.
            let boxes = grid.cells.iter().map(|cell| Container { bbox: cell.bbox, kind: Kind::Box });
            containers.extend(boxes.filter(|container| fits(&container.bbox)));
            continue;
        }
        let is_large = grid.cells.len() >= CELLS_OF_LARGE_GRID && grid.bbox.area() <= LARGEST_GRID * page;
        if fits(&grid.bbox) || is_large && is_high(&grid.bbox) {
            containers.push(Container { bbox: grid.bbox, kind: Kind::Grid(grid) });
        }
    }
    let shaded = content.shapes.iter().filter_map(|shape| match shape.kind {
        ShapeKind::Area { colour } if colour.is_none_or(is_seen) => Some((shape.bbox, Kind::Box)),
        _ => None,
    });
    let pictures = content.pictures.iter().filter(|picture| !picture.layer_off);
    let pictures = pictures.map(|picture| (picture.bbox, Kind::Picture));
    for (bbox, kind) in shaded.chain(pictures).filter(|(bbox, _)| fits(bbox)) {
        let is_grid = |known: &Container| {
            matches!(known.kind, Kind::Grid(_)) && known.bbox.overlap(bbox) >= 0.9 * known.bbox.area()
        };
        if !containers.iter().any(is_grid) && containers.len() < MAX_CONTAINERS {
            containers.push(Container { bbox, kind });
        }
    }
    containers.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
    containers
}

impl Container {
    /// Returns how many areas it has, of which each is read by itself, in the order of reading.
    pub(super) const fn count(&self) -> usize {
        if let Kind::Grid(grid) = &self.kind { grid.cells.len() } else { 1 }
    }

    /// Returns the number of the area in which a point of it lies.
    pub(super) fn area_at(&self, x: f64, y: f64) -> usize {
        if let Kind::Grid(grid) = &self.kind { grid.cell_at(x, y) } else { 0 }
    }
}

/// White on the white page shows nothing.
fn is_seen(colour: Colour) -> bool {
    colour.alpha > 0 && colour.rgb.iter().any(|channel| *channel < 250)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{content::Shape, rulings::rules, testing::Page},
        *,
    };

    fn horizontal(x0: f64, x1: f64, y: f64) -> Shape {
        Shape { order: 0, bbox: BBox::new(x0, y - 0.5, x1, y + 0.5), kind: ShapeKind::Rule { width: 1.0 } }
    }

    fn upright(y0: f64, y1: f64, x: f64) -> Shape {
        Shape { order: 0, bbox: BBox::new(x - 0.5, y0, x + 0.5, y1), kind: ShapeKind::Rule { width: 1.0 } }
    }

    fn found(shapes: Vec<Shape>) -> Vec<Container> {
        let content = Page::new().and(|page| page.shapes = shapes).content();
        containers(&content, &rules(&content))
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
        assert_eq!((closed.len(), &closed[0].kind), (1, &Kind::Box));
        let open = frame().into_iter().take(3).collect();
        assert_eq!(found(open), []);
        let booktabs =
            vec![horizontal(100.0, 300.0, 100.0), horizontal(100.0, 300.0, 120.0), horizontal(100.0, 300.0, 200.0)];
        assert_eq!(found(booktabs), []);
    }

    #[test]
    fn a_grid_is_one_block_and_boxes_below_each_other_are_several() {
        let mut shapes = frame();
        shapes.push(horizontal(100.0, 300.0, 150.0));
        assert_eq!(found(shapes.clone()).len(), 2);
        // Only the lower row has two columns.
        shapes.push(upright(150.0, 200.0, 200.0));
        let block = found(shapes).remove(0);
        let areas = [(150.0, 120.0), (250.0, 120.0), (150.0, 180.0), (250.0, 180.0)].map(|(x, y)| block.area_at(x, y));
        assert_eq!((block.count(), areas), (3, [0, 0, 1, 2]));
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
