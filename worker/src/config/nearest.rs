/// Returns the candidate that `name` is probably a misspelling of.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.map(|candidate| (distance(name, candidate), candidate));
    scored.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| *distance <= 3).map(|(_, candidate)| candidate)
}

/// Counts the insertions, deletions and replacements between two names (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, from) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, to) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_finds_the_one_that_was_meant() {
        let names = ["QUIRE_RENDERERS", "QUIRE_RENDERER_MEMORY", "QUIRE_LANES"];
        assert_eq!(nearest("QUIRE_RENDERS", names.into_iter()), Some("QUIRE_RENDERERS"));
        assert_eq!(nearest("QUIRE_LANE", names.into_iter()), Some("QUIRE_LANES"));
        assert_eq!(nearest("QUIRE_PORT_5672_TCP_ADDR", names.into_iter()), None);
    }
}
