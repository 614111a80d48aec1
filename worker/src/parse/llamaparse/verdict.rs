//! What the service's own refusals and failed parses mean for the job.

use quire_schemas::failure::ErrorCode;
use reqwest::StatusCode;

use crate::parse::remote::{Repeat, Verdict};

/// Classifies an HTTP status that is not a success.
pub(super) fn of_status(status: StatusCode, about_job: bool) -> Verdict {
    match status.as_u16() {
        // The vendor's own client repeats a conflict.
        409 => Verdict::new(ErrorCode::ParserUnavailable, Repeat::Unclear),
        _ => Verdict::of(status, about_job),
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
        let verdict = of_status(StatusCode::from_u16(code).expect("a valid status"), about_job);
        (verdict.code, verdict.repeat)
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
