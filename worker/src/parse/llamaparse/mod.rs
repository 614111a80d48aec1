//! LlamaParse: a paid service that parses with language models, spoken to over version 2 of its
//! API (`/api/v2/parse`).
//!
//! One document is: record, upload, record the id, poll, fetch the result, map it. The parse is
//! paid for at the upload, so everything before and after it is built around not uploading twice:
//! an interrupted run is resumed by the recorded id, and an upload whose fate is not known is
//! looked up by the mark it carries before it is repeated.

mod client;
mod configuration;
mod fields;
mod geometry;
mod item;
mod map;
mod pace;
mod setback;
mod table;
mod verdict;
mod wire;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use quire_schemas::{
    failure::ErrorCode,
    job::{Engine, Password},
    result::{Phase, Usage},
    state::ExternalParse,
};
use tokio::task::spawn_blocking;
use url::Url;

use self::{
    client::Client,
    configuration::Configuration,
    map::Expected,
    pace::Pace,
    setback::{Call, Setback, persist, presentable},
    wire::{Answer, RemoteJob, RemoteStatus},
};
use super::{EngineOutput, ParseRequest, RecordExternal};
use crate::job::{Budget, Fault};

const CONNECT: Duration = Duration::from_secs(5);
/// A courtesy to whoever pays, for which no job should wait long.
const CANCELLING: Duration = Duration::from_secs(10);
const ENGINE: &str = Engine::Llamaparse.as_str();
/// A document that takes longer than this is stuck, whatever the job's own budget would allow.
const BASE_ALLOWANCE: Duration = Duration::from_secs(300);
const ALLOWANCE_PER_PAGE: Duration = Duration::from_secs(20);
const ALL_SECTIONS: &[&str] = &["items", "markdown", "text", "metadata"];
/// What every tier and version has; older versions of the tier `fast` have nothing else.
const PLAIN_SECTIONS: &[&str] = &["text", "metadata"];

/// How to reach the service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The service's address in the region of the key, without `/api/v2`.
    pub base_url: Url,
    /// The API key.
    pub api_key: Password,
    /// `fast`, `cost_effective`, `agentic` or `agentic_plus`; a job's options may name another.
    pub tier: String,
    /// `latest`, or the date of a version; a job's options may name another.
    pub version: String,
    /// The first pause between two questions for the status, and the shortest (1 s).
    pub poll_floor: Duration,
    /// The longest pause, up to a fifth more by chance (10 s).
    pub poll_ceiling: Duration,
    /// Largest result that is read; a document whose result is larger is rejected.
    pub max_response_bytes: usize,
}

/// The engine; a clone shares connections and settings.
#[derive(Clone)]
pub struct LlamaParse {
    client: Client,
    settings: Arc<Settings>,
}

