//! How much text a renderer may send: the child cuts to these bounds, and the parent replaces a child
//! that exceeds one. Pure.

use std::collections::BTreeSet;

use quire_schemas::result::{Attachment, OutlineEntry};

use super::protocol::{DocumentCut, DocumentInfo};

/// Bookmarks beyond this are left out.
pub(super) const MAX_BOOKMARKS: usize = 20_000;
/// Bookmarks deeper than this are left out; real ones have less than ten levels.
pub(super) const MAX_BOOKMARK_LEVEL: u32 = 64;
/// Most bytes of the title of one bookmark.
pub(super) const MAX_BOOKMARK_TITLE_BYTES: usize = 1024;
/// Most bytes of all titles of bookmarks together. Bookmarks beyond this are left out.
pub(super) const MAX_OUTLINE_BYTES: usize = 4 * 1024 * 1024;
/// Most entries of metadata beside title and author; pdfium knows six.
pub(super) const MAX_METADATA_ENTRIES: usize = 8;
/// Most bytes of the title, the author, and each value of the metadata.
pub(super) const MAX_METADATA_BYTES: usize = 16 * 1024;
/// Most bytes of a key of the metadata, the PDF version, the kind of form, and the language.
pub(super) const MAX_NAME_BYTES: usize = 256;
/// Files beyond this that a document carries are not listed.
pub(super) const MAX_ATTACHMENTS: usize = 1_000;
/// Entries that are looked at to find them: of names, and pages with their annotations.
pub(super) const MAX_ATTACHMENT_LOOKS: usize = 200_000;
/// Pages that are searched for them.
pub(super) const MAX_ATTACHMENT_PAGES: usize = 20_000;
/// Most bytes of the message with which a part of a page has failed.
pub(super) const MAX_MESSAGE_BYTES: usize = 1024;

/// Returns the most bytes that the header of a description of this many pages can have.
pub(super) const fn description_header_bytes(page_count: u32) -> usize {
    /// JSON has at most six bytes for one of a text, as in `\u0000`.
    const ESCAPED: usize = 6;
    const ENTRY: usize = MAX_NAME_BYTES + MAX_METADATA_BYTES;
    const TEXTS: usize = MAX_OUTLINE_BYTES + (MAX_METADATA_ENTRIES + 2) * ENTRY + 3 * MAX_NAME_BYTES;
    /// A bookmark without its title: names of fields and two numbers.
    const BOOKMARK: usize = 96;
    /// Two sides of up to 24 digits.
    const PAGE_SIZE: usize = 64;
    /// Names of fields, a number, and three texts.
    const ATTACHMENT: usize = 96 + (2 * MAX_BOOKMARK_TITLE_BYTES + MAX_NAME_BYTES) * ESCAPED;
    const FRAME: usize = 4096;
    let lists = MAX_BOOKMARKS * BOOKMARK + MAX_ATTACHMENTS * ATTACHMENT;
    TEXTS * ESCAPED + lists + page_count as usize * PAGE_SIZE + FRAME
}

impl DocumentCut {
    /// Says what is left out, and from where on.
    pub(crate) fn message(self) -> String {
        let mebibytes = MAX_OUTLINE_BYTES >> 20;
        match self {
            Self::Bookmarks => format!(
                "the document has more than {MAX_BOOKMARKS} bookmarks, or {mebibytes} MiB of their titles; the rest is left \
                 out"
            ),
            Self::BookmarkLevels => {
                format!(
                    "the document has bookmarks on more than {MAX_BOOKMARK_LEVEL} levels; what is deeper is left out"
                )
            }
            Self::BookmarkTitles => format!(
                "the document has titles of bookmarks with more than {MAX_BOOKMARK_TITLE_BYTES} bytes; their rest is left \
                 out"
            ),
            Self::Metadata => format!(
                "the document has metadata with more than {MAX_METADATA_BYTES} bytes, or names in it with more than \
                 {MAX_NAME_BYTES}; their rest is left out"
            ),
            Self::Attachments => {
                format!("the document carries more than {MAX_ATTACHMENTS} files; the others are not listed")
            }
            Self::AttachmentTexts => format!(
                "the document carries files with more than {MAX_BOOKMARK_TITLE_BYTES} bytes of name or description, or \
                 {MAX_NAME_BYTES} of media type; their rest is left out"
            ),
            Self::AttachmentSearch => format!(
                "the document may carry more files: they are looked for in {MAX_ATTACHMENT_LOOKS} places and on \
                 {MAX_ATTACHMENT_PAGES} pages"
            ),
        }
    }
}

