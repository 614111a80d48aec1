//! From a laid-out page to the elements of a result.

use quire_schemas::{
    element::{BBox, ContentLayer, Element, ElementType, Formatting, Granularity, Link, Native, Region, TextSource},
    result::Page,
};

use super::{PageLink, PageText, Paragraph, QuarterTurns};
use crate::parse::ParsedPage;

/// A full line is a region of its own only in a paragraph of several.
const SEVERAL: usize = 2;

/// Turns a page's text into elements, numbered within the page; the place of each in the whole
/// document is set when the document is assembled.
pub(crate) fn to_parsed_page(text: PageText) -> ParsedPage {
    let number = text.page_number;
    let mut paragraphs = text.paragraphs;
    paragraphs.retain(|paragraph| !paragraph.text.trim().is_empty());
    let mut boxes: Vec<BBox> = paragraphs.iter().map(|paragraph| paragraph.bbox.rounded()).collect();
    let mut elements: Vec<Element> = paragraphs.into_iter().map(|paragraph| element(number, paragraph)).collect();
    for link in text.links {
        attach(link, number, &mut elements, &mut boxes);
    }
    for (index, element) in elements.iter_mut().enumerate() {
        element.id = format!("p{number}-e{:04}", index + 1);
        element.reading_order = u32::try_from(index).unwrap_or(u32::MAX);
    }
    let page = Page {
        page_label: text.label,
        width: Some(text.width),
        height: Some(text.height),
        rotation: Some(text.rotation.degrees()),
        media_box: Some(text.media_box),
        crop_box: text.crop_box,
        text_source: Some(if text.visible_characters == 0 { TextSource::None } else { TextSource::Native }),
        element_ids: elements.iter().map(|element| element.id.clone()).collect(),
        ..Page::new(number)
    };
    ParsedPage { page, elements }
}

fn element(page_number: u32, paragraph: Paragraph) -> Element {
    let mut regions = vec![Region { granularity: Some(Granularity::Element), ..region(page_number, paragraph.bbox) }];
    if paragraph.direction != QuarterTurns::NONE {
        regions[0].angle = Some(f64::from(paragraph.direction.degrees()));
    }
    if paragraph.lines.len() >= SEVERAL {
        regions.extend(paragraph.lines.iter().map(|line| Region {
            granularity: Some(Granularity::Line),
            char_span: Some([line.start, line.end]),
            ..region(page_number, line.bbox)
        }));
    }
    Element {
        text: paragraph.text,
        content_layer: Some(ContentLayer::Body),
        text_source: Some(TextSource::Native),
        regions,
        formatting: Some(Formatting {
            font: paragraph.font,
            font_size: Some(tenth(paragraph.size)),
            bold: Some(paragraph.bold),
            italic: Some(paragraph.italic),
            ..Formatting::default()
        }),
        ..blank(page_number, ElementType::Text, "paragraph")
    }
}

fn blank(page_number: u32, kind: ElementType, native: &str) -> Element {
    let native = Native { engine: "pdfium".to_owned(), kind: native.to_owned(), id: None, path: None };
    Element::new(page_number, kind, native)
}

fn region(page_number: u32, bbox: BBox) -> Region {
    Region {
        page_number,
        bbox: Some(bbox.rounded()),
        polygon: None,
        angle: None,
        confidence: None,
        char_span: None,
        granularity: None,
        label: None,
    }
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Gives a link to the element it lies on, or makes it an element of its own, as over a picture.
/// `boxes` are those of the elements.
fn attach(link: PageLink, page_number: u32, elements: &mut Vec<Element>, boxes: &mut Vec<BBox>) {
    let shared = boxes.iter().map(|bbox| bbox.overlap(link.bbox)).enumerate().filter(|(_, area)| *area > 0.0);
    let target = shared.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, _)| index);
    let area = region(page_number, link.bbox);
    let (bbox, region) = (link.bbox.rounded(), Some(area.clone()));
    let link = Link { uri: link.uri, page_number: link.page_number, text: None, char_span: None, region };
    match target {
        Some(index) => elements[index].links.push(link),
        None => {
            let blank = blank(page_number, ElementType::Link, "link_annotation");
            elements.push(Element { regions: vec![area], links: vec![link], ..blank });
            boxes.push(bbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{LineSpan, PageTextBuilder},
        *,
    };

    fn paragraph(text: &str, bbox: BBox) -> Paragraph {
        Paragraph {
            text: text.to_owned(),
            bbox,
            direction: QuarterTurns::NONE,
            font: None,
            size: 10.0,
            bold: false,
            italic: false,
            lines: vec![LineSpan { bbox, start: 0, end: text.len() as u32 }],
        }
    }

    #[test]
    fn a_link_goes_to_the_element_it_covers_most_and_stands_alone_over_a_picture() {
        let link = |left: f64, right: f64, page| PageLink {
            bbox: BBox::new(left, 0.0, right, 10.0),
            uri: None,
            page_number: Some(page),
        };
        let mut text = PageTextBuilder::new(7, QuarterTurns::new(1)).finish();
        text.paragraphs = vec![
            paragraph("left", BBox::new(0.0, 0.0, 50.004, 10.0)),
            paragraph(" ", BBox::new(40.0, 0.0, 90.0, 10.0)),
            paragraph("right", BBox::new(60.0, 0.0, 100.0, 10.0)),
        ];
        text.links = vec![link(40.0, 90.0, 2), link(200.0, 220.0, 3), link(210.0, 220.0, 4)];
        let ParsedPage { page, elements } = to_parsed_page(text);
        let found: Vec<(&str, Vec<u32>)> = elements
            .iter()
            .map(|element| (element.text.as_str(), element.links.iter().filter_map(|link| link.page_number).collect()))
            .collect();
        assert_eq!(found, [("left", vec![]), ("right", vec![2]), ("", vec![3, 4])]);
        assert_eq!(elements[0].regions[0].bbox, Some(BBox::new(0.0, 0.0, 50.0, 10.0)));
        assert_eq!((page.element_ids[2].as_str(), page.rotation), ("p7-e0003", Some(90)));
    }
}
