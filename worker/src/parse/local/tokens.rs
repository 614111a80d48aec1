//! Tokens: characters of one text object that stand close together, in libpdfium's order. A token is what the layout
//! moves; it never moves a character. Pure.

use quire_schemas::element::BBox;

use super::{
    characters::{self, Writing},
    content::{Glyph, GlyphSource, ObjectId, PageContent, TextObject},
    fonts::FontId,
    frames::Frame,
    marks::Marks,
    tags::Tag,
};

// In units of the font size.
/// A gap wider than this parts two tokens; whether it is a space is told by the whole line.
const GAP: f64 = 0.1;
/// Letters of a word are set closer or wider than usual by at most this.
const MOST_KERN: f32 = 0.2;
/// A character that begins this far before the end of the last one does not follow it.
const STEP_BACK: f64 = 0.5;
/// Characters above each other in one column are as far apart as this, at least and at most.
pub(super) const STEP_DOWN: (f64, f64) = (0.6, 1.7);
/// And shifted against each other by at most this.
const SHIFT_IN_COLUMN: f64 = 0.5;
/// A mark that stands this far outside of the last character does not belong to it.
const MARK_SHIFT: f64 = 0.6;
/// A space touches a word that is no further away.
const TOUCH: f64 = 0.15;
/// A space of which the next character covers more than this part is none. No length, but a share.
const COVERED: f64 = 0.7;
/// A digit that begins this far before the last character stands before it.
const STEP_OF_DIGIT: f64 = 0.2;
/// A character whose baseline differs by more does not follow the last one.
const SHIFT: f64 = 0.1;

/// Characters that stay together. Its boxes and baseline are in its frame, but for `place`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// In the order of reading, as the file has it.
    pub(super) text: String,
    pub(super) frame: Frame,
    pub(super) bbox: BBox,
    pub(super) baseline: f64,
    /// Where its first character from the left begins.
    pub(super) pen: f64,
    /// Around its ink, on the displayed page.
    pub(super) place: BBox,
    pub(super) size: f64,
    pub(super) font: FontId,
    pub(super) object: ObjectId,
    /// The writing of most of its letters.
    pub(super) writing: Writing,
    /// Whether the file has a space on its left, and on its right.
    pub(super) spaced: (bool, bool),
    /// Its place among the tokens of the page as libpdfium gives them.
    pub(super) order: u32,
    /// Whether the file has a space between the token before it in that order and itself.
    pub(super) follows_space: bool,
    /// The gaps between its letters, in units of the font size: below 0 if they are set close.
    pub(super) kerns: Vec<f32>,
    pub(super) tag: Option<Tag>,
}

impl Token {
    pub(super) fn first(&self) -> char {
        self.text.chars().next().unwrap_or(' ')
    }

    pub(super) fn last(&self) -> char {
        self.text.chars().next_back().unwrap_or(' ')
    }

    pub(super) fn is_one_character(&self) -> bool {
        self.text.chars().nth(1).is_none()
    }

    /// Lets an upright token stand in a line that runs down the page.
    pub(super) fn turn_down(&mut self) {
        let (upright, centre) = (self.bbox, (self.bbox.middle_x(), self.baseline));
        self.frame = Frame::DOWNWARDS;
        (self.pen, self.baseline) = self.frame.point(centre);
        self.bbox = self.frame.character_box(upright, centre, self.size);
    }
}

/// Gathers the characters of a page into tokens, without those that only `repeated` others.
pub(super) fn tokens(content: &PageContent, repeated: &[bool]) -> Vec<Token> {
    let mut tokens = Tokens { content, tokens: Vec::new(), open: None, space: None, room: Vec::new() };
    let marks = Marks::of(content, repeated);
    for (index, (glyph, repeated)) in content.glyphs.iter().zip(repeated).enumerate() {
        if glyph.source == GlyphSource::Added || *repeated || marks.is_moved(index) {
            continue;
        }
        tokens.glyph(glyph);
        for &mark in marks.behind(index) {
            tokens.mark(&content.glyphs[mark]);
        }
    }
    tokens.close();
    tokens.tokens
}

struct Tokens<'a> {
    content: &'a PageContent,
    tokens: Vec<Token>,
    open: Option<Open>,
    /// A space that was read after the last character.
    space: Option<Glyph>,
    /// Room for the characters of the next token: making it anew costs more than filling it.
    room: Vec<Placed>,
}

/// A character in its frame.
#[derive(Debug, Clone, Copy)]
struct Placed {
    character: char,
    bbox: BBox,
    origin: (f64, f64),
    ink: BBox,
    /// Whether it is a mark that another object draws.
    is_apart: bool,
}

/// A token in the making.
struct Open {
    object: ObjectId,
    frame: Frame,
    size: f64,
    font: FontId,
    characters: Vec<Placed>,
    /// The space that the file has before it.
    space: Option<Glyph>,
    tag: Option<Tag>,
}

