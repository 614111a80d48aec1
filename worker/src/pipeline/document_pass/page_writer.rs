//! Second phase of the pass: reads each page again, and hands what becomes of its elements to the writers.

use quire_schemas::result::{Page, Warning};

use super::{
    course::Course,
    joined::joined,
    json_fields::JsonFields,
    of_document::OfDocument,
    rewrite::{self, Rewriting},
    spooled_page::{SpooledPage, unreadable},
    structure::{At, Decisions},
    writers::{Writers, Written},
};
use crate::{job::Fault, pipeline::spool::Spool};

/// Writes the pages of a document, in their order.
pub(super) struct PageWriter<'a> {
    document: &'a OfDocument<'a>,
    spool: &'a mut Spool,
    writers: Writers,
    course: Course,
}

impl<'a> PageWriter<'a> {
    pub(super) fn new(document: &'a OfDocument<'a>, spool: &'a mut Spool, writers: Writers) -> Self {
        Self { document, spool, writers, course: Course::default() }
    }

    /// Writes the next page, of which this is known beside its parse.
    pub(super) fn write(&mut self, known: &Page) -> Result<(), Fault> {
        match self.spool.read_json(known.page_number)? {
            Some(json) => self.parsed(&json, known),
            None => self.writers.write_row(known),
        }
    }

    pub(super) fn finish(self, warnings: Vec<Warning>) -> Result<Written, Fault> {
        self.writers.finish(warnings)
    }

    fn parsed(&mut self, json: &str, known: &Page) -> Result<(), Fault> {
        let Self { document, spool, writers, course } = self;
        let number = known.page_number;
        let unreadable = |error| unreadable(number, error);
        let mut page = SpooledPage::read(json, number).map_err(unreadable)?;
        let of_page = document.statistics.of_page(number).expect("both phases read the same pages");
        let mut rewriting = Rewriting::of_page(of_page, document, course);
        writers.begin_page(number, &page.row)?;
        for element in page.elements() {
            if let Some(group) = rewriting.group().map_err(unreadable)? {
                writers.write_element(&serde_json::from_str(&group).map_err(unreadable)?)?;
            }
            let parts = document.decisions.parts_behind(rewriting.at());
            let parts = read_parts(spool, parts)?;
            write_element(element.map_err(unreadable)?, &parts, document.decisions, &mut rewriting, writers)?;
        }
        rewrite::row(&mut page.row, known, rewriting, document.statistics, document.limits).map_err(unreadable)?;
        writers.write_row(&page.row)
    }
}

/// Writes the next element of a page, whose further parts are these. A paragraph that goes on behind a break is one
/// element of the page on which it begins, and each page shows its part.
fn write_element(
    mut element: JsonFields<'_>,
    parts: &[String],
    decisions: &Decisions,
    rewriting: &mut Rewriting<'_>,
    writers: &mut Writers,
) -> Result<(), Fault> {
    let at = rewriting.at();
    let unreadable = |error| unreadable(at.0, error);
    if decisions.is_further_part(at) {
        rewriting.part(&mut element, None).map_err(unreadable)?;
        rewriting.pass_over();
        return writers.write_part(&element);
    }
    if parts.is_empty() {
        rewriting.element(&mut element).map_err(unreadable)?;
        return writers.write_element(&element);
    }
    let whole = joined(&element, parts).map_err(unreadable)?;
    let mut whole = serde_json::from_str(&whole).map_err(unreadable)?;
    rewriting.element(&mut whole).map_err(unreadable)?;
    writers.write_whole(&whole)?;
    rewriting.part(&mut element, decisions.of(at)).map_err(unreadable)?;
    writers.write_part(&element)
}

/// Reads the elements at these places, which are few, each as JSON.
fn read_parts(spool: &mut Spool, places: &[At]) -> Result<Vec<String>, Fault> {
    let mut parts = Vec::with_capacity(places.len());
    for of_page in places.chunk_by(|a, b| a.0 == b.0) {
        let number = of_page[0].0;
        let json = spool.read_json(number)?.unwrap_or_default();
        let page = SpooledPage::read(&json, number).map_err(|error| unreadable(number, error))?;
        let mut wanted = of_page.iter().map(|(_, index)| *index).peekable();
        for (index, element) in page.elements().enumerate() {
            if wanted.next_if_eq(&index).is_some() {
                let part = element.and_then(|element| serde_json::to_string(&element));
                parts.push(part.map_err(|error| unreadable(number, error))?);
            }
            if wanted.peek().is_none() {
                break;
            }
        }
    }
    Ok(parts)
}
