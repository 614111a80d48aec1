//! Where an engine puts its pages, one at a time: into the spool, never all in memory.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use quire_schemas::{
    failure::ErrorCode,
    job::Branch,
    result::{Page, PageStatus, Phase},
};

use super::spool::Spool;
use crate::{job::Fault, lock::lock, parse::ParsedPage};

/// Takes the pages of one engine's parse.
#[derive(Debug)]
pub(crate) struct PageSink {
    spool: Arc<Mutex<Spool>>,
    pages: BTreeSet<u32>,
    failed_pages: BTreeSet<u32>,
    /// Why the first page failed that is beyond a limit.
    refused: Option<Fault>,
    /// Why no page can be kept any more.
    broken: Option<Fault>,
}

/// Facts about the pages that a sink has taken.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Pages that failed at the engine or are beyond a limit, ascending.
    pub(crate) failed_pages: Vec<u32>,
    /// Why there is not one parsed page, if limits are the reason.
    pub(crate) fault: Option<Fault>,
}

impl PageSink {
    pub(crate) const fn new(spool: Arc<Mutex<Spool>>) -> Self {
        Self { spool, pages: BTreeSet::new(), failed_pages: BTreeSet::new(), refused: None, broken: None }
    }

    /// Takes a page; a page that is put again replaces the earlier one. A page beyond a limit becomes one that failed.
    /// Serialises and writes on a blocking thread. Dropped before it ends, it may have written the page.
    ///
    /// # Errors
    /// No page can be kept any more, and the parse must end. The fault passes through the engine, which may change it;
    /// the reason is in [`PageSink::take_fault`].
    pub(crate) async fn put(&mut self, page: ParsedPage) -> Result<(), Fault> {
        if self.broken.is_some() {
            return Err(not_kept());
        }
        let (number, has_failed) = (page.page.page_number, page.page.status == PageStatus::Failed);
        self.pages.insert(number);
        let refused = match self.on_blocking_thread(move |spool| push(spool, page)).await {
            Ok(refused) => refused,
            Err(fault) => {
                self.broken = Some(fault);
                return Err(not_kept());
            }
        };
        if has_failed || refused.is_some() {
            self.failed_pages.insert(number);
        } else {
            self.failed_pages.remove(&number);
        }
        self.refused = self.refused.take().or(refused);
        Ok(())
    }

    /// Returns why pages could not be kept: a fault of the worker, whatever the engine makes of it.
    pub(crate) fn take_fault(&mut self) -> Option<Fault> {
        self.broken.take()
    }

    /// Ends a parse that has succeeded.
    pub(crate) fn finish(self) -> Kept {
        let nothing_parsed = self.failed_pages.len() == self.pages.len();
        let fault = self.refused.filter(|_| nothing_parsed).map(|fault| fault.of_branch());
        Kept { failed_pages: self.failed_pages.into_iter().collect(), fault }
    }

    /// Ends a parse that has failed: forgets its pages, so that a fallback begins with none.
    pub(crate) async fn discard(self) {
        let pages = self.pages.clone();
        self.on_blocking_thread(move |spool| pages.into_iter().for_each(|number| spool.remove(number))).await;
    }

    async fn on_blocking_thread<T: Send + 'static>(&self, work: impl FnOnce(&mut Spool) -> T + Send + 'static) -> T {
        let spool = Arc::clone(&self.spool);
        let working = tokio::task::spawn_blocking(move || work(&mut lock(&spool)));
        working.await.expect("writing to the spool does not panic")
    }
}

/// Writes a page; returns why it failed if it is beyond a limit.
fn push(spool: &mut Spool, page: ParsedPage) -> Result<Option<Fault>, Fault> {
    match spool.push(&page) {
        Ok(()) => Ok(None),
        Err(fault) if fault.code == ErrorCode::ResourceLimit => {
            spool.push_failed(&failed(&page.page, &fault))?;
            Ok(Some(fault))
        }
        Err(fault) => Err(fault),
    }
}

