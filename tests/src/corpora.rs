//! A folder of PDFs with measured ground truth, through a real worker.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt, stream};
use quire_producer::schemas::{
    job::{ImageOptions, Job},
    result::ParseResult,
};

use crate::World;

/// Documents on their way at once.
const AT_ONCE: usize = 16;
/// Small enough to be quick; every page is still drawn.
const DPI: u32 = 72;

/// Files whose page tree has another number of pages than was measured, that number, and why. libpdfium, which
/// measured, believes `Count`; a worker counts the pages that the tree links.
const COUNTED_BY_TREE: [(&str, u32, &str); 5] = [
    ("pdfium/bug_680376.pdf", 6, "/Count 4 over kids that list one page five times and another one once"),
    ("pdfium/document_aactions.pdf", 1, "/Count 3 over a single page"),
    ("pdfium/named_dests_old_style.pdf", 1, "/Count 2 over a single page"),
    ("pdfium/unsupported_feature.pdf", 1, "/Count 3 over a single page"),
    (
        "qpdf/6310410941956096.fuzz",
        1,
        "/Count 30 over two references, of which one leads to an object; not opened as it is",
    ),
];

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Where it lies, relative to the folder.
    pub file: String,
    /// What became of it when it was measured.
    pub truth: Truth,
}

/// What opening a file gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It opens and has so many pages.
    Pages(u32),
    /// It wants a password.
    Encrypted,
    /// It does not open.
    Damaged,
    /// It does not open, for one reason or the other.
    NotOpening,
    /// The measurement itself never ended: anything but a crash of the worker will do.
    Unknown,
}

/// What came out of a folder.
#[derive(Debug, Default)]
pub struct Report {
    /// Files that ended in a result.
    pub ended: usize,
    /// How many ended how: a status, with the first error's code.
    pub ends: BTreeMap<String, usize>,
    /// Where result and ground truth differ.
    pub differences: Vec<String>,
}

/// Returns the corpora beside the repository, if they are there.
#[must_use]
pub fn beside_the_repository() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    folder.join("ground-truth.tsv").exists().then_some(folder)
}

/// Reads the ground truth of a folder: what was measured, or what the page tree says where the two are known to differ.
///
/// # Panics
/// If there is none, or if a file that is known to differ does so no longer.
#[must_use]
pub fn expectations(folder: &Path) -> Vec<Expectation> {
    let text = std::fs::read_to_string(folder.join("ground-truth.tsv")).expect("the folder has a ground-truth.tsv");
    text.lines().skip(1).filter_map(expectation).map(by_tree).collect()
}

/// Takes the files out that are known to differ from what was measured.
#[must_use]
pub fn counted_by_tree(all: &[Expectation]) -> Vec<Expectation> {
    all.iter().filter(|expected| tree_of(&expected.file).is_some()).cloned().collect()
}

fn tree_of(file: &str) -> Option<(u32, &'static str)> {
    COUNTED_BY_TREE.iter().find(|(listed, ..)| *listed == file).map(|(_, pages, reason)| (*pages, *reason))
}

fn by_tree(measured: Expectation) -> Expectation {
    let Some((pages, reason)) = tree_of(&measured.file) else { return measured };
    let truth = Truth::Pages(pages);
    assert_ne!(measured.truth, truth, "{} is listed as differing: {reason}", measured.file);
    Expectation { truth, ..measured }
}

fn expectation(line: &str) -> Option<Expectation> {
    let columns: Vec<&str> = line.split('\t').collect();
    let (file, opens, pages) = (*columns.first()?, *columns.get(3)?, columns.get(4)?.parse().unwrap_or(0));
    let error = columns.get(8).copied().unwrap_or_default();
    let truth = match opens {
        "1" => Truth::Pages(pages),
        // The measuring library says so too of files that merely have no pages.
        _ if error.contains("password") && columns.get(7)?.split(',').any(|flag| flag == "enc") => Truth::Encrypted,
        _ if error.contains("password") => Truth::NotOpening,
        _ if error.contains("TIMEOUT") => Truth::Unknown,
        _ => Truth::Damaged,
    };
    Some(Expectation { file: file.to_owned(), truth })
}

/// Takes evenly spaced files, the same ones every time.
#[must_use]
pub fn sample(all: Vec<Expectation>, count: usize) -> Vec<Expectation> {
    let step = (all.len() / count.max(1)).max(1);
    all.into_iter().step_by(step).take(count).collect()
}

/// Sends the files through the worker of a world and compares.
pub async fn run(world: &World, folder: &Path, files: Vec<Expectation>) -> Report {
    let ended = stream::iter(files).map(|expected| async move {
        let document = std::fs::read(folder.join(&expected.file)).expect("the ground truth names files that are there");
        let images = ImageOptions { dpi: DPI, ..ImageOptions::default() };
        let job = Job { images: Some(images), ..Job::new(world.upload(document).await) };
        let job_id = world.submit(job).await;
        (expected, world.await_result(&job_id).await)
    });
    let mut ended = ended.buffer_unordered(AT_ONCE);
    let mut report = Report::default();
    while let Some((expected, result)) = ended.next().await {
        report.add(&expected, &result);
    }
    report
}

impl Report {
    fn add(&mut self, expected: &Expectation, result: &ParseResult) {
        let code = result.errors.first().map_or("", |error| error.code.as_str());
        self.ended += 1;
        *self.ends.entry(format!("{} {code}", result.status).trim_end().to_owned()).or_default() += 1;
        let as_expected = match expected.truth {
            Truth::Pages(pages) => result.source.page_count == Some(pages),
            Truth::Encrypted => code == "password_required",
            Truth::Damaged => matches!(code, "invalid_document" | "not_a_pdf"),
            Truth::NotOpening => matches!(code, "invalid_document" | "not_a_pdf" | "password_required"),
            Truth::Unknown => true,
        };
        if !as_expected {
            let (file, truth, found) = (&expected.file, expected.truth, result.source.page_count);
            self.differences.push(format!("{file}: {truth:?}, but {} {code} with {found:?} pages", result.status));
        }
    }

    /// Writes it for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{} files ended in a result\n", self.ended);
        for (end, count) in &self.ends {
            let _ = writeln!(text, "{count:6}  {end}");
        }
        let _ = writeln!(text, "{} differ from the ground truth", self.differences.len());
        for difference in &self.differences {
            let _ = writeln!(text, "  {difference}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(file: &str, truth: Truth) -> Expectation {
        Expectation { file: file.to_owned(), truth }
    }

    #[test]
    fn a_file_that_is_known_to_differ_is_expected_to_have_the_pages_of_its_tree() {
        let expected = by_tree(measured("pdfium/bug_680376.pdf", Truth::Pages(4)));
        assert_eq!(expected.truth, Truth::Pages(6));
        let other = measured("pdfium/bug_113.pdf", Truth::Pages(1));
        assert_eq!(by_tree(other.clone()), other);
    }

    #[test]
    #[should_panic(expected = "is listed as differing")]
    fn a_listed_file_that_differs_no_longer_is_to_be_taken_off_the_list() {
        by_tree(measured("pdfium/bug_680376.pdf", Truth::Pages(6)));
    }

    #[test]
    fn every_listed_file_is_measured_when_the_corpora_are_there() {
        let Some(folder) = beside_the_repository() else { return };
        assert_eq!(counted_by_tree(&expectations(&folder)).len(), COUNTED_BY_TREE.len());
    }
}
