//! What an HTTP status that is not a success means for the job. An engine whose service uses one
//! differently overrides it in its own folder.

use quire_schemas::failure::ErrorCode;
use reqwest::StatusCode;

/// Whether a refused request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum Repeat {
    /// It would be refused again.
    Never,
    /// The service did not act on it.
    Safe,
    /// The service may have acted on it: an upload must be looked up before it is repeated.
    Unclear,
}

/// A classified status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) struct Verdict {
    pub(in crate::parse) code: ErrorCode,
    pub(in crate::parse) repeat: Repeat,
    /// What the status says, for a status that an operator has to act on.
    pub(in crate::parse) meaning: Option<&'static str>,
}

impl Verdict {
    pub(in crate::parse) const fn new(code: ErrorCode, repeat: Repeat) -> Self {
        Self { code, repeat, meaning: None }
    }

    /// Classifies a status. `about_job`: the call named a parse that the service had accepted.
    pub(in crate::parse) fn of(status: StatusCode, about_job: bool) -> Self {
        use ErrorCode::{ParserAuth, ParserJobLost, ParserRejected, ParserThrottled, ParserUnavailable};
        match status.as_u16() {
            401 | 403 => Self { meaning: Some("the API key is refused"), ..Self::new(ParserAuth, Repeat::Never) },
            402 => Self { meaning: Some("the account is out of credit"), ..Self::new(ParserAuth, Repeat::Never) },
            // Permanent: a client that takes it for a passing fault polls a lost job until its time is used up.
            404 | 410 if about_job => Self::new(ParserJobLost, Repeat::Never),
            // The address is wrong or the service is being moved. Counted, so that an operator can
            // correct it before the document is given up.
            404 | 410 => Self::new(ParserUnavailable, Repeat::Never),
            429 => Self::new(ParserThrottled, Repeat::Safe),
            408 | 425 => Self::new(ParserUnavailable, Repeat::Unclear),
            // A gateway that answers 5xx does not know what the service behind it has done.
            _ if status.is_server_error() => Self::new(ParserUnavailable, Repeat::Unclear),
            _ if status.is_client_error() => Self::new(ParserRejected, Repeat::Never),
            _ => Self::new(ParserUnavailable, Repeat::Never),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, about_job: bool) -> (ErrorCode, Repeat) {
        let verdict = Verdict::of(StatusCode::from_u16(code).expect("a valid status"), about_job);
        (verdict.code, verdict.repeat)
    }

    #[test]
    fn only_what_may_pass_is_repeated() {
        for code in [408, 425, 500, 502, 503, 504] {
            assert_eq!(status(code, true), (ErrorCode::ParserUnavailable, Repeat::Unclear), "{code}");
        }
        for code in [400, 406, 409, 413, 415, 422] {
            assert_eq!(status(code, true), (ErrorCode::ParserRejected, Repeat::Never), "{code}");
        }
        for code in [401, 402, 403] {
            assert_eq!(status(code, false), (ErrorCode::ParserAuth, Repeat::Never), "{code}");
        }
        assert_eq!(status(429, false), (ErrorCode::ParserThrottled, Repeat::Safe));
    }

    #[test]
    fn a_missing_job_is_lost_and_a_missing_address_is_not() {
        assert_eq!(status(404, true), (ErrorCode::ParserJobLost, Repeat::Never));
        assert_eq!(status(404, false), (ErrorCode::ParserUnavailable, Repeat::Never));
    }
}
