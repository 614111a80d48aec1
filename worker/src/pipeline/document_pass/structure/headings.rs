//! Titles and section headers, and their levels: larger type first, then numbers, bold and capitals with white space.
//! Pure.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    PageFacts, Place,
    beside::Beside,
    body::Body,
    fact::{Fact, Kind},
    styles::{Styles, Verdict},
    thresholds::{
        CHARACTERS_OF_CONTENT, CHARACTERS_OF_HEADING, DEEPEST, LARGER, LEANS_DOWN, LETTERS_OF_CAPITALS,
        LETTERS_OF_HEADING, LINES_OF_HEADING, MOST_STYLES, MUCH_LARGER, NOT_SMALLER, SAME_LEVEL, SMALLEST_BOLD,
        SMALLEST_BOLD_CAPITALS, SPACE_ABOVE, TITLE, TITLE_PART, WORDS_OF_BOLD_HEADING, WORDS_OF_CONTENT,
        WORDS_OF_LARGE_HEADING,
    },
};
use crate::parse::{Mark, MarkKind};

/// A heading and its level, 1 for the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) level: u32,
    pub(super) is_title: bool,
}

/// Finds the headings of a document. `order` lists the elements of the body in the order of reading; those that are no
/// candidates are something else already.
///
/// A line is a heading by itself, because a bookmark names it, or because others of its style are: one style has one
/// meaning in a document.
pub(super) fn headings(
    pages: &[PageFacts],
    order: &[Place],
    is_candidate: impl Fn(&Place) -> bool,
    is_bookmarked: impl Fn(&Place) -> bool,
    body: Body,
) -> BTreeMap<Place, Heading> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let rows: Vec<Beside> = pages.iter().map(|page| Beside::of(&page.facts)).collect();
    let mut styles = Styles::default();
    let mut verdicts: Vec<(Place, Verdict)> = Vec::new();
    for (at, place) in order.iter().enumerate().filter(|(_, place)| is_candidate(place)) {
        let before = at.checked_sub(1).map(|before| order[before]).filter(|before| before.page == place.page);
        let after = order.get(at + 1).copied();
        let below = after.filter(|after| after.page == place.page);
        let alike = |other: Option<Place>| other.filter(&is_candidate).map(|place| fact(&place));
        let around = Around {
            before: alike(before),
            after: alike(below),
            next: after.map(|after| fact(&after)),
            has_beside: rows[place.page].has(fact(place), body.size),
            space_above: before.map(|before| space(fact(&before), fact(place))),
            space_below: below.map(|below| space(fact(place), fact(&below))),
        };
        let is_bookmarked = is_bookmarked(place) && may_be_heading(fact(place), &around);
        let verdict = if is_bookmarked { Verdict::Heading } else { verdict(fact(place), &around, body) };
        styles.count(fact(place), verdict);
        verdicts.push((*place, verdict));
    }
    let is_heading = |(place, verdict): &(Place, Verdict)| match verdict {
        Verdict::Heading => is_bookmarked(place) || !styles.refuse(fact(place), body),
        Verdict::Likely => styles.support(fact(place), body),
        Verdict::Text => false,
    };
    let found: Vec<Place> = verdicts.iter().filter(|found| is_heading(found)).map(|(place, _)| *place).collect();
    levels(pages, &found, body)
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
    /// What follows in the document, also on another page.
    next: Option<&'f Fact>,
    /// Whether a line stands beside it, as a value stands beside its label.
    has_beside: bool,
    /// To the element before it, if that is above it on the page.
    space_above: Option<f64>,
    space_below: Option<f64>,
}

impl Around<'_> {
    fn has_space_above(&self, least: f64) -> bool {
        self.space_above.is_none_or(|space| space >= least)
    }

    /// Says whether it is hardly further from what follows than from what precedes.
    fn leans_down(&self) -> bool {
        let below = self.space_below.filter(|below| below.is_finite());
        self.space_above.zip(below).is_none_or(|(above, below)| above >= LEANS_DOWN * below)
    }
}

