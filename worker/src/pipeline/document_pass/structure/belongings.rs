//! What belongs to a table or a picture: its captions, and a table's part on the next page. Pure.

use std::collections::BTreeMap;

use super::{
    PageFacts, Place,
    fact::{Fact, Grid, Kind},
    thresholds::{SAME_TABLE_SIDE, SPACE_OF_CAPTION},
};
use crate::parse::Captioned;

/// What belongs to a table or a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Belongings {
    pub(super) captions: Vec<Place>,
    pub(super) continued_from: Option<Place>,
    pub(super) continues_in: Option<Place>,
}

/// Finds what belongs to each table and picture. `order` lists the elements of the body in the order of reading.
pub(super) fn belongings(
    pages: &[PageFacts],
    order: &[Place],
    is_caption: impl Fn(&Place) -> bool,
) -> BTreeMap<Place, Belongings> {
    let mut found: BTreeMap<Place, Belongings> = BTreeMap::new();
    let pictures: Vec<Vec<Place>> = (0..pages.len()).map(|page| pictures(pages, page)).collect();
    for (at, caption) in order.iter().enumerate().filter(|(_, place)| is_caption(place)) {
        let of_table = || table(pages, order, at);
        let of_picture = || picture(pages, &pictures[caption.page], caption);
        let captioned = match pages[caption.page].facts[caption.index].captioned {
            Some(Captioned::Table) => of_table(),
            Some(Captioned::Other) => of_picture(),
            None => of_table().or_else(of_picture),
        };
        if let Some(captioned) = captioned {
            found.entry(captioned).or_default().captions.push(*caption);
        }
    }
    for (before, table) in continued(pages, order, is_caption) {
        found.entry(before).or_default().continues_in = Some(table);
        found.entry(table).or_default().continued_from = Some(before);
    }
    found
}

/// Returns the table that a caption stands right above or below: the nearer one, the one below it if they are as near.
fn table(pages: &[PageFacts], order: &[Place], at: usize) -> Option<Place> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let caption = order[at];
    let beside = [order.get(at + 1), at.checked_sub(1).map(|before| &order[before])];
    let is_table = |place: &&Place| {
        let found = fact(place);
        place.page == caption.page && found.grid.is_some() && found.bbox.shared_width(fact(&caption).bbox) > 0.0
    };
    let tables = beside.into_iter().flatten().filter(is_table);
    let near = tables.map(|table| (*table, distance(fact(&caption), fact(table))));
    let near = near.filter(|(_, distance)| *distance <= SPACE_OF_CAPTION * fact(&caption).size);
    near.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(table, _)| table)
}

/// Lists the pictures of a page.
fn pictures(pages: &[PageFacts], page: usize) -> Vec<Place> {
    let facts = pages[page].facts.iter().enumerate().filter(|(_, fact)| fact.is_picture);
    facts.map(|(index, _)| Place { page, index }).collect()
}

/// Returns the picture of a page that a caption stands right above or below: the nearest one.
fn picture(pages: &[PageFacts], pictures: &[Place], caption: &Place) -> Option<Place> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let caption = fact(caption);
    let in_column = pictures.iter().filter(|picture| fact(picture).bbox.shared_width(caption.bbox) > 0.0);
    let near = in_column.map(|picture| (*picture, distance(caption, fact(picture))));
    let near = near.filter(|(_, distance)| *distance <= SPACE_OF_CAPTION * caption.size);
    near.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(picture, _)| picture)
}

fn distance(a: &Fact, b: &Fact) -> f64 {
    (b.bbox.top() - a.bbox.bottom()).max(a.bbox.top() - b.bbox.bottom()).max(0.0)
}

/// Lists tables at the end of a page that go on at the top of the next one, each with its next part. Captions may stand
/// around them.
fn continued(pages: &[PageFacts], order: &[Place], is_caption: impl Fn(&Place) -> bool) -> Vec<(Place, Place)> {
    let fact = |place: &Place| &pages[place.page].facts[place.index];
    let of_pages: Vec<&[Place]> = order.chunk_by(|a, b| a.page == b.page).collect();
    let counts = |place: &&Place| !is_caption(place) && fact(place).kind != Kind::Other;
    let end = |places: &[Place]| places.iter().rev().find(counts).copied();
    let begin = |places: &[Place]| places.iter().find(counts).copied();
    let pairs = of_pages.windows(2).filter_map(|pair| Some((end(pair[0])?, begin(pair[1])?)));
    let goes_on = |(before, next): &(Place, Place)| {
        pages[next.page].number == pages[before.page].number + 1 && are_parts(fact(before), fact(next))
    };
    pairs.filter(goes_on).collect()
}

