//! Asks the engines behind HTTP, one after the other: the breaker of each, the record of paid work, and the time that
//! is kept for what comes after.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use quire_schemas::{failure::ErrorCode, job::Engine, result::Phase, state::ExternalParse};

use super::{
    context::Context,
    fallback::Walk,
    page_sink::{Kept, PageSink},
    run::{RawAnswer, Run},
    spool::Spool,
};
use crate::{
    breaker::{Breaker, Trial},
    fail_point,
    job::{Budget, Fault},
    parse::{EngineOutput, KeepPages, ParseRequest, ParsedPage, RecordExternal, not_configured},
    render::OpenedDocument,
    source::Fetched,
};

/// A parse by an engine behind HTTP; its pages are in the spool.
#[derive(Debug)]
pub(super) struct Parsed {
    /// Without the answer, which is in `raw`.
    pub(super) output: EngineOutput,
    pub(super) raw: RawAnswer,
    pub(super) kept: Kept,
}

/// What an engine is asked about.
pub(super) struct Question<'a> {
    pub(super) context: &'a Context,
    pub(super) run: &'a Run,
    pub(super) fetched: &'a Fetched,
    pub(super) document: &'a OpenedDocument,
    /// From 1, ascending.
    pub(super) pages: Vec<u32>,
    pub(super) spool: &'a Arc<Mutex<Spool>>,
}

/// Why a question has no answer.
#[derive(Debug)]
enum Unanswered {
    /// The engine failed, or is not asked: the next one has its turn.
    ByEngine(Fault),
    /// The worker cannot keep the answer, whichever engine gives it.
    ByWorker(Fault),
}

impl Question<'_> {
    /// Asks the engines of the job's list in their order until one parses, none is left, or the local engine has its
    /// turn. May be dropped: the next run resumes a parse that is recorded.
    ///
    /// # Errors
    /// The worker cannot keep the pages. The engine has done its work: the next run resumes the parse.
    pub(super) async fn ask(&self) -> Result<(Walk, Option<Parsed>), Fault> {
        let mut walk = Walk::new(&self.run.job.parse, self.recorded());
        while let Some(engine) = walk.current_remote() {
            match self.ask_one(engine, walk.still_to_come()).await {
                Ok(parsed) => return Ok((walk, Some(parsed))),
                Err(Unanswered::ByWorker(fault)) => return Err(fault),
                Err(Unanswered::ByEngine(fault)) => {
                    let (code, cause) = (fault.code, fault.chain());
                    walk.failed(fault);
                    // Without a next engine the fault is the branch's, and is reported there.
                    if let Some(next) = walk.current() {
                        tracing::info!(%engine, %next, %code, "a parse engine failed; the job's next engine is tried: {cause}");
                    }
                }
            }
        }
        Ok((walk, None))
    }

    async fn ask_one(&self, engine: Engine, still_to_come: u32) -> Result<Parsed, Unanswered> {
        let configured = self.context.engines.of(engine).ok_or_else(|| Unanswered::ByEngine(not_configured(engine)))?;
        let trial = configured.breaker.admit().map_err(|wait| Unanswered::ByEngine(known_to_be_down(engine, wait)))?;
        let filename = self.run.job.source.filename().unwrap_or_else(|| "document.pdf".to_owned());
        let options = self.run.job.parse.for_engine(engine);
        let job_key = format!("{}/{}", self.run.identity.tenant, self.run.identity.job_id);
        let request = ParseRequest {
            file: &self.fetched.file,
            filename: &filename,
            size_bytes: self.fetched.size_bytes,
            sha256: self.fetched.sha256,
            page_sizes: &self.document.info().page_sizes,
            pages: &self.pages,
            options: &options,
            job_key: &job_key,
            resume: self.recorded().find(|external| external.engine == engine),
        };
        let recorder = Recorder {
            context: self.context,
            run: self.run,
            breaker: &configured.breaker,
            on_trial: AtomicBool::new(trial.is_alone()),
        };
        let mut sink = PageSink::new(Arc::clone(self.spool));
        let budget = with_reserve(&self.run.budget, still_to_come);
        let parsed = configured.remote.parse(request, &recorder, &mut sink, &budget).await;
        match answered(parsed, &mut sink, trial) {
            Ok(mut output) => {
                let key = self.run.identity.keys.raw_parse(engine);
                let raw = RawAnswer { key, body: std::mem::take(&mut output.raw) };
                Ok(Parsed { output, raw, kept: sink.finish() })
            }
            Err(unanswered) => {
                sink.discard().await;
                Err(unanswered)
            }
        }
    }

    /// Returns what earlier runs recorded of parses of these bytes.
    fn recorded(&self) -> impl Iterator<Item = &ExternalParse> {
        let sha256 = self.fetched.sha256.to_string();
        let same_bytes = move |recorded: &String| *recorded == sha256;
        self.run.recorded.iter().filter(move |external| external.source_sha256.as_ref().is_none_or(&same_bytes))
    }
}

