//! What `process` left of one document, held in memory: the result, the Markdown and the stored page images.

use std::collections::BTreeMap;

use quire_producer::schemas::result::{PageImage, ParseResult};

use crate::raster::Raster;

/// A result and the files beside it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) result: ParseResult,
    /// The text of `document.md`.
    pub(super) markdown: Option<String>,
    /// The page images as stored, by page.
    pub(super) images: BTreeMap<u32, Vec<u8>>,
}

impl Outcome {
    /// Reads the files of a folder. `read` returns those that exist, by their paths below `--out`.
    pub(super) fn read(folder: &str, read: impl Fn(&str) -> Option<Vec<u8>>) -> Result<Self, String> {
        let result = read(&format!("{folder}/result.json")).ok_or("there is no result.json")?;
        let result: ParseResult =
            serde_json::from_slice(&result).map_err(|error| format!("result.json is no result: {error}"))?;
        let markdown = read(&format!("{folder}/document.md")).map(String::from_utf8);
        let markdown = markdown.transpose().map_err(|error| format!("document.md is no text: {error}"))?;
        let images = result.page_images.iter();
        let images = images.filter_map(|(page, image)| Some((*page, read(&image.object.key)?))).collect();
        Ok(Self { result, markdown, images })
    }

    /// Returns what the result says of a page's image.
    pub(super) fn image(&self, page: u32) -> Result<&PageImage, String> {
        self.result.page_images.get(&page).ok_or_else(|| format!("no image of page {page}"))
    }

    /// Decodes the stored image of a page.
    pub(super) fn raster(&self, page: u32) -> Result<Raster, String> {
        let stored = self.images.get(&page).ok_or_else(|| format!("no stored image of page {page}"))?;
        Raster::decode(stored).map_err(|error| format!("the image of page {page} is no PNG: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_readable_result_says_so() {
        let none = Outcome::read("a", |_| None).expect_err("nothing is there");
        assert_eq!(none, "there is no result.json");
        let torn = Outcome::read("a", |path| (path == "a/result.json").then(|| b"{".to_vec()));
        assert!(torn.expect_err("it is cut off").starts_with("result.json is no result: "));
    }
}
