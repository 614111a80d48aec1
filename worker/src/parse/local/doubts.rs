//! What of a page's layout could be read otherwise: numbers that become warnings. Pure.

use quire_schemas::element::BBox;
use serde::{Deserialize, Serialize};

use super::tables::Narrow;

/// Areas of one kind that are counted; a hostile page may have any number.
const MAX_AREAS: usize = 200;
/// Two areas are one doubt if they share this part of the smaller one.
const ONE_AREA: f64 = 0.5;

/// How much of a page's layout could be read otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ambiguity {
    /// Areas that are nearly tables, and are read as text.
    pub(crate) dropped_tables: u32,
    /// Regions that may be columns or a table.
    pub(crate) regions: u32,
    /// Regions that are read more simply than others, because there is more to tell apart than the limits allow.
    pub(crate) simplified: u32,
}

impl Ambiguity {
    pub(super) const fn add(&mut self, other: Self) {
        self.dropped_tables += other.dropped_tables;
        self.regions += other.regions;
        self.simplified += other.simplified;
    }
}

/// The doubts that come up while the text of one frame is laid out.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    nearly_tables: Vec<BBox>,
    regions: Vec<BBox>,
    simplified: usize,
}

impl Doubts {
    /// Takes the narrow decisions about the tables of a region.
    pub(super) fn add_tables(&mut self, narrow: Narrow) {
        let Narrow { refused, accepted } = narrow;
        self.nearly_tables.extend(refused);
        self.nearly_tables.truncate(MAX_AREAS);
        self.regions.extend(accepted);
        self.regions.truncate(MAX_AREAS);
    }

    /// Takes a region that is read row by row and may be columns.
    pub(super) fn add_region(&mut self, area: BBox) {
        if self.regions.len() < MAX_AREAS {
            self.regions.push(area);
        }
    }

    /// Takes a region that is read more simply, because a limit is reached.
    pub(super) const fn add_simplified(&mut self) {
        if self.simplified < MAX_AREAS {
            self.simplified += 1;
        }
    }

    /// Counts the doubts that are left when the tables of the frame are known. An area is one doubt, however often it
    /// was looked at.
    pub(super) fn counted(self, tables: &[BBox]) -> Ambiguity {
        let Self { nearly_tables, regions, simplified } = self;
        let dropped = distinct(nearly_tables, tables);
        let regions = distinct(regions, &dropped);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ambiguity { dropped_tables: count(dropped.len()), regions: count(regions.len()), simplified: count(simplified) }
    }
}