fn failed(page: &Page, fault: &Fault) -> ParsedPage {
    let page = Page {
        width: page.width,
        height: page.height,
        status: PageStatus::Failed,
        errors: vec![fault.to_job_error(Some(Branch::Parse))],
        ..Page::new(page.page_number)
    };
    ParsedPage { page, elements: Vec::new() }
}

fn not_kept() -> Fault {
    Fault::new(ErrorCode::Internal, Phase::Parse, "the worker cannot keep the pages of the parse")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::testing::{failed_page, parsed_page, spool};

    fn numbers(spool: &Mutex<Spool>) -> Vec<u32> {
        spool.lock().expect("not poisoned").page_numbers()
    }

    #[tokio::test]
    async fn failed_pages_are_known_without_reading_them_again() {
        let spool = Arc::new(Mutex::new(spool([])));
        let mut sink = PageSink::new(Arc::clone(&spool));
        for page in [failed_page(3), parsed_page(1, &["text"]), failed_page(2), failed_page(1), parsed_page(3, &[])] {
            sink.put(page).await.expect("room");
        }
        let Kept { failed_pages, fault } = sink.finish();
        assert_eq!((failed_pages, fault.is_none()), (vec![1, 2], true));
        assert_eq!(numbers(&spool), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_page_beyond_a_limit_has_failed_and_says_why() {
        let spool = Arc::new(Mutex::new(spool([])));
        let mut sink = PageSink::new(Arc::clone(&spool));
        let mut large = parsed_page(2, &[&"x".repeat(2 << 20)]);
        large.page.width = Some(595.0);
        for page in [parsed_page(1, &["text"]), large, parsed_page(3, &["text"])] {
            sink.put(page).await.expect("it is no fault of the worker");
        }
        let kept = sink.finish();
        assert_eq!((kept.failed_pages, kept.fault.is_none()), (vec![2], true));
        let found = spool.lock().expect("not poisoned").read(2).expect("it is kept");
        assert_eq!((found.page.status, found.page.width, found.elements.len()), (PageStatus::Failed, Some(595.0), 0));
        assert_eq!((found.page.errors[0].code.as_str(), found.page.errors[0].page_number), ("resource_limit", Some(2)));
    }

    #[tokio::test]
    async fn a_parse_whose_pages_are_all_beyond_a_limit_has_failed() {
        let mut sink = PageSink::new(Arc::new(Mutex::new(spool([]))));
        for page in [failed_page(1), parsed_page(2, &[&"x".repeat(2 << 20)])] {
            sink.put(page).await.expect("it is no fault of the worker");
        }
        let kept = sink.finish();
        assert_eq!(kept.failed_pages, [1, 2]);
        assert_eq!(kept.fault.map(|fault| (fault.code, fault.page)), Some((ErrorCode::ResourceLimit, None)));
    }

    #[tokio::test]
    async fn a_full_disk_is_remembered_as_the_reason_whatever_the_engine_says() {
        let mut sink = PageSink::new(Arc::new(Mutex::new(Spool::on_full_disk())));
        for number in [1, 2] {
            let fault = sink.put(parsed_page(number, &["text"])).await.expect_err("there is no room");
            assert_eq!(fault.code, ErrorCode::Internal);
        }
        let fault = sink.take_fault().expect("it is remembered");
        assert!(fault.message.contains("temporary folder"), "{}", fault.chain());
        assert!(sink.take_fault().is_none());
    }

    #[tokio::test]
    async fn a_failed_parse_leaves_no_pages_behind() {
        let spool = Arc::new(Mutex::new(spool([parsed_page(9, &[])])));
        let mut sink = PageSink::new(Arc::clone(&spool));
        sink.put(parsed_page(1, &["text"])).await.expect("room");
        sink.discard().await;
        assert_eq!(numbers(&spool), [9]);
    }
}
