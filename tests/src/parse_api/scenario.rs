//! What the double does.

use std::time::Duration;

use chrono::Utc;

/// How a document fares.
#[derive(Debug, Clone, PartialEq)]
pub enum Scenario {
    /// Completed once it was asked for this often and this much time has passed.
    Ok {
        /// Polls until it is done, the last one included.
        polls: u32,
        /// Time from the upload until it is done.
        delay: Duration,
    },
    /// Pending for ever.
    Stuck,
    /// 429 this many times, then fine.
    Throttled {
        /// How often.
        times: u32,
        /// What the answer says about when to come back.
        retry_after: Option<RetryAfter>,
    },
    /// 503 this many times, then fine.
    Unavailable {
        /// How often.
        times: u32,
    },
    /// A proxy's 502 page this many times, then fine.
    Html502 {
        /// How often.
        times: u32,
    },
    /// Accepts the connection and the request, and never answers.
    Silent,
    /// The first upload of a name starts a parse, and the socket is closed before the answer.
    DropAfterUpload,
    /// The first result of a name breaks off in the middle of its body.
    DropMidBody,
    /// The parse ends as failed.
    Failed {
        /// The service's code, if it gives one.
        code: Option<String>,
        /// What it says.
        message: String,
    },
    /// These pages fail, the others are fine.
    PagesFailed(Vec<u32>),
    /// The service cancels the parse.
    Cancelled,
    /// The service forgets the parse it accepted.
    LostOnPoll,
    /// So many questions for the result are answered 404 after the parse is completed.
    LateResult {
        /// How often.
        times: u32,
    },
    /// The key is refused.
    Unauthorized,
    /// There is no credit left.
    OutOfCredit,
    /// The configuration is refused.
    Rejected422,
    /// The result is not JSON.
    GarbageJson,
    /// Whatever may be null is.
    NullFields,
    /// Items that no client has heard of.
    ExtraItemTypes,
    /// Two pages more than the document has.
    MorePages,
    /// The last page is left out.
    FewerPages,
}

impl Scenario {
    /// Fine, at the first poll.
    #[must_use]
    pub const fn prompt() -> Self {
        Self::Ok { polls: 1, delay: Duration::ZERO }
    }

    /// Says after how many polls and how much time a parse is over.
    pub(super) const fn pace(&self) -> (u32, Duration) {
        match self {
            Self::Ok { polls, delay } => (*polls, *delay),
            _ => (1, Duration::ZERO),
        }
    }
}

/// At which kind of request a fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// When the document is sent.
    Upload,
    /// When the list of parses is asked for.
    List,
    /// When the status of a parse is asked for.
    Poll,
    /// When the result of a parse is asked for.
    Result,
}

/// In which form the service says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After: 3`
    Seconds(u32),
    /// `retry-after-ms: 1500`
    Milliseconds(u32),
    /// `Retry-After: Fri, 20 Nov 2026 12:00:00 GMT`, so long from the answer.
    Date(Duration),
}

impl RetryAfter {
    pub(super) fn header(self) -> (&'static str, String) {
        match self {
            Self::Seconds(seconds) => ("retry-after", seconds.to_string()),
            Self::Milliseconds(milliseconds) => ("retry-after-ms", milliseconds.to_string()),
            Self::Date(delay) => {
                let then = Utc::now() + delay;
                ("retry-after", then.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
            }
        }
    }
}

/// What is done with a document.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) pages: u32,
    pub(super) scenario: Scenario,
    pub(super) step: Step,
}
