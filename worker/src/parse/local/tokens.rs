//! Tokens: characters of one text object that stand close together, in libpdfium's order. A token is what the layout
//! moves; it never moves a character. Pure.

use quire_schemas::element::BBox;

use super::{
    characters::{self, Writing},
    content::{Glyph, GlyphSource, ObjectId, PageContent, TextObject},
    fonts::FontId,
    frames::Frame,
};

// In units of the font size.
/// A gap wider than this parts two tokens; whether it is a space is told by the whole line.
const GAP: f64 = 0.1;
/// A character that begins this far before the end of the last one does not follow it.
const STEP_BACK: f64 = 0.5;
/// A character whose baseline differs by more does not follow the last one.
const SHIFT: f64 = 0.1;
/// Characters above each other are as far apart as this, at least and at most, where writing runs downwards.
const STEP_DOWN: (f64, f64) = (0.6, 1.7);

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
}

/// Gathers the characters of a page into tokens, without those that only `repeated` others.
pub(super) fn tokens(content: &PageContent, repeated: &[bool]) -> Vec<Token> {
    let mut tokens = Tokens { content, tokens: Vec::new(), open: None, space: false };
    for (glyph, repeated) in content.glyphs.iter().zip(repeated) {
        if glyph.source == GlyphSource::Added || *repeated {
            continue;
        }
        tokens.glyph(glyph);
    }
    tokens.close();
    tokens.tokens
}

struct Tokens<'a> {
    content: &'a PageContent,
    tokens: Vec<Token>,
    open: Option<Open>,
    /// Whether a space was read after the last character.
    space: bool,
}

/// A character in its frame.
#[derive(Debug, Clone, Copy)]
struct Placed {
    character: char,
    bbox: BBox,
    origin: (f64, f64),
    ink: BBox,
}

/// A token in the making.
struct Open {
    object: ObjectId,
    frame: Frame,
    size: f64,
    font: FontId,
    characters: Vec<Placed>,
}

impl Tokens<'_> {
    fn glyph(&mut self, glyph: &Glyph) {
        let Some(id) = glyph.object else { return };
        let Some(object) = self.content.objects.get(id.0 as usize) else { return };
        if glyph.character.is_whitespace() {
            self.space = true;
            return;
        }
        let Some(character) = characters::reading_of(glyph) else { return };
        let follows = !self.space && self.open.as_ref().is_some_and(|open| open.continues_with(glyph, id));
        if !follows {
            let before = self.close();
            let frame = frame_after(before.and_then(|index| self.tokens.get(index)), glyph, id, object);
            self.open = Some(Open::begin(id, object, frame));
            let space = std::mem::take(&mut self.space);
            if let (true, Some(before)) = (space, before) {
                self.note_space(before, glyph, id, frame);
            }
        }
        if let Some(open) = &mut self.open {
            open.push(character, glyph);
        }
    }

    /// Notes the space between the last token and the next one, which begins with `glyph`, on the side on which it is.
    fn note_space(&mut self, before: usize, glyph: &Glyph, id: ObjectId, frame: Frame) {
        let last = &mut self.tokens[before];
        if last.object != id || last.frame != frame {
            return;
        }
        let (x, _) = frame.point(glyph.origin);
        if x >= last.bbox.middle_x() {
            last.spaced.1 = true;
        } else {
            last.spaced.0 = true;
        }
    }

    /// Ends the open token and returns its place.
    fn close(&mut self) -> Option<usize> {
        let Some(open) = self.open.take() else { return self.tokens.len().checked_sub(1) };
        let order = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX);
        self.tokens.extend(open.into_token(order));
        self.tokens.len().checked_sub(1)
    }
}

/// Returns the frame of a token that begins with this character. Characters of Chinese and Japanese that one text object
/// sets one below the other run downwards, though each of them is upright.
fn frame_after(before: Option<&Token>, glyph: &Glyph, id: ObjectId, object: &TextObject) -> Frame {
    let frame = Frame::of_angle(object.angle);
    let below = before.is_some_and(|before| {
        let (x, y) = glyph.origin;
        let down = (y - before.place.bottom()) / object.size.max(1.0) + 1.0;
        before.object == id
            && characters::is_cjk(glyph.character)
            && before.is_one_character()
            && (before.place.middle_x() - x).abs() <= object.size
            && (STEP_DOWN.0..=STEP_DOWN.1).contains(&down)
    });
    if frame == Frame::UPRIGHT && below { Frame::DOWNWARDS } else { frame }
}

impl Open {
    fn begin(id: ObjectId, object: &TextObject, frame: Frame) -> Self {
        Self { object: id, frame, size: object.size, font: object.font, characters: Vec::new() }
    }

    fn placed(&self, character: char, glyph: &Glyph) -> Placed {
        let bbox = self.frame.character_box(glyph.bbox, glyph.origin, self.size);
        Placed { character, bbox, origin: self.frame.point(glyph.origin), ink: glyph.ink }
    }

    fn continues_with(&self, glyph: &Glyph, id: ObjectId) -> bool {
        let Some(last) = self.characters.last().filter(|_| id == self.object) else { return false };
        let next = self.placed(glyph.character, glyph);
        let size = self.size.max(1.0);
        if next.origin == last.origin || characters::is_combining(glyph.character) {
            return true;
        }
        let to_the_right = next.bbox.left() - last.bbox.right();
        let to_the_left = last.bbox.left() - next.bbox.right();
        let gap = to_the_right.max(to_the_left) / size;
        (next.origin.1 - last.origin.1).abs() <= SHIFT * size && (-STEP_BACK..=GAP).contains(&gap)
    }

