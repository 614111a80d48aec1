//! Takes a delivery where its settlement says: to its result, to a retry tier, or to the dead queue.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    result::{JobStatus, ParseResult, Phase},
    state::{ExternalParse, JobState},
};
use tokio::time::timeout;
use tracing::Instrument;

use super::{
    admission::{stored_state, sweep_behind},
    announcer::AnnouncedEnd,
    delivered::{Delivered, Ending},
    inbox::Receipt,
    settle::{Settler, Unsettled},
};
use crate::{
    job::{Bury, Circumstances, Cut, Fault, LetterWritten, Settlement, decide},
    lifecycle,
    pipeline::{self, Committed, Committer, Context, RunOutput, WithoutParse},
    telemetry::JobOutcome,
};

/// How long a run that ends may take to note so: a store that is up takes less, and a worker that stops must not
/// wait for one that is down.
const STATE_WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a lost delivery may keep its permit.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Ends deliveries.
#[derive(Debug)]
pub(super) struct Endings {
    pub(super) context: Arc<Context>,
    pub(super) settler: Settler,
    /// Counted attempts that a job may have.
    pub(super) max_attempts: u32,
}

impl Endings {
    /// Stores the output of a run, unless a required branch failed that may still succeed later.
    pub(super) async fn finish<R: Receipt>(&self, delivered: &Delivered<R>, mut output: RunOutput) -> Ending {
        if let Some(fault) = output.fault.take() {
            return Ending::Failed(fault, Some(output));
        }
        match self.commit(delivered, output).await {
            Ok(committed) => Ending::Done(committed),
            Err(fault) if is_of_another_body(&fault) => Ending::AnotherBody { fault, letter: LetterWritten::No },
            Err(fault) => fault.into(),
        }
    }

    /// Commits on a tracked task: neither cancellation nor shutdown may cut it in half.
    ///
    /// A run whose result was taken away is run again, if its delivery still is ours. Otherwise the job has ended
    /// elsewhere, with the result that this one replaced: it gets a failed one.
    async fn commit<R: Receipt>(&self, delivered: &Delivered<R>, output: RunOutput) -> Result<Committed, Fault> {
        match self.commit_once(delivered, output).await {
            Err(fault) if fault.left_no_result() && !delivered.receipt.is_ours() => {
                let Delivered { identity, terms, job, .. } = delivered;
                let failed =
                    pipeline::failed_result(&self.context.worker, identity, *terms, job.as_deref(), &fault).into();
                self.commit_once(delivered, failed).await
            }
            committed => committed,
        }
    }

    async fn commit_once<R>(&self, delivered: &Delivered<R>, mut output: RunOutput) -> Result<Committed, Fault> {
        output.result.warnings.splice(0..0, delivered.warnings.iter().cloned());
        let (context, identity, terms) = (Arc::clone(&self.context), Arc::clone(&delivered.identity), delivered.terms);
        let committing = async move { Committer::of(&context).commit(&identity, terms, output).await };
        lifecycle::spawn(committing.in_current_span()).await.unwrap_or_else(|error| Err(pipeline::panicked(error)))
    }

