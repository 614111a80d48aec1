//! The letters and digits of a page as a multiset: how many of those that the page shows stand in its elements. Pure.
//!
//! Ligatures and presentation forms count as the letters that they show, and accents not at all: the layout may compose
//! them. Spaces and signs are left out, because the layout adds and joins them.

use std::collections::HashMap;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Block, lines::Piece, visibility::Layer};

/// How often each letter and digit occurs.
#[derive(Debug)]
pub(super) struct Letters {
    ascii: [u32; 128],
    others: HashMap<char, u32, foldhash::fast::RandomState>,
    all: u32,
}

impl Letters {
    /// Counts those that the page shows or that its text layer has.
    pub(super) fn of(pieces: &[Piece]) -> Self {
        let mut letters = Self { ascii: [0; 128], others: HashMap::default(), all: 0 };
        for piece in pieces.iter().filter(|piece| is_shown(piece.layer)) {
            each_letter(&piece.token.text, |letter| letters.add(letter));
        }
        letters
    }

    pub(super) const fn all(&self) -> u32 {
        self.all
    }

    /// Counts those that stand in elements: each as often as it stands in both.
    pub(super) fn placed_in(mut self, blocks: &[Block]) -> u32 {
        let mut placed = 0;
        let mut take = |text: &str| each_letter(text, |letter| placed += u32::from(self.take(letter)));
        for block in blocks {
            match block {
                Block::Paragraph(paragraph) if is_shown(paragraph.layer) => take(&paragraph.text),
                Block::Table(table) if is_shown(table.layer) => {
                    table.table.cells.iter().for_each(|cell| take(&cell.content.text));
                }
                Block::Paragraph(_) | Block::Table(_) => {}
            }
        }
        placed
    }

    fn add(&mut self, letter: char) {
        self.all += 1;
        *self.count(letter) += 1;
    }

    /// Takes one of these letters away; says whether there was one.
    fn take(&mut self, letter: char) -> bool {
        let count = self.count(letter);
        let is_there = *count > 0;
        *count -= u32::from(is_there);
        is_there
    }

    fn count(&mut self, letter: char) -> &mut u32 {
        if letter.is_ascii() { &mut self.ascii[letter as usize] } else { self.others.entry(letter).or_default() }
    }
}

const fn is_shown(layer: Layer) -> bool {
    !matches!(layer, Layer::Hidden(_))
}

fn each_letter(text: &str, mut take: impl FnMut(char)) {
    for character in text.chars() {
        if character.is_ascii() {
            if character.is_ascii_alphanumeric() {
                take(character);
            }
        } else {
            character
                .nfkd()
                .filter(|letter| letter.is_alphanumeric() && !is_combining_mark(*letter))
                .for_each(&mut take);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Block, findings::Placement, lay_out, lay_out_without_tables, testing::Page};

    fn placement(page: &Page) -> Placement {
        lay_out(page.content()).findings.placement
    }

    #[test]
    fn every_letter_that_a_page_shows_stands_in_an_element() {
        let page =
            Page::new().write("Two wo\u{fb01}rds, 3\u{b2}", 50.0, 100.0).write("cafe\u{301} \u{d55c}", 50.0, 112.0);
        let expected = Placement { given: 18, repeated: 0, letters: 19, placed: 19 };
        assert_eq!(placement(&page), expected);
    }

    #[test]
    fn what_is_drawn_twice_or_unseen_is_told_apart() {
        let page = Page::new().write("twice", 50.0, 100.0).write("twice", 50.2, 100.0).write("unseen", 50.0, 300.0);
        let page = page.with(|text| text.painted = false);
        assert_eq!(placement(&page), Placement { given: 16, repeated: 5, letters: 5, placed: 5 });
    }

    #[test]
    fn letters_of_cells_are_placed_with_and_without_a_search_for_tables() {
        let rows = [("Country", "Sales"), ("Finland", "12.5"), ("Norway", "7.0"), ("Sweden", "9.1")];
        let page = (0..).zip(rows).fold(Page::new(), |page, (row, (name, figure))| {
            let y = 100.0 + 14.0 * f64::from(row);
            page.write(name, 50.0, y).write(figure, 200.0, y).write(figure, 300.0, y)
        });
        for (text, has_tables) in [(lay_out(page.content()), true), (lay_out_without_tables(page.content()), false)] {
            assert_eq!(text.blocks.iter().any(|block| matches!(block, Block::Table(_))), has_tables);
            let Placement { letters, placed, .. } = text.findings.placement;
            assert_eq!((letters, placed), (50, 50));
        }
    }
}
