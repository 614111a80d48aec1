//! What lines are before paragraphs are made of them: running text, program text, or a formula. Pure.

use super::{fonts::FontTable, formulas::formulas, lines::Line, listings::listings};

/// What a block of lines is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Program text, whose lines and spaces stay.
    Code,
    Formula,
}

/// Cuts the lines of a column into runs of one kind. A listing and the formulas between two texts are a run each.
/// `is_typewritten` says that most of the page is set in type of a fixed pitch, which says nothing then.
pub(super) fn runs(lines: Vec<Line>, fonts: &FontTable, is_typewritten: bool) -> Vec<(Kind, Vec<Line>)> {
    let (listings, formulas) = (listings(&lines, fonts, is_typewritten), formulas(&lines));
    let kind = |index: usize| match (listings[index], formulas[index]) {
        (Some(_), _) => Kind::Code,
        (None, Some(_)) => Kind::Formula,
        (None, None) => Kind::Text,
    };
    let mut runs: Vec<(Kind, Vec<Line>)> = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        let goes_on = index > 0
            && kind(index - 1) == kind(index)
            && (listings[index - 1], formulas[index - 1]) == (listings[index], formulas[index]);
        match runs.last_mut().filter(|_| goes_on) {
            Some((_, run)) => run.push(line),
            None => runs.push((kind(index), vec![line])),
        }
    }
    runs
}
