//! Reading order by recursive cuts along white space (XY-cut, Nagy and Seth 1984): columns first
//! where there are any, else the widest horizontal gap, else from top to bottom.

use quire_schemas::element::BBox;

/// Something that stands on a page, upright.
pub(super) trait Placed {
    fn bbox(&self) -> BBox;
    fn baseline(&self) -> f64;
    fn size(&self) -> f64;
}

/// A gutter is at least this many times the font size wide.
const GUTTER: f64 = 0.9;
/// A column has at least this many lines; cells of a small table stay in their rows.
const COLUMN_LINES: usize = 4;
/// And most of them are at least this many times the font size wide.
const COLUMN_WIDTH: f64 = 9.0;
/// A horizontal cut needs a gap of this many times the font size.
const HORIZONTAL_GAP: f64 = 0.3;

/// Sorts lines into reading order.
pub(super) fn sort<T: Placed>(lines: Vec<T>) -> Vec<T> {
    let mut ordered = Vec::with_capacity(lines.len());
    // A stack instead of recursion: the depth is up to the document.
    let mut pending = vec![lines];
    while let Some(mut block) = pending.pop() {
        if let Some(right) = split_columns(&mut block) {
            pending.push(right);
            pending.push(block);
        } else if let Some(parts) = split_rows(&mut block) {
            pending.extend(parts.into_iter().rev());
        } else {
            ordered.extend(row_by_row(block));
        }
    }
    ordered
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn usual_size<T: Placed>(lines: &[T]) -> f64 {
    median(lines.iter().map(Placed::size).collect()).max(1.0)
}

/// Takes the right columns off if a gutter runs from top to bottom.
fn split_columns<T: Placed>(lines: &mut Vec<T>) -> Option<Vec<T>> {
    if lines.len() < 2 * COLUMN_LINES {
        return None;
    }
    let size = usual_size(lines);
    lines.sort_by(|a, b| a.bbox().left().total_cmp(&b.bbox().left()));
    let mut right_edge = f64::NEG_INFINITY;
    let mut best: Option<(f64, usize)> = None;
    for (index, line) in lines.iter().enumerate() {
        let gap = line.bbox().left() - right_edge;
        if index > 0 && gap >= GUTTER * size && best.is_none_or(|(widest, _)| gap > widest) {
            best = Some((gap, index));
        }
        right_edge = right_edge.max(line.bbox().right());
    }
    let (_, at) = best?;
    (is_column(&lines[..at], size) && is_column(&lines[at..], size)).then(|| lines.split_off(at))
}

fn is_column<T: Placed>(lines: &[T], size: f64) -> bool {
    let widths = lines.iter().map(|line| line.bbox().width()).collect();
    lines.len() >= COLUMN_LINES && median(widths) >= COLUMN_WIDTH * size
}

/// Parts lines at the widest horizontal gaps.
fn split_rows<T: Placed>(lines: &mut Vec<T>) -> Option<Vec<Vec<T>>> {
    let least = HORIZONTAL_GAP * usual_size(lines);
    lines.sort_by(|a, b| a.bbox().top().total_cmp(&b.bbox().top()));
    let mut bottom = f64::INFINITY;
    let mut gaps = Vec::with_capacity(lines.len());
    for line in lines.iter() {
        gaps.push(line.bbox().top() - bottom);
        bottom = if bottom.is_finite() { bottom.max(line.bbox().bottom()) } else { line.bbox().bottom() };
    }
    let widest = gaps.iter().copied().skip(1).reduce(f64::max)?;
    if widest < least {
        return None;
    }
    let mut parts = vec![Vec::new()];
    for (line, gap) in lines.drain(..).zip(gaps) {
        // Gaps of about the same width are cut at once: double-spaced text is one level deep.
        if gap >= widest * 0.9 {
            parts.push(Vec::new());
        }
        parts.last_mut().expect("there is always one").push(line);
    }
    Some(parts)
}

fn row_by_row<T: Placed>(mut lines: Vec<T>) -> Vec<T> {
    lines.sort_by(|a, b| a.baseline().total_cmp(&b.baseline()));
    let mut start = 0;
    for index in 1..=lines.len() {
        let same_row =
            lines.get(index).is_some_and(|line| line.baseline() - lines[start].baseline() < 0.5 * line.size());
        if !same_row {
            lines[start..index].sort_by(|a, b| a.bbox().left().total_cmp(&b.bbox().left()));
            start = index;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Block(&'static str, BBox);

    impl Placed for Block {
        fn bbox(&self) -> BBox {
            self.1
        }

        fn baseline(&self) -> f64 {
            self.1.bottom()
        }

        fn size(&self) -> f64 {
            10.0
        }
    }

    fn names(blocks: Vec<Block>) -> String {
        sort(blocks).iter().map(|block| block.0).collect::<Vec<_>>().join(" ")
    }

    fn column(names: [&'static str; 4], x: f64) -> Vec<Block> {
        names
            .into_iter()
            .zip(0..)
            .map(|(name, row)| {
                Block(name, BBox::new(x, 100.0 + 14.0 * f64::from(row), x + 200.0, 110.0 + 14.0 * f64::from(row)))
            })
            .collect()
    }

    #[test]
    fn a_heading_over_two_columns_reads_heading_left_right() {
        let mut blocks = column(["r1", "r2", "r3", "r4"], 310.0);
        blocks.extend(column(["l1", "l2", "l3", "l4"], 50.0));
        blocks.push(Block("heading", BBox::new(50.0, 60.0, 510.0, 70.0)));
        assert_eq!(names(blocks), "heading l1 l2 l3 l4 r1 r2 r3 r4");
    }

    #[test]
    fn a_small_table_reads_row_by_row() {
        let cell = |name, x: f64, y: f64| Block(name, BBox::new(x, y, x + 20.0, y + 10.0));
        let blocks =
            vec![cell("b1", 200.0, 100.0), cell("a2", 50.0, 112.0), cell("a1", 50.0, 100.0), cell("b2", 200.0, 112.0)];
        assert_eq!(names(blocks), "a1 b1 a2 b2");
    }
}
