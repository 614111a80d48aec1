//! From a laid-out page to the elements of a result. Pure.

use quire_schemas::{
    element::{
        BBox, ContentLayer, Element, ElementType, Formatting, Granularity, Link, ListInfo, Region, Table, TextSource,
    },
    result::Page,
};
use serde_json::{Value, json};

use super::{
    Block, PageText, annotations,
    content::PageLink,
    kinds::Kind,
    paragraphs::{Paragraph, Span},
    picture_places,
    placed::{Placed, blank, element_region, part, region},
    stacked::Stacked,
    table_text::{TableText, to_cell},
    visibility::Layer,
};
use crate::parse::ParsedPage;

/// A full line is a region of its own only in a paragraph of several.
const SEVERAL: usize = 2;

/// Turns a page's text into elements, numbered within the page; the place of each in the whole document is set when
/// the document is assembled. Regions of words are written if `with_words`.
pub(crate) fn to_parsed_page(text: PageText, with_words: bool) -> ParsedPage {
    let PageText { content, blocks, pictures, findings } = text;
    let number = content.page_number;
    let of_block = |block| match block {
        Block::Paragraph(paragraph) => of_paragraph(number, paragraph),
        Block::Table(table) => of_table(number, table, with_words),
    };
    let mut placed: Vec<Placed> = blocks.into_iter().map(of_block).collect();
    annotations::insert(number, content.fields, content.notes, &mut placed);
    let places = Stacked::new(placed.iter().map(Placed::around));
    for link in content.links {
        attach(link, number, &mut placed, &places);
    }
    // Behind the links: one over a picture with text on it belongs to the text.
    picture_places::insert(number, pictures, &mut placed);
    let mut elements: Vec<Element> = placed.into_iter().map(|placed| placed.into_element(number, with_words)).collect();
    for (index, element) in elements.iter_mut().enumerate() {
        element.id = format!("p{number}-e{:04}", index + 1);
        element.reading_order = u32::try_from(index).unwrap_or(u32::MAX);
    }
    let text_source = match (findings.visible_characters, findings.ocr_characters) {
        (0, _) => TextSource::None,
        (_, 0) => TextSource::Native,
        (all, ocr) if all == ocr => TextSource::Ocr,
        _ => TextSource::Mixed,
    };
    let page = Page {
        page_label: content.label,
        width: Some(content.width),
        height: Some(content.height),
        rotation: Some(content.rotation.degrees()),
        media_box: Some(content.media_box),
        crop_box: content.crop_box,
        text_source: Some(text_source),
        element_ids: elements.iter().map(|element| element.id.clone()).collect(),
        ..Page::new(number)
    };
    ParsedPage { page, elements }
}

fn of_paragraph(page_number: u32, paragraph: Paragraph) -> Placed {
    let degrees = paragraph.frame.degrees();
    let column = |column: &Span| Region {
        angle: (degrees != 0).then(|| f64::from(degrees)),
        char_span: (paragraph.columns.len() > 1).then_some([column.start, column.end]),
        ..element_region(page_number, column.bbox)
    };
    let mut regions: Vec<Region> = paragraph.columns.iter().map(column).collect();
    if paragraph.lines.len() >= SEVERAL {
        regions.extend(paragraph.lines.iter().map(|line| part(page_number, line, Granularity::Line)));
    }
    let (layer, source) = layer_and_source(paragraph.layer);
    let (kind, native) = match paragraph.kind {
        Kind::Text => (ElementType::Text, "paragraph"),
        Kind::Code => (ElementType::Code, "code"),
        Kind::Formula => (ElementType::Formula, "formula"),
    };
    let mut element = Element {
        text: paragraph.text,
        content_layer: Some(layer),
        text_source: Some(source),
        regions,
        formatting: Some(Formatting {
            font: paragraph.font,
            font_size: Some(tenth(paragraph.size)),
            bold: Some(paragraph.bold),
            italic: Some(paragraph.italic),
            ..Formatting::default()
        }),
        ..blank(page_number, kind, native)
    };
    if paragraph.bullet.is_some() {
        element.list = Some(ListInfo { marker: paragraph.bullet, ..ListInfo::default() });
    }
    if let Some(tag) = paragraph.tag {
        element.extra.insert("tag".to_owned(), tag.name().into());
    }
    if let Layer::Hidden(hidden) = paragraph.layer {
        element.extra.insert("hidden".to_owned(), hidden.name().into());
    }
    if !paragraph.line_end_hyphens.is_empty() {
        element.extra.insert("line_end_hyphens".to_owned(), paragraph.line_end_hyphens.into());
    }
    Placed { bbox: paragraph.columns[0].bbox, words: paragraph.words, element }
}