    fn push(&mut self, character: char, glyph: &Glyph) {
        let placed = self.placed(character, glyph);
        self.characters.push(placed);
    }

    /// `None` if it has no character.
    fn into_token(mut self, order: u32) -> Option<Token> {
        let writing = majority(self.characters.iter().map(|placed| placed.character));
        if writing == Writing::RightToLeft {
            put_in_reading_order(&mut self.characters);
        }
        let bbox = self.characters.iter().map(|placed| placed.bbox).reduce(BBox::union)?;
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
            spaced: (false, false),
            order,
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
/// libpdfium turns some words round and leaves others as they are drawn. A word whose characters run to the right on the
/// page is turned here, numbers inside it left as they are, and marks behind their letter again. With a word libpdfium
/// turns the letters of one glyph, which the file gives in their order: lam-alef comes as alef-lam.
fn put_in_reading_order(characters: &mut [Placed]) {
    let runs_right = characters.windows(2).filter(|pair| pair[1].origin.0 > pair[0].origin.0).count();
    let runs_left = characters.windows(2).filter(|pair| pair[1].origin.0 < pair[0].origin.0).count();
    if runs_right > runs_left {
        characters.reverse();
        for run in characters.chunk_by_mut(|a, b| is_forward(a.character) && is_forward(b.character)) {
            if run.len() > 1 && is_forward(run[0].character) {
                run.reverse();
            }
        }
        for index in 1..characters.len() {
            if characters::is_combining(characters[index - 1].character)
                && !characters::is_combining(characters[index].character)
            {
                characters.swap(index - 1, index);
            }
        }
    }
    // The name of God is one glyph with three letters or four.
    for glyph in characters.chunk_by_mut(|a, b| a.origin == b.origin).filter(|glyph| glyph.len() > 2) {
        if glyph[0].character == 'ه' {
            glyph.reverse();
        }
    }
    for index in 1..characters.len() {
        let (first, second) = (characters[index - 1], characters[index]);
        if first.origin == second.origin && is_alef(first.character) && second.character == 'ل' {
            characters.swap(index - 1, index);
        }
    }
}

const fn is_alef(character: char) -> bool {
    matches!(character, 'ا' | 'أ' | 'إ' | 'آ' | 'ٱ')
}

fn is_forward(character: char) -> bool {
    matches!(characters::writing(character), Writing::Number | Writing::LeftToRight)
}

/// Lets single characters of Chinese and Japanese run downwards where each stands nearer to the one below or above
/// than to any beside it.
pub(super) fn turn_vertical(tokens: &mut [Token]) {
    let is_single =
        |token: &Token| token.frame == Frame::UPRIGHT && token.is_one_character() && characters::is_cjk(token.first());
    let mut singles: Vec<usize> = (0..tokens.len()).filter(|&index| is_single(&tokens[index])).collect();
    let mut nearest: Vec<[f64; 2]> = vec![[f64::INFINITY; 2]; tokens.len()];
    for across in [0, 1] {
        // Neighbours in one direction stand on one line across it: sort by that line, then along.
        let line = |token: &Token| {
            let (x, y) = (token.bbox.middle_x(), token.baseline);
            let (line, along) = if across == 0 { (y, x) } else { (x, y) };
            ((line / token.size.max(1.0) * 2.0).round(), along)
        };
        singles.sort_by(|&a, &b| {
            let (a, b) = (line(&tokens[a]), line(&tokens[b]));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        for pair in singles.windows(2) {
            let (a, b) = (line(&tokens[pair[0]]), line(&tokens[pair[1]]));
            let distance = if a.0 == b.0 { (b.1 - a.1) / tokens[pair[0]].size.max(1.0) } else { f64::INFINITY };
            for &index in pair {
                nearest[index][across] = nearest[index][across].min(distance);
            }
        }
    }
    for index in singles {
        let [beside, below] = nearest[index];
        let token = &mut tokens[index];
        if below <= STEP_DOWN.1 && below < beside {
            let upright = token.bbox;
            let centre = (upright.middle_x(), token.baseline);
            token.frame = Frame::DOWNWARDS;
            (token.pen, token.baseline) = token.frame.point(centre);
            token.bbox = token.frame.character_box(upright, centre, token.size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Page, *};

    fn texts(page: &Page) -> Vec<String> {
        let content = page.content();
        let mut tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        turn_vertical(&mut tokens);
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
        let lam_alef = Page::new().write_leftwards("س", 90.0, 100.0).ligature("ال", 80.0, 100.0);
        assert_eq!(texts(&lam_alef), ["س", "لا"]);
    }

    #[test]
    fn upright_characters_below_each_other_run_downwards() {
        let mut page = Page::new();
        for (row, character) in ["広", "島", "駅"].into_iter().enumerate() {
            page = page.advance(1.0).write(character, 50.0, 100.0 + 12.9 * row as f64);
            page = page.advance(1.0).write(character, 33.0, 100.0 + 12.9 * row as f64);
        }
        let content = page.content();
        let mut tokens = tokens(&content, &[false; 6]);
        turn_vertical(&mut tokens);
        assert!(tokens.iter().all(|token| token.frame == Frame::DOWNWARDS), "{tokens:?}");
        // Two lines of three that are read to the right.
        let page = Page::new().advance(1.0).write("広", 50.0, 100.0).write("島", 60.5, 100.0).write("駅", 50.0, 115.0);
        let content = page.content();
        let mut tokens = super::tokens(&content, &[false; 3]);
        turn_vertical(&mut tokens);
        assert_eq!(tokens[0].frame, Frame::UPRIGHT);
    }
}
