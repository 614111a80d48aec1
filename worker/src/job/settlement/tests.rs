//! Tests of `decide`: the paths of single faults, and properties of every path that a job can take.

use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

const DAY: i64 = 24 * 60;
/// What stands for a partial output and for a stored result.
const OUTPUT: &str = "output";

type Settled = Settlement<&'static str, &'static str>;

fn at(attempt: u32, minutes_left: i64) -> Circumstances {
    let now = DateTime::UNIX_EPOCH;
    let deadline = Deadline::Known(now + TimeDelta::minutes(minutes_left));
    Circumstances { attempt, max_attempts: 6, was_denied: false, deadline, now }
}

/// How a job waits for others.
fn aside(attempt: u32) -> Postpone {
    Postpone { is_told: false, ..wait(Tier::S5, attempt) }
}

fn unread() -> Circumstances {
    Circumstances { deadline: Deadline::Unread, ..at(1, DAY) }
}

fn fault(code: ErrorCode) -> Fault {
    Fault::new(code, Phase::Fetch, "test")
}

fn after(fault: Fault, at: Circumstances) -> Settled {
    decide(Ending::Failed(fault, None), at)
}

/// What of a settlement can be compared.
#[derive(Debug, PartialEq)]
enum Went {
    Retried(Postpone),
    Parked(Postpone),
    Buried(Bury),
    EndedWithoutResult(Option<Bury>),
    Rejected(Option<Bury>),
    Elsewhere(&'static str),
}

fn went(settled: Settled) -> Went {
    match settled {
        Settlement::Retry(next, _) => Went::Retried(next),
        Settlement::Park(next, _) => Went::Parked(next),
        Settlement::Bury(bury, ..) => Went::Buried(bury),
        Settlement::EndWithoutResult(bury, _) => Went::EndedWithoutResult(bury),
        Settlement::Reject(bury, _) => Went::Rejected(bury),
        other => Went::Elsewhere(other.as_str()),
    }
}

#[test]
fn a_transient_fault_walks_the_tiers_and_then_ends() {
    let walked: Vec<_> =
        (1..=6).map(|attempt| went(after(fault(ErrorCode::SourceUnavailable), at(attempt, DAY)))).collect();
    let mut expected: Vec<_> =
        Tier::ALL.into_iter().zip(2..).map(|(tier, attempt)| Went::Retried(wait(tier, attempt))).collect();
    expected.push(Went::Buried(Bury { kind: DeadKind::Failed, exhausted: true, code: ErrorCode::SourceUnavailable }));
    assert_eq!(walked, expected);
}

#[test]
fn a_missing_source_is_given_three_tiers() {
    let missing = || fault(ErrorCode::SourceNotFound);
    assert!(matches!(after(missing(), at(3, 600)), Settlement::Retry(Postpone { tier: Tier::M2, .. }, _)));
    assert!(matches!(after(missing(), at(4, 600)), Settlement::Bury(Bury { exhausted: true, .. }, ..)));
}

#[test]
fn throttling_waits_as_long_as_asked_and_costs_no_attempt() {
    let fault = fault(ErrorCode::ParserThrottled).after(Some(Duration::from_secs(60)));
    assert_eq!(went(after(fault, at(6, 600))), Went::Parked(wait(Tier::M2, 6)));
}

#[test]
fn an_outage_of_an_engine_costs_no_attempt_but_a_refusal_in_it_still_ends_the_job() {
    let outage = fault(ErrorCode::ParserUnavailable).in_outage();
    assert_eq!(went(after(outage, at(6, 600))), Went::Parked(wait(Tier::S30, 6)));
    let refused = fault(ErrorCode::ParserRejected).in_outage();
    assert!(matches!(after(refused, at(1, 600)), Settlement::Bury(..)));
}

#[test]
fn an_unfinished_job_goes_back_uncounted_unless_its_delivery_is_lost() {
    let settled = |cut| went(decide(Ending::Unfinished(cut), at(6, -5)));
    for cut in [Cut::NotBegun, Cut::Stopping, Cut::LeaseOver] {
        assert_eq!(settled(cut), Went::Elsewhere("release"), "{cut:?}");
    }
    assert_eq!(settled(Cut::Fenced), Went::Elsewhere("let_go"));
    assert_eq!(went(decide(Ending::Done(OUTPUT), at(9, -5))), Went::Elsewhere("done"));
}

#[test]
fn a_buried_job_keeps_its_fault_and_what_it_has_to_show() {
    let settled: Settled = decide(Ending::Failed(fault(ErrorCode::ParserRejected), Some(OUTPUT)), at(1, DAY));
    let Settlement::Bury(_, fault, partial) = settled else { panic!("{settled:?}") };
    assert_eq!((fault.code, partial), (ErrorCode::ParserRejected, Some(OUTPUT)));
}

#[test]
fn a_duplicate_waits_a_few_seconds_uncounted_whatever_the_deadline() {
    for minutes in [DAY, 0, -5] {
        assert_eq!(went(decide(Ending::Duplicate, at(2, minutes))), Went::Parked(aside(2)));
        assert_eq!(went(decide(Ending::BeyondShare, at(2, minutes))), Went::Parked(aside(2)));
    }
}

#[test]
fn a_refusal_of_storage_is_believed_the_second_time() {
    let denied = || fault(ErrorCode::StorageDenied);
    assert_eq!(went(after(denied(), at(3, DAY))), Went::Parked(wait(Tier::S30, 3)));
    let again = Circumstances { was_denied: true, ..at(3, DAY) };
    let buried = Went::Buried(Bury { kind: DeadKind::Failed, exhausted: false, code: ErrorCode::StorageDenied });
    assert_eq!(went(after(denied(), again)), buried);
    assert_eq!(went(after(denied(), at(3, 0))), buried);
}

#[test]
fn a_job_that_was_not_begun_for_the_sake_of_others_goes_back_or_gives_way() {
    assert_eq!(went(decide(Ending::Bystander, at(6, -5))), Went::Elsewhere("release"));
    let expired = Bury { kind: DeadKind::Expired, exhausted: false, code: ErrorCode::Expired };
    assert_eq!(went(decide(Ending::LaterGeneration, at(6, -5))), Went::Buried(expired));
    assert_eq!(went(decide(Ending::Repeated(OUTPUT), at(6, -5))), Went::Elsewhere("repeat"));
}

#[test]
fn a_message_that_cannot_be_read_is_an_invalid_letter_and_has_a_result_only_if_it_names_its_job() {
    for code in [ErrorCode::InvalidJob, ErrorCode::UnsupportedVersion] {
        let letter = Bury { kind: DeadKind::Invalid, exhausted: false, code };
        assert_eq!(went(decide(Ending::Undecodable(fault(code)), unread())), Went::Buried(letter));
        assert_eq!(went(decide(Ending::Nameless(fault(code)), unread())), Went::Rejected(Some(letter)));
    }
}

#[test]
fn another_body_under_the_id_of_a_job_has_one_letter_and_no_result() {
    let rejected =
        |letter| went(decide(Ending::AnotherBody { fault: fault(ErrorCode::InvalidJob), letter }, at(1, DAY)));
    let letter = Bury { kind: DeadKind::Invalid, exhausted: false, code: ErrorCode::InvalidJob };
    assert_eq!(rejected(LetterWritten::No), Went::Rejected(Some(letter)));
    assert_eq!(rejected(LetterWritten::Yes), Went::Rejected(None));
}

#[test]
fn an_end_that_storage_does_not_take_waits_with_its_letter_while_there_is_time() {
    let settled = |code, letter, at| went(decide(Ending::EndNotStored { fault: fault(code), letter }, at));
    for letter in [LetterWritten::Yes, LetterWritten::No] {
        let parked = Went::Parked(Postpone { letter, ..wait(Tier::S30, 6) });
        assert_eq!(settled(ErrorCode::StorageUnavailable, letter, at(6, 1)), parked);
    }
    let failed = |code| Some(Bury { kind: DeadKind::Failed, exhausted: false, code });
    let (down, denied) = (ErrorCode::StorageUnavailable, ErrorCode::StorageDenied);
    let again = Circumstances { was_denied: true, ..at(1, DAY) };
    assert_eq!(settled(denied, LetterWritten::No, at(1, DAY)), Went::Parked(wait(Tier::S30, 1)));
    assert_eq!(settled(denied, LetterWritten::No, again), Went::EndedWithoutResult(failed(denied)));
    assert_eq!(settled(denied, LetterWritten::Yes, again), Went::EndedWithoutResult(None));
    assert_eq!(settled(down, LetterWritten::No, at(1, 0)), Went::EndedWithoutResult(failed(down)));
    assert_eq!(settled(down, LetterWritten::Yes, unread()), Went::EndedWithoutResult(None));
}

/// What a delivery comes to, as a generator can make it.
#[derive(Debug, Clone, Copy)]
enum RunEnd {
    Done,
    Repeated,
    Fails {
        code: ErrorCode,
        retry_after_seconds: Option<u64>,
        outage: bool,
    },
    Unfinished(Cut),
    Duplicate,
    Undecodable(ErrorCode),
    Nameless(ErrorCode),
    AnotherBody(LetterWritten),
    Bystander,
    BeyondShare,
    LaterGeneration,
    EndNotStored(ErrorCode, LetterWritten),
    /// The worker dies: the broker gives the delivery to another one.
    Dies,
}

impl RunEnd {
    fn ending(self) -> Option<Ending<&'static str, &'static str>> {
        Some(match self {
            Self::Done => Ending::Done(OUTPUT),
            Self::Repeated => Ending::Repeated(OUTPUT),
            Self::Unfinished(cut) => Ending::Unfinished(cut),
            Self::Duplicate => Ending::Duplicate,
            Self::Undecodable(code) => Ending::Undecodable(fault(code)),
            Self::Nameless(code) => Ending::Nameless(fault(code)),
            Self::AnotherBody(letter) => Ending::AnotherBody { fault: fault(ErrorCode::InvalidJob), letter },
            Self::Bystander => Ending::Bystander,
            Self::BeyondShare => Ending::BeyondShare,
            Self::LaterGeneration => Ending::LaterGeneration,
            Self::EndNotStored(code, letter) => Ending::EndNotStored { fault: fault(code), letter },
            Self::Dies => return None,
            Self::Fails { code, retry_after_seconds, outage } => {
                let fault = fault(code).after(retry_after_seconds.map(Duration::from_secs));
                (if outage { fault.in_outage() } else { fault }).into()
            }
        })
    }
}

fn any_run_end() -> impl Strategy<Value = RunEnd> {
    let cut = prop::sample::select(vec![Cut::NotBegun, Cut::Stopping, Cut::LeaseOver, Cut::Fenced]);
    let fails = (prop::sample::select(ErrorCode::ALL.to_vec()), prop::option::of(0u64..5000), any::<bool>());
    let letter = || prop::sample::select(vec![LetterWritten::Yes, LetterWritten::No]);
    let unread = || prop::sample::select(vec![ErrorCode::InvalidJob, ErrorCode::UnsupportedVersion]);
    let not_stored = vec![ErrorCode::StorageUnavailable, ErrorCode::StorageDenied, ErrorCode::Internal];
    let not_begun =
        vec![RunEnd::Repeated, RunEnd::Duplicate, RunEnd::Bystander, RunEnd::BeyondShare, RunEnd::LaterGeneration];
    prop_oneof![
        1 => Just(RunEnd::Done),
        6 => fails.prop_map(|(code, retry_after_seconds, outage)| RunEnd::Fails { code, retry_after_seconds, outage }),
        2 => cut.prop_map(RunEnd::Unfinished),
        2 => Just(RunEnd::Dies),
        1 => prop::sample::select(not_begun),
        1 => unread().prop_map(RunEnd::Undecodable),
        1 => unread().prop_map(RunEnd::Nameless),
        1 => letter().prop_map(RunEnd::AnotherBody),
        2 => (prop::sample::select(not_stored), letter()).prop_map(|(code, letter)| RunEnd::EndNotStored(code, letter)),
    ]
}

/// A job that goes from run to run as its settlements say.
struct Life {
    at: Circumstances,
    faults_counted: u32,
    ended: bool,
}

impl Life {
    fn live_through(&mut self, run: RunEnd) -> Result<(), TestCaseError> {
        // A worker that dies and one that lost its delivery settle nothing: it comes again as it is.
        let Some(ending) = run.ending() else { return Ok(()) };
        let denied = match run {
            RunEnd::Fails { code, .. } | RunEnd::EndNotStored(code, _) => code == ErrorCode::StorageDenied,
            _ => false,
        };
        let settled = decide(ending, self.at);
        self.at.was_denied = denied;
        match settled {
            Settlement::Retry(next, _) => {
                self.faults_counted += 1;
                self.wait(next, self.at.attempt + 1)?;
            }
            // The delivery that has the job decides what comes of it, also at the deadline.
            Settlement::Park(next, _) if matches!(run, RunEnd::Duplicate | RunEnd::BeyondShare) => {
                prop_assert_eq!(next, aside(self.at.attempt));
                self.at.now += next.tier.delay();
            }
            Settlement::Park(next, _) => {
                let letter = if let RunEnd::EndNotStored(_, letter) = run { letter } else { LetterWritten::No };
                prop_assert_eq!(next.letter, letter);
                self.wait(next, self.at.attempt)?;
            }
            Settlement::Release | Settlement::LetGo => {
                prop_assert!(matches!(run, RunEnd::Unfinished(_) | RunEnd::Bystander), "{:?} was given back", run);
            }
            Settlement::Done(_) | Settlement::Repeat(_) | Settlement::Cancel => self.ended = true,
            Settlement::Bury(bury, ..) => {
                self.ended = true;
                if let RunEnd::Undecodable(code) = run {
                    prop_assert_eq!((bury.kind, bury.code), (DeadKind::Invalid, code));
                    return Ok(());
                }
                if matches!(run, RunEnd::LaterGeneration) {
                    prop_assert!(in_time(Tier::S30, self.at).is_none());
                    return Ok(());
                }
                let RunEnd::Fails { code, .. } = run else { panic!("{run:?} was buried") };
                prop_assert!(bury.code == code || bury.code == ErrorCode::Expired);
                prop_assert!(bury.code == ErrorCode::Expired || bury.exhausted || !code.is_retryable());
                prop_assert!(!bury.exhausted || self.at.attempt > 3, "given up at attempt {}", self.at.attempt);
            }
            Settlement::EndWithoutResult(bury, _) => {
                self.ended = true;
                let RunEnd::EndNotStored(code, letter) = run else { panic!("{run:?} ended without a result") };
                prop_assert_eq!(bury.is_some(), letter == LetterWritten::No);
                let is_late = in_time(Tier::S30, self.at).is_none();
                prop_assert!(code != ErrorCode::StorageUnavailable || is_late);
            }
            Settlement::Reject(bury, _) => {
                self.ended = true;
                let is_written = matches!(run, RunEnd::AnotherBody(LetterWritten::Yes));
                prop_assert!(is_written || matches!(run, RunEnd::AnotherBody(_) | RunEnd::Nameless(_)), "{:?}", run);
                prop_assert_eq!(bury.map(|bury| bury.kind), (!is_written).then_some(DeadKind::Invalid));
            }
        }
        Ok(())
    }