impl KeepPages for PageSink {
    async fn keep(&mut self, page: ParsedPage) -> Result<(), Fault> {
        self.put(page).await
    }
}

/// Tells the fault of an engine from that of the sink, which says no more about the engine than that it has answered.
fn answered(
    parsed: Result<EngineOutput, Fault>,
    sink: &mut PageSink,
    trial: Trial,
) -> Result<EngineOutput, Unanswered> {
    match (sink.take_fault(), parsed) {
        (Some(fault), parsed) => {
            if parsed.err().is_none_or(|passed_on| passed_on.is_answer()) {
                trial.succeeded();
            }
            Err(Unanswered::ByWorker(fault))
        }
        (None, Ok(output)) => {
            trial.succeeded();
            Ok(output)
        }
        (None, Err(fault)) => Err(Unanswered::ByEngine(judged(trial, fault))),
    }
}

/// Tells the breaker what a fault says about the engine, and the fault what the breaker knows. A fault that came after
/// the engine's answer, such as one of the record, is marked as answered.
fn judged(trial: Trial, fault: Fault) -> Fault {
    match fault.code {
        _ if fault.is_answer() => trial.succeeded(),
        // The job that trips the breaker is not charged an attempt either.
        ErrorCode::ParserUnavailable | ErrorCode::ParserAuth => {
            let down = trial.failed();
            return if down { fault.in_outage() } else { fault };
        }
        ErrorCode::ParserRejected | ErrorCode::ParserJobLost | ErrorCode::ParserThrottled => trial.succeeded(),
        // Of this document or of the worker: says nothing about the engine.
        _ => {}
    }
    fault
}

fn known_to_be_down(engine: Engine, wait: Duration) -> Fault {
    let message = format!("{engine} is down; the worker sends it only probes until it answers again");
    Fault::new(ErrorCode::ParserUnavailable, Phase::Parse, message).after(Some(wait)).in_outage()
}

/// Keeps some of the job's time from an engine that may hang.
fn with_reserve(budget: &Budget, still_to_come: u32) -> Budget {
    let left = budget.remaining();
    Budget::lasting(left - reserve(left, still_to_come))
}

/// A share for every engine that may be asked later; with none to come one share is for the commit of the images.
fn reserve(left: Duration, still_to_come: u32) -> Duration {
    let share = (left / 10).clamp(Duration::from_secs(5), Duration::from_secs(60));
    share.saturating_mul(still_to_come.max(1)).min(left / 2)
}

/// Writes the external id into `state.json`.
struct Recorder<'a> {
    context: &'a Context,
    run: &'a Run,
    breaker: &'a Breaker,
    /// This job alone tries whether the service is back, and has not seen it at work yet.
    on_trial: AtomicBool,
}

impl RecordExternal for Recorder<'_> {
    async fn record(&self, external: ExternalParse) -> Result<(), Fault> {
        self.run.state.record(&self.context.store, external).await?;
        fail_point::reach("external_recorded");
        Ok(())
    }

    fn confirmed_at_work(&self) {
        // Parses that were under way before the outage say nothing about new ones.
        if self.on_trial.swap(false, Ordering::Relaxed) {
            self.breaker.accepts_work();
        }
    }
}

#[cfg(test)]
mod tests {
    use quire_schemas::failure::Disposition;

    use super::*;
    use crate::{
        pipeline::testing::{parsed_page, spool},
        telemetry::{Dependency, Metrics},
    };

