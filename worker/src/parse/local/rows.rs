//! Rows: what stands on one baseline of a region, whatever column it belongs to. Pure.

use quire_schemas::element::BBox;

use super::characters;

// In units of the font size.
/// Baselines that differ by more are two rows.
const SAME_BASELINE: f64 = 0.3;
/// Baselines of texts beside each other may differ by this: the cells of a row are not always set on one line.
const BESIDE: f64 = 0.4;
/// Raised and lowered characters stand this near to their neighbour, and are shifted against it by at most the next.
const SCRIPT_GAP: f64 = 0.35;
const SCRIPT_SHIFT: f64 = 0.65;
/// A capital that is this many times as large as the text is a drop cap.
const DROP_CAP: f64 = 1.8;
/// A leader reaches what is no further from it than this, and its dots each other.
const LEADER_GAP: f64 = 6.0;
const DOT_GAP: f64 = 1.5;
/// Large letters that are no further apart than this are a heading, whose letters may be spaced.
const BESIDE_CAP: f64 = 1.5;

/// Something that has a place in a region: a token, or a block that is laid out by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Item<'a> {
    pub(super) what: What,
    pub(super) text: &'a str,
    pub(super) bbox: BBox,
    pub(super) baseline: f64,
    pub(super) size: f64,
    pub(super) bold: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A token by its number.
    Piece(usize),
    /// A ruled area or a picture by its number.
    Block(usize),
}

impl Item<'_> {
    pub(super) const fn is_block(&self) -> bool {
        matches!(self.what, What::Block(_))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row<'a> {
    /// From left to right.
    pub(super) items: Vec<Item<'a>>,
    pub(super) baseline: f64,
    /// A capital that the row begins with, drawn over several rows, with an apostrophe or quotation mark of its size.
    pub(super) drop_cap: Vec<Item<'a>>,
}

