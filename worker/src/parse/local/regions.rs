//! The order of reading: a region is cut at channels into columns, else read row by row; ruled areas and pictures are
//! regions of their own. Pure.
//!
//! The order depends on places alone, never on the order in which the file draws its text objects.

use quire_schemas::element::BBox;

use super::{
    channels::Channel,
    characters::Writing,
    columns::{Parting, columns},
    containers::{Ground, Kind},
    doubts::Doubts,
    fonts::FontTable,
    frames::Frame,
    justified::{self, justified},
    lines::{Line, Piece, Word, is_sign},
    markers::Mark,
    rows::{self, Item, Row, What},
    spacing::gaps,
    tables::{Layout, MOST_TRIED_ROWS, Narrow, Table, ruled, unruled},
};

/// Regions that are cut again; a region deeper inside is read row by row.
const MAX_DEPTH: usize = 24;
/// Comparisons of tokens with containers; behind so many, what lies in a container is read with what is around it.
const MAX_COMPARISONS: usize = 10_000_000;
/// A gap this wide, in units of the font size, parts a row into lines.
const LINE_GAP: f64 = 1.5;
/// And so many times as wide as the usual gap of the row: justified text may have wide gaps.
const RATIO: f64 = 2.2;
/// The text of a list item is no further from its mark than this, in units of the font size.
const MARK_GAP: f64 = 5.0;
/// Large type that lies over this many other tokens does not stand in their order.
const OVERLAID: usize = 3;

/// Capitals that are words by themselves in a language of Europe.
const WORDS_OF_ONE_LETTER: [&str; 22] =
    ["A", "I", "O", "E", "Y", "À", "É", "Ó", "W", "Z", "U", "K", "S", "V", "В", "И", "К", "О", "С", "У", "Я", "А"];

/// What is read in one go.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Flow {
    /// Lines that follow each other in one column.
    Lines(Vec<Line>),
    /// Boxes are in the frame.
    Table(Frame, Table<Vec<Line>>),
}

impl Flow {
    pub(super) fn lines(&self) -> Option<&[Line]> {
        if let Self::Lines(lines) = self { Some(lines) } else { None }
    }

    pub(super) fn lines_mut(&mut self) -> Option<&mut [Line]> {
        if let Self::Lines(lines) = self { Some(lines) } else { None }
    }

    /// Returns the place of a table, in its frame.
    pub(super) const fn table(&self) -> Option<BBox> {
        if let Self::Table(_, table) = self { Some(table.bbox) } else { None }
    }

    pub(super) fn into_lines(self) -> Option<Vec<Line>> {
        if let Self::Lines(lines) = self { Some(lines) } else { None }
    }
}

/// Lays out the tokens of one frame.
pub(super) struct Regions<'a> {
    pieces: &'a [Piece],
    fonts: &'a FontTable,
    ground: &'a Ground,
    with_tables: bool,
    /// Rows that may still be looked at in search of tables.
    table_budget: usize,
    doubts: Doubts,
    flows: Vec<Flow>,
    /// Whether columns are read from the right.
    from_the_right: bool,
    /// How often a token was compared with a container.
    compared: usize,
}

/// Returns the flows of a page in the order of reading, and what of them could be read otherwise. `ground` is that of
/// the frame. Tables are looked for if `with_tables`.
pub(super) fn flows(pieces: &[Piece], fonts: &FontTable, ground: &Ground, with_tables: bool) -> (Vec<Flow>, Doubts) {
    let (mut right, mut left) = (0, 0);
    for piece in pieces {
        match piece.token.writing {
            Writing::RightToLeft => right += piece.token.text.chars().count(),
            Writing::LeftToRight => left += piece.token.text.chars().count(),
            Writing::Number | Writing::Neutral => {}
        }
    }
    let mut regions = Regions {
        pieces,
        fonts,
        ground,
        with_tables,
        table_budget: MOST_TRIED_ROWS,
        doubts: Doubts::default(),
        flows: Vec::new(),
        from_the_right: right > left,
        compared: 0,
    };
    let (overlays, tokens) = regions.without_overlays();
    regions.region(tokens, 0, 0);
    if regions.table_budget == 0 {
        regions.doubts.add_simplified();
    }
    // Overlays are read row by row on purpose: there is no doubt about them.
    let doubts = std::mem::take(&mut regions.doubts);
    regions.region(overlays, ground.containers.len(), MAX_DEPTH);
    (regions.flows, doubts)
}

