//! Which pages get an image, which are parsed, and how. Pure.

use std::collections::BTreeSet;

use quire_schemas::{
    failure::ErrorCode,
    job::{Engine, Job},
    page_ranges::PageRanges,
    result::Phase,
};

use crate::{job::Fault, render::ImageSpec};

/// What is done with the pages of a document.
#[derive(Debug)]
pub struct Plan {
    /// Pages that get an image, ascending.
    pub image_pages: BTreeSet<u32>,
    /// Pages that are parsed, ascending.
    pub parse_pages: BTreeSet<u32>,
    /// How images are made.
    pub image: Option<ImageSpec>,
    /// What parses.
    pub engine: Engine,
}

impl Plan {
    /// Applies a job's page ranges to a document.
    ///
    /// # Errors
    /// `invalid_job` if a range leaves no page.
    pub fn new(job: &Job, page_count: u32, max_pixels: u64) -> Result<Self, Fault> {
        let image_pages = match &job.images {
            Some(images) => select("images.pages", images.pages.as_ref(), page_count)?,
            None => BTreeSet::new(),
        };
        let parse_pages = match job.parse.engine {
            Engine::None => BTreeSet::new(),
            _ => select("parse.pages", job.parse.pages.as_ref(), page_count)?,
        };
        let image = job.images.as_ref().map(|images| ImageSpec {
            format: images.format,
            dpi: images.dpi,
            quality: images.quality.unwrap_or(85),
            max_side_px: images.max_side_px,
            max_pixels,
        });
        Ok(Self { image_pages, parse_pages, image, engine: job.parse.engine })
    }

    /// Returns every page that something is done with.
    #[must_use]
    pub fn pages(&self) -> BTreeSet<u32> {
        self.image_pages.union(&self.parse_pages).copied().collect()
    }

    /// Returns how many pages those are.
    #[must_use]
    pub fn total(&self) -> u32 {
        u32::try_from(self.pages().len()).unwrap_or(u32::MAX)
    }
}

fn select(field: &str, ranges: Option<&PageRanges>, page_count: u32) -> Result<BTreeSet<u32>, Fault> {
    let pages: BTreeSet<u32> = match ranges {
        None => (1..=page_count).collect(),
        Some(ranges) => ranges.resolve(page_count).into_iter().collect(),
    };
    match ranges {
        Some(ranges) if pages.is_empty() => {
            let message = format!("{field}: {ranges} names no page of a document of {page_count}");
            Err(Fault::new(ErrorCode::InvalidJob, Phase::Fetch, message))
        }
        _ => Ok(pages),
    }
}