    /// Decides where the job goes and takes it there. An end that cannot be stored is an ending of its own, and is
    /// decided again.
    pub(super) async fn conclude<R: Receipt>(&self, delivered: Delivered<R>, ending: Ending) -> Result<(), Unsettled> {
        let mut ending = ending;
        loop {
            let line = LogLine::of(&ending);
            let settlement = decide(ending, self.circumstances(&delivered));
            line.write(settlement.as_str());
            ending = match settlement {
                Settlement::Done(committed) => return self.announce(delivered, &committed).await,
                Settlement::Repeat(committed) => {
                    let end = AnnouncedEnd::from(&committed);
                    return self.settler.done(delivered, end, JobOutcome::Repeated).await;
                }
                Settlement::Retry(next, fault) | Settlement::Park(next, fault) => {
                    self.note_end(&delivered).await;
                    return self.settler.postpone(delivered, &fault, next).await;
                }
                Settlement::Release => {
                    self.note_end(&delivered).await;
                    return self.settler.release(delivered).await;
                }
                Settlement::LetGo => {
                    self.leave_to_others(&delivered).await;
                    self.settler.let_go(delivered);
                    return Ok(());
                }
                Settlement::Reject(bury, fault) => {
                    self.bury(&delivered, &fault, bury).await?;
                    return self.settler.forget(delivered, JobOutcome::Buried).await;
                }
                Settlement::EndWithoutResult(bury, fault) => {
                    self.note_end(&delivered).await;
                    self.bury(&delivered, &fault, bury).await?;
                    let end = AnnouncedEnd::without_result(&delivered.identity, &fault);
                    return self.settler.done(delivered, end, JobOutcome::Buried).await;
                }
                Settlement::Bury(bury, fault, partial) => {
                    self.settler.bury(&delivered, &fault, bury).await?;
                    let output = self.burial(&delivered, &fault, bury, partial);
                    match self.store_end(&delivered, output, LetterWritten::Yes).await {
                        Ok(end) => return self.settler.done(delivered, end, JobOutcome::Buried).await,
                        Err(ending) => ending,
                    }
                }
                Settlement::Cancel => {
                    self.cancel_external_parses(&delivered).await;
                    let Delivered { identity, terms, job, .. } = &delivered;
                    let worker = &self.context.worker;
                    let result = pipeline::cancelled_result(worker, identity, *terms, job.as_deref());
                    match self.store_end(&delivered, result.into(), LetterWritten::No).await {
                        Ok(end) => return self.settler.done(delivered, end, JobOutcome::Cancelled).await,
                        Err(ending) => ending,
                    }
                }
            };
        }
    }

    fn circumstances<R>(&self, delivered: &Delivered<R>) -> Circumstances {
        Circumstances {
            attempt: delivered.identity.attempt,
            max_attempts: self.max_attempts,
            was_denied: delivered.message.was_postponed_for(ErrorCode::StorageDenied),
            deadline: delivered.deadline,
            now: Utc::now(),
        }
    }

    async fn announce<R: Receipt>(&self, delivered: Delivered<R>, committed: &Committed) -> Result<(), Unsettled> {
        let Committed { status, pages, elements, .. } = committed;
        tracing::info!(%status, pages, elements, "done");
        let left = match status {
            JobStatus::Succeeded => JobOutcome::Succeeded,
            _ => JobOutcome::PartialSuccess,
        };
        self.settler.done(delivered, AnnouncedEnd::from(committed), left).await
    }

    async fn bury<R: Receipt>(
        &self,
        delivered: &Delivered<R>,
        fault: &Fault,
        bury: Option<Bury>,
    ) -> Result<(), Unsettled> {
        match bury {
            Some(bury) => self.settler.bury(delivered, fault, bury).await,
            None => Ok(()),
        }
    }

    /// Makes the result that goes with a dead letter: the run's output, if there is any, and why the job was given up.
    fn burial<R>(&self, delivered: &Delivered<R>, fault: &Fault, bury: Bury, partial: Option<RunOutput>) -> RunOutput {
        let Delivered { identity, terms, job, .. } = delivered;
        let without_output =
            || pipeline::failed_result(&self.context.worker, identity, *terms, job.as_deref(), fault).into();
        let mut output = partial.unwrap_or_else(without_output);
        explain(&mut output.result, fault, bury, identity.attempt);
        output
    }

    /// Stores a result that is not a success. It is the last that is known of the job: if the worker cannot store its
    /// parsed pages, as with a full temporary folder, they are left out.
    async fn store_end<R: Receipt>(
        &self,
        delivered: &Delivered<R>,
        output: RunOutput,
        letter: LetterWritten,
    ) -> Result<AnnouncedEnd, Ending> {
        if delivered.job.is_none() {
            self.check_that_id_is_free(delivered, letter).await?;
        }
        let without_parse = WithoutParse::of(&output);
        let committed = match (self.commit(delivered, output).await, without_parse) {
            (Err(fault), Some(rest)) if fault.code == ErrorCode::Internal => {
                tracing::error!("the result is stored without its parsed pages: {}", fault.chain());
                self.commit(delivered, rest.because(&fault)).await
            }
            (committed, _) => committed,
        };
        match committed {
            Ok(committed) => Ok(AnnouncedEnd::from(&committed)),
            Err(fault) if is_of_another_body(&fault) => Err(Ending::AnotherBody { fault, letter }),
            Err(fault) => Err(Ending::EndNotStored { fault, letter }),
        }
    }

