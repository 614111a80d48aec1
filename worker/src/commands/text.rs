//! How commands write: as a table for a person, or as JSON for a program.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    /// For a person.
    Human,
    /// For a program: one JSON document.
    Json,
}

impl OutputFormat {
    /// Reads the flag `--json`.
    pub(crate) const fn of_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Human }
    }
}

/// Aligns the columns of a table; the last one is not padded.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "bcd", "x"], ["éfg", "h", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), "a    bcd  x\néfg  h\n");
    }
}
