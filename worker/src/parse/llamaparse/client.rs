//! The HTTP calls: each with a deadline and a cap on what it reads, none of them repeated here.

use std::{io, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use quire_schemas::{failure::ErrorCode, result::Phase};
use reqwest::{
    RequestBuilder, Response,
    multipart::{Form, Part},
};
use tokio::{fs::File, task::spawn_blocking, time::timeout};
use url::Url;

use super::{
    Settings,
    configuration::{Configuration, Mark},
    fields::Unreadable,
    setback::{Call, Setback},
    wire::{Answer, JobList, RemoteJob},
};
use crate::{
    job::{Budget, Fault},
    parse::ParseRequest,
};

/// What an ordinary question may take.
const QUESTION_DEADLINE: Duration = Duration::from_secs(30);
/// A transfer gets a second more for each of these.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024 * 1024;
/// More than a hundred jobs with their metadata.
const MAX_SMALL_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Of a refusal no more than this is read.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// How far the engine's clock may be behind ours without an upload being overlooked.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(10);
/// A hundred jobs each. An upload that lies further back is made again: the engine's cache makes
/// the second parse cheap.
const MAX_LIST_PAGES: usize = 20;

/// What bounds one call.
#[derive(Clone, Copy)]
struct Limits {
    deadline: Duration,
    max_bytes: usize,
}

const QUESTION: Limits = Limits { deadline: QUESTION_DEADLINE, max_bytes: MAX_SMALL_ANSWER_BYTES };

/// Speaks version 2 of the engine's API.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    settings: Arc<Settings>,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, settings: Arc<Settings>) -> Self {
        Self { http, settings }
    }

    /// Uploads the document and starts its parse. The API knows no idempotency key: sent twice,
    /// the document is parsed and paid for twice.
    pub(super) async fn upload(
        &self,
        request: &ParseRequest<'_>,
        configuration: &Configuration,
        budget: &Budget,
    ) -> Result<RemoteJob, Setback> {
        let call = Call { purpose: "uploading the document to LlamaParse", job_id: None };
        let form = upload_form(request, configuration).await.map_err(|error| {
            let fault = Fault::new(ErrorCode::Internal, Phase::Parse, "opening the document for its upload");
            Setback::Refused(fault.because(error))
        })?;
        let limits = Limits { deadline: transfer_deadline(request.size_bytes), ..QUESTION };
        let post = self.http.post(self.endpoint(&["upload"])).multipart(form);
        let body = self.exchange(call, post, limits, budget).await?;
        readable(call, RemoteJob::decode(&body))
    }

    /// Looks for a parse that carries our mark, the newest of those that have not failed. The
    /// engine cannot search by mark: the list since the submission is read.
    pub(super) async fn find(
        &self,
        mark: &Mark,
        submitted_at: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Option<RemoteJob>, Setback> {
        let call = Call { purpose: "looking for an earlier upload at LlamaParse", job_id: None };
        let since = submitted_at.checked_sub_signed(CLOCK_SKEW).unwrap_or(submitted_at);
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut newest: Option<RemoteJob> = None;
        let mut page_token: Option<String> = None;
        for _ in 0..MAX_LIST_PAGES {
            let mut query = vec![("created_at_on_or_after", since.clone()), ("page_size", "100".to_owned())];
            query.extend(page_token.take().map(|token| ("page_token", token)));
            let get = self.http.get(self.endpoint(&[])).query(&query);
            let body = self.exchange(call, get, QUESTION, budget).await?;
            let list = readable(call, JobList::decode(&body))?;
            let ours = list.jobs.into_iter().filter(|job| job.may_yield() && mark.is_on(job));
            newest = ours.chain(newest).max_by_key(|job| job.created_at);
            page_token = list.next_page_token;
            if page_token.is_none() {
                break;
            }
        }
        Ok(newest)
    }

    /// Asks where a parse stands.
    pub(super) async fn status(&self, job_id: &str, budget: &Budget) -> Result<RemoteJob, Setback> {
        let call = Call { purpose: "asking LlamaParse where the parse stands", job_id: Some(job_id) };
        let get = self.http.get(self.endpoint(&[job_id]));
        let body = self.exchange(call, get, QUESTION, budget).await?;
        readable(call, RemoteJob::decode(&body))
    }

    /// Asks for a parse to be stopped.
    pub(super) async fn cancel(&self, job_id: &str, budget: &Budget) -> Result<(), Setback> {
        let call = Call { purpose: "cancelling the parse at LlamaParse", job_id: Some(job_id) };
        let post = self.http.post(self.endpoint(&[job_id, "cancel"]));
        self.exchange(call, post, QUESTION, budget).await.map(drop)
    }

    /// Fetches the named sections of a finished parse, and the bytes they came in.
    pub(super) async fn result(
        &self,
        job_id: &str,
        sections: &[&str],
        budget: &Budget,
    ) -> Result<(Bytes, Answer), Setback> {
        let call = Call { purpose: "fetching the result from LlamaParse", job_id: Some(job_id) };
        let max_bytes = self.settings.max_response_bytes;
        let limits = Limits { deadline: transfer_deadline(max_bytes as u64), max_bytes };
        let expand: Vec<(&str, &str)> = sections.iter().map(|section| ("expand", *section)).collect();
        let get = self.http.get(self.endpoint(&[job_id])).query(&expand);
        let raw = self.exchange(call, get, limits, budget).await?;
        let body = raw.clone();
        // Tens of megabytes of JSON would hold up every other job on this thread.
        let answer = spawn_blocking(move || Answer::decode(&body))
            .await
            .map_err(|error| Setback::Refused(call.fault(ErrorCode::Internal).because(error)))?;
        Ok((raw, readable(call, answer)?))
    }

    fn endpoint(&self, tail: &[&str]) -> Url {
        let mut url = self.settings.base_url.clone();
        // An address without a path cannot be sent to; that is told when it is tried.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2", "parse"]).extend(tail);
        }
        url
    }

    async fn exchange(
        &self,
        call: Call<'_>,
        request: RequestBuilder,
        limits: Limits,
        budget: &Budget,
    ) -> Result<Bytes, Setback> {
        let deadline = budget.at_most(limits.deadline);
        match timeout(deadline, self.send(call, request, limits.max_bytes)).await {
            Ok(outcome) => outcome,
            Err(_) if budget.is_used_up() => {
                let fault = call.fault(ErrorCode::ParserTimeout).because("the time for this document is used up");
                Err(Setback::Unclear(fault))
            }
            Err(_) => {
                let cause = format!("no complete answer within {} s", deadline.as_secs());
                Err(Setback::Unclear(call.fault(ErrorCode::ParserUnavailable).because(cause)))
            }
        }
    }

    async fn send(&self, call: Call<'_>, request: RequestBuilder, max_bytes: usize) -> Result<Bytes, Setback> {
        let key = self.settings.api_key.reveal();
        let sent = request.bearer_auth(key).send().await;
        let response = sent.map_err(|error| Setback::from_transport(call, error))?;
        if response.status().is_success() {
            return read_capped(call, response, max_bytes).await;
        }
        let status = response.status();
        let headers = response.headers().clone();
        let body = read_refusal(response).await;
        Err(Setback::from_answer(call, status, &headers, &body, key))
    }
}

