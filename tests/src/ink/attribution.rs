//! Which ink of a page belongs to which word.

use quire_producer::schemas::element::BBox;

use super::{
    sheet::{Ink, Sheet, inks},
    view::View,
};
use crate::raster::Raster;

/// A pixel has ink if a channel is so much darker than paper: a quarter of it is covered.
const LEAST_INK: f64 = 64.0;
/// Ink of which more than this part lies in a box may belong to its word.
const SHARED: f64 = 0.1;
/// Ink that hangs together and has more words in it is no letters that touch.
const MOST_JOINED: usize = 3;

/// How the ink of a word is known.
#[derive(Debug, Clone, Copy)]
pub enum Attribution<'a> {
    /// The words of a sheet have colours of their own.
    Coloured(&'a Sheet),
    /// Ink that hangs together belongs to the word in whose box its middle lies. Ink around several words, such as a
    /// frame, belongs to none; nothing can be said of words that share some, such as letters that touch.
    Connected,
}

/// A word, its box as the engine tells it, and the box around its ink, both in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) word: String,
    /// `None` if the engine has no such word.
    pub(super) stated: Option<BBox>,
    /// `None` if no ink belongs to it.
    pub(super) ink: Option<BBox>,
}

/// What was found on a page.
#[derive(Debug, Default)]
pub(super) struct Attributed {
    pub(super) words: Vec<Found>,
    /// Connected pieces of ink that lie in a word's box by their middle.
    pub(super) claimed: usize,
    /// Those that lie in none.
    pub(super) unclaimed: usize,
    /// Words that share ink with others, and are not among the words.
    pub(super) shared: usize,
}

impl Attribution<'_> {
    pub(super) fn of(self, view: &View) -> Attributed {
        match self {
            Self::Coloured(sheet) => coloured(sheet, view),
            Self::Connected => connected(view),
        }
    }
}

fn coloured(sheet: &Sheet, view: &View) -> Attributed {
    let inks = inks();
    let mut found: Vec<Option<BBox>> = vec![None; inks.len()];
    for (at, ink) in inked(&view.raster) {
        let likeness = |other: &Ink| ink.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let nearest = (0..inks.len()).max_by(|&a, &b| likeness(&inks[a]).total_cmp(&likeness(&inks[b])));
        let word = &mut found[nearest.expect("there are inks")];
        *word = Some(word.map_or(at, |word| word.union(at)));
    }
    let words = sheet.words.iter().zip(found).map(|(word, ink)| {
        let stated = view.words.iter().find(|(text, _)| text == word).map(|(_, bbox)| *bbox);
        Found { word: word.clone(), stated, ink }
    });
    Attributed { words: words.collect(), ..Attributed::default() }
}

fn connected(view: &View) -> Attributed {
    let mut attributed = Attributed::default();
    let mut inks: Vec<Option<BBox>> = vec![None; view.words.len()];
    let mut shares = vec![false; view.words.len()];
    for piece in pieces(&view.raster) {
        if view.words.iter().filter(|(_, bbox)| piece.has_middle_of(*bbox)).count() > MOST_JOINED {
            continue;
        }
        let is_touched = |word: &usize| view.words[*word].1.overlap(piece) > SHARED * piece.area();
        let touched: Vec<usize> = (0..view.words.len()).filter(is_touched).collect();
        match touched[..] {
            [word] if view.words[word].1.has_middle_of(piece) => {
                attributed.claimed += 1;
                inks[word] = Some(inks[word].map_or(piece, |ink| ink.union(piece)));
            }
            [] | [_] => attributed.unclaimed += 1,
            _ => {
                for &word in &touched {
                    shares[word] = true;
                }
            }
        }
    }
    attributed.shared = shares.iter().filter(|shares| **shares).count();
    let words = view.words.iter().zip(inks).zip(shares).filter(|(_, shares)| !shares);
    let found = words.map(|(((word, bbox), ink), _)| Found { word: word.clone(), stated: Some(*bbox), ink });
    attributed.words = found.collect();
    attributed
}

/// Returns the pixels that have ink, with how much of red, green and blue it takes away.
fn inked(raster: &Raster) -> impl Iterator<Item = (BBox, Ink)> {
    let places = (0..raster.height).flat_map(|y| (0..raster.width).map(move |x| (x, y)));
    places.filter_map(|(x, y)| {
        let ink = raster.at(x, y)?.map(|channel| 255.0 - f64::from(channel));
        let (left, top) = (f64::from(x), f64::from(y));
        let has_ink = ink.into_iter().any(|channel| channel >= LEAST_INK);
        has_ink.then_some((BBox::new(left, top, left + 1.0, top + 1.0), ink))
    })
}

