//! LlamaParse: a paid service that parses with language models, asked over version 2 of its
//! API (`/api/v2/parse`).
//!
//! One document is: record, upload, record the id, poll, fetch the result, map it. The upload is what
//! costs money, so everything around it exists to upload once: an interrupted run is resumed by the
//! recorded id, and an upload whose outcome is unknown is looked up by its mark before it is repeated.

mod client;
mod configuration;
mod item;
mod map;
mod region;
mod table;
mod verdict;
mod wire;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::ErrorCode,
    job::{Engine, Password},
    result::Usage,
    state::ExternalParse,
};
use url::Url;

use self::{
    client::Client,
    configuration::Configuration,
    map::Mapping,
    wire::{Answer, RemoteJob, RemoteStatus},
};
use tokio::time::Instant;

use super::{
    EngineOutput, KeepPages, ParseRequest, RecordExternal,
    remote::{Call, Pace, Setback, Wanted, cancel_budget, feed, parse_budget, persist},
};
use crate::job::{Budget, Fault};

/// How long a parse that is completed may be without its result.
const LATE_RESULT: Duration = Duration::from_secs(60);
const ENGINE: Engine = Engine::Llamaparse;
/// The first pause between two polls, and the shortest.
const POLL_FLOOR: Duration = Duration::from_secs(1);
/// The longest pause, up to a fifth more by chance.
const POLL_CEILING: Duration = Duration::from_secs(10);
const ALL_SECTIONS: &[&str] = &["items", "markdown", "text", "metadata"];
/// What every tier and version has; older versions of the tier `fast` have nothing else.
const PLAIN_SECTIONS: &[&str] = &["text", "metadata"];

/// How to reach the service, and the defaults of its options.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The service's address in the region of the key, without `/api/v2`, credentials and query.
    pub(crate) base_url: Url,
    pub(crate) api_key: Password,
    /// `fast`, `cost_effective`, `agentic` or `agentic_plus`; a job's options may name another.
    pub(crate) tier: String,
    /// `latest`, or the date of a version; a job's options may name another.
    pub(crate) version: String,
}

/// The engine.
#[derive(Debug)]
pub(crate) struct LlamaParse {
    client: Client,
    settings: Settings,
}

/// Names a call in its faults.
const fn call<'a>(purpose: &'static str, job_id: Option<&'a str>) -> Call<'a> {
    Call { engine: ENGINE, purpose, job_id }
}

