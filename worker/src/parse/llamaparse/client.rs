//! The calls of version 2 of the API: how each is put and how its answer is read. None is repeated here.

use std::io;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use quire_schemas::{failure::ErrorCode, job::Password, result::Phase};
use reqwest::{
    RequestBuilder,
    multipart::{Form, Part},
};
use tokio::fs::File;
use url::Url;

use super::{
    Settings, call,
    configuration::{Configuration, Mark},
    verdict,
    wire::{Answer, JobList, RemoteJob},
};
use crate::{
    job::{Budget, Fault},
    parse::{
        ParseRequest,
        remote::{Call, CallLimits, Service, Setback, decoded},
    },
    source::reopen,
};

/// How far the service's clock may be behind ours without an upload being overlooked.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(10);
/// A hundred jobs each. An upload that lies further back is made again: the service's cache makes
/// the second parse cheap.
const MAX_LIST_PAGES: usize = 20;

/// Speaks to the service.
#[derive(Debug)]
pub(super) struct Client {
    service: Service,
    base_url: Url,
    api_key: Password,
}

impl Client {
    pub(super) fn new(settings: &Settings) -> Result<Self, reqwest::Error> {
        let Settings { base_url, api_key, .. } = settings.clone();
        Ok(Self { service: Service::new(api_key.clone(), verdict::of_status)?, base_url, api_key })
    }

    /// Uploads the document and starts its parse. The API has no idempotency key: sent twice,
    /// the document is parsed and paid for twice.
    pub(super) async fn upload(
        &self,
        request: &ParseRequest<'_>,
        configuration: &Configuration,
        budget: &Budget,
    ) -> Result<RemoteJob, Setback> {
        let call = call("uploading the document to LlamaParse", None);
        let form = upload_form(request, configuration).await.map_err(|error| {
            let fault = Fault::new(ErrorCode::Internal, Phase::Parse, "opening the document for its upload");
            Setback::Refused(fault.because(error))
        })?;
        let post = self.service.post(self.endpoint(&["upload"])).multipart(form);
        let body = self.ask(call, post, CallLimits::upload(request.size_bytes), budget).await?;
        decoded(call, body, RemoteJob::decode).await
    }

    /// Looks for a parse that carries our mark, the newest of those that have not failed. The
    /// service cannot search by mark: the list since the submission is read.
    pub(super) async fn find(
        &self,
        mark: &Mark,
        submitted_at: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Option<RemoteJob>, Setback> {
        let call = call("looking for an earlier upload at LlamaParse", None);
        let since = submitted_at.checked_sub_signed(CLOCK_SKEW).unwrap_or(submitted_at);
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut newest: Option<RemoteJob> = None;
        let mut page_token: Option<String> = None;
        for _ in 0..MAX_LIST_PAGES {
            let mut query = vec![("created_at_on_or_after", since.clone()), ("page_size", "100".to_owned())];
            query.extend(page_token.take().map(|token| ("page_token", token)));
            let get = self.service.get(self.endpoint(&[])).query(&query);
            let body = self.ask(call, get, CallLimits::QUESTION, budget).await?;
            let list = decoded(call, body, JobList::decode).await?;
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
        let call = call("asking LlamaParse where the parse stands", Some(job_id));
        let get = self.service.get(self.endpoint(&[job_id]));
        let body = self.ask(call, get, CallLimits::QUESTION, budget).await?;
        decoded(call, body, RemoteJob::decode).await
    }

    /// Asks for a parse to be stopped.
    pub(super) async fn cancel(&self, job_id: &str, budget: &Budget) -> Result<(), Setback> {
        let call = call("cancelling the parse at LlamaParse", Some(job_id));
        let post = self.service.post(self.endpoint(&[job_id, "cancel"]));
        self.ask(call, post, CallLimits::QUESTION, budget).await.map(drop)
    }

    /// Fetches the named sections of a finished parse, and the bytes they came in.
    pub(super) async fn result(
        &self,
        job_id: &str,
        sections: &[&str],
        budget: &Budget,
    ) -> Result<(Bytes, Answer), Setback> {
        let call = call("fetching the result from LlamaParse", Some(job_id));
        let expand: Vec<(&str, &str)> = sections.iter().map(|section| ("expand", *section)).collect();
        let get = self.service.get(self.endpoint(&[job_id])).query(&expand);
        let raw = self.ask(call, get, CallLimits::result(), budget).await?;
        let answer = decoded(call, raw.clone(), Answer::decode).await?;
        Ok((raw, answer))
    }

    /// Cuts what the service says to a length that a person reads, without the key.
    pub(super) fn presentable(&self, text: &str) -> String {
        self.service.presentable(text)
    }

    fn endpoint(&self, tail: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // An address without a path cannot be sent to: the attempt reports it.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v2", "parse"]).extend(tail);
        }
        url
    }

    async fn ask(
        &self,
        call: Call<'_>,
        request: RequestBuilder,
        limits: CallLimits,
        budget: &Budget,
    ) -> Result<Bytes, Setback> {
        self.service.exchange(call, request.bearer_auth(self.api_key.reveal()), limits, budget).await
    }
}

async fn upload_form(request: &ParseRequest<'_>, configuration: &Configuration) -> io::Result<Form> {
    let file = File::from_std(reopen(request.file)?);
    let size_bytes = file.metadata().await?.len();
    let document = Part::stream_with_length(file, size_bytes)
        .file_name(upload_name(request.filename))
        .mime_str("application/pdf")
        .expect("a constant media type");
    // The order and the missing content type of the first part are those of the vendor's client.
    Ok(Form::new().text("configuration", configuration.to_json()).part("file", document))
}

/// The service goes by the extension; the source's name may have none.
fn upload_name(filename: &str) -> String {
    let name = if filename.is_empty() { "document" } else { filename };
    if name.to_ascii_lowercase().ends_with(".pdf") { name.to_owned() } else { format!("{name}.pdf") }
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
}
