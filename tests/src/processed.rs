//! `quire-worker process`, and the folder that it leaves behind.

use std::{
    ffi::OsStr,
    path::PathBuf,
    process::{Command, Output},
};

use quire_producer::schemas::result::ParseResult;
use serde_json::Value;
use tempfile::TempDir;

use crate::{process::programs, samples};

/// Returns the path of a built program.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    programs().join(name)
}

/// Returns the libpdfium that the tests were told of.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "where the library is is told by the environment")]
pub fn libpdfium() -> Option<PathBuf> {
    std::env::var_os("QUIRE_PDFIUM_LIBRARY").map(PathBuf::from)
}

/// A folder of results, and what the command said.
#[derive(Debug)]
pub struct Processed {
    /// How the command ended, and what it printed.
    pub output: Output,
    folder: TempDir,
}

impl Processed {
    /// Runs the command with these arguments and a fresh folder to write to.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(program("quire-worker"));
        command.arg("process").args(arguments).arg("--out").arg(folder.path());
        let output = command.output().expect("`cargo build --workspace` came before the tests");
        Self { output, folder }
    }

    /// Processes one sample, which has to succeed.
    #[must_use]
    pub fn sample(name: &str) -> Self {
        let processed = Self::run(&[samples::path(name)]);
        assert_eq!(processed.code(), 0, "{:?}", processed.output);
        processed
    }

    /// Returns the code that the command exited with.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.output.status.code().expect("it ends by itself")
    }

    /// Returns where a file or folder lies that the command left behind.
    #[must_use]
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Reads a file of the folder.
    #[must_use]
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Reads the result of the document that got this folder.
    #[must_use]
    pub fn result(&self, folder: &str) -> ParseResult {
        serde_json::from_slice(&self.read(&format!("{folder}/result.json"))).expect("a result is a result")
    }

    /// Returns what a command with `--json` printed.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout).expect("`--json` prints JSON and nothing else")
    }

    /// Lists every file below the folder, with paths from there, sorted.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let mut open = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a readable folder") {
                let path = entry.expect("a readable folder").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let below = path.strip_prefix(self.folder.path()).expect("it was found there");
                    files.push(below.to_string_lossy().into_owned());
                }
            }
        }
        files.sort();
        files
    }
}
