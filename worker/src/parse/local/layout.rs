//! Lays out a page: from what the renderer has read to paragraphs in the order of reading. Pure.

use std::{cell::LazyCell, cmp::Reverse, collections::BTreeMap};

use super::{
    PageText,
    containers::{Container, containers},
    content::{Cut, PageContent},
    continued,
    covered::Areas,
    field_rows::FieldRows,
    findings::Findings,
    frames::Frame,
    lines::Piece,
    overprint,
    paragraphs::paragraphs,
    readability::{self, Mapping},
    regions,
    tokens::{self, Token},
    vertical,
    visibility::{Hidden, Layer, Visibility},
};

/// Lays out a page. What the page shows comes first, most of it in the direction of most of its text; then what nobody
/// sees, by reason.
pub(crate) fn lay_out(mut content: PageContent) -> PageText {
    let repeated = overprint::repeated(&mut content);
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
    // Found once, and only for a page that has upright text.
    let containers = LazyCell::new(|| containers(&content));
    let mut flows = Vec::new();
    for ((_, _, frame), pieces) in grouped(pieces) {
        // Places of containers are on the displayed page; only upright text is laid out there.
        let containers: &[Container] = if frame == Frame::UPRIGHT { &containers } else { &[] };
        flows.extend(regions::flows(&pieces, &content.fonts, containers));
    }
    drop(containers);
    let fields = FieldRows::of(&content.fields, flows.iter().flatten());
    let columns = flows.into_iter().flat_map(|flow| self::paragraphs(flow, &content, &fields));
    let paragraphs = continued::joined(columns.filter(|paragraph| !paragraph.text.trim().is_empty()).collect());
    PageText { content, paragraphs, findings }
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
