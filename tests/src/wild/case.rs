//! The cases of `expected.jsonl`: a document, perhaps a password, and the checks that must all hold.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Deserialize;

use super::{check::Check, outcome::Outcome};

/// One line of `expected.jsonl`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The name of the document.
    pub file: String,
    /// Names the trap; several documents may have the same one.
    pub kind: String,
    /// The right behaviour in a sentence.
    pub why: String,
    pub(super) checks: Vec<Check>,
    /// Given to the command, if there is one.
    pub(super) password: Option<String>,
}

impl Case {
    /// Returns what tells the case from all others: the document's name, and whether a password is given.
    #[must_use]
    pub fn name(&self) -> String {
        let file = &self.file;
        if self.password.is_some() { format!("{file} with its password") } else { file.clone() }
    }

    pub(super) fn path(&self) -> PathBuf {
        super::folder().join(&self.file)
    }

    /// Returns the folder that `process` writes: the document's name without its extension.
    pub(super) fn stem(&self) -> &str {
        self.file.strip_suffix(".pdf").expect("a case with another name is not read")
    }

    /// Lists every check that does not hold, each with what was found.
    pub(super) fn wrong(&self, outcome: &Outcome) -> Vec<String> {
        let found = |check: &Check| check.hold(outcome).err().map(|found| format!("{check}: {found}"));
        self.checks.iter().filter_map(found).collect()
    }

    fn fault(&self) -> Option<&'static str> {
        let is_name = self.file.strip_suffix(".pdf").is_some_and(|stem| !stem.is_empty() && !stem.contains('/'));
        if !is_name {
            Some("the file is not the name of a PDF file")
        } else if self.kind.is_empty() || self.why.is_empty() {
            Some("kind or why is empty")
        } else if self.checks.is_empty() || self.checks.iter().any(Check::asks_for_nothing) {
            Some("a check asks for nothing")
        } else {
            None
        }
    }
}

/// Reads the cases of the repository.
///
/// # Panics
/// If a line is no case, or if two cases have the same name.
#[must_use]
pub fn cases() -> Vec<Case> {
    let file = super::folder().join("expected.jsonl");
    let text = std::fs::read_to_string(&file).expect("the expectations are part of the repository");
    read(&text).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()))
}

fn read(text: &str) -> Result<Vec<Case>, String> {
    let mut names = BTreeSet::new();
    let mut cases = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let case: Case = serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))?;
        if let Some(fault) = case.fault() {
            return Err(format!("line {number}: {fault}"));
        }
        if !names.insert(case.name()) {
            return Err(format!("line {number}: a second case of {}", case.name()));
        }
        cases.push(case);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line(patch: &Value) -> String {
        let mut line = json!({"file": "a.pdf", "kind": "k", "why": "w", "checks": [{"contains": "a"}]});
        let patch = patch.as_object().expect("an object").clone();
        line.as_object_mut().expect("an object").extend(patch);
        line.to_string()
    }

    #[test]
    fn every_document_of_the_folder_has_a_case_and_every_case_a_document() {
        let entries = std::fs::read_dir(super::super::folder()).expect("the documents are part of the repository");
        let names = entries.map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned());
        let documents: BTreeSet<String> = names.filter(|name| name.ends_with(".pdf")).collect();
        let files: BTreeSet<String> = cases().into_iter().map(|case| case.file).collect();
        assert_eq!(documents, files);
    }

    #[test]
    fn a_document_may_have_a_case_with_a_password_and_one_without() {
        let lines = [line(&json!({})), line(&json!({"password": "secret"}))].join("\n");
        let names: Vec<_> = read(&lines).expect("two cases").iter().map(Case::name).collect();
        assert_eq!(names, ["a.pdf", "a.pdf with its password"]);
    }

    #[test]
    fn a_line_that_would_check_nothing_or_something_unknown_is_refused() {
        for (patch, fault) in [
            (json!({"checks": [{"contain": "a"}]}), "unknown variant `contain`"),
            (json!({"checks": [{"contains": "a", "pages": 1}]}), "expected value"),
            (json!({"checks": [{"contains": 1}]}), "expected a string"),
            (json!({"checks": [{"page_size": [1, 2]}]}), "invalid length 2"),
            (json!({"checks": [{"pixel": [1, 2, 3, "red"]}]}), "`red` is not a colour"),
            (json!({"checks": [{"status": 1}]}), "neither a string nor a list of strings"),
            (json!({"checks": []}), "a check asks for nothing"),
            (json!({"checks": [{"contains": " "}]}), "a check asks for nothing"),
            (json!({"checks": [{"any": []}]}), "a check asks for nothing"),
            (json!({"checks": [{"any": [{"all": [{"order": []}]}]}]}), "a check asks for nothing"),
            (json!({"kind": ""}), "kind or why is empty"),
            (json!({"file": "../a.pdf"}), "not the name of a PDF file"),
            (json!({"file": "a.json"}), "not the name of a PDF file"),
            (json!({"pasword": "secret"}), "unknown field `pasword`"),
        ] {
            let refusal = read(&line(&patch)).expect_err("a line that is wrong");
            assert!(refusal.starts_with("line 1: ") && refusal.contains(fault), "{patch}: {refusal}");
        }
        let twice = [line(&json!({})), line(&json!({}))].join("\n");
        assert_eq!(read(&twice), Err("line 2: a second case of a.pdf".to_owned()));
    }
}
