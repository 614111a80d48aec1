//! Marks that are drawn apart from their letter: vowel signs, points and tones may be text objects of their own, drawn
//! before it or long after it. Each is read behind the letter that it stands on. Pure.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::element::BBox;

use super::{
    characters,
    content::{Glyph, ObjectId, PageContent},
    frames::Frame,
};

// In units of the font size.
/// A mark stands on a letter if its middle is no further outside of it than this.
const OUTSIDE: f64 = 0.12;
/// The baselines of a mark and its letter differ by at most this.
const SHIFT: f64 = 0.6;
/// A mark that is no further than this beside the character before it, in the same text object, stands on that one.
const BESIDE: f64 = 0.4;

/// An accent shares this part of its width with its letter, or of the letter's if that is narrower. A share.
const OVER_LETTER: f64 = 0.5;

/// Baselines are looked up in bands of so many points.
const BAND: f64 = 4.0;
/// Most bands on each side, and most letters on each side in a band, that are looked at.
const MOST_BANDS: i64 = 16;
const MOST_NEIGHBOURS: usize = 8;
/// Most marks of one letter.
const MOST_MARKS: usize = 8;

/// Which marks are read behind which characters.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Marks {
    /// The places of those marks among the characters of the page.
    moved: BTreeSet<usize>,
    /// By the place of the character behind which they are read.
    behind: BTreeMap<usize, Vec<usize>>,
}

impl Marks {
    /// Finds the marks that are drawn apart.
    pub(super) fn of(content: &PageContent, repeated: &[bool]) -> Self {
        let glyphs = &content.glyphs;
        let mut apart = Vec::new();
        let mut before: Option<&Glyph> = None;
        let mut is_apart = false;
        for (index, glyph) in glyphs.iter().enumerate() {
            if glyph.object.is_none() || repeated.get(index).copied().unwrap_or_default() {
                continue;
            }
            // A mark of the same object as one that is drawn apart is so, too.
            let goes_on = is_apart && before.is_some_and(|before| before.object == glyph.object);
            is_apart = characters::is_nonspacing(glyph.character)
                && (goes_on || !before.is_some_and(|before| is_on(content, glyph, before)));
            let is_accent = characters::combining_accent(glyph.character).is_some();
            let begins = before.is_none_or(|before| before.object != glyph.object);
            if is_apart || is_accent && (begins || is_over_neighbour(content, index)) {
                apart.push(index);
            }
            before = Some(glyph);
        }
        let mut marks = Self::default();
        if apart.is_empty() {
            return marks;
        }
        let letters = Letters::of(content, repeated);
        for mark in apart {
            let Some(letter) = letters.under(content, &glyphs[mark]) else { continue };
            let is_with = |glyph: &Glyph| is_mark_with(glyph, &glyphs[letter]);
            if letter < mark && mark - letter <= MOST_MARKS && glyphs[letter + 1..=mark].iter().all(is_with) {
                continue;
            }
            marks.moved.insert(mark);
            marks.behind.entry(letter).or_default().push(mark);
        }
        marks.behind = std::mem::take(&mut marks.behind)
            .into_iter()
            .map(|(letter, mut behind)| {
                // Vowel signs of Thai, whose class is 0, come before its tones; NFC orders all others.
                behind.sort_by_key(|&mark| characters::combining_class(glyphs[mark].character) > 0);
                (marks.last_on(content, repeated, letter), behind)
            })
            .collect();
        marks
    }

    /// Says whether a character is read behind another one, and not in its place.
    pub(super) fn is_moved(&self, index: usize) -> bool {
        self.moved.contains(&index)
    }

