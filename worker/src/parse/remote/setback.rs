//! How a single call went wrong, told by what may be done next, and the repetition of calls.

use std::time::Duration;

use quire_schemas::{
    failure::ErrorCode,
    job::Engine,
    result::{Phase, Provider},
};

use crate::{
    in_call::{Attempt, retry_in_call},
    job::{Budget, Fault},
};

/// How long one call is tried again before the job goes back to the queue, where it waits without
/// a permit.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a call is for, as its faults tell it.
#[derive(Debug, Clone, Copy)]
pub(in crate::parse) struct Call<'a> {
    pub(in crate::parse) engine: Engine,
    /// Completes "failed:".
    pub(in crate::parse) purpose: &'static str,
    /// The accepted parse that it is about.
    pub(in crate::parse) job_id: Option<&'a str>,
}

impl Call<'_> {
    pub(in crate::parse) fn provider(&self) -> Provider {
        Provider {
            name: self.engine.to_string(),
            http_status: None,
            code: None,
            job_id: self.job_id.map(str::to_owned),
            request_id: None,
        }
    }

    pub(in crate::parse) fn fault(&self, code: ErrorCode) -> Fault {
        Fault::new(code, Phase::Parse, self.purpose).with_provider(self.provider())
    }
}

/// A call that failed; the fault keeps the delay that the service asked for.
#[derive(Debug)]
pub(in crate::parse) enum Setback {
    /// It would fail again.
    Refused(Fault),
    /// The service did not act on it: it may be repeated.
    Undone(Fault),
    /// The service may have acted on it. A question may be repeated; an upload must be looked up
    /// first, or it may be paid for twice.
    Unclear(Fault),
}

impl Setback {
    pub(super) fn from_transport(call: Call<'_>, error: reqwest::Error) -> Self {
        let (unsendable, unconnected, misled) = (error.is_builder(), error.is_connect(), error.is_redirect());
        let code = if unsendable { ErrorCode::ParserNotConfigured } else { ErrorCode::ParserUnavailable };
        // The address may hold a credential.
        let fault = call.fault(code).because(error.without_url());
        if unsendable || misled {
            Self::Refused(fault)
        } else if unconnected {
            Self::Undone(fault)
        } else {
            Self::Unclear(fault)
        }
    }
}

impl From<Setback> for Attempt {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::Refused(fault) => Self::Final(fault),
            Setback::Undone(fault) | Setback::Unclear(fault) => Self::Again(fault),
        }
    }
}

/// Repeats a call while that may help and [`PATIENCE`] and the budget last.
pub(in crate::parse) async fn persist<T, F>(budget: &Budget, mut call: impl FnMut() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Setback>>,
{
    retry_in_call(budget, PATIENCE, || {
        let pending = call();
        async move { pending.await.map_err(Attempt::from) }
    })
    .await
}
