//! What of the text the page image shows: text that nobody sees is told apart, with the reason. Pure.

use std::collections::HashSet;

use quire_schemas::element::BBox;
use serde::{Deserialize, Serialize};

use super::{
    content::{Colour, MAX_COVERS, ObjectId, PageContent, ShapeKind, TextObject},
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
    /// A clip leaves nothing of it.
    Clipped,
    /// Its colour is that of what lies under it, or it is transparent.
    SameColour,
    /// Something opaque is painted over it.
    Covered,
}

impl Hidden {
    pub(crate) const ALL: [Self; 6] =
        [Self::OutsidePage, Self::LayerOff, Self::RenderMode, Self::Clipped, Self::SameColour, Self::Covered];

    /// Returns the value of `extra.hidden`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OutsidePage => "outside_page",
            Self::LayerOff => "layer_off",
            Self::RenderMode => "render_mode",
            Self::Clipped => "clipped",
            Self::SameColour => "same_colour",
            Self::Covered => "covered",
        }
    }
}

/// Less than this share of a text's box is not enough to read it.
const READABLE_SHARE: f64 = 0.3;
/// Colours that differ by less in every channel look the same.
const LEAST_CONTRAST: u8 = 10;
/// What covers less than this, of 255, is not seen.
const LEAST_ALPHA: u8 = 13;
/// Something covers a text if it lies over this share of its box.
const COVERING_SHARE: f64 = 0.95;
/// Share of the page that the pictures of a scan cover.
const SCAN_SHARE: f64 = 0.5;

/// Judges the tokens of a page.
pub(super) struct Visibility<'a> {
    content: &'a PageContent,
    page: BBox,
    /// In the order of painting.
    areas: Vec<Painted>,
    /// Whether there are areas that may cover text and are not looked at.
    is_cut: bool,
    /// The text objects of a scan whose words have ink where they lie: one of them is enough, because a text layer is
    /// seldom exact.
    inked: HashSet<ObjectId>,
}

/// Something that hides what lies under it.
#[derive(Debug, Clone, Copy)]
struct Painted {
    order: u32,
    bbox: BBox,
    /// `None` for a picture.
    colour: Option<[u8; 3]>,
}

impl<'a> Visibility<'a> {
    pub(super) fn of(content: &'a PageContent, tokens: &[Token]) -> Self {
        let page = BBox::new(0.0, 0.0, content.width, content.height);
        let mut areas: Vec<Painted> = content
            .shapes
            .iter()
            .filter_map(|shape| match shape.kind {
                ShapeKind::Area { colour: Some(Colour { rgb, alpha: 255 }) } => {
                    Some(Painted { order: shape.order, bbox: shape.bbox, colour: Some(rgb) })
                }
                _ => None,
            })
            .filter(|area| area.bbox.height() > 2.0 && area.bbox.width() > 2.0)
            .collect();
        let pictures = content.pictures.iter().filter(|picture| picture.opaque && !picture.layer_off);
        areas.extend(pictures.map(|picture| Painted { order: picture.order, bbox: picture.bbox, colour: None }));
        areas.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
        // What is smaller than every text covers none.
        let smallest = tokens.iter().map(|token| token.place.area()).fold(f64::INFINITY, f64::min);
        let is_cut = areas.get(MAX_COVERS).is_some_and(|area| area.bbox.area() >= COVERING_SHARE * smallest);
        areas.truncate(MAX_COVERS);
        areas.sort_by_key(|area| area.order);
        let inked = if is_scan(content) { inked(content, tokens) } else { HashSet::new() };
        Self { content, page, areas, is_cut, inked }
    }

    /// Says whether text may count as seen that something covers: there are too many areas to look at all.
    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Says what the page shows of a token.
    pub(super) fn layer(&self, token: &Token) -> Layer {
        let ObjectId(id) = token.object;
        let Some(object) = self.content.objects.get(id as usize) else { return Layer::Native };
        match self.hidden(token, object) {
            None => Layer::Native,
            Some(Hidden::RenderMode | Hidden::Covered) if self.lies_on_scan(token) => Layer::Ocr,
            Some(hidden) => Layer::Hidden(hidden),
        }
    }