    /// Keeps the objects of another job with this id: a message that cannot be read must not replace its result.
    async fn check_that_id_is_free<R>(&self, delivered: &Delivered<R>, letter: LetterWritten) -> Result<(), Ending> {
        match self.context.store.list(delivered.identity.keys.folder(), Phase::Admission).await {
            Ok(objects) if objects.is_empty() => Ok(()),
            Ok(_) => {
                let fault = Fault::new(ErrorCode::InvalidJob, Phase::Settle, "this id belongs to another job");
                Err(Ending::AnotherBody { fault, letter })
            }
            Err(fault) => Err(Ending::EndNotStored { fault, letter }),
        }
    }

    /// Notes in the state that this run did not die. If that cannot be stored soon, the next run is more careful
    /// than it need be.
    async fn note_end<R>(&self, delivered: &Delivered<R>) {
        let Some(state) = &delivered.state else { return };
        match timeout(STATE_WRITE_TIMEOUT, state.end(&self.context.store)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::warn!("the end of a run is not noted: {}", fault.chain()),
            Err(_) => tracing::warn!("the end of a run is not noted: storage takes too long"),
        }
    }

    /// Cleans up after a run whose delivery was lost while it went on.
    async fn leave_to_others<R>(&self, delivered: &Delivered<R>) {
        if delivered.begun && timeout(CLEANUP_TIMEOUT, self.clean_up(delivered)).await.is_err() {
            tracing::warn!("storage takes too long: objects that a fenced run has stored stay");
        }
    }

    /// Keeps what the new owner wrote. If it has finished the job, deletes what this run stored meanwhile.
    async fn clean_up<R>(&self, delivered: &Delivered<R>) {
        let identity = &delivered.identity;
        let ours = match &delivered.state {
            Some(state) => state.state().await,
            None => None,
        };
        let theirs = stored_state(&self.context, &identity.keys).await;
        if let (Some(ours), Ok(Some(theirs))) = (ours, theirs)
            && (ours.run, ours.generation) == (theirs.run, theirs.generation)
        {
            self.note_end(delivered).await;
        }
        match self.context.stored_results().find(&identity.keys, Phase::Settle).await {
            Ok(Some(found)) if found.committed.generation >= identity.generation => {
                sweep_behind(&self.context, identity, &found).await;
            }
            _ => {}
        }
    }

    /// Stops the paid parses of a cancelled job.
    async fn cancel_external_parses<R>(&self, delivered: &Delivered<R>) {
        let state = match &delivered.state {
            Some(state) => state.state().await,
            None => stored_state(&self.context, &delivered.identity.keys).await.unwrap_or_default(),
        };
        let recorded: Vec<ExternalParse> = state.iter().flat_map(JobState::recorded).cloned().collect();
        for external in recorded.iter().filter(|external| external.job_id.is_some()) {
            let (engine, external_job_id) = (external.engine, &external.job_id);
            match self.context.engines.cancel(external).await {
                Ok(()) => tracing::info!(%engine, external_job_id, "the external parse is cancelled"),
                Err(fault) => {
                    tracing::warn!(%engine, external_job_id, "the external parse is not cancelled: {}", fault.chain());
                }
            }
        }
    }
}

/// A commit returns `invalid_job` in this case only.
fn is_of_another_body(fault: &Fault) -> bool {
    fault.code == ErrorCode::InvalidJob
}

