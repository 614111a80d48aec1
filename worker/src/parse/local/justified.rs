//! Justified text: lines that fill a column from edge to edge, whose gaps may be as wide as those between cells. Pure.

use super::rows::Row;

// In units of the font size.
/// Ends of lines that differ by less stand at one edge.
const SAME_EDGE: f64 = 0.4;
/// A gap this wide may lie between cells.
const WIDE: f64 = 1.5;
/// A wider gap parts a line even in justified text.
pub(super) const WIDEST: f64 = 5.0;

/// So many lines fill a column, and at least a third of its lines do: the last ones of its paragraphs do not.
const LEAST_LINES: usize = 3;

/// Says of each row of a column whether it is a line of justified text. None is if wide gaps stand below each other, as
/// those of a table do.
pub(super) fn justified(rows: &[Row<'_>]) -> Vec<bool> {
    let none = vec![false; rows.len()];
    let lines: Vec<usize> = (0..rows.len()).filter(|&index| !rows[index].items.iter().any(|i| i.is_block())).collect();
    let size = |index: usize| rows[index].items[0].size;
    let (Some(left), Some(right)) = (
        edge(lines.iter().map(|&index| (rows[index].left(), size(index)))),
        edge(lines.iter().map(|&index| (rows[index].right(), size(index)))),
    ) else {
        return none;
    };
    let is_full: Vec<bool> = (0..rows.len())
        .map(|index| {
            lines.binary_search(&index).is_ok()
                && (rows[index].left() - left).abs() <= SAME_EDGE * size(index)
                && (rows[index].right() - right).abs() <= SAME_EDGE * size(index)
        })
        .collect();
    let full = is_full.iter().filter(|full| **full).count();
    if full < LEAST_LINES || 3 * full < lines.len() || are_cells(rows, &is_full) { none } else { is_full }
}

/// Returns the edge at which most lines stand, given by place and font size.
fn edge(places: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let mut places: Vec<(f64, f64)> = places.collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    let groups = places.chunk_by(|a, b| b.0 - a.0 <= SAME_EDGE * a.1);
    groups.max_by_key(|group| group.len()).map(|group| group[group.len() / 2].0)
}

/// Says whether the wide gaps of most neighbouring lines that have some lie below each other.
fn are_cells(rows: &[Row<'_>], is_full: &[bool]) -> bool {
    let gaps: Vec<Vec<(f64, f64)>> = rows.iter().map(wide_gaps).collect();
    let (mut pairs, mut aligned) = (0_usize, 0_usize);
    for index in 1..rows.len() {
        let (above, below) = (&gaps[index - 1], &gaps[index]);
        if !is_full[index - 1] || !is_full[index] || above.is_empty() && below.is_empty() {
            continue;
        }
        pairs += 1;
        let least = WIDE * rows[index].items[0].size;
        let shares = |a: &(f64, f64), b: &(f64, f64)| a.1.min(b.1) - a.0.max(b.0) >= least;
        let (fewer, more) = if above.len() < below.len() { (above, below) } else { (below, above) };
        // The gaps of a row are in order and share nothing.
        let has_other = |gap: &(f64, f64)| {
            let at = more.partition_point(|other| other.1 < gap.0 + least);
            more[at..].iter().take_while(|other| other.0 <= gap.1 - least).any(|other| shares(gap, other))
        };
        let in_line = fewer.iter().filter(|gap| has_other(gap)).count();
        aligned += usize::from(!fewer.is_empty() && in_line == fewer.len());
    }
    2 * aligned > pairs && pairs > 0
}

fn wide_gaps(row: &Row<'_>) -> Vec<(f64, f64)> {
    let mut gaps = Vec::new();
    let mut end = f64::INFINITY;
    for item in &row.items {
        if item.bbox.left() - end > WIDE * item.size {
            gaps.push((end, item.bbox.left()));
        }
        end = if end.is_finite() { end.max(item.bbox.right()) } else { item.bbox.right() };
    }
    gaps
}

#[cfg(test)]
mod tests {
    use quire_schemas::element::BBox;

    use super::{
        super::rows::{Item, What},
        *,
    };

    /// Makes rows of words, given by where they begin and end.
    fn rows(rows: &[&[(f64, f64)]]) -> Vec<Row<'static>> {
        let row = |(index, words): (usize, &&[(f64, f64)])| {
            let baseline = 100.0 + 12.0 * index as f64;
            let item = |&(left, right): &(f64, f64)| Item {
                what: What::Piece(0),
                text: "word",
                bbox: BBox::new(left, baseline - 8.0, right, baseline + 2.0),
                baseline,
                size: 10.0,
                bold: false,
            };
            Row { items: words.iter().map(item).collect(), baseline, drop_cap: Vec::new() }
        };
        rows.iter().enumerate().map(row).collect()
    }

    #[test]
    fn lines_from_edge_to_edge_are_justified_text_whatever_gaps_they_have() {
        let text = rows(&[
            &[(50.0, 90.0), (120.0, 200.0)],
            &[(50.0, 130.0), (150.0, 200.0)],
            &[(50.0, 70.0), (95.0, 130.0), (160.0, 200.0)],
            &[(50.0, 120.0)],
        ]);
        assert_eq!(justified(&text), [true, true, true, false]);
    }

    #[test]
    fn rows_of_a_table_are_not() {
        let cells: [&[(f64, f64)]; 3] =
            [&[(50.0, 90.0), (180.0, 200.0)], &[(50.0, 100.0), (170.0, 200.0)], &[(50.0, 80.0), (180.0, 200.0)]];
        assert_eq!(justified(&rows(&cells)), [false; 3]);
        let ragged: [&[(f64, f64)]; 3] = [&[(50.0, 90.0), (120.0, 190.0)], &[(50.0, 160.0)], &[(50.0, 200.0)]];
        assert_eq!(justified(&rows(&ragged)), [false; 3]);
    }
}