impl fmt::Debug for LlamaParse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlamaParse").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl LlamaParse {
    /// Makes the engine with a client of its own. Does not connect.
    ///
    /// # Errors
    /// What the TLS library says if it finds no certificates.
    pub fn connect(settings: Settings) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .user_agent(concat!("quire/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self::new(http, settings))
    }

    /// Makes an engine. `http` should give up connecting after 5 s; every other deadline is set
    /// per call.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: Settings) -> Self {
        let settings = Arc::new(settings);
        Self { client: Client::new(http, Arc::clone(&settings)), settings }
    }

    /// Parses one document, continuing what an earlier run recorded.
    ///
    /// Dropping the future leaves the parse running at the service, to be resumed by what was
    /// recorded. If the service ends a parse without a result, the record is reset, so that the
    /// next run uploads again instead of asking for a dead parse for ever.
    ///
    /// # Errors
    /// `parser_rejected`: the service will not parse this document with these options, or its
    /// result is larger than the cap. `parser_auth`: the key is refused or the account is out of
    /// credit. `parser_throttled`: with the delay that the service asks for, if it does.
    /// `parser_unavailable`: out of reach, answering nonsense, or failing for reasons of its own.
    /// `parser_timeout`: not finished within the budget; resumable. `parser_job_lost`: cancelled
    /// or forgotten at the service. `parser_not_configured`: the address or the key cannot be sent.
    /// Also every fault of `recorder`.
    pub async fn parse(
        &self,
        request: ParseRequest<'_>,
        resume: Option<&ExternalParse>,
        recorder: &impl RecordExternal,
        budget: &Budget,
    ) -> Result<EngineOutput, Fault> {
        let budget = Budget::lasting(budget.at_most(allowance(request.pages.len())));
        let earlier = resume.filter(|external| external.engine == Engine::Llamaparse);
        let submitted_at = earlier.map_or_else(Utc::now, |external| external.submitted_at);
        let configuration = Configuration::new(&self.settings, &request, submitted_at);
        let mut pace = Pace::new(self.settings.poll_floor, self.settings.poll_ceiling);

        let source_sha256 = Some(request.sha256.to_owned());
        let external = |job_id| {
            let source_sha256 = source_sha256.clone();
            ExternalParse { engine: Engine::Llamaparse, job_id, submitted_at, source_sha256 }
        };
        let job_id = match earlier.and_then(|external| external.job_id.clone()) {
            Some(job_id) => job_id,
            None => {
                recorder.record(external(None)).await?;
                let in_doubt = earlier.is_some();
                let (request, configuration) = (&request, &configuration);
                let submission = Submission { request, configuration, submitted_at, in_doubt };
                let job = self.submit(submission, &budget).await?;
                recorder.record(external(Some(job.id.clone()))).await?;
                recorder.is_at_work();
                tracing::debug!(external_job_id = job.id, "LlamaParse has the document");
                pace.wait(&job.id, &budget).await?;
                job.id
            }
        };

        let output = match self.await_result(&job_id, recorder, &mut pace, &budget).await {
            Ok((raw, answer)) => self.output(&request, &configuration, job_id, raw, answer).await,
            Err(unfinished) => Err(unfinished),
        };
        match output {
            Ok(output) => Ok(output),
            Err(Unfinished::Resumable(fault)) => Err(fault),
            // Whoever tells how a parse ended is there.
            Err(Unfinished::Over(fault)) => {
                let reset = ExternalParse { submitted_at: Utc::now(), ..external(None) };
                if let Err(error) = recorder.record(reset).await {
                    // The parse's own fault decides; the next run meets the same one once more.
                    tracing::warn!("could not forget an external parse that is over: {}", error.chain());
                }
                Err(fault.answered())
            }
        }
    }

    /// Has the service stop a parse that nobody waits for any more.
    ///
    /// # Errors
    /// As for [`Self::parse`]; the parse then runs to its end and is paid for.
    pub async fn cancel(&self, job_id: &str) -> Result<(), Fault> {
        let budget = Budget::lasting(CANCELLING);
        persist(&budget, || self.client.cancel(job_id, &budget)).await
    }

    /// Uploads the document, unless it turns out that an earlier upload went through.
    async fn submit(&self, submission: Submission<'_>, budget: &Budget) -> Result<RemoteJob, Fault> {
        let Submission { request, configuration, submitted_at, in_doubt } = submission;
        // Once in doubt, always in doubt: an upload may appear in the list only after a while.
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

    /// Polls until the parse ends, then fetches what came of it.
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
                    let call = Call { purpose: "parsing with LlamaParse", job_id: Some(job_id) };
                    let fault = call.fault(ErrorCode::ParserJobLost).because("the parse was cancelled at the service");
                    return Err(Unfinished::Over(fault));
                }
                RemoteStatus::Open => {
                    recorder.is_at_work();
                    pace.wait(job_id, budget).await?;
                }
            }
        }
        match persist(budget, || self.client.result(job_id, ALL_SECTIONS, budget)).await {
            Err(fault) if asked_too_much(&fault) => {
                Ok(persist(budget, || self.client.result(job_id, PLAIN_SECTIONS, budget)).await?)
            }
            fetched => Ok(fetched?),
        }
    }

    fn failed(&self, job: &RemoteJob) -> Fault {
        let call = Call { purpose: "parsing with LlamaParse", job_id: Some(&job.id) };
        let key = self.settings.api_key.reveal();
        let code = job.error_code.as_deref().map(|code| presentable(code, key));
        let message = job.error_message.as_deref().map(|message| presentable(message, key));
        let verdict = verdict::of_failed_parse(code.as_deref(), message.as_deref());
        let mut provider = call.provider();
        provider.code.clone_from(&code);
        let cause = message.or(code).unwrap_or_else(|| "the service gives no reason".to_owned());
        call.fault(verdict).from_provider(provider).because(cause)
    }

    async fn output(
        &self,
        request: &ParseRequest<'_>,
        configuration: &Configuration,
        job_id: String,
        raw: Bytes,
        answer: Answer,
    ) -> Result<EngineOutput, Unfinished> {
        let credits = answer.credits;
        let expected = Expected {
            sizes: request.page_sizes.to_vec(),
            wanted: request.pages.to_vec(),
            job_id: job_id.clone(),
            api_key: self.settings.api_key.clone(),
        };
        let mapped = spawn_blocking(move || map::map(answer, &expected)).await.map_err(|error| {
            Fault::new(ErrorCode::Internal, Phase::Parse, "reading the answer of LlamaParse").because(error)
        })?;
        if let Some(reason) = mapped.nothing_parsed() {
            let call = Call { purpose: "parsing with LlamaParse", job_id: Some(&job_id) };
            let code = verdict::of_failed_parse(None, Some(reason));
            return Err(Unfinished::Over(call.fault(code).because(format!("no page was parsed: {reason}"))));
        }
        Ok(EngineOutput {
            engine: configuration.engine(),
            pages: mapped.pages,
            raw,
            external_job_id: Some(job_id),
            // Version 2 of the API does not tell.
            cache_hit: None,
            usage: credits.map(|credits| Usage { credits: Some(credits), ..Usage::default() }),
            warnings: mapped.warnings,
        })
    }
}