/// Returns the boxes of what hangs together, corners included.
fn pieces(raster: &Raster) -> Vec<BBox> {
    let width = raster.width as usize;
    let mut waiting = vec![false; width * raster.height as usize];
    for (at, _) in inked(raster) {
        waiting[at.top() as usize * width + at.left() as usize] = true;
    }
    let mut pieces = Vec::new();
    let mut open = Vec::new();
    for start in 0..waiting.len() {
        if !waiting[start] {
            continue;
        }
        waiting[start] = false;
        open.push(start);
        let mut piece: Option<BBox> = None;
        while let Some(pixel) = open.pop() {
            let (x, y) = (pixel % width, pixel / width);
            let at = BBox::new(x as f64, y as f64, x as f64 + 1.0, y as f64 + 1.0);
            piece = Some(piece.map_or(at, |piece| piece.union(at)));
            for (next_x, next_y) in
                (x.saturating_sub(1)..=x + 1).flat_map(|x| (y.saturating_sub(1)..=y + 1).map(move |y| (x, y)))
            {
                let next = next_y * width + next_x;
                if next_x < width && waiting.get(next).copied().unwrap_or_default() {
                    waiting[next] = false;
                    open.push(next);
                }
            }
        }
        pieces.extend(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{super::sheet::Pen, *};

    /// White paper with rectangles of one colour each.
    fn paper(areas: &[([u32; 4], [u8; 3])]) -> Raster {
        let (width, height) = (40, 20);
        let colour = |x: u32, y: u32| {
            let area = areas
                .iter()
                .find(|([left, top, right, bottom], _)| (*left..*right).contains(&x) && (*top..*bottom).contains(&y));
            area.map_or([255; 3], |(_, colour)| *colour)
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| colour(x, y)).collect();
        Raster::of_pixels(width, height, pixels)
    }

    fn word(text: &str, bbox: [f64; 4]) -> (String, BBox) {
        (text.to_owned(), BBox::new(bbox[0], bbox[1], bbox[2], bbox[3]))
    }

    #[test]
    fn thin_ink_belongs_to_the_word_of_its_colour() {
        let pen = Pen::new("Courier", 9.0);
        let sheet = Sheet::default().word("first", pen, (0.0, 0.0)).word("second", pen, (0.0, 0.0));
        // The first ink takes away blue, the second one green; what is laid on most thinly does not count.
        let (yellow, pink, paler) = ([255, 255, 0], [255, 175, 255], [255, 240, 255]);
        let raster = paper(&[([2, 2, 8, 6], yellow), ([9, 2, 12, 6], pink), ([13, 2, 14, 6], paler)]);
        let found = coloured(&sheet, &View { words: vec![word("first", [1.0, 1.0, 9.0, 7.0])], raster });
        let sides = |bbox: Option<BBox>| bbox.map(BBox::sides);
        let boxes: Vec<_> = found.words.iter().map(|found| (sides(found.stated), sides(found.ink))).collect();
        let first = (Some([1.0, 1.0, 9.0, 7.0]), Some([2.0, 2.0, 8.0, 6.0]));
        assert_eq!(boxes, [first, (None, Some([9.0, 2.0, 12.0, 6.0]))]);
    }

    #[test]
    fn nothing_is_said_of_words_whose_ink_touches() {
        let words = vec![word("one", [4.0, 4.0, 10.0, 12.0]), word("two", [10.0, 4.0, 16.0, 12.0])];
        let found = connected(&View { words, raster: paper(&[([5, 5, 15, 9], [0; 3])]) });
        assert_eq!((found.words.len(), found.shared, found.claimed, found.unclaimed), (0, 2, 0, 0));
    }

    #[test]
    fn ink_that_hangs_together_belongs_to_the_box_of_its_middle_and_a_frame_around_many_words_to_none() {
        let black = [0; 3];
        let frame =
            [([0, 0, 40, 1], black), ([0, 19, 40, 20], black), ([0, 0, 1, 20], black), ([39, 0, 40, 20], black)];
        let dots = [([5, 5, 8, 9], black), ([8, 9, 9, 12], black), ([20, 5, 26, 9], black), ([33, 15, 35, 17], black)];
        let specks = [([5, 14, 7, 16], black), ([20, 14, 22, 16], black)];
        let words = vec![
            word("one", [4.0, 4.0, 10.0, 12.0]),
            word("two", [19.0, 4.0, 27.0, 12.0]),
            word("three", [4.0, 13.0, 8.0, 17.0]),
            word("four", [19.0, 13.0, 23.0, 17.0]),
        ];
        let found = connected(&View { words, raster: paper(&[&frame[..], &dots, &specks].concat()) });
        let inks: Vec<_> = found.words.iter().map(|found| found.ink.map(BBox::sides)).collect();
        let expected =
            [[5.0, 5.0, 9.0, 12.0], [20.0, 5.0, 26.0, 9.0], [5.0, 14.0, 7.0, 16.0], [20.0, 14.0, 22.0, 16.0]];
        assert_eq!(inks, expected.map(Some));
        assert_eq!((found.claimed, found.unclaimed, found.shared), (4, 1, 0));
    }
}