/// Cuts a text to this many bytes, and gives back the memory of the rest.
pub(super) fn cut(text: String, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text;
    }
    text[..text.floor_char_boundary(max_bytes)].to_owned()
}

/// Cuts the texts of a description but for its outline, which a [`BoundedOutline`] collects.
pub(super) fn cut_texts(info: DocumentInfo) -> DocumentInfo {
    let stated_bytes = metadata_bytes(&info);
    let value = |text: Option<String>| text.map(|text| cut(text, MAX_METADATA_BYTES));
    let name = |text: Option<String>| text.map(|text| cut(text, MAX_NAME_BYTES));
    let metadata = info.metadata.into_iter().take(MAX_METADATA_ENTRIES);
    let title = |text: Option<String>| text.map(|text| cut(text, MAX_BOOKMARK_TITLE_BYTES));
    let attachments = info.attachments.into_iter().take(MAX_ATTACHMENTS).map(|attachment| Attachment {
        name: title(attachment.name),
        media_type: name(attachment.media_type),
        description: title(attachment.description),
        ..attachment
    });
    let mut info = DocumentInfo {
        title: value(info.title),
        author: value(info.author),
        metadata: metadata.map(|(key, text)| (cut(key, MAX_NAME_BYTES), cut(text, MAX_METADATA_BYTES))).collect(),
        pdf_version: name(info.pdf_version),
        form_type: name(info.form_type),
        language: name(info.language),
        attachments: attachments.collect(),
        ..info
    };
    if metadata_bytes(&info) < stated_bytes {
        info.cuts.insert(DocumentCut::Metadata);
    }
    info
}

fn metadata_bytes(info: &DocumentInfo) -> usize {
    let single = [&info.title, &info.author, &info.pdf_version, &info.form_type, &info.language];
    let entries = info.metadata.iter().map(|(key, text)| key.len() + text.len());
    single.into_iter().flatten().map(String::len).chain(entries).sum()
}

/// Collects the bookmarks of a document up to the bounds.
#[derive(Debug, Default)]
pub(super) struct BoundedOutline {
    entries: Vec<OutlineEntry>,
    title_bytes: usize,
    cuts: BTreeSet<DocumentCut>,
}

impl BoundedOutline {
    /// Adds a bookmark with its title cut. Returns whether there was room for it.
    pub(super) fn add(&mut self, entry: OutlineEntry) -> bool {
        let stated_bytes = entry.title.len();
        let title = cut(entry.title, MAX_BOOKMARK_TITLE_BYTES);
        let has_room = self.entries.len() < MAX_BOOKMARKS && self.title_bytes + title.len() <= MAX_OUTLINE_BYTES;
        if !has_room {
            self.cuts.insert(DocumentCut::Bookmarks);
            return false;
        }
        if title.len() < stated_bytes {
            self.cuts.insert(DocumentCut::BookmarkTitles);
        }
        self.title_bytes += title.len();
        self.entries.push(OutlineEntry { title, ..entry });
        true
    }

    /// Says whether bookmarks below one of this level are told; a bookmark below it is left out otherwise.
    pub(super) fn goes_below(&mut self, level: u32) -> bool {
        let goes_below = level < MAX_BOOKMARK_LEVEL;
        if !goes_below {
            self.cuts.insert(DocumentCut::BookmarkLevels);
        }
        goes_below
    }