impl LlamaParse {
    /// Makes the engine with a client of its own. Does not connect.
    ///
    /// # Errors
    /// The TLS library finds no certificates.
    pub(crate) fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        Ok(Self { client: Client::new(&settings)?, settings })
    }

    /// Parses one document, continuing what an earlier run recorded.
    ///
    /// Dropping the future leaves the parse running at the service, to be resumed by the
    /// record. If the service ends a parse without a result, the record is reset, so that the
    /// next run uploads again and does not ask for a dead parse forever. If it has rejected the
    /// document, the record says so, and the next run does not ask.
    ///
    /// # Errors
    /// `parser_rejected`: the service does not parse this document with these options, or its
    /// result is larger than the cap. `parser_auth`: the key is refused or the account is out of
    /// credit. `parser_throttled`: with the delay that the service asks for, if it does.
    /// `parser_unavailable`: out of reach, answering nonsense, or failing for reasons of its own.
    /// `parser_timeout`: not finished within the budget; resumable. `parser_job_lost`: cancelled
    /// or forgotten at the service. `parser_not_configured`: the address or the key cannot be sent.
    /// Also every fault of `recorder` and of `sink`.
    pub(crate) async fn parse(
        &self,
        request: ParseRequest<'_>,
        recorder: &impl RecordExternal,
        sink: &mut impl KeepPages,
        budget: &Budget,
    ) -> Result<EngineOutput, Fault> {
        let budget = parse_budget(budget, request.pages.len());
        let earlier = request.resume;
        let submitted_at = earlier.map_or_else(Utc::now, |external| external.submitted_at);
        let configuration = Configuration::new(&self.settings, &request, submitted_at);
        let mut pace = Pace::new(POLL_FLOOR, POLL_CEILING);

        let external = |job_id| {
            let source_sha256 = Some(request.sha256.to_string());
            ExternalParse { engine: ENGINE, job_id, rejection: None, submitted_at, source_sha256 }
        };
        let job_id = match earlier.and_then(|external| external.job_id.clone()) {
            Some(job_id) => job_id,
            None => {
                recorder.record(external(None)).await?;
                let in_doubt = earlier.is_some();
                let (request, configuration) = (&request, &configuration);
                let upload = PendingUpload { request, configuration, submitted_at, in_doubt };
                let job = self.submit(upload, &budget).await?;
                // A service that accepts an upload is up, whatever storage says to the record.
                recorder.record(external(Some(job.id.clone()))).await.map_err(Fault::answered)?;
                recorder.confirmed_at_work();
                tracing::debug!(external_job_id = job.id, "LlamaParse has the document");
                pace.wait(waiting(&job.id), &budget).await?;
                job.id
            }
        };

        let output = match self.await_result(&job_id, recorder, &mut pace, &budget).await {
            Ok((raw, answer)) => {
                // A parse that is resumed may have been complete: nothing has told yet that the service answers.
                recorder.confirmed_at_work();
                self.output(&request, job_id, (raw, answer), sink).await
            }
            Err(unfinished) => Err(unfinished),
        };
        match output {
            Ok(output) => Ok(EngineOutput { engine: configuration.engine(), ..output }),
            Err(Unfinished::Resumable(fault)) => Err(fault),
            // A service that tells how a parse ended is up.
            Err(Unfinished::Over(fault)) => {
                let rejection = (fault.code == ErrorCode::ParserRejected).then(|| fault.chain());
                let reset = ExternalParse { submitted_at: Utc::now(), rejection, ..external(None) };
                if let Err(error) = recorder.record(reset).await {
                    // The parse's own fault decides; the next run learns once more that the parse is over.
                    tracing::warn!("the record of an ended external parse could not be reset: {}", error.chain());
                }
                Err(fault.answered())
            }
        }
    }

    /// Has the service stop a parse. If it does not, the parse runs to its end and is paid for.
    pub(crate) async fn cancel(&self, job_id: &str) -> Result<(), Fault> {
        let budget = cancel_budget();
        persist(&budget, || self.client.cancel(job_id, &budget)).await
    }

    /// Uploads the document, unless an earlier upload turns out to have arrived.
    async fn submit(&self, upload: PendingUpload<'_>, budget: &Budget) -> Result<RemoteJob, Fault> {
        let PendingUpload { request, configuration, submitted_at, in_doubt } = upload;
        // Stays set: an upload may appear in the list late.
        let in_doubt = AtomicBool::new(in_doubt);
        persist(budget, || async {
            if in_doubt.load(Ordering::Relaxed)
                && let Some(job) = self.client.find(configuration.mark(), submitted_at, budget).await?
            {
                return Ok(job);
            }
            let uploaded = self.client.upload(request, configuration, budget).await;
            if matches!(uploaded, Err(Setback::Unclear(..))) {
                in_doubt.store(true, Ordering::Relaxed);
            }
            uploaded
        })
        .await
    }

    /// Polls until the parse ends, then fetches its result.
    async fn await_result(
        &self,
        job_id: &str,
        recorder: &impl RecordExternal,
        pace: &mut Pace,
        budget: &Budget,
    ) -> Result<(Bytes, Answer), Unfinished> {
        loop {
            let job = persist(budget, || self.client.status(job_id, budget)).await?;
            match job.status {
                RemoteStatus::Completed => break,
                RemoteStatus::Failed => return Err(Unfinished::Over(self.failed(&job))),
                RemoteStatus::Cancelled => {
                    let fault = parsing(job_id).fault(ErrorCode::ParserJobLost);
                    return Err(Unfinished::Over(fault.because("the parse was cancelled at the service")));
                }
                RemoteStatus::Open => {
                    recorder.confirmed_at_work();
                    pace.wait(waiting(job_id), budget).await?;
                }
            }
        }
        let late_until = Instant::now() + LATE_RESULT;
        loop {
            match persist(budget, || self.client.result(job_id, ALL_SECTIONS, budget)).await {
                Err(fault) if lacks_sections(&fault) => {
                    return Ok(persist(budget, || self.client.result(job_id, PLAIN_SECTIONS, budget)).await?);
                }
                // A result comes after the word that it is there; another upload would be paid twice.
                Err(fault) if fault.code == ErrorCode::ParserJobLost && Instant::now() < late_until => {
                    pace.wait(waiting(job_id), budget).await?;
                }
                fetched => return Ok(fetched?),
            }
        }
    }

    fn failed(&self, job: &RemoteJob) -> Fault {
        let call = parsing(&job.id);
        let code = job.error_code.as_deref().map(|code| self.client.presentable(code));
        let message = job.error_message.as_deref().map(|message| self.client.presentable(message));
        let verdict = verdict::of_failed_parse(code.as_deref(), message.as_deref());
        let mut provider = call.provider();
        provider.code.clone_from(&code);
        let cause = message.or(code).unwrap_or_else(|| "the service gives no reason".to_owned());
        call.fault(verdict).with_provider(provider).because(cause)
    }

    async fn output(
        &self,
        request: &ParseRequest<'_>,
        job_id: String,
        (raw, answer): (Bytes, Answer),
        sink: &mut impl KeepPages,
    ) -> Result<EngineOutput, Unfinished> {
        let credits = answer.credits;
        let page_call = call("parsing the page with LlamaParse", None);
        let wanted = Wanted::new(request, page_call, job_id.clone(), self.settings.api_key.clone());
        let mapping = feed(sink, Mapping::new(answer, wanted)).await?;
        if let Some(reason) = mapping.nothing_parsed() {
            let code = verdict::of_failed_parse(None, Some(reason));
            let fault = parsing(&job_id).fault(code).because(format!("no page was parsed: {reason}"));
            return Err(Unfinished::Over(fault));
        }
        Ok(EngineOutput {
            raw,
            external_job_id: Some(job_id),
            // Version 2 of the API does not tell.
            cache_hit: None,
            usage: credits.map(|credits| Usage { credits: Some(credits), ..Usage::default() }),
            warnings: mapping.into_warnings(),
            ..EngineOutput::of(ENGINE)
        })
    }
}

