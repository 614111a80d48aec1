//! What is carried from one page of an answer to the next: the place in the reading order and the headings above it.

/// The headings above the current place, and how many elements came before it.
#[derive(Debug, Default)]
pub(in crate::parse) struct Outline {
    next: u32,
    headings: Vec<(u32, String)>,
    any_heading: bool,
}

impl Outline {
    /// Takes the next place in the reading order, counted from 0 through the whole answer.
    pub(in crate::parse) fn next_place(&mut self) -> u32 {
        let place = self.next;
        self.next += 1;
        place
    }

    /// Returns the texts of the headings above the current place, outermost first.
    pub(in crate::parse) fn path(&self) -> Vec<String> {
        self.headings.iter().map(|(_, text)| text.clone()).collect()
    }

    /// Says whether no heading has been entered yet.
    pub(in crate::parse) const fn is_untitled(&self) -> bool {
        !self.any_heading
    }

    /// Enters a heading (level from 1) and returns the path above it.
    pub(in crate::parse) fn enter(&mut self, level: u32, text: String) -> Vec<String> {
        self.any_heading = true;
        self.headings.retain(|(above, _)| *above < level);
        let above = self.path();
        self.headings.push((level, text));
        above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_ends_those_of_its_own_level_and_below() {
        let mut outline = Outline::default();
        assert!(outline.is_untitled());
        assert_eq!(outline.enter(1, "A".into()), Vec::<String>::new());
        assert_eq!(outline.enter(3, "A.x".into()), ["A"]);
        assert_eq!(outline.enter(2, "A.1".into()), ["A"]);
        assert_eq!(outline.path(), ["A", "A.1"]);
        assert_eq!(outline.enter(1, "B".into()), Vec::<String>::new());
        assert!(!outline.is_untitled());
    }

    #[test]
    fn places_count_from_zero() {
        let mut outline = Outline::default();
        assert_eq!([outline.next_place(), outline.next_place()], [0, 1]);
    }
}
