//! The engine `pdfium`: elements from the PDF's own text. Pure: the renderer child reads a page into
//! [`PageContent`], lays it out here, and sends what comes out to its parent.
//!
//! A page goes through these steps, each in a file of its own: characters that only repeat others are left out
//! (`overprint`); marks that are drawn apart are given to their letters (`marks`); characters that stay together become
//! tokens (`tokens`, `vertical`); what nobody sees is told apart (`covered`, `visibility`, and `unsure` and `seen`
//! where only the image tells); ruled areas and pictures are found (`containers`); regions are cut into columns
//! (`regions`, `rows`, `channels`, `cells`, `columns`, `blocks`); the tokens of a row become a line of words (`lines`,
//! `spacing`, `reading_order`, `justified`); lines become paragraphs (`paragraphs`, `setting`, `line_ends`,
//! `mended_lines`, `continued`), but for those that fields part (`field_rows`); what is a picture to a person is found
//! (`pictures`); fields, notes and pictures come in at their places (`elements`, `annotations`, `picture_places`). What
//! could be read otherwise is counted on the way (`doubts`).

mod annotations;
mod blocks;
mod captions;
mod cells;
mod channels;
mod characters;
mod columns;
mod containers;
mod content;
mod continued;
mod covered;
mod distrust;
mod doubts;
mod elements;
mod field_rows;
mod findings;
mod fonts;
mod formulas;
mod frames;
mod grids;
mod ink;
mod justified;
mod kinds;
mod layout;
mod letters;
mod line_ends;
mod lines;
mod listings;
mod markers;
mod marks;
mod mended_lines;
mod overprint;
mod page_json;
mod paragraphs;
mod picture_places;
mod pictures;
mod placed;
#[cfg(test)]
mod properties;
mod quarter_turns;
mod readability;
mod reading_order;
mod regions;
mod rows;
mod rulings;
mod scans;
mod seen;
mod setting;
mod spacing;
mod stacked;
mod table_text;
mod tables;
mod tags;
#[cfg(test)]
pub(crate) mod testing;
mod tokens;
mod unsure;
mod vertical;
mod visibility;

use quire_schemas::element::BBox;

use self::{paragraphs::Paragraph, table_text::TableText};

pub(crate) use captions::{Captioned, captioned};
pub(crate) use characters::{SOFT_HYPHEN, is_right_to_left};
pub(crate) use content::{
    Colour, Cut, Effect, FieldKind, Glyph, GlyphSource, MAX_ANNOTATION_BYTES, MAX_ANNOTATIONS, MAX_APPEARANCES,
    MAX_GLYPHS, MAX_OBJECTS, MAX_OPTIONS, MAX_SHAPES, MAX_SHOWN_CHARACTERS, MAX_TAGGED_MARKS, MAX_TAGS, MAX_TEXT_BYTES,
    ObjectId, PageContent, PageField, PageLink, PageNote, Paint, Picture, Shape, ShapeKind, TextObject,
};
pub(crate) use distrust::{Blank, believe_codes, distrust_blanks, forget_codes};
pub(crate) use doubts::Ambiguity;
pub(crate) use elements::to_parsed_page;
pub(crate) use findings::{Findings, NeedsOcr, Placement};
pub(crate) use fonts::{FontId, FontTable, is_fixed_pitch};
pub(crate) use ink::InkMap;
pub(crate) use layout::{lay_out, lay_out_without_tables};
pub(crate) use line_ends::{Joint, joint_of_words};
pub(crate) use markers::{Mark, MarkKind, roman};
pub(crate) use page_json::check_page_json;
pub(crate) use quarter_turns::QuarterTurns;
pub(crate) use readability::Doubt;
#[cfg(test)]
pub(crate) use readability::Suspicion;
pub(crate) use scans::{LEAST_ALPHA, lone_area, needs_ink};
pub(crate) use seen::{Raster, SeenMap, winding};
pub(crate) use tags::Tag;
pub(crate) use tokens::runs_leftwards;
pub(crate) use unsure::{Cover, HIDING_ALPHA, apart, place_of, unsure};
pub(crate) use visibility::Hidden;

/// A page that is laid out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageText {
    content: PageContent,
    /// In the order of reading; what nobody sees comes last.
    blocks: Vec<Block>,
    /// On the displayed page.
    pictures: Vec<BBox>,
    pub(crate) findings: Findings,
}

/// What is an element of its own.
#[derive(Debug, Clone, PartialEq)]
enum Block {
    Paragraph(Paragraph),
    Table(TableText),
}

#[cfg(test)]
impl PageText {
    fn paragraphs(&self) -> impl Iterator<Item = &Paragraph> {
        self.blocks
            .iter()
            .filter_map(|block| if let Block::Paragraph(paragraph) = block { Some(paragraph) } else { None })
    }
}
