//! Frames between parent and renderer: a JSON header and raw bytes. Pure: `child` and `serve`
//! read and write the pipes.

use std::collections::BTreeSet;

use quire_schemas::{
    job::{ImageFormat, Password},
    result::{Attachment, OutlineEntry},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::cell::{Attempt, Cell};
use crate::parse::local::Findings;

/// Marks the start of a frame.
const MAGIC: [u8; 4] = *b"QRF1";
/// Bytes before the header.
pub(super) const PREFIX_BYTES: usize = 12;
/// Frames with more JSON than this are decoded off the runtime, where they would delay heartbeats.
pub(super) const LARGE_JSON_BYTES: usize = 64 * 1024;
/// Most bytes of the header of an answer, unless it describes a document.
pub(super) const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Most bytes of the header of a request. A message of 2 MiB may hold little else than a password,
/// and JSON has at most six bytes for one of it.
pub(super) const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// A frame that no renderer sends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProtocolError {
    /// The bytes are not a frame.
    #[error("not a frame")]
    NotAFrame,
    /// The frame claims to have a larger header than any that can follow.
    #[error("a header of {bytes} bytes, more than {limit}")]
    HeaderTooLarge { bytes: usize, limit: usize },
    /// The header is not one that this version sends.
    #[error("the header does not decode")]
    Header(#[source] serde_json::Error),
}

/// The sizes that a frame's prefix announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameSizes {
    pub(super) header: usize,
    pub(super) body: usize,
}

/// Reads a frame's prefix, before anything is allocated for the frame. The header, which this bounds,
/// tells how large the body may be.
pub(super) fn decode_prefix(prefix: &[u8; PREFIX_BYTES], header_limit: usize) -> Result<FrameSizes, ProtocolError> {
    let size = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]) as usize;
    if prefix[..4] != MAGIC {
        return Err(ProtocolError::NotAFrame);
    }
    let (header, body) = (size(4), size(8));
    if header > header_limit {
        return Err(ProtocolError::HeaderTooLarge { bytes: header, limit: header_limit });
    }
    Ok(FrameSizes { header, body })
}

pub(super) fn decode_header<T: DeserializeOwned>(header: &[u8]) -> Result<T, ProtocolError> {
    serde_json::from_slice(header).map_err(ProtocolError::Header)
}

/// Decodes the head of a child's frame as the parent does.
pub(crate) fn decode_response(frame: &[u8]) -> Result<(), ProtocolError> {
    let (prefix, rest) = frame.split_first_chunk().ok_or(ProtocolError::NotAFrame)?;
    let sizes = decode_prefix(prefix, rest.len())?;
    let header = rest.get(..sizes.header).ok_or(ProtocolError::NotAFrame)?;
    decode_header::<Response>(header).map(drop)
}

/// Writes the prefix and header of a frame whose body follows.
pub(super) fn encode_head<T: Serialize>(header: &T, body_bytes: usize) -> Vec<u8> {
    let json = serde_json::to_vec(header).expect("frame headers have string keys only");
    let mut frame = Vec::with_capacity(PREFIX_BYTES + json.len());
    frame.extend_from_slice(&MAGIC);
    for size in [json.len(), body_bytes] {
        let size = u32::try_from(size).expect("page text, images and attachments stay below 4 GiB");
        frame.extend_from_slice(&size.to_le_bytes());
    }
    frame.extend_from_slice(&json);
    frame
}

/// A request of the parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Request {
    /// Open a document in place of the one that is open. It comes beside the frame, as a descriptor of a file that does not
    /// change.
    Open {
        /// How large the file is: in the cell it cannot be asked.
        size_bytes: u64,
        password: Option<Password>,
        /// CPU time in which the renderer may read what libpdfium does not tell. `None`: it leaves that out.
        facts_cpu_seconds: Option<u64>,
    },
    /// Say what the document says of itself.
    Describe,
    /// Do a page.
    Page(PageWork),
    /// Send a file that the document carries.
    Attachment(AttachmentWork),
    /// Close the cell, try to leave it, and say what came of it. A descriptor comes beside the frame, as a document does.
    Probe,
}

impl Request {
    /// Whether a descriptor comes beside it.
    pub(super) const fn has_descriptor(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::Probe)
    }
}

/// A file that is wanted of those that a document carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AttachmentWork {
    /// Its place in [`DocumentInfo::attachments`], from 0.
    pub(super) index: usize,
    /// The most bytes that it may have.
    pub(super) max_bytes: usize,
}

/// The parts of one page that are wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageWork {
    /// From 1.
    pub page: u32,
    /// Whether its text is wanted.
    pub text: bool,
    /// How the text is read.
    pub detail: TextDetail,
    /// The image that is wanted.
    pub image: Option<ImageSpec>,
    /// Whether form fields are drawn. Some pages hang with their form fields and render without.
    pub draw_forms: bool,
    /// Whether the text is read with what libpdfium does not tell: layers, inherited boxes, texts of the structure tree
    /// and names of glyphs. Some pages take too long with it and can be read without.
    pub read_facts: bool,
}

/// How the text of a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDetail {
    /// Whether each word has a region of its own.
    pub words: bool,
    /// Whether tables are looked for.
    pub tables: bool,
}

impl Default for TextDetail {
    fn default() -> Self {
        Self { words: false, tables: true }
    }
}

/// How a page is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSpec {
    /// PNG, WebP or JPEG.
    pub format: ImageFormat,
    /// Pixels per inch.
    pub dpi: u32,
    /// Quality of JPEG, 1 to 100.
    pub quality: u8,
    /// Longest side in pixels.
    pub max_side_px: Option<u32>,
    /// Most pixels.
    pub max_pixels: u64,
}

