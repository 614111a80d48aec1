//! Cells: what stands in one row on one side of a channel. Pure.

use super::{characters, lines::CHARACTERS_OF_A_WORD, rows::Item};

/// A gap that is wider, in units of the font size, parts two texts.
const WIDE_GAP: f64 = 1.5;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub(super) words: usize,
    pub(super) letters: usize,
    pub(super) digits: usize,
    pub(super) characters: usize,
    /// Whether it has an address of electronic mail.
    pub(super) has_at: bool,
    /// Texts with wide gaps between them.
    pub(super) parts: usize,
    pub(super) size: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    pub(super) ends_with_colon: bool,
    pub(super) has_block: bool,
    /// A number, letter or bullet of a list, and nothing else.
    pub(super) is_marker: bool,
}

impl Cell {
    /// `None` if there is nothing.
    pub(super) fn of(items: &[Item<'_>]) -> Option<Self> {
        let first = items.first()?;
        let (left, right, top, bottom) = (first.bbox.left(), first.bbox.right(), first.bbox.top(), first.bbox.bottom());
        let mut cell = Self { parts: 1, size: first.size, left, right, top, bottom, ..Self::default() };
        let mut end = first.bbox.left();
        for item in items {
            let gap = item.bbox.left() - end;
            cell.words += usize::from(gap > 0.14 * item.size || cell.words == 0);
            cell.parts += usize::from(gap > WIDE_GAP * item.size);
            end = end.max(item.bbox.right());
            cell.right = end;
            cell.top = cell.top.min(item.bbox.top());
            cell.bottom = cell.bottom.max(item.bbox.bottom());
            let unspaced = item.text.chars().filter(|character| characters::is_unspaced(*character)).count();
            cell.words += unspaced / CHARACTERS_OF_A_WORD;
            for character in item.text.chars() {
                cell.characters += 1;
                cell.letters += usize::from(character.is_alphabetic());
                cell.digits += usize::from(character.is_numeric());
            }
            cell.has_block |= item.is_block();
            cell.has_at |= item.text.contains('@');
        }
        cell.ends_with_colon = items.last().is_some_and(|item| item.text.ends_with(':'));
        cell.is_marker = cell.words == 1 && cell.characters <= 4 && (cell.letters <= 1 || cell.digits > 0);
        Some(cell)
    }

    /// Says whether half of it or more are digits.
    pub(super) const fn is_figure(&self) -> bool {
        2 * self.digits >= self.characters
    }
}