    /// Returns the bookmarks, and what is left out of them.
    pub(super) fn into_parts(self) -> (Vec<OutlineEntry>, BTreeSet<DocumentCut>) {
        (self.entries, self.cuts)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            protocol::{PREFIX_BYTES, Response, encode_head},
            verify,
        },
        *,
    };

    const ALL_CUTS: [DocumentCut; 7] = [
        DocumentCut::Bookmarks,
        DocumentCut::BookmarkLevels,
        DocumentCut::BookmarkTitles,
        DocumentCut::Metadata,
        DocumentCut::Attachments,
        DocumentCut::AttachmentTexts,
        DocumentCut::AttachmentSearch,
    ];

    fn bookmark(title: String) -> OutlineEntry {
        OutlineEntry { title, level: MAX_BOOKMARK_LEVEL, page_number: Some(u32::MAX), element_id: None }
    }

    fn outline_of(title: &str, bookmarks: usize) -> (Vec<OutlineEntry>, BTreeSet<DocumentCut>) {
        let mut outline = BoundedOutline::default();
        for _ in 0..bookmarks {
            outline.add(bookmark(title.to_owned()));
        }
        outline.into_parts()
    }

    /// Describes a document whose every text is too long, and takes as much JSON as any.
    fn excessive(pages: u32, title_bytes: usize) -> DocumentInfo {
        let text = || Some("\0".repeat(100_000));
        let entry = ("\0".repeat(1000), "\0".repeat(100_000));
        DocumentInfo {
            page_count: pages,
            page_sizes: vec![(f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE)); pages as usize],
            title: text(),
            author: text(),
            metadata: vec![entry; 100],
            pdf_version: text(),
            tagged: true,
            encrypted: true,
            form_type: text(),
            language: text(),
            outline: outline_of(&"\0".repeat(title_bytes), MAX_BOOKMARKS + 5).0,
            attachments: vec![
                Attachment {
                    name: text(),
                    size_bytes: Some(u64::MAX),
                    media_type: text(),
                    description: text(),
                    object: None,
                };
                MAX_ATTACHMENTS + 5
            ],
            attachment_count: u32::MAX,
            portfolio: true,
            cuts: ALL_CUTS.into(),
            facts_left_out: false,
        }
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        assert_eq!(cut("short".to_owned(), 5), "short");
        assert_eq!(cut("aäöü".to_owned(), 4), "aä");
        let cut = cut("x".repeat(1 << 20), 3);
        assert_eq!((cut.as_str(), cut.capacity()), ("xxx", 3));
    }

    #[test]
    fn an_outline_ends_with_the_bookmark_that_exceeds_a_bound() {
        assert_eq!(outline_of("", MAX_BOOKMARKS).1, BTreeSet::new());
        let (many, cuts) = outline_of("", MAX_BOOKMARKS + 5);
        assert_eq!((many.len(), cuts), (MAX_BOOKMARKS, BTreeSet::from([DocumentCut::Bookmarks])));
        let (long, cuts) = outline_of(&"x".repeat(5000), MAX_BOOKMARKS);
        assert_eq!(long.len(), MAX_OUTLINE_BYTES / MAX_BOOKMARK_TITLE_BYTES);
        assert!(long.iter().all(|entry| entry.title.len() == MAX_BOOKMARK_TITLE_BYTES));
        assert_eq!(cuts, BTreeSet::from([DocumentCut::Bookmarks, DocumentCut::BookmarkTitles]));
    }

    #[test]
    fn bookmarks_below_the_last_level_are_left_out() {
        let mut outline = BoundedOutline::default();
        assert!(outline.goes_below(1) && outline.goes_below(MAX_BOOKMARK_LEVEL - 1));
        assert!(!outline.goes_below(MAX_BOOKMARK_LEVEL));
        assert_eq!(outline.into_parts().1, BTreeSet::from([DocumentCut::BookmarkLevels]));
    }

    #[test]
    fn metadata_that_is_cut_says_so() {
        let titled = |bytes| DocumentInfo { title: Some("x".repeat(bytes)), ..DocumentInfo::default() };
        assert_eq!(cut_texts(titled(MAX_METADATA_BYTES)).cuts, BTreeSet::new());
        assert_eq!(cut_texts(titled(MAX_METADATA_BYTES + 1)).cuts, BTreeSet::from([DocumentCut::Metadata]));
    }

    #[test]
    fn every_cut_names_its_limit() {
        for cut in ALL_CUTS {
            assert!(cut.message().bytes().any(|byte| byte.is_ascii_digit()), "{}", cut.message());
        }
    }

    #[test]
    fn what_a_child_cuts_passes_and_fits_its_frame() {
        // Few long titles, and as many as can be.
        for title_bytes in [5000, MAX_OUTLINE_BYTES / MAX_BOOKMARKS] {
            let info = cut_texts(excessive(300, title_bytes));
            verify::description(&info, 300).expect("within the bounds");
            let frame = encode_head(&Response::Described(Box::new(info)), 0);
            assert!(frame.len() - PREFIX_BYTES <= description_header_bytes(300), "{} bytes", frame.len());
        }
    }

    #[test]
    fn texts_that_are_not_cut_are_a_violation() {
        assert!(verify::description(&excessive(1, 1), 1).is_err());
    }
}