    /// Returns the marks that are read behind a character.
    pub(super) fn behind(&self, index: usize) -> &[usize] {
        self.behind.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Returns the place of the last mark that is read with a letter in its own place, or of the letter itself.
    fn last_on(&self, content: &PageContent, repeated: &[bool], letter: usize) -> usize {
        let glyphs = &content.glyphs;
        let is_with = |next: &usize| is_mark_with(&glyphs[*next], &glyphs[letter]);
        let stays = |next: &usize| !self.is_moved(*next) && !repeated.get(*next).copied().unwrap_or_default();
        (letter + 1..glyphs.len()).take_while(is_with).filter(stays).last().unwrap_or(letter)
    }
}

/// Says whether a character is a mark that the text object of a letter draws.
fn is_mark_with(glyph: &Glyph, letter: &Glyph) -> bool {
    glyph.object == letter.object && characters::is_nonspacing(glyph.character)
}

/// Says whether a mark stands on the character before it, as the same text object draws it.
fn is_on(content: &PageContent, mark: &Glyph, before: &Glyph) -> bool {
    let Some(place) = Place::of(content, mark).filter(|_| mark.object == before.object) else { return false };
    let Some(host) = Place::of(content, before) else { return false };
    place.outside(&host) <= BESIDE * place.size
}

/// Says whether an accent with a width of its own lies over the letter before or behind it, as TeX draws them.
fn is_over_neighbour(content: &PageContent, index: usize) -> bool {
    let Some(place) = Place::of(content, &content.glyphs[index]) else { return false };
    let is_under = |letter: &Glyph| {
        letter.character.is_alphabetic() && Place::of(content, letter).is_some_and(|host| host.holds(&place))
    };
    let neighbours = [index.checked_sub(1), index.checked_add(1)].into_iter().flatten();
    neighbours.filter_map(|beside| content.glyphs.get(beside)).any(is_under)
}

/// A character in its frame.
struct Place {
    frame: Frame,
    bbox: BBox,
    ink: BBox,
    /// The middle of its ink, along its writing.
    middle: f64,
    baseline: f64,
    size: f64,
}

impl Place {
    fn of(content: &PageContent, glyph: &Glyph) -> Option<Self> {
        let ObjectId(object) = glyph.object?;
        let object = content.objects.get(object as usize)?;
        let frame = Frame::of_angle(object.angle);
        let ink = frame.character_box(glyph.ink, glyph.origin, object.size);
        Some(Self {
            frame,
            bbox: frame.character_box(glyph.bbox, glyph.origin, object.size).union(ink),
            ink,
            middle: ink.middle_x(),
            baseline: frame.point(glyph.origin).1,
            size: object.size,
        })
    }

    /// Returns the place of a letter with the marks that the same glyph draws: each has a part of its box.
    fn with_marks(content: &PageContent, letter: usize) -> Option<Self> {
        let first = content.glyphs.get(letter)?;
        let mut place = Self::of(content, first)?;
        let marks = content.glyphs[letter + 1..].iter().take(MOST_MARKS);
        for mark in marks.take_while(|glyph| is_mark_with(glyph, first)) {
            place.bbox = place.bbox.union(place.frame.character_box(mark.bbox, mark.origin, place.size));
        }
        Some(place)
    }

    /// Returns how far its middle lies outside of another one, along the writing.
    fn outside(&self, other: &Self) -> f64 {
        (other.bbox.left() - self.middle).max(self.middle - other.bbox.right()).max(0.0)
    }

    /// Says whether an accent lies over half of it, or half of the accent over it.
    fn holds(&self, accent: &Self) -> bool {
        let least = OVER_LETTER * self.ink.width().min(accent.ink.width());
        self.frame == accent.frame && least > 0.0 && self.ink.shared_width(accent.ink) >= least
    }

