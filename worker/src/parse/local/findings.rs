//! What is to be known of a page's text beside the text: numbers, and what becomes a warning. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    content::{Cut, Glyph, GlyphSource, MAX_GLYPHS, PageContent},
    doubts::Ambiguity,
    lines::Piece,
    readability::{self, Mapping, Suspicion},
    scans::{is_scan, picture_share},
    visibility::{Hidden, Layer},
};

/// Unmapped characters up to this number are bullets and ornaments.
const FEW_UNMAPPED: u32 = 5;
/// On a page with little text they are fewer: this share of its characters, and more than one.
const LARGE_SHARE: f64 = 0.02;
/// Height of the margins in which stamps and page numbers stand, as a share of the page's.
const MARGIN: f64 = 0.1;
/// A scan has at most so many characters of its own outside the margins.
const FEW_CHARACTERS: u32 = 20;

/// Pictures that cover this share of a page leave no room for text of its own beside them.
pub(super) const WHOLE_PAGE: f64 = 0.85;
/// On such a page up to so many lines are stamps, wherever they stand,
const MOST_STAMPS: usize = 3;
/// if they cover less than this share of it.
const STAMPS_SHARE: f64 = 0.02;

/// Pictures that cover less of a page than this are ornaments; in larger ones another engine may read text.
const ORNAMENTS_SHARE: f64 = 0.05;

/// A character stands for at most so many letters (U+FDFA, a phrase).
const LETTERS_OF_CHARACTER: usize = 18;

/// What is to be known of a page's text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Findings {
    /// Characters that the page shows or that its text layer has, without spaces.
    pub(crate) visible_characters: u32,
    /// Those of the text layer of a scan among them.
    pub(crate) ocr_characters: u32,
    /// Why the page needs optical recognition, if it does.
    pub(crate) ocr_required: Option<NeedsOcr>,
    /// Characters without a Unicode value to trust, of how many, if there are more than a few.
    pub(crate) unmapped: Option<(u32, u32)>,
    pub(crate) suspicion: Option<Suspicion>,
    /// Characters that nobody sees, by reason.
    pub(crate) hidden: Vec<(Hidden, u32)>,
    pub(crate) cut: Vec<Cut>,
    /// What has become of its characters.
    pub(crate) placement: Placement,
    /// Whether it has pictures that are more than ornaments.
    pub(crate) has_pictures: bool,
    /// What of its layout could be read otherwise.
    pub(crate) ambiguity: Ambiguity,
}

/// What has become of the characters that libpdfium gives of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Placement {
    /// Characters that the file draws, without spaces.
    pub(crate) given: u32,
    /// Those of them that only repeat others, as a shadow does.
    pub(crate) repeated: u32,
    /// Letters and digits of what the page shows or its text layer has, those of ligatures and forms one by one.
    pub(crate) letters: u32,
    /// Those of them that stand in elements.
    pub(crate) placed: u32,
}

impl Placement {
    /// Counts the characters of a page before it is laid out.
    pub(super) fn before(content: &PageContent, repeated: &[bool]) -> Self {
        let is_drawn = |glyph: &Glyph| {
            glyph.object.is_some() && glyph.source != GlyphSource::Added && !glyph.character.is_whitespace()
        };
        let mut placement = Self::default();
        for (_, is_repeated) in content.glyphs.iter().zip(repeated).filter(|(glyph, _)| is_drawn(glyph)) {
            placement.given += 1;
            placement.repeated += u32::from(*is_repeated);
        }
        placement
    }

    /// Says whether a page can have these letters.
    pub(crate) const fn is_possible(&self) -> bool {
        self.placed <= self.letters && self.letters as usize <= LETTERS_OF_CHARACTER * MAX_GLYPHS
    }
}

/// Why a page needs optical recognition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NeedsOcr {
    /// It is a picture with next to no text.
    Picture,
    /// It has characters, and none that can be read.
    Unreadable,
}

impl Findings {
    /// Lists every number of characters, and of areas, of which a page has no more. Letters are
    /// [counted otherwise](Placement::is_possible).
    pub(crate) fn counts(&self) -> impl Iterator<Item = u32> {
        let unmapped = self.unmapped.into_iter().flat_map(|(unmapped, all)| [unmapped, all]);
        let hidden = self.hidden.iter().map(|(_, count)| *count);
        let drawn = [self.placement.given, self.placement.repeated];
        let Ambiguity { dropped_tables, regions, simplified } = self.ambiguity;
        let areas = [dropped_tables, regions, simplified];
        let characters = [self.visible_characters, self.ocr_characters].into_iter().chain(unmapped).chain(hidden);
        characters.chain(drawn).chain(areas)
    }

