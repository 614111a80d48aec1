//! Prints what a command did to each letter, and the sum of it.

use std::collections::HashSet;

use quire_schemas::{job::JobId, result::JobStatus};
use serde_json::{Value, json};

use crate::{
    commands::{
        exit::{FAILED, UNFINISHED},
        text::{cut, note, one_line, or_unknown, say},
    },
    dead::{Choice, Letter, Refusal, Replayed},
};

/// Characters of a letter's reason in a row.
const REASON_WIDTH: usize = 60;

/// What was done to a letter.
#[derive(Debug)]
pub(super) struct Told {
    verb: &'static str,
    generation: Option<u32>,
    changes: Vec<String>,
}

impl Told {
    pub(super) const fn dropped() -> Self {
        Self { verb: "dropped", generation: None, changes: Vec::new() }
    }

    pub(super) fn replayed(replayed: Replayed) -> Self {
        Self { verb: "replayed", generation: Some(replayed.generation), changes: replayed.changes }
    }
}

/// Counts letters by what became of them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) json: bool,
    pub(super) dry_run: bool,
    pub(super) done: usize,
    pub(super) refused: usize,
    /// Chosen letters that had no turn.
    pub(super) left: usize,
    /// Whether letters were not read, so that a job without a known letter may have one.
    pub(super) is_partial: bool,
    /// Whether another run is needed.
    pub(super) is_unfinished: bool,
    pub(super) seen: HashSet<JobId>,
}

impl Tally {
    pub(super) fn say_done(&mut self, letter: &Letter, told: &Told) -> anyhow::Result<()> {
        self.done += 1;
        self.seen.extend(letter.job);
        let Told { verb, generation, changes } = told;
        if self.json {
            let event = if self.dry_run { format!("would_be_{verb}") } else { (*verb).to_owned() };
            let mut line = line(letter, &event);
            line["generation"] = json!(generation.unwrap_or(letter.generation));
            line["changes"] = json!(changes);
            return Ok(say(&line.to_string())?);
        }
        let generation = generation.map(|generation| format!(" as generation {generation}")).unwrap_or_default();
        let changes: String = changes.iter().map(|change| format!(", {change}")).collect();
        let would_be = self.would_be();
        Ok(say(&format!("{}\t{would_be}{verb}{generation}{changes}", describe(letter)))?)
    }

    /// Prints why a letter stays.
    pub(super) fn say_refused(&mut self, letter: &Letter, refusal: &Refusal) -> anyhow::Result<()> {
        self.refused += 1;
        self.seen.extend(letter.job);
        let reason = explain(refusal);
        if self.json {
            let mut line = line(letter, "refused");
            line["reason"] = Value::String(reason);
            return Ok(say(&line.to_string())?);
        }
        Ok(say(&format!("{}\tstays: {}", describe(letter), one_line(&reason)))?)
    }

    pub(super) fn say_sum(&self, verb: &str) -> anyhow::Result<()> {
        let Self { json, dry_run, done, refused, left, .. } = self;
        if *json {
            let sum = json!({ "event": "summary", "done": done, "refused": refused, "left": left, "dry_run": dry_run });
            return Ok(say(&sum.to_string())?);
        }
        note(&format!("{done} {}{verb}, {refused} refused, {left} left", self.would_be()));
        Ok(())
    }

    const fn would_be(&self) -> &'static str {
        if self.dry_run { "would be " } else { "" }
    }

    /// Prints which of the named jobs have no such letter.
    pub(super) fn note_missing(&self, choice: &Choice) {
        for job in self.missing(choice) {
            note(&format!("job {job} has no such dead letter"));
        }
    }

    pub(super) fn exit_code(&self, choice: &Choice) -> u8 {
        if self.is_unfinished {
            return UNFINISHED;
        }
        let is_all_done = self.refused == 0 && self.missing(choice).next().is_none();
        if is_all_done { 0 } else { FAILED }
    }

    /// Knows nothing of letters that were not read or had no turn.
    fn missing<'a>(&'a self, choice: &'a Choice) -> impl Iterator<Item = &'a JobId> {
        let is_known = self.left == 0 && !self.is_partial;
        choice.jobs.iter().filter(move |job| is_known && !self.seen.contains(job))
    }
}

/// Names the option that changes the decision.
fn explain(refusal: &Refusal) -> String {
    let option = match refusal {
        Refusal::PasswordTakenOut => "--password-file",
        Refusal::NoTenant { .. } => "--tenant",
        Refusal::ResultStays(JobStatus::Succeeded) => "--force",
        _ => return refusal.to_string(),
    };
    format!("{refusal} ({option})")
}

fn line(letter: &Letter, event: &str) -> Value {
    let mut line = json!(letter);
    line["event"] = Value::String(event.to_owned());
    line
}

fn describe(letter: &Letter) -> String {
    let message = letter.message.as_deref().map(one_line).unwrap_or_default();
    let why = cut(&format!("{} {message}", one_line(letter.reason())), REASON_WIDTH);
    let (tenant, lane) = (or_unknown(letter.tenant.as_ref()), or_unknown(letter.lane));
    format!("{}\t{}\t{}\t{}", or_unknown(letter.job), tenant, lane, why.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead::samples::{ID, letter};

    #[test]
    fn a_letter_is_described_in_one_line() {
        let headers = [("quire-error-code", "not_a_pdf"), ("quire-error-message", "it begins\nwith GIF89a")];
        let expected = format!("{ID}\t-\tbulk\tnot_a_pdf it begins with GIF89a");
        assert_eq!(describe(&letter("failed.bulk", &headers)), expected);
        assert_eq!(describe(&letter("crash.high", &[])), format!("{ID}\t-\thigh\tcrash"));
    }

    #[test]
    fn a_refusal_names_the_option_that_helps() {
        assert!(explain(&Refusal::PasswordTakenOut).ends_with("(--password-file)"));
        let succeeded = explain(&Refusal::ResultStays(JobStatus::Succeeded));
        assert!(succeeded.starts_with("it has succeeded") && succeeded.ends_with("(--force)"), "{succeeded}");
        assert!(!explain(&Refusal::NotAnObject).contains("--"));
    }

    #[test]
    fn a_refused_letter_and_a_named_job_without_one_are_failures() {
        let named = Choice { jobs: vec![ID.parse().expect("a uuid")], ..Choice::default() };
        let done = || Tally { done: 1, seen: HashSet::from([ID.parse().expect("a uuid")]), ..Tally::default() };
        assert_eq!(done().exit_code(&named), 0);
        assert_eq!(Tally::default().exit_code(&Choice::default()), 0);
        assert_eq!(Tally { refused: 1, ..done() }.exit_code(&named), FAILED);
        assert_eq!(Tally::default().exit_code(&named), FAILED);
        let partial = Tally { is_partial: true, ..Tally::default() };
        assert_eq!(
            (partial.exit_code(&named), partial.missing(&named).count()),
            (0, 0),
            "it may not have been looked at"
        );
        assert_eq!(Tally { is_unfinished: true, refused: 1, ..done() }.exit_code(&named), UNFINISHED);
        assert_eq!(Tally { left: 1, ..Tally::default() }.exit_code(&named), 0, "it may be among those that are left");
    }
}
