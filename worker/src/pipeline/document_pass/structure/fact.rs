//! What the rules about the document know of an element. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use quire_schemas::element::{BBox, ContentLayer};
use serde_json::value::RawValue;

use super::{
    super::json_fields::{JsonFields, ObjectList},
    text::Text,
    thresholds::{NEAR_EDGE, SET_IN},
};
use crate::parse::{Captioned, Mark, Tag, captioned, is_fixed_pitch, roman};

/// Rows of a table in which column headers are looked for.
const ROWS_OF_HEAD: usize = 4;

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
    /// On the displayed page, upright; of several columns the first one.
    pub(super) bbox: BBox,
    /// Its place in the last column that it stands in.
    pub(super) end: BBox,
    /// In points.
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) is_fixed_pitch: bool,
    /// Made of the name of its font; 0 if that is unknown.
    pub(super) font: u64,
    pub(super) lines: u32,
    /// Whether its first line begins further in than others, and whether its last one comes near to the edge.
    pub(super) is_set_in: bool,
    pub(super) is_full: bool,
    pub(super) text: Text,
    pub(super) mark: Option<Mark>,
    pub(super) captioned: Option<Captioned>,
    pub(super) grid: Option<Grid>,
    pub(super) tag: Option<Tag>,
    /// Of its JSON.
    pub(super) bytes: usize,
    /// Whether it is a field of a form.
    pub(super) is_field: bool,
    /// Whether it is a picture that the page shows. No rule but that of captions looks at pictures.
    pub(super) is_picture: bool,
}

/// What is known of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: u32,
    pub(super) is_ruled: bool,
    /// Made of the texts of its column headers; 0 if it has none.
    pub(super) head: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Upright text that the page shows.
    Text,
    Table,
    /// Program text or a formula.
    Block,
    /// Fields, notes, links, pictures, and text that nobody sees or that is turned.
    Other,
}

impl Fact {
    /// Reads an element.
    pub(super) fn of(element: &JsonFields<'_>) -> serde_json::Result<Self> {
        let layer: Option<ContentLayer> = element.get("content_layer")?;
        let Places { bbox, end, is_turned, lines, first_line, last_line } = places(element)?;
        let native = element.fields("native")?;
        let is_native = |kind: &str| {
            native
                .as_ref()
                .and_then(|native| native.raw("type"))
                .is_some_and(|found| found.get().trim_matches('"') == kind)
        };
        let is_paragraph = is_native("paragraph");
        let grid = element.fields("table")?.map(|table| Grid::of(&table, is_native("ruled_table"))).transpose()?;
        let is_picture = layer == Some(ContentLayer::Body) && is_native("image_object");
        let is_block = is_native("code") || is_native("formula");
        let kind = match layer {
            Some(ContentLayer::Body) if grid.is_some() => Kind::Table,
            Some(ContentLayer::Body) if is_block => Kind::Block,
            Some(ContentLayer::Body) if is_paragraph && !is_turned => Kind::Text,
            _ => Kind::Other,
        };
        let formatting = element.fields("formatting")?;
        let of = |name: &str| -> serde_json::Result<bool> {
            Ok(formatting.as_ref().map(|formatting| formatting.get(name)).transpose()?.flatten().unwrap_or(false))
        };
        let font: Option<String> = formatting.as_ref().map(|formatting| formatting.get("font")).transpose()?.flatten();
        let size: Option<f64> =
            formatting.as_ref().map(|formatting| formatting.get("font_size")).transpose()?.flatten();
        let extra = element.fields("extra")?;
        let tag: Option<String> = extra.as_ref().map(|extra| extra.get("tag")).transpose()?.flatten();
        let text = element.text("text")?.map(Text::of).unwrap_or_default();
        let bullet = element.fields("list")?.map(|list| list.get::<String>("marker")).transpose()?.flatten();
        let bullet = bullet.map(|bullet| {
            let first = text.head.split_whitespace().next().unwrap_or_default();
            Mark::bullet(if first == bullet { bullet.chars().count().try_into().unwrap_or(u8::MAX) } else { 0 })
        });
        let mark = bullet.or_else(|| Mark::of(&text.head));
        let captioned = captioned(text.head.split_whitespace());
        let size = size.unwrap_or_default();
        let is_leftwards = text.runs_leftwards();
        let beyond = |line: Option<BBox>, around: BBox, is_start: bool| {
            let line = line.unwrap_or(around);
            if is_start == is_leftwards { around.right() - line.right() } else { line.left() - around.left() }
        };
        Ok(Self {
            kind,
            bbox,
            end,
            is_set_in: beyond(first_line, bbox, true) > SET_IN * size,
            is_full: lines > 1 && beyond(last_line, end, false) <= NEAR_EDGE * size,
            size,
            bold: of("bold")?,
            italic: of("italic")?,
            is_fixed_pitch: font.as_deref().is_some_and(is_fixed_pitch),
            font: font.map_or(0, |font| {
                let mut hasher = DefaultHasher::new();
                font.hash(&mut hasher);
                hasher.finish()
            }),
            lines: lines.max(1),
            text,
            mark,
            captioned,
            grid,
            tag: tag.as_deref().and_then(Tag::named),
            bytes: element.bytes(),
            is_field: element.raw("field").is_some(),
            is_picture,
        })
    }

