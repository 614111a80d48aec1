//! Boxes that are looked up by their height on the page. Pure.

use quire_schemas::element::BBox;

/// Less of the lower of two boxes beside each other is no common row. Fields of a form stand a little higher or lower
/// than their label.
const SAME_ROW: f64 = 0.4;

/// Boxes, found by where they stand between top and bottom.
#[derive(Debug, Default)]
pub(super) struct Stacked {
    /// By their tops, each with its place in the list that they were made of.
    boxes: Vec<(BBox, usize)>,
    /// The lowest bottom of each box and those before it.
    lowest: Vec<f64>,
}

impl Stacked {
    pub(super) fn new(boxes: impl Iterator<Item = BBox>) -> Self {
        let mut boxes: Vec<(BBox, usize)> = boxes.enumerate().map(|(index, bbox)| (bbox, index)).collect();
        boxes.sort_by(|(a, _), (b, _)| a.top().total_cmp(&b.top()));
        let lowest = boxes.iter().scan(f64::NEG_INFINITY, |lowest, (bbox, _)| {
            *lowest = lowest.max(bbox.bottom());
            Some(*lowest)
        });
        Self { lowest: lowest.collect(), boxes }
    }

    pub(super) const fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Returns the boxes between two heights, each with its place in the list.
    pub(super) fn between(&self, top: f64, bottom: f64) -> impl Iterator<Item = (BBox, usize)> {
        let end = self.boxes.partition_point(|(bbox, _)| bbox.top() < bottom);
        let reach = self.lowest[..end].iter().rev().take_while(move |lowest| **lowest > top).count();
        self.boxes[end - reach..end].iter().copied().filter(move |(bbox, _)| bbox.bottom() > top)
    }

    /// Returns the boxes on the row of a box.
    pub(super) fn on_row_of(&self, bbox: BBox) -> impl Iterator<Item = (BBox, usize)> {
        self.between(bbox.top(), bbox.bottom()).filter(move |(other, _)| shared_height(*other, bbox) >= SAME_ROW)
    }
}

/// Returns how much of the lower of two boxes stands beside the other one, from 0 to 1.
pub(super) fn shared_height(a: BBox, b: BBox) -> f64 {
    let shared = a.bottom().min(b.bottom()) - a.top().max(b.top());
    let least = a.height().min(b.height());
    if shared <= 0.0 || least <= 0.0 { 0.0 } else { shared / least }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_found_beside_each_other_whatever_order_they_come_in() {
        let bands = [(50.0, 60.0), (0.0, 100.0), (20.0, 30.0), (28.0, 40.0), (70.0, 70.0)];
        let stacked = Stacked::new(bands.into_iter().map(|(top, bottom)| BBox::new(0.0, top, 10.0, bottom)));
        let found = |boxes: &mut dyn Iterator<Item = (BBox, usize)>| {
            let mut found: Vec<usize> = boxes.map(|(_, index)| index).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(found(&mut stacked.between(29.0, 55.0)), [0, 1, 2, 3]);
        assert_eq!(found(&mut stacked.between(100.0, 120.0)), [0_usize; 0]);
        assert_eq!(found(&mut stacked.on_row_of(BBox::new(20.0, 18.0, 30.0, 32.0))), [1, 2]);
        assert_eq!(found(&mut Stacked::default().between(0.0, 9.0)), [0_usize; 0]);
    }
}
