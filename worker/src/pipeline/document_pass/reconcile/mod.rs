//! Compares what an engine found on each page with what the PDF itself holds. Pure.
//!
//! The recall of a page is the share of its own text that the engine found. For an engine behind HTTP it counts
//! [words](words), each as often as it stands in both, in any order. The local engine reads that text itself: what it
//! may lose is what stands in no element, counted by letters and digits.

mod comparison;
mod page_words;
mod words;

use std::collections::BTreeMap;

use quire_schemas::{
    failure::WarningCode,
    page_ranges::PageRanges,
    result::{BranchName, Phase, Warning},
};
use serde_json::{Value, json};

use self::comparison::Comparison;
use super::{json_fields::JsonFields, spooled_page::SpooledPage};
use crate::parse::local::Placement;

pub(crate) use self::page_words::PageWords;

/// Pages with fewer characters of their own are not judged.
const ENOUGH_TO_JUDGE: u32 = 40;
/// A page of which less is found has a warning, whatever the job says.
const LOW_RECALL: f64 = 0.5;
/// Share of the engine's words that the page does not hold, from which they are called invented,
const MUCH_INVENTED: f64 = 0.3;
/// if there are so many of them.
const LEAST_INVENTED: u32 = 20;

/// What is known of the text that the PDF itself holds on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NativeText {
    /// The local engine parses; this is what became of the text.
    Placed(Placement),
    /// Another engine parses; these are the words that it should find.
    Words(PageWords),
}

/// Compares pages, which come in ascending order.
#[derive(Debug)]
pub(super) struct Reconciliation<'n> {
    natives: &'n BTreeMap<u32, NativeText>,
    open: Option<Comparison<'n>>,
    judged: Vec<Judged>,
}

/// What the comparison of a page came to.
#[derive(Debug, Clone, PartialEq)]
struct Judged {
    page: u32,
    recall: f64,
    is_empty: bool,
    /// How many of the engine's words the page does not hold, and of how many.
    invented: Option<(u32, u32)>,
    /// Of the local engine.
    placement: Option<Placement>,
}

/// What the comparison of a document came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Reconciled {
    pub(super) warnings: Vec<Warning>,
    /// Whether a page has less recall than the job asks for.
    pub(super) is_partial: bool,
}

impl<'n> Reconciliation<'n> {
    /// Begins with what is known of each page; pages that are not named are not judged.
    pub(super) const fn new(natives: &'n BTreeMap<u32, NativeText>) -> Self {
        Self { natives, open: None, judged: Vec::new() }
    }

    /// Takes the next page. Its elements follow.
    pub(super) fn begin_page(&mut self, page: &SpooledPage<'_>) -> serde_json::Result<()> {
        self.end_page();
        if page.has_failed()? {
            return Ok(());
        }
        match self.natives.get(&page.number) {
            Some(NativeText::Words(words)) if words.characters() >= ENOUGH_TO_JUDGE && words.due() > 0 => {
                self.open = Some(Comparison::new(page.number, words));
            }
            Some(NativeText::Placed(placement)) if placement.letters >= ENOUGH_TO_JUDGE => {
                self.judged.push(Judged::of_local(page.number, *placement));
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the next element of the page that was begun.
    pub(super) fn add(&mut self, element: &JsonFields<'_>) -> serde_json::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.add(element))
    }

    /// Ends the document. `min_recall` is the least recall of a page that the job asks for.
    pub(super) fn finish(mut self, min_recall: Option<f64>) -> Reconciled {
        self.end_page();
        let bar = min_recall.map_or(LOW_RECALL, |bar| bar.max(LOW_RECALL));
        let mut warnings: Vec<Warning> = self.judged.iter().flat_map(|page| page.warnings(bar)).collect();
        let below = min_recall.and_then(|bar| self.below(bar));
        let is_partial = below.is_some();
        warnings.extend(below);
        Reconciled { warnings, is_partial }
    }

    fn end_page(&mut self) {
        self.judged.extend(self.open.take().map(|open| Judged::of_other(&open)));
    }

    /// Names the pages below the bar of the job, once for the document. `None` if there are none.
    fn below(&self, bar: f64) -> Option<Warning> {
        let below: Vec<u32> = self.judged.iter().filter(|page| page.recall < bar).map(|page| page.page).collect();
        if below.is_empty() {
            return None;
        }
        let pages = PageRanges::of_pages(below).to_string();
        let message =
            format!("the parse is partial: pages {pages} have a recall below parse.options.min_recall ({bar})");
        let details = json!({ "min_recall": bar, "pages": pages });
        Some(warning(WarningCode::LowTextRecall, message, details).in_phase(Phase::Assemble))
    }
}

impl Judged {
    fn of_local(page: u32, placement: Placement) -> Self {
        let recall = f64::from(placement.placed) / f64::from(placement.letters.max(1));
        Self { page, recall, is_empty: placement.placed == 0, invented: None, placement: Some(placement) }
    }

    fn of_other(open: &Comparison<'_>) -> Self {
        let (recall, is_empty, invented) = (open.recall(), open.is_empty(), open.invented());
        Self { page: open.page, recall, is_empty, invented, placement: None }
    }

    fn warnings(&self, bar: f64) -> impl Iterator<Item = Warning> {
        let of_page = move |warning: Warning| warning.on_page(self.page).in_phase(Phase::Parse);
        [self.lost(bar), self.invented()].into_iter().flatten().map(of_page)
    }

    fn lost(&self, bar: f64) -> Option<Warning> {
        let mut details = json!({ "recall": thousandths(self.recall) });
        if self.is_empty {
            let message = "the engine found nothing on a page that has text".to_owned();
            return Some(warning(WarningCode::EmptyPage, message, details));
        }
        let message = match self.placement {
            _ if self.recall >= bar => return None,
            Some(Placement { given, repeated, letters, placed }) => {
                details["given_characters"] = given.into();
                details["repeated_characters"] = repeated.into();
                format!("{placed} of {letters} letters and digits that the page shows stand in elements")
            }
            None => {
                let found = percent(self.recall);
                format!("the engine found {found} of the words that the PDF itself holds on the page")
            }
        };
        Some(warning(WarningCode::LowTextRecall, message, details))
    }

    fn invented(&self) -> Option<Warning> {
        let (invented, all) = self.invented?;
        let share = f64::from(invented) / f64::from(all.max(1));
        if invented < LEAST_INVENTED || share <= MUCH_INVENTED {
            return None;
        }
        let message =
            format!("{} of the engine's words stand nowhere in the PDF's own text of the page", percent(share));
        Some(warning(WarningCode::InventedText, message, json!({ "share": thousandths(share) })))
    }
}

fn warning(code: WarningCode, message: String, details: Value) -> Warning {
    let mut warning = Warning::of(code, message).in_branch(BranchName::Parse);
    if let Value::Object(details) = details {
        warning.details = details;
    }
    warning
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn thousandths(share: f64) -> f64 {
    (1000.0 * share).round() / 1000.0
}

#[cfg(test)]
mod tests;
