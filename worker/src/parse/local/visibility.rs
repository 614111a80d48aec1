//! What of the text the page image shows: text that nobody sees is told apart, with the reason. Pure.

use std::{
    cell::{Cell, OnceCell},
    collections::{HashMap, HashSet},
};

use quire_schemas::element::BBox;
use serde::{Deserialize, Serialize};

use super::{
    content::{Colour, Effect, ObjectId, PageContent, ShapeKind, TextObject},
    covered::{Area, Areas},
    scans::{LEAST_ALPHA, is_scan},
    seen::is_alike,
    stacked::Stacked,
    tokens::Token,
};

/// Where a token belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Layer {
    /// The page shows it.
    Native,
    /// It is the text layer of a scan: unseen, over or under the picture whose words it repeats.
    Ocr,
    Hidden(Hidden),
}

/// Why nobody sees a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Hidden {
    /// It lies outside the displayed page.
    OutsidePage,
    /// Its layer (optional content) is switched off.
    LayerOff,
    /// It is drawn in a mode that paints nothing.
    RenderMode,
    /// A clip or a mask leaves nothing of it.
    Clipped,
    /// Its colour is that of what lies under it, or it is transparent.
    SameColour,
    /// Something opaque is painted over it.
    Covered,
    /// It is too small to read.
    TooSmall,
}

impl Hidden {
    pub(crate) const ALL: [Self; 7] = [
        Self::OutsidePage,
        Self::LayerOff,
        Self::RenderMode,
        Self::Clipped,
        Self::SameColour,
        Self::Covered,
        Self::TooSmall,
    ];

    /// Returns the value of `extra.hidden`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OutsidePage => "outside_page",
            Self::LayerOff => "layer_off",
            Self::RenderMode => "render_mode",
            Self::Clipped => "clipped",
            Self::SameColour => "same_colour",
            Self::Covered => "covered",
            Self::TooSmall => "too_small",
        }
    }
}

/// Share of the words of a text object that have ink where they lie if the object repeats what a scan shows.
const INKED_SHARE: f64 = 1.0 / 3.0;
/// Less than this share of a text's box is not enough to read it.
const READABLE_SHARE: f64 = 0.3;
/// A smaller text cannot be read, in points: legal small print has three and more.
const LEAST_SIZE: f64 = 1.0;
/// Or, on a small page that is looked at enlarged, this share of its longer side.
const LEAST_SIZE_SHARE: f64 = 1.0 / 400.0;
/// Comparisons of texts with what is painted; a hostile page may pile up any number of both.
const MAX_COMPARISONS: usize = 20_000_000;
/// Characters that take less of their line are pressed to nothing, in points.
const LEAST_ADVANCE: f64 = 0.1;

/// Judges the tokens of a page.
pub(super) struct Visibility<'a> {
    content: &'a PageContent,
    page: BBox,
    areas: &'a Areas,
    /// What may be the ground of a text, but is no plain area; found when it is first asked for.
    grounds: OnceCell<Things>,
    /// The pictures that the page shows.
    pictures: OnceCell<Things>,
    /// How many comparisons were made.
    compared: Cell<usize>,
    /// The text objects of a scan of which a third or more of the words have ink where they lie: not all, because a
    /// text layer is seldom exact, and not a few, because then most of the text repeats nothing.
    inked: HashSet<ObjectId>,
}

/// What is known of the ground on which a text lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// The text has its colour, or is transparent.
    SameColour,
    OtherColour,
    /// Its colour is not known, or the outlines of the text may have another one.
    Unknown,
}

impl<'a> Visibility<'a> {
    pub(super) fn of(content: &'a PageContent, areas: &'a Areas, tokens: &[Token]) -> Self {
        let page = BBox::new(0.0, 0.0, content.width, content.height);
        let inked = if is_scan(content) { inked(content, tokens) } else { HashSet::new() };
        let (grounds, pictures, compared) = (OnceCell::new(), OnceCell::new(), Cell::new(0));
        Self { content, page, areas, grounds, pictures, compared, inked }
    }

    /// Says what the page shows of a token.
    pub(super) fn layer(&self, token: &Token) -> Layer {
        let ObjectId(id) = token.object;
        let Some(object) = self.content.objects.get(id as usize) else { return Layer::Native };
        match self.hidden(token, object) {
            None => Layer::Native,
            Some(Hidden::RenderMode | Hidden::Covered | Hidden::SameColour | Hidden::Clipped)
                if self.lies_on_scan(token) =>
            {
                Layer::Ocr
            }
            Some(hidden) => Layer::Hidden(hidden),
        }
    }