fn transfer_deadline(size_bytes: u64) -> Duration {
    QUESTION_DEADLINE + Duration::from_secs(size_bytes / SLOWEST_BYTES_PER_SECOND)
}

/// An answer that cannot be read may be a proxy's; asked again, the engine itself may answer.
fn readable<T>(call: Call<'_>, decoded: Result<T, Unreadable>) -> Result<T, Setback> {
    decoded.map_err(|error| Setback::Unclear(call.fault(ErrorCode::ParserUnavailable).because(error)))
}

async fn upload_form(request: &ParseRequest<'_>, configuration: &Configuration) -> io::Result<Form> {
    let file = File::open(request.path).await?;
    let size_bytes = file.metadata().await?.len();
    let document = Part::stream_with_length(file, size_bytes)
        .file_name(upload_name(request.filename))
        .mime_str("application/pdf")
        .expect("a constant media type");
    // The order and the missing content type of the first part are those of the vendor's client.
    Ok(Form::new().text("configuration", configuration.to_json()).part("file", document))
}

/// The engine goes by the extension; what the source called it may have none.
fn upload_name(filename: &str) -> String {
    let name = if filename.is_empty() { "document" } else { filename };
    if name.to_ascii_lowercase().ends_with(".pdf") { name.to_owned() } else { format!("{name}.pdf") }
}

/// Reads an answer up to a cap. A larger one is a rejection: the next parse of the same document
/// would be as large, and paid for.
async fn read_capped(call: Call<'_>, mut response: Response, max_bytes: usize) -> Result<Bytes, Setback> {
    let too_large = || {
        let cause = format!("the answer has more than {max_bytes} bytes");
        Setback::Refused(call.fault(ErrorCode::ParserRejected).because(cause))
    };
    // What the header promises is not trusted to be all, but is enough to refuse.
    if response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Setback::from_transport(call, error))? {
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads what a refusal says, as far as it can be had.
async fn read_refusal(mut response: Response) -> BytesMut {
    let mut body = BytesMut::new();
    while body.len() < MAX_REFUSAL_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_always_named_as_a_pdf() {
        assert_eq!(upload_name("Report.PDF"), "Report.PDF");
        assert_eq!(upload_name("report"), "report.pdf");
        assert_eq!(upload_name(""), "document.pdf");
    }

    #[test]
    fn a_transfer_has_a_second_more_per_mebibyte() {
        assert_eq!(transfer_deadline(0), Duration::from_secs(30));
        assert_eq!(transfer_deadline(90 * 1024 * 1024), Duration::from_secs(120));
    }
}
