//! Closed grids: rules that enclose cells. The cells are the areas between the rules that are really drawn; a cell
//! without a rule to its neighbour is one with it. Pure.

use std::collections::BTreeMap;

use quire_schemas::element::BBox;

use super::rulings::{Groups, Rule, TOUCH, touching};

// In points.
/// Rules of one direction that are no further apart are one border: a border may be drawn twice, once for each cell.
const ONE_BORDER: f64 = 3.0;
/// Rules whose ends are no further apart end at one side.
const ONE_SIDE: f64 = 3.0;
/// A shorter rule is no border.
const LEAST_BORDER: f64 = 4.0;
/// Two borders nearer than this have no text between them: each cell has a frame of its own.
const LEAST_SLOT: f64 = 6.0;

/// A wall between two cells is there if rules run along this share of it.
const WALL: f64 = 0.6;
/// A side of a grid is closed if rules run along this share of it.
const CLOSED: f64 = 0.9;
/// A grid has at most so many places for cells; a drawing of more lines is none.
const MAX_SLOTS: usize = 20_000;

/// A cell of a grid and how many rows and columns it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GridCell {
    pub(super) row: usize,
    pub(super) col: usize,
    pub(super) row_span: usize,
    pub(super) col_span: usize,
    pub(super) bbox: BBox,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    pub(super) bbox: BBox,
    pub(super) num_rows: usize,
    pub(super) num_cols: usize,
    /// Row by row.
    pub(super) cells: Vec<GridCell>,
    /// The borders that are drawn, and the number of the cell in each place between them, row by row.
    columns: Vec<f64>,
    rows: Vec<f64>,
    slots: Vec<usize>,
}

impl Grid {
    /// Returns where a column begins and ends. `None` if cells begin at some of the borders that are drawn only.
    pub(super) fn column(&self, col: usize) -> Option<(f64, f64)> {
        let is_whole = self.columns.len() == self.num_cols + 1;
        is_whole.then(|| (self.columns[col], self.columns[col + 1]))
    }

    /// Returns the number of the cell in which a point of the grid lies. One on a border lies behind it, if there is a
    /// cell.
    pub(super) fn cell_at(&self, x: f64, y: f64) -> usize {
        let place =
            |borders: &[f64], at: f64| borders.partition_point(|border| *border <= at).clamp(1, borders.len() - 1) - 1;
        self.slots[place(&self.rows, y) * (self.columns.len() - 1) + place(&self.columns, x)]
    }
}

/// Finds the grids that rules enclose.
pub(super) fn grids(rules: &[Rule]) -> Vec<Grid> {
    touching(rules).iter().filter_map(|group| grid(group)).collect()
}

fn grid(rules: &[Rule]) -> Option<Grid> {
    let of = |is_upright: bool| -> Vec<Rule> {
        let is_border = |rule: &&Rule| {
            let (from, to) = rule.reach();
            rule.is_upright == is_upright && to - from >= LEAST_BORDER
        };
        rules.iter().filter(is_border).copied().collect()
    };
    let (uprights, levels) = (of(true), of(false));
    if uprights.is_empty() || levels.len() < 2 {
        return None;
    }
    let (columns, rows) = (borders(&uprights, &levels), borders(&levels, &uprights));
    let (num_cols, num_rows) = (columns.len().saturating_sub(1), rows.len().saturating_sub(1));
    if num_cols == 0 || num_rows == 0 || num_cols * num_rows > MAX_SLOTS {
        return None;
    }
    let slots = Slots { columns: &columns, rows: &rows };
    let walls = Walls { right: walls(&uprights, &columns, &rows), below: walls(&levels, &rows, &columns) };
    is_closed(&walls, &slots).then(|| slots.grid(&walls))
}

