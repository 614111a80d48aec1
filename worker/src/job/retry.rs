use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::{Disposition, ErrorCode},
    names::{DeadKind, Tier},
};

use super::Fault;

/// What is known of a job when it is decided where it goes.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The counted attempt that just ended, from 1.
    pub attempt: u32,
    /// Attempts there may be.
    pub max_attempts: u32,
    /// When the result is no longer wanted.
    pub deadline: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Where a job goes whose run did not end in a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Publish to a retry tier, confirm, ack.
    Postpone(Postpone),
    /// Dead letter, failed result, event, ack.
    Bury(Bury),
    /// Cancelled result, event, ack.
    Cancel,
}

/// A job that waits for its next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postpone {
    /// Where it waits.
    pub tier: Tier,
    /// The attempt that comes then: one more than now if this one counted.
    pub attempt: u32,
}

/// A job that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bury {
    /// Which kind of dead letter it becomes.
    pub kind: DeadKind,
    /// Whether the attempts ran out on a fault that might have passed.
    pub exhausted: bool,
    /// The code it is buried with.
    pub code: ErrorCode,
}

/// Decides where a job goes after a fault.
///
/// Counted faults walk the tiers from the shortest to the longest; faults that are not the job's
/// own wait without counting. Both end at the deadline: a job that could only run after it is
/// buried now, while somebody may still act on it.
#[must_use]
pub fn settle(fault: &Fault, at: Circumstances) -> Settlement {
    match fault.disposition() {
        Disposition::Cancelled => Settlement::Cancel,
        Disposition::Retry => retry(fault, at),
        Disposition::Park => postpone(park_tier(fault), at.attempt, at),
        // A page's fault that reaches the whole job left it without output: retrying the same
        // document in the same renderer gives the same answer.
        Disposition::Page | Disposition::Bury => bury(fault.code, false),
    }
}

fn retry(fault: &Fault, at: Circumstances) -> Settlement {
    if at.attempt >= attempts_for(fault.code, at.max_attempts) {
        return bury(fault.code, true);
    }
    let by_count = Tier::ALL[(at.attempt.max(1) as usize - 1).min(Tier::ALL.len() - 1)];
    let tier = fault.retry_after.map_or(by_count, |delay| Tier::at_least(delay).max(by_count));
    postpone(tier, at.attempt + 1, at)
}

/// A missing source gets the first three tiers only: an upload that is late is late by seconds or
/// minutes, and a wrong key should not take hours to be told.
const fn attempts_for(code: ErrorCode, max_attempts: u32) -> u32 {
    const MISSING_SOURCE: u32 = 4;
    match code {
        ErrorCode::SourceNotFound if max_attempts > MISSING_SOURCE => MISSING_SOURCE,
        _ => max_attempts,
    }
}

fn park_tier(fault: &Fault) -> Tier {
    fault.retry_after.map_or(Tier::S30, Tier::at_least)
}

fn postpone(tier: Tier, attempt: u32, at: Circumstances) -> Settlement {
    let due = at.now + tier.delay();
    if due >= at.deadline { bury(ErrorCode::Expired, false) } else { Settlement::Postpone(Postpone { tier, attempt }) }
}

const fn bury(code: ErrorCode, exhausted: bool) -> Settlement {
    let kind = match code {
        ErrorCode::InvalidJob | ErrorCode::UnsupportedVersion => DeadKind::Invalid,
        ErrorCode::Expired => DeadKind::Expired,
        _ => DeadKind::Failed,
    };
    Settlement::Bury(Bury { kind, exhausted, code })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeDelta;
    use proptest::prelude::*;
    use quire_schemas::result::Phase;

    use super::*;

    fn at(attempt: u32, minutes_left: i64) -> Circumstances {
        let now = DateTime::UNIX_EPOCH;
        Circumstances { attempt, max_attempts: 6, deadline: now + TimeDelta::minutes(minutes_left), now }
    }

    fn fault(code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Fetch, "test")
    }

    #[test]
    fn a_transient_fault_walks_the_tiers_and_then_ends() {
        let day = 24 * 60;
        let walked: Vec<_> =
            (1..=6).map(|attempt| settle(&fault(ErrorCode::SourceUnavailable), at(attempt, day))).collect();
        let mut expected: Vec<_> = Tier::ALL
            .into_iter()
            .zip(2..)
            .map(|(tier, attempt)| Settlement::Postpone(Postpone { tier, attempt }))
            .collect();
        expected.push(Settlement::Bury(Bury {
            kind: DeadKind::Failed,
            exhausted: true,
            code: ErrorCode::SourceUnavailable,
        }));
        assert_eq!(walked, expected);
    }

    #[test]
    fn a_missing_source_is_given_three_tiers() {
        let fault = fault(ErrorCode::SourceNotFound);
        assert!(matches!(settle(&fault, at(3, 600)), Settlement::Postpone(Postpone { tier: Tier::M2, .. })));
        assert!(matches!(settle(&fault, at(4, 600)), Settlement::Bury(Bury { exhausted: true, .. })));
    }

    #[test]
    fn throttling_waits_as_long_as_asked_and_costs_no_attempt() {
        let fault = fault(ErrorCode::ParserThrottled).after(Some(Duration::from_secs(60)));
        assert_eq!(settle(&fault, at(6, 600)), Settlement::Postpone(Postpone { tier: Tier::M2, attempt: 6 }));
    }

    proptest! {
        #[test]
        fn no_job_waits_past_its_deadline_or_loses_an_attempt(
            code in prop::sample::select(ErrorCode::ALL),
            attempt in 1u32..9,
            minutes_left in -5i64..200,
            retry_after in prop::option::of(0u64..5000),
        ) {
            let fault = fault(code).after(retry_after.map(Duration::from_secs));
            let at = at(attempt, minutes_left);
            if let Settlement::Postpone(postponed) = settle(&fault, at) {
                prop_assert!(at.now + postponed.tier.delay() < at.deadline);
                prop_assert!(postponed.attempt <= at.max_attempts.max(attempt));
                let counted = u32::from(code.disposition() == Disposition::Retry);
                prop_assert_eq!(postponed.attempt, attempt + counted);
                prop_assert!(code.is_retryable());
            }
        }
    }
}