impl Tokens<'_> {
    fn glyph(&mut self, glyph: &Glyph) {
        let Some(id) = glyph.object else { return };
        let Some(object) = self.content.objects.get(id.0 as usize) else { return };
        if glyph.character.is_whitespace() {
            // A space without a width is a hole in a line: other text may be drawn there.
            if Frame::of_angle(object.angle).advance_box(glyph, object.size).width() > 0.0 {
                self.space = Some(*glyph);
            }
            return;
        }
        let Some(character) = characters::reading_of(glyph) else { return };
        let goes_on =
            self.open.as_mut().filter(|_| self.space.is_none()).is_some_and(|open| open.take(character, glyph, id));
        if !goes_on {
            let before = self.close();
            let frame = frame_after(before.and_then(|index| self.tokens.get(index)), glyph, id, object);
            if let (Frame::DOWNWARDS, Some(first)) = (frame, before.and_then(|index| self.tokens.get_mut(index)))
                && first.frame == Frame::UPRIGHT
                && first.object == id
            {
                first.turn_down();
            }
            let space = self.space.take();
            let is_space = match (&space, before) {
                (Some(space), Some(before)) => self.note_space(before, space, glyph, frame),
                _ => true,
            };
            let mut open = Open::begin(id, object, frame, std::mem::take(&mut self.room));
            open.space = space.filter(|_| is_space);
            open.characters.push(open.placed(character, glyph));
            self.open = Some(open);
        }
    }

    /// Puts a mark that is drawn apart over the last character. It takes no room.
    fn mark(&mut self, glyph: &Glyph) {
        if let Some(open) = &mut self.open
            && let Some(character) = characters::reading_of(glyph)
            && let Some(&letter) = open.characters.last()
        {
            let character = characters::combining_accent(character).unwrap_or(character);
            open.characters.push(Placed { character, ink: glyph.ink, is_apart: true, ..letter });
        }
    }

    /// Notes a space between the last token and the next one, which begins with `next`, on the last one, if the space
    /// touches it or is of the same object. A space over which another object draws the next character is none.
    fn note_space(&mut self, before: usize, space: &Glyph, next: &Glyph, frame: Frame) -> bool {
        let last = &mut self.tokens[before];
        let (bbox, next_box) = (frame.advance_box(space, last.size), frame.advance_box(next, last.size));
        if space.object != next.object && next_box.shared_width(bbox) > COVERED * bbox.width() {
            return false;
        }
        let is_one_object = space.object == Some(last.object) && next.object == space.object;
        let baseline = frame.point(space.origin).1;
        if last.frame == frame && (baseline - last.baseline).abs() <= SHIFT * last.size {
            note_beside(
                &mut last.spaced,
                last.bbox,
                bbox,
                if is_one_object { f64::INFINITY } else { TOUCH * last.size },
            );
        }
        true
    }

    /// Ends the open token and returns its place.
    fn close(&mut self) -> Option<usize> {
        let Some(mut open) = self.open.take() else { return self.tokens.len().checked_sub(1) };
        let order = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        self.tokens.extend(open.token(order));
        open.characters.clear();
        self.room = open.characters;
        self.tokens.len().checked_sub(1)
    }
}

/// Returns the frame of a token that begins with this character. Characters that one text object sets one below the
/// other run downwards, though each of them is upright.
fn frame_after(before: Option<&Token>, glyph: &Glyph, id: ObjectId, object: &TextObject) -> Frame {
    let frame = Frame::of_angle(object.angle);
    let below = before.is_some_and(|before| {
        let size = object.size;
        let from = if before.frame == Frame::DOWNWARDS { before.pen } else { before.baseline };
        before.object == id
            && before.is_one_character()
            && (before.place.middle_x() - glyph.ink.middle_x()).abs() <= SHIFT_IN_COLUMN * size
            && (STEP_DOWN.0..=STEP_DOWN.1).contains(&((glyph.origin.1 - from) / size))
    });
    if frame == Frame::UPRIGHT && below { Frame::DOWNWARDS } else { frame }
}

/// Notes a space on the side of a token on which it stands, if it is no further away than `reach`.
fn note_beside(spaced: &mut (bool, bool), token: BBox, space: BBox, reach: f64) {
    if token.left() - space.right() > reach || space.left() - token.right() > reach {
        return;
    }
    if space.middle_x() >= token.middle_x() {
        spaced.1 = true;
    } else {
        spaced.0 = true;
    }
}

impl Open {
    fn begin(id: ObjectId, object: &TextObject, frame: Frame, room: Vec<Placed>) -> Self {
        let TextObject { size, font, tag, .. } = *object;
        Self { object: id, frame, size, font, characters: room, space: None, tag }
    }

