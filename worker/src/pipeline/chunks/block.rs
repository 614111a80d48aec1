//! What should stay together: the items of a list, a table or picture with its caption. Pure.

use super::{
    outline::Place,
    source::{Kind, Source},
};

/// Bytes of a token that only long words have: what has more is longer than a chunk.
const BYTES_OF_LONG_TOKEN: usize = 8;

/// Elements that follow each other and should stay together. All stand in one section.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) sources: Vec<Source>,
    /// Where they stand.
    pub(super) place: Option<Place>,
    bytes: usize,
}

impl Block {
    /// Says whether an element belongs to it.
    pub(super) fn takes(&self, source: &Source, place: &Place) -> bool {
        let (Some(last), Some(ours)) = (self.sources.last(), &self.place) else { return true };
        let belongs = match (&last.kind, &source.kind) {
            (Kind::Item, Kind::Item) => true,
            (Kind::Caption, Kind::Table { .. } | Kind::Picture) => {
                self.sources.iter().all(|source| matches!(source.kind, Kind::Caption))
            }
            // A caption that stands above names what is below it; the next one is of the next table.
            (Kind::Table { .. } | Kind::Picture, Kind::Caption) => self.sources.len() == 1,
            _ => false,
        };
        belongs && ours == place
    }

    pub(super) fn push(&mut self, source: Source, place: Place) {
        self.bytes += source.text.len();
        self.sources.push(source);
        self.place = Some(place);
    }

    /// Says whether no other element can belong to it, or whether it is longer than a chunk of so many tokens.
    pub(super) fn is_complete(&self, most_tokens: usize) -> bool {
        let may_go_on =
            |source: &Source| matches!(source.kind, Kind::Item | Kind::Caption | Kind::Table { .. } | Kind::Picture);
        !self.sources.last().is_some_and(may_go_on) || self.bytes > most_tokens * BYTES_OF_LONG_TOKEN
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::source, *};

    /// Returns how many elements the first block takes.
    fn taken(kinds: &[Kind]) -> usize {
        let place = Place { above: Vec::new(), section: Vec::new() };
        let mut block = Block::default();
        for kind in kinds {
            let source = source(kind.clone(), "text");
            if !block.takes(&source, &place) {
                break;
            }
            block.push(source, place.clone());
        }
        block.sources.len()
    }

    #[test]
    fn lists_stay_together_and_each_table_with_its_own_caption() {
        let table = || Kind::Table { num_rows: 2 };
        assert_eq!(taken(&[Kind::Item, Kind::Item, Kind::Text]), 2);
        assert_eq!(taken(&[Kind::Caption, table(), Kind::Caption, table()]), 2);
        assert_eq!(taken(&[table(), Kind::Caption, table(), Kind::Caption]), 2);
        assert_eq!(taken(&[Kind::Text, Kind::Item]), 1);
    }
}
