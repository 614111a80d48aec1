//! One HTTP exchange with a service: its deadline, the cap on the bytes that it reads, and how it can fail.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::Utc;
use quire_schemas::{failure::ErrorCode, job::Password, result::Provider};
use reqwest::{RequestBuilder, Response, StatusCode, header::HeaderMap, redirect::Policy};
use tokio::{task::spawn_blocking, time::timeout};
use url::Url;

use super::{
    Call, Repeat, Setback, Unreadable, Verdict,
    refusal::{ServiceRefusal, presentable},
};
use crate::{job::Budget, retry_after::retry_after};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const QUESTION_DEADLINE: Duration = Duration::from_secs(30);
/// A transfer gets a second more for each of these.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024 * 1024;
/// More than a hundred jobs with their metadata.
const MAX_SMALL_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// A document whose result is larger is rejected.
const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;
/// A longer refusal is cut here.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// Decoding more than this on the runtime would delay heartbeats.
const MAX_BYTES_DECODED_INLINE: usize = 64 * 1024;

/// Bounds of one call.
#[derive(Debug, Clone, Copy)]
pub(in crate::parse) struct CallLimits {
    deadline: Duration,
    max_bytes: usize,
}

impl CallLimits {
    /// For a question with a small answer.
    pub(in crate::parse) const QUESTION: Self = Self { deadline: QUESTION_DEADLINE, max_bytes: MAX_SMALL_ANSWER_BYTES };

    /// For an upload of so many bytes, with a small answer.
    pub(in crate::parse) fn upload(size_bytes: u64) -> Self {
        Self { deadline: transfer_deadline(size_bytes), ..Self::QUESTION }
    }

    /// For the download of a result.
    pub(in crate::parse) fn result() -> Self {
        Self { deadline: transfer_deadline(MAX_RESULT_BYTES as u64), max_bytes: MAX_RESULT_BYTES }
    }
}

/// The service behind an engine; a clone shares connections.
#[derive(Debug, Clone)]
pub(in crate::parse) struct Service {
    http: reqwest::Client,
    /// Removed from everything that the service says.
    secret: Password,
    verdict: fn(StatusCode, bool) -> Verdict,
}

