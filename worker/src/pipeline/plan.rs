//! Decides which pages get an image, which are parsed, and how. Pure.

use std::collections::BTreeSet;

use quire_schemas::{
    failure::ErrorCode,
    job::{Engine, InvalidJob, Job, LocalOptions, OwnOptions},
    page_ranges::PageRanges,
    result::Phase,
};

use crate::{job::Fault, render::ImageSpec};

/// What is done with the pages of a document.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) image_pages: BTreeSet<u32>,
    pub(crate) parse_pages: BTreeSet<u32>,
    /// `None` if no page gets an image.
    pub(crate) image: Option<ImageSpec>,
    pub(crate) engine: Engine,
    /// Options that hold whichever engine parses.
    pub(crate) own: OwnOptions,
    /// Options of the local engine; the defaults if the job names another one first.
    pub(crate) local: LocalOptions,
}

impl Plan {
    /// Applies a job's page ranges to a document.
    ///
    /// # Errors
    /// `invalid_job` if a range leaves no page, or if an option is out of its range, which admission has checked.
    pub(crate) fn new(job: &Job, page_count: u32, max_pixels: u64) -> Result<Self, Fault> {
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
        let own = job.parse.own().map_err(invalid)?;
        let local = job.parse.local().map_err(invalid)?;
        Ok(Self { image_pages, parse_pages, image, engine: job.parse.engine, own, local })
    }

    /// Returns every page that is parsed or gets an image.
    pub(crate) fn pages(&self) -> BTreeSet<u32> {
        self.image_pages.union(&self.parse_pages).copied().collect()
    }

    pub(crate) fn total(&self) -> u32 {
        u32::try_from(self.pages().len()).unwrap_or(u32::MAX)
    }
}

fn invalid(error: InvalidJob) -> Fault {
    Fault::new(ErrorCode::InvalidJob, Phase::Fetch, error.to_string())
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

#[cfg(test)]
mod tests {
    use quire_schemas::job::{ImageFormat, ImageOptions, ParseOptions, Source};
    use serde_json::{Value, json};

    use super::*;

    fn job(engine: Engine, parse_pages: Option<&str>, image_pages: Option<Option<&str>>) -> Job {
        let ranges = |text: Option<&str>| text.map(|text| text.parse().expect("page ranges"));
        let images = image_pages.map(|pages| ImageOptions {
            format: ImageFormat::Png,
            dpi: 150,
            quality: None,
            pages: ranges(pages),
            max_side_px: None,
        });
        let parse = ParseOptions { engine, pages: ranges(parse_pages), ..ParseOptions::default() };
        Job { parse, images, ..Job::new(Source::Inline { data: String::new(), filename: None }) }
    }

    fn plan(job: &Job) -> Plan {
        Plan::new(job, 5, 1_000_000).expect("every range names a page")
    }

    #[test]
    fn without_ranges_every_page_is_parsed_and_drawn() {
        let plan = plan(&job(Engine::Pdfium, None, Some(None)));
        assert_eq!((plan.parse_pages.len(), plan.image_pages.len(), plan.total()), (5, 5, 5));
        assert_eq!(plan.image.map(|spec| (spec.dpi, spec.quality, spec.max_pixels)), Some((150, 85, 1_000_000)));
    }

    #[test]
    fn each_branch_has_pages_of_its_own() {
        let plan = plan(&job(Engine::Pdfium, Some("1-2"), Some(Some("2,4-"))));
        assert_eq!(plan.parse_pages, BTreeSet::from([1, 2]));
        assert_eq!(plan.image_pages, BTreeSet::from([2, 4, 5]));
        assert_eq!(plan.pages(), BTreeSet::from([1, 2, 4, 5]));
    }

    #[test]
    fn a_branch_that_is_off_has_no_pages() {
        let plan = plan(&job(Engine::None, None, None));
        assert!(plan.image.is_none());
        assert_eq!(plan.total(), 0);
    }

    #[test]
    fn options_are_read_as_the_engine_that_is_named_first_has_them() {
        let planned = |engine, options: Value| {
            let mut job = job(engine, None, None);
            job.parse.options = options.as_object().cloned().expect("an object").into();
            Plan::new(&job, 5, 1).map(|plan| (plan.own, plan.local)).map_err(|fault| (fault.code, fault.message))
        };
        let options = json!({ "attachments": true, "min_recall": 0.9 });
        let own = OwnOptions { min_recall: Some(0.9), ..OwnOptions::default() };
        let local = LocalOptions { attachments: true, ..LocalOptions::default() };
        assert_eq!(planned(Engine::Pdfium, options.clone()), Ok((own, local)));
        assert_eq!(planned(Engine::Llamaparse, options), Ok((own, LocalOptions::default())));
        let refused = (ErrorCode::InvalidJob, "parse.options.attachments: true or false".to_owned());
        assert_eq!(planned(Engine::Pdfium, json!({ "attachments": "all" })), Err(refused));
    }

    #[test]
    fn a_range_beyond_the_document_is_refused_by_its_field() {
        for (job, field) in [
            (job(Engine::Pdfium, Some("9-"), None), "parse.pages"),
            (job(Engine::Pdfium, None, Some(Some("7"))), "images.pages"),
        ] {
            let fault = Plan::new(&job, 5, 1).expect_err("the document has five pages");
            assert_eq!(fault.code, ErrorCode::InvalidJob);
            assert!(fault.message.starts_with(field), "{}", fault.message);
        }
    }
}