/// What an upload is made of.
struct PendingUpload<'a> {
    request: &'a ParseRequest<'a>,
    configuration: &'a Configuration,
    submitted_at: DateTime<Utc>,
    /// An earlier run may have uploaded the document already.
    in_doubt: bool,
}

/// Why an accepted parse gave no result.
enum Unfinished {
    /// It may still give one: the next run asks for it by its id.
    Resumable(Fault),
    /// It never will: the next run uploads again, or passes over the engine if it rejected the document.
    Over(Fault),
}

impl From<Fault> for Unfinished {
    fn from(fault: Fault) -> Self {
        match fault.code {
            ErrorCode::ParserJobLost | ErrorCode::ParserRejected => Self::Over(fault),
            _ => Self::Resumable(fault),
        }
    }
}

const fn parsing(job_id: &str) -> Call<'_> {
    call("parsing with LlamaParse", Some(job_id))
}

const fn waiting(job_id: &str) -> Call<'_> {
    call("waiting for LlamaParse", Some(job_id))
}

/// Says whether a finished parse was asked for sections that it does not have.
fn lacks_sections(fault: &Fault) -> bool {
    let status = fault.provider.as_ref().and_then(|provider| provider.http_status);
    matches!(status, Some(400 | 422))
}

#[cfg(test)]
mod tests {
    use quire_schemas::result::Phase;

    use super::*;

    #[test]
    fn settings_do_not_show_the_key() {
        let settings = Settings {
            base_url: Url::parse("https://api.example").expect("a valid address"),
            api_key: Password::new("llx-secret"),
            tier: "agentic".into(),
            version: "latest".into(),
        };
        assert!(!format!("{settings:?}").contains("llx-secret"));
        let engine = LlamaParse::new(settings).expect("certificates");
        assert!(!format!("{engine:?}").contains("llx-secret"));
    }

    #[test]
    fn only_a_parse_that_is_lost_or_rejected_is_beyond_resuming() {
        let of = |code| Unfinished::from(Fault::new(code, Phase::Parse, "asking"));
        assert!(matches!(of(ErrorCode::ParserJobLost), Unfinished::Over(_)));
        assert!(matches!(of(ErrorCode::ParserRejected), Unfinished::Over(_)));
        assert!(matches!(of(ErrorCode::ParserTimeout), Unfinished::Resumable(_)));
        assert!(matches!(of(ErrorCode::ParserThrottled), Unfinished::Resumable(_)));
    }
}