    fn placed(&self, character: char, glyph: &Glyph) -> Placed {
        let bbox = self.frame.advance_box(glyph, self.size);
        Placed { character, bbox, origin: self.frame.point(glyph.origin), ink: glyph.ink, is_apart: false }
    }

    /// Takes a character in, if it belongs to the token.
    fn take(&mut self, character: char, glyph: &Glyph, id: ObjectId) -> bool {
        let Some(last) = self.characters.last().filter(|_| id == self.object) else { return false };
        let next = self.placed(character, glyph);
        let goes_on = self.continues_with(last, &next, glyph.character);
        if goes_on {
            self.characters.push(next);
        }
        goes_on
    }

    fn continues_with(&self, last: &Placed, next: &Placed, character: char) -> bool {
        let size = self.size;
        let is_over =
            || (next.ink.middle_x() - last.ink.middle_x()).abs() <= MARK_SHIFT * size + 0.5 * last.ink.width();
        if next.origin == last.origin || characters::is_combining(character) && is_over() {
            return true;
        }
        let to_the_right = next.bbox.left() - last.bbox.right();
        let to_the_left = last.bbox.left() - next.bbox.right();
        let gap = to_the_right.max(to_the_left) / size;
        (next.origin.1 - last.origin.1).abs() <= SHIFT * size && (-STEP_BACK..=GAP).contains(&gap)
    }

    /// `None` if it has no character.
    fn token(&mut self, order: u32) -> Option<Token> {
        let writing = majority(self.characters.iter().map(|placed| placed.character));
        match writing {
            Writing::RightToLeft => put_in_reading_order(&mut self.characters),
            Writing::LeftToRight => put_numbers_in_order_of_the_page(&mut self.characters, self.size),
            // libpdfium turns punctuation among letters from right to left.
            Writing::Number | Writing::Neutral => put_in_order_of_the_page(&mut self.characters),
        }
        let bbox = self.characters.iter().map(|placed| placed.bbox).reduce(BBox::union)?;
        let mut spaced = (false, false);
        if let Some(space) = &self.space {
            note_beside(&mut spaced, bbox, self.frame.advance_box(space, self.size), TOUCH * self.size);
        }
        let are_letters = |pair: &&[Placed]| pair.iter().all(|placed| placed.character.is_alphabetic());
        let kern = |pair: &[Placed]| ((pair[1].bbox.left() - pair[0].bbox.right()) / self.size) as f32;
        let kerns =
            self.characters.windows(2).filter(are_letters).map(kern).filter(|gap| gap.abs() <= MOST_KERN).collect();
        let inked = self.characters.iter().map(|placed| placed.ink);
        let place = inked.clone().filter(|ink| ink.width() > 0.0 || ink.height() > 0.0).reduce(BBox::union);
        Some(Token {
            text: self.characters.iter().map(|placed| placed.character).collect(),
            frame: self.frame,
            bbox,
            baseline: self.characters[0].origin.1,
            pen: self.characters.iter().map(|placed| placed.origin.0).fold(f64::INFINITY, f64::min),
            place: place.or_else(|| inked.reduce(BBox::union))?,
            size: self.size,
            font: self.font,
            object: self.object,
            writing,
            spaced,
            order,
            follows_space: self.space.is_some(),
            kerns,
            tag: self.tag,
        })
    }
}

/// Returns the writing of most letters; digits do not vote, unless there is nothing else.
pub(super) fn majority(characters: impl Iterator<Item = char>) -> Writing {
    let (mut right, mut left, mut numbers) = (0_usize, 0_usize, 0_usize);
    for character in characters {
        match characters::writing(character) {
            Writing::LeftToRight => right += 1,
            Writing::RightToLeft => left += 1,
            Writing::Number => numbers += 1,
            Writing::Neutral => {}
        }
    }
    match (right, left, numbers) {
        (0, 0, 0) => Writing::Neutral,
        (0, 0, _) => Writing::Number,
        _ if left > right => Writing::RightToLeft,
        _ => Writing::LeftToRight,
    }
}

/// Says whether a text is written from right to left.
pub(crate) fn runs_leftwards(text: &str) -> bool {
    majority(text.chars()) == Writing::RightToLeft
}

/// Puts the characters of a word of Hebrew or Arabic into the order in which they are read.
///
/// libpdfium turns some words round and leaves others as they are drawn. A word whose characters run to the right on
/// the page is turned here, numbers inside it left as they are, and marks behind their letter again. With a word
/// libpdfium turns the letters of one glyph, which the file gives in their order: lam-alef comes as alef-lam.
fn put_in_reading_order(characters: &mut [Placed]) {
    if runs(characters, f64::gt) > runs(characters, f64::lt) {
        turn(characters);
        for run in characters.chunk_by_mut(|a, b| is_forward(a.character) && is_forward(b.character)) {
            if run.len() > 1 && is_forward(run[0].character) {
                run.reverse();
            }
        }
    }
    for glyph in characters.chunk_by_mut(|a, b| a.origin == b.origin && !b.is_apart) {
        put_glyph_in_order(glyph);
    }
}