impl Row<'_> {
    pub(super) fn top(&self) -> f64 {
        self.items.iter().map(|item| item.bbox.top()).fold(f64::INFINITY, f64::min)
    }

    pub(super) fn left(&self) -> f64 {
        self.items.iter().map(|item| item.bbox.left()).fold(f64::INFINITY, f64::min)
    }

    pub(super) fn right(&self) -> f64 {
        self.items.iter().map(|item| item.bbox.right()).fold(f64::NEG_INFINITY, f64::max)
    }

    pub(super) fn bottom(&self) -> f64 {
        self.items.iter().map(|item| item.bbox.bottom()).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Returns what items say, one after the other.
pub(super) fn text(items: &[Item<'_>]) -> String {
    items.iter().map(|item| item.text).collect()
}

/// Returns the font size of most characters; 10 where there are none.
pub(super) fn usual_size(items: &[Item<'_>]) -> f64 {
    let mut sizes: Vec<(f64, usize)> =
        items.iter().filter(|item| !item.is_block()).map(|item| (item.size, item.text.len())).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sizes.iter().map(|(_, length)| length).sum::<usize>() / 2;
    let mut passed = 0;
    for (size, length) in sizes {
        passed += length;
        if passed > half {
            return size;
        }
    }
    10.0
}

/// Gathers the items of a region into rows from top to bottom.
pub(super) fn rows(mut items: Vec<Item<'_>>) -> Vec<Row<'_>> {
    let usual = usual_size(&items);
    let caps = take_drop_caps(&mut items, usual);
    items.sort_by(|a, b| a.baseline.total_cmp(&b.baseline).then(a.bbox.left().total_cmp(&b.bbox.left())));
    let mut rows: Vec<Row<'_>> = Vec::new();
    for item in items {
        let fits = rows.last().is_some_and(|row| {
            let first = &row.items[0];
            let tolerance = SAME_BASELINE * item.size.min(first.size);
            !item.is_block() && !first.is_block() && item.baseline - row.baseline <= tolerance
        });
        match rows.last_mut().filter(|_| fits) {
            Some(row) => row.items.push(item),
            None => rows.push(Row { items: vec![item], baseline: item.baseline, drop_cap: Vec::new() }),
        }
    }
    for row in &mut rows {
        sort(row);
    }
    let mut rows = with_neighbouring_cells(with_scripts(rows));
    for row in &mut rows {
        lead(&mut row.items);
    }
    for cap in caps {
        give_drop_cap(&mut rows, cap);
    }
    rows
}

fn sort(row: &mut Row<'_>) {
    row.items.sort_by(|a, b| a.bbox.left().total_cmp(&b.bbox.left()));
}

/// Joins rows whose baselines differ a little, if each stands in the gaps and margins of the other.
fn with_neighbouring_cells(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut joined: Vec<Row<'_>> = Vec::with_capacity(rows.len());
    for mut row in rows {
        match joined.last_mut().filter(|last| are_beside(last, &row)) {
            Some(last) => {
                last.items.append(&mut row.items);
                sort(last);
            }
            None => joined.push(row),
        }
    }
    joined
}

fn are_beside(row: &Row<'_>, next: &Row<'_>) -> bool {
    let size = row.items.iter().chain(&next.items).map(|item| item.size).fold(f64::INFINITY, f64::min);
    let has_block = || row.items.iter().chain(&next.items).any(Item::is_block);
    if next.baseline - row.baseline > BESIDE * size || has_block() {
        return false;
    }
    let (mut one, mut other) = (row.items.iter().peekable(), next.items.iter().peekable());
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let is_first = a.bbox.left() <= b.bbox.left();
        let (first, second) = if is_first { (a, b) } else { (b, a) };
        if first.bbox.right() > second.bbox.left() {
            return false;
        }
        let passed = if is_first { &mut one } else { &mut other };
        passed.next();
    }
    true
}

/// Lets the dots of a leader reach the title before them and the page number behind them: they lead from one to the
/// other, so that no column ends between them, however far apart they are set. What is no number begins another column.
fn lead(items: &mut [Item<'_>]) {
    let mut from = 0;
    while from < items.len() {
        let dots = items[from..].iter().take_while(|item| characters::is_leader(item.text)).count();
        let count: usize = items[from..from + dots].iter().map(|item| item.text.chars().count()).sum();
        let behind = items.get(from + dots).is_some_and(|item| characters::is_page_number(item.text));
        if count >= characters::LEAST_LEADER && behind {
            for index in from.max(1)..=from + dots {
                let widest = if index == from || index == from + dots { LEADER_GAP } else { DOT_GAP };
                bridge(items, index, widest);
            }
        }
        from += dots + 1;
    }
}

/// Lets an item and the one before it reach each other, if they are no further apart than this.
fn bridge(items: &mut [Item<'_>], index: usize, widest: f64) {
    let (before, after) = (items[index - 1], items[index]);
    let gap = after.bbox.left() - before.bbox.right();
    if (0.0..=widest * after.size).contains(&gap) && !before.is_block() {
        let middle = before.bbox.right() + 0.5 * gap;
        items[index - 1].bbox = reaching(before.bbox, before.bbox.left(), middle);
        items[index].bbox = reaching(after.bbox, middle, after.bbox.right());
    }
}

const fn reaching(bbox: BBox, left: f64, right: f64) -> BBox {
    BBox::new(left, bbox.top(), right, bbox.bottom())
}

/// Puts superscripts, subscripts and marks of footnotes into the row of the characters that they stand beside.
fn with_scripts(mut rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    for index in 0..rows.len() {
        // First the row below: exponents are more frequent than indices.
        for host in [index.checked_add(1), index.checked_sub(1)].into_iter().flatten() {
            if host >= rows.len() || rows[host].items.is_empty() || rows[index].items.is_empty() {
                continue;
            }
            let near = SCRIPT_SHIFT * rows[host].items.iter().map(|item| item.size).fold(1.0, f64::max);
            if (rows[host].baseline - rows[index].baseline).abs() > near {
                continue;
            }
            let row = std::mem::take(&mut rows[index].items);
            let is_script = with_neighbours(&row, |item| is_script_of(item, &rows[host].items));
            let parted = row.into_iter().zip(is_script);
            let (scripts, others): (Vec<_>, Vec<_>) = parted.partition(|(_, is_script)| *is_script);
            rows[index].items = others.into_iter().map(|(item, _)| item).collect();
            let scripts: Vec<Item<'_>> = scripts.into_iter().map(|(item, _)| item).collect();
            if !scripts.is_empty() {
                rows[host].items.extend(scripts);
                sort(&mut rows[host]);
            }
        }
    }
    rows.retain(|row| !row.items.is_empty());
    rows
}

/// Says which items of a row are scripts: those that `is_script` says so of, and those that stand beside one of them.
fn with_neighbours(row: &[Item<'_>], is_script: impl Fn(&Item<'_>) -> bool) -> Vec<bool> {
    let mut found: Vec<bool> = row.iter().map(is_script).collect();
    let touches = |left: &Item<'_>, right: &Item<'_>| {
        let (size, gap) = (left.size, right.bbox.left() - left.bbox.right());
        !left.is_block()
            && !right.is_block()
            && (-0.3 * size..=SCRIPT_GAP * size).contains(&gap)
            && (left.baseline - right.baseline).abs() <= 0.1 * size
            && (left.size - right.size).abs() <= 0.1 * size
    };
    for index in 1..row.len() {
        found[index] |= found[index - 1] && touches(&row[index - 1], &row[index]);
    }
    for index in (1..row.len()).rev() {
        found[index - 1] |= found[index] && touches(&row[index - 1], &row[index]);
    }
    found
}

/// Says whether an item stands beside one of a row, shifted against it. `row` is ordered from left to right.
fn is_script_of(item: &Item<'_>, row: &[Item<'_>]) -> bool {
    if item.is_block() {
        return false;
    }
    let reach = 2.0 * item.size;
    let from = row.partition_point(|host| host.bbox.left() < item.bbox.left() - 40.0 * reach);
    row[from..].iter().take_while(|host| host.bbox.left() <= item.bbox.right() + reach).any(|host| {
        let size = host.size;
        let gap = (item.bbox.left() - host.bbox.right()).max(host.bbox.left() - item.bbox.right());
        let shared = item.bbox.bottom().min(host.bbox.bottom()) - item.bbox.top().max(host.bbox.top());
        let height = (item.bbox.bottom() - item.bbox.top()).max(0.1);
        let shift = (item.baseline - host.baseline).abs();
        let is_smaller = item.size <= 0.85 * host.size;
        let most = if is_smaller { SCRIPT_SHIFT } else { 0.5 };
        !host.is_block()
            && item.size <= 1.05 * host.size
            && (-0.3 * size..=SCRIPT_GAP * size).contains(&gap)
            && shared >= 0.3 * height
            && shift <= most * size
    })
}

/// Takes out single capitals that are much larger than the text, each with the marks beside it.
fn take_drop_caps<'a>(items: &mut Vec<Item<'a>>, usual: f64) -> Vec<Vec<Item<'a>>> {
    let (mut large, others): (Vec<Item<'a>>, Vec<Item<'a>>) =
        items.iter().partition(|item| !item.is_block() && item.size >= DROP_CAP * usual);
    large.sort_by(|a, b| a.baseline.total_cmp(&b.baseline).then(a.bbox.left().total_cmp(&b.bbox.left())));
    let follows = |a: &Item<'_>, b: &Item<'_>| {
        let size = a.size.max(b.size);
        (a.baseline - b.baseline).abs() < 0.5 * size && b.bbox.left() - a.bbox.right() < BESIDE_CAP * size
    };
    // A heading in large type has letters beside each other; a cap stands alone.
    let is_cap = |group: &[Item<'_>]| {
        let letters =
            || group.iter().flat_map(|item| item.text.chars()).filter(|character| character.is_alphanumeric());
        letters().count() == 1 && letters().all(char::is_uppercase)
    };
    let (caps, headings): (Vec<Vec<Item<'a>>>, Vec<Vec<Item<'a>>>) =
        large.chunk_by(follows).map(<[Item<'a>]>::to_vec).partition(|group| is_cap(group));
    if caps.is_empty() {
        return caps;
    }
    *items = others;
    items.extend(headings.into_iter().flatten());
    caps
}

/// Gives a drop cap to the uppermost row on its right that it reaches; a cap without one is a row of its own.
fn give_drop_cap<'a>(rows: &mut Vec<Row<'a>>, group: Vec<Item<'a>>) {
    let letter = group.iter().max_by(|a, b| a.bbox.right().total_cmp(&b.bbox.right()));
    let Some(&cap) = letter else { return };
    let reaches = |row: &&mut Row<'a>| {
        let first = &row.items[0];
        let gap = first.bbox.left() - cap.bbox.right();
        row.drop_cap.is_empty()
            && !first.is_block()
            && row.baseline > cap.baseline - 0.9 * cap.size
            && row.baseline <= cap.baseline + 0.2 * first.size
            && (-0.5 * first.size..=1.5 * first.size).contains(&gap)
    };
    if let Some(row) = rows.iter_mut().find(reaches) {
        row.drop_cap = group;
        return;
    }
    let at = rows.partition_point(|row| row.baseline < cap.baseline);
    rows.insert(at, Row { items: group, baseline: cap.baseline, drop_cap: Vec::new() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: usize, text: &str, x: f64, baseline: f64, size: f64) -> Item<'_> {
        let bbox = BBox::new(x, baseline - 0.8 * size, x + 0.5 * size * text.len() as f64, baseline + 0.2 * size);
        Item { what: What::Piece(number), text, bbox, baseline, size, bold: false }
    }

    fn texts(items: Vec<Item<'_>>) -> Vec<String> {
        let text =
            |row: &Row<'_>| row.drop_cap.iter().chain(&row.items).map(|item| item.text).collect::<Vec<_>>().join(" ");
        rows(items).iter().map(text).collect()
    }

    #[test]
    fn raised_and_lowered_characters_stay_in_their_row() {
        let items = vec![
            item(0, "mc", 50.0, 100.0, 12.0),
            item(1, "2", 62.0, 94.0, 8.0),
            item(2, "H", 90.0, 100.0, 12.0),
            item(3, "2", 96.0, 103.0, 8.0),
            item(4, "next", 50.0, 114.0, 12.0),
        ];
        assert_eq!(texts(items), ["mc 2 H 2", "next"]);
        let footnote = vec![item(0, "source", 50.0, 100.0, 10.0), item(1, "1", 80.2, 95.5, 10.0)];
        assert_eq!(texts(footnote), ["source 1"]);
    }

    #[test]
    fn small_rows_with_a_pitch_of_their_own_are_rows() {
        let items = vec![item(0, "left", 50.0, 100.0, 10.0), item(1, "right", 200.0, 105.0, 10.0)];
        assert_eq!(texts(items), ["left", "right"]);
        let tight = vec![item(0, "above", 50.0, 100.0, 6.0), item(1, "below", 50.0, 107.0, 10.0)];
        assert_eq!(texts(tight), ["above", "below"]);
    }

    #[test]
    fn cells_of_a_row_stand_from_left_to_right_although_their_baselines_differ() {
        let items = vec![
            item(0, "31", 50.0, 100.0, 9.0),
            item(1, "No:", 200.0, 100.5, 10.0),
            item(2, "48", 230.0, 97.6, 7.0),
            item(3, "55", 400.0, 100.0, 9.0),
            item(4, "next", 50.0, 112.0, 9.0),
        ];
        assert_eq!(texts(items), ["31 No: 48 55", "next"]);
        let lines = vec![item(0, "a line", 50.0, 100.0, 10.0), item(1, "over another", 60.0, 103.5, 10.0)];
        assert_eq!(texts(lines), ["a line", "over another"]);
    }

    #[test]
    fn a_drop_cap_belongs_to_the_first_of_its_rows() {
        let items = vec![
            item(0, "O", 72.0, 124.0, 40.0),
            item(1, "nce", 93.0, 100.0, 12.0),
            item(2, "house", 93.0, 114.0, 12.0),
            item(3, "knew", 72.0, 138.0, 12.0),
        ];
        assert_eq!(texts(items), ["O nce", "house", "knew"]);
        let heading = vec![item(0, "A", 72.0, 100.0, 40.0), item(1, "Tale", 102.0, 100.0, 40.0)];
        assert_eq!(texts([heading, vec![item(2, "text of ordinary size", 72.0, 130.0, 10.0)]].concat())[0], "A Tale");
    }
}
