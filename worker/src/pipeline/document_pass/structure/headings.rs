//! Titles and section headers, and their levels: larger type first, then numbers, bold and capitals with white space. Pure.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    PageFacts, Place,
    fact::{Fact, Kind},
    thresholds::{
        BOLD_BODY, CHARACTERS_OF_HEADING, DEEPEST, LARGER, LETTERS_OF_HEADING, LINES_OF_HEADING, MOST_STYLES,
        MUCH_LARGER, NOT_SMALLER, SAME_LEVEL, SPACE_ABOVE, TITLE, TITLE_PART, WORDS_OF_BOLD_HEADING,
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
        // By half points: characters, and their sizes in all.
        let mut sizes: BTreeMap<i64, (u64, f64)> = BTreeMap::new();
        let (mut bold, mut all) = (0_u64, 0_u64);
        for fact in facts.filter(|fact| fact.kind == Kind::Text) {
            let characters = u64::from(fact.text.characters);
            let of_size = sizes.entry((fact.size * 2.0).round() as i64).or_default();
            of_size.0 += characters;
            of_size.1 += fact.size * characters as f64;
            bold += if fact.bold { characters } else { 0 };
            all += characters;
        }
        let most = sizes.values().map(|(characters, _)| *characters).max().unwrap_or_default();
        let size = sizes.values().rev().find(|(characters, _)| *characters as f64 >= larger * most as f64);
        let size =
            size.filter(|(characters, _)| *characters > 0).map_or(10.0, |(characters, sum)| sum / *characters as f64);
        let size = size.max(1.0);
        Self { size, is_bold: all > 0 && bold as f64 >= BOLD_BODY * all as f64 }
    }
}

/// Finds the headings of a document. `order` lists the elements of the body in the order of reading; those that are no
/// candidates are something else already.
pub(super) fn headings(
    pages: &[PageFacts],
    order: &[Place],
    is_candidate: impl Fn(&Place) -> bool,
    body: Body,
) -> BTreeMap<Place, Heading> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let mut found: Vec<Place> = Vec::new();
    for (at, place) in order.iter().enumerate().filter(|(_, place)| is_candidate(place)) {
        let before = at.checked_sub(1).map(|before| order[before]).filter(|before| before.page == place.page);
        let after = order.get(at + 1).copied();
        let below = after.filter(|after| after.page == place.page);
        let alike = |other: Option<Place>| other.filter(&is_candidate).map(|place| fact(&place));
        let around = Around {
            before: alike(before),
            after: alike(below),
            is_last: after.is_none(),
            has_beside: [before, below].into_iter().flatten().any(|other| are_beside(fact(place), fact(&other))),
            space_above: before.map(|before| space(fact(&before), fact(place))),
            space_below: below.map(|below| space(fact(place), fact(&below))),
        };
        if is_heading(fact(place), &around, body) {
            found.push(*place);
        }
    }
    levels(pages, &found, body)
}

/// Says whether two elements stand beside each other in one row.
fn are_beside(a: &Fact, b: &Fact) -> bool {
    a.shares_row(b) && a.bbox.shared_width(b.bbox) <= 0.0
}

/// Returns the white space between two elements of which the second is below the first; `INFINITY` if it is not.
fn space(above: &Fact, below: &Fact) -> f64 {
    let space = below.bbox.top() - above.bbox.bottom();
    if space < -0.5 * below.size || above.bbox.shared_width(below.bbox) <= 0.0 { f64::INFINITY } else { space }
}

/// What stands around an element on its page.
struct Around<'f> {
    /// The elements before and behind it, if nothing else is known of them.
    before: Option<&'f Fact>,
    after: Option<&'f Fact>,
    /// Whether nothing follows in the document.
    is_last: bool,
    /// Whether one of them stands in its row.
    has_beside: bool,
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
        && !around.is_last;
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
    let ends = fact.ends_as_prose() && !fact.ends_with_abbreviation();
    let is_among_others = is_alike(around.before) || is_alike(around.after);
    let is_large = ratio >= MUCH_LARGER || ratio >= LARGER && !is_among_others;
    if is_large && text.words <= 30 && (!ends || ratio >= MUCH_LARGER) && (!fact.begins_small() || ratio >= MUCH_LARGER)
    {
        return true;
    }
    let begins_well = !fact.begins_small();
    let is_short = text.words <= WORDS_OF_BOLD_HEADING && !ends && text.last != Some(':');
    // A label has its value beside it, and a line of a table of contents its page.
    if !begins_well
        || !is_short
        || around.has_beside
        || is_alike(around.before) && !around.has_space_above(SPACE_ABOVE * body.size)
    {
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
pub(super) fn levels(pages: &[PageFacts], found: &[Place], body: Body) -> BTreeMap<Place, Heading> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let title = title(pages, found, body);
    let mut styles: Vec<Style> = Vec::new();
    for place in found.iter().filter(|place| Some(**place) != title) {
        let style = Style::of(fact(place));
        match styles.iter().position(|known| known.is_alike(&style)) {
            Some(known) => styles[known].add(&style),
            None if styles.len() < MOST_STYLES => styles.push(style),
            None => {}
        }
    }
    let styles = ranked(styles);
    let first = u32::from(title.is_some()) + 1;
    let mut levels: BTreeMap<Place, Heading> = BTreeMap::new();
    // A style without numbers ranks by its place, behind those before it; numbered ones have the depth of their numbers.
    let mut ranks: Vec<u32> = Vec::new();
    let mut last = first - 1;
    for style in &styles {
        last = style.depth().map_or(last + 1, |depth| first + depth - 1);
        ranks.push(last);
    }
    for place in found {
        if Some(*place) == title {
            levels.insert(*place, Heading { level: 1, is_title: true });
            continue;
        }
        let style = Style::of(fact(place));
        let rank = styles.iter().position(|known| known.is_alike(&style)).unwrap_or(styles.len() - 1);
        let own = style.depth().map(|depth| first + depth - 1);
        levels.insert(*place, Heading { level: own.unwrap_or(ranks[rank]).min(DEEPEST), is_title: false });
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

/// Orders styles: the largest first; of one size the bold ones, then capitals, then upright ones.
fn ranked(mut styles: Vec<Style>) -> Vec<Style> {
    styles.sort_by(|a, b| b.size.total_cmp(&a.size));
    // Sizes that hardly differ are one. Each is compared with the first of its group: the order must be one for all.
    let mut group = 0_usize;
    let mut first = f64::INFINITY;
    let mut grouped: Vec<(usize, Style)> = Vec::with_capacity(styles.len());
    for style in styles {
        if first - style.size > SAME_LEVEL {
            group += 1;
            first = style.size;
        }
        grouped.push((group, style));
    }
    grouped.sort_by_key(|(group, style)| (*group, Reverse((style.bold, style.capitals, !style.italic))));
    grouped.into_iter().map(|(_, style)| style).collect()
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
}
