//! Changes of a text at single places, and what they do to spans of it. Offsets are Unicode scalar values.

use quire_schemas::element::CharSpan;

use super::place::{SOFT_HYPHEN, is_hyphen};

/// Changes at ascending places.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<Edit>);

#[derive(Debug, Clone, Copy)]
struct Edit {
    /// The place of the hyphen in the old text.
    at: u32,
    change: Change,
    /// By how much what stands behind it moves, the changes before it included.
    shift: i64,
}

/// What is changed at a hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Remove,
    /// Puts a space behind it.
    AddSpace,
}

impl Edits {
    /// Adds a change behind those before.
    pub(crate) fn push(&mut self, at: u32, change: Change) {
        let step = if change == Change::Remove { -1 } else { 1 };
        let shift = self.0.last().map_or(0, |edit| edit.shift) + step;
        self.0.push(Edit { at, change, shift });
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes the part of the text that begins at an offset. A space comes between characters only. `None` if a hyphen
    /// is not where it should be.
    pub(crate) fn apply(&self, part: &str, start: u32) -> Option<String> {
        let first = self.0.partition_point(|edit| edit.at < start);
        let mut edits = self.0[first..].iter().peekable();
        let mut changed = String::with_capacity(part.len() + 1);
        let mut characters = part.chars().enumerate().peekable();
        while let Some((index, character)) = characters.next() {
            let Some(edit) = edits.next_if(|edit| (edit.at - start) as usize == index) else {
                changed.push(character);
                continue;
            };
            if !is_hyphen(character) && character != SOFT_HYPHEN {
                return None;
            }
            if edit.change == Change::AddSpace {
                changed.push(character);
                changed.extend(characters.peek().map(|_| ' '));
            }
        }
        Some(changed)
    }

    /// Moves a span. A space that is added at its end is not part of it.
    pub(crate) fn moved(&self, [start, end]: CharSpan) -> CharSpan {
        let new_start = self.shifted(start, self.before(start));
        let before = self.before(end);
        let ends_at_space = before.is_some_and(|edit| edit.change == Change::AddSpace && edit.at + 1 == end);
        let new_end = self.shifted(end, before).saturating_sub(ends_at_space.into());
        [new_start, new_end.max(new_start)]
    }

    /// Returns the last change before an offset.
    fn before(&self, offset: u32) -> Option<&Edit> {
        self.0[..self.0.partition_point(|edit| edit.at < offset)].last()
    }

    fn shifted(&self, offset: u32, before: Option<&Edit>) -> u32 {
        let moved = i64::from(offset) + before.map_or(0, |edit| edit.shift);
        u32::try_from(moved.max(0)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edits(changes: &[(u32, Change)]) -> Edits {
        let mut edits = Edits::default();
        changes.iter().for_each(|(at, change)| edits.push(*at, *change));
        edits
    }

    #[test]
    fn a_span_moves_with_its_letters() {
        // a-b c-d
        let edits = edits(&[(1, Change::Remove), (5, Change::AddSpace)]);
        assert_eq!(edits.apply("a-b c-d", 0).as_deref(), Some("ab c- d"));
        for (old, new) in [
            ([0, 7], [0, 7]),
            ([0, 2], [0, 1]),
            ([2, 3], [1, 2]),
            ([1, 2], [1, 1]),
            ([4, 6], [3, 5]),
            ([6, 7], [6, 7]),
            ([6, 6], [6, 6]),
            ([u32::MAX, 0], [u32::MAX, u32::MAX]),
        ] {
            assert_eq!(edits.moved(old), new, "{old:?}");
        }
        assert_eq!(edits.apply("c-", 4).as_deref(), Some("c-"));
        assert_eq!(edits.apply("cd", 4), None);
    }

    fn slice(text: &str, [start, end]: CharSpan) -> String {
        text.chars().take(end as usize).skip(start as usize).collect()
    }

    proptest! {
        #[test]
        fn spans_name_the_same_letters_before_and_after(
            text in "[a-zé\u{1f600}\\- ]{0,40}",
            choices in proptest::collection::vec(0..3_u8, 40),
            cuts in proptest::collection::vec(0..41_u32, 0..8),
        ) {
            let mut edits = Edits::default();
            let text = text + "end";
            for ((at, character), choice) in (0..).zip(text.chars()).zip(choices) {
                match choice {
                    0 if character == '-' => edits.push(at, Change::Remove),
                    1 if character == '-' => edits.push(at, Change::AddSpace),
                    _ => {}
                }
            }
            let changed = edits.apply(&text, 0).expect("every change is at a hyphen");
            let length = u32::try_from(changed.chars().count()).expect("a short text");
            let most = u32::try_from(text.chars().count()).expect("a short text");
            let mut cuts: Vec<u32> = cuts.into_iter().map(|cut| cut.min(most)).collect();
            cuts.sort_unstable();
            let mut last = 0;
            for pair in cuts.windows(2) {
                let old = [pair[0], pair[1]];
                let [start, end] = edits.moved(old);
                prop_assert!(last <= start && start <= end && end <= length, "{:?} became {:?}", old, [start, end]);
                last = end;
                let letters = |text: String| text.replace(['-', ' '], "");
                prop_assert_eq!(letters(slice(&changed, [start, end])), letters(slice(&text, old)));
                let part = edits.apply(&slice(&text, old), old[0]).expect("every change is at a hyphen");
                prop_assert_eq!(part, slice(&changed, [start, end]));
            }
        }
    }
}