/// Puts the fault that decided first, and says why the job was given up if that is not the fault itself.
fn explain(result: &mut ParseResult, fault: &Fault, bury: Bury, attempt: u32) {
    let decisive = fault.code.as_str();
    result.errors.sort_by_key(|error| error.code != decisive);
    if bury.code != fault.code {
        let why = Fault::new(bury.code, Phase::Settle, "the next attempt would come after the deadline");
        result.errors.insert(0, why.to_job_error(None));
    }
    if bury.exhausted {
        let message = format!("given up after {attempt} attempts");
        let exhausted = Fault::new(ErrorCode::AttemptsExhausted, Phase::Settle, message);
        result.errors.push(exhausted.to_job_error(None));
    }
}

/// The line that the log has about an ending, once it is decided where the job goes.
enum LogLine {
    /// Another place logs this ending, or none needs to.
    None,
    Unfinished(Cut),
    Cancelled,
    Unread(ErrorCode, String),
    Failed(ErrorCode, String),
    NotStored(ErrorCode, String),
}

impl LogLine {
    fn of(ending: &Ending) -> Self {
        match ending {
            Ending::Unfinished(cut) => Self::Unfinished(*cut),
            Ending::Failed(fault, _) if fault.code == ErrorCode::Cancelled => Self::Cancelled,
            Ending::Failed(fault, _) | Ending::AnotherBody { fault, .. } => Self::Failed(fault.code, fault.chain()),
            Ending::Undecodable(fault) | Ending::Nameless(fault) => Self::Unread(fault.code, fault.chain()),
            Ending::EndNotStored { fault, .. } => Self::NotStored(fault.code, fault.chain()),
            Ending::Done(_)
            | Ending::Repeated(_)
            | Ending::Duplicate
            | Ending::BeyondShare
            | Ending::Bystander
            | Ending::LaterGeneration => Self::None,
        }
    }

    /// Writes the line: a fault as a warning or an error, an orderly end as information.
    fn write(self, settlement: &str) {
        match self {
            Self::None => {}
            Self::Unfinished(cut) => tracing::info!(cut = cut.as_str(), settlement, "unfinished"),
            Self::Cancelled => tracing::info!(settlement, "the job is cancelled"),
            Self::Unread(code, chain) => tracing::warn!(%code, settlement, "buried unread: {chain}"),
            Self::Failed(code, chain) => tracing::warn!(%code, settlement, "{chain}"),
            Self::NotStored(code, chain) => {
                tracing::error!(%code, settlement, "the end of a job could not be stored: {chain}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use quire_schemas::{failure::WarningCode, names::DeadKind, result::Warning};

    use super::{
        super::{
            delivered::tests::{Slip, delivered, message},
            settle::tests::{left, settler},
        },
        *,
    };
    use crate::pipeline::testing::{parsed_document, parsed_page};

    fn endings(folder: &Path) -> Endings {
        Endings { context: Arc::new(Context::in_folder(folder)), settler: settler(), max_attempts: 6 }
    }

    fn fault(code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Fetch, "test")
    }

    fn failed_result(fault: &Fault) -> ParseResult {
        let (delivered, _) = delivered(message(), Slip::default());
        let Delivered { identity, terms, job, .. } = &delivered;
        pipeline::failed_result("worker-1", identity, *terms, job.as_deref(), fault)
    }

    fn codes(result: &ParseResult) -> Vec<&str> {
        result.errors.iter().map(|error| error.code.as_str()).collect()
    }

    #[test]
    fn the_fault_that_decided_comes_first_and_the_end_of_the_attempts_last() {
        let (first, decisive) = (fault(ErrorCode::PageFailed), fault(ErrorCode::SourceUnavailable));
        let mut result = failed_result(&first);
        result.errors.push(decisive.to_job_error(None));
        let bury = Bury { kind: DeadKind::Failed, exhausted: true, code: decisive.code };
        explain(&mut result, &decisive, bury, 6);
        assert_eq!(codes(&result), ["source_unavailable", "page_failed", "attempts_exhausted"]);
    }

    #[test]
    fn a_job_without_time_for_another_attempt_has_expired_because_of_its_fault() {
        let missing = fault(ErrorCode::SourceNotFound);
        let mut result = failed_result(&missing);
        let bury = Bury { kind: DeadKind::Expired, exhausted: false, code: ErrorCode::Expired };
        explain(&mut result, &missing, bury, 3);
        assert_eq!(codes(&result), ["expired", "source_not_found"]);
    }

    #[tokio::test]
    async fn another_body_whose_letter_is_written_is_acknowledged_without_a_result() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (endings, slip) = (endings(folder.path()), Slip::default());
        let (delivered, _) = delivered(message(), slip.clone());
        let ending = Ending::AnotherBody { fault: fault(ErrorCode::InvalidJob), letter: LetterWritten::Yes };
        endings.conclude(delivered, ending).await.expect("it is ours");
        assert!(slip.is_acked());
        assert_eq!(left(&endings.settler, JobOutcome::Buried), Some(1));
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    }

    #[tokio::test]
    async fn a_lost_delivery_is_not_settled() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (endings, slip) = (endings(folder.path()), Slip::default());
        let (delivered, _) = delivered(message(), slip.clone());
        endings.conclude(delivered, Ending::Unfinished(Cut::Fenced)).await.expect("there is nothing to settle");
        assert!(!slip.is_acked());
    }

    #[tokio::test]
    async fn a_job_whose_letter_cannot_be_written_keeps_its_delivery_and_has_no_result() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (endings, slip) = (endings(folder.path()), Slip::default());
        slip.lose();
        let (delivered, _) = delivered(message(), slip.clone());
        let ending = fault(ErrorCode::NotAPdf).into();
        let settled = endings.conclude(delivered, ending).await;
        assert!(matches!(settled, Err(Unsettled::LeaseLost)), "{settled:?}");
        assert_eq!(left(&endings.settler, JobOutcome::Buried), Some(0));
        assert_eq!(folder.path().read_dir().expect("a folder").count(), 0);
    }

