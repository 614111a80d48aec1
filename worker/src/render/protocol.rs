//! What parent and renderer say to each other: frames of a JSON header and raw bytes. Pure; the
//! same code reads both ends, sync in the child and async in the parent.

use std::path::PathBuf;

use quire_schemas::{
    job::{ImageFormat, Password},
    result::OutlineEntry,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::parse::local::PageText;

/// Marks the start of a frame. A child that writes anything else has lost its mind.
const MAGIC: [u8; 4] = *b"QRF1";
/// Bytes before the header.
pub const PREFIX_BYTES: usize = 12;
const MAX_HEADER_BYTES: usize = 64 * 1024 * 1024;
const MAX_BODY_BYTES: usize = 512 * 1024 * 1024;

/// A frame that no honest peer sends.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The bytes are not a frame.
    #[error("not a frame")]
    NotAFrame,
    /// The frame claims to be larger than any frame is.
    #[error("a frame of {header_bytes} + {body_bytes} bytes")]
    TooLarge {
        /// Claimed size of the header.
        header_bytes: usize,
        /// Claimed size of the body.
        body_bytes: usize,
    },
    /// The header is not what this version sends.
    #[error("the header does not decode: {0}")]
    Header(#[source] serde_json::Error),
}

/// The sizes that a frame's prefix announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSizes {
    /// Bytes of JSON.
    pub header: usize,
    /// Bytes of content.
    pub body: usize,
}

/// Reads a frame's prefix.
///
/// # Errors
/// [`ProtocolError::NotAFrame`] or [`ProtocolError::TooLarge`], before anything is allocated.
pub fn decode_prefix(prefix: &[u8; PREFIX_BYTES]) -> Result<FrameSizes, ProtocolError> {
    let size = |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]) as usize;
    if prefix[..4] != MAGIC {
        return Err(ProtocolError::NotAFrame);
    }
    let (header, body) = (size(4), size(8));
    if header > MAX_HEADER_BYTES || body > MAX_BODY_BYTES {
        return Err(ProtocolError::TooLarge { header_bytes: header, body_bytes: body });
    }
    Ok(FrameSizes { header, body })
}

/// Reads a frame's header.
///
/// # Errors
/// [`ProtocolError::Header`]
pub fn decode_header<T: DeserializeOwned>(header: &[u8]) -> Result<T, ProtocolError> {
    serde_json::from_slice(header).map_err(ProtocolError::Header)
}

/// Writes the prefix and header of a frame whose body follows.
#[must_use]
pub fn encode_head<T: Serialize>(header: &T, body_bytes: usize) -> Vec<u8> {
    let json = serde_json::to_vec(header).expect("frame headers have string keys only");
    let mut frame = Vec::with_capacity(PREFIX_BYTES + json.len());
    frame.extend_from_slice(&MAGIC);
    for size in [json.len(), body_bytes] {
        let size = u32::try_from(size).expect("page text and images stay below 4 GiB");
        frame.extend_from_slice(&size.to_le_bytes());
    }
    frame.extend_from_slice(&json);
    frame
}

/// What a renderer is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Take this document. It is the only one this child will see.
    Open {
        /// A file that nobody changes while it is open.
        path: PathBuf,
        /// Opens an encrypted one.
        password: Option<Password>,
    },
    /// Tell what the document says of itself.
    Describe,
    /// Do a page.
    Page(PageWork),
}

/// What is to be done with one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageWork {
    /// Which, from 1.
    pub page: u32,
    /// Whether its text is wanted.
    pub text: bool,
    /// The image that is wanted.
    pub image: Option<ImageSpec>,
    /// Whether form fields are drawn. Without them a page renders that hangs with them.
    pub draw_forms: bool,
}

/// How a page is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSpec {
    /// PNG, WebP or JPEG.
    pub format: ImageFormat,
    /// Pixels per inch.
    pub dpi: u32,
    /// Quality of JPEG.
    pub quality: u8,
    /// Longest side in pixels.
    pub max_side_px: Option<u32>,
    /// Most pixels.
    pub max_pixels: u64,
}

/// What a renderer answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Response {
    /// It has started and loaded pdfium.
    Ready(Ready),
    /// The document is open.
    Opened {
        /// How many pages it has.
        page_count: u32,
    },
    /// The document does not open.
    Refused {
        /// Why.
        reason: Refusal,
    },
    /// What the document says of itself.
    Described(Box<DocumentInfo>),
    /// A page's text.
    Text(Box<PageText>),
    /// A page has no readable text layer, and why.
    TextFailed {
        /// In words.
        message: String,
    },
    /// A page's image; its bytes are the frame's body.
    Image(ImageHead),
    /// A page has no image, and why.
    ImageFailed {
        /// Whether the page's size is the reason.
        too_large: bool,
        /// In words.
        message: String,
    },
    /// Everything that was asked of the page has been answered.
    PageDone {
        /// CPU time of its text, in microseconds.
        text_micros: u64,
        /// CPU time of its image, in microseconds.
        image_micros: u64,
    },
}

/// A renderer that has started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// The libpdfium it loaded; empty if the system's loader found it.
    pub library: String,
}

/// Why a document does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// It is encrypted, and the password is missing or wrong.
    Password,
    /// It is encrypted in a way that pdfium does not know.
    Security,
    /// It is damaged beyond repair, or not a PDF.
    Damaged,
    /// The file cannot be read.
    Unreadable,
}

/// What an image is, beside its bytes.
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

/// An encoded page image.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedImage {
    /// Size and scale.
    pub head: ImageHead,
    /// The encoded image.
    pub bytes: bytes::Bytes,
}

/// What a document says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentInfo {
    /// Pages, as the page tree counts them.
    pub page_count: u32,
    /// Displayed width and height of every page, in points; only up to the limit on pages.
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_reads_back() {
        let request = Request::Page(PageWork { page: 3, text: true, image: None, draw_forms: true });
        let frame = encode_head(&request, 7);
        let (prefix, header) = frame.split_at(PREFIX_BYTES);
        let sizes = decode_prefix(prefix.try_into().expect("a prefix")).expect("a frame");
        assert_eq!(sizes, FrameSizes { header: header.len(), body: 7 });
        let Ok(Request::Page(work)) = decode_header(header) else { panic!("another request") };
        assert_eq!(work.page, 3);
    }

    proptest! {
        #[test]
        fn no_prefix_makes_us_allocate_more_than_a_frame_may_have(prefix in any::<[u8; PREFIX_BYTES]>()) {
            if let Ok(sizes) = decode_prefix(&prefix) {
                prop_assert!(sizes.header <= MAX_HEADER_BYTES && sizes.body <= MAX_BODY_BYTES);
            }
        }
    }
}
