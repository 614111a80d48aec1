//! The files that are embedded in a document. Pure.

use std::{borrow::Cow, collections::HashSet};

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Number, Object, ObjectIdentifier, Stream},
    xref::XRef,
};

use quire_schemas::result::Attachment;

use super::{
    super::bounds::{MAX_ATTACHMENTS, MAX_BOOKMARK_TITLE_BYTES, MAX_NAME_BYTES},
    decode::decoded,
    page::dictionary,
    text_string::decode,
    tree::PageAt,
    values::{Entry, resolve, text},
};

/// How many are counted, and how many entries are looked at to find them.
const MAX_LOOKS: usize = 100_000;
/// How deep the tree of names may be.
const MAX_DEPTH: usize = 32;
/// How many pages are searched for attached files.
const MAX_PAGES: usize = 2000;
/// How many annotations of a page are looked at.
const MAX_ANNOTATIONS: usize = 10_000;
/// How long a key of the names may be.
const MAX_KEY_BYTES: usize = MAX_BOOKMARK_TITLE_BYTES;

/// The embedded files of a document.
#[derive(Debug, Default, Clone, PartialEq)]
pub(in crate::render) struct Attachments {
    /// The first thousand: those of the names, of the document, and of the pages. None is stored.
    pub(in crate::render) files: Vec<Attachment>,
    /// How many there are; of pages, the first 2,000 are searched.
    pub(in crate::render) count: u32,
    /// Whether the document is a portfolio: a wrapper around them.
    pub(in crate::render) is_portfolio: bool,
}

/// Embedded files as they are found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What is told of them.
    pub(super) attachments: Attachments,
    /// The stream of each one that is listed.
    streams: Vec<ObjectIdentifier>,
}

impl Found {
    /// Decodes a listed file. `None` if there is none, or it may become larger than `limit`.
    pub(super) fn bytes(&self, xref: &XRef, index: usize, limit: usize) -> Option<Vec<u8>> {
        decoded(&xref.get(*self.streams.get(index)?)?, limit).map(Cow::into_owned)
    }
}

/// Searches a document.
pub(super) fn find(xref: &XRef, pages: &[PageAt]) -> Option<Found> {
    let root = xref.get::<Dict<'_>>(xref.root_id())?;
    let mut search = Search { xref, found: Found::default(), seen: HashSet::new(), looks: MAX_LOOKS };
    search.found.attachments.is_portfolio = root.get::<Dict<'_>>("Collection").is_some();
    if let Some(names) = root.get::<Dict<'_>>("Names").and_then(|names| Entry::of(&names, "EmbeddedFiles")) {
        search.names(&names, 0, &mut HashSet::new());
    }
    search.associated(&root);
    for page in pages.iter().take(MAX_PAGES) {
        if let Some(page) = dictionary(xref, *page) {
            search.page(&page);
        }
    }
    Some(search.found)
}

struct Search<'a> {
    xref: &'a XRef,
    found: Found,
    /// The streams that are counted: a file may be named in several places.
    seen: HashSet<ObjectIdentifier>,
    looks: usize,
}

impl<'a> Search<'a> {
    fn look(&mut self) -> Option<()> {
        self.looks = self.looks.checked_sub(1)?;
        Some(())
    }

    /// Walks a node of the tree of names. `None` ends the walk.
    fn names(&mut self, node: &Entry<'a>, depth: usize, passed: &mut HashSet<ObjectIdentifier>) -> Option<()> {
        if depth > MAX_DEPTH || node.id.is_some_and(|id| !passed.insert(id)) {
            return Some(());
        }
        if let Some(names) = node.dict.get::<Array<'a>>("Names") {
            let mut items = names.raw_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                self.look()?;
                let key = match resolve(self.xref, key) {
                    Some(Object::String(key)) => decode(&key, MAX_KEY_BYTES),
                    _ => String::new(),
                };
                self.specification(value, &key);
            }
        }
        if let Some(kids) = node.dict.get::<Array<'a>>("Kids") {
            for kid in kids.raw_iter() {
                self.look()?;
                if let Some(kid) = Entry::item(self.xref, kid) {
                    self.names(&kid, depth + 1, passed)?;
                }
            }
        }
        Some(())
    }

    fn associated(&mut self, dict: &Dict<'a>) {
        let Some(files) = dict.get::<Array<'a>>("AF") else { return };
        for file in files.raw_iter() {
            if self.look().is_none() {
                return;
            }
            self.specification(file, "");
        }
    }

    fn page(&mut self, page: &Dict<'a>) {
        let Some(annotations) = page.get::<Array<'a>>("Annots") else { return };
        for annotation in annotations.iter::<Dict<'a>>().take(MAX_ANNOTATIONS) {
            if text(&annotation, "Subtype").as_deref() == Some(b"FileAttachment")
                && self.look().is_some()
                && let Some(file) = annotation.get_raw::<Object<'a>>("FS")
            {
                self.specification(file, "");
            }
        }
    }

    /// Takes a file specification that embeds its file.
    fn specification(&mut self, value: MaybeRef<Object<'a>>, key: &str) {
        if let Some(Object::Dict(specification)) = resolve(self.xref, value) {
            self.embedded(&specification, key);
        }
    }

    fn embedded(&mut self, specification: &Dict<'a>, key: &str) -> Option<()> {
        let streams = specification.get::<Dict<'a>>("EF")?;
        // Whatever the platform, it is the same file.
        let id = ["UF", "F", "Unix", "Mac", "DOS"].into_iter().find_map(|name| streams.get_ref(name))?.into();
        let stream = self.xref.get::<Stream<'a>>(id)?;
        if !self.seen.insert(id) {
            return None;
        }
        let attachments = &mut self.found.attachments;
        attachments.count += 1;
        if attachments.files.len() < MAX_ATTACHMENTS {
            attachments.files.push(describe(specification, &stream, key));
            self.found.streams.push(id);
        }
        Some(())
    }
}

fn describe(specification: &Dict<'_>, stream: &Stream<'_>, key: &str) -> Attachment {
    let stated = |dict: &Dict<'_>, key: &str, limit: usize| {
        text(dict, key).map(|bytes| decode(&bytes, limit)).filter(|text| !text.is_empty())
    };
    let specified = |key: &str| stated(specification, key, MAX_BOOKMARK_TITLE_BYTES);
    let size = stream.dict().get::<Dict<'_>>("Params").and_then(|parameters| parameters.get::<Number>("Size"));
    Attachment {
        name: specified("UF").or_else(|| specified("F")).or_else(|| Some(key.to_owned()).filter(|key| !key.is_empty())),
        size_bytes: size.and_then(|size| u64::try_from(size.as_i64()).ok()),
        media_type: stated(stream.dict(), "Subtype", MAX_NAME_BYTES),
        description: specified("Desc"),
        object: None,
    }
}
