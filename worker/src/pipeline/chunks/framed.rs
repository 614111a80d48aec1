//! Tables and code as lines in a frame: what must stand around the lines of each part. Pure.

use std::{iter, ops::Range};

use super::{
    html_rows::rows_reached,
    source::{Kind, Source},
};

/// A text whose lines can stand apart between its head and its foot.
#[derive(Debug)]
pub(super) struct Framed<'t> {
    /// The head rows of a table, or the fence above code; may be empty.
    pub(super) head: &'t str,
    /// Where the lines stand in the text.
    body: Range<usize>,
    /// What closes the frame; may be empty.
    pub(super) foot: &'t str,
    pub(super) lines: Lines,
    text: &'t str,
}

/// What the lines of a frame are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    Code,
    /// Rows of a table with pipes.
    Pipes,
    /// Rows of a table in HTML.
    Html,
}

/// What a row in HTML begins with.
const ROW: &str = "<tr";

impl<'t> Framed<'t> {
    /// Reads a table with pipes or in HTML, or code. `None` for anything else.
    pub(super) fn of(source: &'t Source) -> Option<Self> {
        match source.kind {
            Kind::Table { .. } => pipes(&source.text).or_else(|| html(&source.text)),
            Kind::Code => Some(code(&source.text)),
            _ => None,
        }
    }

    /// Lists the lines, without white space at their ends, and where they begin in the text. Some may be empty.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'t str)> + use<'t> {
        let (mut place, lines) = (self.body.start, self.lines);
        let mut rest = &self.text[self.body.clone()];
        iter::from_fn(move || {
            let next = match lines {
                Lines::Html => rest.match_indices(ROW).map(|(place, _)| place).find(|place| *place > 0),
                Lines::Code | Lines::Pipes => rest.find('\n').map(|end| end + 1),
            };
            let (line, after) = rest.split_at(next.unwrap_or(rest.len()));
            let start = place;
            (rest, place) = (after, place + line.len());
            Some((start, line.trim_end())).filter(|_| !line.is_empty())
        })
    }

    /// Lists the lines that are not empty, those together that should not be parted: rows below a cell that reaches
    /// over them.
    pub(super) fn units(&self) -> impl Iterator<Item = Vec<(usize, &'t str)>> + use<'t> {
        let is_html = self.lines == Lines::Html;
        let rows = move |line: &str| if is_html { rows_reached(line) } else { 1 };
        let mut lines = self.lines().filter(|(_, line)| !line.is_empty());
        iter::from_fn(move || {
            let first = lines.next()?;
            let (mut unit, mut end) = (vec![first], rows(first.1));
            while unit.len() < end {
                let Some(line) = lines.next() else { break };
                end = end.max(unit.len() + rows(line.1));
                unit.push(line);
            }
            Some(unit)
        })
    }

    /// Returns head and foot, as they stand around a line.
    pub(super) fn around(&self) -> String {
        [self.head, self.foot].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// Reads a table of GitHub's Markdown: its first two lines are the head.
fn pipes(text: &str) -> Option<Framed<'_>> {
    let (titles, rest) = text.split_once('\n')?;
    let (rule, _) = rest.split_once('\n')?;
    let is_rule = rule.contains('-') && rule.chars().all(|sign| matches!(sign, '|' | '-' | ':' | ' ' | '\r'));
    let start = titles.len() + rule.len() + 2;
    let is_table = is_rule && titles.trim_start().starts_with('|');
    is_table.then(|| Framed {
        head: text[..start].trim(),
        body: start..text.len(),
        foot: "",
        lines: Lines::Pipes,
        text,
    })
}

/// Reads a table in HTML: its head ends behind the first rows that have cells of a head only, which do not reach
/// further.
fn html(text: &str) -> Option<Framed<'_>> {
    const ROW_END: &str = "</tr>";
    let mut start = text.find(ROW).filter(|_| text.trim_start().starts_with("<table"))?;
    let end = text.rfind(ROW_END)? + ROW_END.len();
    let (mut next_row, mut count, mut reached) = (start, 0, 0);
    while let Some(next) = text.get(next_row + 1..end)?.find(ROW).map(|next| next_row + 1 + next) {
        let row = &text[next_row..next];
        if !row.contains("<th") || row.contains("<td") {
            break;
        }
        (reached, count, next_row) = (reached.max(count + rows_reached(row)), count + 1, next);
        start = if reached <= count { next } else { start };
    }
    let (head, foot) = (text[..start].trim(), text[end..].trim());
    Some(Framed { head, body: start..end, foot, lines: Lines::Html, text })
}

