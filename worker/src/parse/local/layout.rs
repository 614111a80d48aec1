//! Lays out a page: from what the renderer has read to paragraphs in the order of reading. Pure.

use std::{cell::LazyCell, cmp::Reverse, collections::BTreeMap};

use quire_schemas::element::BBox;

use super::{
    Block, PageText,
    containers::Ground,
    content::{Cut, PageContent},
    continued,
    covered::Areas,
    field_rows::FieldRows,
    findings::{Findings, Placement},
    fonts::FontTable,
    frames::Frame,
    kinds::{self, Kind, Run},
    letters::Letters,
    lines::Piece,
    overprint,
    paragraphs::{join, paragraphs},
    pictures::Pictures,
    readability::{self, Mapping},
    regions::{self, Flow},
    table_text::TableText,
    tokens::{self, Token},
    vertical,
    visibility::{Hidden, Layer, Visibility},
};

/// Lays out a page. What the page shows comes first, most of it in the direction of most of its text; then what nobody
/// sees, by reason.
pub(crate) fn lay_out(content: PageContent) -> PageText {
    laid_out(content, true)
}

/// Lays out a page as [`lay_out`] does, but looks for no tables: what would be one is read row by row or in columns.
pub(crate) fn lay_out_without_tables(content: PageContent) -> PageText {
    laid_out(content, false)
}

fn laid_out(mut content: PageContent, with_tables: bool) -> PageText {
    let repeated = overprint::repeated(&mut content);
    let before = Placement::before(&content, &repeated);
    let mut areas = Areas::of(&content);
    areas.hide(&mut content);
    let mut tokens = tokens::tokens(&content, &repeated);
    vertical::turn(&mut tokens);
    let mapping = Mapping::of(&content);
    let visibility = Visibility::of(&content, &areas, &tokens);
    let layered = |token: Token| Piece { layer: visibility.layer(&token), token };
    let mut pieces: Vec<Piece> = tokens.into_iter().map(layered).collect();
    if mapping.is_nothing_mapped() && !readability::may_be_text(&pieces) {
        pieces.clear();
    }
    let mut findings = Findings::of(&content, &pieces, mapping);
    if areas.is_cut && !findings.cut.contains(&Cut::Covers) {
        findings.cut.push(Cut::Covers);
    }
    let letters = Letters::of(&pieces);
    // Found once, and only for a page that has upright text.
    let ground = LazyCell::new(|| Ground::of(&content));
    let mut flows = Vec::new();
    for ((hidden, _, frame), pieces) in grouped(pieces) {
        // Their places are on the displayed page; only upright text is laid out there.
        let ground = if frame == Frame::UPRIGHT { &*ground } else { &Ground::default() };
        let with_tables = with_tables && hidden.is_none();
        let (mut of_frame, doubts) = regions::flows(&pieces, &content.fonts, ground, with_tables);
        if hidden.is_none() {
            let tables: Vec<BBox> = of_frame.iter().filter_map(Flow::table).collect();
            findings.ambiguity.add(doubts.counted(&tables));
        }
        let lines = of_frame.iter_mut().filter_map(Flow::lines_mut).flatten();
        lines.for_each(|line| line.note_dot(&ground.dots));
        flows.append(&mut of_frame);
    }
    drop(ground);
    let fields = FieldRows::of(&content.fields, flows.iter().filter_map(Flow::lines).flatten());
    let is_typewritten = is_typewritten(&flows, &content.fonts);
    let runs = kinds::runs(flows, &content.fonts, is_typewritten).into_iter();
    let blocks = runs.flat_map(|run| blocks(run, &content, &fields));
    let blocks = continued::joined(blocks.collect());
    findings.placement = Placement { letters: letters.all(), placed: letters.placed_in(&blocks), ..before };
    let Pictures { places: pictures, is_cut } = Pictures::of(&content, &findings, &areas, &blocks);
    findings.cut.extend(is_cut.then_some(Cut::Pictures));
    PageText { content, blocks, pictures, findings }
}

/// Says whether most characters of a page are in type of a fixed pitch.
fn is_typewritten(flows: &[Flow], fonts: &FontTable) -> bool {
    let (mut fixed, mut all) = (0, 0);
    for line in flows.iter().filter_map(Flow::lines).flatten() {
        let characters = line.words.iter().map(|word| word.text.len()).sum::<usize>();
        all += characters;
        fixed += if fonts.get(line.font).is_some_and(|font| font.is_fixed_pitch) { characters } else { 0 };
    }
    2 * fixed > all
}

fn blocks(run: Run, content: &PageContent, fields: &FieldRows) -> Vec<Block> {
    let paragraphs = match run {
        Run::Lines(Kind::Text, lines) => paragraphs(lines, content, fields),
        Run::Lines(kind, lines) => vec![join(lines, &content.fonts, kind)],
        Run::Table(frame, table) => {
            return TableText::of(frame, table, content).map(Block::Table).into_iter().collect();
        }
    };
    let with_text = paragraphs.into_iter().filter(|paragraph| !paragraph.text.trim().is_empty());
    with_text.map(Block::Paragraph).collect()
}

/// Why nobody sees the tokens of a group, how much text they are, most first, and their frame.
type Key = (Option<Hidden>, Reverse<usize>, Frame);

/// Groups tokens that are laid out together: those of one frame that are seen, or unseen for one reason.
fn grouped(pieces: Vec<Piece>) -> Vec<(Key, Vec<Piece>)> {
    let mut groups: BTreeMap<(Option<Hidden>, Frame), Vec<Piece>> = BTreeMap::new();
    for piece in pieces {
        let hidden = if let Layer::Hidden(hidden) = piece.layer { Some(hidden) } else { None };
        groups.entry((hidden, piece.token.frame)).or_default().push(piece);
    }
    let length = |pieces: &[Piece]| pieces.iter().map(|piece| piece.token.text.len()).sum::<usize>();
    let keyed = |((hidden, frame), pieces): ((Option<Hidden>, Frame), Vec<Piece>)| {
        ((hidden, Reverse(length(&pieces)), frame), pieces)
    };
    let mut groups: Vec<_> = groups.into_iter().map(keyed).collect();
    groups.sort_by_key(|(key, _)| *key);
    groups
}
