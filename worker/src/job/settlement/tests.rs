use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use quire_schemas::result::Phase;

use super::*;

const DAY: i64 = 24 * 60;

fn at(attempt: u32, minutes_left: i64) -> Circumstances {
    let now = DateTime::UNIX_EPOCH;
    Circumstances { attempt, max_attempts: 6, deadline: now + TimeDelta::minutes(minutes_left), now }
}

fn fault(code: ErrorCode) -> Fault {
    Fault::new(code, Phase::Fetch, "test")
}

#[test]
fn a_transient_fault_walks_the_tiers_and_then_ends() {
    let walked: Vec<_> =
        (1..=6).map(|attempt| decide_on_fault(&fault(ErrorCode::SourceUnavailable), at(attempt, DAY))).collect();
    let mut expected: Vec<_> =
        Tier::ALL.into_iter().zip(2..).map(|(tier, attempt)| Settlement::Retry(Postpone { tier, attempt })).collect();
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
    assert!(matches!(decide_on_fault(&fault, at(3, 600)), Settlement::Retry(Postpone { tier: Tier::M2, .. })));
    assert!(matches!(decide_on_fault(&fault, at(4, 600)), Settlement::Bury(Bury { exhausted: true, .. })));
}

#[test]
fn throttling_waits_as_long_as_asked_and_costs_no_attempt() {
    let fault = fault(ErrorCode::ParserThrottled).after(Some(Duration::from_secs(60)));
    assert_eq!(decide_on_fault(&fault, at(6, 600)), Settlement::Park(Postpone { tier: Tier::M2, attempt: 6 }));
}

#[test]
fn an_outage_of_an_engine_costs_no_attempt_but_a_refusal_in_it_still_ends_the_job() {
    let outage = fault(ErrorCode::ParserUnavailable).in_outage();
    assert_eq!(decide_on_fault(&outage, at(6, 600)), Settlement::Park(Postpone { tier: Tier::S30, attempt: 6 }));
    let refused = fault(ErrorCode::ParserRejected).in_outage();
    assert!(matches!(decide_on_fault(&refused, at(1, 600)), Settlement::Bury(_)));
}

#[test]
fn what_is_unfinished_goes_back_uncounted_unless_it_is_no_longer_ours() {
    let settled = |cut| decide(&Ending::Unfinished(cut), at(6, -5));
    assert_eq!(settled(Cut::Stopping), Settlement::Release);
    assert_eq!(settled(Cut::LeaseOver), Settlement::Release);
    assert_eq!(settled(Cut::Fenced), Settlement::LetGo);
    assert_eq!(decide(&Ending::Done, at(9, -5)), Settlement::Done);
}

/// What one run comes to, as a generator can make it.
#[derive(Debug, Clone, Copy)]
enum Run {
    Done,
    Fails {
        code: ErrorCode,
        retry_after_seconds: Option<u64>,
        outage: bool,
    },
    Unfinished(Cut),
    /// The worker dies: the broker gives the delivery to somebody else.
    Dies,
}

impl Run {
    fn ending(self) -> Option<Ending> {
        match self {
            Self::Done => Some(Ending::Done),
            Self::Unfinished(cut) => Some(Ending::Unfinished(cut)),
            Self::Dies => None,
            Self::Fails { code, retry_after_seconds, outage } => {
                let fault = fault(code).after(retry_after_seconds.map(Duration::from_secs));
                Some(Ending::Failed(if outage { fault.in_outage() } else { fault }))
            }
        }
    }
}

fn any_run() -> impl Strategy<Value = Run> {
    let cut = prop::sample::select(vec![Cut::Stopping, Cut::LeaseOver, Cut::Fenced]);
    let fails = (prop::sample::select(ErrorCode::ALL.to_vec()), prop::option::of(0u64..5000), any::<bool>());
    prop_oneof![
        1 => Just(Run::Done),
        6 => fails.prop_map(|(code, retry_after_seconds, outage)| Run::Fails { code, retry_after_seconds, outage }),
        2 => cut.prop_map(Run::Unfinished),
        2 => Just(Run::Dies),
    ]
}

/// A job that goes from run to run as its settlements say.
struct Life {
    at: Circumstances,
    faults_counted: u32,
    ended: bool,
}

impl Life {
    fn live_through(&mut self, run: Run) -> Result<(), TestCaseError> {
        // A worker that dies and one that lost its delivery settle nothing: it comes again as it is.
        let Some(ending) = run.ending() else { return Ok(()) };
        let settlement = decide(&ending, self.at);
        match settlement {
            Settlement::Retry(next) => {
                self.faults_counted += 1;
                self.wait(next, self.at.attempt + 1)?;
            }
            Settlement::Park(next) => self.wait(next, self.at.attempt)?,
            Settlement::Release | Settlement::LetGo => {
                prop_assert!(matches!(run, Run::Unfinished(_)), "{run:?} was given back");
            }
            Settlement::Done | Settlement::Cancel => self.ended = true,
            Settlement::Bury(bury) => {
                self.ended = true;
                let Run::Fails { code, .. } = run else { panic!("{run:?} was buried") };
                prop_assert!(bury.code == code || bury.code == ErrorCode::Expired);
                prop_assert!(bury.code == ErrorCode::Expired || bury.exhausted || !code.is_retryable());
                prop_assert!(!bury.exhausted || self.at.attempt > 3, "given up at attempt {}", self.at.attempt);
            }
        }
        Ok(())
    }

    fn wait(&mut self, next: Postpone, expected_attempt: u32) -> Result<(), TestCaseError> {
        prop_assert_eq!(next.attempt, expected_attempt);
        prop_assert!(next.attempt <= self.at.max_attempts);
        self.at.now += next.tier.delay();
        prop_assert!(self.at.now < self.at.deadline, "the next run would come after the deadline");
        self.at.attempt = next.attempt;
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_happens_a_job_ends_once_counts_only_its_own_faults_and_never_waits_past_its_deadline(
        runs in prop::collection::vec(any_run(), 1..60),
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
            life.live_through(Run::Fails { code, retry_after_seconds: None, outage })?;
            if life.ended {
                return Ok(());
            }
        }
        prop_assert!(false, "{code} never ended the job");
    }
}