    /// Says whether a list is longer than there are kinds of what it lists.
    pub(crate) fn lists_too_much(&self) -> bool {
        self.hidden.len() > Hidden::ALL.len() || self.cut.len() > Cut::ALL.len()
    }

    pub(super) fn of(content: &PageContent, pieces: &[Piece], mapping: Mapping) -> Self {
        let mut findings = Self { cut: content.cut.clone(), ..Self::default() };
        let mut in_body = 0;
        let mut hidden: BTreeMap<Hidden, u32> = BTreeMap::new();
        let body = MARGIN * content.height..(1.0 - MARGIN) * content.height;
        for Piece { token, layer } in pieces {
            let characters = u32::try_from(token.text.chars().count()).unwrap_or(u32::MAX);
            match layer {
                Layer::Native => {
                    findings.visible_characters += characters;
                    in_body += if body.contains(&token.place.top()) { characters } else { 0 };
                }
                Layer::Ocr => {
                    findings.visible_characters += characters;
                    findings.ocr_characters += characters;
                }
                Layer::Hidden(reason) => *hidden.entry(*reason).or_default() += characters,
            }
        }
        findings.hidden = hidden.into_iter().collect();
        let is_picture = findings.ocr_characters < FEW_CHARACTERS
            && is_scan(content)
            && (in_body < FEW_CHARACTERS || has_stamps_only(content, pieces));
        findings.ocr_required = match (mapping.is_nothing_mapped() && pieces.is_empty(), is_picture) {
            (true, _) => Some(NeedsOcr::Unreadable),
            (false, true) => Some(NeedsOcr::Picture),
            (false, false) => None,
        };
        let is_share = f64::from(mapping.unmapped) > LARGE_SHARE * f64::from(mapping.characters);
        let is_much =
            mapping.unmapped > FEW_UNMAPPED || (mapping.unmapped > 1 && is_share) || mapping.is_nothing_mapped();
        findings.unmapped = is_much.then_some((mapping.unmapped, mapping.characters));
        findings.suspicion = readability::suspicion(pieces);
        findings.has_pictures = picture_share(content) > ORNAMENTS_SHARE;
        findings
    }
}

/// Says whether pictures cover a page and what is written over them are a few short lines.
fn has_stamps_only(content: &PageContent, pieces: &[Piece]) -> bool {
    let mut lines: Vec<f64> = Vec::new();
    let mut area = 0.0;
    for Piece { token, .. } in pieces.iter().filter(|piece| piece.layer == Layer::Native) {
        let middle = token.place.middle_y();
        if !lines.iter().any(|line| (line - middle).abs() <= token.size / 2.0) {
            lines.push(middle);
        }
        if lines.len() > MOST_STAMPS {
            return false;
        }
        area += token.place.area();
    }
    area < STAMPS_SHARE * content.width * content.height && picture_share(content) >= WHOLE_PAGE
}

#[cfg(test)]
mod tests {
    use quire_schemas::element::BBox;

    use super::{
        super::{content::Picture, layout::lay_out, testing::Page},
        *,
    };

    fn needs_ocr(page: Page, bottom: f64) -> Option<NeedsOcr> {
        let bbox = BBox::new(0.0, 0.0, 600.0, bottom);
        let page = page.and(|page| page.pictures.push(Picture { order: 0, bbox, opaque: true, layer_off: false }));
        let page = page.and(|page| page.objects.iter_mut().for_each(|text| text.order = 1));
        lay_out(page.content()).findings.ocr_required
    }

    #[test]
    fn a_few_lines_over_a_scan_of_the_whole_page_are_stamps() {
        let stamped = || Page::new().write("Received 12 March 2024 by the Town Hall", 100.0, 400.0);
        assert_eq!(needs_ocr(stamped(), 800.0), Some(NeedsOcr::Picture));
        assert_eq!(needs_ocr(stamped(), 500.0), None);
        let written =
            (0..4).fold(stamped(), |page, line| page.write("and one more line", 100.0, 420.0 + 20.0 * f64::from(line)));
        assert_eq!(needs_ocr(written, 800.0), None);
    }
}