    fn hidden(&self, token: &Token, object: &TextObject) -> Option<Hidden> {
        if object.layer_off {
            return Some(Hidden::LayerOff);
        }
        if share(token.place, self.page) < READABLE_SHARE {
            return Some(Hidden::OutsidePage);
        }
        if object.clip.is_some_and(|clip| share(token.place, clip) < READABLE_SHARE) {
            return Some(Hidden::Clipped);
        }
        if !object.painted {
            return Some(Hidden::RenderMode);
        }
        let is_over = |area: &&Painted| area.order > object.order && share(token.place, area.bbox) >= COVERING_SHARE;
        if self.areas.iter().rev().any(|area| is_over(&area)) {
            return Some(Hidden::Covered);
        }
        self.has_colour_of_ground(token, object).then_some(Hidden::SameColour)
    }

    fn has_colour_of_ground(&self, token: &Token, object: &TextObject) -> bool {
        let Some(Colour { rgb, alpha }) = object.colour else { return false };
        if alpha < LEAST_ALPHA {
            return true;
        }
        let is_under = |area: &&Painted| area.order < object.order && share(token.place, area.bbox) > 0.5;
        let (ground, painted_at) = match self.areas.iter().rev().find(is_under) {
            Some(Painted { colour: None, .. }) => return false,
            Some(Painted { colour: Some(colour), order, .. }) => (*colour, Some(*order)),
            None => ([255; 3], None),
        };
        let is_alike = rgb.iter().zip(ground).all(|(ink, ground)| ink.abs_diff(ground) < LEAST_CONTRAST);
        is_alike && !self.has_other_ground(token, object, painted_at)
    }

    /// Says whether something lies between a token and its ground whose colour is not known: a drawing, a shading, a
    /// picture with holes.
    fn has_other_ground(&self, token: &Token, object: &TextObject, painted_at: Option<u32>) -> bool {
        let lies_between = |order: u32, bbox: BBox| {
            order < object.order && painted_at.is_none_or(|ground| order > ground) && share(token.place, bbox) > 0.2
        };
        self.content.shapes.iter().any(|shape| {
            let is_known = matches!(shape.kind, ShapeKind::Area { colour: Some(Colour { alpha: 255, .. }) });
            !is_known && !matches!(shape.kind, ShapeKind::Rule { .. }) && lies_between(shape.order, shape.bbox)
        }) || self.content.pictures.iter().any(|picture| lies_between(picture.order, picture.bbox))
    }

    /// Says whether an unseen token repeats what a scan shows at its place.
    fn lies_on_scan(&self, token: &Token) -> bool {
        let on_picture = |bbox: BBox| share(token.place, bbox) > 0.5;
        self.inked.contains(&token.object)
            && self.content.pictures.iter().any(|picture| !picture.layer_off && on_picture(picture.bbox))
    }
}

fn inked(content: &PageContent, tokens: &[Token]) -> HashSet<ObjectId> {
    let has_ink = |token: &&Token| content.ink.as_ref().is_none_or(|ink| ink.has_ink(token.place));
    tokens.iter().filter(has_ink).map(|token| token.object).collect()
}

/// Says whether a page may be a scan with a text layer: only then its ink is asked for, which costs drawing it.
pub(crate) fn needs_ink(content: &PageContent) -> bool {
    let topmost = content.pictures.iter().map(|picture| picture.order).max();
    let is_unseen = |object: &TextObject| !object.painted || topmost.is_some_and(|picture| object.order < picture);
    topmost.is_some() && content.objects.iter().any(is_unseen) && is_scan(content)
}

/// Says whether pictures cover as much of a page as those of a scan.
pub(super) fn is_scan(content: &PageContent) -> bool {
    picture_share(content) >= SCAN_SHARE
}

/// Returns the share of the page that its pictures cover: each strip of a scan counts, overlaps count once.
fn picture_share(content: &PageContent) -> f64 {
    let page = BBox::new(0.0, 0.0, content.width, content.height);
    let boxes = content.pictures.iter().filter(|picture| !picture.layer_off).map(|picture| picture.bbox);
    let page_area = page.area();
    if page_area > 0.0 { covered_area(page, boxes) / page_area } else { 0.0 }
}

