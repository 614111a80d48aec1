//! Lines that stand beside others on a page, as values beside their labels. Pure.

use super::{
    fact::{Fact, Kind},
    thresholds::{
        CELLS_OF_ROW, LINES_OF_COLUMN, MOST_BESIDE, MUCH_LARGER, NEAR_BESIDE, NEAR_MUCH_LARGER, SAME_COLUMN, SAME_EDGE,
        WIDTH_OF_COLUMN,
    },
};

/// The lines of a page from top to bottom, and where its columns of text begin.
pub(super) struct Beside<'f> {
    /// With their tops.
    lines: Vec<(f64, &'f Fact)>,
    columns: Vec<f64>,
}

impl<'f> Beside<'f> {
    pub(super) fn of(facts: &'f [Fact]) -> Self {
        let is_seen = |fact: &&Fact| fact.kind == Kind::Text || fact.is_field;
        let mut lines: Vec<(f64, &Fact)> = facts.iter().filter(is_seen).map(|fact| (fact.bbox.top(), fact)).collect();
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut texts: Vec<&Fact> = facts.iter().filter(|fact| fact.kind == Kind::Text).collect();
        texts.sort_by(|a, b| a.bbox.left().total_cmp(&b.bbox.left()));
        let at_edges = texts.chunk_by(|a, b| b.bbox.left() - a.bbox.left() <= SAME_EDGE);
        let is_wide = |fact: &&Fact| fact.lines > 2 && fact.bbox.width() >= WIDTH_OF_COLUMN * fact.size;
        let is_column = |texts: &&[&Fact]| {
            texts.iter().map(|fact| fact.lines).sum::<u32>() >= LINES_OF_COLUMN && texts.iter().any(is_wide)
        };
        let columns = at_edges.filter(is_column).map(|texts| texts[0].bbox.left()).collect();
        Self { lines, columns }
    }

    /// Says whether a line, or a field of a form, stands near a line in its row, or several anywhere in it. What begins
    /// at the edge of a column of text stands in that column, and beside nothing.
    pub(super) fn has(&self, fact: &Fact, body: f64) -> bool {
        let near_by = if fact.size >= MUCH_LARGER * body { NEAR_MUCH_LARGER } else { NEAR_BESIDE };
        let height = fact.bbox.height() / f64::from(fact.lines.max(1));
        let from = self.lines.partition_point(|(top, _)| *top < fact.bbox.top() - 0.5 * height);
        let near = self.lines[from..].iter().take_while(|(top, _)| *top < fact.bbox.top() + 0.5 * height);
        let is_other = |other: &&Fact| other.bbox.shared_width(fact.bbox) <= 0.0;
        let mut cells = 0;
        for other in near.take(MOST_BESIDE).map(|(_, other)| *other).filter(is_other) {
            let (left, right) = if other.bbox.left() > fact.bbox.left() { (fact, other) } else { (other, fact) };
            let gap = right.bbox.left() - left.bbox.right();
            // The number of a heading may stand apart from it.
            let is_number = left.text.letters == 0 && left.text.digits > 0 && left.size >= right.size;
            if is_number || other.kind == Kind::Text && self.is_column(right.bbox.left(), fact.size) {
                continue;
            }
            cells += 1;
            if gap <= near_by * fact.size || cells >= CELLS_OF_ROW {
                return true;
            }
        }
        false
    }

    fn is_column(&self, left: f64, size: f64) -> bool {
        let from = self.columns.partition_point(|column| *column < left - SAME_COLUMN * size);
        self.columns.get(from).is_some_and(|column| *column <= left + SAME_COLUMN * size)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, Given, given, kinds, page};

    const fn bold(text: &'static str, top: f64) -> Given {
        Given { bold: true, ..given(text, top) }
    }

    #[test]
    fn a_label_with_its_value_beside_it_is_no_heading() {
        let of = |left| {
            let beside = Given { left, ..given("the value that stands beside it", 150.0) };
            kinds(&[page(1, &[given(BODY, 100.0), bold("Who wrote it", 150.0), beside, given(BODY, 180.0)])])[1].clone()
        };
        assert_eq!([of(360.0).as_str(), of(900.0).as_str()], ["-", "section_header1"]);
    }

    #[test]
    fn the_number_of_a_heading_may_stand_apart_from_it() {
        let number = Given { left: 10.0, bold: true, ..given("3", 150.0) };
        let heading = Given { left: 340.0, ..bold("Results of it all", 150.0) };
        let elements = [given(BODY, 100.0), number, heading, given(BODY, 180.0)];
        assert_eq!(kinds(&[page(1, &elements)])[2], "section_header1");
    }

    #[test]
    fn what_is_filled_in_below_a_label_makes_it_no_heading() {
        let of = |below: &'static str| {
            kinds(&[page(1, &[given(BODY, 100.0), bold("Ordered by", 150.0), given(below, 170.0), given(BODY, 200.0)])])
        };
        assert_eq!(of("Marc van Pul")[1], "-");
        assert_eq!(of(BODY)[1], "section_header1");
    }
}