    /// Returns how many bytes it takes in memory.
    pub(super) const fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.text.head.capacity() + self.text.tail.capacity()
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

    /// Says whether it names where a table or a figure comes from, or is a note to it.
    pub(super) fn names_origin(&self) -> bool {
        const WORDS: [&str; 16] = [
            "source",
            "sources",
            "note",
            "notes",
            "quelle",
            "quellen",
            "anmerkung",
            "anmerkungen",
            "hinweis",
            "fuente",
            "nota",
            "fonte",
            "źródło",
            "uwaga",
            "источник",
            "примечание",
        ];
        let first = self.text.head.split_once(':').map(|(first, _)| first.trim().to_lowercase());
        first.is_some_and(|first| WORDS.contains(&first.as_str()))
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

    /// Says whether it is a caption by itself: a mark parts its label from what follows, or nothing follows, or a
    /// capital does.
    pub(super) fn is_caption(&self) -> bool {
        let mut words = self.text.head.split_whitespace().skip(1);
        let number = words.next().unwrap_or_default();
        let next = words.next().and_then(|word| word.chars().next());
        number.ends_with(['.', ':', ')', '–', '—', '-', '|']) || next.is_none_or(|first| !first.is_lowercase())
    }

    /// Says whether it ends as headings do not.
    pub(super) const fn ends_as_prose(&self) -> bool {
        matches!(self.text.last, Some('.' | '。' | '!' | ';' | ',' | '…'))
    }
}

/// Where an element stands.
#[derive(Default)]
struct Places {
    bbox: BBox,
    end: BBox,
    is_turned: bool,
    lines: u32,
    first_line: Option<BBox>,
    last_line: Option<BBox>,
}

fn places(element: &JsonFields<'_>) -> serde_json::Result<Places> {
    let mut places = Places::default();
    let Some(regions) = element.raw("regions") else { return Ok(places) };
    let mut first = None;
    for region in ObjectList::of(regions)? {
        let region = region?;
        let granularity = region.raw("granularity").map(RawValue::get);
        if granularity == Some(r#""word""#) {
            break;
        }
        let bbox: BBox = region.get("bbox")?.unwrap_or_default();
        if granularity == Some(r#""line""#) {
            places.lines += 1;
            places.first_line = places.first_line.or(Some(bbox));
            places.last_line = Some(bbox);
        } else {
            places.is_turned |= region.raw("angle").is_some();
            first = first.or(Some(bbox));
            places.end = bbox;
        }
    }
    places.bbox = first.unwrap_or_default();
    Ok(places)
}

impl Grid {
    fn of(table: &JsonFields<'_>, is_ruled: bool) -> serde_json::Result<Self> {
        let columns: u32 = table.get("num_cols")?.unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        let mut headers = 0_u32;
        if let Some(cells) = table.raw("cells") {
            for cell in ObjectList::of(cells)?.take(columns as usize * ROWS_OF_HEAD) {
                let cell = cell?;
                if cell.raw("role").is_some_and(|role| role.get() == r#""column_header""#) {
                    cell.raw("text").map(RawValue::get).hash(&mut hasher);
                    headers += 1;
                }
            }
        }
        Ok(Self { columns, is_ruled, head: if headers == 0 { 0 } else { hasher.finish() } })
    }
}