/// Counts the cells of a fine grid whose middle lies in some box: exact enough, and bounded for any number of boxes.
fn covered_area(page: BBox, boxes: impl Iterator<Item = BBox>) -> f64 {
    const CELLS: usize = 64;
    let mut covered = [0_u64; CELLS];
    for bbox in boxes {
        let cells = |from: f64, to: f64, side: f64| {
            let at = |place: f64| (place / side * CELLS as f64 - 0.5).ceil().clamp(0.0, CELLS as f64) as usize;
            at(from)..at(to)
        };
        let columns = cells(bbox.left(), bbox.right(), page.width());
        let mask = columns.fold(0_u64, |mask, column| mask | 1 << column);
        for row in cells(bbox.top(), bbox.bottom(), page.height()) {
            covered[row] |= mask;
        }
    }
    let cells: u32 = covered.iter().map(|row| row.count_ones()).sum();
    page.area() * f64::from(cells) / (CELLS * CELLS) as f64
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
            content::{Picture, Shape},
            ink::InkMap,
            testing::Page,
            tokens::tokens,
        },
        *,
    };

    const BLACK: Colour = Colour { rgb: [0; 3], alpha: 255 };
    const WHITE: Colour = Colour { rgb: [255; 3], alpha: 255 };

    fn layers(page: &Page) -> Vec<Layer> {
        let content = page.content();
        let tokens = tokens(&content, &vec![false; content.glyphs.len()]);
        let visibility = Visibility::of(&content, &tokens);
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
            let content = Page::new().write("seen", 50.0, 100.0).and(|page| page.shapes = vec![small; count]).content();
            let tokens = tokens(&content, &[false; 4]);
            Visibility::of(&content, &tokens).is_cut()
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
    fn white_text_over_a_drawing_or_a_picture_may_be_seen() {
        let white = || Page::new().write("text", 50.0, 100.0).with(|text| (text.order, text.colour) = (5, Some(WHITE)));
        let drawing = Shape { kind: ShapeKind::Drawing, ..area(1, BLACK) };
        assert_eq!(layers(&white().and(|page| page.shapes.push(drawing))), [Layer::Native]);
        assert_eq!(layers(&white().and(|page| page.pictures.push(picture(1, 300.0)))), [Layer::Native]);
    }

    #[test]
    fn unseen_text_on_a_scan_is_its_text_layer() {
        let unpainted = |bottom| {
            let page = Page::new().write("text", 50.0, 100.0).with(|text| text.painted = false);
            layers(&page.and(|page| page.pictures.push(picture(0, bottom))))[0]
        };
        assert_eq!([unpainted(800.0), unpainted(200.0)], [Layer::Ocr, Layer::Hidden(Hidden::RenderMode)]);
        let ink = |grey: u8| {
            let mut pixels = vec![255; 4 * 60 * 80];
            pixels[4 * (9 * 60 + 5)..4 * (9 * 60 + 6)].fill(grey);
            let page = Page::new().write("text", 50.0, 100.0).with(|text| text.painted = false);
            layers(&page.and(|page| {
                page.pictures.push(picture(0, 800.0));
                assert!(needs_ink(page));
                page.ink = InkMap::of_pixels(&pixels, 60, 80, 0.1);
            }))[0]
        };
        assert_eq!([ink(0), ink(255)], [Layer::Ocr, Layer::Hidden(Hidden::RenderMode)]);
        let under = Page::new().write("text", 50.0, 100.0).and(|page| page.pictures.push(picture(9, 800.0)));
        assert_eq!(layers(&under), [Layer::Ocr]);
    }

    #[test]
    fn strips_cover_a_page_together_and_overlaps_count_once() {
        let strips = (0..8).map(|strip| Picture {
            bbox: BBox::new(0.0, 100.0 * f64::from(strip), 600.0, 100.0 * f64::from(strip) + 101.0),
            ..picture(0, 0.0)
        });
        let page = Page::new().and(|page| page.pictures.extend(strips));
        assert!((picture_share(&page.content()) - 1.0).abs() < 0.02);
        let twice = Page::new().and(|page| page.pictures.extend([picture(0, 400.0), picture(1, 400.0)]));
        assert!((picture_share(&twice.content()) - 0.5).abs() < 0.02);
    }
}