    #[tokio::test]
    async fn a_burial_whose_parsed_pages_cannot_be_stored_keeps_the_rest_of_its_result() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let temp_dir = folder.path().join("missing");
        let context = Context { temp_dir, ..Context::in_folder(folder.path()) };
        let endings = Endings { context: Arc::new(context), settler: settler(), max_attempts: 6 };
        let (delivered, _) = delivered(message(), Slip::default());
        let fault = fault(ErrorCode::RendererCrashed);
        let parsed = Some(parsed_document([parsed_page(1, &["text"])]));
        let partial = RunOutput { parsed, ..failed_result(&fault).into() };
        let bury = Bury { kind: DeadKind::Failed, exhausted: true, code: fault.code };
        let output = endings.burial(&delivered, &fault, bury, Some(partial));
        endings.store_end(&delivered, output, LetterWritten::Yes).await.expect("a result is stored");
        let stored = std::fs::read(folder.path().join(delivered.identity.keys.result())).expect("it is stored");
        let stored: ParseResult = serde_json::from_slice(&stored).expect("a result");
        assert_eq!(codes(&stored), ["renderer_crashed", "attempts_exhausted", "internal"]);
        assert_eq!(stored.branches.parse.error.map(|error| error.code).as_deref(), Some("internal"));
        assert!(stored.elements.is_empty() && stored.artifacts.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_that_cannot_be_announced_is_stored_and_its_delivery_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (endings, slip) = (endings(folder.path()), Slip::default());
        let (mut delivered, _) = delivered(message(), slip.clone());
        delivered.warnings = vec![Warning::of(WarningCode::MessageIdIgnored, "test")];
        let result = folder.path().join(delivered.identity.keys.result());
        let settled = endings.conclude(delivered, fault(ErrorCode::Cancelled).into()).await;
        assert!(matches!(settled, Err(Unsettled::NotPublished(_))), "{settled:?}");
        assert!(!slip.is_acked());
        let stored = std::fs::read(result).expect("the result is stored");
        let stored: ParseResult = serde_json::from_slice(&stored).expect("a result");
        assert_eq!(stored.status, JobStatus::Cancelled);
        assert_eq!(stored.warnings[0].code, "message_id_ignored");
    }
}
