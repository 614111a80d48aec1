//! Reads everything that the pure code needs of a page.

use std::cell::OnceCell;

use super::{
    super::file_facts::TaggedContent,
    annotation_paint::AnnotationPaint,
    annotations::Annotations,
    bitmap::ink_map,
    boxes::PageBoxes,
    characters::characters,
    covering::look_through,
    file_facts::PageFacts,
    links::page_links,
    objects::{Painted, painted},
    page::Page,
    seen::look,
    text_page::TextPage,
};
use crate::parse::local::{Cover, Cut, PageContent, Picture, lone_area, needs_ink};

/// Reads the content of a page, `with_facts` that libpdfium does not tell and what the page shows, or without: both may
/// be what has ended a renderer. The error says why the page has no text that can be read.
pub(in crate::render) fn read_content(page: &Page<'_>, with_facts: bool) -> Result<PageContent, String> {
    let mut facts = if with_facts { page.document().facts().of_page(page.index()) } else { PageFacts::default() };
    let boxes = PageBoxes::of(page, facts.boxes);
    let transform = boxes.transform();
    let text = TextPage::load(page)?;
    let mut painted = painted(page, transform, facts.hidden.take(), facts.structure.as_ref());
    let mut characters = characters(&text, &transform, &painted, &facts);
    characters.distrust(|| facts.composite_fonts());
    painted.note_copies(&characters.copies);
    let covers_cut = look_through(page, &mut painted, &characters.glyphs, &characters.objects);
    let (links, links_cut) = page_links(page, &transform);
    let annotations = Annotations::of(page, &transform, &facts);
    let annotation_paint = AnnotationPaint::of(page, &transform);
    let (width, height) = page.displayed_size();
    let tags_cut = facts.structure.as_ref().is_some_and(TaggedContent::is_cut);
    let cuts = [
        (characters.cut, Cut::Glyphs),
        (painted.cut, Cut::Shapes),
        (links_cut, Cut::Links),
        (painted.texts_cut, Cut::Texts),
        (covers_cut, Cut::Covers),
        (tags_cut, Cut::Tags),
    ];
    let mut cut = annotations.cuts;
    cut.extend(cuts.into_iter().filter_map(|(is_cut, cut)| is_cut.then_some(cut)));
    let mut content = PageContent {
        page_number: page.index() + 1,
        width,
        height,
        rotation: transform.rotation(),
        label: page.label(),
        media_box: boxes.media,
        crop_box: boxes.crop,
        glyphs: characters.glyphs,
        objects: characters.objects,
        fonts: characters.fonts,
        shapes: std::mem::take(&mut painted.shapes),
        pictures: std::mem::take(&mut painted.pictures),
        links,
        fields: annotations.fields,
        notes: annotations.notes,
        ink: None,
        seen: None,
        cut: cut.into_iter().collect(),
    };
    content.pictures.extend(annotation_paint.pictures);
    if with_facts {
        look_at(page, &painted, &annotation_paint.covers, &mut content);
    }
    Ok(content)
}

/// Draws the page, or parts of it, where only its image tells what is seen.
fn look_at(page: &Page<'_>, painted: &Painted<'_>, covers: &[Cover], content: &mut PageContent) {
    let ink = OnceCell::new();
    let ink = || ink.get_or_init(|| ink_map(page)).clone();
    if let Some((order, bbox)) = lone_area(content)
        && ink().is_some_and(|ink| ink.shows_picture(bbox))
    {
        content.pictures.push(Picture { order, bbox, opaque: true, layer_off: false });
    }
    content.seen = look(page, painted, covers, content);
    if needs_ink(content) {
        content.ink = ink();
    }
}