/// Returns the places of the borders that these rules draw, in ascending order. Where the rules `across` them agree on
/// where they begin or end, the grid is open there and has a border all the same.
fn borders(rules: &[Rule], across: &[Rule]) -> Vec<f64> {
    let mut places: Vec<f64> = rules.iter().map(Rule::at).collect();
    places.sort_by(f64::total_cmp);
    let mut borders: Vec<f64> = places
        .chunk_by(|a, b| b - a <= ONE_BORDER)
        .map(|border| border.iter().sum::<f64>() / border.len() as f64)
        .collect();
    let agreed = |end: fn((f64, f64)) -> f64, is_further: fn(f64, f64) -> bool| {
        let ends = || across.iter().map(|rule| end(rule.reach()));
        let outermost = ends().reduce(|a, b| if is_further(a, b) { a } else { b })?;
        (ends().filter(|end| (end - outermost).abs() <= ONE_SIDE).count() >= 2).then_some(outermost)
    };
    if let Some(first) = agreed(|reach| reach.0, |a, b| a < b).filter(|at| borders[0] - at >= LEAST_SLOT) {
        borders.insert(0, first);
    }
    let last = borders[borders.len() - 1];
    borders.extend(agreed(|reach| reach.1, |a, b| a > b).filter(|at| at - last >= LEAST_SLOT));
    narrowed(borders)
}

/// Makes one border of two that stand so near that nothing can stand between them.
fn narrowed(borders: Vec<f64>) -> Vec<f64> {
    let mut kept: Vec<f64> = Vec::with_capacity(borders.len());
    for border in borders {
        match kept.last_mut().filter(|last| border - **last < LEAST_SLOT) {
            Some(last) => *last = f64::midpoint(*last, border),
            None => kept.push(border),
        }
    }
    kept
}

/// Returns the borders of one direction, each from the first to the last of the other's, as the walls that are drawn:
/// `[border][slot]`.
fn walls(rules: &[Rule], borders: &[f64], across: &[f64]) -> Vec<Vec<bool>> {
    let mut on: Vec<Vec<(f64, f64)>> = vec![Vec::new(); borders.len()];
    for rule in rules {
        let near =
            borders.iter().enumerate().min_by(|a, b| (a.1 - rule.at()).abs().total_cmp(&(b.1 - rule.at()).abs()));
        let (border, _) = near.expect("a grid has borders");
        on[border].push(rule.reach());
    }
    let is_wall = |reaches: &[(f64, f64)], from: f64, to: f64| {
        let covered: f64 = reaches
            .iter()
            .map(|(start, end)| (end + TOUCH).min(to) - (start - TOUCH).max(from))
            .filter(|part| *part > 0.0)
            .sum();
        covered >= WALL * (to - from)
    };
    on.iter().map(|reaches| across.windows(2).map(|slot| is_wall(reaches, slot[0], slot[1])).collect()).collect()
}

/// Where walls stand. `right[border][row]` and `below[border][column]`.
struct Walls {
    right: Vec<Vec<bool>>,
    below: Vec<Vec<bool>>,
}

fn is_closed(walls: &Walls, slots: &Slots<'_>) -> bool {
    let share = |walls: &[bool], borders: &[f64]| {
        let parts = borders.windows(2).zip(walls).filter(|(_, is_wall)| **is_wall);
        parts.map(|(slot, _)| slot[1] - slot[0]).sum::<f64>() / (borders[borders.len() - 1] - borders[0])
    };
    let last = |walls: &[Vec<bool>]| walls.len() - 1;
    // Sides that nobody has drawn are open where other rules part what is between them.
    let is_open = |walls: &[bool], borders: &[f64]| borders.len() > 2 && !walls.iter().any(|is_wall| *is_wall);
    let sides = [
        (&walls.right[0], slots.rows, slots.columns),
        (&walls.right[last(&walls.right)], slots.rows, slots.columns),
        (&walls.below[0], slots.columns, slots.rows),
        (&walls.below[last(&walls.below)], slots.columns, slots.rows),
    ];
    let open = sides.iter().filter(|(walls, _, across)| is_open(walls, across)).count();
    let is_closed =
        |(walls, along, across): &(&Vec<bool>, &[f64], &[f64])| is_open(walls, across) || share(walls, along) >= CLOSED;
    open <= 2 && sides.iter().all(is_closed)
}