/// An answer of a renderer. Only `Text`, `Image` and `Attachment` have a body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Response {
    /// The renderer has started and loaded pdfium.
    Ready(Ready),
    /// The document is open.
    Opened { page_count: u32 },
    /// The document does not open.
    Refused { reason: OpenRefusal },
    /// What the document says of itself.
    Described(Box<DocumentInfo>),
    /// What is to be known of a page's text, so that the parent need not parse the page. The body is the parsed page as
    /// the spool stores it: JSON on one line.
    Text(Findings),
    /// A page has no readable text layer, or, if `too_large`, more text than a frame may have.
    TextFailed { too_large: bool, message: String },
    /// A page's image; the body is the image file.
    Image(ImageHead),
    /// A page has no image; if `too_large`, because of its size.
    ImageFailed { too_large: bool, message: String },
    /// Every part that was asked of the page has been answered. CPU times in microseconds.
    PageDone { text_micros: u64, image_micros: u64 },
    /// The body is the file. It comes in one piece, as an image does, which may be larger.
    Attachment,
    /// The file is not sent.
    AttachmentRefused(RefusedAttachment),
    /// How far the cell is closed, and what came of the attempts to leave it.
    Probed { cell: Cell, attempts: Vec<Attempt> },
}

/// A file that a document carries and that is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAttachment {
    /// Why.
    pub reason: AttachmentRefusal,
    /// How many bytes were decoded in vain.
    pub read_bytes: usize,
}

/// Why a file that a document carries is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachmentRefusal {
    /// It has more bytes than it may have, or cannot be decoded without the risk that it has.
    TooLarge,
    /// It is damaged, or encoded in a way that is not known.
    Unreadable,
}

impl Response {
    pub(super) const fn has_body(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Image(_) | Self::Attachment)
    }
}

/// A renderer that has started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Path of the libpdfium that it loaded; empty if the system's loader found it.
    pub(super) library: String,
}

/// Why a document does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OpenRefusal {
    /// It is encrypted, and the password is missing or wrong.
    Password,
    /// It is encrypted in a way that pdfium does not know.
    Security,
    /// It is damaged beyond repair, or not a PDF.
    Damaged,
    /// The file cannot be read.
    Unreadable,
}

/// Size and scale of an image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ImageHead {
    /// Pixels across.
    pub width_px: u32,
    /// Pixels down.
    pub height_px: u32,
    /// Pixels per point.
    pub scale: f64,
    /// Whether a limit made it smaller than asked for.
    pub scaled_down: bool,
}

/// What a document says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentInfo {
    /// Pages, as the page tree counts them.
    pub page_count: u32,
    /// Displayed width and height of every page, in points; 0 where the document states no size.
    pub page_sizes: Vec<(f64, f64)>,
    /// `Title` of the information dictionary.
    pub title: Option<String>,
    /// `Author` of the information dictionary.
    pub author: Option<String>,
    /// Everything else there.
    pub metadata: Vec<(String, String)>,
    /// Such as `1.7`.
    pub pdf_version: Option<String>,
    /// Whether it has a structure tree.
    pub tagged: bool,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// `acrobat` or `xfa`, if it has a form.
    pub form_type: Option<String>,
    /// The document's language.
    pub language: Option<String>,
    /// Bookmarks, depth first.
    pub outline: Vec<OutlineEntry>,
    /// The files that it carries, of which none is stored.
    pub attachments: Vec<Attachment>,
    /// How many files it carries, those that are not listed included.
    pub attachment_count: u32,
    /// Whether it is a portfolio.
    pub portfolio: bool,
    /// What is left out of all this.
    pub cuts: BTreeSet<DocumentCut>,
    /// Whether it could be opened only without reading what libpdfium does not tell. The parent sets it.
    #[serde(skip)]
    pub facts_left_out: bool,
}

/// Something that a document has more of than is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DocumentCut {
    /// Bookmarks.
    Bookmarks,
    /// Levels of bookmarks.
    BookmarkLevels,
    /// Bytes of the title of a bookmark.
    BookmarkTitles,
    /// Bytes or entries of title, author and other metadata.
    Metadata,
    /// Files that the document carries.
    Attachments,
    /// Bytes of what is said of such a file.
    AttachmentTexts,
    /// Places where such files are looked for.
    AttachmentSearch,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_reads_back() {
        let request = Request::Page(PageWork {
            page: 3,
            text: true,
            detail: TextDetail::default(),
            image: None,
            draw_forms: true,
            read_facts: true,
        });
        let frame = encode_head(&request, 7);
        let (prefix, header) = frame.split_at(PREFIX_BYTES);
        let sizes = decode_prefix(prefix.try_into().expect("a prefix"), MAX_HEADER_BYTES).expect("a frame");
        assert_eq!(sizes, FrameSizes { header: header.len(), body: 7 });
        let Ok(Request::Page(work)) = decode_header(header) else { panic!("another request") };
        assert_eq!(work.page, 3);
    }

    proptest! {
        #[test]
        fn no_prefix_makes_us_allocate_more_than_a_header_may_have(
            mark in prop_oneof![Just(MAGIC), any::<[u8; 4]>()], header in 0_u32..1000, body: u32,
            limit in 0_usize..1000,
        ) {
            let prefix = [mark, header.to_le_bytes(), body.to_le_bytes()].concat();
            match decode_prefix(prefix.as_slice().try_into().expect("a prefix"), limit) {
                Ok(sizes) => prop_assert!(mark == MAGIC && sizes.header <= limit),
                Err(ProtocolError::HeaderTooLarge { bytes, .. }) => prop_assert!(bytes > limit),
                Err(_) => prop_assert_ne!(mark, MAGIC),
            }
        }
    }
}
