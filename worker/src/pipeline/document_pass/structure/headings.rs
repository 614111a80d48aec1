//! Titles and section headers, and their levels: larger type first, then numbers, bold and capitals with white space. Pure.

use std::collections::BTreeMap;

use super::{
    PageFacts, Place,
    fact::{Fact, Kind},
    thresholds::{
        BOLD_BODY, CHARACTERS_OF_HEADING, LARGER, LETTERS_OF_HEADING, LINES_OF_HEADING, MUCH_LARGER, NOT_SMALLER,
        SAME_LEVEL, SPACE_ABOVE, TITLE, TITLE_PART, WORDS_OF_BOLD_HEADING,
    },
};
use crate::parse::{Mark, MarkKind};

/// A heading and its level, 1 for the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: u32,
    pub(super) is_title: bool,
}

/// How body text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Body {
    pub(super) size: f64,
    /// Whether so much of it is bold that bold says nothing.
    pub(super) is_bold: bool,
}

impl Body {
    /// The size of most characters; a larger one if it has half as many.
    pub(super) fn of<'f>(facts: impl Iterator<Item = &'f Fact>, larger: f64) -> Self {
        let mut sizes: BTreeMap<i64, u64> = BTreeMap::new();
        let (mut bold, mut all) = (0_u64, 0_u64);
        for fact in facts.filter(|fact| fact.kind == Kind::Text) {
            let characters = u64::from(fact.text.characters);
            *sizes.entry((fact.size * 2.0).round() as i64).or_default() += characters;
            bold += if fact.bold { characters } else { 0 };
            all += characters;
        }
        let most = sizes.values().copied().max().unwrap_or_default();
        let size = sizes.iter().rev().find(|(_, characters)| **characters as f64 >= larger * most as f64);
        let size = size.map_or(10.0, |(size, _)| *size as f64 / 2.0).max(1.0);
        Self { size, is_bold: all > 0 && bold as f64 >= BOLD_BODY * all as f64 }
    }
}

/// Finds the headings of a document. `order` lists the elements of the body in the order of reading.
pub(super) fn headings(pages: &[PageFacts], order: &[Place], body: Body) -> BTreeMap<Place, Heading> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let mut found: Vec<Place> = Vec::new();
    for (at, place) in order.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| order[before]);
        let after = order.get(at + 1).copied();
        let around = Around {
            before: before.map(|place| fact(&place)),
            after: after.map(|place| fact(&place)),
            space_above: before
                .filter(|before| before.page == place.page)
                .map(|before| space(fact(&before), fact(place))),
            space_below: after.filter(|after| after.page == place.page).map(|after| space(fact(place), fact(&after))),
        };
        if is_heading(fact(place), &around, body) {
            found.push(*place);
        }
    }
    levels(pages, &found, body)
}

/// Returns the white space between two elements of which the second is below the first; `INFINITY` if it is not.
fn space(above: &Fact, below: &Fact) -> f64 {
    let space = below.bbox.top() - above.bbox.bottom();
    if space < -0.5 * below.size || above.bbox.shared_width(below.bbox) <= 0.0 { f64::INFINITY } else { space }
}

/// What stands before and behind an element.
struct Around<'f> {
    before: Option<&'f Fact>,
    after: Option<&'f Fact>,
    /// To the element before it, if that is above it on the page.
    space_above: Option<f64>,
    space_below: Option<f64>,
}

impl Around<'_> {
    fn has_space_above(&self, least: f64) -> bool {
        self.space_above.is_none_or(|space| space >= least)
    }

    /// Says whether it is nearer to what follows than to what precedes.
    fn leans_down(&self) -> bool {
        self.space_above.zip(self.space_below).is_none_or(|(above, below)| above >= below)
    }
}

fn is_heading(fact: &Fact, around: &Around<'_>, body: Body) -> bool {
    let text = &fact.text;
    let ratio = fact.size / body.size;
    let may_be = fact.kind == Kind::Text
        && (2..=CHARACTERS_OF_HEADING).contains(&text.characters)
        && fact.lines <= LINES_OF_HEADING
        && f64::from(text.letters) >= LETTERS_OF_HEADING * f64::from(text.characters)
        && text.letters >= 2
        && fact.captioned.is_none()
        && !text.leads_to_number
        && !fact.is_fixed_pitch
        && !fact.mark.as_ref().is_some_and(|mark| mark.kind == MarkKind::Bullet)
        && around.after.is_some();
    if !may_be || ratio < NOT_SMALLER {
        return false;
    }
    let is_alike = |other: Option<&Fact>| {
        other.is_some_and(|other| {
            other.kind == Kind::Text
                && (other.size - fact.size).abs() <= 0.3
                && other.bold == fact.bold
                && other.is_in_capitals() == fact.is_in_capitals()
        })
    };
    let ends = fact.ends_sentence() && !fact.ends_with_abbreviation();
    let is_among_others = is_alike(around.before) || is_alike(around.after);
    let is_large = ratio >= MUCH_LARGER || ratio >= LARGER && !is_among_others;
    if is_large && text.words <= 30 && (!ends || ratio >= MUCH_LARGER) && (!fact.begins_small() || ratio >= MUCH_LARGER)
    {
        return true;
    }
    let begins_well = !fact.begins_small();
    let is_short = text.words <= WORDS_OF_BOLD_HEADING && !ends && text.last != Some(':');
    if !begins_well || !is_short || is_alike(around.before) && !around.has_space_above(SPACE_ABOVE * body.size) {
        return false;
    }
    let is_apart = around.has_space_above(SPACE_ABOVE * body.size) && around.leans_down();
    let is_bold = fact.bold && !body.is_bold;
    let is_numbered =
        fact.mark.as_ref().and_then(Mark::number).is_some_and(|parts| parts.len() > 1 || is_bold || ratio >= 1.04)
            || fact.is_in_capitals() && fact.mark.is_some()
            || fact.names_section() && (is_bold || ratio >= 1.04 || fact.is_in_capitals());
    let goes_on_as_list = |other: Option<&Fact>| {
        let marks = fact.mark.as_ref().zip(other.and_then(|other| other.mark.as_ref()));
        marks.is_some_and(|(one, other)| other.follows(one) || one.follows(other))
    };
    let is_item = goes_on_as_list(around.after) || goes_on_as_list(around.before);
    if is_item && !(is_bold && is_apart) {
        return false;
    }
    is_apart && (is_bold || is_numbered || fact.is_in_capitals() && text.letters >= 4 && !is_among_others)
}