    /// `None` if it is seen, or a copy beneath it is.
    fn hidden(&self, token: &Token, object: &TextObject) -> Option<Hidden> {
        let hidden = self.hidden_as_painted(token, object)?;
        let beneath = object.beneath.map(|paint| object.painted_as(paint));
        beneath.is_none_or(|beneath| self.hidden_as_painted(token, &beneath).is_some()).then_some(hidden)
    }

    fn hidden_as_painted(&self, token: &Token, object: &TextObject) -> Option<Hidden> {
        if object.layer_off {
            return Some(Hidden::LayerOff);
        }
        if share(token.place, self.page) < READABLE_SHARE {
            return Some(Hidden::OutsidePage);
        }
        if object.clip.is_some_and(|clip| share(token.place, clip) < READABLE_SHARE) {
            return Some(Hidden::Clipped);
        }
        let image = self.content.seen.as_ref();
        if object.effect == Effect::Clip && image.is_some_and(|image| image.is_seen_through(token.place)) {
            return None;
        }
        if !object.painted {
            return Some(Hidden::RenderMode);
        }
        if self.is_too_small(token, object) {
            return Some(Hidden::TooSmall);
        }
        if object.covered {
            return Some(Hidden::Covered);
        }
        let ObjectId(id) = token.object;
        let ground = self.ground(token, object);
        match image.and_then(|image| image.shows(id, token.place)) {
            Some(true) => None,
            Some(false) if ground == Ground::OtherColour && object.effect == Effect::Mask => Some(Hidden::Clipped),
            Some(false) if ground == Ground::OtherColour => Some(Hidden::Covered),
            Some(false) => Some(Hidden::SameColour),
            None => (ground == Ground::SameColour).then_some(Hidden::SameColour),
        }
    }

    fn is_too_small(&self, token: &Token, object: &TextObject) -> bool {
        let least = LEAST_SIZE.min(LEAST_SIZE_SHARE * self.page.width().max(self.page.height()));
        // The size of a font that is drawn by the file itself says little; its ink does.
        let (width, height) = (token.place.width(), token.place.height());
        if object.size < least && width.min(height) < least {
            return true;
        }
        let along = match object.angle {
            0.0 | 180.0 => width,
            90.0 | 270.0 => height,
            _ => return false,
        };
        along < LEAST_ADVANCE * token.text.chars().count() as f64
    }

    fn ground(&self, token: &Token, object: &TextObject) -> Ground {
        let Some(Colour { rgb, alpha }) = object.colour else { return Ground::OtherColour };
        if alpha < LEAST_ALPHA {
            return Ground::SameColour;
        }
        let is_under = |area: &&Area| area.order < object.order && share(token.place, area.bbox) > 0.5;
        let (ground, painted_at) = match self.areas.painted.iter().rev().find(is_under) {
            Some(Area { colour: None, .. }) => return Ground::Unknown,
            Some(Area { colour: Some(colour), order, .. }) => (*colour, Some(*order)),
            None => ([255; 3], None),
        };
        match is_alike(rgb, ground) {
            false => Ground::OtherColour,
            true if object.effect == Effect::Outline || self.has_other_ground(token, object, painted_at) => {
                Ground::Unknown
            }
            true => Ground::SameColour,
        }
    }

    /// Says whether something lies between a token and its ground whose colour is not known: a drawing, a shading, a
    /// thick stroke, a picture with holes.
    fn has_other_ground(&self, token: &Token, object: &TextObject, painted_at: Option<u32>) -> bool {
        let lies_between = |order: u32, bbox: BBox| {
            order < object.order && painted_at.is_none_or(|ground| order > ground) && share(token.place, bbox) > 0.2
        };
        self.grounds().on_rows_of(token.place).any(|(bbox, order)| self.is_cut_off() || lies_between(order, bbox))
    }

    fn grounds(&self) -> &Things {
        self.grounds.get_or_init(|| {
            let is_known =
                |kind: &ShapeKind| matches!(kind, ShapeKind::Area { colour: Some(Colour { alpha: 255, .. }) });
            let shapes = self.content.shapes.iter().filter(|shape| !is_known(&shape.kind));
            let pictures = self.content.pictures.iter().map(|picture| (picture.bbox, picture.order));
            Things::new(shapes.map(|shape| (shape.bbox, shape.order)).chain(pictures))
        })
    }

    /// Counts a comparison. Says whether there were too many: then the ground of a text is not known, and what is
    /// unseen is no text layer.
    fn is_cut_off(&self) -> bool {
        self.compared.set(self.compared.get() + 1);
        self.compared.get() > MAX_COMPARISONS
    }

