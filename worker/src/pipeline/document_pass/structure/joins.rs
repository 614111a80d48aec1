//! Paragraphs that go on in the next column or on the next page. Pure.
//!
//! A part that ends inside a sentence goes on in the text that follows it behind the break: in small letters, or, where
//! the last line is full and the next first line is not set in, in any others. Tables, captions and notes may stand
//! between the two. Nothing is joined over a heading, or over a page that is not there.

use std::collections::BTreeMap;

use super::{
    PageFacts, Place,
    fact::{Fact, Kind},
    thresholds::{
        LINES_OF_PART, MOST_BYTES_OF_PARAGRAPH, MOST_COMPARED, MOST_JOINS_OF_PAGE, MOST_PARTS, SAME_SIZE, WORDS_OF_PART,
    },
};

/// What an element is to a paragraph that may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Running text, which may go on and be gone on with.
    Text,
    /// An item of a list, which may go on.
    Item,
    /// A heading: nothing goes on behind it.
    Heading,
    /// A table, a caption, a note.
    Between,
}

/// Lists the parts behind the first one of each paragraph that has several.
pub(super) fn joins(
    pages: &[PageFacts],
    order: &[Place],
    role: impl Fn(&Place) -> Role,
) -> BTreeMap<Place, Vec<Place>> {
    let mut joins: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    // The first part of the paragraph that may go on, and its last one so far.
    let mut open: Option<(Place, Place)> = None;
    for place in order {
        let role = role(place);
        match role {
            Role::Between => continue,
            Role::Heading => open = None,
            Role::Text | Role::Item => {
                let first = open
                    .filter(|(first, last)| {
                        role == Role::Text && has_room(pages, &joins, first, place) && goes_on(pages, last, place)
                    })
                    .map(|(first, _)| first);
                if let Some(first) = first {
                    joins.entry(first).or_default().push(*place);
                }
                open = Some((first.unwrap_or(*place), *place));
            }
        }
    }
    joins
}

/// Bounds what is held of a paragraph, and how often a page is looked through for its parts.
fn has_room(pages: &[PageFacts], joins: &BTreeMap<Place, Vec<Place>>, first: &Place, next: &Place) -> bool {
    let start = Place { page: first.page, index: 0 };
    let parts = joins.get(first).map_or(&[][..], Vec::as_slice);
    let bytes = |place: &Place| pages[place.page].facts[place.index].bytes;
    let all = parts.iter().chain([first, next]).map(bytes).fold(0_usize, usize::saturating_add);
    parts.len() < MOST_PARTS && all <= MOST_BYTES_OF_PARAGRAPH && joins.range(start..).count() < MOST_JOINS_OF_PAGE
}

fn goes_on(pages: &[PageFacts], last: &Place, next: &Place) -> bool {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let (one, other) = (fact(last), fact(next));
    let is_alike = (one.kind, other.kind) == (Kind::Text, Kind::Text)
        && (one.size - other.size).abs() <= SAME_SIZE
        && (one.bold, one.italic, one.is_fixed_pitch) == (other.bold, other.italic, other.is_fixed_pitch);
    if !is_alike || one.text.ends_sentence() || other.mark.is_some() || other.captioned.is_some() {
        return false;
    }
    let is_text = if last.page == next.page {
        let stands_higher = other.bbox.top() < one.end.top();
        one.end.shared_width(other.bbox) <= 0.0
            && stands_higher
            && one.lines > 1
            && one.text.words >= WORDS_OF_PART
            && begins_column(one, other, &pages[next.page])
    } else {
        let is_next = pages[next.page].number == pages[last.page].number + 1;
        is_next && (one.lines > 1 || one.text.words >= WORDS_OF_PART)
    };
    is_text && (goes_on_small(one, other, last.page == next.page) || goes_on_full(one, other))
}

