//! How commands print: lines of data on stdout, notes on stderr, tables, and texts that fit a row.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use quire_schemas::printable::{printable, printable_json};
use serde::Serialize;

/// Standard output takes no more. A type of its own, so that a closed pipe is not taken for a lost
/// connection.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct Unwritten(#[source] pub(super) io::Error);

/// Writes a line of data.
pub(crate) fn say(text: &str) -> Result<(), Unwritten> {
    writeln!(io::stdout().lock(), "{}", printable(text)).map_err(Unwritten)
}

/// Writes a line of data as JSON.
pub(crate) fn say_json(line: &impl Serialize) -> anyhow::Result<()> {
    let json = printable_json(&serde_json::to_string(line)?);
    Ok(writeln!(io::stdout().lock(), "{json}").map_err(Unwritten)?)
}

/// Prints something that is not data.
pub(crate) fn note(text: &str) {
    // A closed stderr must not fail the command.
    let _ = writeln!(io::stderr().lock(), "quire: {}", printable(text));
}

/// Aligns cells in columns, two spaces apart; columns of numbers to the right.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut lines = vec![String::new(); rows.len() + 1];
    for (column, heading) in headings.into_iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).chain([heading.chars().count()]).max().unwrap_or(0);
        let numbers = !cells.is_empty() && cells.iter().all(|cell| is_number(cell));
        for (line, cell) in lines.iter_mut().zip([heading].into_iter().chain(cells)) {
            let gap = if column == 0 { "" } else { "  " };
            let cell = if numbers { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            line.push_str(gap);
            line.push_str(&cell);
        }
    }
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

fn is_number(cell: &str) -> bool {
    cell == UNKNOWN || cell.parse::<f64>().is_ok()
}

/// Stands in a table for a value that is not known.
const UNKNOWN: &str = "-";

/// Shows a value that may not be known.
pub(crate) fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

/// Shows how long ago something was, in one unit.
pub(crate) fn age(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    // Clocks differ: a time in the future counts as now.
    let seconds = (now - then).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Replaces control characters, which a terminal would obey.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Cuts a text to so many characters, the last of which is then `…`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_text_to_the_left_and_numbers_to_the_right() {
        let rows = [
            ["quire.jobs.high".to_owned(), "7".to_owned(), "é".to_owned()],
            ["quire.dead".to_owned(), "-".to_owned(), String::new()],
            ["x".to_owned(), "1200".to_owned(), "full".to_owned()],
        ];
        let expected = [
            "queue            ready  note",
            "quire.jobs.high      7  é",
            "quire.dead           -",
            "x                 1200  full",
        ];
        assert_eq!(table(["queue", "ready", "note"], &rows), expected.join("\n"));
    }

    #[test]
    fn a_table_without_rows_has_its_headings() {
        assert_eq!(table(["a", "b"], &[]), "a  b");
    }

    #[test]
    fn an_age_is_shown_in_one_unit() {
        let then = DateTime::UNIX_EPOCH;
        let after = |seconds: i64| age(then, then + chrono::TimeDelta::seconds(seconds));
        let shown = [-5, 59, 60, 3_599, 3_600, 172_799, 172_800].map(after);
        assert_eq!(shown, ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
    }
}
