//! Rules of a page, straight strokes and thin rectangles alike, and which of them belong together. Pure.

use std::collections::BTreeMap;

use quire_schemas::element::BBox;

use super::content::{PageContent, ShapeKind};

/// Rules that are looked at, the longest first; a drawing has any number of them.
const MAX_RULES: usize = 4_000;
/// Bands of the page in which rules that touch are sought.
const BANDS: usize = 64;
/// Rules this near to each other, in points, touch.
pub(super) const TOUCH: f64 = 2.5;
/// Pieces of one line are no further aside than this, in points.
const ONE_LINE: f64 = 0.6;
/// A filled rectangle that is thinner, in points, is a rule.
const RULE: f64 = 5.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) bbox: BBox,
    pub(super) is_upright: bool,
}

impl Rule {
    /// Returns the place of its middle across its own direction.
    pub(super) fn at(&self) -> f64 {
        if self.is_upright { self.bbox.middle_x() } else { self.bbox.middle_y() }
    }

    /// Returns where it begins and ends along its own direction.
    pub(super) const fn reach(&self) -> (f64, f64) {
        let bbox = if self.is_upright { turned(self.bbox) } else { self.bbox };
        (bbox.left(), bbox.right())
    }

    /// Says whether it runs along this share of a stretch.
    pub(super) fn runs_along(&self, (from, to): (f64, f64), share: f64) -> bool {
        let (start, end) = self.reach();
        end.min(to) - start.max(from) >= share * (to - from)
    }
}

/// Lists the rules of a page. Pieces that go on with each other are one: a producer may draw a line cell by cell, or in
/// dashes.
pub(super) fn rules(content: &PageContent) -> Vec<Rule> {
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
    rules.sort_by(|a, b| {
        (a.is_upright.cmp(&b.is_upright)).then(a.at().total_cmp(&b.at())).then(a.reach().0.total_cmp(&b.reach().0))
    });
    let mut rules = joined(rules);
    let length = |rule: &Rule| rule.reach().1 - rule.reach().0;
    rules.sort_by(|a, b| length(b).total_cmp(&length(a)));
    rules.truncate(MAX_RULES);
    rules
}

/// Joins pieces of one line. `rules` are ordered by direction and by place across it.
fn joined(rules: Vec<Rule>) -> Vec<Rule> {
    let on_one_line = |a: &Rule, b: &Rule| a.is_upright == b.is_upright && b.at() - a.at() <= ONE_LINE;
    let mut joined: Vec<Rule> = Vec::new();
    for line in rules.chunk_by(on_one_line) {
        let mut pieces = line.to_vec();
        pieces.sort_by(|a, b| a.reach().0.total_cmp(&b.reach().0));
        let first = joined.len();
        for piece in pieces {
            match joined[first..].last_mut().filter(|last| piece.reach().0 <= last.reach().1 + TOUCH) {
                Some(last) => last.bbox = last.bbox.union(piece.bbox),
                None => joined.push(piece),
            }
        }
    }
    joined
}

/// Gathers rules that touch each other, directly or through others.
pub(super) fn touching(rules: &[Rule]) -> Vec<Vec<Rule>> {
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
    let rules_of = |group: Vec<usize>| group.into_iter().map(|index| *sorted[index]).collect();
    groups.into_lists().into_iter().map(rules_of).collect()
}

/// Parts a page into bands across it and lists the rules that lie in each, in their order, and of each rule its first
/// band. Two that touch share a band.
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

fn touch(a: BBox, b: BBox) -> bool {
    a.left() <= b.right() + TOUCH
        && b.left() <= a.right() + TOUCH
        && a.top() <= b.bottom() + TOUCH
        && b.top() <= a.bottom() + TOUCH
}

/// Exchanges the two directions.
pub(super) const fn turned(bbox: BBox) -> BBox {
    BBox::new(bbox.top(), bbox.left(), bbox.bottom(), bbox.right())
}

/// Sets that grow together (union-find).
pub(super) struct Groups {
    parents: Vec<usize>,
}

impl Groups {
    pub(super) fn new(count: usize) -> Self {
        Self { parents: (0..count).collect() }
    }

    pub(super) fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    /// Joins the set of a root and that of another member. Returns the root of both.
    pub(super) fn join(&mut self, root: usize, other: usize) -> usize {
        // Most are joined already: a hatched area has as many pairs as its lines have by twos.
        if self.parents[other] == root {
            return root;
        }
        let other = self.root(other);
        self.parents[root.max(other)] = root.min(other);
        root.min(other)
    }

    pub(super) fn into_lists(mut self) -> Vec<Vec<usize>> {
        let mut lists: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
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
        super::{
            content::{Colour, Shape},
            testing::Page,
        },
        *,
    };

    fn page(shapes: &[(f64, f64, f64, f64)]) -> PageContent {
        let kind = ShapeKind::Area { colour: Some(Colour { rgb: [0; 3], alpha: 255 }) };
        let shape = |(order, sides): (usize, &(f64, f64, f64, f64))| Shape {
            order: order as u32,
            bbox: BBox::new(sides.0, sides.1, sides.2, sides.3),
            kind,
        };
        Page::new().and(|page| page.shapes = shapes.iter().enumerate().map(shape).collect()).content()
    }

    #[test]
    fn pieces_of_a_line_are_one_rule_and_thick_areas_are_none() {
        let dashes = [(50.0, 100.0, 60.0, 100.5), (62.0, 100.1, 72.0, 100.6), (73.0, 100.0, 80.0, 100.5)];
        let mut shapes = dashes.to_vec();
        shapes.extend([(90.0, 100.0, 95.0, 100.5), (50.0, 110.0, 80.0, 116.0)]);
        let reaches: Vec<(f64, f64)> = rules(&page(&shapes)).iter().map(Rule::reach).collect();
        assert_eq!(reaches, [(50.0, 80.0), (90.0, 95.0)]);
    }

    #[test]
    fn rules_that_touch_through_others_belong_together() {
        let shapes = [
            (50.0, 100.0, 150.0, 100.5),
            (149.0, 99.0, 149.5, 200.0),
            (50.0, 199.0, 150.0, 199.5),
            (300.0, 100.0, 400.0, 100.5),
        ];
        let mut sizes: Vec<usize> = touching(&rules(&page(&shapes))).iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 3]);
    }
}