/// Says whether two tables are parts of one: they have the same columns, and the same headers or the same sides.
fn are_parts(one: &Fact, other: &Fact) -> bool {
    let (Some(Grid { columns, is_ruled, head }), Some(next)) = (one.grid, other.grid) else { return false };
    let has_same_sides = (one.bbox.width() - other.bbox.width()).abs() <= SAME_TABLE_SIDE * one.bbox.width();
    let has_same_head = head != 0 && head == next.head;
    columns == next.columns && is_ruled == next.is_ruled && (has_same_head || has_same_sides && next.head == 0)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::facts, *};

    /// Makes a page with tables of three columns in some places. Elements are 12 points high and 300 wide.
    fn with_table(number: u32, elements: &[(&'static str, f64, f64)], tables: &[usize], head: u64) -> PageFacts {
        let mut page = facts(number, elements);
        for index in tables {
            let fact = &mut page.facts[*index];
            (fact.kind, fact.grid) = (Kind::Table, Some(Grid { columns: 3, is_ruled: true, head }));
        }
        page
    }

    fn found(pages: &[PageFacts]) -> BTreeMap<Place, Belongings> {
        let places = |page: usize| (0..pages[page].facts.len()).map(move |index| Place { page, index });
        let order: Vec<Place> = (0..pages.len()).flat_map(places).collect();
        belongings(pages, &order, |place| pages[place.page].facts[place.index].captioned.is_some())
    }

    const fn at(page: usize, index: usize) -> Place {
        Place { page, index }
    }

    #[test]
    fn a_caption_belongs_to_the_nearer_table_and_one_of_a_figure_to_none() {
        for (below, expected) in [(130.0, at(0, 2)), (145.0, at(0, 0)), (200.0, at(0, 0))] {
            let elements = [("", 50.0, 100.0), ("Table 1: Towns", 50.0, 115.0), ("", 50.0, below)];
            let of = found(&[with_table(1, &elements, &[0, 2], 0)]);
            let captions =
                of.iter().find(|(_, of)| !of.captions.is_empty()).map(|(table, of)| (*table, of.captions.clone()));
            assert_eq!(captions, Some((expected, vec![at(0, 1)])), "{below}");
        }
        let figure = [("", 50.0, 100.0), ("Figure 1: Towns", 50.0, 115.0)];
        let far = [("", 50.0, 100.0), ("Table 1: Towns", 50.0, 300.0)];
        assert_eq!([figure, far].map(|elements| found(&[with_table(1, &elements, &[0], 0)]).len()), [0, 0]);
    }

    #[test]
    fn a_table_goes_on_at_the_top_of_the_next_page_below_the_same_head_or_none() {
        let last = [("Some text", 50.0, 100.0), ("", 50.0, 700.0)];
        let first = [("", 50.0, 60.0), ("Some text", 50.0, 100.0)];
        for (number, head, next, goes_on) in
            [(2, 7, 7, true), (2, 7, 0, true), (2, 0, 0, true), (2, 7, 8, false), (2, 0, 8, false), (3, 7, 7, false)]
        {
            let of = found(&[with_table(1, &last, &[1], head), with_table(number, &first, &[0], next)]);
            let links =
                (of.get(&at(0, 1)).and_then(|of| of.continues_in), of.get(&at(1, 0)).and_then(|of| of.continued_from));
            let expected = if goes_on { (Some(at(1, 0)), Some(at(0, 1))) } else { (None, None) };
            assert_eq!(links, expected, "{number} {head} {next}");
        }
        let inside = [("Some text", 50.0, 30.0), ("", 50.0, 60.0)];
        assert_eq!(found(&[with_table(1, &last, &[1], 7), with_table(2, &inside, &[1], 7)]).len(), 0);
    }
}
