//! Lists the Rust files of the repository and their text.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The members whose code is shipped.
pub(crate) const SHIPPED: [&str; 3] = ["schemas/src", "producer/src", "worker/src"];

/// Returns the root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member of the workspace").to_owned()
}

/// Reads a file of the repository.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Lists the Rust files below these folders by their paths from the root, sorted, with their whole text.
pub(crate) fn texts(folders: &[&str]) -> Vec<(String, String)> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a readable folder");
            open.extend(entries.map(|entry| entry.expect("a readable folder").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root()).expect("it was found there").to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).expect("sources are text")));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are no sources in {folders:?}");
    found
}

/// Lists the same files without their comment lines.
pub(crate) fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let code = |text: String| {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    };
    texts(folders).into_iter().map(|(name, text)| (name, code(text))).collect()
}