fn verdict(fact: &Fact, around: &Around<'_>, body: Body) -> Verdict {
    if !may_be_heading(fact, around) {
        return Verdict::Text;
    }
    let text = &fact.text;
    let ratio = fact.size / body.size;
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
    let introduces = around.next.is_some_and(|next| is_content(next, body));
    // Below another heading there is no space.
    let follows_heading = around.before.is_some_and(|before| before.lines == 1 && is_above(before, fact, body));
    let is_apart = follows_heading || around.has_space_above(SPACE_ABOVE * body.size) && around.leans_down();
    let is_much_larger = ratio >= MUCH_LARGER;
    let is_large = is_much_larger || ratio >= LARGER && !is_among_others && (introduces || is_apart);
    if is_large
        && !around.has_beside
        && text.words <= WORDS_OF_LARGE_HEADING
        && (is_much_larger || !ends && !fact.begins_small())
    {
        return Verdict::Heading;
    }
    let is_bold = fact.bold && !body.is_bold;
    let is_in_capitals = fact.is_in_capitals() && text.letters >= LETTERS_OF_CAPITALS;
    let least = match (is_bold, is_in_capitals) {
        (true, true) => SMALLEST_BOLD_CAPITALS,
        (true, false) => SMALLEST_BOLD,
        _ => NOT_SMALLER,
    };
    let asks = text.last == Some(':') && !(is_bold && is_apart && introduces);
    // A label has its value beside it, and a line of a table of contents its page.
    if ratio < least
        || fact.begins_small()
        || text.words > WORDS_OF_BOLD_HEADING
        || ends
        || fact.names_origin()
        || asks
        || around.has_beside
        || is_alike(around.before) && !around.has_space_above(SPACE_ABOVE * body.size)
    {
        return Verdict::Text;
    }
    let is_numbered =
        fact.mark.as_ref().and_then(Mark::number).is_some_and(|parts| parts.len() > 1 || is_bold || ratio >= 1.04)
            || is_in_capitals && fact.mark.is_some()
            || fact.names_section() && (is_bold || ratio >= 1.04 || is_in_capitals);
    let goes_on_as_list = |other: Option<&Fact>| {
        let marks = fact.mark.as_ref().zip(other.and_then(|other| other.mark.as_ref()));
        marks.is_some_and(|(one, other)| other.follows(one) || one.follows(other))
    };
    let is_item = goes_on_as_list(around.after) || goes_on_as_list(around.before);
    let is_distinct = is_bold || is_numbered || is_in_capitals && !is_among_others;
    if is_apart && introduces && is_distinct && (!is_item || is_bold) {
        return Verdict::Heading;
    }
    let differs = is_bold || is_in_capitals || body.differs_in_type(fact);
    let is_line = fact.lines == 1 && around.after.is_some_and(|after| after.kind == Kind::Text);
    if differs && (is_bold || is_in_capitals || is_line && is_apart) { Verdict::Likely } else { Verdict::Text }
}

/// Says whether one line is set so that another one may be a heading below it: larger, or bold where that is not.
fn is_above(before: &Fact, fact: &Fact, body: Body) -> bool {
    let is_heading = before.bold && !body.is_bold || before.size >= LARGER * body.size;
    is_heading && (before.size > fact.size + SAME_LEVEL || before.bold && !fact.bold)
}

/// Says whether an element has the shape of a heading.
fn may_be_heading(fact: &Fact, around: &Around<'_>) -> bool {
    let text = &fact.text;
    let is_enclosed = matches!((text.head.chars().next(), text.last), (Some('('), Some(')')) | (Some('['), Some(']')));
    fact.kind == Kind::Text
        && (2..=CHARACTERS_OF_HEADING).contains(&text.characters)
        && fact.lines <= LINES_OF_HEADING
        && f64::from(text.letters) >= LETTERS_OF_HEADING * f64::from(text.characters)
        && text.letters >= 2
        && fact.captioned.is_none()
        && !text.leads_to_number
        && !fact.is_fixed_pitch
        && !is_enclosed
        && !fact.mark.as_ref().is_some_and(|mark| mark.kind == MarkKind::Bullet)
        && around.next.is_some()
}

/// Says whether an element may stand below a heading: running text, an item, a table, or another heading. What is
/// filled in below a label is short.
fn is_content(fact: &Fact, body: Body) -> bool {
    let is_heading = fact.bold && !body.is_bold || fact.size >= LARGER * body.size || fact.is_in_capitals();
    fact.kind != Kind::Text
        || fact.lines > 1
        || fact.text.words >= WORDS_OF_CONTENT
        || fact.text.characters >= CHARACTERS_OF_CONTENT
        || fact.mark.is_some()
        || fact.captioned.is_some()
        || is_heading && fact.text.letters >= LETTERS_OF_CAPITALS
}

/// Gives each heading its level: by the depth of its number where headings of its style are numbered, else by its
/// style, the largest first.
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
    // A style without numbers ranks by its place, behind those before it; numbered ones have the depth of their
    // numbers.
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