    /// Says whether an unseen token repeats what a scan shows at its place.
    fn lies_on_scan(&self, token: &Token) -> bool {
        let pictures = || {
            let shown = self.content.pictures.iter().filter(|picture| !picture.layer_off);
            Things::new(shown.map(|picture| (picture.bbox, picture.order)))
        };
        let on_picture = |(bbox, _): (BBox, u32)| !self.is_cut_off() && share(token.place, bbox) > 0.5;
        self.inked.contains(&token.object)
            && self.pictures.get_or_init(pictures).on_rows_of(token.place).any(on_picture)
    }
}

/// Painted things, found by their height on the page.
struct Things {
    places: Stacked,
    orders: Vec<u32>,
}

impl Things {
    fn new(things: impl Iterator<Item = (BBox, u32)>) -> Self {
        let (boxes, orders): (Vec<BBox>, Vec<u32>) = things.unzip();
        Self { places: Stacked::new(boxes.into_iter()), orders }
    }

    fn on_rows_of(&self, bbox: BBox) -> impl Iterator<Item = (BBox, u32)> {
        self.places.between(bbox.top(), bbox.bottom()).map(|(bbox, index)| (bbox, self.orders[index]))
    }
}

fn inked(content: &PageContent, tokens: &[Token]) -> HashSet<ObjectId> {
    let mut words: HashMap<ObjectId, (usize, usize)> = HashMap::new();
    for token in tokens {
        let (all, with_ink) = words.entry(token.object).or_default();
        *all += 1;
        *with_ink += usize::from(content.ink.as_ref().is_none_or(|ink| ink.has_ink(token.place)));
    }
    let is_inked = |(all, with_ink): &(usize, usize)| *with_ink as f64 >= INKED_SHARE * *all as f64;
    words.into_iter().filter(|(_, words)| is_inked(words)).map(|(object, _)| object).collect()
}

