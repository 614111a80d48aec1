//! Which lines of text stand beside the fields of a form: labels are not running text. Pure.

use quire_schemas::element::BBox;

use super::{
    content::PageField,
    frames::Frame,
    lines::Line,
    stacked::{Stacked, shared_height},
    visibility::Layer,
};

/// A field beside more lines is the ground of a page, and no field of a row.
const MOST_LINES: usize = 64;
/// A line of fewer words may be a label, however narrow its column is.
const RUNNING_WORDS: usize = 5;
// In units of the font size.
/// A line whose label goes on stands this close to the next one.
const LARGEST_PITCH: f64 = 1.5;
/// What is closer to a field is its label, also if it looks like running text.
const NEAR: f64 = 2.0;
/// Width of a character that is not measured.
const CHARACTER: f64 = 0.5;

/// The fields of a page that the page shows, and the lines beside each.
#[derive(Debug, Default)]
pub(super) struct FieldRows {
    fields: Vec<FieldRow>,
    places: Stacked,
}

#[derive(Debug)]
struct FieldRow {
    bbox: BBox,
    /// The boxes of the lines beside it, between which and the field nothing stands.
    lines: Vec<BBox>,
}

impl FieldRows {
    pub(super) fn of<'a>(fields: &[PageField], lines: impl Iterator<Item = &'a Line>) -> Self {
        let shown = || fields.iter().filter(|field| field.shown);
        if shown().next().is_none() {
            return Self::default();
        }
        let is_seen = |line: &&Line| line.frame == Frame::UPRIGHT && !matches!(line.layer, Layer::Hidden(_));
        let lines = Stacked::new(lines.filter(is_seen).map(|line| line.bbox));
        let row = |field: &PageField| FieldRow { bbox: field.bbox, lines: beside(field.bbox, &lines) };
        let fields: Vec<FieldRow> = shown().map(row).collect();
        Self { places: Stacked::new(fields.iter().map(|field| field.bbox)), fields }
    }

    /// Says whether fields part two lines of a column: each has a field of its own, or a field stands between them, or
    /// only one has a field and the text does not go on past it. `is_full` tells whether the first one ends where the
    /// next word has no room in the column.
    pub(super) fn part(&self, last: &Line, next: &Line, is_full: bool) -> bool {
        if self.fields.is_empty() || last.frame != Frame::UPRIGHT || next.frame != Frame::UPRIGHT {
            return false;
        }
        if self.has_field_between(last.bbox, next.bbox) {
            return true;
        }
        let (beside_last, beside_next) = (self.beside(last.bbox), self.beside(next.bbox));
        let own = |these: &[usize], others: &[usize]| -> Vec<BBox> {
            these.iter().filter(|field| !others.contains(field)).map(|field| self.fields[*field].bbox).collect()
        };
        let (of_last, of_next) = (own(&beside_last, &beside_next), own(&beside_next, &beside_last));
        if of_last.is_empty() && of_next.is_empty() {
            return false;
        }
        let is_close = next.baseline - last.baseline <= LARGEST_PITCH * last.size.max(next.size);
        if !is_close || !(of_last.is_empty() || of_next.is_empty()) {
            return true;
        }
        let first = next.words.first().map_or(1, |word| word.text.chars().count());
        let room = (first as f64 + 0.5) * CHARACTER * last.size;
        let is_running = is_full && last.words.len() >= RUNNING_WORDS;
        // The label of a field on its right goes on in the next line if the field has left no room for its next word.
        // That of a box on its left goes on if its line is full.
        let goes_on_past = |field: &BBox, line: &Line, may_follow: bool| {
            if field.middle_x() > line.bbox.middle_x() {
                let gap = field.left() - last.bbox.right();
                gap < room || is_running && gap > NEAR * last.size
            } else {
                let gap = line.bbox.left() - field.right();
                may_follow && is_full || is_running && gap > NEAR * last.size
            }
        };
        !(of_last.iter().all(|field| goes_on_past(field, last, true))
            && of_next.iter().all(|field| goes_on_past(field, next, false)))
    }

    /// Returns the fields beside a line.
    fn beside(&self, line: BBox) -> Vec<usize> {
        let rows = self.places.on_row_of(line).map(|(_, index)| index);
        rows.filter(|index| self.fields[*index].lines.contains(&line)).collect()
    }

    fn has_field_between(&self, last: BBox, next: BBox) -> bool {
        self.places.between(last.middle_y(), next.middle_y()).any(|(field, _)| {
            (last.middle_y()..next.middle_y()).contains(&field.middle_y())
                && shared_height(field, last) < 0.5
                && shared_height(field, next) < 0.5
                && field.shared_width(last).max(field.shared_width(next)) > 0.0
        })
    }
}

