//! Pages, spools and results for the unit tests of the pipeline.

use std::collections::{BTreeMap, BTreeSet};

use quire_schemas::{
    element::{Element, ElementType, ImageInfo, Native},
    result::{Artifact, Attachment, Document, ObjectRef, Page, PageStatus, ParseResult},
    sha256::Sha256,
};
use serde_json::json;

use super::{
    document_pass::{ParsedDocument, PassOptions},
    spool::Spool,
};
use crate::parse::ParsedPage;

/// A page with an element for each text.
pub(crate) fn parsed_page(number: u32, texts: &[&str]) -> ParsedPage {
    let native = || Native { engine: "test".to_owned(), kind: "paragraph".to_owned(), id: None, path: None };
    let element = |(index, text): (usize, &&str)| Element {
        id: format!("p{number}-e{:04}", index + 1),
        text: (*text).to_owned(),
        ..Element::new(number, ElementType::Text, native())
    };
    let elements: Vec<Element> = texts.iter().enumerate().map(element).collect();
    let element_ids = elements.iter().map(|element| element.id.clone()).collect();
    ParsedPage { page: Page { element_ids, ..Page::new(number) }, elements }
}

pub(crate) fn failed_page(number: u32) -> ParsedPage {
    ParsedPage { page: Page { status: PageStatus::Failed, ..Page::new(number) }, elements: Vec::new() }
}

pub(crate) fn spool(pages: impl IntoIterator<Item = ParsedPage>) -> Spool {
    let mut spool = Spool::create(&std::env::temp_dir(), 1 << 20).expect("a temporary folder");
    pages.into_iter().for_each(|page| spool.push(&page).expect("room"));
    spool
}

pub(crate) fn parsed_document(pages: impl IntoIterator<Item = ParsedPage>) -> ParsedDocument {
    ParsedDocument { spool: spool(pages), natives: BTreeMap::new(), options: PassOptions::default() }
}

pub(crate) fn object(key: &str) -> ObjectRef {
    ObjectRef {
        bucket: None,
        key: key.to_owned(),
        uri: None,
        media_type: "image/png".to_owned(),
        size_bytes: 1,
        sha256: Sha256::of(b"0"),
        etag: None,
        url: None,
        url_expires_at: None,
    }
}

/// The part of an element that names a cut-out picture.
pub(crate) fn picture(key: &str) -> ImageInfo {
    ImageInfo { object: Some(object(key)), ..ImageInfo::default() }
}

/// A result that names one object of every kind below a folder, and the keys of those objects.
pub(crate) fn result_with_every_object(folder: &str) -> (ParseResult, BTreeSet<String>) {
    let names = ["pages/0001.png", "thumbnails/0001.png", "raw.json", "attachments/0001", "pictures/0.png"];
    let [page, thumbnail, raw, attachment, cut_out] = names.map(|name| object(&format!("{folder}{name}")));
    let image =
        |object: &ObjectRef| json!({ "page_number": 1, "object": object, "width_px": 1, "height_px": 1, "scale": 1.0 });
    let mut elements = parsed_page(1, &["a"]).elements;
    elements[0].image = Some(picture(&cut_out.key));
    let document = Document {
        attachments: vec![Attachment { object: Some(attachment), ..Attachment::default() }],
        ..Document::default()
    };
    let result = json!({
        "schema_version": "1.0",
        "job_id": "0192f0c1-7c1b-7d4e-9a53-3f1c7e0d5b11",
        "status": "succeeded",
        "source": {},
        "document": document,
        "branches": { "parse": { "status": "succeeded" }, "images": { "status": "succeeded" } },
        "pages": [Page::new(1)],
        "elements": elements,
        "page_images": { "1": image(&page) },
        "thumbnails": { "1": image(&thumbnail) },
        "artifacts": [Artifact::new("raw_result", raw)],
        "errors": [],
        "provenance": { "worker": "w1", "worker_version": "0.1.0" },
    });
    let keys = names.map(|name| format!("{folder}{name}")).into();
    (serde_json::from_value(result).expect("a result"), keys)
}
