//! Where a job goes when a delivery of it ends. Every such decision is made here, and none elsewhere.

use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::{Disposition, ErrorCode},
    names::{DeadKind, Tier},
    result::Phase,
};

use super::Fault;

/// The facts of a job that decide where it goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    /// The counted attempt that just ended, from 1.
    pub(crate) attempt: u32,
    /// Attempts there may be.
    pub(crate) max_attempts: u32,
    /// Whether it waited last because storage had denied it.
    pub(crate) was_denied: bool,
    pub(crate) deadline: Deadline,
    pub(crate) now: DateTime<Utc>,
}

/// Until when a job's result is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deadline {
    Known(DateTime<Utc>),
    /// The message could not be read. Such a job never waits: it could not be run later either.
    Unread,
}

/// How a delivery ended. `P` is the output of a run whose required branch failed; `S` is a result in storage.
#[derive(Debug)]
pub(crate) enum Ending<P, S> {
    /// The run's result is in storage.
    Done(S),
    /// An earlier delivery has left a result.
    Repeated(S),
    /// A fault ended the run, or kept it from beginning.
    Failed(Fault, Option<P>),
    /// The run stopped in order before it had an end.
    Unfinished(Cut),
    /// This worker runs the job already, for another delivery.
    Duplicate,
    /// Its tenant has as many jobs of the lane in hand as it may have beside others.
    BeyondShare,
    /// The message cannot be read; its properties name the job.
    Undecodable(Fault),
    /// The message names no job that could have a result.
    Nameless(Fault),
    /// The job's id belongs to a job with another body.
    AnotherBody { fault: Fault, letter: LetterWritten },
    /// The broker's delivery count is high because other jobs killed the workers that had this one.
    Bystander,
    /// A later generation of the job is under way.
    LaterGeneration,
    /// The job's last result could not be stored.
    EndNotStored { fault: Fault, letter: LetterWritten },
}

impl<P, S> From<Fault> for Ending<P, S> {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault, None)
    }
}

/// Why a run ended before it had an end of its own. None of these is the job's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The worker takes no jobs at present, and has not begun this one.
    NotBegun,
    /// This worker stops.
    Stopping,
    /// The delivery was kept for as long as a lease lasts.
    LeaseOver,
    /// The delivery is lost with its session: the broker gives it to another worker.
    Fenced,
}

impl Cut {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotBegun => "not_begun",
            Self::Stopping => "stopping",
            Self::LeaseOver => "lease_over",
            Self::Fenced => "fenced",
        }
    }
}

/// Whether this delivery has written the job's dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterWritten {
    Yes,
    No,
}

/// Where a job goes: the whole list. Each carries the values that its execution needs.
#[derive(Debug)]
pub(crate) enum Settlement<P, S> {
    /// Event, ack.
    Done(S),
    /// Event, ack: an earlier delivery has left the result.
    Repeat(S),
    /// Publish to a retry tier, confirm, ack; counts as an attempt.
    Retry(Postpone, Fault),
    /// Publish to a retry tier, confirm, ack; uncounted, because the fault is not the job's.
    Park(Postpone, Fault),
    /// Dead letter, failed result, event, ack.
    Bury(Bury, Fault, Option<P>),
    /// Dead letter unless it is written, event without a result, ack.
    EndWithoutResult(Option<Bury>, Fault),
    /// Dead letter unless it is written, ack. There is no result and no event: they would be another job's.
    Reject(Option<Bury>, Fault),
    /// Cancelled result, event, ack.
    Cancel,
    /// Publish under the job's own key, confirm, ack; uncounted.
    Release,
    /// Nothing: the broker gives the delivery to another worker, or has done so. A late ack would settle the other
    /// worker's delivery.
    LetGo,
}

impl<P, S> Settlement<P, S> {
    /// Returns the name that the log knows it by.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Repeat(_) => "repeat",
            Self::Retry(..) => "retry",
            Self::Park(..) => "park",
            Self::Bury(..) => "bury",
            Self::EndWithoutResult(..) => "end_without_result",
            Self::Reject(..) => "reject",
            Self::Cancel => "cancel",
            Self::Release => "release",
            Self::LetGo => "let_go",
        }
    }
}

/// How a job waits for its next delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Postpone {
    pub(crate) tier: Tier,
    /// The attempt that comes then: one more than now if this one counts.
    pub(crate) attempt: u32,
    /// Whether the dead letter is written, so that the next run must not write a second one.
    pub(crate) letter: LetterWritten,
    /// Whether an event tells of it.
    pub(crate) is_told: bool,
}

/// A job that is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bury {
    pub(crate) kind: DeadKind,
    /// Whether the attempts ran out on a fault that might have passed.
    pub(crate) exhausted: bool,
    /// The code it is buried with.
    pub(crate) code: ErrorCode,
}

/// Decides where a job goes.
pub(crate) fn decide<P, S>(ending: Ending<P, S>, at: Circumstances) -> Settlement<P, S> {
    match ending {
        Ending::Done(stored) => Settlement::Done(stored),
        Ending::Repeated(stored) => Settlement::Repeat(stored),
        Ending::Failed(fault, partial) => after_fault(fault, partial, at),
        Ending::Unfinished(Cut::NotBegun | Cut::Stopping | Cut::LeaseOver) | Ending::Bystander => Settlement::Release,
        Ending::Unfinished(Cut::Fenced) => Settlement::LetGo,
        Ending::Duplicate => put_aside(at, "this worker runs the job for another delivery"),
        Ending::BeyondShare => put_aside(at, "the tenant has its share of the lane in hand"),
        Ending::Undecodable(fault) => Settlement::Bury(bury(fault.code), fault, None),
        Ending::Nameless(fault) => Settlement::Reject(Some(bury(fault.code)), fault),
        Ending::AnotherBody { fault, letter } => Settlement::Reject(letter_to_write(letter, fault.code), fault),
        Ending::LaterGeneration => give_way(at),
        Ending::EndNotStored { fault, letter } => after_unstored_end(fault, letter, at),
    }
}