impl Service {
    /// Makes a client. Does not connect. `verdict` classifies a status that is not a success;
    /// its second argument says whether the call names a parse that the service has accepted.
    ///
    /// # Errors
    /// The TLS library finds no certificates.
    pub(in crate::parse) fn new(
        secret: Password,
        verdict: fn(StatusCode, bool) -> Verdict,
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            // A proxy of the environment, and whoever a redirect names, would get the key and the document.
            .no_proxy()
            .redirect(Policy::none())
            .user_agent(concat!("quire/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, secret, verdict })
    }

    pub(in crate::parse) fn get(&self, url: Url) -> RequestBuilder {
        self.http.get(url)
    }

    pub(in crate::parse) fn post(&self, url: Url) -> RequestBuilder {
        self.http.post(url)
    }

    /// Sends a request once and reads the whole answer.
    pub(in crate::parse) async fn exchange(
        &self,
        call: Call<'_>,
        request: RequestBuilder,
        limits: CallLimits,
        budget: &Budget,
    ) -> Result<Bytes, Setback> {
        let deadline = budget.at_most(limits.deadline);
        match timeout(deadline, self.send(call, request, limits.max_bytes)).await {
            Ok(answer) => answer,
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

    /// Cuts what the service says to a length that a person reads, without the secret.
    pub(in crate::parse) fn presentable(&self, text: &str) -> String {
        presentable(text, self.secret.reveal())
    }

    async fn send(&self, call: Call<'_>, request: RequestBuilder, max_bytes: usize) -> Result<Bytes, Setback> {
        let response = request.send().await.map_err(|error| Setback::from_transport(call, error))?;
        if response.status().is_success() {
            return read_capped(call, response, max_bytes).await;
        }
        let status = response.status();
        let headers = response.headers().clone();
        let body = read_refusal(response).await;
        Err(self.refused(call, status, &headers, &body))
    }

    /// Classifies an answer that is not a success.
    fn refused(&self, call: Call<'_>, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Setback {
        let refusal = ServiceRefusal::read(body);
        let request_id = ["x-request-id", "x-correlation-id", "cf-ray"].iter().find_map(|name| headers.get(*name));
        let verdict = (self.verdict)(status, call.job_id.is_some());
        let provider = Provider {
            http_status: Some(status.as_u16()),
            code: refusal.code.map(|code| self.presentable(&code)),
            request_id: request_id.and_then(|id| id.to_str().ok()).map(|id| self.presentable(id)),
            ..call.provider()
        };
        let mut cause = format!("HTTP {}", status.as_u16());
        let detail = refusal.detail.map(|detail| self.presentable(&detail));
        for part in [verdict.meaning, detail.as_deref()].into_iter().flatten() {
            cause.push_str(": ");
            cause.push_str(part);
        }
        let fault = call.fault(verdict.code).with_provider(provider).because(cause);
        let fault = fault.after(retry_after(headers, Utc::now()));
        match verdict.repeat {
            Repeat::Never => Setback::Refused(fault),
            Repeat::Safe => Setback::Undone(fault),
            Repeat::Unclear => Setback::Unclear(fault),
        }
    }
}

/// Decodes an answer, a large one off the runtime. An answer that cannot be read may be a proxy's;
/// asked again, the service itself may answer.
pub(in crate::parse) async fn decoded<T: Send + 'static>(
    call: Call<'_>,
    body: Bytes,
    decode: fn(&[u8]) -> Result<T, Unreadable>,
) -> Result<T, Setback> {
    // A proxy's page begins otherwise. What the service itself says badly, of one document, is no outage.
    let is_its_own = body.trim_ascii_start().starts_with(b"{");
    let decoded = if body.len() <= MAX_BYTES_DECODED_INLINE {
        decode(&body)
    } else {
        spawn_blocking(move || decode(&body))
            .await
            .map_err(|error| Setback::Refused(call.fault(ErrorCode::Internal).because(error)))?
    };
    decoded.map_err(|error| {
        let fault = call.fault(ErrorCode::ParserUnavailable).because(error);
        Setback::Unclear(if is_its_own { fault.answered() } else { fault })
    })
}

fn transfer_deadline(size_bytes: u64) -> Duration {
    QUESTION_DEADLINE + Duration::from_secs(size_bytes / SLOWEST_BYTES_PER_SECOND)
}

/// Reads an answer up to a cap. A larger one is a rejection: the next parse of this document would
/// be as large, and paid for.
async fn read_capped(call: Call<'_>, mut response: Response, max_bytes: usize) -> Result<Bytes, Setback> {
    let too_large = || {
        let cause = format!("the answer has more than {max_bytes} bytes");
        Setback::Refused(call.fault(ErrorCode::ParserRejected).because(cause))
    };
    // A declared length may be too small; one that is too large is enough to refuse.
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

/// Reads as much of a refusal as arrives.
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
    use quire_schemas::job::Engine;
    use reqwest::header::HeaderValue;

    use super::*;
    use crate::in_call::Attempt;

    const CALL: Call<'_> = Call { engine: Engine::Docling, purpose: "asking", job_id: Some("pjb-1") };

    fn answer(status: u16, retry_after: Option<&'static str>, body: &str) -> Setback {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("req-llx-secret"));
        if let Some(delay) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(delay));
        }
        let status = StatusCode::from_u16(status).expect("a valid status");
        let service = Service::new(Password::new("llx-secret"), Verdict::of).expect("certificates");
        service.refused(CALL, status, &headers, body.as_bytes())
    }

    #[test]
    fn a_refused_key_is_told_and_never_repeated() {
        let Setback::Refused(fault) = answer(401, None, r#"{"detail": "Invalid API Key llx-secret"}"#) else {
            panic!("a refused key is refused again");
        };
        assert_eq!(fault.code, ErrorCode::ParserAuth);
        assert_eq!(fault.chain(), "asking: HTTP 401: the API key is refused: Invalid API Key …");
        assert!(!format!("{fault:?}").contains("llx-secret"));
    }

    #[test]
    fn a_request_to_wait_is_kept_for_the_queue() {
        let Attempt::Again(fault) = Attempt::from(answer(429, Some("60"), "")) else {
            panic!("a throttled call may be repeated");
        };
        assert_eq!((fault.code, fault.retry_after), (ErrorCode::ParserThrottled, Some(Duration::from_secs(60))));
    }

    #[test]
    fn a_proxys_error_page_may_be_asked_again() {
        assert!(matches!(answer(503, None, "<html>"), Setback::Unclear(_)));
    }

    #[test]
    fn a_transfer_has_a_second_more_per_mebibyte() {
        assert_eq!(transfer_deadline(0), Duration::from_secs(30));
        assert_eq!(transfer_deadline(90 * 1024 * 1024), Duration::from_secs(120));
    }
}