/// Gives each heading its level: by the depth of its number where headings of its style are numbered, else by its style, the
/// largest first.
fn levels(pages: &[PageFacts], found: &[Place], body: Body) -> BTreeMap<Place, Heading> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let title = title(pages, found, body);
    let mut styles: Vec<Style> = Vec::new();
    for place in found.iter().filter(|place| Some(**place) != title) {
        let style = Style::of(fact(place));
        match styles.iter_mut().find(|known| known.is_alike(&style)) {
            Some(known) => known.add(&style),
            None => styles.push(style),
        }
    }
    styles.sort_by(Style::compare);
    let first = u32::from(title.is_some()) + 1;
    let mut levels: BTreeMap<Place, Heading> = BTreeMap::new();
    // A style without numbers ranks by its place; numbered ones by the depth of their numbers.
    let mut ranks: Vec<u32> = Vec::new();
    let mut last = first - 1;
    for style in &styles {
        last = match style.depth() {
            Some(depth) => (first + depth - 1).max(last.min(first + depth - 1)),
            None => last + 1,
        };
        ranks.push(last.max(first));
    }
    for place in found {
        if Some(*place) == title {
            levels.insert(*place, Heading { level: 1, is_title: true });
            continue;
        }
        let style = Style::of(fact(place));
        let rank = styles.iter().position(|known| known.is_alike(&style)).unwrap_or_default();
        let own = style.depth().map(|depth| first + depth - 1);
        levels.insert(*place, Heading { level: own.unwrap_or(ranks[rank]), is_title: false });
    }
    levels
}

/// Returns the title: the largest heading, near the top of the first page, if no other one is as large.
fn title(pages: &[PageFacts], found: &[Place], body: Body) -> Option<Place> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let size = |place: &Place| fact(place).size;
    let largest = found.iter().copied().max_by(|a, b| size(a).total_cmp(&size(b)).then(b.cmp(a)))?;
    let is_only = !found.iter().any(|other| *other != largest && size(other) >= size(&largest) - SAME_LEVEL);
    let is_first = largest.page == 0 && fact(&largest).bbox.top() <= TITLE_PART * pages[0].height;
    (is_first && is_only && size(&largest) >= TITLE * body.size && fact(&largest).mark.is_none()).then_some(largest)
}

/// How headings of one level are set.
#[derive(Debug, Clone)]
struct Style {
    size: f64,
    bold: bool,
    italic: bool,
    capitals: bool,
    /// How many of its headings have numbers of each depth, and how many have none.
    depths: BTreeMap<Option<u32>, u32>,
}

impl Style {
    fn of(fact: &Fact) -> Self {
        let depth = fact.mark.as_ref().and_then(Mark::number).and_then(|parts| u32::try_from(parts.len()).ok());
        let depth = depth.or(fact.names_section().then_some(1));
        let (size, bold, italic) = (fact.size, fact.bold, fact.italic);
        Self { size, bold, italic, capitals: fact.is_in_capitals(), depths: BTreeMap::from([(depth, 1)]) }
    }

    fn is_alike(&self, other: &Self) -> bool {
        (self.size - other.size).abs() <= SAME_LEVEL
            && (self.bold, self.italic, self.capitals) == (other.bold, other.italic, other.capitals)
    }

    fn add(&mut self, other: &Self) {
        for (depth, count) in &other.depths {
            *self.depths.entry(*depth).or_default() += count;
        }
    }

    /// Returns the depth of the numbers of its headings, if they have some.
    fn depth(&self) -> Option<u32> {
        let (depth, _) = self.depths.iter().max_by_key(|(_, count)| **count)?;
        *depth
    }

    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let by_size = if (self.size - other.size).abs() <= SAME_LEVEL {
            std::cmp::Ordering::Equal
        } else {
            other.size.total_cmp(&self.size)
        };
        let rank = |style: &Self| (style.bold, style.capitals, !style.italic);
        by_size.then_with(|| rank(other).cmp(&rank(self)))
    }
}