    fn band(&self) -> i64 {
        (self.baseline / BAND).floor() as i64
    }
}

/// The letters of a page, by frame, band and place along the writing.
struct Letters(BTreeMap<(Frame, i64), Vec<(f64, usize)>>);

impl Letters {
    fn of(content: &PageContent, repeated: &[bool]) -> Self {
        let mut letters: BTreeMap<(Frame, i64), Vec<(f64, usize)>> = BTreeMap::new();
        for (index, glyph) in content.glyphs.iter().enumerate() {
            let character = glyph.character;
            let is_mark = characters::is_nonspacing(character) || characters::combining_accent(character).is_some();
            let is_letter = character.is_alphanumeric() && !is_mark;
            if !is_letter || repeated.get(index).copied().unwrap_or_default() {
                continue;
            }
            if let Some(place) = Place::with_marks(content, index) {
                letters.entry((place.frame, place.band())).or_default().push((place.bbox.middle_x(), index));
            }
        }
        for band in letters.values_mut() {
            band.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Self(letters)
    }

    /// Returns the letter that a mark stands on: the one whose middle is nearest.
    fn under(&self, content: &PageContent, mark: &Glyph) -> Option<usize> {
        let place = Place::of(content, mark)?;
        let reach = ((SHIFT * place.size / BAND).ceil() as i64).min(MOST_BANDS);
        let bands = (place.band() - reach..=place.band() + reach).filter_map(|band| self.0.get(&(place.frame, band)));
        let near = bands.flat_map(|band| {
            let at = band.partition_point(|(middle, _)| *middle < place.middle);
            band[at.saturating_sub(MOST_NEIGHBOURS)..].iter().take(2 * MOST_NEIGHBOURS)
        });
        let distance = |&(_, letter): &(f64, usize)| {
            let host = Place::with_marks(content, letter)?;
            let shift = (host.baseline - place.baseline).abs();
            let accent = characters::combining_accent(mark.character);
            let fits = place.outside(&host) <= OUTSIDE * place.size
                && (accent.is_none() || host.holds(&place))
                && shift <= SHIFT * place.size.min(host.size)
                && characters::may_stand_on(accent.unwrap_or(mark.character), content.glyphs[letter].character);
            fits.then(|| ((host.bbox.middle_x() - place.middle).abs() + shift, letter))
        };
        near.filter_map(distance).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, letter)| letter)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Page, *};

    fn moved(page: &Page) -> Vec<(usize, Vec<usize>)> {
        let content = page.content();
        Marks::of(&content, &vec![false; content.glyphs.len()]).behind.into_iter().collect()
    }

    #[test]
    fn a_mark_is_read_behind_the_letter_that_it_stands_on() {
        // The letters are 5 points wide; the mark over the second one is drawn last, or first.
        let word = |page: Page| page.write("กขค", 50.0, 100.0);
        assert_eq!(moved(&word(Page::new()).write("\u{e4c}", 55.5, 100.0)), [(1, vec![3])]);
        assert_eq!(moved(&word(Page::new().write("\u{e4c}", 55.5, 100.0))), [(2, vec![0])]);
        // Two marks: the vowel sign before the tone.
        let two = word(Page::new()).write("\u{e48}", 55.5, 100.0).write("\u{e34}", 55.4, 100.0);
        assert_eq!(moved(&two), [(1, vec![4, 3])]);
    }

    #[test]
    fn an_accent_with_a_width_of_its_own_is_read_behind_the_letter_under_it() {
        assert_eq!(
            moved(&Page::new().write("B", 50.0, 100.0).write("¨", 55.0, 100.0).write("orsch", 55.2, 100.0)),
            [(2, vec![1])]
        );
        assert_eq!(
            moved(&Page::new().write("Bo", 50.0, 100.0).write("¨", 55.0, 100.0).write("rsch", 60.0, 100.0)),
            [(1, vec![2])]
        );
        assert_eq!(moved(&Page::new().write("a^b ~c", 50.0, 100.0)), []);
    }

    #[test]
    fn a_mark_that_the_file_gives_with_its_letter_stays_and_a_mark_on_nothing_too() {
        assert_eq!(moved(&Page::new().write("e\u{301}a", 50.0, 100.0)), []);
        assert_eq!(moved(&Page::new().write("abc", 50.0, 100.0).write("\u{301}", 90.0, 100.0)), []);
        assert_eq!(moved(&Page::new().write("abc", 50.0, 100.0).write("\u{301}", 55.0, 130.0)), []);
        // A point of Hebrew does not stand on a letter of another script.
        assert_eq!(moved(&Page::new().write("abc", 50.0, 100.0).write("\u{5b8}", 55.5, 100.0)), []);
    }
}
