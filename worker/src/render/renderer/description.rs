//! Reads what a document says of itself.

use std::os::raw::c_int;

use pdfium_render::prelude::FS_SIZEF;

use super::{
    super::{bounds::cut_texts, protocol::DocumentInfo},
    document::Document,
    outline::outline,
    sides::side,
    strings::{byte_length, utf16_text},
};

/// Entries of the information dictionary beside title and author, and the names that they get.
const METADATA: [(&str, &str); 6] = [
    ("Subject", "subject"),
    ("Keywords", "keywords"),
    ("Creator", "creator"),
    ("Producer", "producer"),
    ("CreationDate", "creation_date"),
    ("ModDate", "modification_date"),
];

/// Pages cropped to nothing beyond this are described without their size.
const MAX_MENDED: usize = 100;

impl Document {
    /// Reads what the document says of itself, cut to what a frame may have.
    pub(in crate::render) fn describe(&self) -> DocumentInfo {
        let page_count = self.page_count();
        let carried = self.facts().attachments();
        let (outline, mut cuts) = outline(self);
        cuts.extend(carried.cuts);
        let stated = |text: String| Some(text).filter(|text| !text.is_empty());
        let metadata = METADATA.iter().filter_map(|(tag, key)| Some(((*key).to_owned(), stated(self.meta_text(tag))?)));
        cut_texts(DocumentInfo {
            page_count,
            page_sizes: self.page_sizes(),
            title: stated(self.meta_text("Title")),
            author: stated(self.meta_text("Author")),
            metadata: metadata.collect(),
            pdf_version: self.version(),
            tagged: self.is_tagged(),
            encrypted: self.is_encrypted(),
            form_type: self.form().map(|form| form.name().to_owned()),
            language: stated(self.language()),
            outline,
            attachments: carried.files,
            attachment_count: carried.count,
            portfolio: carried.is_portfolio,
            cuts,
            facts_left_out: false,
        })
    }

    fn page_size(&self, index: u32) -> (f64, f64) {
        let mut size = FS_SIZEF { width: 0.0, height: 0.0 };
        // SAFETY: the document is open; libpdfium refuses an index that no page has.
        let known = c_int::try_from(index).is_ok_and(|index| unsafe {
            self.library().FPDF_GetPageSizeByIndexF(self.handle(), index, &raw mut size) != 0
        });
        if !known {
            return (0.0, 0.0);
        }
        let unit = self.user_unit(index);
        (side(size.width) * unit, side(size.height) * unit)
    }

    /// Returns the size of every page. One that is cropped to nothing is loaded, which mends it; that takes its time,
    /// so only some are.
    fn page_sizes(&self) -> Vec<(f64, f64)> {
        let mut sizes: Vec<(f64, f64)> = (0..self.page_count()).map(|index| self.page_size(index)).collect();
        let is_empty = |(width, height): &(f64, f64)| *width <= 0.0 || *height <= 0.0;
        for (number, size) in (1..).zip(&mut sizes).filter(|(_, size)| is_empty(size)).take(MAX_MENDED) {
            if let Ok(page) = self.page(number) {
                *size = page.displayed_size();
            }
        }
        sizes
    }

    fn meta_text(&self, tag: &str) -> String {
        // SAFETY: the document is open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            let (start, length) = (buffer.as_mut_ptr().cast(), byte_length(buffer));
            self.library().FPDF_GetMetaText(self.handle(), tag, start, length)
        })
    }

    fn language(&self) -> String {
        // SAFETY: the document is open, and the buffer has the length that is stated.
        utf16_text(|buffer| unsafe {
            self.library().FPDFCatalog_GetLanguage(self.handle(), buffer.as_mut_ptr(), byte_length(buffer))
        })
    }

    fn version(&self) -> Option<String> {
        let mut digits = 0;
        // SAFETY: the document is open.
        let known = unsafe { self.library().FPDF_GetFileVersion(self.handle(), &raw mut digits) } != 0;
        known.then(|| format!("{}.{}", digits / 10, digits % 10))
    }

    fn is_tagged(&self) -> bool {
        // SAFETY: the document is open.
        unsafe { self.library().FPDFCatalog_IsTagged(self.handle()) != 0 }
    }
}