/// Reads code, with or without fences.
fn code(text: &str) -> Framed<'_> {
    let bare = Framed { head: "", body: 0..text.len(), foot: "", lines: Lines::Code, text };
    // A fence may be set in.
    let trimmed = text.trim_end().trim_start_matches(['\n', '\r']);
    let (Some((head, _)), Some((_, foot))) = (trimmed.split_once('\n'), trimmed.rsplit_once('\n')) else { return bare };
    let fence = foot.trim();
    let is_fenced = head.trim_start().starts_with(fence) && (fence.starts_with("```") || fence.starts_with("~~~"));
    let start = text.len() - text.trim_start_matches(['\n', '\r']).len();
    let body = start + head.len() + 1..start + trimmed.len() - foot.len();
    if is_fenced && body.start <= body.end { Framed { head, body, foot, ..bare } } else { bare }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::source, *};

    /// Returns head, lines and foot.
    fn read(kind: Kind, text: &str) -> Option<(String, Vec<String>, String)> {
        let source = source(kind, text);
        let framed = Framed::of(&source)?;
        let lines = framed.lines().map(|(start, line)| {
            assert_eq!(&source.text[start..start + line.len()], line);
            line.to_owned()
        });
        Some((framed.head.to_owned(), lines.collect(), framed.foot.to_owned()))
    }

    fn expected(head: &str, lines: &[&str], foot: &str) -> Option<(String, Vec<String>, String)> {
        Some((head.to_owned(), lines.iter().map(|line| (*line).to_owned()).collect(), foot.to_owned()))
    }

    #[test]
    fn a_table_with_pipes_has_two_lines_of_head() {
        let table = Kind::Table { num_rows: 3 };
        let text = "| a | b |\n| --- | :-: |\n| 1 | 2 |\n| 3 | 4 |";
        assert_eq!(read(table.clone(), text), expected("| a | b |\n| --- | :-: |", &["| 1 | 2 |", "| 3 | 4 |"], ""));
        assert_eq!(read(table.clone(), "| a |\n| --- |"), None);
        assert_eq!(read(table, "Bergen 14\nTroms 9\nBodø 3"), None);
    }

    #[test]
    fn a_table_in_html_is_cut_before_its_rows() {
        let text = "<table>\n<thead>\n<tr><th>a</th></tr>\n</thead>\n<tbody>\n<tr><th>b</th><td>1</td></tr>\n<tr><td>2</td></tr>\n</tbody>\n</table>";
        let head = "<table>\n<thead>\n<tr><th>a</th></tr>\n</thead>\n<tbody>";
        let rows = ["<tr><th>b</th><td>1</td></tr>", "<tr><td>2</td></tr>"];
        assert_eq!(read(Kind::Table { num_rows: 3 }, text), expected(head, &rows, "</tbody>\n</table>"));
        assert_eq!(read(Kind::Table { num_rows: 3 }, "<table></table>"), None);
    }

    #[test]
    fn rows_below_a_cell_that_reaches_over_them_are_a_unit_and_never_part_of_the_head_alone() {
        let rows = [
            "<tr><th>a</th><th>b</th></tr>",
            "<tr><th rowspan=\"2\">c</th></tr>",
            "<tr><td rowspan=\"2\">1</td></tr>",
            "<tr></tr>",
            "<tr><td>2</td></tr>",
        ];
        let source = source(Kind::Table { num_rows: 5 }, &format!("<table>{}</table>", rows.concat()));
        let framed = Framed::of(&source).expect("a table");
        let units: Vec<Vec<&str>> = framed.units().map(|unit| unit.iter().map(|(_, row)| *row).collect()).collect();
        assert_eq!(
            (framed.head, units),
            ("<table><tr><th>a</th><th>b</th></tr>", vec![rows[1..4].to_vec(), vec![rows[4]]])
        );
    }

    #[test]
    fn code_keeps_its_fences() {
        let text = "```rust\nfn a() {\n\n    b();\n}\n```";
        assert_eq!(read(Kind::Code, text), expected("```rust", &["fn a() {", "", "    b();", "}"], "```"));
        assert_eq!(read(Kind::Code, "a\n  b\n"), expected("", &["a", "  b"], ""));
        assert_eq!(read(Kind::Code, "```"), expected("", &["```"], ""));
        assert_eq!(read(Kind::Code, "```\n```"), expected("```", &[], "```"));
        assert_eq!(read(Kind::Code, " ```\n a\n ```"), expected(" ```", &[" a"], " ```"));
    }
}
