use std::{error::Error, fmt, time::Duration};

use quire_schemas::{
    failure::{Disposition, ErrorCode},
    job::Branch,
    result::{JobError, Phase, Provider},
};

/// Something that went wrong with a job, a branch or a page: the stable code that decides what
/// happens next, and what a person needs to understand it.
#[derive(Debug)]
pub struct Fault {
    /// Decides what happens next.
    pub code: ErrorCode,
    /// What was being done.
    pub phase: Phase,
    /// What was being attempted; the cause is not repeated here.
    pub message: String,
    /// On which page, from 1.
    pub page: Option<u32>,
    /// How long the other side asks us to wait.
    pub retry_after: Option<Duration>,
    /// What the parse engine said.
    pub provider: Option<Box<Provider>>,
    /// Whether the fault is that of a dependency which is known to be down for everybody.
    outage: bool,
    /// Whether the dependency has answered: the fault is of what it was asked.
    answered: bool,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// Makes a fault with no more than what every fault has.
    pub fn new(code: ErrorCode, phase: Phase, message: impl Into<String>) -> Self {
        Self {
            code,
            phase,
            message: message.into(),
            page: None,
            retry_after: None,
            provider: None,
            outage: false,
            answered: false,
            cause: None,
        }
    }

    /// Names the page.
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
    pub fn from_provider(mut self, provider: Provider) -> Self {
        self.provider = Some(Box::new(provider));
        self
    }

    /// Notes that the dependency has answered, and that another job may fare better.
    #[must_use]
    pub fn answered(mut self) -> Self {
        self.answered = true;
        self
    }

    /// Says whether the dependency has answered.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        self.answered
    }

    /// Notes that the fault would have met any job: it costs this one no attempt.
    #[must_use]
    pub fn in_outage(mut self) -> Self {
        self.outage = true;
        self
    }

    /// Returns what is done with a job that ends in this fault.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.code.disposition() {
            Disposition::Retry if self.outage => Disposition::Park,
            by_code => by_code,
        }
    }

    /// Writes the whole chain on one line.
    #[must_use]
    pub fn chain(&self) -> String {
        with_causes(self.message.clone(), self)
    }

    /// Makes the fault of a whole branch out of the fault of its first page, which stays with the
    /// page.
    #[must_use]
    pub fn of_branch(&self) -> Self {
        Self::new(self.code, self.phase.clone(), self.chain())
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
            details: serde_json::Map::new(),
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
#[must_use]
pub fn chain(error: &dyn Error) -> String {
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
