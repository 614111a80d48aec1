//! The way of an engine's pages from the blocking thread that makes them to where they are kept.

use quire_schemas::{failure::ErrorCode, result::Phase};
use tokio::task::spawn_blocking;

use crate::{
    job::Fault,
    parse::{KeepPages, ParsedPage},
};

/// Makes pages on blocking threads and hands them over one by one; returns the maker, which knows what else the
/// answer says. Each page is a blocking task of its own: a task that waited for its page to be kept would hold a
/// thread that the keeping may need.
///
/// # Errors
/// A fault of `sink`, or a defect of the maker. The engine has answered, which the fault says.
pub(in crate::parse) async fn feed<I>(sink: &mut impl KeepPages, mut pages: I) -> Result<I, Fault>
where
    I: Iterator<Item = ParsedPage> + Send + 'static,
{
    loop {
        let page;
        (page, pages) = spawn_blocking(move || (pages.next(), pages)).await.map_err(|error| {
            let message = "the worker failed to read an engine's answer";
            Fault::new(ErrorCode::Internal, Phase::Parse, message).because(error).answered()
        })?;
        let Some(page) = page else { return Ok(pages) };
        sink.keep(page).await.map_err(Fault::answered)?;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        ops::Range,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
        time::Duration,
    };

    use futures_util::future::join_all;
    use quire_schemas::result::Page;
    use tokio::time::timeout;

    use super::*;

    struct FullAfter(usize, Vec<u32>);

    impl KeepPages for FullAfter {
        async fn keep(&mut self, page: ParsedPage) -> Result<(), Fault> {
            if self.1.len() == self.0 {
                return Err(Fault::new(ErrorCode::Internal, Phase::Parse, "full"));
            }
            self.1.push(page.page.page_number);
            Ok(())
        }
    }

    struct Numbered(Range<u32>, Arc<AtomicU32>);

    impl Iterator for Numbered {
        type Item = ParsedPage;

        fn next(&mut self) -> Option<ParsedPage> {
            let number = self.0.next()?;
            self.1.store(number, Ordering::Relaxed);
            Some(ParsedPage { page: Page::new(number), elements: Vec::new() })
        }
    }

    #[tokio::test]
    async fn pages_are_kept_in_their_order() {
        let mut sink = FullAfter(usize::MAX, Vec::new());
        feed(&mut sink, Numbered(1..6, Arc::default())).await.expect("room for all");
        assert_eq!(sink.1, [1, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn no_more_pages_are_made_once_one_cannot_be_kept() {
        let made: Arc<AtomicU32> = Arc::default();
        let mut sink = FullAfter(3, Vec::new());
        let fault = feed(&mut sink, Numbered(1..u32::MAX, Arc::clone(&made))).await.err().expect("the sink is full");
        assert_eq!(fault.code, ErrorCode::Internal);
        assert!(fault.is_answer(), "the breaker does not learn that the engine answered");
        assert_eq!(sink.1, [1, 2, 3]);
        assert_eq!(made.load(Ordering::Relaxed), 4);
    }

    /// Keeps pages on a blocking thread, as the spool does.
    struct Spooled(Vec<u32>);

    impl KeepPages for Spooled {
        async fn keep(&mut self, page: ParsedPage) -> Result<(), Fault> {
            let writing = spawn_blocking(move || page.page.page_number);
            self.0.push(writing.await.expect("reading a number does not panic"));
            Ok(())
        }
    }

    #[test]
    fn more_answers_than_blocking_threads_are_read_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().max_blocking_threads(2).build();
        let answers = (0..8).map(|_| async {
            let mut sink = Spooled(Vec::new());
            feed(&mut sink, Numbered(1..20, Arc::default())).await.expect("room for all");
            sink.0.len()
        });
        // A deadlock fails the test instead of blocking it.
        let kept = runtime
            .expect("a runtime starts")
            .block_on(async { timeout(Duration::from_secs(20), join_all(answers)).await });
        assert_eq!(kept.expect("no blocking thread waits for another one"), [19; 8]);
    }
}
