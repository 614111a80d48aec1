//! Runs `quire-worker process` over the documents of some cases.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    io::Write as _,
};

use super::{case::Case, outcome::Outcome};
use crate::processed::Processed;

/// So many of the last bytes that the command has printed are shown.
const LAST_WORDS: usize = 400;

/// Processes every document once: those without a password in one call, and those of each password in another.
/// Returns what became of each case, in their order, or why there is nothing.
pub(super) fn run(cases: &[Case]) -> Vec<Result<Outcome, String>> {
    let passwords: BTreeSet<_> = cases.iter().map(|case| case.password.as_deref()).collect();
    let mut calls: BTreeMap<Option<&str>, Call> = BTreeMap::new();
    for password in passwords {
        let of_password = cases.iter().filter(|case| case.password.as_deref() == password);
        let files: BTreeSet<_> = of_password.map(|case| case.path().into_os_string()).collect();
        calls.insert(password, Call::of(files, password));
    }
    cases.iter().map(|case| calls[&case.password.as_deref()].outcome(case)).collect()
}

/// What one call left.
#[derive(Debug)]
struct Call {
    processed: Processed,
    files: BTreeSet<String>,
}

impl Call {
    fn of(documents: BTreeSet<OsString>, password: Option<&str>) -> Self {
        let mut arguments: Vec<OsString> = ["--dpi", "150", "--format", "png"].map(OsString::from).into();
        arguments.extend(documents);
        // Kept until the command has ended.
        let secret = password.map(written);
        if let Some(file) = &secret {
            arguments.extend([OsString::from("--password-file"), file.path().into()]);
        }
        let processed = Processed::run(&arguments);
        let files = processed.files().into_iter().collect();
        Self { processed, files }
    }

    fn outcome(&self, case: &Case) -> Result<Outcome, String> {
        let read = |path: &str| self.files.contains(path).then(|| self.processed.read(path));
        Outcome::read(case.stem(), read).map_err(|fault| {
            let output = &self.processed.output;
            let printed = String::from_utf8_lossy(&output.stderr);
            let last = &printed[printed.ceil_char_boundary(printed.len().saturating_sub(LAST_WORDS))..];
            format!("{fault}; the command ended with {} and printed {last:?}", output.status)
        })
    }
}

fn written(password: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    writeln!(file, "{password}").expect("a temporary file takes a line");
    file
}
