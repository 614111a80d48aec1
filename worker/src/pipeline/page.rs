//! What became of one page, and of all pages of a document.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::{Disposition, ErrorCode},
    result::{PageImage, Phase, Warning},
    state::FailedPage,
};

use super::document_pass::NativeText;
use crate::job::Fault;

/// What became of the pages.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) images: BTreeMap<u32, PageImage>,
    pub(super) image_faults: Vec<Fault>,
    pub(super) text_faults: Vec<Fault>,
    /// Pages whose text was read, in this run or in an earlier one.
    pub(super) texts: u32,
    /// Images that an earlier run has stored.
    pub(super) reused: u32,
    /// Characters of each page that are not spaces.
    pub(super) characters: BTreeMap<u32, u32>,
    /// What is known of the text that the PDF itself holds on each page.
    pub(super) natives: BTreeMap<u32, NativeText>,
    pub(super) warnings: Vec<Warning>,
    /// CPU time of the texts.
    pub(super) text_time: Duration,
    /// CPU time of the images.
    pub(super) image_time: Duration,
    /// When the last page was added whose text was asked for.
    pub(super) texts_finished_at: Option<DateTime<Utc>>,
    /// When the last page was added whose image was asked for.
    pub(super) images_finished_at: Option<DateTime<Utc>>,
    /// Whether there are pages that were not begun.
    pub(super) unfinished: bool,
}

/// What is known of a page whose text was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextRead {
    /// Characters that are not spaces.
    pub(super) characters: u32,
    /// `None` if there is nothing to judge a parse by.
    pub(super) native: Option<NativeText>,
}

/// What became of one page. A part that was not asked for is `None`.
#[derive(Debug)]
pub(super) struct OnePage {
    /// From 1.
    pub(super) number: u32,
    pub(super) image: Option<Result<PageImage, Fault>>,
    /// Whether the image is one that an earlier run has stored.
    pub(super) reused: bool,
    pub(super) text: Option<Result<TextRead, Fault>>,
    /// Whether the text is still to be read.
    pub(super) text_missing: bool,
    pub(super) warnings: Vec<Warning>,
    /// CPU time of the text.
    pub(super) text_time: Duration,
    /// CPU time of the image.
    pub(super) image_time: Duration,
}

impl OnePage {
    /// Fails the missing parts of a page without beginning it.
    pub(super) fn left_out(mut self, image_missing: bool) -> Self {
        let fault = || {
            let message = "the page is left out: workers that worked on it died";
            Fault::new(ErrorCode::PageFailed, Phase::Render, message).on_page(self.number)
        };
        let (text_fault, image_fault) = (fault(), fault());
        if self.text_missing {
            self.text = Some(Err(text_fault));
        }
        if image_missing {
            self.image = Some(Err(image_fault));
        }
        self
    }
}

impl OnePage {
    /// Fails the missing parts that have cost renderers in earlier runs, with the codes that they had. Returns whether
    /// the image is still to be made.
    pub(super) fn fail_again(&mut self, failed: &FailedPage, image_missing: bool) -> bool {
        let page = self.number;
        let fault = |code: &str| {
            let code = code.parse().unwrap_or(ErrorCode::RendererCrashed);
            let message = "an earlier run has lost renderers over it; it is not tried again";
            Fault::new(code, Phase::Render, message).on_page(page)
        };
        if let Some(code) = failed.text.as_deref().filter(|_| self.text_missing) {
            self.text = Some(Err(fault(code)));
            self.text_missing = false;
        }
        match failed.image.as_deref().filter(|_| image_missing) {
            Some(code) => {
                self.image = Some(Err(fault(code)));
                false
            }
            None => image_missing,
        }
    }
}

impl Pages {
    pub(super) fn add(&mut self, page: OnePage, now: DateTime<Utc>) {
        self.reused += u32::from(page.reused);
        self.text_time += page.text_time;
        self.image_time += page.image_time;
        self.warnings.extend(page.warnings);
        if page.image.is_some() {
            self.images_finished_at = Some(now);
        }
        if page.text.is_some() {
            self.texts_finished_at = Some(now);
        }
        match page.image {
            Some(Ok(image)) => drop(self.images.insert(page.number, image)),
            Some(Err(fault)) => self.image_faults.push(fault),
            None => {}
        }
        match page.text {
            Some(Ok(TextRead { characters, native })) => {
                self.texts += 1;
                self.characters.insert(page.number, characters);
                self.natives.extend(native.map(|native| (page.number, native)));
            }
            Some(Err(fault)) => self.text_faults.push(fault),
            None => {}
        }
    }
}

/// Returns a fault that is the page's own; any other, such as that no renderer can be started, is the
/// job's and ends the run.
pub(super) fn of_page(fault: Fault) -> Result<Fault, Fault> {
    if fault.disposition() == Disposition::Page { Ok(fault) } else { Err(fault) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::parse::local::Placement;

    fn page(number: u32) -> OnePage {
        OnePage {
            number,
            image: None,
            reused: false,
            text: None,
            text_missing: true,
            warnings: Vec::new(),
            text_time: Duration::from_millis(2),
            image_time: Duration::from_millis(3),
        }
    }

    fn read(characters: u32) -> TextRead {
        let placement = Placement { letters: characters, placed: characters, ..Placement::default() };
        TextRead { characters, native: Some(NativeText::Placed(placement)) }
    }

    fn fault(code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Render, "failed")
    }

    #[test]
    fn each_branch_ends_with_the_last_page_that_it_had_a_part_in() {
        let start = DateTime::UNIX_EPOCH;
        let after = |seconds| start + TimeDelta::seconds(seconds);
        let mut pages = Pages::default();
        pages.add(OnePage { text: Some(Ok(read(40))), ..page(2) }, after(1));
        pages.add(OnePage { image: Some(Err(fault(ErrorCode::PageFailed))), ..page(1) }, after(2));
        pages.add(OnePage { text: Some(Err(fault(ErrorCode::PageFailed))), ..page(3) }, after(3));
        assert_eq!((pages.images_finished_at, pages.texts_finished_at), (Some(after(2)), Some(after(3))));
        assert_eq!((pages.texts, pages.text_faults.len(), pages.image_faults.len()), (1, 1, 1));
        assert_eq!(pages.characters, BTreeMap::from([(2, 40)]));
        assert_eq!(pages.natives.into_iter().next(), read(40).native.map(|native| (2, native)));
        assert_eq!((pages.text_time, pages.image_time), (Duration::from_millis(6), Duration::from_millis(9)));
    }

    #[test]
    fn a_page_that_is_left_out_fails_in_its_missing_parts_only() {
        let failed = |part: Option<Fault>| part.map(|fault| (fault.code, fault.page));
        let both = page(5).left_out(true);
        let expected = Some((ErrorCode::PageFailed, Some(5)));
        assert_eq!(failed(both.text.and_then(Result::err)), expected);
        assert_eq!(failed(both.image.and_then(Result::err)), expected);
        let carried = OnePage { text: Some(Ok(read(9))), text_missing: false, ..page(5) }.left_out(false);
        assert!(matches!(carried.text, Some(Ok(text)) if text == read(9)) && carried.image.is_none());
    }

    #[test]
    fn a_fault_of_a_renderer_is_the_pages_and_a_fault_of_the_worker_is_the_jobs() {
        assert!(of_page(fault(ErrorCode::RendererCrashed)).is_ok());
        assert!(of_page(fault(ErrorCode::ResourceLimit)).is_ok());
        assert!(of_page(fault(ErrorCode::Internal)).is_err());
        assert!(of_page(fault(ErrorCode::StorageUnavailable)).is_err());
    }
}
