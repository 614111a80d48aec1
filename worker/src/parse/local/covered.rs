//! What hides the characters under it: opaque areas and pictures that are painted later. Pure.

use quire_schemas::element::BBox;

use super::{
    content::{Colour, MAX_COVERS, ObjectId, PageContent, ShapeKind, TextObject},
    scans::covered_area,
    stacked::Stacked,
};

/// A character is hidden if so much of its ink is: of what is left nobody reads it.
const HIDDEN_SHARE: f64 = 0.8;
/// What is thinner, in units of the font size, is a rule, though it may lie over a hyphen or a full stop.
const LEAST_COVER: f64 = 0.4;
/// Comparisons of characters with areas; a hostile page may pile up any number of both. What areas cover together costs
/// as much as so many.
const MAX_COMPARISONS: usize = 20_000_000;
const COST_OF_SHARE: usize = 64;
/// An area that is narrower or lower, in points, is a rule.
const THICKEST_RULE: f64 = 2.0;

/// Opaque areas and pictures of a page, in the order of painting.
#[derive(Debug, Default)]
pub(super) struct Areas {
    pub(super) painted: Vec<Area>,
    /// Whether there are more that may hide something and are not looked at.
    pub(super) is_cut: bool,
}

/// Something that hides what lies under it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub(super) order: u32,
    pub(super) bbox: BBox,
    /// `None` for a picture.
    pub(super) colour: Option<[u8; 3]>,
}

impl Areas {
    pub(super) fn of(content: &PageContent) -> Self {
        let areas = content.shapes.iter().filter_map(|shape| match shape.kind {
            ShapeKind::Area { colour: Some(Colour { rgb, alpha: u8::MAX }) } => {
                Some(Area { order: shape.order, bbox: shape.bbox, colour: Some(rgb) })
            }
            _ => None,
        });
        let areas = areas.filter(|area| area.bbox.height().min(area.bbox.width()) > THICKEST_RULE);
        let pictures = content.pictures.iter().filter(|picture| picture.opaque && !picture.layer_off);
        let pictures = pictures.map(|picture| Area { order: picture.order, bbox: picture.bbox, colour: None });
        let mut painted: Vec<Area> = areas.chain(pictures).collect();
        painted.sort_by(|a, b| b.bbox.area().total_cmp(&a.bbox.area()));
        // What is smaller than every character hides none.
        let is_cut = painted.get(MAX_COVERS).is_some_and(|area| {
            let smallest = content.glyphs.iter().map(|glyph| glyph.ink.area()).filter(|area| *area > 0.0);
            area.bbox.area() >= HIDDEN_SHARE * smallest.fold(f64::INFINITY, f64::min)
        });
        painted.truncate(MAX_COVERS);
        painted.sort_by_key(|area| area.order);
        Self { painted, is_cut }
    }

    /// Marks the text objects that are hidden. One that is hidden in part is parted: its hidden characters get an
    /// object of their own, so that a word beside a black bar is seen, and the word under it is not. Characters that
    /// there is no time to compare count as seen.
    pub(super) fn hide(&mut self, content: &mut PageContent) {
        let first = content.objects.iter().map(|object| object.order).min().unwrap_or(u32::MAX);
        let later: Vec<&Area> = self.painted.iter().filter(|area| area.order > first).collect();
        if later.is_empty() {
            return;
        }
        let places = Stacked::new(later.iter().map(|area| area.bbox));
        let mut compared = 0_usize;
        let mut seen = vec![false; content.objects.len()];
        let mut hidden: Vec<usize> = Vec::new();
        for (index, glyph) in content.glyphs.iter().enumerate() {
            let Some(ObjectId(id)) = glyph.object.filter(|_| glyph.ink.area() > 0.0) else { continue };
            let Some(object) = content.objects.get(id as usize) else { continue };
            if compared > MAX_COMPARISONS {
                seen[id as usize] = true;
                continue;
            }
            let mut over: Vec<BBox> = Vec::new();
            for (bbox, area) in places.between(glyph.ink.top(), glyph.ink.bottom()) {
                compared += 1;
                let is_rule = bbox.height().min(bbox.width()) < LEAST_COVER * object.size;
                if later[area].order > object.order && !is_rule && bbox.overlap(glyph.ink) > 0.0 {
                    over.push(bbox);
                }
            }
            compared += over.len() * COST_OF_SHARE;
            let least = HIDDEN_SHARE * glyph.ink.area();
            let is_hidden = over.iter().any(|bbox| bbox.overlap(glyph.ink) >= least)
                || over.len() > 1 && covered_area(glyph.ink, over.into_iter()) >= least;
            if is_hidden {
                hidden.push(index);
            } else {
                seen[id as usize] = true;
            }
        }
        self.is_cut |= compared > MAX_COMPARISONS;
        let mut parts = vec![None; seen.len()];
        for index in hidden {
            let Some(ObjectId(id)) = content.glyphs[index].object else { continue };
            let whole = id as usize;
            if !seen[whole] {
                content.objects[whole].covered = true;
                continue;
            }
            let part = *parts[whole].get_or_insert_with(|| {
                content.objects.push(TextObject { covered: true, ..content.objects[whole] });
                ObjectId((content.objects.len() - 1) as u32)
            });
            content.glyphs[index].object = Some(part);
        }
    }
}
