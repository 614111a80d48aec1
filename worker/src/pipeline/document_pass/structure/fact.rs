//! What the rules about the document know of an element. Pure.

use std::convert::Infallible;

use quire_schemas::element::{BBox, ContentLayer};

use super::super::json_fields::{JsonFields, JsonText, ObjectList};
use crate::parse::{Captioned, Mark, captioned, roman};

/// Characters of a text that are looked at on both of its ends.
const HEAD: usize = 120;
const TAIL: usize = 24;
/// Dots that lead to a page number.
const LEADER: &str = "...";

/// Words and signs for sections, in small letters.
const SECTIONS: [&str; 30] = [
    "§",
    "§§",
    "chapter",
    "section",
    "part",
    "article",
    "appendix",
    "annex",
    "schedule",
    "clause",
    "kapitel",
    "abschnitt",
    "artikel",
    "anhang",
    "teil",
    "chapitre",
    "partie",
    "annexe",
    "capítulo",
    "sección",
    "artículo",
    "anexo",
    "parte",
    "rozdział",
    "artykuł",
    "załącznik",
    "глава",
    "раздел",
    "статья",
    "приложение",
];

/// An element of the local engine, in a few numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    pub(super) kind: Kind,
    /// On the displayed page, upright.
    pub(super) bbox: BBox,
    /// In points.
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) is_fixed_pitch: bool,
    pub(super) lines: u32,
    pub(super) text: Text,
    pub(super) mark: Option<Mark>,
    pub(super) captioned: Option<Captioned>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Upright text that the page shows.
    Text,
    Table,
    /// Fields, notes, links, and text that nobody sees or that is turned.
    Other,
}

/// What is known of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text {
    /// The first characters.
    pub(super) head: String,
    pub(super) characters: u32,
    pub(super) words: u32,
    pub(super) letters: u32,
    pub(super) capitals: u32,
    pub(super) digits: u32,
    /// The last character that is no space.
    pub(super) last: Option<char>,
    /// Whether dots lead to a number at its end.
    pub(super) leads_to_number: bool,
}

