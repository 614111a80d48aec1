//! What lines are before paragraphs are made of them: running text, program text, or a formula. Pure.

use super::{
    fonts::FontTable,
    formulas::formulas,
    frames::Frame,
    lines::Line,
    listings::{go_on, listings, may_be_listing},
    regions::Flow,
    tables::Table,
};

/// What a block of lines is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// Program text, whose lines and spaces stay.
    Code,
    Formula,
}

/// What follows each other on a page.
pub(super) enum Run {
    /// Lines of one kind, of one column. A listing and the formulas between two texts are a run each.
    Lines(Kind, Vec<Line>),
    /// Boxes are in the frame.
    Table(Frame, Table<Vec<Line>>),
}

/// Cuts flows into runs. `is_typewritten` says that most of the page is set in type of a fixed pitch, which says
/// nothing then.
pub(super) fn runs(flows: Vec<Flow>, fonts: &FontTable, is_typewritten: bool) -> Vec<Run> {
    let mut runs = Vec::with_capacity(flows.len());
    for flow in flows {
        match flow {
            Flow::Lines(lines) => {
                for (kind, lines) in of_column(lines, fonts, is_typewritten) {
                    push(&mut runs, (kind, lines), fonts, is_typewritten);
                }
            }
            Flow::Table(frame, table) => runs.push(Run::Table(frame, table)),
        }
    }
    runs
}

/// Adds lines of one kind to the runs before them. A listing with empty lines may have been cut into several columns,
/// of which some have no signs of a program.
fn push(runs: &mut Vec<Run>, (kind, lines): (Kind, Vec<Line>), fonts: &FontTable, is_typewritten: bool) {
    let is_listing = |kind: Kind, lines: &[Line]| match kind {
        Kind::Code => true,
        Kind::Text => !is_typewritten && may_be_listing(lines, fonts),
        Kind::Formula => false,
    };
    match runs.last_mut() {
        Some(Run::Lines(last_kind, last))
            if (*last_kind == Kind::Code || kind == Kind::Code)
                && go_on(last, &lines)
                && is_listing(*last_kind, last)
                && is_listing(kind, &lines) =>
        {
            *last_kind = Kind::Code;
            last.extend(lines);
        }
        _ => runs.push(Run::Lines(kind, lines)),
    }
}

/// Cuts the lines of a column where their kind changes.
fn of_column(lines: Vec<Line>, fonts: &FontTable, is_typewritten: bool) -> Vec<(Kind, Vec<Line>)> {
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
