//! What the renderer reads of a page and hands to the pure code: characters in libpdfium's order, and
//! the text objects, shapes, pictures, links, fields and notes of the page in the order of painting.
//!
//! Lengths are points. Places are on the displayed page, origin top-left, y downwards, unless a field
//! says otherwise.

use quire_schemas::{element::BBox, result::PdfBox};
use serde::{Deserialize, Serialize};

use super::{
    fonts::{FontId, FontTable},
    ink::InkMap,
    quarter_turns::QuarterTurns,
    seen::SeenMap,
    tags::Tag,
};

/// Most glyphs of a page that are read; a page of a dense newspaper has 30,000.
pub(crate) const MAX_GLYPHS: usize = 400_000;
/// Most shapes of a page that are read, and as many pictures.
pub(crate) const MAX_SHAPES: usize = 50_000;
/// Most objects of a page that are looked at, those of its forms included.
pub(crate) const MAX_OBJECTS: u32 = 200_000;
/// Most links of a page that are read, and as many fields and notes.
pub(crate) const MAX_ANNOTATIONS: usize = 5_000;
/// Most bytes of all addresses of the links of a page, and of all texts of its fields and notes: many may share a long
/// one.
pub(crate) const MAX_ANNOTATION_BYTES: usize = 4 << 20;
/// Most bytes of one value, name or comment, and of a text that stands for what is drawn.
pub(crate) const MAX_TEXT_BYTES: usize = 64 << 10;
/// Most options of a list that are looked at.
pub(crate) const MAX_OPTIONS: usize = 1_000;
/// A page with more annotations is not asked for the text that they show.
pub(crate) const MAX_APPEARANCES: usize = 1_000;
/// Most characters that the annotations of a page show and that are read.
pub(crate) const MAX_SHOWN_CHARACTERS: usize = 20_000;
/// Most pictures of a page that are elements, the largest ones.
pub(crate) const MAX_PICTURES: usize = 200;

/// Most elements of the structure tree around a text that are looked at.
pub(crate) const MAX_TAGS: usize = 64;
/// Most marked contents of a page that are looked up in the structure tree.
pub(crate) const MAX_TAGGED_MARKS: usize = 1_000_000;

/// Painted areas that may cover text and are looked at; a drawing has any number of small ones.
pub(crate) const MAX_COVERS: usize = 2_000;

/// Everything that the renderer reads of one page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageContent {
    /// From 1.
    pub(crate) page_number: u32,
    /// As displayed.
    pub(crate) width: f64,
    /// As displayed.
    pub(crate) height: f64,
    /// How far the file turns the page for display.
    pub(crate) rotation: QuarterTurns,
    /// The printed page number, if the document has page labels.
    pub(crate) label: Option<String>,
    /// In user space, not scaled by the user unit.
    pub(crate) media_box: PdfBox,
    /// In user space, not scaled by the user unit.
    pub(crate) crop_box: Option<PdfBox>,
    /// In the order in which libpdfium gives them.
    pub(crate) glyphs: Vec<Glyph>,
    /// The text objects that glyphs name.
    pub(crate) objects: Vec<TextObject>,
    pub(crate) fonts: FontTable,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) pictures: Vec<Picture>,
    pub(crate) links: Vec<PageLink>,
    pub(crate) fields: Vec<PageField>,
    pub(crate) notes: Vec<PageNote>,
    /// Where the page has ink; only of pages that [need it](super::needs_ink).
    pub(crate) ink: Option<InkMap>,
    /// What the image shows of texts of which [nothing else tells](super::unsure) whether they are seen.
    pub(crate) seen: Option<SeenMap>,
    /// What was left out because the page has more of it than is read.
    pub(crate) cut: Vec<Cut>,
}

/// Something that a page has more of than is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Cut {
    Glyphs,
    Shapes,
    Links,
    Annotations,
    /// Bytes of one text.
    Texts,
    /// Options of a form field.
    Options,
    /// What annotations show.
    Appearances,
    /// What may cover text.
    Covers,
    /// The structure tree.
    Tags,
    /// Pictures that are elements.
    Pictures,
}