impl Fact {
    /// Reads an element.
    pub(super) fn of(element: &JsonFields<'_>) -> serde_json::Result<Self> {
        let layer: Option<ContentLayer> = element.get("content_layer")?;
        let (bbox, angle, lines) = places(element)?;
        let is_table = element.raw("table").is_some();
        let native = element.fields("native")?;
        let is_paragraph =
            native.is_some_and(|native| native.raw("type").is_some_and(|kind| kind.get() == r#""paragraph""#));
        let kind = match layer {
            Some(ContentLayer::Body) if is_table => Kind::Table,
            Some(ContentLayer::Body) if is_paragraph && !angle => Kind::Text,
            _ => Kind::Other,
        };
        let formatting = element.fields("formatting")?;
        let of = |name: &str| -> serde_json::Result<bool> {
            Ok(formatting.as_ref().map(|formatting| formatting.get(name)).transpose()?.flatten().unwrap_or(false))
        };
        let font: Option<String> = formatting.as_ref().map(|formatting| formatting.get("font")).transpose()?.flatten();
        let size: Option<f64> =
            formatting.as_ref().map(|formatting| formatting.get("font_size")).transpose()?.flatten();
        let text = element.text("text")?.map(Text::of).unwrap_or_default();
        let is_painted = element.raw("list").is_some();
        let mark = if is_painted { Some(Mark::painted()) } else { Mark::of(&text.head) };
        let captioned = captioned(text.head.split_whitespace());
        Ok(Self {
            kind,
            bbox,
            size: size.unwrap_or_default(),
            bold: of("bold")?,
            italic: of("italic")?,
            is_fixed_pitch: font.is_some_and(|font| is_fixed_pitch(&font)),
            lines: lines.max(1),
            text,
            mark,
            captioned,
        })
    }

    /// Says whether another element stands at its height, and so in its row.
    pub(super) fn shares_row(&self, other: &Self) -> bool {
        let shared = self.bbox.bottom().min(other.bbox.bottom()) - self.bbox.top().max(other.bbox.top());
        shared > 0.5 * self.bbox.height().min(other.bbox.height())
    }

    /// Says whether most of its letters are capitals.
    pub(super) const fn is_in_capitals(&self) -> bool {
        self.text.capitals >= 3 && 10 * self.text.capitals >= 8 * self.text.letters
    }

    /// Returns what is left of its first characters behind its mark.
    pub(super) fn without_mark(&self) -> &str {
        let Some(mark) = &self.mark else { return &self.text.head };
        let rest =
            self.text.head.char_indices().nth(usize::from(mark.length)).map_or("", |(at, _)| &self.text.head[at..]);
        rest.trim_start()
    }

    /// Says whether it begins as sections are named: with a word or sign for them, and a number or letter.
    pub(super) fn names_section(&self) -> bool {
        let mut words = self.text.head.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let number = second.trim_end_matches(['.', ':', ')', '–', '—']);
        let is_number = number.chars().count() <= 5
            && (number.starts_with(|character: char| character.is_ascii_digit())
                || number.chars().count() == 1 && number.chars().all(char::is_uppercase)
                || roman(&number.to_lowercase()).is_some());
        SECTIONS.contains(&first.to_lowercase().as_str()) && is_number
    }

    /// Says whether it begins as a footnote does: with a number or a sign.
    pub(super) fn begins_as_note(&self) -> bool {
        let is_sign = |first: char| first.is_ascii_digit() || "*†‡§¹²³⁴⁵⁶⁷⁸⁹".contains(first);
        self.text.head.starts_with(is_sign) && self.text.words >= 3
    }

    pub(super) fn begins_small(&self) -> bool {
        self.without_mark().chars().find(|character| character.is_alphabetic()).is_some_and(char::is_lowercase)
    }

    /// Says whether an abbreviation ends it, as in `Sons Ltd.`: its last word is short, or has other dots.
    pub(super) fn ends_with_abbreviation(&self) -> bool {
        let last = self.text.head.split_whitespace().next_back().unwrap_or_default();
        last.ends_with('.') && (last.chars().count() <= 4 || last.trim_end_matches('.').contains('.'))
    }

    /// Says whether it is a caption by itself: a mark parts its label from what follows, or nothing follows, or a capital does.
    pub(super) fn is_caption(&self) -> bool {
        let mut words = self.text.head.split_whitespace().skip(1);
        let number = words.next().unwrap_or_default();
        let next = words.next().and_then(|word| word.chars().next());
        number.ends_with(['.', ':', ')', '–', '—', '-', '|']) || next.is_none_or(|first| !first.is_lowercase())
    }

    pub(super) const fn ends_sentence(&self) -> bool {
        matches!(self.text.last, Some('.' | '。' | '!' | ';' | ',' | '…'))
    }
}

/// Returns the box of an element, whether it is turned, and how many lines it has.
fn places(element: &JsonFields<'_>) -> serde_json::Result<(BBox, bool, u32)> {
    let Some(regions) = element.raw("regions") else { return Ok((BBox::default(), false, 0)) };
    let (mut bbox, mut is_turned, mut lines) = (None, false, 0_u32);
    for region in ObjectList::of(regions)? {
        let region = region?;
        match region.raw("granularity").map(serde_json::value::RawValue::get) {
            Some(r#""line""#) => lines += 1,
            Some(r#""word""#) => break,
            _ => {
                is_turned |= region.raw("angle").is_some();
                bbox = bbox.or(region.get::<BBox>("bbox")?);
            }
        }
    }
    Ok((bbox.unwrap_or_default(), is_turned, lines))
}

fn is_fixed_pitch(font: &str) -> bool {
    const NAMES: [&str; 14] = [
        "mono",
        "courier",
        "consol",
        "menlo",
        "monaco",
        "typewriter",
        "lettergothic",
        "inconsolata",
        "cmtt",
        "lmtt",
        "sourcecode",
        "firacode",
        "fixed",
        "terminal",
    ];
    let name = font.to_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

impl Text {
    fn of(json: JsonText<'_>) -> Self {
        let mut text = Self::default();
        let (mut kept, mut tail, mut is_inside) = (0_usize, Vec::<char>::new(), false);
        let Ok(()) = json.each_piece(|piece| {
            for character in piece.chars() {
                if kept < HEAD {
                    text.head.push(character);
                    kept += 1;
                }
                if character.is_whitespace() {
                    is_inside = false;
                    continue;
                }
                text.characters += 1;
                text.words += u32::from(!is_inside);
                is_inside = true;
                text.letters += u32::from(character.is_alphabetic());
                text.capitals += u32::from(character.is_uppercase());
                text.digits += u32::from(character.is_numeric());
                text.last = Some(character);
                if tail.len() == TAIL {
                    tail.remove(0);
                }
                tail.push(character);
            }
            Ok::<_, Infallible>(())
        });
        let tail: String = tail.into_iter().collect();
        let before = tail.trim_end_matches(|character: char| character.is_ascii_digit());
        text.leads_to_number = before.len() < tail.len() && (before.ends_with(LEADER) || before.ends_with('…'));
        text
    }

    /// Returns a key that is the same for texts that differ in their digits only.
    pub(super) fn without_digits(&self) -> String {
        let mut key = String::with_capacity(self.head.len());
        for character in self.head.to_lowercase().chars() {
            let character = if character.is_numeric() { '#' } else { character };
            let is_repeated = character == '#' && key.ends_with('#') || character.is_whitespace() && key.ends_with(' ');
            if !is_repeated {
                key.push(if character.is_whitespace() { ' ' } else { character });
            }
        }
        key
    }
}
