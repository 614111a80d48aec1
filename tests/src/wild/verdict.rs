//! Which cases are wrong, beside those that are known to be.

use super::{case::Case, outcome::Outcome, run::run};

/// So many characters of what was found are shown.
const SHOWN: usize = 600;

/// A case that is still wrong.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its name, as [`Case::name`] has it.
    pub case: &'static str,
    /// What is missing in Quire.
    pub reason: &'static str,
}

/// Processes the documents of these cases and asserts that all are right but the known ones, and that these are
/// wrong. A failure lists each case with the checks that do not hold.
///
/// # Panics
/// If a case is not as it should be.
#[track_caller]
pub fn assert_right(cases: &[Case], known: &[Known]) {
    let outcomes = run(cases);
    let surprises: Vec<_> =
        cases.iter().zip(&outcomes).filter_map(|(case, outcome)| surprise(case, outcome, known)).collect();
    assert!(
        surprises.is_empty(),
        "{} of {} cases are not as they should be:\n{}",
        surprises.len(),
        cases.len(),
        surprises.join("\n"),
    );
}

/// Returns a message if a case is wrong and not listed as wrong, or right and listed as wrong.
fn surprise(case: &Case, outcome: &Result<Outcome, String>, known: &[Known]) -> Option<String> {
    let wrong = match outcome {
        Ok(outcome) => case.wrong(outcome),
        Err(fault) => vec![fault.clone()],
    };
    let name = case.name();
    match (wrong.is_empty(), known.iter().find(|known| known.case == name)) {
        (true, None) | (false, Some(_)) => None,
        (true, Some(known)) => {
            Some(format!("{name} is right, and listed as wrong because {}: take it from the list", known.reason))
        }
        (false, None) => {
            let wrong: String = wrong.iter().map(|line| format!("\n    {}", cut(line))).collect();
            Some(format!("{name} ({}: {}){wrong}", case.kind, case.why))
        }
    }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;
    use crate::wild::examples::texts;

    const KNOWN: [Known; 1] = [Known { case: "a.pdf", reason: "nobody reads it" }];

    fn case() -> Case {
        let checks = json!([{"contains": "a"}, {"contains": "b"}, {"max_elements": 3}]);
        from_value(json!({"file": "a.pdf", "kind": "k", "why": "It says so.", "checks": checks})).expect("a case")
    }

    #[test]
    fn a_case_that_is_wrong_tells_every_check_that_does_not_hold() {
        let told = surprise(&case(), &Ok(texts(&["c", "d"])), &[]).expect("it is wrong");
        let expected = "a.pdf (k: It says so.)\n    contains \"a\": \"c d\"\n    contains \"b\": \"c d\"";
        assert_eq!(told, expected);
        let gone = surprise(&case(), &Err("there is no result.json".to_owned()), &[]).expect("it is wrong");
        assert_eq!(gone, "a.pdf (k: It says so.)\n    there is no result.json");
    }

    #[test]
    fn a_case_that_is_right_is_no_surprise_unless_it_is_known_to_be_wrong() {
        assert_eq!(surprise(&case(), &Ok(texts(&["a", "b"])), &[]), None);
        let told = surprise(&case(), &Ok(texts(&["a", "b"])), &KNOWN).expect("the list is too long");
        assert_eq!(told, "a.pdf is right, and listed as wrong because nobody reads it: take it from the list");
    }

    #[test]
    fn a_case_that_is_known_to_be_wrong_is_no_surprise_while_it_is() {
        assert_eq!(surprise(&case(), &Ok(texts(&["c"])), &KNOWN), None);
        assert_eq!(surprise(&case(), &Err("there is no result.json".to_owned()), &KNOWN), None);
    }

    #[test]
    fn what_was_found_is_cut_to_a_length() {
        let told = surprise(&case(), &Ok(texts(&["ü"; 4])), &[]).expect("it is wrong");
        assert!(told.ends_with("max_elements 3: 4: [\"ü\", \"ü\", \"ü\", \"ü\"]"), "{told}");
        assert_eq!(cut(&"ü".repeat(SHOWN + 1)), format!("{}…", "ü".repeat(SHOWN)));
    }
}