    fn fault(code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Parse, "asking")
    }

    /// Lets parses end in these faults, one after the other; returns what the last one costs the job.
    fn after(breaker: &Breaker, faults: impl IntoIterator<Item = Fault>) -> Option<Disposition> {
        let judge = |fault| judged(breaker.admit().expect("the breaker is closed"), fault).disposition();
        faults.into_iter().map(judge).last()
    }

    #[tokio::test]
    async fn the_job_that_trips_the_breaker_costs_no_attempt() {
        let breaker = Breaker::new(Dependency::Engine(Engine::Docling), Metrics::new());
        let down = || fault(ErrorCode::ParserUnavailable);
        assert_eq!(after(&breaker, [down(), down()]), Some(Disposition::Retry));
        assert_eq!(after(&breaker, [down()]), Some(Disposition::Park));
        let wait = breaker.admit().expect_err("it is open");
        assert_eq!(known_to_be_down(Engine::Docling, wait).disposition(), Disposition::Park);
    }

    #[tokio::test]
    async fn an_answer_is_no_failure_and_a_fault_of_the_document_says_nothing() {
        let breaker = Breaker::new(Dependency::Engine(Engine::Docling), Metrics::new());
        let down = || fault(ErrorCode::ParserUnavailable);
        after(&breaker, [down(), down(), fault(ErrorCode::ParserRejected), down(), down()]);
        assert!(!breaker.is_open());
        after(&breaker, [down().answered(), down(), down(), fault(ErrorCode::ParserTimeout)]);
        assert!(!breaker.is_open());
        after(&breaker, [down()]);
        assert!(breaker.is_open());
    }

    #[tokio::test]
    async fn a_full_disk_is_not_the_engines_fault_and_ends_both_branches() {
        let breaker = Breaker::new(Dependency::Engine(Engine::Docling), Metrics::new());
        for _ in 0..10 {
            let mut sink = PageSink::new(Arc::new(Mutex::new(Spool::on_full_disk())));
            sink.keep(parsed_page(1, &["text"])).await.expect_err("there is no room");
            let trial = breaker.admit().expect("the breaker is closed");
            // The engine makes of it what it makes of its own faults.
            let unanswered = answered(Err(fault(ErrorCode::ParserUnavailable)), &mut sink, trial);
            let Err(Unanswered::ByWorker(fault)) = unanswered else { panic!("{unanswered:?}") };
            assert_eq!((fault.code, fault.disposition()), (ErrorCode::Internal, Disposition::Retry));
        }
        assert!(!breaker.is_open());
    }

    #[tokio::test]
    async fn a_fault_of_the_engine_stays_the_engines() {
        let breaker = Breaker::new(Dependency::Engine(Engine::Docling), Metrics::new());
        let mut sink = PageSink::new(Arc::new(Mutex::new(spool([]))));
        sink.keep(parsed_page(1, &["text"])).await.expect("there is room");
        let trial = breaker.admit().expect("the breaker is closed");
        let unanswered = answered(Err(fault(ErrorCode::ParserRejected)), &mut sink, trial);
        let Err(Unanswered::ByEngine(fault)) = unanswered else { panic!("{unanswered:?}") };
        assert_eq!(fault.code, ErrorCode::ParserRejected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_confirms_the_engine_although_its_answer_could_not_be_kept() {
        let breaker = Breaker::new(Dependency::Engine(Engine::Docling), Metrics::new());
        (0..3).for_each(|_| breaker.failed());
        tokio::time::sleep(breaker.admit().expect_err("it is open")).await;
        judged(breaker.admit().expect("the pause is over"), fault(ErrorCode::Internal));
        assert!(breaker.is_open(), "a fault before the answer says nothing");
        judged(breaker.admit().expect("the next one may try"), fault(ErrorCode::Internal).answered());
        assert!(!breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_confirms_the_engine_although_the_disk_is_full() {
        let breaker = Breaker::new(Dependency::Engine(Engine::Docling), Metrics::new());
        (0..3).for_each(|_| breaker.failed());
        tokio::time::sleep(breaker.admit().expect_err("it is open")).await;
        for (has_answered, is_open) in [(false, true), (true, false)] {
            let mut sink = PageSink::new(Arc::new(Mutex::new(Spool::on_full_disk())));
            let not_kept = sink.keep(parsed_page(1, &["text"])).await.expect_err("there is no room");
            let not_kept = if has_answered { not_kept.answered() } else { not_kept };
            let unanswered = answered(Err(not_kept), &mut sink, breaker.admit().expect("the pause is over"));
            assert!(matches!(unanswered, Err(Unanswered::ByWorker(_))), "{unanswered:?}");
            assert_eq!(breaker.is_open(), is_open);
        }
    }

    #[test]
    fn time_is_kept_for_every_engine_that_may_come() {
        let seconds = Duration::from_secs;
        assert_eq!(reserve(seconds(300), 0), seconds(30));
        assert_eq!(reserve(seconds(300), 1), seconds(30));
        assert_eq!(reserve(seconds(300), 3), seconds(90));
        assert_eq!(reserve(seconds(1200), 2), seconds(120));
        assert_eq!(reserve(seconds(8), 1), seconds(4));
        assert_eq!(reserve(seconds(20), 9), seconds(10));
    }
}
