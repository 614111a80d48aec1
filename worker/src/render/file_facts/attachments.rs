//! The files that are embedded in a document. Pure.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::{BTreeSet, HashSet},
};

use hayro_syntax::{
    object::{Array, Dict, MaybeRef, Number, Object, ObjectIdentifier, Stream},
    xref::XRef,
};

use quire_schemas::result::Attachment;

use super::{
    super::{
        bounds::{
            MAX_ATTACHMENT_LOOKS, MAX_ATTACHMENT_PAGES, MAX_ATTACHMENTS, MAX_BOOKMARK_TITLE_BYTES, MAX_NAME_BYTES, cut,
        },
        protocol::DocumentCut,
    },
    decode::{self, NotDecoded},
    page::dictionary,
    text_string::decode as decode_text,
    tree::PageAt,
    values::{Entry, resolve, text},
};

/// How deep the tree of names may be.
const MAX_DEPTH: usize = 32;
/// How long a key of the names may be.
const MAX_KEY_BYTES: usize = MAX_BOOKMARK_TITLE_BYTES;

/// The embedded files of a document.
#[derive(Debug, Default, Clone, PartialEq)]
pub(in crate::render) struct Attachments {
    /// The first thousand: those of the names, of the document, and of the pages. None is stored.
    pub(in crate::render) files: Vec<Attachment>,
    /// How many are found.
    pub(in crate::render) count: u32,
    /// Whether the document is a portfolio: a wrapper around them.
    pub(in crate::render) is_portfolio: bool,
    /// What is left out of all this.
    pub(in crate::render) cuts: BTreeSet<DocumentCut>,
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
    /// Decodes a listed file. Half of one is none, unless it has the size that the document states: then only the
    /// end of its encoding is damaged.
    pub(super) fn bytes(&self, xref: &XRef, index: usize, limit: usize) -> Result<Vec<u8>, NotDecoded> {
        let stream = self.streams.get(index).and_then(|id| xref.get::<Stream<'_>>(*id));
        let decoded = decode::decode(&stream.ok_or(NotDecoded::Unreadable { read: 0 })?, limit)?;
        let stated = self.attachments.files.get(index).and_then(|file| file.size_bytes);
        if !decoded.is_whole && stated != Some(decoded.data.len() as u64) {
            return Err(NotDecoded::Unreadable { read: decoded.data.len() });
        }
        Ok(Cow::into_owned(decoded.data))
    }
}

/// Searches a document.
pub(super) fn find(xref: &XRef, pages: &[PageAt]) -> Option<Found> {
    let root = xref.get::<Dict<'_>>(xref.root_id())?;
    let mut search = Search { xref, found: Found::default(), seen: HashSet::new(), looks: MAX_ATTACHMENT_LOOKS };
    search.found.attachments.is_portfolio = root.get::<Dict<'_>>("Collection").is_some();
    if let Some(names) = root.get::<Dict<'_>>("Names").and_then(|names| Entry::of(&names, "EmbeddedFiles")) {
        search.names(&names, 0, &mut HashSet::new());
    }
    search.associated(&root);
    for page in pages.iter().take(MAX_ATTACHMENT_PAGES) {
        if search.look().is_none() {
            break;
        }
        if let Some(page) = dictionary(xref, *page) {
            search.page(&page);
        }
    }
    if pages.len() > MAX_ATTACHMENT_PAGES {
        search.cut(DocumentCut::AttachmentSearch);
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
    /// Takes one of the looks. `None` if there is none left.
    fn look(&mut self) -> Option<()> {
        let left = self.looks.checked_sub(1);
        match left {
            Some(left) => self.looks = left,
            None => self.cut(DocumentCut::AttachmentSearch),
        }
        left.map(drop)
    }

    fn cut(&mut self, cut: DocumentCut) {
        self.found.attachments.cuts.insert(cut);
    }

    /// Walks a node of the tree of names. `None` ends the walk.
    fn names(&mut self, node: &Entry<'a>, depth: usize, passed: &mut HashSet<ObjectIdentifier>) -> Option<()> {
        if node.id.is_some_and(|id| !passed.insert(id)) {
            return Some(());
        }
        if depth > MAX_DEPTH {
            self.cut(DocumentCut::AttachmentSearch);
            return Some(());
        }
        if let Some(names) = node.dict.get::<Array<'a>>("Names") {
            let mut items = names.raw_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                self.look()?;
                let key = match resolve(self.xref, key) {
                    Some(Object::String(key)) => decode_text(&key, MAX_KEY_BYTES),
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
        for annotation in annotations.iter::<Dict<'a>>() {
            if self.look().is_none() {
                return;
            }
            if text(&annotation, "Subtype").as_deref() == Some(b"FileAttachment")
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
            let (file, is_cut) = describe(specification, &stream, key);
            attachments.files.push(file);
            self.found.streams.push(id);
            if is_cut {
                self.cut(DocumentCut::AttachmentTexts);
            }
        } else {
            self.cut(DocumentCut::Attachments);
        }
        Some(())
    }
}

/// Describes a file, and says whether one of its texts is cut.
fn describe(specification: &Dict<'_>, stream: &Stream<'_>, key: &str) -> (Attachment, bool) {
    let is_cut = Cell::new(false);
    let stated = |dict: &Dict<'_>, key: &str, limit: usize| {
        // A character more, of four bytes at most, tells that there is more.
        let text = decode_text(&text(dict, key)?, limit + 4);
        is_cut.set(is_cut.get() || text.len() > limit);
        Some(cut(text, limit)).filter(|text| !text.is_empty())
    };
    let specified = |key: &str| stated(specification, key, MAX_BOOKMARK_TITLE_BYTES);
    let size = stream.dict().get::<Dict<'_>>("Params").and_then(|parameters| parameters.get::<Number>("Size"));
    let file = Attachment {
        name: specified("UF").or_else(|| specified("F")).or_else(|| Some(key.to_owned()).filter(|key| !key.is_empty())),
        size_bytes: size.and_then(|size| u64::try_from(size.as_i64()).ok()),
        media_type: stated(stream.dict(), "Subtype", MAX_NAME_BYTES),
        description: specified("Desc"),
        object: None,
    };
    (file, is_cut.get())
}
