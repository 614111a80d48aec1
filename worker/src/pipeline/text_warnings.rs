//! Warnings about a document and the text of its pages, from what the renderer has found. Pure.

use quire_schemas::{
    failure::WarningCode,
    job::Engine,
    page_ranges::PageRanges,
    result::{BranchName, Phase, Warning},
};

use crate::{
    parse::local::{Ambiguity, Doubt, Findings, Hidden, NeedsOcr},
    render::{Cell, CellLevel, DocumentCut},
};

/// Warns that a document was read outside a closed sandbox.
pub(super) fn of_cell(cell: &Cell) -> Option<Warning> {
    let Cell { level, missing } = cell;
    let message = || format!("the sandbox of the renderers reached the level {level} of full: {}", missing.join("; "));
    (*level < CellLevel::Full).then(|| Warning::of(WarningCode::SandboxReduced, message()).in_phase(Phase::Render))
}

/// Makes the warnings of a page.
pub(super) fn of_page(page: u32, findings: &Findings) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, message| {
        let warning = Warning::of(code, message).on_page(page).in_branch(BranchName::Parse).in_phase(Phase::Parse);
        warnings.push(warning);
    };
    if let Some(need) = findings.ocr_required {
        warn(WarningCode::OcrRequired, needs_ocr(need).to_owned());
    }
    if let Some((unmapped, all)) = findings.unmapped {
        let share = percent(f64::from(unmapped) / f64::from(all.max(1)));
        let message = format!("{unmapped} of {all} characters ({share}) have no Unicode value that can be trusted");
        warn(WarningCode::TextUnmapped, message);
    }
    if let Some(suspicion) = findings.suspicion {
        let doubt = suspicion.doubt.name();
        let measure = match suspicion.doubt {
            Doubt::LetterFrequency => format!("{:.1} bits a letter", suspicion.measure),
            _ => percent(suspicion.measure),
        };
        warn(WarningCode::SuspiciousText, format!("the text of a font is not plausible; {doubt}: {measure}"));
    }
    for (reason, characters) in &findings.hidden {
        match reason {
            Hidden::OutsidePage => {
                warn(WarningCode::OutsidePage, format!("{characters} characters lie outside the displayed page"));
            }
            _ => {
                let reason = reason.name();
                warn(WarningCode::HiddenText, format!("{characters} characters are not shown by the page ({reason})"));
            }
        }
    }
    for cut in &findings.cut {
        warn(WarningCode::LimitReached, cut.message());
    }
    for (code, what, count) in of_layout(findings.ambiguity) {
        warn(code, format!("{what}: {count}"));
    }
    warnings
}

/// Says what of a page's layout could be read otherwise, and how many areas of it.
fn of_layout(ambiguity: Ambiguity) -> impl Iterator<Item = (WarningCode, &'static str, u32)> {
    let Ambiguity { dropped_tables, regions, simplified } = ambiguity;
    let doubts = [
        (
            WarningCode::TableDropped,
            "areas with rows and columns that are nearly tables and are read as text",
            dropped_tables,
        ),
        (WarningCode::AmbiguousLayout, "regions that could be columns of text as well as rows of a table", regions),
        (
            WarningCode::AmbiguousLayout,
            "regions that are read row by row because the page has more parts than are told apart",
            simplified,
        ),
    ];
    doubts.into_iter().filter(|(_, _, count)| *count > 0)
}

/// Names the pages of a document that need optical recognition, once, so that they can be sent again alone. `readers`
/// are the engines of this worker that read pictures of text.
pub(super) fn of_document(warnings: &[Warning], readers: &[Engine]) -> Option<Warning> {
    let needs_ocr = |warning: &&Warning| warning.code == WarningCode::OcrRequired.as_str();
    let pages: Vec<u32> = warnings.iter().filter(needs_ocr).filter_map(|warning| warning.page_number).collect();
    if pages.is_empty() {
        return None;
    }
    let pages = PageRanges::of_pages(pages);
    let readers: Vec<&str> = readers.iter().map(|engine| engine.as_str()).collect();
    let cure = if readers.is_empty() {
        "this worker has no engine that does it".to_owned()
    } else {
        format!("a job with parse.pages \"{pages}\" and parse.engine {} reads them alone", readers.join(" or "))
    };
    let message = format!("pages that need optical recognition: {pages}; {cure}");
    Some(Warning::of(WarningCode::OcrRequired, message).in_branch(BranchName::Parse).in_phase(Phase::Assemble))
}

/// Says what is left out of what a document says of itself.
pub(super) fn of_cut(cut: DocumentCut) -> Warning {
    Warning::of(WarningCode::LimitReached, cut.message()).in_phase(Phase::Assemble)
}

/// Says that a document was read without what its file says beside libpdfium. `None` if it was not.
pub(super) fn of_left_out_facts(are_left_out: bool) -> Option<Warning> {
    let message = "the file is too slow or too damaged to be read twice: false page counts are believed, layers that are \
                   off count as shown, and user units, attachments, structure and names of glyphs are not known";
    let warning = || Warning::of(WarningCode::FileFactsLeftOut, message).in_phase(Phase::Fetch);
    are_left_out.then(warning)
}

