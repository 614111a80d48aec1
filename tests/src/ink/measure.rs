//! How well word boxes fit their ink, and the bars.

use quire_producer::schemas::element::BBox;

use super::{
    attribution::{Attributed, Attribution, Found},
    view::View,
};

/// Ink may reach so many pixels beyond those that the box touches: glyphs are drawn at whole pixels.
const OUTSIDE_PX: f64 = 1.0;
/// A box may have so many times the area of the box around the ink.
const MOST_AREA: f64 = 1.5;
/// So many of the words must be right.
const LEAST_SHARE: f64 = 0.99;
/// So many of the words may touch others, and cannot be measured.
const MOST_SHARED: f64 = 0.1;
/// So many wrong words are shown.
const SHOWN: usize = 12;

/// The words of one kind of page.
#[derive(Debug)]
pub struct Tally {
    kind: String,
    words: usize,
    wrong: Vec<String>,
    /// Of all words that have both, in square pixels.
    box_area: f64,
    ink_area: f64,
    claimed: usize,
    unclaimed: usize,
    shared: usize,
}

impl Tally {
    /// Begins to count.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        let (words, wrong, kind) = (0, Vec::new(), kind.to_owned());
        Self { kind, words, wrong, box_area: 0.0, ink_area: 0.0, claimed: 0, unclaimed: 0, shared: 0 }
    }

    /// Counts the words of a page.
    pub fn page(&mut self, view: &View, attribution: Attribution<'_>) {
        let Attributed { words, claimed, unclaimed, shared } = attribution.of(view);
        self.shared += shared;
        self.claimed += claimed;
        self.unclaimed += unclaimed;
        for found in words {
            self.word(&found);
        }
    }

    fn word(&mut self, found: &Found) {
        let Found { word, stated, ink } = found;
        self.words += 1;
        let fault = match (stated, ink) {
            (None, _) => Some("is no word of the page".to_owned()),
            (_, None) => Some("has no ink".to_owned()),
            (Some(stated), Some(ink)) => {
                self.box_area += stated.area();
                self.ink_area += ink.area();
                fault(*stated, *ink)
            }
        };
        self.wrong.extend(fault.map(|fault| format!("{word:?} {fault}")));
    }

    /// Returns what is below the bars, if anything is: the share of the words that are right, the areas of the boxes,
    /// or, of connected ink, the share that lies in boxes.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        let right = share(self.words - self.wrong.len(), self.words);
        let area = self.box_area / self.ink_area;
        let pieces = self.claimed + self.unclaimed;
        let in_boxes = if pieces == 0 { 1.0 } else { share(self.claimed, pieces) };
        let shared = share(self.shared, self.shared + self.words);
        let is_met = right >= LEAST_SHARE && area <= MOST_AREA && in_boxes >= LEAST_SHARE && shared <= MOST_SHARED;
        (!is_met).then(|| {
            let shown: String = self.wrong.iter().take(SHOWN).map(|wrong| format!("\n    {wrong}")).collect();
            format!(
                "{}: {:.2} % of {} words have their ink in a box that fits; boxes have {area:.2} times the area of ink; \
                 {:.2} % of the ink is in boxes; {:.2} % of the words touch others{shown}",
                self.kind,
                100.0 * right,
                self.words,
                100.0 * in_boxes,
                100.0 * shared
            )
        })
    }
}

/// Asserts that every kind of page meets the bars.
///
/// # Panics
/// If one does not; the message tells what was measured.
#[track_caller]
pub fn assert_fit(tallies: &[Tally]) {
    let faults: Vec<String> = tallies.iter().filter_map(Tally::fault).collect();
    assert!(faults.is_empty(), "{} of {} kinds of page:\n{}", faults.len(), tallies.len(), faults.join("\n"));
}

fn fault(stated: BBox, ink: BBox) -> Option<String> {
    let outside = (stated.left().floor() - ink.left())
        .max(stated.top().floor() - ink.top())
        .max(ink.right() - stated.right().ceil())
        .max(ink.bottom() - stated.bottom().ceil());
    let area = stated.area() / ink.area();
    let boxes = || format!("box {:.1?}, ink {:?}", stated.sides(), ink.sides());
    if outside > OUTSIDE_PX {
        Some(format!("reaches {outside} px out of its box: {}", boxes()))
    } else if area > MOST_AREA {
        Some(format!("has {area:.2} times the area of its ink: {}", boxes()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INK: BBox = BBox::new(10.0, 10.0, 30.0, 20.0);

    fn found(stated: Option<BBox>, ink: Option<BBox>) -> Found {
        Found { word: "word".to_owned(), stated, ink }
    }

    #[test]
    fn ink_may_reach_one_pixel_further_than_the_pixels_that_the_box_touches() {
        assert_eq!(fault(BBox::new(11.9, 10.2, 29.1, 19.5), INK), None);
        let told = fault(BBox::new(12.1, 10.0, 30.0, 20.0), INK).expect("two pixels to the left of it");
        assert!(told.starts_with("reaches 2 px"), "{told}");
        let told = fault(BBox::new(0.0, 10.0, 31.0, 20.0), INK).expect("too wide");
        assert!(told.starts_with("has 1.55 times"), "{told}");
    }

    #[test]
    fn one_wrong_word_in_a_hundred_is_borne() {
        let mut tally = Tally::of("pages");
        for _ in 0..99 {
            tally.word(&found(Some(INK), Some(INK)));
        }
        tally.word(&found(Some(INK), None));
        assert_eq!(tally.fault(), None);
        tally.word(&found(None, Some(INK)));
        let told = tally.fault().expect("two are wrong");
        assert!(told.starts_with("pages: 98.02 % of 101 words") && told.contains("1.00 times the area"), "{told}");
    }

    #[test]
    fn nothing_that_was_measured_and_ink_outside_of_all_boxes_are_faults() {
        assert!(Tally::of("empty").fault().is_some());
        let mut tally = Tally::of("pages");
        tally.word(&found(Some(INK), Some(INK)));
        assert_eq!(tally.fault(), None);
        (tally.claimed, tally.unclaimed) = (90, 10);
        assert!(tally.fault().expect("a tenth").contains("90.00 % of the ink is in boxes"));
    }
}