/// Leaves out areas that lie on others or on each other.
fn distinct(areas: Vec<BBox>, others: &[BBox]) -> Vec<BBox> {
    let mut kept: Vec<BBox> = Vec::new();
    for area in areas {
        let is_same = |other: &BBox| other.overlap(area) > ONE_AREA * other.area().min(area.area());
        if !kept.iter().chain(others).any(is_same) {
            kept.push(area);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lay_out, lay_out_without_tables, testing::Page},
        *,
    };

    fn rows(rows: &[&[&str]], places: &[f64], pitch: f64) -> Page {
        rows.iter().enumerate().fold(Page::new(), |page, (row, texts)| {
            let cells = texts.iter().zip(places).filter(|(text, _)| !text.is_empty());
            cells.fold(page, |page, (text, x)| page.write(text, *x, 100.0 + pitch * row as f64))
        })
    }

    fn of(page: &Page) -> Ambiguity {
        lay_out(page.content()).findings.ambiguity
    }

    const SURE: Ambiguity = Ambiguity { dropped_tables: 0, regions: 0, simplified: 0 };

    #[test]
    fn an_area_is_one_doubt_and_none_where_a_table_is_found() {
        let area = |top: f64| BBox::new(50.0, top, 250.0, top + 100.0);
        let mut doubts = Doubts::default();
        doubts.add_tables(Narrow { refused: vec![area(100.0), area(110.0), area(300.0)], accepted: vec![area(500.0)] });
        doubts.add_region(area(105.0));
        doubts.add_region(area(700.0));
        doubts.add_simplified();
        assert_eq!(doubts.counted(&[area(310.0)]), Ambiguity { dropped_tables: 1, regions: 2, simplified: 1 });
    }

    #[test]
    fn rows_of_figures_that_are_hardly_aligned_are_a_dropped_table() {
        // Of five columns, three begin or end at one place.
        let cells: [&[&str]; 6] = [
            &["Oslo", "1.5", "some", "7.5", "more"],
            &["Turku", "2.5", "of a kind", "8.5", "words"],
            &["Malmo", "3.5", "all", "9.5", "of it"],
            &["Bergen", "4.5", "in its way", "6.5", "else"],
            &["Tampere", "5.5", "set", "5.5", "later"],
            &["Aarhus", "6.5", "or not", "4.5", "again"],
        ];
        let page = cells.iter().enumerate().fold(Page::new(), |page, (row, texts)| {
            let shifts = [58.0, 14.0, 34.0, 44.0, 25.0, 0.0];
            let places = [50.0, 130.0, 200.0 + shifts[row], 310.0, 370.0 + shifts[(row + 2) % 6]];
            texts.iter().zip(places).fold(page, |page, (text, x)| page.write(text, x, 100.0 + 14.0 * row as f64))
        });
        assert_eq!(of(&page), Ambiguity { dropped_tables: 1, ..SURE });
        assert_eq!(lay_out_without_tables(page.content()).findings.ambiguity, SURE);
    }

    #[test]
    fn two_lists_of_names_side_by_side_may_be_columns_or_rows() {
        let names: [&[&str]; 7] = [
            &["Ada Byron", "Max Born"],
            &["Leo Szilard", "Ida Tacke"],
            &["Emil Post", "Otto Hahn"],
            &["Niels Abel", "Kurt Weyl"],
            &["Evariste Galois", "Ernst Mach"],
            &["Sofia Brahe", "Hans Bethe"],
            &["Emmy Noether", "Max Planck"],
        ];
        let page = rows(&names, &[50.0, 170.0], 18.0);
        assert_eq!(of(&page), Ambiguity { regions: 1, ..SURE });
        assert_eq!(lay_out_without_tables(page.content()).findings.ambiguity, SURE);
    }

    #[test]
    fn labels_and_values_that_are_as_long_may_be_two_columns_of_text() {
        let list = |values: [&'static str; 4]| {
            let labels = ["Apples", "Cherries", "Plums", "Pears"];
            let cells: Vec<[&str; 2]> = labels.into_iter().zip(values).map(<[&str; 2]>::from).collect();
            of(&rows(&cells.iter().map(<[&str; 2]>::as_slice).collect::<Vec<_>>(), &[50.0, 160.0], 16.0))
        };
        let short = ["from Spain", "from Turin", "from Lyon", "from Malmo"];
        let long =
            ["Grown in the north of it", "a kind that nobody has", "by ship from one end", "in the winter of 1815"];
        assert_eq!((list(short), list(long)), (Ambiguity { regions: 1, ..SURE }, SURE));
    }

    #[test]
    fn prose_contents_tables_and_letters_are_no_doubts() {
        let prose: [&[&str]; 8] = [&["A line of running text that goes on for a while and then"]; 8];
        assert_eq!(of(&rows(&prose, &[50.0], 12.0)), SURE);
        let columns: [&[&str]; 6] = [&["the first words of a", "and then the second"]; 6];
        assert_eq!(of(&rows(&columns, &[50.0, 200.0], 12.0)), SURE);
        let contents: [&[&str]; 6] = [
            &["Methods", "3"],
            &["Results", "7"],
            &["Discussion", "9"],
            &["Notes", "12"],
            &["Sources", "15"],
            &["Index", "20"],
        ];
        assert_eq!(of(&rows(&contents, &[50.0, 400.0], 12.0)), SURE);
        let table: [&[&str]; 4] = [
            &["Country", "Sales", "Costs"],
            &["Finland", "12.5", "1,300"],
            &["Norway", "7.0", ""],
            &["Sweden", "9.1", "22"],
        ];
        assert_eq!(of(&rows(&table, &[50.0, 200.0, 300.0], 14.0)), SURE);
        let letter: [&[&str]; 3] =
            [&["Jane Doe", "Town Hall"], &["Long Street 5", "Office 12"], &["12345 Sometown", "12346 Sometown"]];
        assert_eq!(of(&rows(&letter, &[50.0, 300.0], 12.0)), SURE);
    }
}
