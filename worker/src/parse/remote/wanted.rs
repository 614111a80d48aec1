//! The pages of the document itself, which decide what comes out of an engine's answer: one page for every wanted
//! page, whatever the service returned.

use std::collections::BTreeSet;

use quire_schemas::{
    failure::{ErrorCode, WarningCode},
    job::{Branch, Password},
    result::{BranchName, Page, PageStatus, Phase, Warning},
};
use serde_json::json;

use super::{Call, refusal::presentable};
use crate::{
    job::Fault,
    parse::{ParseRequest, ParsedPage},
};

/// A warning names no more pages than this.
const MAX_LISTED_PAGES: usize = 50;

/// What an answer is brought to.
#[derive(Debug)]
pub(in crate::parse) struct Wanted {
    /// Displayed size of every page of the document in points; page 1 is at index 0.
    sizes: Vec<(f64, f64)>,
    /// From 1.
    pages: BTreeSet<u32>,
    call: Call<'static>,
    job_id: String,
    /// Removed from the reasons that the service gives.
    secret: Password,
}

/// A page of the document.
#[derive(Debug, Clone, Copy)]
pub(in crate::parse) struct Sheet {
    /// From 1.
    pub(in crate::parse) number: u32,
    /// Displayed width and height in points.
    pub(in crate::parse) size: (f64, f64),
}

impl Wanted {
    /// Keeps what a request wants of the accepted parse `job_id`. `call` is what faults of single pages name.
    pub(in crate::parse) fn new(
        request: &ParseRequest<'_>,
        call: Call<'static>,
        job_id: String,
        secret: Password,
    ) -> Self {
        Self {
            sizes: request.page_sizes.to_vec(),
            pages: request.pages.iter().copied().collect(),
            call,
            job_id,
            secret,
        }
    }

    /// Takes the next wanted page, in page order.
    pub(in crate::parse) fn take_next(&mut self) -> Option<Sheet> {
        let number = self.pages.pop_first()?;
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let size = index.and_then(|index| self.sizes.get(index)).copied().unwrap_or_default();
        Some(Sheet { number, size })
    }

    /// Makes the empty page that stands for one without content, so that the numbers of the others hold.
    pub(in crate::parse) fn failed(&self, sheet: Sheet, reason: &str) -> ParsedPage {
        let call = Call { job_id: Some(&self.job_id), ..self.call };
        let fault = Fault::new(ErrorCode::PageFailed, Phase::Parse, call.purpose)
            .on_page(sheet.number)
            .with_provider(call.provider())
            .because(presentable(reason, self.secret.reveal()));
        let mut page = sheet.blank(PageStatus::Failed);
        page.errors = vec![fault.to_job_error(Some(Branch::Parse))];
        ParsedPage { page, elements: Vec::new() }
    }

    /// Warns about wanted pages that did not come, and about pages that were not wanted.
    pub(in crate::parse) fn mismatch(&self, missing: &[u32], surplus: &[u32]) -> Option<Warning> {
        let engine = self.call.engine;
        let named =
            |pages: &[u32]| pages.iter().take(MAX_LISTED_PAGES).map(u32::to_string).collect::<Vec<_>>().join(", ");
        let message = match (missing, surplus) {
            ([], []) => return None,
            (_, []) => format!("{engine} did not return page {}", named(missing)),
            ([], _) => format!("{engine} returned page {}, which was not requested", named(surplus)),
            _ => format!("{engine} returned page {} instead of page {}", named(surplus), named(missing)),
        };
        let listed = |pages: &[u32]| pages.iter().copied().take(MAX_LISTED_PAGES).collect::<Vec<_>>();
        let details = json!({ "missing_pages": listed(missing), "surplus_pages": listed(surplus) });
        let warning = Warning::of(WarningCode::PageCountMismatch, message);
        let mut warning = warning.in_branch(BranchName::Parse).in_phase(Phase::Parse);
        warning.details = details.as_object().cloned().unwrap_or_default();
        Some(warning)
    }
}

impl Sheet {
    pub(in crate::parse) fn blank(self, status: PageStatus) -> Page {
        let mut page = Page::new(self.number);
        (page.width, page.height, page.status) = (Some(self.size.0), Some(self.size.1), status);
        page
    }
}
