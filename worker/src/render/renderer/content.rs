//! Reads everything that the pure code needs of a page.

use super::{
    annotations::Annotations, bitmap::ink_map, boxes::PageBoxes, characters::characters, covering::look_through,
    file_facts::PageFacts, links::page_links, objects::painted, page::Page, text_page::TextPage,
};
use crate::parse::local::{Cut, PageContent, needs_ink};

/// Reads the content of a page, `with_facts` that libpdfium does not tell or without. The error says why the page has no
/// text that can be read.
pub(in crate::render) fn read_content(page: &Page<'_>, with_facts: bool) -> Result<PageContent, String> {
    let mut facts = if with_facts { page.document().facts().of_page(page.index()) } else { PageFacts::default() };
    let boxes = PageBoxes::of(page, facts.boxes);
    let transform = boxes.transform();
    let text = TextPage::load(page)?;
    let mut painted = painted(page, transform, facts.hidden.take(), facts.structure.as_ref());
    let characters = characters(&text, &transform, &painted, &facts);
    look_through(page, &mut painted, &characters.glyphs, &characters.objects);
    let (links, links_cut) = page_links(page, &transform);
    let annotations = Annotations::of(page, &transform);
    let (width, height) = page.displayed_size();
    let cuts = [
        (characters.cut, Cut::Glyphs),
        (painted.cut, Cut::Shapes),
        (links_cut, Cut::Links),
        (annotations.cut, Cut::Annotations),
    ];
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
        shapes: painted.shapes,
        pictures: painted.pictures,
        links,
        fields: annotations.fields,
        notes: annotations.notes,
        ink: None,
        cut: cuts.into_iter().filter_map(|(is_cut, cut)| is_cut.then_some(cut)).collect(),
    };
    if needs_ink(&content) {
        content.ink = ink_map(page);
    }
    Ok(content)
}
