//! Which known name a misspelled one means.

/// More differences than this are another name, not a misspelling.
const MAX_DIFFERENCES: usize = 3;

/// Returns the candidate that `name` is probably a misspelling of.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.map(|candidate| (strsim::levenshtein(name, candidate), candidate));
    let (differences, candidate) = scored.min_by_key(|(differences, _)| *differences)?;
    (differences <= MAX_DIFFERENCES).then_some(candidate)
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