impl Cut {
    pub(crate) const ALL: [Self; 10] = [
        Self::Glyphs,
        Self::Shapes,
        Self::Links,
        Self::Annotations,
        Self::Texts,
        Self::Options,
        Self::Appearances,
        Self::Covers,
        Self::Tags,
        Self::Pictures,
    ];

    /// Says what there is too much of, and what follows from it.
    pub(crate) fn message(self) -> String {
        const MEBIBYTES: usize = MAX_ANNOTATION_BYTES >> 20;
        let (what, then) = match self {
            Self::Glyphs => (format!("{MAX_GLYPHS} characters"), "the rest is left out"),
            Self::Shapes => {
                (format!("{MAX_SHAPES} shapes or pictures, or {MAX_OBJECTS} objects"), "the rest is left out")
            }
            Self::Links => {
                (format!("{MAX_ANNOTATIONS} links, or {MEBIBYTES} MiB of their addresses"), "the rest is left out")
            }
            Self::Annotations => (
                format!("{MAX_ANNOTATIONS} form fields or notes, or {MEBIBYTES} MiB of their texts"),
                "the rest is left out",
            ),
            Self::Texts => (
                format!("{MAX_TEXT_BYTES} bytes of text in one form field, note or replacement"),
                "the rest of it is left out",
            ),
            Self::Options => (format!("{MAX_OPTIONS} options in one form field"), "the rest is not looked at"),
            Self::Appearances => (
                format!("{MAX_APPEARANCES} annotations, or {MAX_SHOWN_CHARACTERS} characters in them"),
                "what stamps and other annotations show may be missing",
            ),
            Self::Covers => (
                format!("{MAX_COVERS} areas or pictures, or many pictures over text"),
                "text under the others counts as seen",
            ),
            Self::Tags => (
                format!("{MAX_TAGS} levels of elements in the structure tree, or {MAX_TAGGED_MARKS} marked contents"),
                "some of its text counts as not tagged",
            ),
            Self::Pictures => (
                format!("{MAX_PICTURES} pictures, or too many images to tell which of them are one picture"),
                "the smaller ones are no elements",
            ),
        };
        format!("the page has more than {what}; {then}")
    }
}

/// A place in [`PageContent::objects`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId(pub(crate) u32);

/// A character.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glyph {
    /// U+FFFD where the file gives no Unicode value.
    pub(crate) character: char,
    pub(crate) source: GlyphSource,
    /// From its origin to where the next character would begin, with the ascent and descent of its font.
    pub(crate) bbox: BBox,
    /// Around its ink; empty for a space.
    pub(crate) ink: BBox,
    /// Its place on the baseline.
    pub(crate) origin: (f64, f64),
    /// The text object that draws it; `None` if libpdfium added it.
    pub(crate) object: Option<ObjectId>,
}

/// Where the value of a character comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GlyphSource {
    /// The file.
    File,
    /// The file, but libpdfium says that its Unicode value cannot be trusted.
    Unmapped,
    /// libpdfium put it in the place of a hyphen or soft hyphen at the end of a line. It is `-` here.
    Hyphen,
    /// libpdfium added it: a space or a line end that is not in the file.
    Added,
}

/// A text object: what one operator of the content stream shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TextObject {
    /// Its place in the order of painting, forms included; later objects cover earlier ones.
    pub(crate) order: u32,
    pub(crate) font: FontId,
    /// Font size as drawn.
    pub(crate) size: f64,
    /// Direction of its baseline as displayed, in degrees clockwise, 0 to 360; 0 runs to the right.
    pub(crate) angle: f64,
    /// Whether its glyphs are painted at all: false for text rendering modes 3 and 7.
    pub(crate) painted: bool,
    /// What its glyphs are filled with, or, if they are stroked only, stroked with. `None` for a pattern or a shading.
    pub(crate) colour: Option<Colour>,
    /// The part of the page to which it is clipped; `None` if nothing clips it.
    pub(crate) clip: Option<BBox>,
    /// Whether it belongs to a layer (optional content) that is not shown.
    pub(crate) layer_off: bool,
    /// Whether its characters lie under opaque areas. The layout finds that out.
    pub(crate) covered: bool,
    /// What else decides whether it is seen.
    pub(crate) effect: Effect,
    /// How a copy of it is painted that lies beneath it, as a shadow does. It is seen if one of the two is.
    pub(crate) beneath: Option<Paint>,
    /// What the document says that it is.
    pub(crate) tag: Option<Tag>,
}

