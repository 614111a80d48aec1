//! What went wrong with a job, a branch or a page.

use std::{error::Error, fmt, time::Duration};

use quire_schemas::{
    failure::{Disposition, ErrorCode},
    job::Branch,
    result::{JobError, JsonObject, Phase, Provider},
};
use serde_json::Value;

/// Something that went wrong with a job, a branch or a page: the stable code that decides what
/// happens next, and what a person needs to understand it.
#[derive(Debug)]
pub struct Fault {
    /// Decides what happens next.
    pub code: ErrorCode,
    /// What was being done.
    pub phase: Phase,
    /// What was attempted; without the cause.
    pub message: String,
    /// On which page, from 1.
    pub page: Option<u32>,
    /// How long the other side asks us to wait.
    pub retry_after: Option<Duration>,
    /// What the parse engine said.
    pub provider: Option<Box<Provider>>,
    /// What a result tells beside the message.
    details: Option<Box<JsonObject>>,
    /// Whether a dependency is down for every job.
    outage: bool,
    /// Whether the dependency answered: the fault lies in the request, or in what became of the answer.
    answered: bool,
    /// Whether the job's result was taken away, because what it named was gone.
    result_gone: bool,
    /// Whether a renderer was lost over it.
    cost_renderer: bool,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// Makes a fault of which nothing else is known.
    pub fn new(code: ErrorCode, phase: Phase, message: impl Into<String>) -> Self {
        Self {
            code,
            phase,
            message: message.into(),
            page: None,
            retry_after: None,
            provider: None,
            details: None,
            outage: false,
            answered: false,
            result_gone: false,
            cost_renderer: false,
            cause: None,
        }
    }

    #[must_use]
    pub fn on_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// Keeps the error that led here.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Keeps what the other side asks us to wait.
    #[must_use]
    pub fn after(mut self, delay: Option<Duration>) -> Self {
        self.retry_after = delay;
        self
    }

    /// Keeps what the parse engine said.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.provider = Some(Box::new(provider));
        self
    }

    /// Adds a detail for the result.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: Value) -> Self {
        self.details.get_or_insert_default().insert(name.to_owned(), value);
        self
    }

    /// Notes that the dependency answered, so that the request of another job may succeed: the fault lies in this
    /// request, or in what became of the answer.
    #[must_use]
    pub fn answered(mut self) -> Self {
        self.answered = true;
        self
    }

    #[must_use]
    pub const fn is_answer(&self) -> bool {
        self.answered
    }

    /// Notes that renderers were lost over it, and were not kept from it by what was lost before.
    #[must_use]
    pub fn by_loss_of_a_renderer(mut self) -> Self {
        self.cost_renderer = true;
        self
    }

    #[must_use]
    pub const fn has_cost_renderers(&self) -> bool {
        self.cost_renderer
    }

    /// Notes that every job would meet this fault: it costs this one no attempt.
    #[must_use]
    pub fn in_outage(mut self) -> Self {
        self.outage = true;
        self
    }

    /// Notes that the job has no result any more: this run has taken its own away.
    #[must_use]
    pub fn without_result(mut self) -> Self {
        self.result_gone = true;
        self
    }

    #[must_use]
    pub const fn left_no_result(&self) -> bool {
        self.result_gone
    }

    /// Says what follows from this fault for its job.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.code.disposition() {
            Disposition::Retry if self.outage => Disposition::Park,
            // A service that refuses the worker's own key refuses it to every job.
            Disposition::Bury if self.outage && matches!(self.code, ErrorCode::ParserAuth) => Disposition::Park,
            by_code => by_code,
        }
    }

    /// Writes the whole chain on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        with_causes(self.message.clone(), self)
    }

    /// Makes the fault of a whole branch out of the fault of its first page, which keeps its own.
    #[must_use]
    pub fn of_branch(&self) -> Self {
        let copy = Self::new(self.code, self.phase.clone(), self.chain());
        Self { cost_renderer: self.cost_renderer, ..copy }
    }

    /// Converts into the shape that results carry.
    #[must_use]
    pub fn to_job_error(&self, branch: Option<Branch>) -> JobError {
        JobError {
            code: self.code.as_str().to_owned(),
            message: self.chain(),
            retryable: self.code.is_retryable(),
            phase: self.phase.clone(),
            branch: branch.map(Into::into),
            page_number: self.page,
            provider: self.provider.as_deref().cloned(),
            details: self.details.as_deref().cloned().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Writes an error and everything that led to it on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    with_causes(error.to_string(), error)
}

fn with_causes(mut text: String, error: &dyn Error) -> String {
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