/// Makes an element of a table. Its text stands in its cells.
fn of_table(page_number: u32, table: TableText, with_words: bool) -> Placed {
    let TableText { frame, layer, table } = table;
    let (layer, source) = layer_and_source(layer);
    let degrees = frame.degrees();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let region =
        Region { angle: (degrees != 0).then(|| f64::from(degrees)), ..element_region(page_number, table.bbox) };
    let hyphens: Vec<Value> = (0_u32..)
        .zip(&table.cells)
        .flat_map(|(cell, text)| text.content.hyphens.iter().map(move |at| json!([cell, at])))
        .collect();
    let mut element = Element {
        content_layer: Some(layer),
        text_source: Some(source),
        regions: vec![region],
        table: Some(Table {
            num_rows: count(table.num_rows),
            num_cols: count(table.num_cols),
            cells: table.cells.into_iter().map(|cell| to_cell(cell, page_number, with_words)).collect(),
            ..Table::default()
        }),
        ..blank(page_number, ElementType::Table, if table.is_ruled { "ruled_table" } else { "unruled_table" })
    };
    if !hyphens.is_empty() {
        element.extra.insert("cell_line_end_hyphens".to_owned(), hyphens.into());
    }
    Placed { bbox: table.bbox, words: Vec::new(), element }
}