/// Decides where a job goes after a fault.
///
/// Counted faults walk the tiers from the shortest to the longest; faults that are not the job's own wait
/// without counting. Both end at the deadline: a job that could only run after it is buried now, while an
/// operator may still act on it.
fn after_fault<P, S>(fault: Fault, partial: Option<P>, at: Circumstances) -> Settlement<P, S> {
    match fault.disposition() {
        Disposition::Cancelled => Settlement::Cancel,
        Disposition::Retry if at.attempt >= attempts_for(fault.code, at.max_attempts) => {
            Settlement::Bury(Bury { exhausted: true, ..bury(fault.code) }, fault, partial)
        }
        Disposition::Retry => match in_time(tier_of_retry(&fault, at.attempt), at) {
            Some(tier) => Settlement::Retry(wait(tier, at.attempt + 1), fault),
            None => Settlement::Bury(bury(ErrorCode::Expired), fault, partial),
        },
        Disposition::Park => match in_time(fault.retry_after.map_or(Tier::S30, Tier::at_least), at) {
            Some(tier) => Settlement::Park(wait(tier, at.attempt), fault),
            None => Settlement::Bury(bury(ErrorCode::Expired), fault, partial),
        },
        // A refusal may be the first sign of an outage: credentials that have just expired, a policy that is being
        // changed. The second time it is believed.
        Disposition::Bury if is_first_refusal(&fault, at) => match in_time(Tier::S30, at) {
            Some(tier) => Settlement::Park(wait(tier, at.attempt), fault),
            None => Settlement::Bury(bury(fault.code), fault, partial),
        },
        // A page's fault reaches the whole job only if nothing else gave output. The same renderers would fail again,
        // so the job is buried.
        Disposition::Page | Disposition::Bury => Settlement::Bury(bury(fault.code), fault, partial),
    }
}

/// Waits for other jobs, or for another delivery of this one, also past the deadline: burying a duplicate would end a
/// job that is being worked on, and a job that was not looked at says itself that it has expired. Nobody is told: it may
/// happen every few seconds.
fn put_aside<P, S>(at: Circumstances, why: &str) -> Settlement<P, S> {
    let fault = Fault::new(ErrorCode::Internal, Phase::Admission, why);
    Settlement::Park(Postpone { is_told: false, ..wait(Tier::S5, at.attempt) }, fault)
}

/// Waits for the later generation to end, whose result this delivery then finds. A replay may have died without one:
/// at its deadline the job is buried, so that it does not vanish.
fn give_way<P, S>(at: Circumstances) -> Settlement<P, S> {
    let message = "a replay of the job is under way; this message is of the generation before it";
    let fault = Fault::new(ErrorCode::Internal, Phase::Admission, message);
    match in_time(Tier::S30, at) {
        Some(tier) => Settlement::Park(wait(tier, at.attempt), fault),
        None => Settlement::Bury(bury(ErrorCode::Expired), fault, None),
    }
}

/// While storage is out of reach the job waits, until its deadline. Otherwise the dead letter, with the cause, is
/// all that is left of it.
fn after_unstored_end<P, S>(fault: Fault, letter: LetterWritten, at: Circumstances) -> Settlement<P, S> {
    match in_time(Tier::S30, at) {
        Some(tier) if fault.code == ErrorCode::StorageUnavailable || is_first_refusal(&fault, at) => {
            Settlement::Park(Postpone { letter, ..wait(tier, at.attempt) }, fault)
        }
        _ => Settlement::EndWithoutResult(letter_to_write(letter, fault.code), fault),
    }
}

fn is_first_refusal(fault: &Fault, at: Circumstances) -> bool {
    fault.code == ErrorCode::StorageDenied && !at.was_denied
}

fn letter_to_write(letter: LetterWritten, code: ErrorCode) -> Option<Bury> {
    match letter {
        LetterWritten::Yes => None,
        LetterWritten::No => Some(bury(code)),
    }
}

fn tier_of_retry(fault: &Fault, attempt: u32) -> Tier {
    let by_count = Tier::ALL[(attempt.max(1) as usize - 1).min(Tier::ALL.len() - 1)];
    fault.retry_after.map_or(by_count, |delay| Tier::at_least(delay).max(by_count))
}

/// A missing source gets the first three tiers only: an upload that is late is late by seconds or minutes, and
/// the publisher should not wait hours to hear of a wrong key.
const fn attempts_for(code: ErrorCode, max_attempts: u32) -> u32 {
    const MISSING_SOURCE: u32 = 4;
    match code {
        ErrorCode::SourceNotFound if max_attempts > MISSING_SOURCE => MISSING_SOURCE,
        _ => max_attempts,
    }
}

/// Returns the tier if its wait ends before the deadline.
fn in_time(tier: Tier, at: Circumstances) -> Option<Tier> {
    match at.deadline {
        Deadline::Known(deadline) => (at.now + tier.delay() < deadline).then_some(tier),
        Deadline::Unread => None,
    }
}

const fn wait(tier: Tier, attempt: u32) -> Postpone {
    Postpone { tier, attempt, letter: LetterWritten::No, is_told: true }
}

const fn bury(code: ErrorCode) -> Bury {
    let kind = match code {
        ErrorCode::InvalidJob | ErrorCode::UnsupportedVersion => DeadKind::Invalid,
        ErrorCode::Expired => DeadKind::Expired,
        _ => DeadKind::Failed,
    };
    Bury { kind, exhausted: false, code }
}

#[cfg(test)]
mod tests;