/// Puts the letters of one glyph from right to left into their order. libpdfium gives each its part of the box, or all
/// of them the whole box; then they come turned round with their word, but for those of a presentation form.
fn put_glyph_in_order(letters: &mut [Placed]) {
    if letters.windows(2).any(|pair| pair[0].ink != pair[1].ink) {
        letters.sort_by(|a, b| b.ink.left().total_cmp(&a.ink.left()));
    } else if letters.len() > 1 {
        let text: String = letters.iter().map(|placed| placed.character).collect();
        if !characters::is_spelled_form(&text) {
            letters.reverse();
        }
    }
}

fn put_in_order_of_the_page(characters: &mut [Placed]) {
    if runs(characters, f64::lt) > runs(characters, f64::gt) {
        turn(characters);
    }
}

/// Puts the characters of a word with digits from left to right: in a line from right to left libpdfium takes the
/// digits of `4K` for a word of their own, and turns the two. Letters of one glyph and marks stay behind their letter.
fn put_numbers_in_order_of_the_page(characters: &mut [Placed], size: f64) {
    let steps_back = |pair: &[Placed]| pair[1].origin.0 < pair[0].origin.0 - STEP_OF_DIGIT * size;
    let has_digit = characters.iter().any(|placed| placed.character.is_numeric());
    if !has_digit || !characters.windows(2).any(steps_back) {
        return;
    }
    let mut place = f64::NEG_INFINITY;
    let mut places: Vec<(f64, Placed)> = Vec::with_capacity(characters.len());
    for placed in characters.iter() {
        if !characters::is_combining(placed.character) && !placed.is_apart {
            place = placed.origin.0;
        }
        places.push((place, *placed));
    }
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (placed, (_, sorted)) in characters.iter_mut().zip(places) {
        *placed = sorted;
    }
}

/// Counts the letters, or characters of a word without letters, that begin further to the right, or to the left, than
/// the one before.
fn runs(characters: &[Placed], is: fn(&f64, &f64) -> bool) -> usize {
    let is_strong = |placed: &&Placed| characters::writing(placed.character) == Writing::RightToLeft;
    let letters: Vec<&Placed> = characters.iter().filter(is_strong).collect();
    let counted = if letters.is_empty() { characters.iter().collect() } else { letters };
    counted.windows(2).filter(|pair| is(&pair[1].origin.0, &pair[0].origin.0)).count()
}

/// Turns characters round; marks stay behind their letter.
fn turn(characters: &mut [Placed]) {
    let is_mark = |placed: &Placed| characters::is_combining(placed.character);
    characters.reverse();
    for marked in characters.chunk_by_mut(|before, _| is_mark(before)) {
        if marked.last().is_some_and(|letter| !is_mark(letter)) {
            marked.reverse();
        }
    }
}

fn is_forward(character: char) -> bool {
    matches!(characters::writing(character), Writing::Number | Writing::LeftToRight)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Page, *};

    fn texts(page: &Page) -> Vec<String> {
        let content = page.content();
        let mut tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        super::super::vertical::turn(&mut tokens);
        tokens.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn spaces_gaps_and_text_objects_part_tokens() {
        let page = Page::new().write("one two", 50.0, 100.0).write("x", 85.0, 100.0);
        assert_eq!(texts(&page), ["one", "two", "x"]);
        assert_eq!(texts(&Page::new().spacing(1.5).write("abc", 50.0, 100.0)), ["a", "b", "c"]);
        assert_eq!(texts(&Page::new().spacing(0.9).write("abc", 50.0, 100.0)), ["abc"]);
    }

    #[test]
    fn a_word_from_right_to_left_is_read_in_its_order_however_it_is_handed_over() {
        // libpdfium hands words over in reading order: their places run to the left.
        assert_eq!(texts(&Page::new().write_leftwards("שלום", 90.0, 100.0)), ["שלום"]);
        assert_eq!(texts(&Page::new().write("םולש", 50.0, 100.0)), ["שלום"]);
        let turned = Page::new().write("K", 55.0, 100.0).write("4", 50.0, 100.0).and(|page| {
            page.glyphs.iter_mut().for_each(|glyph| glyph.object = Some(ObjectId(0)));
        });
        assert_eq!(texts(&turned), ["4K"]);
        let lam_alef = Page::new().write_leftwards("س", 90.0, 100.0).ligature("ال", 80.0, 100.0);
        assert_eq!(texts(&lam_alef), ["س", "لا"]);
    }
}