/// What an upload is made of.
struct Submission<'a> {
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
    /// It never will: the next run uploads again.
    Over(Fault),
}

impl From<Fault> for Unfinished {
    fn from(fault: Fault) -> Self {
        match fault.code {
            ErrorCode::ParserJobLost => Self::Over(fault),
            _ => Self::Resumable(fault),
        }
    }
}

fn allowance(pages: usize) -> Duration {
    BASE_ALLOWANCE + ALLOWANCE_PER_PAGE.saturating_mul(u32::try_from(pages).unwrap_or(u32::MAX))
}

/// Says whether a finished parse was asked for sections that it cannot have.
fn asked_too_much(fault: &Fault) -> bool {
    let status = fault.provider.as_ref().and_then(|provider| provider.http_status);
    matches!(status, Some(400 | 422))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_do_not_show_the_key() {
        let settings = Settings {
            base_url: Url::parse("https://api.example").expect("a valid address"),
            api_key: Password::new("llx-secret"),
            tier: "agentic".into(),
            version: "latest".into(),
            poll_floor: Duration::from_secs(1),
            poll_ceiling: Duration::from_secs(10),
            max_response_bytes: 1024,
        };
        assert!(!format!("{settings:?}").contains("llx-secret"));
    }

    #[test]
    fn a_long_document_is_given_more_time() {
        assert_eq!(allowance(0), Duration::from_secs(300));
        assert_eq!(allowance(30), Duration::from_secs(900));
    }

    #[test]
    fn only_a_lost_parse_is_beyond_resuming() {
        let of = |code| Unfinished::from(Fault::new(code, Phase::Parse, "asking"));
        assert!(matches!(of(ErrorCode::ParserJobLost), Unfinished::Over(_)));
        assert!(matches!(of(ErrorCode::ParserTimeout), Unfinished::Resumable(_)));
        assert!(matches!(of(ErrorCode::ParserThrottled), Unfinished::Resumable(_)));
    }
}
