//! From a laid-out page to the elements of a result.

use quire_schemas::{
    element::{BBox, ContentLayer, Element, ElementType, Formatting, Granularity, Link, Native, Region, TextSource},
    failure::WarningCode,
    result::{Object, Page, PageStatus, Phase, Unit, Warning},
};

use super::{PageLink, PageText, Paragraph};
use crate::parse::ParsedPage;

/// A full line is a region of its own only in a paragraph of several.
const SEVERAL: usize = 2;

/// Turns a page's text into elements, numbered within the page; the place of each in the whole
/// document is set when the document is assembled. The warning says that the page needs OCR.
#[must_use]
pub fn to_parsed_page(text: PageText) -> (ParsedPage, Option<Warning>) {
    let number = text.page_number;
    let mut elements: Vec<Element> = text
        .paragraphs
        .into_iter()
        .filter(|paragraph| !paragraph.text.trim().is_empty())
        .map(|paragraph| element(number, paragraph))
        .collect();
    for link in text.links {
        attach(link, &mut elements, number);
    }
    for (index, element) in elements.iter_mut().enumerate() {
        element.id = format!("p{number}-e{:04}", index + 1);
        element.reading_order = u32::try_from(index).unwrap_or(u32::MAX);
    }
    let page = Page {
        page_number: number,
        page_label: text.label,
        width: Some(text.width),
        height: Some(text.height),
        unit: Unit::Point,
        rotation: Some(u16::from(text.quarter_turns % 4) * 90),
        media_box: Some(text.media_box),
        crop_box: text.crop_box,
        status: PageStatus::Succeeded,
        text_source: Some(if text.visible_characters == 0 { TextSource::None } else { TextSource::Native }),
        language: None,
        confidence: None,
        text: None,
        markdown: None,
        images: Vec::new(),
        element_ids: elements.iter().map(|element| element.id.clone()).collect(),
        errors: Vec::new(),
        extra: Object::new(),
    };
    let warning = text.covered_by_picture.then(|| ocr_required(number));
    (ParsedPage { page, elements }, warning)
}

fn ocr_required(page: u32) -> Warning {
    Warning {
        code: WarningCode::OcrRequired.as_str().to_owned(),
        message: "the page is a picture with next to no text".to_owned(),
        retryable: None,
        phase: Some(Phase::Parse),
        branch: Some(quire_schemas::result::BranchName::Parse),
        page_number: Some(page),
        provider: None,
        details: Object::new(),
    }
}

fn element(page_number: u32, paragraph: Paragraph) -> Element {
    let mut regions = vec![Region { granularity: Some(Granularity::Element), ..region(page_number, paragraph.bbox) }];
    if paragraph.quarter_turns != 0 {
        regions[0].angle = Some(f64::from(paragraph.quarter_turns) * 90.0);
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
        bbox: Some(bbox.map(hundredth)),
        polygon: None,
        angle: None,
        confidence: None,
        char_span: None,
        granularity: None,
        label: None,
    }
}

/// A hundredth of a point is finer than any renderer; more digits are noise and bytes.
fn hundredth(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Gives a link to the element it lies on, or makes it an element of its own, as over a picture.
fn attach(link: PageLink, elements: &mut Vec<Element>, page_number: u32) {
    let area = Region { label: None, ..region(page_number, link.bbox) };
    let target = elements
        .iter_mut()
        .map(|element| (overlap(element.regions[0].bbox.unwrap_or_default(), link.bbox), element))
        .filter(|(shared, _)| *shared > 0.0)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let link =
        Link { uri: link.uri, page_number: link.page_number, text: None, char_span: None, region: Some(area.clone()) };
    match target {
        Some((_, element)) => element.links.push(link),
        None => elements.push(Element {
            regions: vec![area],
            links: vec![link],
            ..blank(page_number, ElementType::Link, "link_annotation")
        }),
    }
}

fn overlap(a: BBox, b: BBox) -> f64 {
    (a[2].min(b[2]) - a[0].max(b[0])).max(0.0) * (a[3].min(b[3]) - a[1].max(b[1])).max(0.0)
}
