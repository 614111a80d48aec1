//! Which letters are meant.

use std::time::Duration;

use chrono::{DateTime, Utc};
use quire_schemas::{
    job::JobId,
    names::{DeadKind, Lane, Tenant},
};

use super::letter::Letter;

/// Conditions that a letter must all meet; an empty one is met by every letter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    pub jobs: Vec<JobId>,
    pub codes: Vec<String>,
    pub lane: Option<Lane>,
    pub tenant: Option<Tenant>,
    pub kind: Option<DeadKind>,
    /// Counted from when the job was first seen.
    pub older_than: Option<Duration>,
    pub newer_than: Option<Duration>,
}

impl Choice {
    /// Says whether a letter is meant. A letter of unknown age is neither older nor newer than anything; one
    /// whose lane or tenant cannot be read is of none.
    #[must_use]
    pub fn takes(&self, letter: &Letter, now: DateTime<Utc>) -> bool {
        self.takes_tenant(letter.tenant.as_ref()) && self.takes_but_for_tenant(letter, now)
    }

    /// Says whether a letter is meant by a replay, which publishes jobs whose key names no usable tenant
    /// under the tenant of the choice.
    #[must_use]
    pub fn takes_for_replay(&self, letter: &Letter, now: DateTime<Utc>) -> bool {
        let is_of_tenant = letter.unusable_key.is_some() || self.takes_tenant(letter.tenant.as_ref());
        is_of_tenant && self.takes_but_for_tenant(letter, now)
    }

    fn takes_tenant(&self, tenant: Option<&Tenant>) -> bool {
        self.tenant.as_ref().is_none_or(|chosen| Some(chosen) == tenant)
    }

    fn takes_but_for_tenant(&self, letter: &Letter, now: DateTime<Utc>) -> bool {
        let age = letter.first_seen.map(|seen| (now - seen).to_std().unwrap_or_default());
        (self.jobs.is_empty() || letter.job.is_some_and(|job| self.jobs.contains(&job)))
            && (self.codes.is_empty() || letter.code.as_ref().is_some_and(|code| self.codes.contains(code)))
            && self.lane.is_none_or(|lane| Some(lane) == letter.lane)
            && self.kind.is_none_or(|kind| Some(kind) == letter.kind)
            && self.older_than.is_none_or(|least| age.is_some_and(|age| age > least))
            && self.newer_than.is_none_or(|most| age.is_some_and(|age| age < most))
    }

    /// Says whether there is any condition. A command that cannot be undone should not take everything
    /// for want of one.
    #[must_use]
    pub fn is_made(&self) -> bool {
        *self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead::letter::tests;

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
        let none = Choice::default;
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        let tenant = |name: &str| Some(name.parse().expect("valid"));
        let cases = [
            (none(), true),
            (Choice { jobs: vec![JobId::generate(), tests::ID.parse().expect("a uuid")], ..none() }, true),
            (Choice { jobs: vec![JobId::generate()], ..none() }, false),
            (Choice { codes: vec!["expired".to_owned(), "not_a_pdf".to_owned()], ..none() }, true),
            (Choice { codes: vec!["expired".to_owned()], ..none() }, false),
            (Choice { lane: Some(Lane::High), ..none() }, true),
            (Choice { lane: Some(Lane::Bulk), ..none() }, false),
            (Choice { tenant: tenant("acme"), ..none() }, true),
            (Choice { tenant: tenant("default"), ..none() }, false),
            (Choice { kind: Some(DeadKind::Failed), ..none() }, true),
            (Choice { kind: Some(DeadKind::Crash), ..none() }, false),
            (Choice { older_than: Some(Duration::from_secs(3599)), ..none() }, true),
            (Choice { older_than: hours(1), ..none() }, false),
            (Choice { newer_than: hours(2), ..none() }, true),
            (Choice { newer_than: hours(1), ..none() }, false),
            (Choice { lane: Some(Lane::High), kind: Some(DeadKind::Crash), ..none() }, false),
        ];
        for (choice, expected) in cases {
            assert_eq!(choice.takes(&letter(), an_hour_later()), expected, "{choice:?}");
        }
    }

    #[test]
    fn a_letter_of_unknown_age_is_neither_old_nor_new() {
        let ageless = tests::letter("crash.bulk", &[]);
        let old = Choice { older_than: Some(Duration::ZERO), ..Choice::default() };
        let new = Choice { newer_than: Some(Duration::MAX), ..Choice::default() };
        assert!(!old.takes(&ageless, an_hour_later()) && !new.takes(&ageless, an_hour_later()));
        assert!(Choice::default().takes(&ageless, an_hour_later()));
    }

    #[test]
    fn a_letter_that_names_no_lane_and_no_tenant_is_not_of_the_defaults() {
        let unnamed = tests::letter("something", &[("quire-tenant", "no tenant"), ("quire-lane", "fast")]);
        let lane = Choice { lane: Some(Lane::default()), ..Choice::default() };
        let tenant = Choice { tenant: Some(Tenant::default()), ..Choice::default() };
        assert!(!lane.takes(&unnamed, an_hour_later()) && !tenant.takes(&unnamed, an_hour_later()));
        assert!(Choice::default().takes(&unnamed, an_hour_later()));
    }

    #[test]
    fn a_letter_of_the_broker_is_not_chosen_by_the_code_of_an_earlier_retry() {
        let crashed = tests::letter("crash.high", &[("quire-error-code", "not_a_pdf")]);
        let choice = Choice { codes: vec!["not_a_pdf".to_owned()], ..Choice::default() };
        assert!(!choice.takes(&crashed, an_hour_later()));
    }

    #[test]
    fn an_empty_choice_is_not_made() {
        assert!(!Choice::default().is_made());
        assert!(Choice { lane: Some(Lane::High), ..Choice::default() }.is_made());
    }

    #[test]
    fn a_letter_without_a_usable_tenant_is_of_no_tenant_but_for_a_replay() {
        let letter = tests::letter("invalid.high", &[("quire-routing-key", "job.high.ACME")]);
        let acme = Choice { tenant: Some("acme".parse().expect("valid")), ..Choice::default() };
        assert!(!acme.takes(&letter, an_hour_later()));
        assert!(acme.takes_for_replay(&letter, an_hour_later()));
        let failed = Choice { kind: Some(DeadKind::Failed), ..acme };
        assert!(!failed.takes_for_replay(&letter, an_hour_later()));
    }
}