/// Returns the share of a box that lies in another one. A box without area counts by its middle.
fn share(of: BBox, within: BBox) -> f64 {
    let whole = of.area();
    if whole > 0.0 { of.overlap(within) / whole } else { f64::from(u8::from(within.has_middle_of(of))) }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            content::{MAX_COVERS, Paint, Picture, Shape},
            ink::InkMap,
            scans::needs_ink,
            seen::{Raster, SeenMap},
            testing::Page,
            tokens::tokens,
        },
        *,
    };

    const BLACK: Colour = Colour { rgb: [0; 3], alpha: 255 };
    const WHITE: Colour = Colour { rgb: [255; 3], alpha: 255 };

    fn layers(page: &Page) -> Vec<Layer> {
        let mut content = page.content();
        let mut areas = Areas::of(&content);
        areas.hide(&mut content);
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let visibility = Visibility::of(&content, &areas, &tokens);
        tokens.iter().map(|token| visibility.layer(token)).collect()
    }

    fn area(order: u32, colour: Colour) -> Shape {
        Shape { order, bbox: BBox::new(40.0, 80.0, 200.0, 120.0), kind: ShapeKind::Area { colour: Some(colour) } }
    }

    fn picture(order: u32, bottom: f64) -> Picture {
        Picture { order, bbox: BBox::new(0.0, 0.0, 600.0, bottom), opaque: true, layer_off: false }
    }

    #[test]
    fn more_areas_that_may_cover_text_than_are_looked_at_are_noted() {
        let is_cut = |count: usize, side: f64| {
            let small = Shape { bbox: BBox::new(300.0, 300.0, 300.0 + side, 300.0 + side), ..area(9, BLACK) };
            let page = Page::new().write("seen", 50.0, 100.0).and(|page| page.shapes = vec![small; count]);
            Areas::of(&page.content()).is_cut
        };
        assert!(is_cut(MAX_COVERS + 1, 100.0));
        assert!(!is_cut(MAX_COVERS, 100.0) && !is_cut(MAX_COVERS + 1, 3.0));
    }

    #[test]
    fn text_that_the_page_shows_is_native() {
        let grey = Colour { rgb: [200; 3], alpha: 255 };
        let page =
            Page::new().write("black", 50.0, 100.0).write("grey", 90.0, 100.0).with(|text| text.colour = Some(grey));
        let page = page.write("pattern", 130.0, 100.0).with(|text| text.colour = None);
        let half = BBox::new(0.0, 0.0, 600.0, 97.0);
        let page = page.write("cut", 50.0, 100.0).with(|text| text.clip = Some(half)).write("edge", 585.0, 300.0);
        assert_eq!(layers(&page), [Layer::Native; 5]);
    }

    #[test]
    fn each_reason_is_told() {
        let hidden = |change: fn(&mut TextObject)| layers(&Page::new().write("unseen", 50.0, 100.0).with(change))[0];
        assert_eq!(hidden(|text| text.layer_off = true), Layer::Hidden(Hidden::LayerOff));
        assert_eq!(hidden(|text| text.painted = false), Layer::Hidden(Hidden::RenderMode));
        let elsewhere = |text: &mut TextObject| text.clip = Some(BBox::new(300.0, 300.0, 400.0, 400.0));
        assert_eq!(hidden(elsewhere), Layer::Hidden(Hidden::Clipped));
        assert_eq!(hidden(|text| text.clip = Some(BBox::new(0.0, 0.0, 0.0, 0.0))), Layer::Hidden(Hidden::Clipped));
        assert_eq!(hidden(|text| text.colour = Some(WHITE)), Layer::Hidden(Hidden::SameColour));
        let transparent = |text: &mut TextObject| text.colour = Some(Colour { alpha: 0, ..BLACK });
        assert_eq!(hidden(transparent), Layer::Hidden(Hidden::SameColour));
        for (x, y) in [(-100.0, 100.0), (50.0, -20.0), (700.0, 100.0), (50.0, 900.0)] {
            assert_eq!(layers(&Page::new().write("unseen", x, y)), [Layer::Hidden(Hidden::OutsidePage)]);
        }
    }

    #[test]
    fn the_order_of_painting_decides_what_is_covered_and_what_is_the_ground() {
        let of = |order: u32, colour: Colour, ink: Colour| {
            let page = Page::new().write("text", 50.0, 100.0).with(|text| (text.order, text.colour) = (5, Some(ink)));
            layers(&page.and(|page| page.shapes.push(area(order, colour))))[0]
        };
        assert_eq!(of(1, BLACK, WHITE), Layer::Native);
        assert_eq!(of(1, BLACK, BLACK), Layer::Hidden(Hidden::SameColour));
        assert_eq!(of(9, BLACK, WHITE), Layer::Hidden(Hidden::Covered));
        assert_eq!(of(9, Colour { alpha: 120, ..BLACK }, BLACK), Layer::Native);
    }

    #[test]
    fn a_text_is_seen_if_a_copy_beneath_it_is() {
        let of = |colour: Colour, beneath: Colour| {
            let page = Page::new().write("text", 50.0, 100.0).with(|text| {
                text.colour = Some(colour);
                text.beneath = Some(Paint { colour: Some(beneath), ..text.paint() });
            });
            layers(&page)[0]
        };
        assert_eq!([of(WHITE, BLACK), of(BLACK, WHITE)], [Layer::Native; 2]);
        assert_eq!(of(WHITE, WHITE), Layer::Hidden(Hidden::SameColour));
    }

    #[test]
    fn white_text_over_a_drawing_or_a_picture_may_be_seen() {
        let white = || Page::new().write("text", 50.0, 100.0).with(|text| (text.order, text.colour) = (5, Some(WHITE)));
        let drawing = Shape { kind: ShapeKind::Drawing, ..area(1, BLACK) };
        let stroke = Shape { kind: ShapeKind::Rule { width: 40.0 }, ..drawing };
        assert_eq!(layers(&white().and(|page| page.shapes.push(stroke))), [Layer::Native]);
        assert_eq!(layers(&white().with(|text| text.effect = Effect::Outline)), [Layer::Native]);
        assert_eq!(layers(&white().and(|page| page.shapes.push(drawing))), [Layer::Native]);
        assert_eq!(layers(&white().and(|page| page.pictures.push(picture(1, 300.0)))), [Layer::Native]);
    }

    #[test]
    fn areas_cover_a_text_together() {
        let half = |left, right| Shape { bbox: BBox::new(left, 80.0, right, 120.0), ..area(9, WHITE) };
        let page = |seam| {
            let text = Page::new().write("text", 50.0, 100.0);
            layers(&text.and(|page| page.shapes.extend([half(40.0, 60.0), half(seam, 100.0)])))
        };
        let covered = Layer::Hidden(Hidden::Covered);
        assert_eq!(page(60.0), [covered]);
        // What the bars leave is read.
        assert_eq!(page(65.0), [covered, Layer::Native, covered]);
        let rule = Shape { bbox: BBox::new(40.0, 96.0, 100.0, 99.0), ..area(9, BLACK) };
        assert_eq!(
            layers(&Page::new().write("a - b", 50.0, 100.0).and(|page| page.shapes.push(rule))),
            [Layer::Native; 3]
        );
    }

    #[test]
    fn text_too_small_to_read_is_told() {
        let all = |page: &Page, layer| !layers(page).is_empty() && layers(page).iter().all(|found| *found == layer);
        let too_small = Layer::Hidden(Hidden::TooSmall);
        assert!(all(&Page::new().size(0.2).write("tiny", 50.0, 100.0), too_small));
        let pressed = Page::new().advance(0.002).write("pressed", 50.0, 100.0);
        let pressed = pressed.and(|page| page.glyphs.iter_mut().for_each(|glyph| glyph.ink = glyph.bbox));
        assert!(all(&pressed, too_small));
        assert!(all(&Page::new().size(3.0).write("small print.", 50.0, 100.0), Layer::Native));
        // Drawn by the file itself in units of its own.
        let own_units = Page::new().write("large", 50.0, 100.0).with(|text| text.size = 0.01);
        assert!(all(&own_units, Layer::Native));
        let small_page = Page::new().size(0.9).write("figure", 50.0, 50.0);
        assert!(all(&small_page.and(|page| (page.width, page.height) = (100.0, 100.0)), Layer::Native));
    }

    /// What the image shows: everything changes without the text, or nothing.
    fn image(changes: bool) -> impl FnOnce(&mut PageContent) {
        move |page| {
            let raster = Raster { corner: (0, 0), columns: 600, rows: 800, scale: 1.0 };
            let whole = vec![0; 4 * 600 * 800];
            let without = if changes { vec![255; 4 * 600 * 800] } else { whole.clone() };
            page.seen = SeenMap::of_images(raster, &whole, &[(without, vec![0])], None, &[]);
        }
    }

    #[test]
    fn the_image_decides_where_it_was_asked() {
        let of = |effect, colour, changes| {
            let text =
                Page::new().write("text", 50.0, 100.0).with(|text| (text.effect, text.colour) = (effect, Some(colour)));
            layers(&text.and(image(changes)))[0]
        };
        assert_eq!(of(Effect::Mask, BLACK, true), Layer::Native);
        assert_eq!(of(Effect::Mask, BLACK, false), Layer::Hidden(Hidden::Clipped));
        assert_eq!(of(Effect::None, BLACK, false), Layer::Hidden(Hidden::Covered));
        assert_eq!(of(Effect::Outline, WHITE, true), Layer::Native);
        assert_eq!(of(Effect::Outline, WHITE, false), Layer::Hidden(Hidden::SameColour));
    }

    #[test]
    fn unseen_text_on_a_scan_is_its_text_layer() {
        let unpainted = |bottom| {
            let page = Page::new().write("text", 50.0, 100.0).with(|text| text.painted = false);
            layers(&page.and(|page| page.pictures.push(picture(0, bottom))))[0]
        };
        assert_eq!([unpainted(800.0), unpainted(200.0)], [Layer::Ocr, Layer::Hidden(Hidden::RenderMode)]);
        let ink = |grey: u8, text: &str| {
            let mut pixels = vec![255; 4 * 60 * 80];
            pixels[4 * (9 * 60 + 5)..4 * (9 * 60 + 6)].fill(grey);
            let page = Page::new().write(text, 50.0, 100.0).with(|text| text.painted = false);
            layers(&page.and(|page| {
                page.pictures.push(picture(0, 800.0));
                assert!(needs_ink(page));
                page.ink = InkMap::of_pixels(&pixels, 60, 80, 0.1);
            }))[0]
        };
        assert_eq!([ink(0, "text"), ink(255, "text")], [Layer::Ocr, Layer::Hidden(Hidden::RenderMode)]);
        // Most of it repeats nothing that the scan shows.
        let smuggled = "text that tells a reader something else";
        assert_eq!(ink(0, smuggled), Layer::Hidden(Hidden::RenderMode));
        let under = Page::new().write("text", 50.0, 100.0).and(|page| page.pictures.push(picture(9, 800.0)));
        assert_eq!(layers(&under), [Layer::Ocr]);
        let unseen = |change: fn(&mut TextObject)| {
            let page = Page::new().write("text", 50.0, 100.0).with(change).with(|text| text.order = 1);
            layers(&page.and(|page| {
                page.pictures.push(picture(0, 800.0));
                assert!(needs_ink(page));
            }))[0]
        };
        assert_eq!(unseen(|text| text.colour = Some(Colour { alpha: 0, ..BLACK })), Layer::Ocr);
        assert_eq!(unseen(|text| text.clip = Some(BBox::new(0.0, 0.0, 0.0, 0.0))), Layer::Ocr);
    }
}
