//! What the styles of a document mean: whether the lines of one are headings. Pure.

use std::collections::BTreeMap;

use super::{
    body::Body,
    fact::Fact,
    thresholds::{
        HEADINGS_OF_STYLE, LARGER, LIKELY_OF_STYLE, LINES_OF_STYLE, MOST_STYLES, REFUSED_STYLE, SUPPORTED_STYLE,
    },
};

/// What an element is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Heading,
    /// A heading, if others of its style are.
    Likely,
    Text,
}

/// Size in tenths of a point, bold, italic, in capitals, font.
type Style = (i64, bool, bool, bool, u64);

/// How many lines of each style there are.
#[derive(Debug, Default)]
pub(super) struct Styles(BTreeMap<Style, Count>);

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    headings: u32,
    likely: u32,
    all: u32,
}

impl Styles {
    /// Takes an element of the body.
    pub(super) fn count(&mut self, fact: &Fact, verdict: Verdict) {
        let is_full = self.0.len() >= MOST_STYLES;
        let count = match self.0.entry(style(fact)) {
            std::collections::btree_map::Entry::Vacant(_) if is_full => return,
            entry => entry.or_default(),
        };
        count.all += 1;
        count.headings += u32::from(verdict == Verdict::Heading);
        count.likely += u32::from(verdict == Verdict::Likely);
    }

    /// Says whether an element that may be a heading is one: most others of its style are, or, in a type of their own,
    /// all are likely.
    pub(super) fn support(&self, fact: &Fact, body: Body) -> bool {
        let Some(Count { headings, likely, all }) = self.0.get(&style(fact)).copied() else { return false };
        let share = |part: u32| f64::from(part) / f64::from(all.max(1));
        let is_supported = headings >= HEADINGS_OF_STYLE && share(headings) >= SUPPORTED_STYLE
            || headings > 0 && share(headings + likely) >= LIKELY_OF_STYLE;
        let is_of_one_kind = body.differs_in_type(fact)
            && headings + likely >= LINES_OF_STYLE
            && share(headings + likely) >= LIKELY_OF_STYLE;
        is_supported || is_of_one_kind
    }

    /// Says whether most of a style is no heading, so that none of it is. Larger type is told line by line.
    pub(super) fn refuse(&self, fact: &Fact, body: Body) -> bool {
        let Some(Count { headings, likely, all }) = self.0.get(&style(fact)).copied() else { return false };
        let share = f64::from(headings + likely) / f64::from(all.max(1));
        fact.size < LARGER * body.size && share < REFUSED_STYLE && all >= LINES_OF_STYLE
    }
}

fn style(fact: &Fact) -> Style {
    ((fact.size * 10.0).round() as i64, fact.bold, fact.italic, fact.is_in_capitals(), fact.font)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, Given, given, kinds, page};

    const fn bold(text: &'static str, top: f64) -> Given {
        Given { bold: true, ..given(text, top) }
    }

    #[test]
    fn a_line_without_room_around_it_is_a_heading_where_most_others_of_its_style_are() {
        let others =
            [bold("Methods of work", 150.0), given(BODY, 175.0), bold("Results of it", 220.0), given(BODY, 245.0)];
        let close = [bold("Close to the text above", 257.5), given(BODY, 282.0)];
        let with = |before: &[Given]| {
            let elements: Vec<Given> = [given(BODY, 100.0)].iter().chain(before).chain(&close).cloned().collect();
            let kinds = kinds(&[page(1, &elements)]);
            kinds[kinds.len() - 2].clone()
        };
        assert_eq!(with(&others), "section_header1");
        assert_eq!(with(&[given(BODY, 175.0), given(BODY, 245.0)]), "-");
    }

    #[test]
    fn italic_lines_above_paragraphs_are_headings_if_there_are_several() {
        let of = |count: usize| {
            let mut elements = vec![given(BODY, 60.0)];
            for row in 0..count {
                let top = 100.0 + 60.0 * row as f64;
                elements.push(Given { bold: false, size: 10.0, ..given("Where it was found", top) });
                elements.push(given(BODY, top + 14.0));
            }
            let mut page = page(1, &elements);
            for element in page.elements.iter_mut().skip(1).step_by(2) {
                element.formatting.as_mut().expect("it has a style").italic = Some(true);
            }
            kinds(&[page]).iter().filter(|kind| kind.starts_with("section_header")).count()
        };
        assert_eq!([of(1), of(3)], [0, 3]);
    }
}