/// How a text object is painted, as in [`TextObject`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paint {
    pub(crate) order: u32,
    pub(crate) painted: bool,
    pub(crate) colour: Option<Colour>,
    pub(crate) clip: Option<BBox>,
    pub(crate) layer_off: bool,
    pub(crate) effect: Effect,
}

impl TextObject {
    pub(crate) const fn paint(&self) -> Paint {
        let Self { order, painted, colour, clip, layer_off, effect, .. } = *self;
        Paint { order, painted, colour, clip, layer_off, effect }
    }

    /// Returns it as a copy of it would be that is painted otherwise.
    pub(crate) const fn painted_as(&self, paint: Paint) -> Self {
        let Paint { order, painted, colour, clip, layer_off, effect } = paint;
        Self { order, painted, colour, clip, layer_off, effect, ..*self }
    }
}

/// What decides whether a text is seen, beside its colour, its clip box and what is painted over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Effect {
    #[default]
    None,
    /// It is filled and stroked: its outlines may have a colour of their own.
    Outline,
    /// It, or a form that holds it, is blended, has a soft mask, or has a clip that is no rectangle around it.
    Mask,
    /// It is not painted, or transparent, and something else may be seen through its glyphs: what they clip, or what is
    /// masked by the same letters.
    Clip,
}

/// A colour and how much it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Colour {
    pub(crate) rgb: [u8; 3],
    /// 255 covers wholly.
    pub(crate) alpha: u8,
}

/// Something painted that is neither text nor a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// As in [`TextObject`].
    pub(crate) order: u32,
    /// Around it, clipped.
    pub(crate) bbox: BBox,
    pub(crate) kind: ShapeKind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ShapeKind {
    /// A straight stroke from left to right or from top to bottom; `width` is that of the stroke.
    Rule { width: f64 },
    /// A rectangle that is filled, its sides upright. A thin one looks like a rule.
    Area { colour: Option<Colour> },
    /// Anything else: curves, slanted strokes, filled outlines, shadings.
    Drawing,
}

/// An image, placed once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Picture {
    /// As in [`TextObject`].
    pub(crate) order: u32,
    /// Around it, clipped.
    pub(crate) bbox: BBox,
    /// Whether nothing shines through it: no mask, no transparency.
    pub(crate) opaque: bool,
    pub(crate) layer_off: bool,
}

/// A link annotation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageLink {
    /// Around where it can be clicked.
    pub(crate) bbox: BBox,
    /// Its parts, if it has several, as of a link that is broken at a line end; else empty.
    pub(crate) parts: Vec<BBox>,
    /// The address it leads to.
    pub(crate) uri: Option<String>,
    /// Or the page of this document, from 1.
    pub(crate) page_number: Option<u32>,
}

/// A widget of a form field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageField {
    pub(crate) bbox: BBox,
    /// The full name.
    pub(crate) name: String,
    pub(crate) kind: FieldKind,
    /// What is filled in or chosen, as the file states it; empty for a password.
    pub(crate) value: String,
    /// What the page shows in its place; `None` if that is the value, or cannot be told.
    pub(crate) shown_text: Option<String>,
    /// Of a checkbox or radio button.
    pub(crate) checked: Option<bool>,
    /// Whether the page shows it.
    pub(crate) shown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    Password,
    Checkbox,
    RadioButton,
    PushButton,
    ComboBox,
    ListBox,
    Signature,
    Unknown,
}

/// An annotation that carries text and is neither a link nor a field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PageNote {
    pub(crate) bbox: BBox,
    /// The subtype as the file has it, such as `FreeText` or `Stamp`.
    pub(crate) subtype: String,
    /// The text that the page shows for it if it shows something, else its comment.
    pub(crate) text: String,
    pub(crate) author: Option<String>,
    /// Whether the page shows the text: true of free text and stamps only.
    pub(crate) shown: bool,
}
