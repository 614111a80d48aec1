//! What the engine's refusals and failures mean for the job.

use quire_schemas::failure::ErrorCode;
use reqwest::StatusCode;

/// Whether a refused request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It would be refused again.
    Never,
    /// It was not acted upon.
    Safe,
    /// It may have been acted upon: an upload must be looked up before it is repeated.
    Unclear,
}

/// Classifies an HTTP status that is not a success. `about_job`: the question named a job that the
/// engine had accepted.
pub(super) fn of_status(status: StatusCode, about_job: bool) -> (ErrorCode, Repeat) {
    match status.as_u16() {
        401..=403 => (ErrorCode::ParserAuth, Repeat::Never),
        // Not a passing fault: the vendor's client polled a lost job for half an hour on this.
        404 | 410 if about_job => (ErrorCode::ParserJobLost, Repeat::Never),
        // The address is wrong or the service is being moved. Counted, so that an operator can
        // correct it before the document is given up.
        404 | 410 => (ErrorCode::ParserUnavailable, Repeat::Never),
        429 => (ErrorCode::ParserThrottled, Repeat::Safe),
        // The vendor's own client tries a conflict again, too. A gateway that answers 5xx does not
        // know what the service behind it has done.
        408 | 409 | 425 => (ErrorCode::ParserUnavailable, Repeat::Unclear),
        _ if status.is_server_error() => (ErrorCode::ParserUnavailable, Repeat::Unclear),
        _ if status.is_client_error() => (ErrorCode::ParserRejected, Repeat::Never),
        _ => (ErrorCode::ParserUnavailable, Repeat::Never),
    }
}

/// Says in words what a status means that an operator has to act upon.
pub(super) fn meaning(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        401 | 403 => Some("the API key is refused"),
        402 => Some("the account is out of credit"),
        _ => None,
    }
}

/// Phrases that say the document or its options are at fault, so that a second parse would fail
/// the same way.
const HOPELESS: &[&str] = &[
    "password",
    "encrypted",
    "drm",
    "corrupt",
    "no_data_found",
    "not supported",
    "unsupported",
    "too large",
    "too many pages",
];

/// Classifies a parse that the engine gave up. Only what names the document's own fault is
/// permanent (`INVALID…` codes are, by the vendor's convention); everything else is retried,
/// because the vendor fails parses for reasons of its own, too.
pub(super) fn of_failed_parse(code: Option<&str>, message: Option<&str>) -> ErrorCode {
    let said = [code, message].into_iter().flatten();
    let mut verdict = ErrorCode::ParserUnavailable;
    for text in said {
        if says_invalid(text) || HOPELESS.iter().any(|phrase| contains(text, phrase)) {
            return ErrorCode::ParserRejected;
        }
        // The engine's own limit, which counts its queue: another time may do.
        if contains(text, "expired") || contains(text, "timeout") || contains(text, "timed out") {
            verdict = ErrorCode::ParserTimeout;
        }
    }
    verdict
}

fn contains(text: &str, phrase: &str) -> bool {
    text.to_ascii_lowercase().contains(phrase)
}

/// `INVALID_SOMETHING` anywhere, or a text that begins with "invalid"; a sentence that mentions an
/// invalid reply of some model inside the service is not about the document.
fn says_invalid(text: &str) -> bool {
    let begins = text.trim_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("invalid"));
    begins || text.split(|character: char| !is_word(character)).any(|word| word.starts_with("INVALID_"))
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, about_job: bool) -> (ErrorCode, Repeat) {
        of_status(StatusCode::from_u16(code).expect("a valid status"), about_job)
    }

    #[test]
    fn only_what_may_pass_is_repeated() {
        for code in [408, 409, 425, 500, 502, 503, 504] {
            assert_eq!(status(code, true), (ErrorCode::ParserUnavailable, Repeat::Unclear), "{code}");
        }
        for code in [400, 406, 413, 415, 422] {
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

    #[test]
    fn a_failed_parse_is_permanent_only_if_the_document_is_at_fault() {
        let of = |code, message| of_failed_parse(code, message);
        assert_eq!(of(Some("INVALID_TIER_VERSION_COMBINATION"), None), ErrorCode::ParserRejected);
        assert_eq!(of(None, Some("PDF is password-protected")), ErrorCode::ParserRejected);
        assert_eq!(of(None, Some("Failed: INVALID_PDF")), ErrorCode::ParserRejected);
        assert_eq!(of(Some("EXPIRED"), Some("too long in the queue")), ErrorCode::ParserTimeout);
        assert_eq!(of(Some("ERROR_DURING_PROCESSING"), None), ErrorCode::ParserUnavailable);
        assert_eq!(of(None, Some("a model gave an invalid reply")), ErrorCode::ParserUnavailable);
        assert_eq!(of(None, None), ErrorCode::ParserUnavailable);
    }
}
