//! How a single call went wrong, told by what may be done next.

use std::time::Duration;

use chrono::Utc;
use quire_schemas::{
    failure::ErrorCode,
    result::{Phase, Provider},
};
use reqwest::{StatusCode, header::HeaderMap};
use tokio::time::Instant;

use super::{
    ENGINE,
    verdict::{self, Repeat},
    wire::Refusal,
};
use crate::{
    in_call::{Attempt, retry_in_call},
    job::{Budget, Fault},
    retry_after::retry_after,
};

/// How long one call is tried again before the job goes back to the queue, which can wait without
/// holding a permit.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the engine says is repeated up to this length.
const MAX_SAID_CHARS: usize = 300;

/// What a call is for, as its faults tell it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// Completes "failed:".
    pub(super) purpose: &'static str,
    /// The accepted parse that it is about.
    pub(super) job_id: Option<&'a str>,
}

impl Call<'_> {
    pub(super) fn provider(&self) -> Provider {
        Provider {
            name: ENGINE.to_owned(),
            http_status: None,
            code: None,
            job_id: self.job_id.map(str::to_owned),
            request_id: None,
        }
    }

    pub(super) fn fault(&self, code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Parse, self.purpose).from_provider(self.provider())
    }
}

/// A call that failed; the fault keeps the delay that the engine asked for.
#[derive(Debug)]
pub(super) enum Setback {
    /// It would fail again.
    Refused(Fault),
    /// It was not acted upon and may be repeated.
    Undone(Fault),
    /// Nobody here knows whether it was acted upon. A question may be repeated; an upload must be
    /// looked up first, or it may be paid for twice.
    Unclear(Fault),
}

impl Setback {
    pub(super) fn from_transport(call: Call<'_>, error: reqwest::Error) -> Self {
        let (unsendable, unconnected, misled) = (error.is_builder(), error.is_connect(), error.is_redirect());
        let code = if unsendable { ErrorCode::ParserNotConfigured } else { ErrorCode::ParserUnavailable };
        // The address may carry what the operator put into it.
        let fault = call.fault(code).because(error.without_url());
        if unsendable || misled {
            Self::Refused(fault)
        } else if unconnected {
            Self::Undone(fault)
        } else {
            Self::Unclear(fault)
        }
    }

    /// Classifies an answer that is not a success. `secret` is the API key: should the engine
    /// repeat it, we do not.
    pub(super) fn from_answer(
        call: Call<'_>,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secret: &str,
    ) -> Self {
        let refusal = Refusal::read(body);
        let request_id = ["x-request-id", "x-correlation-id", "cf-ray"].iter().find_map(|name| headers.get(*name));
        let (code, repeat) = verdict::of_status(status, call.job_id.is_some());
        let provider = Provider {
            http_status: Some(status.as_u16()),
            code: refusal.code.map(|code| presentable(&code, secret)),
            request_id: request_id.and_then(|id| id.to_str().ok()).map(|id| presentable(id, secret)),
            ..call.provider()
        };
        let mut cause = format!("HTTP {}", status.as_u16());
        let detail = refusal.detail.map(|detail| presentable(&detail, secret));
        for part in [verdict::meaning(status), detail.as_deref()].into_iter().flatten() {
            cause.push_str(": ");
            cause.push_str(part);
        }
        let fault = call.fault(code).from_provider(provider).because(cause).after(retry_after(headers, Utc::now()));
        match repeat {
            Repeat::Never => Self::Refused(fault),
            Repeat::Safe => Self::Undone(fault),
            Repeat::Unclear => Self::Unclear(fault),
        }
    }

    /// Decides whether to try again before `end`. Without this bound a delay that the engine asks
    /// for again and again would never let the call end.
    fn attempt_before(self, end: Instant) -> Attempt {
        match self {
            Self::Refused(fault) => Attempt::Final(fault),
            Self::Undone(fault) | Self::Unclear(fault) => {
                let delay = fault.retry_after;
                if Instant::now() + delay.unwrap_or_default() < end {
                    Attempt::Again(fault, delay)
                } else {
                    Attempt::Final(fault)
                }
            }
        }
    }
}

/// Repeats a call while that may help and [`PATIENCE`] and the budget last.
pub(super) async fn persist<T, F>(budget: &Budget, mut call: impl FnMut() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Setback>>,
{
    let end = Instant::now() + budget.at_most(PATIENCE);
    retry_in_call(budget, PATIENCE, || {
        let pending = call();
        async move { pending.await.map_err(|setback| setback.attempt_before(end)) }
    })
    .await
}

/// Cuts what the engine says to a sensible length, without our key.
pub(super) fn presentable(text: &str, secret: &str) -> String {
    let text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "…") };
    text.chars().take(MAX_SAID_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const CALL: Call<'_> = Call { purpose: "asking", job_id: Some("pjb-1") };

    fn answer(status: u16, retry_after: Option<&'static str>, body: &str) -> Setback {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("req-llx-secret"));
        if let Some(delay) = retry_after {
            headers.insert("retry-after", HeaderValue::from_static(delay));
        }
        let status = StatusCode::from_u16(status).expect("a valid status");
        Setback::from_answer(CALL, status, &headers, body.as_bytes(), "llx-secret")
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
        let end = Instant::now() + Duration::from_secs(20);
        let Attempt::Final(fault) = answer(429, Some("60"), "").attempt_before(end) else {
            panic!("a minute does not fit into twenty seconds");
        };
        assert_eq!((fault.code, fault.retry_after), (ErrorCode::ParserThrottled, Some(Duration::from_secs(60))));
    }

    #[test]
    fn a_delay_that_is_asked_for_without_end_does_not_outlast_the_call() {
        let passed = Instant::now();
        assert!(matches!(answer(429, Some("1"), "").attempt_before(passed), Attempt::Final(_)));
        assert!(matches!(answer(503, None, "<html>").attempt_before(passed), Attempt::Final(_)));
    }
}