/// Says whether no text stands above a part in its column, beside the part before it.
fn begins_column(one: &Fact, other: &Fact, page: &PageFacts) -> bool {
    let is_above = |above: &&Fact| {
        above.kind == Kind::Text
            && above.captioned.is_none()
            && above.bbox.bottom() <= other.bbox.top() + 0.5 * other.size
            && above.bbox.shared_width(other.bbox) > 0.0
            && above.bbox.shared_width(one.end) <= 0.0
            && above.bbox.bottom() > one.bbox.top()
    };
    page.facts.len() <= MOST_COMPARED && !page.facts.iter().any(|above| is_above(&above))
}

/// Says whether the next part begins with a small letter, behind a line that is full. Of a single line on another page
/// nobody can tell.
fn goes_on_small(one: &Fact, other: &Fact, is_beside: bool) -> bool {
    other.text.head.starts_with(char::is_lowercase) && (one.is_full || !is_beside && one.lines == 1)
}

fn goes_on_full(one: &Fact, other: &Fact) -> bool {
    one.is_full && one.lines >= LINES_OF_PART && other.lines > 1 && !other.is_set_in
}

#[cfg(test)]
mod tests {
    use super::{super::tests::facts, *};

    const ENDS_INSIDE: &str = "Whoever reads the whole of this long sentence will find that it does not end before";
    const ENDS: &str = "Whoever reads the whole of this long sentence will find that it ends here.";

    /// The number of a page, and its texts, each with its left side and its top.
    type Given<'a> = (u32, &'a [(&'static str, f64, f64)]);

    fn joined(pages: &[Given<'_>], role: impl Fn(&Place) -> Role) -> Vec<(usize, usize)> {
        let pages: Vec<PageFacts> = pages.iter().map(|(number, elements)| facts(*number, elements)).collect();
        let places = |page: usize| (0..pages[page].facts.len()).map(move |index| Place { page, index });
        let order: Vec<Place> = (0..pages.len()).flat_map(places).collect();
        let joins = joins(&pages, &order, role);
        let at = |place: &Place| order.iter().position(|other| other == place).expect("it is in the order");
        joins.iter().flat_map(|(first, parts)| parts.iter().map(move |part| (at(first), at(part)))).collect()
    }

    #[test]
    fn a_sentence_goes_on_at_the_top_of_the_next_page_and_not_beyond_it() {
        let text = |_: &Place| Role::Text;
        for (number, before, after, expected) in [
            (2, ENDS_INSIDE, "the next page goes on with it.", vec![(0, 1)]),
            (3, ENDS_INSIDE, "the next page goes on with it.", vec![]),
            (2, ENDS, "the next page goes on with it.", vec![]),
            (2, ENDS_INSIDE, "1. The first item", vec![]),
            (2, ENDS_INSIDE, "The next page begins anew", vec![]),
        ] {
            let found = joined(&[(1, &[(before, 50.0, 700.0)]), (number, &[(after, 50.0, 60.0)])], text);
            assert_eq!(found, expected, "{before} {after}");
        }
    }

    #[test]
    fn what_stands_between_two_parts_decides_whether_they_are_one() {
        let pages: [Given<'_>; 2] = [
            (1, &[(ENDS_INSIDE, 50.0, 600.0), ("* A note at the foot", 50.0, 740.0)]),
            (2, &[("the next page and", 50.0, 60.0)]),
        ];
        let with =
            |role: Role| joined(&pages, |place| if (place.page, place.index) == (0, 1) { role } else { Role::Text });
        assert_eq!(with(Role::Between), [(0, 2)]);
        assert_eq!(with(Role::Heading), []);
    }

    #[test]
    fn a_paragraph_may_go_on_over_several_pages() {
        let of = |number| -> Given<'static> {
            (number, &[("and on it goes through a whole page of words without an end", 50.0, 60.0)])
        };
        assert_eq!(joined(&[of(1), of(2), of(3)], |_| Role::Text), [(0, 1), (0, 2)]);
    }
}