/// The places between borders.
struct Slots<'a> {
    columns: &'a [f64],
    rows: &'a [f64],
}

impl Slots<'_> {
    /// Joins the slots between which no wall stands to cells.
    fn grid(&self, walls: &Walls) -> Grid {
        let (num_cols, num_rows) = (self.columns.len() - 1, self.rows.len() - 1);
        let mut groups = Groups::new(num_cols * num_rows);
        for slot in 0..num_cols * num_rows {
            let (row, col) = (slot / num_cols, slot % num_cols);
            if col + 1 < num_cols && !walls.right[col + 1][row] {
                let root = groups.root(slot);
                groups.join(root, slot + 1);
            }
            if row + 1 < num_rows && !walls.below[row + 1][col] {
                let root = groups.root(slot);
                groups.join(root, slot + num_cols);
            }
        }
        let mut cells: Vec<GridCell> =
            groups.into_lists().into_iter().flat_map(|slots| self.cells(&slots, num_cols)).collect();
        cells.sort_by_key(|cell| (cell.row, cell.col));
        let mut slots = vec![0; num_cols * num_rows];
        for (number, cell) in cells.iter().enumerate() {
            for row in cell.row..cell.row + cell.row_span {
                slots[row * num_cols..][cell.col..cell.col + cell.col_span].fill(number);
            }
        }
        let bbox = BBox::new(self.columns[0], self.rows[0], self.columns[num_cols], self.rows[num_rows]);
        let (columns, rows) = (self.columns.to_vec(), self.rows.to_vec());
        compact(Grid { bbox, num_rows, num_cols, cells, columns, rows, slots })
    }

    /// Makes a cell of slots that are a rectangle, and cells of their rows if they are none.
    fn cells(&self, slots: &[usize], num_cols: usize) -> Vec<GridCell> {
        let (rows, cols) = (|slot: &usize| slot / num_cols, |slot: &usize| slot % num_cols);
        let range = |of: &dyn Fn(&usize) -> usize| {
            (slots.iter().map(of).min().unwrap_or_default(), slots.iter().map(of).max().unwrap_or_default())
        };
        let ((top, bottom), (left, right)) = (range(&rows), range(&cols));
        if slots.len() == (bottom - top + 1) * (right - left + 1) {
            return vec![self.cell((top, bottom), (left, right))];
        }
        let mut sorted = slots.to_vec();
        sorted.sort_unstable();
        let beside = |a: &usize, b: &usize| *b == a + 1 && rows(a) == rows(b);
        let run = |run: &[usize]| self.cell((rows(&run[0]), rows(&run[0])), (cols(&run[0]), cols(&run[run.len() - 1])));
        sorted.chunk_by(beside).map(run).collect()
    }

    fn cell(&self, (top, bottom): (usize, usize), (left, right): (usize, usize)) -> GridCell {
        let bbox = BBox::new(self.columns[left], self.rows[top], self.columns[right + 1], self.rows[bottom + 1]);
        GridCell { row: top, col: left, row_span: bottom - top + 1, col_span: right - left + 1, bbox }
    }
}