/// What is still to be read.
enum Work<'a> {
    Items(Vec<Item<'a>>, usize),
    /// Items above, between and below tables: these have been looked for.
    Rest(Vec<Item<'a>>, usize),
    Table(Layout<'a>),
}

impl<'a> Regions<'a> {
    /// Parts large type that lies over other text, such as a stamp or a watermark, from everything else.
    fn without_overlays(&self) -> (Vec<usize>, Vec<usize>) {
        let items: Vec<Item<'_>> = (0..self.pieces.len()).map(|index| self.item(index)).collect();
        let usual = rows::usual_size(&items);
        let mut small: Vec<(f64, f64)> = items
            .iter()
            .filter(|item| item.size < 1.6 * usual)
            .map(|item| (item.bbox.middle_y(), item.bbox.middle_x()))
            .collect();
        small.sort_by(|a, b| a.0.total_cmp(&b.0));
        (0..self.pieces.len()).partition(|&index| {
            let item = &items[index];
            if item.size < 2.2 * usual {
                return false;
            }
            let (top, bottom) = (item.bbox.top() + 0.1 * item.size, item.bbox.bottom() - 0.1 * item.size);
            let from = small.partition_point(|(y, _)| *y < top);
            let below = small[from..].iter().take_while(|(y, _)| *y <= bottom);
            below.filter(|(_, x)| (item.bbox.left()..=item.bbox.right()).contains(x)).take(OVERLAID).count() == OVERLAID
        })
    }

    fn item(&self, index: usize) -> Item<'a> {
        let token = &self.pieces[index].token;
        let (bbox, baseline, size) = (token.bbox, token.baseline, token.size);
        let bold = self.fonts.get(token.font).is_some_and(|font| font.bold);
        Item { what: What::Piece(index), text: &token.text, bbox, baseline, size, bold }
    }

    /// Lays out tokens in which only the containers from `first` on may lie.
    fn region(&mut self, tokens: Vec<usize>, first: usize, depth: usize) {
        let mut blocks: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut items: Vec<Item<'a>> = Vec::new();
        let mut inside: Vec<Option<usize>> = vec![None; tokens.len()];
        for (number, container) in self.ground.containers.iter().enumerate().skip(first) {
            self.compared = self.compared.saturating_add(tokens.len());
            if depth >= MAX_DEPTH || tokens.is_empty() {
                break;
            }
            if self.compared > MAX_COMPARISONS {
                self.doubts.add_simplified();
                break;
            }
            let members = self.members(&tokens, &inside, container.bbox);
            // A region of nothing else is cut by its cells, not by a block of its own size.
            let is_all = members.len() == tokens.len() && !matches!(container.kind, Kind::Grid(_));
            if is_all
                || members.is_empty()
                    && !(container.kind == Kind::Picture && depth == 0 && self.is_free(container.bbox))
            {
                continue;
            }
            for &place in &members {
                inside[place] = Some(number);
            }
            blocks.push((number, members.into_iter().map(|place| tokens[place]).collect()));
        }
        for (number, members) in &blocks {
            let bbox = self.ground.containers[*number].bbox;
            let baseline = bbox.middle_y();
            let size = members.iter().map(|index| self.pieces[*index].token.size).fold(1.0, f64::max);
            items.push(Item { what: What::Block(*number), text: "", bbox, baseline, size, bold: false });
        }
        items.extend(
            tokens.iter().zip(&inside).filter(|(_, inside)| inside.is_none()).map(|(index, _)| self.item(*index)),
        );
        self.items(items, &blocks, depth);
    }

    /// Returns the places of tokens that lie in a box. Empty if the box cuts through tokens: it is no area of its own.
    fn members(&self, tokens: &[usize], inside: &[Option<usize>], area: BBox) -> Vec<usize> {
        let mut members = Vec::new();
        for (place, index) in tokens.iter().enumerate() {
            let bbox = self.pieces[*index].token.bbox;
            if !area.has_middle_of(bbox) || inside[place].is_some() {
                continue;
            }
            let sticks_out = (area.left() - bbox.left()).max(bbox.right() - area.right());
            if sticks_out > 0.3 * bbox.width() {
                return Vec::new();
            }
            members.push(place);
        }
        members
    }

    /// Says whether no token touches a box.
    fn is_free(&self, area: BBox) -> bool {
        self.pieces.iter().all(|piece| piece.token.bbox.overlap(area) <= 0.0)
    }

    /// Cuts a region into columns, if it has some, and reads it from top to bottom if not.
    fn items(&mut self, items: Vec<Item<'a>>, blocks: &[(usize, Vec<usize>)], depth: usize) {
        // A stack instead of recursion; blocks recurse, as deep as containers lie in each other.
        let mut pending = vec![Work::Items(items, depth)];
        while let Some(work) = pending.pop() {
            let (items, depth, is_searched) = match work {
                Work::Items(items, depth) => (items, depth, !self.with_tables),
                Work::Rest(items, depth) => (items, depth, true),
                Work::Table(layout) => {
                    self.table(layout);
                    continue;
                }
            };
            if items.is_empty() {
                continue;
            }
            let size = rows::usual_size(&items);
            let mut rows = rows::rows(items);
            let mut narrow = Narrow::default();
            let tables = if is_searched || depth >= MAX_DEPTH {
                Vec::new()
            } else {
                unruled(&rows, self.ground, &mut self.table_budget, &mut narrow)
            };
            if !tables.is_empty() {
                self.doubts.add_tables(narrow);
                for table in tables.into_iter().rev() {
                    pending.push(Work::Rest(all(rows.split_off(table.last + 1)), depth + 1));
                    rows.truncate(table.first);
                    pending.push(Work::Table(table.layout));
                }
                pending.push(Work::Rest(all(rows), depth + 1));
                continue;
            }
            let parting = columns(&rows, size);
            let Some((channels, channel)) = parting.channels().filter(|_| depth < MAX_DEPTH) else {
                self.doubt(&parting, &rows, narrow);
                self.rows(&rows, blocks, depth);
                continue;
            };
            let below = rows.split_off(channel.last + 1);
            let beside = rows.split_off(channel.first);
            pending.push(Work::Items(all(below), depth + 1));
            let sides = self.sides(&beside, channels).into_iter().rev();
            pending.extend(sides.map(|side| Work::Items(side, depth + 1)));
            pending.push(Work::Items(all(rows), depth + 1));
        }
    }

    /// Notes what may be wrong about rows that are read one by one. `narrow` has what was nearly a table among them.
    fn doubt(&mut self, parting: &Parting, rows: &[Row<'_>], narrow: Narrow) {
        self.doubts.add_tables(narrow);
        match parting {
            Parting::Columns(_) => self.doubts.add_simplified(),
            Parting::Rows(Some(channel)) if self.with_tables => self.doubts.add_region(channel.area(rows)),
            Parting::Rows(_) => {}
        }
    }

    /// Returns the items on the sides of channels, which are ordered from left to right, in the order of reading.
    fn sides(&self, rows: &[Row<'a>], channels: &[Channel]) -> Vec<Vec<Item<'a>>> {
        let mut sides: Vec<Vec<Item<'a>>> = vec![Vec::new(); channels.len() + 1];
        for item in rows.iter().flat_map(|row| row.drop_cap.iter().chain(&row.items)) {
            let side = channels.partition_point(|channel| channel.middle() <= item.bbox.middle_x());
            sides[side].push(*item);
        }
        if self.from_the_right {
            sides.reverse();
        }
        sides
    }

    fn rows(&mut self, rows: &[Row<'a>], blocks: &[(usize, Vec<usize>)], depth: usize) {
        let mut flow: Vec<Line> = Vec::new();
        for (row, is_justified) in rows.iter().zip(justified(rows)) {
            for part in self.parts(row, is_justified) {
                if let What::Block(number) = part[0].what {
                    self.end(&mut flow);
                    self.block(number, blocks, depth);
                } else {
                    flow.extend(self.line(&part));
                }
            }
            if !row.drop_cap.is_empty() {
                give_drop_cap(self, &mut flow, row);
            }
        }
        self.end(&mut flow);
    }

    fn end(&mut self, flow: &mut Vec<Line>) {
        if !flow.is_empty() {
            self.flows.push(Flow::Lines(std::mem::take(flow)));
        }
    }

    fn block(&mut self, number: usize, blocks: &[(usize, Vec<usize>)], depth: usize) {
        let Some((_, members)) = blocks.iter().find(|(block, _)| *block == number) else { return };
        let container = &self.ground.containers[number];
        if self.with_tables
            && let Kind::Grid(grid) = &container.kind
            && let Some(layout) = ruled(grid, &members.iter().map(|index| self.item(*index)).collect::<Vec<_>>())
        {
            self.table(layout);
            return;
        }
        let mut areas: Vec<Vec<usize>> = vec![Vec::new(); container.count()];
        for &index in members {
            let bbox = self.pieces[index].token.bbox;
            areas[container.area_at(bbox.middle_x(), bbox.middle_y())].push(index);
        }
        for inside in areas.into_iter().filter(|inside| !inside.is_empty()) {
            self.region(inside, number + 1, depth + 1);
        }
    }

    /// Reads the cells of a table, each by itself and row by row.
    fn table(&mut self, layout: Layout<'a>) {
        let outside = std::mem::take(&mut self.flows);
        let table = layout.map(|items| -> Vec<Line> {
            self.rows(&rows::rows(items), &[], MAX_DEPTH);
            std::mem::take(&mut self.flows).into_iter().filter_map(Flow::into_lines).flatten().collect()
        });
        self.flows = outside;
        let mut lines = table.cells.iter().flat_map(|cell| &cell.content);
        let frame = lines.next().map_or(Frame::UPRIGHT, |line| line.frame);
        self.flows.push(Flow::Table(frame, table));
    }

    /// Parts a row at wide gaps and between what the page shows and what it does not, in the order of reading.
    fn parts(&self, row: &Row<'a>, is_justified: bool) -> Vec<Vec<Item<'a>>> {
        let gaps = gaps(row.items.iter().map(|item| (item.bbox, item.size)));
        let mut words: Vec<f64> = gaps.iter().copied().filter(|gap| *gap > 0.1).collect();
        words.sort_by(f64::total_cmp);
        let usual = words.get(words.len() / 2).copied().unwrap_or_default();
        let least = match usual {
            _ if is_justified => justified::WIDEST,
            ..1.0 => LINE_GAP.max(RATIO * usual),
            _ => LINE_GAP,
        };
        let mut parts: Vec<Vec<Item<'a>>> = Vec::new();
        for (index, item) in row.items.iter().enumerate() {
            let goes_on = index > 0 && gaps[index - 1] <= least && self.is_alike(&row.items[index - 1], item);
            match parts.last_mut().filter(|_| goes_on) {
                Some(part) => part.push(*item),
                None => parts.push(vec![*item]),
            }
        }
        let mut parts = self.with_marks(parts);
        if self.from_the_right {
            parts.reverse();
        }
        parts
    }

    fn is_alike(&self, a: &Item<'_>, b: &Item<'_>) -> bool {
        match (a.what, b.what) {
            (What::Piece(a), What::Piece(b)) => self.pieces[a].layer == self.pieces[b].layer,
            _ => false,
        }
    }

    /// Says whether the file has a space between what it draws as `before` and what it draws next, `after`.
    fn has_space_between(&self, before: &[Item<'_>], after: &[Item<'_>]) -> bool {
        let token = |item: Option<&Item<'_>>| match item?.what {
            What::Piece(index) => self.pieces.get(index).map(|piece| &piece.token),
            What::Block(_) => None,
        };
        let (Some(before), Some(after)) = (token(before.last()), token(after.first())) else { return false };
        after.follows_space && after.order == before.order + 1
    }

    /// Joins a part that is nothing but the mark of a list item with the text behind it, however far that is set in.
    fn with_marks<'i>(&self, parts: Vec<Vec<Item<'i>>>) -> Vec<Vec<Item<'i>>> {
        let is_sign = |part: &[Item<'_>]| match part {
            [Item { what: What::Piece(index), .. }] => is_sign(&self.pieces[*index].token, self.fonts),
            _ => false,
        };
        let is_mark = |part: &[Item<'_>]| {
            let is_written = || Mark::of_word(&rows::text(part)).is_some_and(|mark| mark.is_certain());
            part.iter().all(|item| !item.is_block()) && (is_sign(part) || is_written())
        };
        let mut joined: Vec<Vec<Item<'i>>> = Vec::with_capacity(parts.len());
        for part in parts {
            let is_near = |mark: &Vec<Item<'i>>| {
                let (last, first) = (mark[mark.len() - 1], part[0]);
                !first.is_block() && first.bbox.left() - last.bbox.right() <= MARK_GAP * first.size
            };
            match joined.last_mut().filter(|last| is_mark(last) && is_near(last)) {
                Some(mark) => mark.extend(part),
                None => joined.push(part),
            }
        }
        joined
    }

    fn line(&self, part: &[Item<'_>]) -> Option<Line> {
        let piece = |item: &Item<'_>| if let What::Piece(index) = item.what { self.pieces.get(index) } else { None };
        let pieces: Vec<&Piece> = part.iter().filter_map(piece).collect();
        Line::of(&pieces, self.fonts, self.from_the_right)
    }
}

fn all<'a>(rows: Vec<Row<'a>>) -> Vec<Item<'a>> {
    rows.into_iter().flat_map(|row| row.drop_cap.into_iter().chain(row.items)).collect()
}

/// Puts a drop cap before the line that its row has given, and lets the lines beside it begin where it begins. What
/// follows without a space belongs to its word.
fn give_drop_cap(regions: &Regions<'_>, flow: &mut Vec<Line>, row: &Row<'_>) {
    let Some(mut letter) = regions.line(&row.drop_cap) else { return };
    let first = flow.iter_mut().rev().take_while(|line| line.baseline >= row.baseline - 0.5 * line.size).last();
    let Some(first) = first else {
        flow.push(letter);
        return;
    };
    let goes_on = !regions.has_space_between(&row.drop_cap, &row.items) && goes_on(&letter.words, &first.words);
    let mut words = std::mem::take(&mut letter.words);
    if let (true, Some(cap), Some(word)) = (goes_on, words.last_mut(), first.words.first_mut()) {
        word.text.insert_str(0, &cap.text);
        word.place = word.place.union(cap.place);
        words.pop();
    }
    words.append(&mut first.words);
    first.words = words;
    first.bbox = first.bbox.union(letter.bbox);
    first.start = letter.bbox.left();
    first.drop = Some(letter.bbox);
}

/// Says whether the first word goes on with a drop cap: in small letters, with an apostrophe, or in capitals if the cap
/// alone is no word.
fn goes_on(cap: &[Word], words: &[Word]) -> bool {
    let (Some(cap), Some(word)) = (cap.last(), words.first()) else { return false };
    let first = word.text.chars().next().unwrap_or(' ');
    let is_word = WORDS_OF_ONE_LETTER.contains(&cap.text.as_str());
    first.is_lowercase()
        || matches!(first, '\'' | '’')
        || (first.is_uppercase() && !is_word)
        || cap.text.ends_with(['\'', '’']) && first.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            content::{Colour, Shape, ShapeKind},
            testing::Page,
            tokens::tokens,
            visibility::Layer,
        },
        *,
    };

    fn read(page: &Page) -> String {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let pieces: Vec<Piece> = tokens.into_iter().map(|token| Piece { token, layer: Layer::Native }).collect();
        let (flows, _) = flows(&pieces, &content.fonts, &Ground::of(&content), false);
        let flow = |flow: &Flow| match flow {
            Flow::Lines(lines) => lines.iter().map(Line::text).collect::<Vec<_>>().join("/"),
            Flow::Table(..) => unreachable!("tables were not looked for"),
        };
        flows.iter().map(flow).collect::<Vec<_>>().join(" | ")
    }

    fn column(page: Page, lines: &[&str], x: f64, y: f64) -> Page {
        lines.iter().enumerate().fold(page, |page, (row, line)| page.write(line, x, y + 12.0 * row as f64))
    }

    const LEFT: [&str; 4] =
        ["the first words of a", "column that goes on", "for some lines until", "it comes to an end"];
    const RIGHT: [&str; 4] =
        ["and then the second", "column has its words", "beside those of the", "first one, unmixed"];

    #[test]
    fn columns_are_read_one_after_the_other_however_they_are_drawn() {
        let whole = format!("{} | {}", LEFT.join("/"), RIGHT.join("/"));
        let page = column(column(Page::new(), &RIGHT, 165.0, 100.0), &LEFT, 50.0, 100.0);
        assert_eq!(read(&page), whole);
        // The second column begins lower, on baselines of its own.
        let page = column(column(Page::new(), &LEFT, 50.0, 100.0), &RIGHT, 165.0, 119.0);
        assert_eq!(read(&page), whole);
        let mut rowwise = Page::new();
        for row in 0..4 {
            let y = 100.0 + 12.0 * row as f64;
            rowwise = rowwise.write(LEFT[row], 50.0, y).write(RIGHT[row], 165.0, y);
        }
        assert_eq!(read(&rowwise), whole);
    }

    #[test]
    fn a_title_above_and_a_note_below_columns_keep_their_place() {
        let page = Page::new().write("a title that runs over both of the two columns", 50.0, 88.0);
        let page = column(column(page, &LEFT, 50.0, 100.0), &RIGHT, 165.0, 100.0);
        let page = page.write("and a last line that runs over both of them too", 50.0, 148.0);
        let expected = format!(
            "a title that runs over both of the two columns | {} | {} | and a last line that runs over both of them too",
            LEFT.join("/"),
            RIGHT.join("/")
        );
        assert_eq!(read(&page), expected);
    }

    #[test]
    fn three_columns_of_unequal_width_are_read_in_order() {
        let page = column(Page::new(), &LEFT, 50.0, 100.0);
        let page = column(page, &RIGHT, 170.0, 100.0);
        let wide = [
            "the third column is wider than",
            "the others and has its own",
            "lines of running text that",
            "go on to the last of them",
        ];
        let page = column(page, &wide, 290.0, 100.0);
        assert_eq!(read(&page), format!("{} | {} | {}", LEFT.join("/"), RIGHT.join("/"), wide.join("/")));
    }

    #[test]
    fn two_addresses_are_blocks_and_labels_stay_with_their_values() {
        let page = column(Page::new(), &["Alpine Tools Ltd", "14 Mill Road", "Exeter EX1 2AB"], 50.0, 100.0);
        let page = column(page, &["Borel & Sons SA", "7 Quai du Port", "13002 Marseille"], 250.0, 100.0);
        assert_eq!(
            read(&page),
            "Alpine Tools Ltd/14 Mill Road/Exeter EX1 2AB | Borel & Sons SA/7 Quai du Port/13002 Marseille"
        );
        let page = column(Page::new(), &["Invoice", "Date", "Amount due"], 50.0, 100.0);
        let page = column(page, &["2024-118", "3 May 2024", "1,250.00 EUR"], 150.0, 100.0);
        assert_eq!(read(&page), "Invoice/2024-118/Date/3 May 2024/Amount due/1,250.00 EUR");
        let page = column(Page::new(), &["Name:", "Place of birth:", "Country:"], 50.0, 100.0);
        let page = column(page, &["Maria Example", "Old Oslo", "United Kingdom"], 150.0, 100.0);
        assert_eq!(read(&page), "Name:/Maria Example/Place of birth:/Old Oslo/Country:/United Kingdom");
    }

    #[test]
    fn three_blocks_of_short_lines_are_read_one_after_the_other_and_tables_row_by_row() {
        let beside = |columns: [&[&str]; 3]| {
            let places = [50.0, 200.0, 350.0];
            let page =
                columns.into_iter().zip(places).fold(Page::new(), |page, (lines, x)| column(page, lines, x, 100.0));
            let found = read(&page);
            let by_column = columns.map(|lines| lines.join("/")).join(" | ");
            (found == by_column, found)
        };
        for blocks in [
            [
                ["Bill to", "Acme Corp", "12 Main Street", "London EC1 2AB"].as_slice(),
                &["Ship to", "Acme Store", "4 Dock Road", "Leeds LS1 4AP"],
                &["Remit to", "Quire Ltd", "PO Box 99", "York YO1 7AA"],
            ],
            [
                &["Alpine Tools GmbH", "Mill Street 4", "10115 Berlin", "Germany"],
                &["Sparkasse Berlin", "IBAN DE12 5001 0517", "BIC INGDDEFF"],
                &["Court of Berlin", "HRB 12345 B"],
            ],
            [
                &["Acme Ltd.", "12 High Street", "London EC1 2AB"],
                &["Phone 020 7946 0000", "office@acme.example", "by the post office"],
                &["Company No. 1234567", "VAT GB 123 4567 89", "Bank of the North"],
            ],
            [
                &["Anna Smith", "Head of Sales", "anna@shop.org", "+44 20 7946 0018"],
                &["Bob Jones", "Support", "bob@shop.org", "+44 20 7946 0019"],
                &["Carla Diaz", "Press Office", "carla@shop.org", "+44 20 7946 0020"],
            ],
        ] {
            let (is_by_column, found) = beside(blocks);
            assert!(is_by_column, "{found}");
        }
        for table in [
            [
                ["Name", "Anna Smith", "Bob Jones"].as_slice(),
                &["Town", "Old London", "New York"],
                &["Telephone", "555 1234", "555 9999"],
            ],
            [
                &["Colour of it", "Made in", "Kept for"],
                &["dark green", "United Kingdom", "two years"],
                &["light red", "New Zealand", "four years"],
            ],
            [
                &["Model", "Weight", "Colour", "Made in"],
                &["A1 small", "10 kg", "red or blue", "2019"],
                &["B2 large", "12 kg", "green only", "2021"],
            ],
        ] {
            let (is_by_column, found) = beside(table);
            assert!(!is_by_column, "{found}");
        }
    }

    #[test]
    fn two_addresses_above_a_table_are_blocks_and_its_rows_stay_rows() {
        let sender = ["Alpine Tools Ltd", "14 Mill Road", "Exeter EX1 2AB", "United Kingdom"];
        let page = column(Page::new(), &sender, 50.0, 100.0);
        let reader = ["Borel & Sons SA", "7 Quai du Port", "13002 Marseille", "France"];
        let mut page = column(page, &reader, 250.0, 100.0);
        let table = [
            ["Description", "Qty", "Price", "Amount"],
            ["Bench vice 120 mm", "2", "89.00", "178.00"],
            ["Cordless drill with case", "1", "189.00", "189.00"],
            ["Set of screws", "10", "4.20", "42.00"],
        ];
        for (row, cells) in table.iter().enumerate() {
            let y = 165.0 + 15.0 * row as f64;
            page = page.write(cells[0], 50.0, y);
            for (cell, right) in cells[1..].iter().zip([300.0, 370.0, 450.0]) {
                page = page.write(cell, right - 5.0 * cell.len() as f64, y);
            }
        }
        let rows = table.map(|row| row.join("/")).join("/");
        assert_eq!(read(&page), format!("{} | {} | {rows}", sender.join("/"), reader.join("/")));
    }

    #[test]
    fn a_sidebar_beside_running_text_is_read_by_itself_and_labels_stay_with_their_text() {
        let text = [
            "The harbour was built in the year 1871 by a",
            "company from the north, which had bought the",
            "land for a small sum. For twenty years ships",
            "brought timber and took away slate; then the",
            "railway came and the trade went elsewhere to",
            "the next basin.",
        ];
        let skills = ["Skills", "SQL, Python, R", "Planning", "Speaking"];
        let page = column(column(Page::new(), &text, 50.0, 100.0), &skills, 290.0, 100.0);
        assert_eq!(read(&page), format!("{} | {}", text.join("/"), skills.join("/")));
        let entries = [
            "Analyst at a railway company, with",
            "weekly reports.",
            "Assistant in a library of the town",
            "and its school.",
            "Student of statistics in the north",
            "for five years.",
        ];
        let page = column(Page::new(), &entries, 150.0, 100.0);
        let page = [("2019", 100.0), ("2015", 124.0), ("2010", 148.0)]
            .into_iter()
            .fold(page, |page, (year, y)| page.write(year, 50.0, y));
        assert!(
            read(&page).starts_with("2019/Analyst at a railway company, with/weekly reports./2015/Assistant"),
            "{}",
            read(&page)
        );
    }

    #[test]
    fn what_goes_on_with_a_column_stays_in_it_and_a_heading_ends_both() {
        let long = [
            "a line of running text that is as long as it is",
            "and the next one of them is as long as the first",
            "and so is the third one that is here, and so on",
            "to the fourth line of the column, which is full",
        ];
        let other = [
            "the second column has lines of its own, as many",
            "as this, and they are as long as the others are",
            "so that each of the two is running text that is",
            "read by itself from its first line to the last",
        ];
        let page = column(column(Page::new(), &long, 50.0, 100.0), &other, 310.0, 100.0);
        let page = column(page, &long, 50.0, 160.0);
        assert_eq!(read(&page), format!("{}/{} | {}", long.join("/"), long.join("/"), other.join("/")));
        let page = column(column(Page::new(), &long, 50.0, 100.0), &other, 310.0, 100.0);
        let page = column(column(page.write("Results", 50.0, 160.0), &long, 50.0, 184.0), &other, 310.0, 184.0);
        let story = format!("{} | {}", long.join("/"), other.join("/"));
        assert_eq!(read(&page), format!("{story} | Results | {story}"));
    }

    #[test]
    fn the_sender_of_a_letter_comes_before_its_reader() {
        let sender = ["Ingrid Holm", "48 Harbour Lane", "Bristol BS1 5TY"];
        let reader = ["Mr Paul Clark", "Harbour Museum", "Whitby YO22 4DE"];
        let page = column(column(Page::new(), &reader, 50.0, 160.0), &sender, 350.0, 100.0);
        assert_eq!(read(&page), format!("{}/{}", sender.join("/"), reader.join("/")));
    }

    #[test]
    fn a_leader_leads_from_a_title_to_its_page() {
        let page = column(Page::new(), &["The first part", "And the other", "Of the third"], 50.0, 100.0);
        let dots = |page: Page, x: f64| column(page, &[".", ".", "."], x, 100.0);
        let page = (0..8).fold(page, |page, dot| dots(page, 150.0 + 6.0 * f64::from(dot)));
        let page = column(page, &["5", "17", "39"], 200.0, 100.0);
        let found = read(&page).replace(' ', "");
        assert_eq!(found, "Thefirstpart........5/Andtheother........17/Ofthethird........39");
    }

    #[test]
    fn a_small_table_is_read_row_by_row() {
        let page = column(Page::new(), &["Item", "Bolt M8", "Nut M8"], 50.0, 100.0);
        let page = column(page, &["Qty", "100", "250"], 150.0, 100.0);
        let page = column(page, &["Price", "12.50", "9.75"], 220.0, 100.0);
        assert_eq!(read(&page), "Item/Qty/Price/Bolt M8/100/12.50/Nut M8/250/9.75");
    }

    #[test]
    fn a_shaded_box_beside_text_is_read_by_itself() {
        let shade = Shape {
            order: 0,
            bbox: BBox::new(160.0, 85.0, 300.0, 150.0),
            kind: ShapeKind::Area { colour: Some(Colour { rgb: [220; 3], alpha: 255 }) },
        };
        let page = column(Page::new(), &LEFT, 50.0, 100.0).and(|page| page.shapes.push(shade));
        let page = column(page, &["Note", "well"], 170.0, 112.0);
        assert_eq!(read(&page), format!("{} | Note/well", LEFT.join("/")));
    }

    #[test]
    fn a_picture_between_two_parts_of_columns_parts_them() {
        use super::super::content::Picture;
        let page = column(column(Page::new(), &LEFT, 50.0, 100.0), &RIGHT, 165.0, 100.0);
        let page = column(column(page, &LEFT, 50.0, 300.0), &RIGHT, 165.0, 300.0).write("Fig", 100.0, 220.0);
        let bbox = BBox::new(50.0, 150.0, 265.0, 280.0);
        let page = page.and(|page| page.pictures.push(Picture { order: 0, bbox, opaque: true, layer_off: false }));
        let (left, right) = (LEFT.join("/"), RIGHT.join("/"));
        assert_eq!(read(&page), format!("{left} | {right} | Fig | {left} | {right}"));
    }

    #[test]
    fn a_large_word_over_text_comes_after_it() {
        let page = column(Page::new(), &LEFT, 50.0, 100.0).size(60.0).write("COPY", 40.0, 135.0);
        assert_eq!(read(&page), format!("{} | COPY", LEFT.join("/")));
    }

    #[test]
    fn columns_of_a_page_from_right_to_left_begin_on_the_right() {
        let words = |page: Page, x: f64| {
            (0..4).fold(page, |page, row| page.write_leftwards("שלום עולם גדול", x, 100.0 + 12.0 * f64::from(row)))
        };
        let page = words(Page::new(), 150.0);
        let page = words(page, 280.0).write_leftwards("אחרון", 150.0, 148.0);
        assert!(read(&page).ends_with("אחרון"), "{}", read(&page));
    }
}