/// Says that a page could be read only without what the file says beside libpdfium.
pub(super) fn of_page_without_facts(page: u32) -> Warning {
    let message = "the page could be read only without its layers, structure and names of glyphs: layers that are off count as \
                   shown";
    Warning::of(WarningCode::FileFactsLeftOut, message)
        .on_page(page)
        .in_branch(BranchName::Parse)
        .in_phase(Phase::Parse)
}

/// Says that a document carries files, of which so many are stored. `None` if it carries none.
pub(super) fn of_attachments(count: u32, is_portfolio: bool, stored: usize) -> Option<Warning> {
    let what = if is_portfolio { "is a portfolio of" } else { "carries" };
    let kept = if stored > 0 { format!("; {stored} of them are stored") } else { String::new() };
    let message = format!("the document {what} {count} files, whose content is not read{kept}");
    let warning = Warning::of(WarningCode::AttachmentsNotRead, message);
    (count > 0).then(|| warning.in_branch(BranchName::Parse).in_phase(Phase::Assemble))
}

const fn needs_ocr(need: NeedsOcr) -> &'static str {
    match need {
        NeedsOcr::Picture => "the page is a picture with next to no text",
        NeedsOcr::Unreadable => "the page has characters, and none of them has a Unicode value that can be trusted",
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::local::{Cut, Suspicion};

    #[test]
    fn pages_that_need_recognition_are_named_once_for_the_document() {
        let of = |page| Warning::of(WarningCode::OcrRequired, "a picture").on_page(page);
        let other = Warning::of(WarningCode::HiddenText, "unseen").on_page(9);
        assert_eq!(of_document(std::slice::from_ref(&other), &[]), None);
        let told =
            |readers: &[Engine]| of_document(&[of(2), of(3), other.clone(), of(7)], readers).map(|told| told.message);
        assert_eq!(
            told(&[Engine::Llamaparse]).as_deref(),
            Some(
                "pages that need optical recognition: 2-3,7; a job with parse.pages \"2-3,7\" and parse.engine llamaparse \
                 reads them alone"
            )
        );
        let message = told(&[]).expect("a warning");
        assert!(message.ends_with("this worker has no engine that does it"), "{message}");
    }

    #[test]
    fn a_document_that_carries_files_is_named() {
        assert_eq!(of_attachments(0, false, 0), None);
        let message = |is_portfolio, stored| of_attachments(3, is_portfolio, stored).expect("there are files").message;
        assert_eq!(message(false, 0), "the document carries 3 files, whose content is not read");
        assert_eq!(message(true, 0), "the document is a portfolio of 3 files, whose content is not read");
        assert_eq!(message(false, 2), "the document carries 3 files, whose content is not read; 2 of them are stored");
    }

    #[test]
    fn a_cut_of_the_document_is_no_warning_of_a_page() {
        let warning = of_cut(DocumentCut::Bookmarks);
        assert_eq!((warning.code.as_str(), warning.page_number), ("limit_reached", None));
        assert!(warning.message.contains("20000 bookmarks"), "{}", warning.message);
    }

    #[test]
    fn each_finding_is_one_warning_that_says_how_much() {
        assert_eq!(of_page(1, &Findings::default()), []);
        let findings = Findings {
            ocr_required: Some(NeedsOcr::Unreadable),
            unmapped: Some((7, 28)),
            suspicion: Some(Suspicion { doubt: Doubt::Symbols, measure: 0.5 }),
            hidden: vec![(Hidden::OutsidePage, 12), (Hidden::Covered, 3)],
            cut: vec![Cut::Links],
            ambiguity: Ambiguity { dropped_tables: 2, regions: 1, simplified: 4 },
            ..Findings::default()
        };
        let warnings = of_page(4, &findings);
        assert!(warnings.iter().all(|warning| warning.page_number == Some(4)));
        let texts: Vec<String> =
            warnings.iter().map(|warning| format!("{}: {}", warning.code, warning.message)).collect();
        assert_eq!(
            texts,
            [
                "ocr_required: the page has characters, and none of them has a Unicode value that can be trusted",
                "text_unmapped: 7 of 28 characters (25 %) have no Unicode value that can be trusted",
                "suspicious_text: the text of a font is not plausible; symbols: 50 %",
                "outside_page: 12 characters lie outside the displayed page",
                "hidden_text: 3 characters are not shown by the page (covered)",
                "limit_reached: the page has more than 5000 links, or 4 MiB of their addresses; the rest is left out",
                "table_dropped: areas with rows and columns that are nearly tables and are read as text: 2",
                "ambiguous_layout: regions that could be columns of text as well as rows of a table: 1",
                "ambiguous_layout: regions that are read row by row because the page has more parts than are told apart: 4",
            ]
        );
    }
}