/// Takes rows and columns out in which no cell begins.
fn compact(mut grid: Grid) -> Grid {
    let places = |begins: &dyn Fn(&GridCell) -> usize| -> BTreeMap<usize, usize> {
        let mut begun: Vec<usize> = grid.cells.iter().map(begins).collect();
        begun.sort_unstable();
        begun.dedup();
        begun.into_iter().enumerate().map(|(new, old)| (old, new)).collect()
    };
    let (rows, cols) = (places(&|cell| cell.row), places(&|cell| cell.col));
    let within = |places: &BTreeMap<usize, usize>, from: usize, span: usize| places.range(from..from + span).count();
    for cell in &mut grid.cells {
        (cell.row_span, cell.col_span) =
            (within(&rows, cell.row, cell.row_span), within(&cols, cell.col, cell.col_span));
        (cell.row, cell.col) = (rows[&cell.row], cols[&cell.col]);
    }
    (grid.num_rows, grid.num_cols) = (rows.len(), cols.len());
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(x0: f64, x1: f64, y: f64) -> Rule {
        Rule { bbox: BBox::new(x0, y - 0.5, x1, y + 0.5), is_upright: false }
    }

    fn upright(y0: f64, y1: f64, x: f64) -> Rule {
        Rule { bbox: BBox::new(x - 0.5, y0, x + 0.5, y1), is_upright: true }
    }

    fn frame() -> Vec<Rule> {
        vec![level(0.0, 200.0, 0.0), level(0.0, 200.0, 90.0), upright(0.0, 90.0, 0.0), upright(0.0, 90.0, 200.0)]
    }

    fn spans(grid: &Grid) -> Vec<(usize, usize, usize, usize)> {
        grid.cells.iter().map(|cell| (cell.row, cell.col, cell.row_span, cell.col_span)).collect()
    }

    fn only(rules: &[Rule]) -> Grid {
        let mut found = grids(rules);
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    #[test]
    fn cells_are_as_large_as_the_rules_let_them_be() {
        let mut rules = frame();
        // A head over two columns, and a cell over two rows on the left.
        rules.extend([
            level(0.0, 200.0, 30.0),
            level(100.0, 200.0, 60.0),
            upright(0.0, 90.0, 100.0),
            upright(30.0, 90.0, 150.0),
        ]);
        let grid = only(&rules);
        assert_eq!((grid.num_rows, grid.num_cols), (3, 3));
        assert_eq!(
            spans(&grid),
            [(0, 0, 1, 1), (0, 1, 1, 2), (1, 0, 2, 1), (1, 1, 1, 1), (1, 2, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1)]
        );
    }

    #[test]
    fn a_border_that_is_drawn_for_each_cell_counts_once() {
        let mut rules = frame();
        rules.extend([
            upright(0.0, 90.0, 99.0),
            upright(0.0, 90.0, 101.5),
            level(0.0, 99.0, 44.0),
            level(101.5, 200.0, 46.0),
        ]);
        assert_eq!(spans(&only(&rules)), [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]);
    }

    #[test]
    fn a_grid_without_its_outer_uprights_ends_where_its_rules_end() {
        let rules =
            [level(0.0, 200.0, 0.0), level(0.0, 200.0, 40.0), level(0.0, 200.0, 90.0), upright(0.0, 90.0, 100.0)];
        let grid = only(&rules);
        assert_eq!((grid.num_rows, grid.num_cols, grid.bbox), (2, 2, BBox::new(0.0, 0.0, 200.0, 90.0)));
    }

    #[test]
    fn rules_that_enclose_nothing_are_no_grid() {
        assert_eq!(grids(&frame()[..3]), []);
        assert_eq!(grids(&[level(0.0, 200.0, 0.0), level(0.0, 200.0, 90.0)]), []);
        let axes = [level(0.0, 200.0, 90.0), level(0.0, 5.0, 30.0), level(0.0, 5.0, 60.0), upright(0.0, 90.0, 0.0)];
        assert_eq!(grids(&axes), []);
    }

    #[test]
    fn cells_that_are_no_rectangle_are_read_by_their_rows() {
        let mut rules = frame();
        rules.extend([level(0.0, 100.0, 45.0), upright(45.0, 90.0, 100.0)]);
        // Above: one cell over both columns with the one below it on the right.
        assert_eq!(spans(&only(&rules)), [(0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)]);
    }

    #[test]
    fn a_drawing_of_more_lines_than_a_table_has_is_no_grid() {
        let lines = |count: u32| -> Vec<Rule> {
            let side = 10.0 * f64::from(count);
            let places = || (0..=count).map(|place| 10.0 * f64::from(place));
            places().map(|at| level(0.0, side, at)).chain(places().map(|at| upright(0.0, side, at))).collect()
        };
        assert_eq!(only(&lines(141)).cells.len(), 141 * 141);
        assert_eq!(grids(&lines(142)), []);
    }
}