/// Returns the lines beside a field, between which and the field no other line stands.
fn beside(field: BBox, lines: &Stacked) -> Vec<BBox> {
    let on_row: Vec<BBox> = lines.on_row_of(field).map(|(line, _)| line).take(MOST_LINES + 1).collect();
    if on_row.len() > MOST_LINES {
        return Vec::new();
    }
    let is_between = |other: &BBox, line: BBox| {
        let (from, to) = if line.middle_x() < field.middle_x() {
            (line.middle_x(), field.middle_x())
        } else {
            (field.middle_x(), line.middle_x())
        };
        *other != line && (from..=to).contains(&other.middle_x()) && shared_height(*other, line) >= 0.5
    };
    on_row.iter().copied().filter(|line| !on_row.iter().any(|other| is_between(other, *line))).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{content::FieldKind, lay_out, testing::Page},
        *,
    };

    fn field(left: f64, top: f64, right: f64, bottom: f64) -> PageField {
        let bbox = BBox::new(left, top, right, bottom);
        let (name, value) = (String::new(), "value".to_owned());
        PageField { bbox, name, kind: FieldKind::Text, value, shown_text: None, checked: None, shown: true }
    }

    /// Reads lines that begin at 50 and are 14 points high, each with its baseline.
    fn texts(lines: &[(&str, f64)], fields: Vec<PageField>) -> Vec<String> {
        let page = lines.iter().fold(Page::new(), |page, (line, y)| page.write(line, 50.0, *y));
        let page = page.and(|page| page.fields = fields).content();
        lay_out(page).paragraphs().map(|paragraph| paragraph.text.clone()).collect()
    }

    #[test]
    fn labels_with_a_field_each_are_not_one_paragraph() {
        let labels = [("First name", 100.0), ("Notes", 130.0), ("Code", 160.0), ("Country", 190.0), ("Colours", 220.0)];
        let fields = labels.iter().map(|(_, y)| field(200.0, y - 12.0, 400.0, y + 5.0)).collect();
        assert_eq!(texts(&labels, fields), ["First name", "Notes", "Code", "Country", "Colours"]);
        let close = [("First name", 100.0), ("Last name", 113.0)];
        let fields = close.iter().map(|(_, y)| field(120.0, y - 9.0, 300.0, y + 3.0)).collect();
        assert_eq!(texts(&close, fields), ["First name", "Last name"]);
        assert_eq!(texts(&close, Vec::new()), ["First name Last name"]);
    }

    #[test]
    fn a_label_of_two_lines_is_one_paragraph() {
        let label = [("Name and address of the", 100.0), ("employer", 112.0)];
        let joined = ["Name and address of the employer"];
        assert_eq!(texts(&label, vec![field(170.0, 91.0, 400.0, 103.0)]), joined, "the field is beside its first line");
        assert_eq!(
            texts(&label, vec![field(170.0, 103.0, 400.0, 115.0)]),
            joined,
            "the field is beside its second line"
        );
        assert_eq!(texts(&label, vec![field(170.0, 91.0, 400.0, 140.0)]), joined, "the field is beside both");
        assert_eq!(texts(&label, vec![field(36.0, 92.0, 46.0, 102.0)]), joined, "the box is before it");
        assert_eq!(
            texts(&[("Name", 100.0), ("Please fill in all", 112.0)], vec![field(170.0, 91.0, 400.0, 103.0)]).len(),
            2
        );
    }

    #[test]
    fn a_box_begins_a_line_of_its_own() {
        let lines =
            [("Please tick all that is right", 100.0), ("I agree to what is said here", 112.0), ("above", 124.0)];
        let fields = vec![field(38.0, 104.0, 47.0, 113.0)];
        assert_eq!(texts(&lines, fields), ["Please tick all that is right", "I agree to what is said here above"]);
    }

    #[test]
    fn a_field_below_its_label_parts_it_from_the_next_one() {
        let labels = [("First name", 100.0), ("Street", 130.0), ("Town", 160.0), ("Country", 190.0)];
        let fields = labels.iter().map(|(_, y)| field(50.0, y + 5.0, 250.0, y + 19.0)).collect();
        assert_eq!(texts(&labels, fields).len(), 4);
    }

    #[test]
    fn a_field_far_beside_running_text_parts_no_paragraph() {
        let text = [
            ("a column of text that has a form", 100.0),
            ("on its right goes on as if there", 112.0),
            ("were none", 124.0),
        ];
        assert_eq!(texts(&text, vec![field(300.0, 90.0, 400.0, 104.0)]).len(), 1);
    }
}