    fn wait(&mut self, next: Postpone, expected_attempt: u32) -> Result<(), TestCaseError> {
        prop_assert_eq!(next.attempt, expected_attempt);
        prop_assert!(next.attempt <= self.at.max_attempts);
        self.at.now += next.tier.delay();
        let Deadline::Known(deadline) = self.at.deadline else { panic!("{next:?} though the message cannot be read") };
        prop_assert!(self.at.now < deadline, "the next run would come after the deadline");
        self.at.attempt = next.attempt;
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_happens_a_job_ends_once_counts_only_its_own_faults_and_never_waits_past_its_deadline(
        runs in prop::collection::vec(any_run_end(), 1..60),
        minutes in 1i64..3000,
    ) {
        let mut life = Life { at: at(1, minutes), faults_counted: 0, ended: false };
        for run in runs {
            life.live_through(run)?;
            prop_assert_eq!(life.at.attempt, 1 + life.faults_counted);
            if life.ended {
                break;
            }
        }
    }

    #[test]
    fn a_job_whose_every_run_fails_comes_to_an_end(
        code in prop::sample::select(ErrorCode::ALL.to_vec()),
        outage in any::<bool>(),
        minutes in 1i64..3000,
    ) {
        let mut life = Life { at: at(1, minutes), faults_counted: 0, ended: false };
        // Parked for half a minute at a time, a job with two days left is looked at this often.
        for _ in 0..=(minutes * 2 + 1) {
            life.live_through(RunEnd::Fails { code, retry_after_seconds: None, outage })?;
            if life.ended {
                return Ok(());
            }
        }
        prop_assert!(false, "{code} never ended the job");
    }

    #[test]
    fn a_job_whose_end_is_never_stored_comes_to_an_end(
        code in prop::sample::select(vec![ErrorCode::StorageUnavailable, ErrorCode::StorageDenied]),
        minutes in 1i64..3000,
    ) {
        let mut life = Life { at: at(1, minutes), faults_counted: 0, ended: false };
        for _ in 0..=(minutes * 2 + 1) {
            life.live_through(RunEnd::EndNotStored(code, LetterWritten::Yes))?;
            if life.ended {
                return Ok(());
            }
        }
        prop_assert!(false, "{code} never ended the job");
    }

    #[test]
    fn a_message_that_cannot_be_read_never_waits(code in prop::sample::select(ErrorCode::ALL.to_vec())) {
        let letter = LetterWritten::Yes;
        for ending in [
            Ending::Undecodable(fault(code)),
            Ending::Nameless(fault(code)),
            Ending::EndNotStored { fault: fault(code), letter },
            Ending::AnotherBody { fault: fault(code), letter },
        ] {
            let settled: Settled = decide(ending, unread());
            prop_assert!(!matches!(settled, Settlement::Retry(..) | Settlement::Park(..) | Settlement::Release));
        }
    }
}
