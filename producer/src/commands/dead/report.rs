//! What a command tells of each letter it did something to, and of all of them.

use std::collections::HashSet;

use quire_schemas::job::JobId;
use serde_json::{Value, json};

use super::{
    letter::Letter,
    text::{cut, one_line},
};
use crate::{
    cli::{FAILED, LetterChoice, UNFINISHED},
    commands::{note, or_unknown, say},
};

const MESSAGE_WIDTH: usize = 60;

/// What has become of a letter, beside that it is done with.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub(super) generation: Option<u32>,
    pub(super) changes: Vec<String>,
}

/// How many letters came to what.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Whether it is told in JSON.
    pub(super) json: bool,
    /// Whether it is only what would have been done.
    pub(super) dry_run: bool,
    pub(super) done: usize,
    pub(super) refused: usize,
    /// Asked for and not come to.
    pub(super) left: usize,
    /// Whether letters were not looked at: a job without one may have one nevertheless.
    pub(super) is_partial: bool,
    /// Whether another run is needed, for the rest or for letters that may be there still.
    pub(super) is_unfinished: bool,
    pub(super) seen: HashSet<JobId>,
}

impl Tally {
    /// Tells that a letter was, such as, `replayed`; or would be.
    pub(super) fn tell_done(&mut self, letter: &Letter, what: &str, fate: &Fate) -> anyhow::Result<()> {
        self.done += 1;
        self.seen.extend(letter.job);
        if self.json {
            let event = if self.dry_run { format!("would_be_{what}") } else { what.to_owned() };
            let mut line = line(letter, &event);
            line["generation"] = json!(fate.generation.unwrap_or(letter.generation));
            line["changes"] = json!(fate.changes);
            return Ok(say(&line.to_string())?);
        }
        let generation = fate.generation.map(|generation| format!(" as generation {generation}")).unwrap_or_default();
        let changes: String = fate.changes.iter().map(|change| format!(", {change}")).collect();
        let would_be = self.would_be();
        Ok(say(&format!("{}\t{would_be}{what}{generation}{changes}", describe(letter)))?)
    }

    /// Tells why a letter stays.
    pub(super) fn tell_refused(&mut self, letter: &Letter, why: String) -> anyhow::Result<()> {
        self.refused += 1;
        self.seen.extend(letter.job);
        if self.json {
            let mut line = line(letter, "refused");
            line["reason"] = Value::String(why);
            return Ok(say(&line.to_string())?);
        }
        Ok(say(&format!("{}\tstays: {}", describe(letter), one_line(&why)))?)
    }

    /// Tells the sum of it.
    pub(super) fn tell(&self, what: &str) -> anyhow::Result<()> {
        let Self { json, dry_run, done, refused, left, .. } = self;
        if *json {
            let sum = json!({ "event": "summary", "done": done, "refused": refused, "left": left, "dry_run": dry_run });
            return Ok(say(&sum.to_string())?);
        }
        note(&format!("{done} {}{what}, {refused} refused, {left} left", self.would_be()));
        Ok(())
    }

    const fn would_be(&self) -> &'static str {
        if self.dry_run { "would be " } else { "" }
    }

    /// Tells which of the jobs that were named have no such letter.
    pub(super) fn tell_missing(&self, choice: &LetterChoice) {
        for job in self.missing(choice) {
            note(&format!("job {job} has no such dead letter"));
        }
    }

    pub(super) fn exit_code(&self, choice: &LetterChoice) -> u8 {
        if self.is_unfinished {
            return UNFINISHED;
        }
        let is_all_done = self.refused == 0 && self.missing(choice).next().is_none();
        if is_all_done { 0 } else { FAILED }
    }

    /// A job whose turn did not come has a letter, for all that is known.
    fn missing<'a>(&'a self, choice: &'a LetterChoice) -> impl Iterator<Item = &'a JobId> {
        let is_known = self.left == 0 && !self.is_partial;
        choice.jobs.iter().filter(move |job| is_known && !self.seen.contains(job))
    }
}

fn line(letter: &Letter, event: &str) -> Value {
    let mut line = json!(letter);
    line["event"] = Value::String(event.to_owned());
    line
}

fn describe(letter: &Letter) -> String {
    let message = letter.message.as_deref().map(one_line).unwrap_or_default();
    let why = cut(&format!("{} {message}", one_line(letter.reason())), MESSAGE_WIDTH);
    let (tenant, lane) = (or_unknown(letter.tenant.as_ref()), or_unknown(letter.lane));
    format!("{}\t{}\t{}\t{}", or_unknown(letter.job), tenant, lane, why.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::dead::letter::tests::{ID, letter};

    #[test]
    fn a_letter_is_described_in_one_line() {
        let headers = [("quire-error-code", "not_a_pdf"), ("quire-error-message", "it begins\nwith GIF89a")];
        let expected = format!("{ID}\t-\tbulk\tnot_a_pdf it begins with GIF89a");
        assert_eq!(describe(&letter("failed.bulk", &headers)), expected);
        assert_eq!(describe(&letter("crash.high", &[])), format!("{ID}\t-\thigh\tcrash"));
    }

    #[test]
    fn what_was_refused_or_named_and_not_there_is_a_failure() {
        let named = LetterChoice { jobs: vec![ID.parse().expect("a uuid")], ..LetterChoice::default() };
        let done = || Tally { done: 1, seen: HashSet::from([ID.parse().expect("a uuid")]), ..Tally::default() };
        assert_eq!(done().exit_code(&named), 0);
        assert_eq!(Tally::default().exit_code(&LetterChoice::default()), 0);
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
