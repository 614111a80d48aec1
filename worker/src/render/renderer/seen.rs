//! Looks at the image of a page where nothing else tells whether a text is seen: the page is drawn with the text and
//! without it.

use std::collections::HashSet;

use pdfium_render::prelude::FPDF_PAGEOBJECT;

use super::{bitmap::page_part, objects::Painted, page::Page, page_object::PageObject};
use crate::parse::local::{Cover, Effect, ObjectId, PageContent, Raster, SeenMap, apart, place_of, unsure};

/// Pixels per point: the letters of small print have a few pixels.
const SCALE: f64 = 1.0;
/// Of the page, in pixels.
const LONGEST_SIDE: f64 = 2_000.0;

/// Draws the part of a page that has texts in doubt. `None` if it has none, as almost every page. `annotations` are
/// those that may cover text.
pub(super) fn look(
    page: &Page<'_>,
    painted: &Painted<'_>,
    annotations: &[Cover],
    content: &PageContent,
) -> Option<SeenMap> {
    let covers: Vec<Cover> = painted.covers.iter().chain(annotations).cloned().collect();
    let mut texts = unsure(content, &covers);
    let effect = |id: &ObjectId| content.objects.get(id.0 as usize).map(|object| object.effect);
    texts.retain(|id| effect(id) != Some(Effect::Clip) || !painted.cut_out.is_empty());
    let place = place_of(content, &texts)?;
    let (width, height) = page.displayed_size();
    let scale = SCALE.min(LONGEST_SIDE / width.max(height).max(1.0));
    let size = ((width * scale).round() as usize, (height * scale).round() as usize);
    let raster = Raster::around(place, scale, size)?;
    let whole = page_part(page, raster, size)?;
    let (groups, left_over) = apart(content, &texts);
    let numbers = |texts: &[ObjectId]| texts.iter().map(|ObjectId(id)| *id).collect::<Vec<u32>>();
    let mut without_texts = Vec::with_capacity(groups.len());
    for group in &groups {
        let _unpainted = Unpainted::of(text_objects(painted, content, group, page));
        without_texts.push((page_part(page, raster, size)?, numbers(group)));
    }
    let has_clip = texts.iter().any(|id| effect(id) == Some(Effect::Clip));
    let without_clipped = if has_clip {
        let _unpainted = Unpainted::of(painted.cut_out.clone());
        Some(page_part(page, raster, size)?)
    } else {
        None
    };
    SeenMap::of_images(raster, &whole, &without_texts, without_clipped.as_deref(), &numbers(&left_over))
}

/// Returns what draws texts, with all their copies. An `ActualText` does not tell which
/// objects it replaces: all that are replaced are taken.
fn text_objects<'p>(
    painted: &Painted<'p>,
    content: &PageContent,
    texts: &[ObjectId],
    page: &'p Page<'_>,
) -> Vec<PageObject<'p>> {
    let order = |ObjectId(id): &ObjectId| content.objects.get(*id as usize).map(|object| object.order);
    let orders: HashSet<u32> = texts.iter().filter_map(order).collect();
    let firsts: HashSet<u32> =
        painted.texts.values().filter(|text| orders.contains(&text.order)).map(|text| text.first).collect();
    let wanted = painted.texts.iter().filter(|(_, text)| text.is_replaced || firsts.contains(&text.first));
    // SAFETY: the objects belong to the page, which stays loaded.
    let object = |(handle, _): (&FPDF_PAGEOBJECT, _)| unsafe { PageObject::new(page.library(), *handle) };
    wanted.map(object).collect()
}

/// Objects that are left out of the image until this value is dropped.
struct Unpainted<'p>(Vec<PageObject<'p>>);

impl<'p> Unpainted<'p> {
    fn of(objects: Vec<PageObject<'p>>) -> Self {
        objects.iter().for_each(|object| object.set_painted(false));
        Self(objects)
    }
}

impl Drop for Unpainted<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|object| object.set_painted(true));
    }
}
