//! Which letters a command is about.

use chrono::{DateTime, Utc};

use super::letter::Letter;
use crate::{cli::LetterChoice, commands::WrongUsage};

impl LetterChoice {
    /// Says whether a letter is one of those asked for. One whose age is not known is neither
    /// older nor newer than anything; one whose lane or tenant cannot be read is of none.
    pub(super) fn takes(&self, letter: &Letter, now: DateTime<Utc>) -> bool {
        let age = letter.first_seen.map(|seen| (now - seen).to_std().unwrap_or_default());
        (self.jobs.is_empty() || letter.job.is_some_and(|job| self.jobs.contains(&job)))
            && (self.codes.is_empty() || letter.code.as_ref().is_some_and(|code| self.codes.contains(code)))
            && self.lane.is_none_or(|lane| Some(lane) == letter.lane)
            && self.tenant.as_ref().is_none_or(|tenant| Some(tenant) == letter.tenant.as_ref())
            && self.kind.is_none_or(|kind| Some(kind) == letter.kind)
            && self.older_than.is_none_or(|least| age.is_some_and(|age| age > least))
            && self.newer_than.is_none_or(|most| age.is_some_and(|age| age < most))
    }

    /// Refuses to take everything for want of a choice, which is seldom what was meant by a command
    /// that cannot be undone.
    pub(super) fn require(&self, all: bool) -> anyhow::Result<()> {
        if !all && !self.is_made() {
            return Err(WrongUsage("say which letters: job ids, a filter such as --code, or --all".into()).into());
        }
        Ok(())
    }

    fn is_made(&self) -> bool {
        !self.jobs.is_empty()
            || !self.codes.is_empty()
            || self.lane.is_some()
            || self.tenant.is_some()
            || self.kind.is_some()
            || self.older_than.is_some()
            || self.newer_than.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quire_schemas::{
        job::JobId,
        names::{Lane, Tenant},
    };

    use super::*;
    use crate::commands::dead::letter::{Kind, tests};

    fn letter() -> Letter {
        let headers =
            [("quire-error-code", "not_a_pdf"), ("quire-tenant", "acme"), ("quire-first-seen", "2026-11-20T12:00:00Z")];
        tests::letter("failed.high", &headers)
    }

    fn an_hour_later() -> DateTime<Utc> {
        "2026-11-20T13:00:00Z".parse().expect("a time")
    }

    #[test]
    fn every_condition_chooses_by_itself() {
        let none = LetterChoice::default;
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        let tenant = |name: &str| Some(name.parse().expect("valid"));
        let cases = [
            (none(), true),
            (LetterChoice { jobs: vec![JobId::generate(), tests::ID.parse().expect("a uuid")], ..none() }, true),
            (LetterChoice { jobs: vec![JobId::generate()], ..none() }, false),
            (LetterChoice { codes: vec!["expired".to_owned(), "not_a_pdf".to_owned()], ..none() }, true),
            (LetterChoice { codes: vec!["expired".to_owned()], ..none() }, false),
            (LetterChoice { lane: Some(Lane::High), ..none() }, true),
            (LetterChoice { lane: Some(Lane::Bulk), ..none() }, false),
            (LetterChoice { tenant: tenant("acme"), ..none() }, true),
            (LetterChoice { tenant: tenant("default"), ..none() }, false),
            (LetterChoice { kind: Some(Kind::Failed), ..none() }, true),
            (LetterChoice { kind: Some(Kind::Crash), ..none() }, false),
            (LetterChoice { older_than: Some(Duration::from_secs(3599)), ..none() }, true),
            (LetterChoice { older_than: hours(1), ..none() }, false),
            (LetterChoice { newer_than: hours(2), ..none() }, true),
            (LetterChoice { newer_than: hours(1), ..none() }, false),
            (LetterChoice { lane: Some(Lane::High), kind: Some(Kind::Crash), ..none() }, false),
        ];
        for (choice, expected) in cases {
            assert_eq!(choice.takes(&letter(), an_hour_later()), expected, "{choice:?}");
        }
    }

    #[test]
    fn a_letter_of_unknown_age_is_neither_old_nor_new() {
        let ageless = tests::letter("crash.bulk", &[]);
        let old = LetterChoice { older_than: Some(Duration::ZERO), ..LetterChoice::default() };
        let new = LetterChoice { newer_than: Some(Duration::MAX), ..LetterChoice::default() };
        assert!(!old.takes(&ageless, an_hour_later()) && !new.takes(&ageless, an_hour_later()));
        assert!(LetterChoice::default().takes(&ageless, an_hour_later()));
    }

    #[test]
    fn a_letter_that_names_no_lane_and_no_tenant_is_not_one_of_the_defaults() {
        let nobodys = tests::letter("something", &[("quire-tenant", "no tenant"), ("quire-lane", "fast")]);
        let lane = LetterChoice { lane: Some(Lane::default()), ..LetterChoice::default() };
        let tenant = LetterChoice { tenant: Some(Tenant::default()), ..LetterChoice::default() };
        assert!(!lane.takes(&nobodys, an_hour_later()) && !tenant.takes(&nobodys, an_hour_later()));
        assert!(LetterChoice::default().takes(&nobodys, an_hour_later()));
    }

    #[test]
    fn a_letter_of_the_fuse_is_not_chosen_by_the_code_of_an_earlier_retry() {
        let crashed = tests::letter("crash.high", &[("quire-error-code", "not_a_pdf")]);
        let choice = LetterChoice { codes: vec!["not_a_pdf".to_owned()], ..LetterChoice::default() };
        assert!(!choice.takes(&crashed, an_hour_later()));
    }

    #[test]
    fn everything_has_to_be_asked_for() {
        let some = LetterChoice { lane: Some(Lane::High), ..LetterChoice::default() };
        assert!(LetterChoice::default().require(false).is_err_and(|error| error.is::<WrongUsage>()));
        assert!(LetterChoice::default().require(true).is_ok());
        assert!(some.require(false).is_ok());
    }
}