const fn layer_and_source(layer: Layer) -> (ContentLayer, TextSource) {
    match layer {
        Layer::Native => (ContentLayer::Body, TextSource::Native),
        Layer::Ocr => (ContentLayer::Body, TextSource::Ocr),
        Layer::Hidden(_) => (ContentLayer::Invisible, TextSource::Native),
    }
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Gives a link to the element it lies on, with the words that it covers, or makes it an element of its own, as over a
/// picture. Text that nobody sees has no links. A link that an element has already is left out. `places` are those of
/// the elements that are there before any link is.
fn attach(link: PageLink, page_number: u32, placed: &mut Vec<Placed>, places: &Stacked) {
    let bbox = link.bbox;
    let parts = if link.parts.is_empty() { vec![bbox] } else { link.parts };
    let around = parts.iter().copied().fold(bbox, BBox::union);
    let of_links = places.len()..placed.len();
    let near = places.between(around.top(), around.bottom()).map(|(_, index)| index).chain(of_links);
    let shared = near
        .filter(|index| placed[*index].element.content_layer != Some(ContentLayer::Invisible))
        .map(|index| (index, parts.iter().map(|part| placed[index].overlap(*part)).sum::<f64>()))
        .filter(|(_, area)| *area > 0.0);
    let target = shared.max_by(|(one, a), (other, b)| a.total_cmp(b).then(one.cmp(other))).map(|(index, _)| index);
    let area = region(page_number, bbox);
    let blank_link =
        Link { uri: link.uri, page_number: link.page_number, text: None, char_span: None, region: Some(area.clone()) };
    match target {
        Some(index) => {
            let Placed { words, element, .. } = &mut placed[index];
            let span = covered(&parts, words);
            let text = span.map(|[start, end]| {
                element.text.chars().skip(start as usize).take((end - start) as usize).collect::<String>()
            });
            let link = Link { text, char_span: span, ..blank_link };
            if !element.links.iter().any(|other| is_repeated(other, &link)) {
                element.links.push(link);
            }
        }
        None => {
            let blank = blank(page_number, ElementType::Link, "link_annotation");
            let element = Element {
                content_layer: Some(ContentLayer::Body),
                regions: vec![area],
                links: vec![blank_link],
                ..blank
            };
            placed.push(Placed { bbox, words: Vec::new(), element });
        }
    }
}

/// Returns the part of a text whose words lie in one of several boxes by their middle.
fn covered(parts: &[BBox], words: &[Span]) -> Option<[u32; 2]> {
    let is_in = |word: &&Span| parts.iter().any(|part| part.has_middle_of(word.bbox));
    let first = words.iter().find(is_in)?;
    let last = words.iter().rev().find(is_in)?;
    Some([first.start, last.end])
}

/// Says whether two links of an element lead from the same words, or, without words, from the same place, to the same
/// target.
fn is_repeated(one: &Link, other: &Link) -> bool {
    let place = |link: &Link| link.region.as_ref().and_then(|region| region.bbox);
    one.char_span == other.char_span
        && (one.char_span.is_some() || place(one) == place(other))
        && one.page_number == other.page_number
        && one.uri == other.uri
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lay_out, testing::Page as Written},
        *,
    };

    fn link(left: f64, right: f64, page: u32) -> PageLink {
        let bbox = BBox::new(left, 90.0, right, 103.0);
        PageLink { bbox, parts: Vec::new(), uri: None, page_number: Some(page) }
    }

    fn links(page: &Written, links: Vec<PageLink>) -> Vec<Vec<Option<String>>> {
        let page = page.clone().and(|page| page.links = links).content();
        let elements = to_parsed_page(lay_out(page), false).elements;
        elements.into_iter().map(|element| element.links.into_iter().map(|link| link.text).collect()).collect()
    }

    #[test]
    fn a_link_over_a_line_break_goes_to_the_words_of_its_parts() {
        let page =
            Written::new().write("text that ends with a link", 50.0, 100.0).write("in two lines of it", 50.0, 112.0);
        let parts = vec![BBox::new(150.0, 91.0, 180.0, 103.0), BBox::new(50.0, 103.0, 80.0, 115.0)];
        let broken = PageLink { bbox: BBox::new(50.0, 91.0, 180.0, 115.0), parts, uri: None, page_number: Some(2) };
        assert_eq!(links(&page, vec![broken]), [[Some("a link in two".to_owned())]]);
    }

    #[test]
    fn a_link_that_the_file_has_twice_is_one() {
        let page = Written::new().write("see the manual", 50.0, 100.0);
        let (manual, alone) = (link(90.0, 120.0, 2), link(400.0, 410.0, 4));
        let all = vec![manual.clone(), link(91.0, 119.0, 2), link(90.0, 120.0, 3), manual, alone.clone(), alone];
        let text = Some("manual".to_owned());
        assert_eq!(links(&page, all), [vec![text.clone(), text], vec![None]]);
    }

    #[test]
    fn a_link_goes_to_the_words_it_covers_and_stands_alone_over_a_picture() {
        let page = Written::new().write("see the manual for more", 50.0, 100.0).write("unseen", 300.0, 100.0);
        let page = page.with(|text| text.painted = false);
        let page =
            page.and(|page| page.links = vec![link(90.0, 120.0, 2), link(300.0, 330.0, 3), link(400.0, 410.0, 4)]);
        let ParsedPage { page, elements } = to_parsed_page(lay_out(page.content()), false);
        let found: Vec<(&str, Vec<Option<&str>>)> = elements
            .iter()
            .map(|element| (element.text.as_str(), element.links.iter().map(|link| link.text.as_deref()).collect()))
            .collect();
        assert_eq!(
            found,
            [("see the manual for more", vec![Some("manual")]), ("unseen", vec![]), ("", vec![None]), ("", vec![None])]
        );
        assert_eq!(elements[0].links[0].char_span, Some([8, 14]));
        assert_eq!(elements[1].extra["hidden"], "render_mode");
        assert_eq!((page.element_ids[2].as_str(), page.text_source), ("p1-e0003", Some(TextSource::Native)));
    }

    #[test]
    fn words_have_regions_when_they_are_asked_for() {
        let page = Written::new().write("one two", 50.0, 100.0).content();
        let words = |with_words| {
            let parsed = to_parsed_page(lay_out(page.clone()), with_words);
            let is_word = |region: &&Region| region.granularity == Some(Granularity::Word);
            parsed.elements[0].regions.iter().filter(is_word).map(|region| region.char_span).collect::<Vec<_>>()
        };
        assert_eq!(words(true), [Some([0, 3]), Some([4, 7])]);
        assert!(words(false).is_empty());
    }
}
