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

/// How a run ended.
#[derive(Debug)]
pub enum Ending {
    /// With a result in storage.
    Done,
    /// Without one.
    Failed(Fault),
    /// In order, but unfinished.
    Unfinished(Cut),
}

impl From<Fault> for Ending {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// Why a run was ended before it came to anything. None of these is the job's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// This worker stops.
    Stopping,
    /// The delivery was kept for as long as one may be kept.
    LeaseOver,
    /// The delivery is no longer ours.
    Fenced,
}

/// Where a job goes after a run: the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// Event, ack.
    Done,
    /// Publish to a retry tier, confirm, ack; counts as an attempt.
    Retry(Postpone),
    /// The same, uncounted: the fault is not the job's.
    Park(Postpone),
    /// Dead letter, failed result, event, ack.
    Bury(Bury),
    /// Publish under the job's own key, confirm, ack; uncounted.
    Release,
    /// Nothing: the broker gives it to somebody else, or has done so. A late ack would settle a
    /// delivery that is theirs.
    LetGo,
    /// Cancelled result, event, ack.
    Cancel,
}

/// A job that waits for its next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postpone {
    /// Where it waits.
    pub tier: Tier,
    /// The attempt that comes then: one more than now if this one counts.
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

/// Decides where a job goes after a run.
#[must_use]
pub fn decide(ending: &Ending, at: Circumstances) -> Settlement {
    match ending {
        Ending::Done => Settlement::Done,
        Ending::Failed(fault) => decide_on_fault(fault, at),
        Ending::Unfinished(Cut::Stopping | Cut::LeaseOver) => Settlement::Release,
        Ending::Unfinished(Cut::Fenced) => Settlement::LetGo,
    }
}

/// Decides where a job goes after a fault.
///
/// Counted faults walk the tiers from the shortest to the longest; faults that are not the job's
/// own wait without counting. Both end at the deadline: a job that could only run after it is
/// buried now, while somebody may still act on it.
#[must_use]
pub fn decide_on_fault(fault: &Fault, at: Circumstances) -> Settlement {
    match fault.disposition() {
        Disposition::Cancelled => Settlement::Cancel,
        Disposition::Retry => retry(fault, at),
        Disposition::Park => {
            let tier = fault.retry_after.map_or(Tier::S30, Tier::at_least);
            in_time(tier, at).map_or_else(expired, |tier| Settlement::Park(Postpone { tier, attempt: at.attempt }))
        }
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
    in_time(tier, at).map_or_else(expired, |tier| Settlement::Retry(Postpone { tier, attempt: at.attempt + 1 }))
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

fn in_time(tier: Tier, at: Circumstances) -> Option<Tier> {
    (at.now + tier.delay() < at.deadline).then_some(tier)
}

fn expired() -> Settlement {
    bury(ErrorCode::Expired, false)
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
mod tests;
